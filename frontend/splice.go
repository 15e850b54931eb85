package frontend

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
)

// One gzip member (RFC 1952) is spliced from pieces: each piece is deflated on its own and ends at a byte, so pieces can
// be written one after the other. The shared ones are deflated once. As no piece refers to another, a form token never
// shares a window with text that somebody else chose, which the BREACH attack needs.

// piece is a part of a page, deflated when it is first wanted so.
type piece struct {
	plain    []byte
	packing  sync.Once
	deflated []byte
	crc      uint32
	shift    uint32 // crcShift of its length
}

// storeBelow is the length up to which a piece is stored: deflating it would gain nothing.
const storeBelow = 150

const deflateLevel = 6

var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff} // deflate, no name, no time, unknown system

// deflateEnd is an empty last block (RFC 1951, 3.2.4).
var deflateEnd = []byte{1, 0, 0, 0xff, 0xff}

// pack makes a piece ready to be spliced, once.
func (x *piece) pack(deflate func(*bytes.Buffer, []byte)) {
	x.packing.Do(func() {
		n := len(x.plain)
		x.crc, x.shift = crc32.ChecksumIEEE(x.plain), crcShift(n)
		var b bytes.Buffer
		switch {
		case n == 0:
		case n < storeBelow:
			b.Write([]byte{0, byte(n), byte(n >> 8), byte(^n), byte(^n >> 8)})
			b.Write(x.plain)
		default:
			deflate(&b, x.plain)
		}
		x.deflated = bytes.Clone(b.Bytes())
	})
}

// packOwn is quick and needs no memory of its own.
func packOwn(b *bytes.Buffer, plain []byte) {
	_ = flate.StatelessDeflate(b, plain, false, nil) // into memory
}

var deflaters = sync.Pool{New: func() any { // each has memory of a megabyte
	w, _ := flate.NewWriter(nil, deflateLevel) // fails for unknown levels only
	return w
}}

func (s *Shared) pack() {
	w, _ := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	for _, one := range s.pieces {
		one.pack(func(b *bytes.Buffer, plain []byte) {
			w.Reset(b)
			_, _ = w.Write(plain) // into memory
			_ = w.Flush()
		})
	}
}

// Gzip writes the page as one gzip member.
func (j *Joined) Gzip(write func([]byte)) {
	for _, s := range j.shared {
		s.packing.Do(s.pack)
	}
	write(gzipHeader)
	var crc, size uint32
	for _, one := range j.pieces {
		one.pack(packOwn)
		write(one.deflated)
		crc, size = crcMultiply(one.shift, crc)^one.crc, size+uint32(len(one.plain))
	}
	write(deflateEnd)
	var trailer [8]byte
	binary.LittleEndian.PutUint32(trailer[:4], crc)
	binary.LittleEndian.PutUint32(trailer[4:], size)
	write(trailer[:])
}

// crcPolynomial is that of crc32.IEEE. Bit 31 of a checksum is the coefficient of 1, bit 0 that of x to the 31st.
const crcPolynomial = crc32.IEEE

// crcMultiply multiplies two polynomials modulo crcPolynomial.
func crcMultiply(a, b uint32) uint32 {
	var product uint32
	for bit := uint32(1 << 31); bit != 0 && a != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
			a ^= bit
		}
		if b&1 != 0 {
			b = b>>1 ^ crcPolynomial
		} else {
			b >>= 1
		}
	}
	return product
}

// crcShift is what a checksum is multiplied by when n bytes follow: x to the 8n-th.
func crcShift(n int) uint32 {
	shift, square := uint32(1<<31), uint32(1<<23) // 1, and x to the 8th
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			shift = crcMultiply(square, shift)
		}
		square = crcMultiply(square, square)
	}
	return shift
}
