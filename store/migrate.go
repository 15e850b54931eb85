package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"belfry/store/kv"
)

// Schema is the version this program writes. Steps lead from each older one to the next.
const Schema = 3

// ErrNewer says the data was written by a newer program.
var ErrNewer = errors.New("the data was written by a newer version of Belfry")

// ErrForeign says the engine holds something, but not a Belfry community.
var ErrForeign = errors.New("the data is not a Belfry community")

// ErrOlder says the data has to be migrated first, which a store opened for reading only does not do.
var ErrOlder = errors.New("the data was written by an older version of Belfry")

// ErrNotDemo says that a demo was asked for over a community that is not one.
var ErrNotDemo = errors.New("the data is a community that is not a demo")

// SchemaOf reads the version of the data in an engine without changing it: 0 for an empty one.
func SchemaOf(ctx context.Context, db kv.DB) (int, error) {
	version := 0
	err := db.View(ctx, func(r kv.Reader) error {
		var err error
		version, err = schemaIn(r)
		return err
	})
	return version, err
}

func schemaIn(r kv.Reader) (int, error) {
	values, err := r.GetMany([][]byte{famMeta.key("schema"), movingKey})
	if err != nil {
		return 0, err
	}
	value := values[0]
	if values[1] != nil {
		return 0, ErrMoving
	}
	if value == nil {
		any, err := r.Scan(kv.Range{}, 1)
		if err != nil {
			return 0, err
		}
		if len(any) > 0 {
			return 0, ErrForeign
		}
		return 0, nil
	}
	version, err := strconv.Atoi(string(value))
	if err != nil || version < 1 {
		return 0, ErrForeign
	}
	return version, nil
}

// migrations[i] leads from schema i+1 to i+2. A step is never changed once released.
func migrations() []func(*tx) error { return []func(*tx) error{countInside, listAnew} }

// countInside counts anew who comes to each meeting: since schema 2 a tally knows how many of each town have a seat.
func countInside(t *tx) error {
	return tallies().each(t, func(kept Tally) error {
		answers, err := t.answers(kept.Meeting)
		if err != nil {
			return err
		}
		fresh := Tally{Meeting: kept.Meeting, Asked: kept.Asked}
		for _, r := range answers {
			fresh.count(r, 1)
		}
		return tallies().put(t, fresh)
	})
}

// listAnew makes the indexes of decisions and actions anew: programs of schema 2 listed them without their outcome and
// their year at first, and by year alone later.
func listAnew(t *tx) error {
	return errors.Join(decisions().relist(t), actions().relist(t))
}

func (s *Store) migrate(ctx context.Context) error {
	return s.update(ctx, "schema", func(t *tx) error {
		t.lastRoom()
		version, err := schemaIn(t)
		if err != nil {
			return err
		}
		if version > Schema {
			return fmt.Errorf("%w: it has schema %d, this program knows %d", ErrNewer, version, Schema)
		}
		if err := s.comeBack(t); err != nil {
			return err
		}
		if err := s.mark(t, version == 0); err != nil {
			return err
		}
		if err := t.startSkills(); err != nil {
			return err
		}
		if version == Schema {
			return nil
		}
		if version == 0 {
			secret, err := t.newSecret()
			if err != nil {
				return err
			}
			t.put(famMeta, famMeta.key("secret"), []byte(secret))
		} else {
			for _, step := range migrations()[version-1:] {
				if err := step(t); err != nil {
					return fmt.Errorf("migrate from schema %d: %w", version, err)
				}
			}
		}
		t.put(famMeta, famMeta.key("schema"), []byte(strconv.Itoa(Schema)))
		return nil
	})
}

// mark keeps demos and real communities apart: a new demo is marked, an unmarked community is never taken for one.
func (s *Store) mark(t *tx, fresh bool) error {
	if !s.demo {
		return nil
	}
	if fresh {
		t.put(famMeta, famMeta.key("demo"), []byte("1"))
		return nil
	}
	_, ok, err := t.Get(famMeta.key("demo"))
	if err == nil && !ok {
		err = ErrNotDemo
	}
	return err
}

// current makes sure that the data can be read as it is.
func (s *Store) current(ctx context.Context) error {
	version, err := SchemaOf(ctx, s.db)
	switch {
	case err != nil:
		return err
	case version == 0:
		return ErrForeign
	case version > Schema:
		return fmt.Errorf("%w: it has schema %d, this program knows %d", ErrNewer, version, Schema)
	case version < Schema:
		return fmt.Errorf("%w: it has schema %d", ErrOlder, version)
	}
	return nil
}

// secret is the server's own key: it signs personal feed addresses and form tokens. It never leaves the process.
func (t *tx) secret() ([]byte, error) {
	value, ok, err := t.Get(famMeta.key("secret"))
	if err == nil && !ok {
		err = errors.New("the server secret is missing")
	}
	return value, err
}

// Secret derives a key for one purpose from the server's secret; the same purpose gives the same key for the life
// of the data.
func (s *Store) Secret(ctx context.Context, purpose string) ([]byte, error) {
	var key []byte
	err := s.view(ctx, func(t *tx) error {
		secret, err := t.secret()
		key = derive(secret, purpose)
		return err
	})
	return key, err
}
