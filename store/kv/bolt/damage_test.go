package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"belfry/store/kv"
)

// TestTortureT07ValueBits flips each of many bits within values: the read fails and the report names the record.
func TestTortureT07ValueBits(t *testing.T) {
	whole := sample(t)
	rnd := rand.New(rand.NewPCG(9, 9))
	flips := 100 * killRounds(1)
	for range flips {
		key := fmt.Sprintf("k%02d/%d", rnd.IntN(30), rnd.IntN(10))
		value := fmt.Sprintf("value %c of %d", key[4], int(key[1]-'0')*10+int(key[2]-'0'))
		b := bytes.Clone(whole)
		flipped := 0
		for rest := b; ; { // older pages hold copies that are no longer in use: flip them all
			at := bytes.Index(rest, append([]byte(key), seal([]byte(key), []byte(value))...))
			if at < 0 {
				break
			}
			rest = rest[at+len(key):]
			rest[rnd.IntN(sumSize+len(value))] ^= 1 << rnd.IntN(8)
			flipped++
		}
		want(t, flipped > 0, true)
		path := filepath.Join(t.TempDir(), "belfry.db")
		want(t, os.WriteFile(path, b, 0o600), nil)
		db := openAt(t, path)
		_, err := get(db, key)
		var damage *kv.DamagedError
		if !errors.As(err, &damage) || string(damage.Key) != key {
			t.Errorf("%s is damaged, but reading says %v", key, err)
		}
		var named []string
		records, err := db.Verify(t.Context(), func(p kv.DamagedError) { named = append(named, string(p.Key)) })
		want(t, err, nil)
		want(t, records, 300)
		want(t, fmt.Sprint(named), fmt.Sprint([]string{key}))
		want(t, db.Close(), nil)
	}
	t.Logf("TORTURE: T07 bit rot in values | %d | %d flips, all found and named | 0", killRounds(1), flips)
}

// TestTortureT07LivePages damages pages of a file while it is open: whatever happens, no wrong value is served, the process
// lives, and the examination tells.
func TestTortureT07LivePages(t *testing.T) {
	whole := sample(t)
	rnd := rand.New(rand.NewPCG(11, 11))
	damages := max(60, 10*killRounds(1))
	for round := range damages {
		path := filepath.Join(t.TempDir(), "belfry.db")
		want(t, os.WriteFile(path, whole, 0o600), nil)
		db := openAt(t, path)
		damage(t, path, rnd, len(whole), round)
		reported := 0
		_, err := db.Verify(t.Context(), func(kv.DamagedError) { reported++ })
		missed := readAll(t, db)
		want(t, err, nil)
		if missed > 0 && reported == 0 {
			t.Errorf("round %d: %d records cannot be read, but nothing was reported", round, missed)
		}
		_ = tryPut(db, "new", "value") // may fail, must not end the process
		_ = db.Close()
	}
	t.Logf("TORTURE: T07 damaged pages while open | %d | %d pages, no wrong value | 0", killRounds(1), damages)
}

// damage overwrites pages of an open file: one bit, a page of noise, a page of zeros, or both meta pages.
func damage(t *testing.T, path string, rnd *rand.Rand, used, round int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	want(t, err, nil)
	defer f.Close()
	page := make([]byte, 4096)
	at := int64(rnd.IntN(used/4096)) * 4096
	switch round % 4 {
	case 0:
		_, err = f.ReadAt(page, at)
		want(t, err, nil)
		page[rnd.IntN(64)] ^= 1 << rnd.IntN(8) // where headers and elements are
	case 1:
		for i := range page {
			page[i] = byte(rnd.Uint32())
		}
	case 3:
		if round%20 == 3 {
			at, page = 0, make([]byte, 8192)
		}
	}
	_, err = f.WriteAt(page, at)
	want(t, err, nil)
}

// readAll reads every record of the sample and returns how many are not there as they were.
func readAll(t *testing.T, db *DB) (missed int) {
	t.Helper()
	for i := range 30 {
		for j := range 10 {
			value, err := get(db, fmt.Sprintf("k%02d/%d", i, j))
			switch {
			case err != nil || value == "":
				missed++
			case value != fmt.Sprintf("value %d of %d", j, i):
				t.Errorf("a wrong value was served: %q", value)
			}
		}
	}
	return missed
}

