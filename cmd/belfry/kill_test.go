package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
)

// rounds is how often a test of faults repeats: normal, unless BELFRY_TORTURE_ROUNDS says otherwise.
func rounds(normal int) int {
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return normal
}

// attempt is the last thing one member said to one meeting: each says something new every time, in its note.
type attempt struct {
	sent, acknowledged int
	answer             map[int]store.Answer
}

// TestT01KilledUnderLoad kills the server while 200 members answer ten meetings of twenty seats. Every answer that was
// acknowledged must be there afterwards, or a later one of the same member; and whoever moved up from a waitlist is told of
// that very moment, in the outbox or by a letter, once.
func TestT01KilledUnderLoad(t *testing.T) {
	const people, gatherings = 200, 10
	c := newCommunity(t, people, gatherings)
	h := serve(t, c.dir, "--demo")
	tokens := c.tokens(h)
	tries := make([][gatherings]attempt, people)
	total, moved, slowest := 0, 0, time.Duration(0)
	kills := 0
	for round := 0; round < rounds(10) || moved == 0 && round < rounds(10)+10; round++ { // few answers fill no meeting
		kills++
		target := int64(50 + rand.IntN(400)) // acknowledged answers until the power goes
		count := load(h, c, tokens, tries, target)
		total += int(count)
		sound(t, c.dir)
		kept := c.answers(t, c.dir)
		told := c.told(t, c.dir)
		moved += c.halves(t, kept, told)
		for member := range tries {
			for meeting := range tries[member] {
				try, got := tries[member][meeting], kept[chair{member, meeting}]
				n := serial(got.Note)
				if n < try.acknowledged || n > try.sent || n > 0 && got.Answer != try.answer[n] {
					t.Errorf("round %d: member %d said %d %q to meeting %d and was thanked, kept is %d %q",
						round, member, try.acknowledged, try.answer[try.acknowledged], meeting, n, got.Answer)
				}
			}
		}
		if t.Failed() {
			return
		}
		h = serve(t, c.dir, "--demo")
		slowest = max(slowest, h.ready)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	t.Logf("TORTURE: T01 kill while members answer | %d | %d answers acknowledged, %d had moved up and were told; ready again after at most %v | 0", kills, total, moved, slowest.Round(time.Millisecond))
	if moved == 0 {
		t.Error("nobody moved up: nothing was compared")
	}
}

// load lets everybody answer at once until so many answers were acknowledged, and kills the server then.
func load(h *hub, c *community, tokens []string, tries [][10]attempt, target int64) int64 {
	h.t.Helper()
	var count atomic.Int64
	enough := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	choices := []store.Answer{store.OnSite, store.OnSite, store.OnSite, store.Online, store.Maybe, store.No}
	for member := range tries {
		wg.Go(func() {
			for {
				meeting := rand.IntN(len(c.meetings))
				try := &tries[member][meeting]
				if try.answer == nil {
					try.answer = map[int]store.Answer{}
				}
				try.sent++
				n := try.sent
				try.answer[n] = choices[rand.IntN(len(choices))]
				status, page, err := h.post("/meetings/"+c.meetings[meeting].Slug+"/rsvp", c.sessions[member],
					url.Values{"csrf": {tokens[member]}, "answer": {string(try.answer[n])}, "note": {fmt.Sprint("try ", n)}})
				if err != nil {
					return // the power is gone
				}
				if status != 303 {
					h.t.Errorf("status %d: %.300s", status, page)
					once.Do(func() { close(enough) })
					return
				}
				try.acknowledged = n
				if count.Add(1) >= target {
					once.Do(func() { close(enough) })
				}
			}
		})
	}
	<-enough
	h.kill()
	wg.Wait()
	return count.Load()
}

// told is how often each member was told, at which millisecond, that a seat was free: waiting in the outbox or written.
type told map[string]int

func (c *community) told(t *testing.T, dir string) told {
	t.Helper()
	hub, _, err := openStore(context.Background(), dir, examine, store.Options{})
	ok(t, err)
	defer hub.Close()
	all := told{}
	note := func(kind store.EventKind, member, id string) {
		if kind == store.EventPromoted { // ids begin with the instant of their transaction
			all[member+" "+id[:13]]++
		}
	}
	due, err := hub.DueEvents(t.Context(), 1_000_000)
	ok(t, err)
	for _, e := range due {
		note(e.Kind, e.Member, e.ID)
	}
	letters, err := hub.Mailbox(t.Context(), store.System(), 1_000_000)
	ok(t, err)
	for _, one := range letters {
		note(one.Kind, one.Member, one.Event)
	}
	return all
}

// halves fails for seats that were given and not told, and says how many were compared. The control is a seat of which
// nobody was told.
func (c *community) halves(t *testing.T, kept map[chair]store.RSVP, all told) (moved int) {
	t.Helper()
	missing := func(all told) (n int) {
		moved = 0
		for at, r := range kept {
			if r.Promoted.IsZero() {
				continue
			}
			moved++
			ms := r.Promoted.UnixMilli()
			if all[c.members[at.member].ID+fmt.Sprintf(" %08x-%04x", ms>>16, ms&0xffff)] == 0 {
				n++
			}
		}
		return n
	}
	if n := missing(all); n > 0 {
		t.Errorf("%d of %d who moved up were not told", n, moved)
	}
	if moved > 0 && missing(told{}) == 0 {
		t.Error("the control: who was not told is not seen")
	}
	return moved
}
