package bolt

import (
	"bytes"
	"fmt"

	bbolt "go.etcd.io/bbolt"
)

// survey looks at the pages that a commit is about to write anew, before it does. bbolt takes their heads for true: a page that
// counts too few records would be written without the others, and no examination could find any more that they were
// there; one that claims too many pages would have those of others freed.
type survey struct {
	mapped
	root uint64 // of the records; 0 when they are so few that they lie within another page
	path []page // to the leaf looked at last

	leaf    bool   // one was looked at
	beside  bool   // and those beside it and its branches
	reaches []byte // the first key behind that leaf, nil at the end
}

// newSurvey begins one in a transaction that has not written yet, with the page that everything is found from.
func newSurvey(tx *bbolt.Tx, records *bbolt.Bucket) (*survey, error) {
	s := &survey{mapped: mapOf(tx), root: uint64(records.Root())}
	_, err := s.look(uint64(tx.Cursor().Bucket().Root()))
	return s, err
}

// visit looks at the leaf where a key is or would be, and at the branches that lead there. A deletion may leave so little in a
// page that bbolt puts it together with the one beside it. The keys come in their order.
func (s *survey) visit(key []byte, deletes bool) error {
	if s.root == 0 || s.leaf && (s.beside || !deletes) && (s.reaches == nil || bytes.Compare(key, s.reaches) < 0) {
		return nil
	}
	s.leaf, s.beside, s.reaches = true, deletes, nil
	id := s.root
	for depth := range maxDepth {
		at, err := s.on(depth, id)
		if err != nil || at.flags == isLeaf {
			return err
		}
		child, err := at.childOf(key)
		if err != nil {
			return err
		}
		if child+1 < at.count {
			e, _ := at.element(child + 1)
			s.reaches = e.key
		}
		for other := child - 1; deletes && other <= child+1; other += 2 {
			if other < 0 || other == at.count {
				continue
			}
			e, _ := at.element(other)
			if _, err := s.look(e.child); err != nil {
				return err
			}
		}
		e, _ := at.element(child) // its extent was looked at
		id = e.child
	}
	return tooDeep(s.root)
}

// on is the page at a depth of the path; one that the key before went through has been looked at.
func (s *survey) on(depth int, id uint64) (page, error) {
	if depth < len(s.path) && s.path[depth].id == id {
		return s.path[depth], nil
	}
	at, err := s.look(id)
	if err == nil {
		s.path = append(s.path[:depth], at)
	}
	return at, err
}

// look examines the head of a page: that it is this page, and that its entries lie where so many lie and fill the pages that it
// claims.
func (s *survey) look(id uint64) (page, error) {
	at, err := s.page(id)
	if err != nil {
		return page{}, err
	}
	end, err := at.layout()
	if err == nil && (end+s.size-1)/s.size*s.size != len(at.data) {
		err = fmt.Errorf("page %d: its %d bytes do not fill the %d it claims", id, end, len(at.data))
	}
	return at, err
}
