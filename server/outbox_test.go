package server_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/mail"
	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// crash ends a process at a point: the n-th time that a change is about to be durable, or just is, that a letter is about
// to be handed over, or just was. From then on nothing can be read, written or sent.
type crash struct {
	kv.DB
	mu   sync.Mutex // guards left and dead
	left int
	dead bool
}

var errCrashed = errors.New("the process is gone")

// point says whether the process is still there.
func (c *crash) point() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 { // it begins at 0 and never comes back there until it is set
		c.dead = true
	}
	if c.dead {
		return errCrashed
	}
	return nil
}

func (c *crash) gone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

func (c *crash) View(ctx context.Context, fn func(kv.Reader) error) error {
	if c.gone() {
		return errCrashed
	}
	return c.DB.View(ctx, fn)
}

func (c *crash) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if c.gone() {
		return errCrashed
	}
	err := c.DB.Update(ctx, scope, func(tx kv.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return c.point()
	})
	if err != nil {
		return err
	}
	return c.point()
}

func (c *crash) Close() error { return nil } // the file outlives the process

// letterbox takes what is sent, also the same letter again, and outlives the process that sends.
type letterbox struct {
	mu    sync.Mutex // guards taken
	taken map[string]int
}

// from is the letterbox as a process sees it.
func (l *letterbox) from(c *crash) mail.Deliverer { return sending{l, c} }

type sending struct {
	box *letterbox
	end *crash
}

func (s sending) Send(_ context.Context, m mail.Message) error {
	if err := s.end.point(); err != nil {
		return err
	}
	s.box.mu.Lock()
	s.box.taken[m.ID]++
	s.box.mu.Unlock()
	return s.end.point()
}

// outcome is what one crash led to.
type outcome struct {
	crashed        bool
	lost, foreign  int // letters that are owed and did not come, letters of what never was
	again, renamed int // the same letter twice under one id; more often, or two letters for one thing
}

