package shelf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// Depot keeps files where several machines reach them. A file appears in it whole or not at all.
type Depot interface {
	// Put keeps a file durably, in place of the same one; its age starts anew.
	Put(ctx context.Context, f File, now time.Time, r io.Reader) error
	// Fetch writes a file to w. ErrMissing when there is none.
	Fetch(ctx context.Context, hash string, w io.Writer) error
	// Each calls fn for every file, by hash, with the time it was kept.
	Each(ctx context.Context, fn func(File, time.Time) error) error
	// Sweep removes files that named does not name and that were kept before a time, and says how many.
	Sweep(ctx context.Context, named map[string]bool, before time.Time) (removed int, err error)
}

// keepCopies is how long a machine keeps its own copy of a file in the depot.
const keepCopies = 30 * 24 * time.Hour

// fetching bounds how long a copy may take.
const fetching = 2 * time.Minute

// fetch makes a copy of a file in the depot, which appears in the folder when it is whole and sound.
func (s *Shelf) fetch(hash string) error {
	ctx, cancel := context.WithTimeout(context.Background(), fetching)
	defer cancel()
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(s.depot.Fetch(ctx, hash, w)) }()
	in, err := s.Receive(ctx, r, 1<<40)
	_ = r.Close()
	if err != nil {
		return err
	}
	defer in.Drop()
	if in.Hash != hash {
		return fmt.Errorf("its bytes have the SHA-256 %s", in.Hash)
	}
	return in.keep(time.Now())
}

func (s *Shelf) verifyDepot(ctx context.Context, hash string) error {
	sum := sha256.New()
	if err := s.depot.Fetch(ctx, hash, sum); err != nil {
		return err
	}
	if have := hex.EncodeToString(sum.Sum(nil)); have != hash {
		return fmt.Errorf("its bytes have the SHA-256 %s", have)
	}
	return nil
}
