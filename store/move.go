package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"belfry/store/kv"
)

// ErrMoving says that a move into these data was begun and not finished.
var ErrMoving = errors.New("a move into this place was not finished")

// ErrOccupied says that a move leads to a place where there is something already.
var ErrOccupied = errors.New("there is something in this place already")

// ErrServed says that nodes began to serve what is moved: what they write would be lost.
var ErrServed = errors.New("nodes began to serve while it was moved")

// moving is the mark in the place a move leads to, until every record was compared.
type moving struct {
	Community string    `json:"community"` // which one it is, without its secret
	Began     time.Time `json:"began"`
	After     []byte    `json:"after"` // the last key that was copied
	Copied    int       `json:"copied"`
}

var movingKey = famMeta.key("moving")

// MoveReport is how far a move is, or was.
type MoveReport struct {
	Copied    int // records and index entries copied, those of an earlier try included
	Compared  int
	Corrected int // found different, because the source went on after an earlier try

	Unmarked error // why the place it came from could not be told that it is left
}

// stays says whether a key is of one engine or one process only, and does not go along.
func stays(key []byte) bool {
	name, _, _ := bytes.Cut(key, []byte("/"))
	switch family(name) {
	case famStale, famSearcher, famPaper, famPaperPart, famNode, famLease:
		return true
	}
	return bytes.Equal(key, movingKey) || bytes.Equal(key, leftKey)
}

// moveBatch and moveBytes bound what is held in memory at once.
const (
	moveBatch = 1000
	moveBytes = 16 << 20
)

// Move copies a community to an empty engine, or back to one it has left, record by record, then compares every record. It
// goes on where an earlier try broke off; what changed in the source since then is corrected. Until it has ended the place
// it leads to cannot be opened; just before, the place it comes from is told with goes that the community is there no more,
// unless that names no place, or it takes no writes. Papers are not records of every engine: papers moves them from shelf
// to shelf, when the records are copied.
func Move(ctx context.Context, from, to kv.DB, goes Left, papers func() error, progress func(MoveReport)) (MoveReport, error) {
	var report MoveReport
	mark, err := beginMove(ctx, from, to, goes.At)
	if err != nil {
		return report, err
	}
	report.Copied = mark.Copied
	var after []byte
	if len(mark.After) > 0 {
		after = append(bytes.Clone(mark.After), 0)
	}
	err = each(ctx, from, after, func(pairs []kv.Pair) error {
		mark.After, mark.Copied = pairs[len(pairs)-1].Key, mark.Copied+len(pairs)
		value, err := json.Marshal(mark)
		if err != nil {
			return err
		}
		err = to.Update(ctx, "move", func(tx kv.Tx) error {
			for _, p := range pairs {
				tx.Put(p.Key, p.Value)
			}
			tx.Put(movingKey, value)
			return nil
		})
		report.Copied = mark.Copied
		progress(report)
		return err
	})
	if err != nil {
		return report, err
	}
	if err := papers(); err != nil {
		return report, err
	}
	for again := true; again; {
		before := report.Corrected
		report.Compared = 0
		if err := compare(ctx, from, to, &report, progress); err != nil {
			return report, err
		}
		again = report.Corrected > before // the last comparison finds nothing
	}
	if goes.To != "" {
		if awake, err := Awake(ctx, from); err != nil || awake > 0 {
			return report, cmp.Or(err, ErrServed)
		}
		report.Unmarked = Leave(ctx, from, Left{To: goes.To, At: mark.Began})
	}
	if err := ctx.Err(); err != nil {
		return report, err
	}
	return report, to.Update(ctx, "move", func(tx kv.Tx) error {
		tx.Delete(movingKey)
		tx.Delete(leftKey)
		return nil
	})
}

// Copy copies a community of any schema to an empty engine that nobody else uses. The source should be one snapshot.
func Copy(ctx context.Context, from, to kv.DB) error {
	return each(ctx, from, nil, func(pairs []kv.Pair) error {
		return to.Update(ctx, "copy", func(tx kv.Tx) error {
			for _, p := range pairs {
				tx.Put(p.Key, p.Value)
			}
			return nil
		})
	})
}

// beginMove makes sure that a move may begin or go on, and marks the place.
func beginMove(ctx context.Context, from, to kv.DB, now time.Time) (moving, error) {
	mark := moving{Began: now}
	var left *Left
	err := from.View(ctx, func(r kv.Reader) error {
		version, err := schemaIn(r)
		if err != nil {
			return err
		}
		switch {
		case version == 0:
			return ErrForeign
		case version > Schema:
			return ErrNewer
		case version < Schema:
			return ErrOlder
		}
		if mark.Community, err = communityIn(r); err != nil {
			return err
		}
		left, err = leftIn(r)
		return err
	})
	if err != nil {
		return mark, err
	}
	err = to.Update(ctx, "move", func(tx kv.Tx) error {
		fresh := mark
		value, ok, err := tx.Get(movingKey)
		if err != nil {
			return err
		}
		if ok {
			var have moving
			if err := json.Unmarshal(value, &have); err != nil || have.Community != fresh.Community {
				return ErrOccupied
			}
			if have.Began.IsZero() { // an earlier version began it
				have.Began = fresh.Began
			}
			fresh = have
		} else if err := vacant(tx, fresh.Community); err != nil {
			return err
		}
		if left != nil && !(ok && left.At.Equal(fresh.Began)) { // another move was done to its end
			return &LeftError{*left}
		}
		value, err = json.Marshal(fresh)
		tx.Put(movingKey, value)
		mark = fresh
		return err
	})
	return mark, err
}

