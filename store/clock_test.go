package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// naive is a worker that trusts its clock: it reminds when it sees the clock pass an instant. It is the control, since a
// clock that jumps makes it remind twice or never.
type naive struct {
	last  time.Time
	fired map[time.Time]int
}

func (n *naive) look(now time.Time, due []time.Time) {
	for _, at := range due {
		if !n.last.IsZero() && n.last.Before(at) && !now.Before(at) {
			n.fired[at]++
		}
	}
	n.last = now
}

// appointments are meetings around both clock changes of 2026, the leap day of 2028 and the end of 32 bits.
func appointments() []store.MeetingInput {
	var all []store.MeetingInput
	for _, zone := range []string{"Europe/Brussels", "Europe/Berlin", "Europe/Lisbon", "Europe/Athens", "America/New_York", "Australia/Lord_Howe"} {
		for _, date := range []string{"2026-03-30", "2026-10-26", "2028-02-29", "2038-01-20"} {
			in := single()
			in.Zone, in.Date, in.Clock, in.Remind = zone, date, "09:30", []int{7, 1}
			all = append(all, in)
		}
	}
	return all
}

// TestT25RemindersExactlyOnce lets the clock jump an hour or a day to and fro, or stand still, while the days of reminders
// come and pass: each is told once, at the agreed wall time and not before, whichever clock change lies between.
func TestT25RemindersExactlyOnce(t *testing.T) {
	h := storetest.Open(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	jumps, doubled, missed := map[time.Duration]int{}, 0, 0
	for turn := range max(1, rounds(0)/10) {
		for k, in := range appointments() {
			rnd := rand.New(rand.NewPCG(25, uint64(100*turn+k)))
			day, err := time.Parse(time.DateOnly, in.Date)
			ok(t, err)
			h.Clock.Set(day.AddDate(0, 0, -12))
			m, err := h.ScheduleMeeting(ctx, store.System(), in)
			ok(t, err)
			_, err = h.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
			ok(t, err)
			control := naive{fired: map[time.Time]int{}}
			due := []time.Time{m.Before(7), m.Before(1)}
			for _, at := range due {
				loc, err := time.LoadLocation(in.Zone)
				ok(t, err)
				want(t, at.In(loc).Format("15:04"), "09:30")
			}
			told := 0
			true := h.Clock.Now() // the time that really is; the clock shows something near it
			for end := m.Start.Add(-3 * time.Hour); true.Before(end); true = true.Add(7 * time.Hour) {
				jump := []time.Duration{0, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, -1}[rnd.IntN(6)]
				jumps[jump]++
				if jump != -1 { // -1: it stands still
					h.Clock.Set(true.Add(jump))
				}
				_, err := h.Advance(ctx)
				ok(t, err)
				n := reminders(t, h, m.ID)
				told += n
				passed := 0
				for _, at := range due {
					if !h.Clock.Now().Before(at) {
						passed++
					}
				}
				if n > 0 && passed == 0 {
					t.Errorf("%s %s: reminded at %s", in.Zone, in.Date, h.Clock.Now())
				}
				control.look(h.Clock.Now(), due)
			}
			h.Clock.Set(m.Start.Add(-2 * time.Hour))
			_, err = h.Advance(ctx)
			ok(t, err)
			control.look(h.Clock.Now(), due)
			told += reminders(t, h, m.ID)
			if now, _, err := h.MeetingByID(ctx, m.ID); err != nil || told < 1 || told > 2 || len(now.Reminded) != 2 {
				t.Errorf("%s %s: told %d times, %v, %v", in.Zone, in.Date, told, now.Reminded, err)
			}
			for _, at := range due {
				switch n := control.fired[at]; {
				case n > 1:
					doubled++
				case n == 0:
					missed++
				}
			}
		}
	}
	t.Logf("TORTURE: T25 the clock jumps before reminders | %d | jumps %v; a worker that trusts its clock would have told %d twice and missed %d | 0", max(1, rounds(0)/10), jumps, doubled, missed)
	if len(jumps) != 6 || doubled == 0 {
		t.Error("the clock did not jump enough")
	}
}

// reminders takes the waiting reminders of a meeting and counts them.
func reminders(t *testing.T, h *storetest.Hub, meeting string) (n int) {
	t.Helper()
	h2 := h.Clock.Now()
	h.Clock.Set(h2.AddDate(0, 0, 3)) // events are due by a clock that jumped, too
	due, err := h.DueEvents(ctx, 10_000)
	ok(t, err)
	h.Clock.Set(h2)
	for _, e := range due {
		if e.Kind == store.EventReminder && e.Subject == meeting {
			n++
		}
		ok(t, h.Posted(ctx, e, nil))
	}
	return n
}

// TestT25ASessionThatEndedStaysEnded lets the clock jump beyond the end of a session and back: who was refused once is
// refused for good, and who was never seen meanwhile is not harmed by the jump. The control is a session nobody asked for.
func TestT25ASessionThatEndedStaysEnded(t *testing.T) {
	for name, jump := range map[string]time.Duration{"idle": 46 * 24 * time.Hour, "end": 181 * 24 * time.Hour} {
		both(t, func(t *testing.T, h *storetest.Hub) {
			h.Join(t, "Lena Exemple", "BE-92094")
			enter := func(n int) store.SignedIn {
				h.Clock.Add(time.Second) // the newest link is the one that counts
				ok(t, h.RequestSignIn(ctx, "lena.exemple@exemple.example", "fr", store.Client{Address: fmt.Sprint("test ", n)}))
				in, err := h.UseTicket(ctx, h.Token(t, store.EventSignInLink, "lena.exemple@exemple.example"), "", store.Client{})
				ok(t, err)
				return in
			}
			asked, unasked := enter(1), enter(2)
			for _, in := range []store.SignedIn{asked, unasked} {
				_, _, err := h.Session(ctx, in.Token)
				ok(t, err)
			}
			for range 3 { // there and back, again and again
				h.Clock.Add(jump)
				if _, _, err := h.Session(ctx, asked.Token); store.KindOf(err) != store.NotFound {
					t.Errorf("%s: %v", name, err)
				}
				h.Clock.Add(-jump)
				if _, _, err := h.Session(ctx, asked.Token); store.KindOf(err) != store.NotFound {
					t.Errorf("%s: a session that ended counts again: %v", name, err)
				}
			}
			if _, _, err := h.Session(ctx, unasked.Token); err != nil {
				t.Errorf("%s: nobody asked, and yet: %v", name, err)
			}
		})
	}
}

// TestAnEndedSessionOnAFullDiskIsNone: whoever comes back with a session that has ended reads on as a visitor, though it
// cannot be taken away.
func TestAnEndedSessionOnAFullDiskIsNone(t *testing.T) {
	engine := &crammed{}
	h := storetest.OpenOver(t, store.Renderer{}, func(db kv.DB) kv.DB { engine.DB = db; return engine })
	h.Join(t, "Lena Exemple", "BE-92094")
	ok(t, h.RequestSignIn(ctx, "lena.exemple@exemple.example", "fr", store.Client{Address: "test"}))
	in, err := h.UseTicket(ctx, h.Token(t, store.EventSignInLink, "lena.exemple@exemple.example"), "", store.Client{})
	ok(t, err)
	h.Clock.Add(181 * 24 * time.Hour)
	engine.full = true
	if _, _, err := h.Session(ctx, in.Token); store.KindOf(err) != store.NotFound || engine.refused == 0 {
		t.Errorf("%v, %d writes were refused", err, engine.refused)
	}
}

// crammed is an engine whose disk is full from some moment on.
type crammed struct {
	kv.DB
	full    bool
	refused int
}

func (c *crammed) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if c.full {
		c.refused++
		return kv.ErrNoSpace
	}
	return c.DB.Update(ctx, scope, fn)
}