// crashAt lets people act and the post office work, crashes at a point, starts again, and judges the letters. A direct
// office has no outbox and sends as soon as it hears of a change: the control.
func crashAt(t *testing.T, point int, direct bool) (out outcome) {
	t.Helper()
	h := storetest.Open(t)
	boss := h.With(t, h.Join(t, "Otto Beispiel", "BE-62063"), store.RoleAdministrator)
	ada, bert := h.Join(t, "Ada Exemple", "BE-92094"), h.Join(t, "Bert Voorbeeld", "BE-34022")
	m := h.Meeting(t, 1)
	for _, one := range []store.Member{ada, bert} {
		_, err := h.AnswerMeeting(ctx, store.As(one.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
	}
	box := &letterbox{taken: map[string]int{}}
	for _, e := range due(t, h.Store) { // what came before is not told
		ok(t, h.Posted(ctx, e, nil))
	}
	before := letters(t, h, boss)

	first := &crash{DB: h.DB}
	s := storetest.Over(t, first, h.Clock.Now, server.Renderer())
	first.left = point
	if direct {
		s.Listen(func(e store.Event) {
			if e.Kind == store.EventPromoted || e.Kind == store.EventSignInLink {
				_ = box.from(first).Send(ctx, mail.Message{ID: e.ID})
			}
		})
	}
	thanked := 0 // what people were told is done
	for _, act := range []func() error{
		func() error { return s.WithdrawAnswer(ctx, store.As(ada.ID), m.ID) },
		func() error { return s.RequestSignIn(ctx, ada.Email, "fr", store.Client{Address: "a"}) },
		func() error { return s.SetRole(ctx, boss, bert.ID, store.RoleModerator, true) },
	} {
		if act() == nil {
			thanked++
		}
	}
	if _, err := s.AnswerMeeting(ctx, store.As(ada.ID), m.ID, store.AnswerInput{Answer: store.OnSite, Guests: []string{"Gast"}}); err == nil {
		t.Error("a party too large was taken: nothing is rolled back")
	}
	if !direct {
		work(t, h, s, first, box)
		second := &crash{DB: h.DB}
		work(t, h, storetest.Over(t, second, h.Clock.Now, server.Renderer()), second, box)
	}
	out.crashed = first.gone()
	out.judge(t, h, box, len(before), thanked, boss, m, bert, direct)
	return out
}

func due(t *testing.T, s *store.Store) []store.Event {
	t.Helper()
	all, err := s.DueEvents(ctx, 1000)
	ok(t, err)
	return all
}

// work lets a post office work until nothing is left to do, or its process is gone.
func work(t *testing.T, h *storetest.Hub, s *store.Store, process *crash, box *letterbox) {
	t.Helper()
	parts, err := shared()
	ok(t, err)
	post, err := server.NewPost(server.PostOptions{Store: s, Catalogue: parts.catalogue, PublicURL: "https://hub.example", Sender: box.from(process), Clock: ticking{h.Clock}})
	ok(t, err)
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { _ = post.Run(running); close(ended) }()
	for began := time.Now(); !process.gone(); time.Sleep(time.Millisecond) {
		happened := due(t, h.Store) // first: what becomes a letter after this look is seen by the next
		waiting, err := h.DueMail(ctx, h.Now(), 100)
		ok(t, err)
		if len(happened)+len(waiting) == 0 {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("the letters are not written")
		}
	}
	stop()
	<-ended
}

// ticking is a test's clock whose timers go by the wall's.
type ticking struct{ *storetest.Clock }

func (ticking) Timer(d time.Duration) (<-chan time.Time, func()) { return mail.SystemClock{}.Timer(d) }

func (o *outcome) judge(t *testing.T, h *storetest.Hub, box *letterbox, before, thanked int, boss store.Actor, m store.Meeting, bert store.Member, direct bool) {
	t.Helper()
	box.mu.Lock()
	defer box.mu.Unlock()
	for _, n := range box.taken {
		o.again += n - 1
		if n > 2 {
			o.renamed++
		}
	}
	page, err := h.MeetingPage(ctx, boss, m.Slug)
	ok(t, err)
	if direct {
		if page.Attendance.Tally.Waiting == 0 && len(box.taken) == 0 { // who moved up is owed a letter
			o.lost++
		}
		return
	}
	kinds := map[string]int{}
	all := letters(t, h, boss)
	for _, one := range all[:len(all)-before] {
		kinds[string(one.Kind)+one.Member]++
		if one.Sent.IsZero() || box.taken[one.ID] == 0 {
			o.lost++
		}
		delete(box.taken, one.ID)
	}
	o.foreign = len(box.taken)
	for _, n := range kinds {
		o.renamed += n - 1
	}
	promoted := kinds[string(store.EventPromoted)+bert.ID]
	if seated := page.Attendance.Tally.Waiting == 0; seated && promoted != 1 || !seated && promoted != 0 {
		o.lost++
	}
	if len(all)-before < thanked {
		o.lost++
	}
	_, err = h.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}

// TestT24LettersSurviveACrashAtEveryPoint ends the process at every point between a change and the note that its letter was
// sent. After the next start each letter that is owed has come, one that was under way twice and under the same Message-ID,
// and none of a change that was never made. An office without an outbox, the control, loses letters.
func TestT24LettersSurviveACrashAtEveryPoint(t *testing.T) {
	crashes, again := 0, 0
	for point := 1; ; point++ {
		got := crashAt(t, point, false)
		if got.lost+got.foreign+got.renamed > 0 {
			t.Errorf("point %d: %+v", point, got)
		}
		again += got.again
		if !got.crashed {
			break
		}
		crashes++
	}
	t.Logf("TORTURE: T24 crash between a change and its letter | 1 | %d crashes, %d letters came twice under one Message-ID | 0", crashes, again)
	if crashes < 10 || again == 0 {
		t.Error("the process did not end everywhere")
	}
	lost := 0
	for point := 1; point < 8; point++ {
		lost += crashAt(t, point, true).lost
	}
	if lost == 0 {
		t.Error("the control: an office without an outbox loses nothing")
	}
}
