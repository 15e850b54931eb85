package bolt

import (
	"encoding/binary"
	"hash/crc32"

	"belfry/store/kv"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sumSize = 4

// checksum covers the key too, so that a value found under another key is noticed.
func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value)
}

// seal copies a value behind its checksum.
func seal(key, value []byte) []byte { return new(sealer).seal(key, value) }

// sealer seals many values into few pieces of memory.
type sealer struct{ room []byte }

const sealerPiece = 16 << 10

func (s *sealer) seal(key, value []byte) []byte {
	size := sumSize + len(value)
	if size > cap(s.room)-len(s.room) {
		if size >= sealerPiece/4 {
			return sealInto(make([]byte, 0, size), key, value)
		}
		s.room = make([]byte, 0, max(size, min(sealerPiece, 2*cap(s.room)))) // one update alone needs little
	}
	at := len(s.room)
	s.room = s.room[:at+size]
	return sealInto(s.room[at:at:at+size], key, value)
}

func sealInto(room, key, value []byte) []byte {
	return append(binary.BigEndian.AppendUint32(room, checksum(key, value)), value...)
}

func unseal(key, sealed []byte) ([]byte, error) {
	if len(sealed) < sumSize {
		return nil, &kv.DamagedError{Key: append([]byte{}, key...), Reason: "shorter than its checksum"}
	}
	value := sealed[sumSize:]
	if binary.BigEndian.Uint32(sealed) != checksum(key, value) {
		return nil, &kv.DamagedError{Key: append([]byte{}, key...), Reason: "checksum does not match"}
	}
	return value[:len(value):len(value)], nil
}
