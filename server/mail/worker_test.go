package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// handClock stands still until it is moved.
type handClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[chan time.Time]time.Time
}

func newClock() *handClock {
	return &handClock{now: time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC), timers: map[chan time.Time]time.Time{}}
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Timer(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fires := make(chan time.Time, 1)
	c.timers[fires] = c.now.Add(d)
	return fires, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, fires)
	}
}

func (c *handClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for fires, at := range c.timers {
		if !at.After(c.now) {
			fires <- c.now
			delete(c.timers, fires)
		}
	}
}

// shelf is a queue in memory. changed gets a token after every note.
type shelf struct {
	mu      sync.Mutex
	letters map[string]*shelved
	changed chan string
	broken  int // that many calls of MailSent fail
	panics  int // that many reads panic
}

type shelved struct {
	Queued
	due    time.Time
	sent   int
	over   bool
	reason string
}

func newShelf(now time.Time, letters ...Queued) *shelf {
	s := &shelf{letters: map[string]*shelved{}, changed: make(chan string, 100_000)}
	for _, l := range letters {
		l.Written = now
		s.letters[l.ID] = &shelved{Queued: l, due: now}
	}
	return s
}

func (s *shelf) DueMail(_ context.Context, now time.Time, limit int) ([]Queued, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.panics > 0 {
		s.panics--
		panic("the queue broke")
	}
	var due []Queued
	for _, l := range s.letters {
		if len(due) < limit && l.sent == 0 && !l.over && !l.due.After(now) {
			due = append(due, l.Queued)
		}
	}
	return due, nil
}

func (s *shelf) MailSent(_ context.Context, id string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken > 0 {
		s.broken--
		s.changed <- "broken"
		return errors.New("disk full")
	}
	s.letters[id].sent++
	s.changed <- id
	return nil
}

func (s *shelf) MailFailed(_ context.Context, id string, _ time.Time, reason string, next time.Time, giveUp bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.letters[id]
	l.Attempt++
	l.due, l.over, l.reason = next, giveUp, reason
	s.changed <- id
	return nil
}

func (s *shelf) letter(id string) shelved {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.letters[id]
}

func queued(id, address string) Queued {
	m := letter()
	m.ID, m.Address = id, address
	return Queued{ID: id, Message: m}
}

type deliver func(context.Context, Message) error

func (d deliver) Send(ctx context.Context, m Message) error { return d(ctx, m) }