// TestTruncatedWhileOpen takes the end of the file away: reading beyond it is a fault of memory, and must stay an error.
func TestTruncatedWhileOpen(t *testing.T) {
	whole := sample(t)
	path := filepath.Join(t.TempDir(), "belfry.db")
	want(t, os.WriteFile(path, whole, 0o600), nil)
	db := openAt(t, path)
	want(t, os.Truncate(path, 8192), nil)
	_, err := get(db, "k00/0")
	want(t, errors.As(err, new(*kv.DamagedError)), true)
	reported := 0
	_, _ = db.Verify(t.Context(), func(kv.DamagedError) { reported++ })
	want(t, reported > 0, true)
	want(t, errors.As(tryPut(db, "a", "1"), new(*kv.DamagedError)), true)
}

// TestT07EveryHeaderBit flips every bit of the header of every page in use, and makes it count nothing: whatever is then missing, the examination says so. A
// page that counts fewer records than it has hides the others, and no record that is left is wrong.
func TestT07EveryHeaderBit(t *testing.T) {
	whole := sample(t)
	pages, hidden := 0, 0
	for at := 0; at < len(whole); at += 4096 {
		if id := order.Uint64(whole[at:]); id < 2 || id != uint64(at/4096) {
			continue
		}
		pages++
		for bit := range 8*pageHeader + 1 {
			if counts := bit/8 == 10 || bit/8 == 11 || bit == 8*pageHeader; !counts && killRounds(1) == 1 {
				continue
			}
			b := bytes.Clone(whole)
			if bit == 8*pageHeader {
				b[at+10], b[at+11] = 0, 0
			} else {
				b[at+bit/8] ^= 1 << (bit % 8)
			}
			path := filepath.Join(t.TempDir(), "belfry.db")
			want(t, os.WriteFile(path, b, 0o600), nil)
			db, err := Open(path, Options{})
			if err != nil {
				continue // refused
			}
			reported := 0
			_, err = db.Verify(t.Context(), func(kv.DamagedError) { reported++ })
			want(t, err, nil)
			missed := readAll(t, db)
			if missed > 0 {
				hidden++
			}
			if missed > 0 && reported == 0 {
				t.Errorf("page %d, bit %d of its header: %d records are gone, and nothing is reported", at/4096, bit, missed)
			}
			want(t, db.Close(), nil)
		}
	}
	if pages < 3 || hidden == 0 {
		t.Errorf("%d pages, %d flips hid something: that shows nothing", pages, hidden)
	}
	t.Logf("TORTURE: T07 heads of pages | %d | %d pages, %d flips hid records, all found | 0", killRounds(1), pages, hidden)
}

// TestT07KeysOutOfOrder changes the first byte of keys where they lie, so that what is behind one is smaller: the examination
// says so and comes to an end, though whoever goes on behind the last key is led back.
func TestT07KeysOutOfOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	db := openAt(t, path)
	for i := range 30 {
		ok := db.Update(t.Context(), "", func(tx kv.Tx) error {
			for j := range 100 {
				tx.Put(fmt.Appendf(nil, "k%02d/%02d", i, j), []byte("value"))
			}
			return nil
		})
		want(t, ok, nil)
	}
	want(t, db.Close(), nil)
	whole, err := os.ReadFile(path)
	want(t, err, nil)
	for at := 9; at < 30; at += 3 { // every thousandth record is where the examination takes breath
		for j := 98; j < 100; j++ {
			b := bytes.ReplaceAll(whole, fmt.Appendf(nil, "k%02d/%02d", at, j), fmt.Appendf(nil, "a%02d/%02d", at, j))
			want(t, os.WriteFile(path, b, 0o600), nil)
			db, err := Open(path, Options{ReadOnly: true})
			want(t, err, nil)
			ctx, end := context.WithTimeout(t.Context(), 20*time.Second)
			reported := 0
			_, err = db.Verify(ctx, func(kv.DamagedError) { reported++ })
			end()
			want(t, err, nil)
			want(t, reported > 0, true)
			want(t, db.Close(), nil)
		}
	}
}

