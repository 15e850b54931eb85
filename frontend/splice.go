package frontend

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// One gzip member (RFC 1952) is spliced from pieces: each piece is deflated on its own and ends at a byte, so pieces can
// be written one after the other. The shared ones are deflated once. As no piece refers to another, a form token never
// shares a window with text that somebody else chose, which the BREACH attack needs.

// segment is a deflated piece with what joining its checksum to others takes.
type segment struct {
	deflated []byte
	crc      uint32
	shift    uint32 // crcShift of its length
	size     uint32
}

// storeBelow is the length up to which an own part is stored: deflating it would gain nothing.
const storeBelow = 200

const deflateLevel = 6

var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff} // deflate, no name, no time, unknown system

// deflateEnd is an empty last block (RFC 1951, 3.2.4).
var deflateEnd = []byte{1, 0, 0, 0xff, 0xff}

func (s *Shared) pack() {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, deflateLevel) // fails for unknown levels only
	at := 0
	for i := range len(s.places) + 1 {
		end := len(s.bytes)
		if i < len(s.places) {
			end = s.places[i].at
		}
		text := s.bytes[at:end]
		b.Reset()
		w.Reset(&b)
		_, _ = w.Write(text) // into memory
		_ = w.Flush()
		one := segment{deflated: bytes.Clone(b.Bytes()), crc: crc32.ChecksumIEEE(text), shift: crcShift(len(text)), size: uint32(len(text))}
		if len(text) == 0 {
			one.deflated = nil
		}
		s.packed = append(s.packed, one)
		at = end
	}
}

// Gzip writes the page as one gzip member.
func (j Joined) Gzip(write func([]byte)) {
	j.shared.packing.Do(j.shared.pack)
	write(gzipHeader)
	var crc, size uint32
	var scratch bytes.Buffer
	from := 0
	for i, piece := range j.shared.packed {
		write(piece.deflated)
		crc = crcMultiply(piece.shift, crc) ^ piece.crc
		size += piece.size
		if i == len(j.ends) {
			break
		}
		own := j.own[from:j.ends[i]]
		from = j.ends[i]
		if len(own) == 0 {
			continue
		}
		scratch.Reset()
		deflateOwn(&scratch, own)
		write(scratch.Bytes())
		crc, size = crc32.Update(crc, crc32.IEEETable, own), size+uint32(len(own))
	}
	write(deflateEnd)
	var trailer [8]byte
	binary.LittleEndian.PutUint32(trailer[:4], crc)
	binary.LittleEndian.PutUint32(trailer[4:], size)
	write(trailer[:])
}

// deflateOwn packs a small piece so that it ends at a byte.
func deflateOwn(b *bytes.Buffer, own []byte) {
	if len(own) >= storeBelow {
		_ = flate.StatelessDeflate(b, own, false, nil) // into memory
		return
	}
	n := uint16(len(own))
	b.Write([]byte{0, byte(n), byte(n >> 8), byte(^n), byte(^n >> 8)})
	b.Write(own)
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
