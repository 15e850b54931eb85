package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

// sample is the content of a closed database of 300 records, without what the file has in reserve.
func sample(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "belfry.db")
	db := openAt(t, path)
	for i := range 30 {
		for j := range 10 {
			put(t, db, fmt.Sprintf("k%02d/%d", i, j), fmt.Sprintf("value %d of %d", j, i))
		}
	}
	used := db.Stats().Bytes
	want(t, db.Close(), nil)
	content, err := os.ReadFile(path)
	want(t, err, nil)
	return content[:used]
}

// foreign is a bbolt file of another product, with or without a synced free list.
func foreign(t *testing.T, noFreelistSync bool) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	file, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: noFreelistSync})
	want(t, err, nil)
	err = file.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("theirs"))
		if err != nil {
			return err
		}
		return b.Put([]byte("k"), []byte("v"))
	})
	want(t, errors.Join(err, file.Close()), nil)
	content, err := os.ReadFile(path)
	want(t, err, nil)
	return content
}

// TestRefuse opens what is no whole database of ours: an error that names its kind, and the file stays as it was.
func TestRefuse(t *testing.T) {
	whole := sample(t)
	used := len(whole)
	rnd := rand.New(rand.NewPCG(5, 5))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	edit := func(change func(b []byte)) []byte {
		b := bytes.Clone(whole)
		change(b)
		return b
	}
	type variant struct {
		name    string
		content []byte
		kinds   []error
	}
	unknown := []error{ErrForeign, ErrDamaged} // a file without any page of bbolt's may be either
	variants := []variant{
		{"empty", nil, []error{ErrEmptyNotNew}},
		{"other product", foreign(t, false), []error{ErrForeign}},
		{"other product, no free list", foreign(t, true), []error{ErrForeign}},
		{"text", bytes.Repeat([]byte("hello\n"), 3000), []error{ErrForeign}},
		{"sqlite", append([]byte("SQLite format 3\x00"), make([]byte, 8176)...), []error{ErrForeign}},
		{"first page zero, second broken", edit(func(b []byte) { clear(b[:4096]); b[4096+40] ^= 1 }), []error{ErrDamaged}},
		{"both meta pages zero", edit(func(b []byte) { clear(b[:8192]) }), []error{ErrDamaged}},
		{"both meta pages noise", edit(func(b []byte) { copy(b, noise(8192)) }), []error{ErrDamaged}},
		{"five pages zero", edit(func(b []byte) { clear(b[:5*4096]) }), []error{ErrDamaged}},
		{"both meta pages text", edit(func(b []byte) { copy(b, bytes.Repeat([]byte("hello\n"), 8192/6)) }), []error{ErrDamaged}},
		{"cut, and both meta pages zero", edit(func(b []byte) { clear(b[:8192]) })[:used/2+100], []error{ErrDamaged}},
		{"both meta pages of another product zero", headless(foreign(t, false)), []error{ErrDamaged}},
		{"numbers in a row", numbers(1 << 20), []error{ErrForeign}},
		{"large text", bytes.Repeat([]byte("hello\n"), 1<<20), []error{ErrForeign}},
		{"large noise", noise(4 << 20), []error{ErrForeign}},
		{"large zeros", make([]byte, 16<<20), []error{ErrForeign}},
		{"other format version", edit(func(b []byte) { b[20], b[4096+20] = 9, 9 }), []error{ErrDamaged}},
		{"free list zero", edit(zeroFreelist), []error{ErrDamaged}},
		{"free list endless", edit(func(b []byte) { endlessFreelist(b) }), []error{ErrDamaged}},
	}
	for _, n := range []int{1, 16, 511, 4095, 4096, 8191, 8192, 12288, 20000, used / 2, used - 4096, used - 1} {
		variants = append(variants,
			variant{fmt.Sprint("truncated to ", n), whole[:n], unknown},
			variant{fmt.Sprint("zeros ", n), make([]byte, n), unknown},
			variant{fmt.Sprint("noise ", n), noise(n), unknown})
	}
	for i := range 20 { // a bit in each meta page, anywhere that matters
		variants = append(variants, variant{fmt.Sprint("meta bits ", i), edit(func(b []byte) {
			b[16+rnd.IntN(64)] ^= 1 << rnd.IntN(8)
			b[4096+16+rnd.IntN(64)] ^= 1 << rnd.IntN(8)
		}), unknown})
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "belfry.db")
			want(t, os.WriteFile(path, v.content, 0o600), nil)
			for _, readOnly := range []bool{false, true} {
				refused(t, path, Options{ReadOnly: readOnly}, v.kinds...)
			}
			after, err := os.ReadFile(path)
			want(t, err, nil)
			want(t, bytes.Equal(after, v.content), true)
		})
	}
	t.Logf("%d variants", len(variants))
}