// TestT07AWriteSealsNothingIn flips what a page says of itself, then writes to every page and takes records away: what a flip hid must
// still be found afterwards. bbolt writes a page anew with what it counts, and frees what it claims.
func TestT07AWriteSealsNothingIn(t *testing.T) {
	whole := sample(t)
	refused := 0
	for at := 0; at < len(whole); at += 4096 {
		if id := order.Uint64(whole[at:]); id < 2 || id != uint64(at/4096) {
			continue
		}
		for bit := 8 * 8; bit < 8*pageHeader; bit++ { // flags, count, overflow
			for _, deletes := range []bool{false, true} {
				if few := bit/8 == 10 || bit%8 < 2 && bit%16 < 8; killRounds(1) == 1 && (!few || deletes != (bit%2 == 0)) {
					continue
				}
				b := bytes.Clone(whole)
				b[at+bit/8] ^= 1 << (bit % 8)
				if sealedIn(t, b, deletes) {
					refused++
				}
			}
		}
	}
	want(t, refused > 0, true)
	t.Logf("TORTURE: T07 writes to damaged pages | %d | %d flips refused, nothing sealed in | 0", killRounds(1), refused)
}

// sealedIn writes to a damaged file and says whether that was refused; what is gone afterwards must be reported.
func sealedIn(t *testing.T, content []byte, deletes bool) (refused bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "belfry.db")
	want(t, os.WriteFile(path, content, 0o600), nil)
	db, err := Open(path, Options{})
	if err != nil {
		return true
	}
	gone := map[string]bool{}
	for half := range 2 { // the second writes into what the first has freed
		err := db.Update(t.Context(), "", func(tx kv.Tx) error {
			for i := range 30 {
				key := fmt.Sprintf("k%02d/%d", i, half)
				if tx.Put([]byte(key), fmt.Appendf(nil, "value %d of %d", half, i)); !deletes {
					continue
				}
				for j := range 9 {
					tx.Delete(fmt.Appendf(nil, "k%02d/%d", i, j))
				}
			}
			return nil
		})
		refused = refused || err != nil
		for i := range 30 * 9 {
			gone[fmt.Sprintf("k%02d/%d", i/9, i%9)] = deletes && !refused
		}
	}
	_ = db.Close()
	if db, err = Open(path, Options{}); err != nil {
		return true
	}
	reported, missed := 0, 0
	_, err = db.Verify(t.Context(), func(kv.DamagedError) { reported++ })
	want(t, err, nil)
	for i := range 30 {
		for j := range 10 {
			key := fmt.Sprintf("k%02d/%d", i, j)
			if value, err := get(db, key); !gone[key] && (err != nil || value == "") {
				missed++
			}
		}
	}
	if missed > 0 && reported == 0 {
		t.Errorf("%d records are gone after a write, and nothing is reported", missed)
	}
	want(t, db.Close(), nil)
	return refused
}

// TestT07ABranchThatLeadsBack lets a branch name itself as one of its children: reading, looking through a range, writing and the
// examination come to an end and say what is wrong. bbolt goes on until the stack is used up, and ends the process.
func TestT07ABranchThatLeadsBack(t *testing.T) {
	whole := sample(t)
	p, err := openPages(bytes.NewReader(whole))
	want(t, err, nil)
	tried := 0
	for id := uint64(2); id < p.meta.end; id++ {
		at := int64(id) * p.meta.pageSize
		if order.Uint64(whole[at:]) != id || order.Uint16(whole[at+8:]) != isBranch {
			continue
		}
		for child := range int64(order.Uint16(whole[at+10:])) {
			b := bytes.Clone(whole)
			order.PutUint64(b[at+pageHeader+child*element+8:], id)
			path := filepath.Join(t.TempDir(), "belfry.db")
			want(t, os.WriteFile(path, b, 0o600), nil)
			db := openAt(t, path)
			missed := readAll(t, db)
			if missed == 0 {
				want(t, db.Close(), nil)
				continue // an old copy of a branch, which is not in use
			}
			tried++
			var damage *kv.DamagedError
			first := func() error {
				return db.View(t.Context(), func(r kv.Reader) error {
					for i := range 30 {
						for _, reverse := range []bool{false, true} {
							key := fmt.Appendf(nil, "k%02d/", i)
							if _, err := r.Scan(kv.Range{From: key, To: append(key, '~'), Reverse: reverse}, 1); err != nil {
								return err
							}
						}
					}
					return nil
				})
			}
			want(t, errors.As(first(), &damage), true)
			reported := 0
			_, err := db.Verify(t.Context(), func(kv.DamagedError) { reported++ })
			want(t, err, nil)
			want(t, reported > 0, true)
			err = db.Update(t.Context(), "", func(tx kv.Tx) error {
				for i := range 30 {
					tx.Put(fmt.Appendf(nil, "k%02d/0", i), []byte("new"))
				}
				return nil
			})
			want(t, errors.As(err, &damage), true)
			want(t, db.Close(), nil)
		}
	}
	want(t, tried > 0, true)
}
