package gazetteer

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

//go:embed towns.bin.gz
var packed []byte

// version is the first byte of the data that generate writes and this package reads.
const version = 1

// perDegree is how finely positions are kept.
const perDegree = 10_000

var errDamaged = errors.New("gazetteer: the data is damaged")

// Load unpacks the embedded towns, some tens of milliseconds of work. Call it once.
func Load() (*Gazetteer, error) { return load(packed) }

func load(packed []byte) (*Gazetteer, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("gazetteer: %w", err)
	}
	// The last four bytes of gzip are the size, so that the buffer is allocated once.
	size := binary.LittleEndian.Uint32(packed[len(packed)-4:])
	if size > 1<<24 {
		return nil, errDamaged // a span has 24 bits for a position
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(zip, data); err != nil {
		return nil, fmt.Errorf("gazetteer: %w", err)
	}
	if n, err := zip.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errDamaged // the checksum is only compared at the end
	}
	// Nothing writes to data any more, so the names can be parts of it.
	g := &Gazetteer{raw: unsafe.String(unsafe.SliceData(data), len(data))} // #nosec G103 -- as said above
	if err := g.decode(data); err != nil {
		return nil, err
	}
	g.index = sync.OnceValue(func() *index { return newIndex(g) })
	return g, nil
}

// columns reads the file from its start to its end; after a mistake it only returns zeros.
type columns struct {
	data   []byte
	at     int
	failed bool
}

func (c *columns) uvarint() uint64 {
	v, n := binary.Uvarint(c.data[c.at:])
	if n <= 0 {
		c.failed, n = true, 0
	}
	c.at += n
	return v
}

func (c *columns) varint() int64 {
	v, n := binary.Varint(c.data[c.at:])
	if n <= 0 {
		c.failed, n = true, 0
	}
	c.at += n
	return v
}

// upTo is a number that must not be larger than most.
func (c *columns) upTo(most uint64) uint64 {
	v := c.uvarint()
	if v > most {
		c.failed, v = true, 0
	}
	return v
}

func (c *columns) bytes(n uint64) []byte {
	if n > uint64(len(c.data)-c.at) {
		c.failed = true
		return nil
	}
	c.at += int(n)
	return c.data[c.at-int(n) : c.at]
}

// along is a step from at to a place that is at most so far from 0.
func (c *columns) along(at, most int64) int64 {
	step := c.varint()
	if step < -most-at || step > most-at {
		c.failed = true
		return at
	}
	return at + step
}

func (c *columns) text() string { return string(c.bytes(c.uvarint())) }

func (c *columns) span() span {
	n := c.uvarint()
	s := span(c.at)<<8 | span(n&0xFF)
	if n > 0xFF {
		c.failed = true
	}
	c.bytes(n)
	return s
}

func (g *Gazetteer) decode(data []byte) error {
	in := &columns{data: data}
	if v := in.bytes(1); len(v) != 1 || v[0] != version {
		return errDamaged
	}
	for range min(in.uvarint(), math.MaxUint8) {
		a := area{code: in.text()}
		for i := range a.name {
			a.name[i] = in.text()
		}
		g.areas = append(g.areas, a)
	}
	for _, list := range strings.Fields(in.text()) {
		g.languages = append(g.languages, strings.Split(list, ";"))
	}
	count := in.uvarint()
	if count > math.MaxUint16 {
		return errDamaged
	}
	towns := make([]entry, count)
	for i := range towns {
		code, ok := packCode(string(in.bytes(8)))
		in.failed = in.failed || !ok
		towns[i].code = code
	}
	decodeNames(in, towns)
	decodeNumbers(in, towns)
	postal := decodePostal(in, towns)
	if in.failed || in.at != len(data) {
		return errDamaged
	}
	for i := range towns {
		if int(towns[i].language) >= len(g.languages) || int(max(towns[i].region, towns[i].area)) > len(g.areas) {
			return errDamaged
		}
	}
	g.arrange(towns, postal)
	return nil
}

func decodeNames(in *columns, towns []entry) {
	for i := range towns {
		towns[i].name = in.span()
	}
	for language := range 3 {
		for i := range towns {
			switch in.uvarint() {
			case 1:
				towns[i].other[language] = towns[i].name
			case 2:
				towns[i].other[language] = in.span()
			}
		}
	}
}

func decodeNumbers(in *columns, towns []entry) {
	for i := range towns {
		towns[i].region = uint8(in.upTo(math.MaxUint8))
	}
	for i := range towns {
		towns[i].area = uint8(in.upTo(math.MaxUint8))
	}
	for i := range towns {
		towns[i].language = uint8(in.upTo(math.MaxUint8))
	}
	for i := range towns {
		towns[i].population = uint32(in.upTo(math.MaxUint32))
	}
	at := int64(0)
	for i := range towns {
		at = in.along(at, 90*perDegree)
		towns[i].lat = int32(at)
	}
	at = 0
	for i := range towns {
		at = in.along(at, 180*perDegree)
		towns[i].lon = int32(at)
	}
}

func decodePostal(in *columns, towns []entry) []postalCode {
	var all []postalCode
	number := 0
	for i := range towns {
		n := in.uvarint()
		if n > math.MaxUint8 || len(all) > math.MaxUint16 {
			in.failed = true
			return nil
		}
		towns[i].postal, towns[i].postals = uint16(len(all)), uint8(n)
		digits := 5
		if towns[i].code < belgianCodes {
			digits = 4
		}
		for range n {
			number += int(in.varint())
			if number < 0 || number > 99999 {
				in.failed = true
				return nil
			}
			all = append(all, packPostal(uint32(number), digits))
		}
	}
	return all
}

// arrange puts the towns, which come in the order of their codes, into the order of their population.
func (g *Gazetteer) arrange(towns []entry, postal []postalCode) {
	slices.SortFunc(towns, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.population, a.population), cmp.Compare(a.code, b.code))
	})
	g.towns, g.postalOf = towns, postal
	g.postal = make([]postalTown, 0, len(postal))
	byCode := make([]uint64, len(towns))
	for i := range towns {
		byCode[i] = uint64(towns[i].code)<<16 | uint64(i)
		for _, p := range g.postalCodesOf(uint16(i)) {
			g.postal = append(g.postal, postalTown{p, uint16(i)})
		}
	}
	slices.Sort(byCode)
	g.codes, g.codeTowns = make([]uint32, len(towns)), make([]uint16, len(towns))
	for i, v := range byCode {
		g.codes[i], g.codeTowns[i] = uint32(v>>16), uint16(v)
	}
	slices.SortFunc(g.postal, func(a, b postalTown) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.town, b.town))
	})
}
