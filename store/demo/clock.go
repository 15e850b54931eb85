package demo

import (
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Clock is moved through the past while the community is built, and follows the real time afterwards.
type Clock struct {
	mu   sync.Mutex // guards at and live
	at   time.Time
	end  time.Time
	live bool
}

// NewClock makes a clock for a community that is two years old at now.
func NewClock(now time.Time) *Clock { return &Clock{at: now.UTC(), end: now.UTC()} }

// Now is the instant of the community.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		return time.Now().UTC()
	}
	return c.at
}

// set moves the clock; never past the end of the story.
func (c *Clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.end) {
		t = c.end
	}
	c.at = t.UTC()
}

func (c *Clock) add(d time.Duration) { c.set(c.Now().Add(d)) }

// Live lets the clock follow the real time.
func (c *Clock) Live() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = true
}

// Rand is a repeatable source of bytes. It is for demos and tests only: its secrets can be guessed.
func Rand(seed uint64) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return &source{chacha: rand.NewChaCha8(key)}
}

type source struct {
	mu     sync.Mutex // guards chacha
	chacha *rand.ChaCha8
}

func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chacha.Read(p)
}
