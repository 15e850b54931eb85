package bolt

import (
	"bytes"
	"fmt"
)

// checkTree walks every page from the root and reports what does not fit, then pages that nothing refers to. Call
// checkFreelist first.
func (p *pages) checkTree(report func(string)) {
	p.walk(p.meta.root, nil, 0, report)
	lost := 0
	for _, used := range p.used[2:] {
		if !used {
			lost++
		}
	}
	if lost > 0 {
		report(fmt.Sprintf("%d pages are neither free nor in use", lost))
	}
}

// walk checks a page and all below it. low is the smallest key that may be there.
func (p *pages) walk(id uint64, low []byte, depth int, report func(string)) {
	if depth > maxDepth {
		report(tooDeep(id).Error())
		return
	}
	at, err := p.read(id)
	if err != nil {
		report(err.Error())
		return
	}
	if err := at.isNode(); err != nil {
		report(err.Error())
		return
	}
	p.walkElements(at, low, depth, report)
}

// walkElements checks the entries of a branch or leaf, also of one that is kept inside a value.
func (p *pages) walkElements(at page, low []byte, depth int, report func(string)) {
	if _, err := at.layout(); err != nil {
		report(err.Error())
		return
	}
	for i := range at.count {
		e, _ := at.element(i)
		if order := bytes.Compare(e.key, low); order < 0 || i > 0 && order == 0 {
			report(fmt.Sprintf("page %d: key %q is out of order", at.id, e.key))
		}
		low = e.key
		switch {
		case at.flags == isBranch:
			p.walk(e.child, e.key, depth+1, report)
		case !e.bucket:
		case e.child != 0:
			p.walk(e.child, nil, depth+1, report)
		default:
			inner := page{id: at.id, flags: order.Uint16(e.value[8:]), count: int(order.Uint16(e.value[10:])), data: e.value}
			p.walkElements(inner, nil, depth+1, report)
		}
	}
}

// layout says where the last entry ends. Keys and values lie one behind the other from where the heads of the entries end: a page
// that counts too few has them elsewhere, and nothing else would show that the others are gone.
func (at page) layout() (end int, err error) {
	end = pageHeader + at.count*element
	if head := at.data[pageHeader:]; at.count == 0 && len(bytes.Trim(head[:min(element, len(head))], "\x00")) > 0 {
		return 0, fmt.Errorf("page %d: it has entries and counts none", at.id)
	}
	for i := range at.count {
		from, _, to, err := at.extent(i)
		if err != nil {
			return 0, err
		}
		if from != end {
			return 0, fmt.Errorf("page %d: entry %d is not where %d entries end", at.id, i, at.count)
		}
		end = to
	}
	return end, nil
}

// entry is one element of a page: of a branch a child, of a leaf a value or a bucket with its root page or, when that
// is 0, its only page as the value.
type entry struct {
	key, value []byte
	child      uint64
	bucket     bool
}

func (at page) isNode() error {
	if at.flags != isBranch && at.flags != isLeaf {
		return fmt.Errorf("page %d: neither branch nor leaf", at.id)
	}
	return nil
}

// extent is where in the page the key of an entry begins, where its value does, and where that ends; a branch has no values.
func (at page) extent(i int) (key, value, end int, err error) {
	start, lengths := pageHeader+i*element, 4 // where a leaf says where the key is, its length and that of the value
	if start+element > len(at.data) {
		return 0, 0, 0, at.broken(i)
	}
	head, length := at.data[start:], 0
	if at.flags == isBranch {
		lengths = 0
	} else {
		length = int(order.Uint32(head[12:]))
	}
	key = start + int(order.Uint32(head[lengths:]))
	value = key + int(order.Uint32(head[lengths+4:]))
	if end = value + length; end > len(at.data) {
		return 0, 0, 0, at.broken(i)
	}
	return key, value, end, nil
}

func (at page) element(i int) (entry, error) {
	key, value, end, err := at.extent(i)
	if err != nil {
		return entry{}, err
	}
	head := at.data[pageHeader+i*element:]
	if at.flags == isBranch {
		return entry{key: at.data[key:value], child: order.Uint64(head[8:])}, nil
	}
	e := entry{key: at.data[key:value], value: at.data[value:end], bucket: order.Uint32(head)&isBucket != 0}
	if !e.bucket {
		return e, nil
	}
	const bucketHeader = 16 // root page and a sequence number
	if len(e.value) < bucketHeader {
		return entry{}, at.broken(i)
	}
	e.child, e.value = order.Uint64(e.value), e.value[bucketHeader:]
	if e.child == 0 && len(e.value) < pageHeader {
		return entry{}, at.broken(i)
	}
	return e, nil
}

func (at page) broken(i int) error { return fmt.Errorf("page %d: entry %d is damaged", at.id, i) }
