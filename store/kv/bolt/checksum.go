package bolt

import (
	"encoding/binary"
	"hash/crc32"

	"belfry/store/kv"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sumSize = 4

// checksum covers the key too, so that a value found under another key is noticed.
func checksum[K string | []byte](key K, value []byte) uint32 {
	var start [64]byte
	sum := crc32.Update(0, castagnoli, start[:copy(start[:], key)])
	if len(key) > len(start) {
		sum = crc32.Update(sum, castagnoli, []byte(key[len(start):]))
	}
	return crc32.Update(sum, castagnoli, value)
}

// seal copies a value behind its checksum.
func seal[K string | []byte](key K, value []byte) []byte {
	sealed := make([]byte, sumSize+len(value))
	binary.BigEndian.PutUint32(sealed, checksum(key, value))
	copy(sealed[sumSize:], value)
	return sealed
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