// work runs a worker until the test ends and waits for it.
func work(t *testing.T, q Queue, out Deliverer, clock Clock) *Worker {
	t.Helper()
	w := NewWorker(q, out, clock, rand.New(rand.NewPCG(1, 2)), slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return w
}

func sender(t *testing.T, box *letterbox) *Sender {
	t.Helper()
	s, err := NewSender(box.config())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTemporaryFailureIsRetriedAndDeliveredOnce(t *testing.T) {
	box, clock := open(t, "", nil), newClock()
	tries := 0
	box.refuse = func(string) error {
		if tries++; tries <= 3 {
			return code(451)
		}
		return nil
	}
	q := newShelf(clock.Now(), queued("m-1", "a@x.example"))
	w := work(t, q, sender(t, box), clock)
	for i := range 3 {
		<-q.changed
		l := q.letter("m-1")
		wait, full := l.due.Sub(clock.Now()), time.Minute<<i
		if wait < full*8/10 || wait > full*12/10 || l.over || !strings.Contains(l.reason, "451") {
			t.Errorf("after try %d it waits %v: %+v", i+1, wait, l)
		}
		if strings.Contains(l.reason, "a@x.example") {
			t.Errorf("the reason names the recipient: %s", l.reason)
		}
		clock.move(wait)
		w.Wake()
	}
	<-q.changed
	if l := q.letter("m-1"); l.sent != 1 || len(box.all()) != 1 {
		t.Errorf("noted %d times, arrived %d times", l.sent, len(box.all()))
	}
}

func TestPermanentFailureIsNotRetried(t *testing.T) {
	box, clock := open(t, "", nil), newClock()
	box.refuse = func(string) error { return code(550) }
	bad := queued("m-2", "b@x.example")
	bad.Subject = "a\r\nBcc: c@x.example"
	q := newShelf(clock.Now(), queued("m-1", "a@x.example"), bad)
	work(t, q, sender(t, box), clock)
	<-q.changed
	<-q.changed
	for _, id := range []string{"m-1", "m-2"} {
		if l := q.letter(id); !l.over || l.Attempt != 1 {
			t.Errorf("%s: %+v", id, l)
		}
	}
}

func TestServerDownThenBack(t *testing.T) {
	box, clock := open(t, "", nil), newClock()
	out, at := sender(t, box), box.listener.Addr().String()
	box.close()
	q := newShelf(clock.Now(), queued("m-1", "a@x.example"))
	work(t, q, out, clock)
	<-q.changed
	if l := q.letter("m-1"); l.over || l.Attempt != 1 {
		t.Fatalf("%+v", l)
	}
	back := open(t, at, nil)
	for q.letter("m-1").sent == 0 { // no wake: the worker looks by itself
		clock.move(pollEvery)
		select {
		case <-q.changed:
		case <-time.After(time.Millisecond):
		}
	}
	if len(back.all()) != 1 {
		t.Errorf("arrived %d times", len(back.all()))
	}
}

func TestGivesUpAfterThreeDays(t *testing.T) {
	clock := newClock()
	w := NewWorker(nil, nil, clock, rand.New(rand.NewPCG(3, 4)), slog.New(slog.DiscardHandler))
	for _, known := range []bool{true, false} {
		at, l := clock.Now(), Queued{}
		if known {
			l.Written = at
		}
		for ; ; l.Attempt++ {
			next, last := w.next(result{letter: l, at: at, err: code(451)})
			if wait := next.Sub(at); wait > longest*12/10 || wait < firstWait*8/10 {
				t.Fatalf("try %d waits %v", l.Attempt, wait)
			}
			if last {
				break
			}
			at = next
		}
		if days := at.Sub(clock.Now()).Hours() / 24; days < 2.4 || days > 4.5 || l.Attempt > maxTries {
			t.Errorf("gave up after %.1f days and %d tries", days, l.Attempt)
		}
	}
}

func TestManyWakesSendNothingTwice(t *testing.T) {
	box, clock := open(t, "", nil), newClock()
	var letters []Queued
	for i := range 1_000 {
		letters = append(letters, queued(fmt.Sprintf("m-%d", i), fmt.Sprintf("a%d@d%d.example", i, i%7)))
	}
	var mu sync.Mutex
	busy, now := map[string]int{}, map[string]bool{}
	s := sender(t, box)
	out := deliver(func(ctx context.Context, m Message) error {
		domain := domainOf(m.Address)
		mu.Lock()
		if busy[domain]++; busy[domain] > perDomain {
			t.Errorf("%d deliveries to %s at once", busy[domain], domain)
		}
		if now[m.ID] {
			t.Errorf("%s is delivered twice at once", m.ID)
		}
		now[m.ID] = true
		mu.Unlock()
		err := s.Send(ctx, m)
		mu.Lock()
		busy[domain]--
		now[m.ID] = false
		mu.Unlock()
		return err
	})
	q := newShelf(clock.Now(), letters...)
	w := work(t, q, out, clock)
	var wakers sync.WaitGroup
	for range 4 {
		wakers.Go(func() {
			for range 500 {
				w.Wake()
			}
		})
	}
	for range letters {
		<-q.changed
	}
	wakers.Wait()
	seen := map[string]int{}
	for _, d := range box.all() {
		_, rest, _ := strings.Cut(d.data, "Message-ID: <")
		id, _, _ := strings.Cut(rest, "@")
		seen[id]++
	}
	for _, l := range letters {
		if seen[l.ID] != 1 || q.letter(l.ID).sent != 1 {
			t.Errorf("%s arrived %d times, noted %d times", l.ID, seen[l.ID], q.letter(l.ID).sent)
		}
	}
}

func TestANoteThatFailsIsRepeatedNotTheLetter(t *testing.T) {
	clock := newClock()
	var sent atomic.Int32
	q := newShelf(clock.Now(), queued("m-1", "a@x.example"))
	q.broken = 3
	w := work(t, q, deliver(func(context.Context, Message) error { sent.Add(1); return nil }), clock)
	for got := ""; got != "m-1"; got = <-q.changed {
		w.Wake()
	}
	if l := q.letter("m-1"); l.sent != 1 || sent.Load() != 1 {
		t.Errorf("sent %d times, noted %d times", sent.Load(), l.sent)
	}
}

func TestPanicsAreSurvived(t *testing.T) {
	clock := newClock()
	q := newShelf(clock.Now(), queued("m-1", "a@x.example"), queued("m-2", "b@x.example"))
	q.panics = 1
	w := work(t, q, deliver(func(_ context.Context, m Message) error {
		if m.ID == "m-1" {
			panic("out of words")
		}
		return nil
	}), clock)
	w.Wake()
	<-q.changed
	<-q.changed
	if l := q.letter("m-1"); l.over || l.Attempt != 1 || !strings.Contains(l.reason, "panic") {
		t.Errorf("%+v", l)
	}
	if l := q.letter("m-2"); l.sent != 1 {
		t.Errorf("%+v", l)
	}
}

func TestStoppingLetsADeliveryFinish(t *testing.T) {
	clock := newClock()
	q := newShelf(clock.Now(), queued("m-1", "a@x.example"), queued("m-2", "b@y.example"))
	begun, finish := make(chan string, 2), make(chan struct{})
	out := deliver(func(ctx context.Context, m Message) error {
		begun <- m.ID
		if m.ID == "m-1" {
			<-finish
			return nil
		}
		<-ctx.Done() // a server that does not answer
		return ctx.Err()
	})
	var log bytes.Buffer
	w := NewWorker(q, out, clock, rand.New(rand.NewPCG(1, 2)), slog.New(slog.NewTextHandler(&log, nil)))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	<-begun
	<-begun
	stop()
	close(finish)
	<-q.changed
	for open := true; open; {
		clock.move(lastWords)
		select {
		case <-ended:
			open = false
		case <-time.After(time.Millisecond):
		}
	}
	if l := q.letter("m-1"); l.sent != 1 {
		t.Errorf("the letter under way was not noted: %+v", l)
	}
	if l := q.letter("m-2"); l.over || l.Attempt != 1 {
		t.Errorf("the letter that hung is not kept for later: %+v", l)
	}
	if strings.Contains(log.String(), "@") {
		t.Errorf("the log holds an address: %s", log.String())
	}
}
