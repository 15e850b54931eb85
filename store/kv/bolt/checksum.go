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
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

func seal(key, value []byte) []byte {
	sealed := make([]byte, sumSize, sumSize+len(value))
	binary.BigEndian.PutUint32(sealed, checksum(key, value))
	return append(sealed, value...)
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