// TestT25OrderIsBySequence lets people talk and write while the clock jumps back by a day and stands still: what was said
// later stands later, everywhere, though its time is earlier.
func TestT25OrderIsBySequence(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		ok(t, h.WelcomeTown(ctx, store.System(), lena.TownID()))
		shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
		ok(t, err)
		opened, err := h.OpenThread(ctx, store.As(lena.ID), store.ThreadInput{Title: "Un fil", Category: shelf.Slug, PostInput: store.PostInput{Source: "0"}})
		ok(t, err)
		jumps := []time.Duration{2 * time.Minute, -24 * time.Hour, 2 * time.Minute, time.Hour, -time.Hour, 0, 24 * time.Hour, 0}
		if os.Getenv("BELFRY_TORTURE_ROUNDS") != "" {
			jumps = append(jumps, jumps...)
		}
		backwards := 0
		for n, jump := range jumps {
			h.Clock.Add(jump)
			_, err := h.Reply(ctx, store.As(lena.ID), opened.Thread.ID, store.PostInput{Source: fmt.Sprint(n + 1)})
			ok(t, err)
			m, err := h.Send(ctx, store.As(lena.ID), store.LoungeID, store.MessageInput{Source: fmt.Sprint(n + 1)})
			ok(t, err)
			want(t, m.Number, n+1)
			if jump < 0 {
				backwards++
			}
		}
		page, err := h.ThreadPage(ctx, store.As(lena.ID), opened.Thread.Number, 1)
		ok(t, err)
		want(t, len(page.Posts), len(jumps)+1)
		disorder := 0
		for n, row := range page.Posts {
			want(t, row.Post.Source, fmt.Sprint(n))
			if n > 0 && row.Post.At.Before(page.Posts[n-1].Post.At) {
				disorder++
			}
		}
		room, err := h.RoomPage(ctx, store.As(lena.ID), store.LoungeID, store.MessageQuery{Limit: 100})
		ok(t, err)
		want(t, len(room.Rows), len(jumps))
		for n, row := range room.Rows {
			want(t, row.Message.Source, fmt.Sprint(n+1))
		}
		t.Logf("TORTURE: T25 the clock jumps while people write | 1 | %d jumps, %d of them back, all in order | 0", len(jumps), backwards)
		if disorder != backwards || backwards == 0 { // the control: by time they would stand otherwise
			t.Errorf("%d times went back, %d were to", disorder, backwards)
		}
		sound(t, h)
	})
}
