package shelf_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/store/shelf"
)

// TestTortureT07PaperBits flips one bit of a paper, again and again: verifying it says so each time, and that it is sound
// when nothing was flipped.
func TestTortureT07PaperBits(t *testing.T) {
	dir := t.TempDir()
	s := shelf.At(dir)
	in, err := s.Receive(t.Context(), strings.NewReader("%PDF-1.7\n"+strings.Repeat("papier ", 600)), 1<<20)
	if err == nil {
		err = in.Keep(time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, in.Hash[:2], in.Hash[2:])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rounds := 2
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil && n > 0 {
		rounds = n
	}
	found, flips := 0, 100*rounds
	for range flips {
		bit := rand.IntN(8 * len(whole))
		whole[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if s.Verify(t.Context(), in.Hash) != nil {
			found++
		}
		whole[bit/8] ^= 1 << (bit % 8)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(t.Context(), in.Hash); err != nil || found != flips {
		t.Errorf("%d of %d flips found; sound again: %v", found, flips, err)
	}
	t.Logf("TORTURE: T07 bit rot in papers | %d | %d flips, all found | 0", rounds, flips)
}
