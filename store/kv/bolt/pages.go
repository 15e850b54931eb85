package bolt

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
)

// bbolt trusts its pages: on damaged ones it panics, reads outside the file or asks for endless memory, some of it in
// goroutines where nobody can recover. So the file is first looked at here, with plain reads and every number
// checked. Layout: go.etcd.io/bbolt internal/common, format version 2, in the byte order of the machine.
const (
	magic, version           = 0xED0CDAED, 2
	pageHeader, element      = 16, 16
	metaSize, metaSumAt      = 64, 56
	isBranch, isLeaf, isFree = 0x01, 0x02, 0x10
	isBucket                 = 0x01
	maxDepth                 = 64
)

var order = binary.NativeEndian

// meta is bbolt's entry into one state of the file.
type meta struct {
	pageSize                int64
	root, freelist, end, tx uint64 // end is the first page that is not in use
}

// pages reads the newest state of a file. It must not be written to meanwhile.
type pages struct {
	failed error // of the last try to read a meta page
	file   io.ReaderAt
	meta   meta
	whole  bool   // both meta pages are valid
	used   []bool // pages met so far
	twice  bool   // one was met again
}

// errNoMeta says that neither entry page is one of bbolt's.
var errNoMeta = errors.New("no valid meta page")

// openPages finds the newest valid meta page. The second one lies one page behind the first; when the first is
// broken it is looked for at every page size bbolt can have.
func openPages(file io.ReaderAt) (*pages, error) {
	p := &pages{file: file}
	if p.readMeta(0) {
		p.whole = p.readMeta(p.meta.pageSize)
		return p, nil
	}
	for size := int64(1024); size <= 1<<24; size *= 2 {
		if p.readMeta(size) {
			return p, nil
		}
	}
	return nil, errNoMeta
}

// readMeta keeps the meta page at an offset when it is valid and newer than the one known.
func (p *pages) readMeta(at int64) bool {
	b := make([]byte, metaSize)
	if _, err := p.file.ReadAt(b, at+pageHeader); err != nil {
		p.failed = err
		return false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSumAt])
	if order.Uint32(b) != magic || order.Uint32(b[4:]) != version || order.Uint64(b[metaSumAt:]) != sum.Sum64() {
		return false
	}
	m := meta{
		pageSize: int64(order.Uint32(b[8:])), root: order.Uint64(b[16:]),
		freelist: order.Uint64(b[32:]), end: order.Uint64(b[40:]), tx: order.Uint64(b[48:]),
	}
	if m.pageSize < 1024 || m.pageSize&(m.pageSize-1) != 0 || m.end > uint64(math.MaxInt64/m.pageSize) || at != 0 && at != m.pageSize {
		return false
	}
	if m.tx >= p.meta.tx {
		p.meta = m
	}
	return true
}

// lookedThrough is how many places of a file are looked at for pages.
const lookedThrough = 1 << 16

// hasPages says whether a file without a beginning is one of bbolt's all the same: every page names its own number. Two
// such are enough, since nothing else has the like, and a small file has few more.
func hasPages(file io.ReaderAt) bool {
	head := make([]byte, pageHeader)
	for size := int64(1024); size <= 64<<10; size *= 2 {
		found := 0
		for id := int64(2); id < lookedThrough; id++ {
			if _, err := file.ReadAt(head, id*size); err != nil {
				break
			}
			flags, count := order.Uint16(head[8:]), int64(order.Uint16(head[10:]))
			listed := flags == isFree || (flags == isBranch || flags == isLeaf) && count <= size/element
			if order.Uint64(head) != uint64(id) || !listed {
				continue
			}
			if found++; found == 2 {
				return true
			}
		}
	}
	return false
}

// size is how long the file must be to hold every page in use.
func (p *pages) size() int64 { return int64(p.meta.end) * p.meta.pageSize }

// page is a page with its overflow.
type page struct {
	id, last uint64 // last is the last page of the overflow
	flags    uint16
	count    int
	data     []byte // header included
}

// head reads the header of a page.
func (p *pages) head(id uint64) (page, error) {
	b := make([]byte, pageHeader)
	if id < 2 || id >= p.meta.end {
		return page{}, fmt.Errorf("page %d: outside the file", id)
	}
	if _, err := p.file.ReadAt(b, int64(id)*p.meta.pageSize); err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	last := id + uint64(order.Uint32(b[12:]))
	if order.Uint64(b) != id || last >= p.meta.end {
		return page{}, fmt.Errorf("page %d: its header is damaged", id)
	}
	return page{id: id, last: last, flags: order.Uint16(b[8:]), count: int(order.Uint16(b[10:]))}, nil
}

// read reads a page that was not met before and notes that it is in use.
func (p *pages) read(id uint64) (page, error) {
	got, err := p.head(id)
	if err != nil {
		return page{}, err
	}
	for i := id; i <= got.last; i++ {
		if p.used[i] {
			p.twice = true
			return page{}, fmt.Errorf("page %d: in use twice", i)
		}
		p.used[i] = true
	}
	got.data = make([]byte, int64(got.last-id+1)*p.meta.pageSize)
	if _, err := p.file.ReadAt(got.data, int64(id)*p.meta.pageSize); err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	return got, nil
}

// checkFreelist makes sure that bbolt can load the list of free pages. It starts the set of pages in use.
func (p *pages) checkFreelist() error {
	p.used = make([]bool, p.meta.end)
	list, err := p.read(p.meta.freelist)
	if err != nil {
		return fmt.Errorf("free list: %w", err)
	}
	body := list.data[pageHeader:]
	count := uint64(list.count)
	if count == 0xFFFF && len(body) >= 8 {
		count, body = order.Uint64(body), body[8:]
	}
	if list.flags != isFree || count > uint64(len(body)/8) {
		return fmt.Errorf("free list: page %d is damaged", list.id)
	}
	for ; count > 0; count, body = count-1, body[8:] {
		id := order.Uint64(body)
		if id < 2 || id >= p.meta.end || p.used[id] {
			return fmt.Errorf("free list: page %d is outside the file, listed twice or in use", id)
		}
		p.used[id] = true
	}
	return nil
}

// checkCommit looks at what bbolt takes for granted in each commit: its meta page, and the header of the old free
// list, whose length it would follow to the end of all memory. A *fs.PathError says that it could not look.
func checkCommit(file io.ReaderAt, pageSize int) error {
	p := &pages{file: file}
	first, second := p.readMeta(0), p.readMeta(int64(pageSize))
	if !first && !second {
		return cmp.Or(p.failed, errNoMeta)
	}
	list, err := p.head(p.meta.freelist)
	if err == nil && list.flags != isFree {
		err = fmt.Errorf("page %d: not a free list", list.id)
	}
	return err
}
