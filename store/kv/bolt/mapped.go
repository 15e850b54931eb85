package bolt

import (
	"bytes"
	"fmt"
	"sort"
	"unsafe"

	bbolt "go.etcd.io/bbolt"
)

// mapped is the file as bbolt maps it, up to the end of what is in use. It is there as long as the transaction it was made in.
type mapped struct {
	file []byte
	size int // of a page
}

func mapOf(tx *bbolt.Tx) mapped {
	info := tx.DB().Info()
	start := *(*unsafe.Pointer)(unsafe.Pointer(&info.Data))               // #nosec G103 -- bbolt says where its map is
	return mapped{unsafe.Slice((*byte)(start), tx.Size()), info.PageSize} // #nosec G103 -- all of it is mapped
}

// find looks a key up from a root page on; nil when it is not there. bbolt's own search follows a branch that a flipped bit leads back
// to itself until the stack is at its end, and the process with it.
func (m mapped) find(root uint64, key []byte) ([]byte, error) {
	id := root
	for range maxDepth {
		at, err := m.page(id)
		if err != nil {
			return nil, err
		}
		if at.flags == isLeaf {
			return at.valueOf(key)
		}
		child, err := at.childOf(key)
		if err != nil {
			return nil, err
		}
		e, err := at.element(child)
		if err != nil {
			return nil, err
		}
		id = e.child
	}
	return nil, tooDeep(root)
}

func tooDeep(root uint64) error { return fmt.Errorf("page %d: the tree is too deep", root) }

// page is a branch or leaf, by what its head says.
func (m mapped) page(id uint64) (page, error) {
	in := uint64(len(m.file) / m.size)
	if id < 2 || id >= in {
		return page{}, fmt.Errorf("page %d: outside the file", id)
	}
	head := m.file[id*uint64(m.size):]
	at := page{id: id, last: id + uint64(order.Uint32(head[12:])), flags: order.Uint16(head[8:]), count: int(order.Uint16(head[10:]))}
	if order.Uint64(head) != id || at.last >= in {
		return page{}, fmt.Errorf("page %d: its header is damaged", id)
	}
	at.data = head[:(at.last-id+1)*uint64(m.size)]
	if pageHeader+at.count*element > len(at.data) {
		return page{}, fmt.Errorf("page %d: it counts more entries than it has room for", id)
	}
	return at, at.isNode()
}

// childOf is which child of a branch a key is under.
func (at page) childOf(key []byte) (int, error) {
	behind, err := at.search(func(other []byte) bool { return bytes.Compare(other, key) > 0 })
	if at.count == 0 {
		err = fmt.Errorf("page %d: a branch that leads nowhere", at.id)
	}
	return max(0, behind-1), err
}

// valueOf is the value of a key in a leaf, nil when it is not there.
func (at page) valueOf(key []byte) ([]byte, error) {
	i, err := at.search(func(other []byte) bool { return bytes.Compare(other, key) >= 0 })
	if err != nil || i == at.count {
		return nil, err
	}
	e, err := at.element(i)
	if err != nil || e.bucket || !bytes.Equal(e.key, key) {
		return nil, err
	}
	return e.value, nil
}

// search is the first entry whose key is in, as all behind it are.
func (at page) search(in func(key []byte) bool) (first int, err error) {
	first = sort.Search(at.count, func(i int) bool {
		from, to, _, broken := at.extent(i)
		if broken != nil {
			err = broken
			return true
		}
		return in(at.data[from:to])
	})
	return first, err
}
