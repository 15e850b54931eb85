package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"belfry/store/kv"
	"belfry/store/shelf"
)

// Paper is a file kept among the records, where several machines share them. Its bytes are cut into parts.
type Paper struct {
	Hash  string    `json:"hash"`
	Size  int64     `json:"size"`
	Parts int       `json:"parts"`
	Kept  time.Time `json:"kept"`
	Whole bool      `json:"whole"` // every part is there
}

// paperPart is how large a part is, and partsAtOnce how many are written or read in one transaction.
const (
	paperPart   = 1 << 20
	partsAtOnce = 4
)

func papers() *table[Paper] {
	return &table[Paper]{family: famPaper, key: func(p *Paper) []string { return []string{p.Hash} }}
}

func partKey(hash string, n int) []byte { return famPaperPart.key(hash, fmt.Sprintf("%06d", n)) }

// Papers is the depot among the records of an engine, for a shelf.
func Papers(db kv.DB) shelf.Depot { return &depot{&Store{db: db, clock: time.Now}} }

type depot struct{ s *Store }

func (d *depot) Put(ctx context.Context, f shelf.File, now time.Time, r io.Reader) error {
	p := Paper{Hash: f.Hash, Size: f.Size, Parts: int((f.Size + paperPart - 1) / paperPart), Kept: now.UTC()}
	there := false
	err := d.s.update(ctx, "paper/"+f.Hash, func(t *tx) error {
		have, ok, err := papers().find(t, f.Hash)
		if err != nil {
			return err
		}
		p.Whole, there = ok && have.Whole, ok && have.Whole
		return papers().put(t, p)
	})
	if err != nil || there {
		return err
	}
	for at := 0; at < p.Parts; at += partsAtOnce {
		parts := make([][]byte, min(partsAtOnce, p.Parts-at))
		for i := range parts {
			parts[i] = make([]byte, min(paperPart, f.Size-int64(at+i)*paperPart))
			if _, err := io.ReadFull(r, parts[i]); err != nil {
				return err
			}
		}
		err := d.s.update(ctx, "paper/"+f.Hash, func(t *tx) error {
			for i, part := range parts {
				t.put(famPaperPart, partKey(f.Hash, at+i), part)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return d.s.update(ctx, "paper/"+f.Hash, func(t *tx) error {
		if _, err := papers().get(t, f.Hash); err != nil {
			return err // swept meanwhile: a day must have passed
		}
		p.Whole = true
		return papers().put(t, p)
	})
}

func (d *depot) Fetch(ctx context.Context, hash string, w io.Writer) error {
	parts := 1
	for at := 0; at < parts; at += partsAtOnce {
		var found [][]byte
		err := d.s.view(ctx, func(t *tx) error {
			p, ok, err := papers().find(t, hash)
			if err != nil {
				return err
			}
			if !ok || !p.Whole {
				return shelf.ErrMissing
			}
			parts = p.Parts
			var keys [][]byte
			for n := at; n < min(parts, at+partsAtOnce); n++ {
				keys = append(keys, partKey(hash, n))
			}
			values, err := t.GetMany(keys)
			for _, value := range values {
				if value == nil {
					return errors.New("a part of it is missing")
				}
				found = append(found, append([]byte{}, value...))
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, part := range found {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *depot) Each(ctx context.Context, fn func(shelf.File, time.Time) error) error {
	return d.each(ctx, func(p Paper) error {
		if !p.Whole {
			return nil
		}
		return fn(shelf.File{Hash: p.Hash, Size: p.Size}, p.Kept)
	})
}

// each visits all papers, outside any transaction.
func (d *depot) each(ctx context.Context, fn func(Paper) error) error {
	w := window{Limit: scanBatch}
	for {
		var some []Paper
		err := d.s.view(ctx, func(t *tx) error {
			var err error
			some, err = papers().under(t, w)
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range some {
			if err := fn(p); err != nil {
				return err
			}
		}
		if len(some) < w.Limit {
			return nil
		}
		w.start(some[len(some)-1].Hash)
	}
}

// Sweep also removes what uploads that were cut off left.
func (d *depot) Sweep(ctx context.Context, named map[string]bool, before time.Time) (removed int, err error) {
	err = d.each(ctx, func(p Paper) error {
		if named[p.Hash] && p.Whole || !p.Kept.Before(before) {
			return nil
		}
		gone := false
		err := d.s.update(ctx, "paper/"+p.Hash, func(t *tx) error {
			t.lastRoom()
			now, ok, err := papers().find(t, p.Hash)
			if gone = err == nil && ok && now.Kept.Before(before); !gone {
				return err
			}
			for n := range now.Parts {
				t.drop(famPaperPart, partKey(p.Hash, n))
			}
			return papers().remove(t, p.Hash)
		})
		if err == nil && gone {
			removed++
		}
		return err
	})
	return removed, err
}

// papers makes sure that every part belongs to a paper and every paper has its parts.
func (v *verification) papers() error {
	if err := verifyTable(papers(), nil)(v); err != nil {
		return err
	}
	parts := map[string]int{}
	v.known[famPaperPart] = map[string]bool{} // not an index
	err := v.scan(kv.Prefix(famPaperPart.prefix()), func(pair kv.Pair) {
		hash, _, _ := strings.Cut(string(pair.Key[len(famPaperPart)+1:]), partEnd)
		parts[hash]++
	})
	if err != nil {
		return err
	}
	for hash, n := range parts {
		if !v.known[famPaper][hash] {
			v.report(Fault{"reference", string(famPaper.key(hash)), fmt.Sprintf("is missing, and %d parts of it are there", n)})
		}
	}
	return nil
}