func headless(b []byte) []byte { clear(b[:8192]); return b }

// numbers are 0, 1, 2, … as an array of 64 bits each would be written.
func numbers(n int) []byte {
	b := make([]byte, 0, 8*n)
	for i := range n {
		b = binary.NativeEndian.AppendUint64(b, uint64(i))
	}
	return b
}

func refused(t *testing.T, path string, opt Options, kinds ...error) {
	t.Helper()
	db, err := Open(path, opt)
	if err == nil {
		_ = db.Close()
		t.Fatal("it was opened")
	}
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Errorf("got %v, want one of %v", err, kinds)
}

// freelistAt returns the offset of the free list page that the newest meta page names.
func freelistAt(b []byte) uint64 {
	p, err := openPages(bytes.NewReader(b))
	if err != nil {
		panic(err)
	}
	return p.meta.freelist * uint64(p.meta.pageSize)
}

func zeroFreelist(b []byte) { at := freelistAt(b); clear(b[at : at+4096]) }

// endlessFreelist makes the list claim more pages than memory could hold.
func endlessFreelist(b []byte) {
	at := freelistAt(b)
	order.PutUint16(b[at+10:], 0xFFFF)
	order.PutUint64(b[at+16:], 1<<40)
}

// TestRefuseEndBeyondAllFiles opens a file with sound checksums whose end, in bytes, is more than a number holds.
func TestRefuseEndBeyondAllFiles(t *testing.T) {
	const size = 1 << 23
	path := filepath.Join(t.TempDir(), "belfry.db")
	made, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: size, NoSync: true})
	want(t, err, nil)
	err = made.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(markBucket)
		_, err2 := tx.CreateBucket(dataBucket)
		return errors.Join(err, err2)
	})
	want(t, errors.Join(err, made.Close()), nil)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	want(t, err, nil)
	for _, at := range []int64{pageHeader, size + pageHeader} {
		b := make([]byte, metaSize)
		_, err := file.ReadAt(b, at)
		want(t, err, nil)
		order.PutUint64(b[40:], 1<<40)
		sum := fnv.New64a()
		_, _ = sum.Write(b[:metaSumAt])
		order.PutUint64(b[metaSumAt:], sum.Sum64())
		_, err = file.WriteAt(b, at)
		want(t, err, nil)
	}
	want(t, file.Close(), nil)
	refused(t, path, Options{}, ErrDamaged)
}

func TestRefuseWhatIsNoFile(t *testing.T) {
	refused(t, t.TempDir(), Options{}, ErrEmptyNotNew)
	refused(t, "/dev/null", Options{}, ErrEmptyNotNew)
	refused(t, filepath.Join(t.TempDir(), "missing"), Options{ReadOnly: true}, os.ErrNotExist)
	refused(t, filepath.Join(t.TempDir(), "missing", "belfry.db"), Options{}, os.ErrNotExist)
}

// TestRefuseHeld opens the file a second time, from here and from another process, while it is written to.
func TestRefuseHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	child, lines := startChild(t, path)
	refused(t, path, Options{}, ErrHeld)
	refused(t, path, Options{ReadOnly: true}, ErrHeld)
	want(t, child.Process.Kill(), nil)
	for lines.Scan() {
	}
	db := openAt(t, path)
	refused(t, path, Options{}, ErrHeld)
	put(t, db, "a", "1")
}

// TestBeginningOfOneMetaPageLost: bbolt keeps two; a torn write of one costs at most the last commit.
func TestBeginningOfOneMetaPageLost(t *testing.T) {
	whole := sample(t)
	for _, at := range []int{0, 4096} {
		path := filepath.Join(t.TempDir(), "belfry.db")
		b := bytes.Clone(whole)
		clear(b[at : at+4096])
		want(t, os.WriteFile(path, b, 0o600), nil)
		db, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		records, err := db.Verify(t.Context(), func(p kv.DamagedError) { said = append(said, p.Reason) })
		want(t, err, nil)
		want(t, records >= 299, true)
		want(t, len(said) == 1 && strings.Contains(said[0], "one of its two first pages is damaged"), true)
		put(t, db, "k00/0", "new") // two commits write both meta pages again
		put(t, db, "k29/9", "new")
		records, err = db.Verify(t.Context(), func(p kv.DamagedError) { t.Error(p) })
		want(t, err, nil)
		want(t, records, 300)
		want(t, db.Close(), nil)
	}
}
