package bolt

import (
	"bytes"
	"fmt"
	"sort"
	"unsafe"

	bbolt "go.etcd.io/bbolt"
)

// survey looks at the pages that a commit is about to write anew, before it does. bbolt takes their heads for true: a page that
// counts too few records would be written without the others, and no examination could find any more that they were
// there; one that claims too many pages would have those of others freed.
type survey struct {
	file []byte // as it is mapped, up to the end of what is in use
	size int    // of a page
	root uint64 // of the records; 0 when they are so few that they lie within another page
	path []page // to the leaf looked at last

	leaf    bool   // one was looked at
	beside  bool   // and those beside it and its branches
	reaches []byte // the first key behind that leaf, nil at the end
}

// newSurvey begins one in a transaction that has not written yet, with the page that everything is found from.
func newSurvey(at *bbolt.DB, tx *bbolt.Tx, records *bbolt.Bucket) (*survey, error) {
	info := at.Info()
	mapped := *(*unsafe.Pointer)(unsafe.Pointer(&info.Data)) // #nosec G103 -- bbolt says where its map is, which stays there until it commits
	s := &survey{
		file: unsafe.Slice((*byte)(mapped), tx.Size()), // #nosec G103 -- all of it is mapped
		size: info.PageSize, root: uint64(records.Root()),
	}
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
		child := at.childOf(key)
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
		e, err := at.element(child)
		if err != nil {
			return fmt.Errorf("page %d: a branch that leads nowhere", at.id)
		}
		id = e.child
	}
	return fmt.Errorf("page %d: the tree is too deep", s.root)
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
	in := uint64(len(s.file) / s.size)
	if id < 2 || id >= in {
		return page{}, fmt.Errorf("page %d: outside the file", id)
	}
	head := s.file[id*uint64(s.size):]
	at := page{id: id, last: id + uint64(order.Uint32(head[12:])), flags: order.Uint16(head[8:]), count: int(order.Uint16(head[10:]))}
	if order.Uint64(head) != id || at.last >= in {
		return page{}, fmt.Errorf("page %d: its header is damaged", id)
	}
	claims := int(at.last-id+1) * s.size // #nosec G115 -- within the file
	at.data = head[:claims]
	if err := at.isNode(); err != nil {
		return page{}, err
	}
	end, err := at.layout()
	if err == nil && (end+s.size-1)/s.size*s.size != claims {
		err = fmt.Errorf("page %d: its %d bytes do not fill the %d it claims", id, end, claims)
	}
	return at, err
}

// childOf is which child of a branch a key is under.
func (at page) childOf(key []byte) int {
	behind := sort.Search(at.count, func(i int) bool {
		e, _ := at.element(i)
		return bytes.Compare(e.key, key) > 0
	})
	return max(0, behind-1)
}