// communityIn says which community it is, without its secret.
func communityIn(r kv.Reader) (string, error) {
	secret, _, err := r.Get(famMeta.key("secret"))
	return fmt.Sprintf("%x", derive(secret, "move")), err
}

// vacant makes sure that nothing of a place is lost when a community moves in: it is empty, or what this community left
// there. Whoever followed it then, search indexes above all, has missed what happened elsewhere and is forgotten.
func vacant(tx kv.Tx, community string) error {
	left, err := leftIn(tx)
	if err != nil {
		return err
	}
	if left == nil {
		return empty(tx)
	}
	there, err := communityIn(tx)
	if err == nil && there != community {
		err = ErrOccupied
	}
	for _, f := range []family{famSearcher, famNode, famLease} {
		if err != nil {
			return err
		}
		var found []kv.Pair
		found, err = tx.Scan(kv.Prefix(f.prefix()), moveBatch)
		for _, p := range found {
			tx.Delete(bytes.Clone(p.Key))
		}
	}
	return err
}

// empty refuses a place where something is that does not stay.
func empty(tx kv.Tx) error {
	for r := (kv.Range{}); ; {
		first, err := tx.Scan(r, 1)
		if err != nil || len(first) == 0 {
			return err
		}
		if !stays(first[0].Key) {
			return ErrOccupied
		}
		name, _, _ := bytes.Cut(first[0].Key, []byte("/"))
		r.From = kv.Prefix(family(name).prefix()).To
	}
}

// each reads what goes along, in the order of keys, and hands it over outside the transaction it was read in.
func each(ctx context.Context, db kv.DB, from []byte, visit func([]kv.Pair) error) error {
	r := kv.Range{From: from}
	for {
		var pairs []kv.Pair
		more := false
		err := db.View(ctx, func(reader kv.Reader) error {
			found, err := reader.Scan(r, moveBatch)
			pairs, more = nil, len(found) == moveBatch
			size := 0
			for _, p := range found {
				r.From = append(bytes.Clone(p.Key), 0)
				if stays(p.Key) {
					continue
				}
				pairs = append(pairs, kv.Pair{Key: bytes.Clone(p.Key), Value: append([]byte{}, p.Value...)})
				if size += len(p.Key) + len(p.Value); size > moveBytes {
					more = true
					break
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(pairs) > 0 {
			if err := visit(pairs); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// compare reads every record on both sides and corrects what differs.
func compare(ctx context.Context, from, to kv.DB, report *MoveReport, progress func(MoveReport)) error {
	var last []byte
	correct := func(pairs []kv.Pair, end []byte) error {
		r := kv.Range{To: end}
		if last != nil {
			r.From = append(bytes.Clone(last), 0)
		}
		corrected := 0
		err := to.Update(ctx, "move", func(tx kv.Tx) error {
			wanted := make(map[string][]byte, len(pairs))
			for _, p := range pairs {
				wanted[string(p.Key)] = p.Value
			}
			corrected = 0
			for rest := r; ; {
				found, err := tx.Scan(rest, moveBatch)
				if err != nil {
					return err
				}
				for _, p := range found {
					value, ok := wanted[string(p.Key)]
					switch {
					case stays(p.Key):
					case !ok:
						tx.Delete(p.Key)
						corrected++
					case bytes.Equal(value, p.Value):
						delete(wanted, string(p.Key))
					}
				}
				if len(found) < moveBatch {
					break
				}
				rest.From = append(bytes.Clone(found[len(found)-1].Key), 0)
			}
			for key, value := range wanted {
				tx.Put([]byte(key), value)
				corrected++
			}
			return nil
		})
		report.Corrected += corrected
		report.Compared += len(pairs)
		progress(*report)
		return err
	}
	err := each(ctx, from, nil, func(pairs []kv.Pair) error {
		end := pairs[len(pairs)-1].Key
		if err := correct(pairs, append(bytes.Clone(end), 0)); err != nil {
			return err
		}
		last = end
		return nil
	})
	if err != nil {
		return err
	}
	return correct(nil, nil) // what the source has nothing of, behind its last key
}

// Freeze is one snapshot as an engine for reading: what is read through it at any time is of one instant.
func Freeze(r kv.Reader) kv.DB { return frozen{r} }

type frozen struct{ r kv.Reader }

func (f frozen) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fn(f.r)
}

func (frozen) Update(context.Context, string, func(kv.Tx) error) error {
	return errors.New("a snapshot takes no writes")
}

func (frozen) Ready() error { return kv.ErrReadOnly }

func (frozen) Meter() *kv.Meter { return kv.NewMeter(1) }

func (frozen) Close() error { return nil }
