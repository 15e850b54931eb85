package main

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv/postgres/pgtest"
)

// crowd answers meetings on several nodes at once, each member again and again, and remembers what was acknowledged.
type crowd struct {
	t      *testing.T
	c      *community
	nodes  []*hub
	tokens []string
	stop   chan struct{}
	wg     sync.WaitGroup

	acked  []atomic.Int64 // by member: the highest note acknowledged
	done   atomic.Int64
	failed atomic.Int64
}

func startCrowd(t *testing.T, c *community, nodes ...*hub) *crowd {
	w := &crowd{t: t, c: c, nodes: nodes, tokens: c.tokens(nodes[0]), stop: make(chan struct{}), acked: make([]atomic.Int64, len(c.members))}
	for member := range c.members {
		w.wg.Go(func() {
			for n := int64(1); ; n++ {
				select {
				case <-w.stop:
					return
				default:
				}
				// more wishes than there are seats; the node changes, as behind a balancer without sticky sessions
				status, _, err := w.nodes[(member+int(n))%len(nodes)].post("/meetings/"+c.meetings[0].Slug+"/rsvp", c.sessions[member],
					url.Values{"csrf": {w.tokens[member]}, "answer": {"on_site"}, "note": {fmt.Sprint("try ", n)}})
				if err == nil && status == 303 {
					w.acked[member].Store(n)
					w.done.Add(1)
				} else {
					w.failed.Add(1)
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	return w
}

func (w *crowd) more(n int64) {
	w.t.Helper()
	for from, began := w.done.Load(), time.Now(); w.done.Load() < from+n; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 90*time.Second {
			for _, h := range w.nodes {
				w.t.Log(h.log)
			}
			w.t.Fatalf("only %d more answers, %d failed", w.done.Load()-from, w.failed.Load())
		}
	}
}

// end stops the crowd.
func (w *crowd) end() {
	close(w.stop)
	w.wg.Wait()
}

// missing says what of an opened store is not as it was acknowledged: an answer that is lost, a seat given twice.
func (w *crowd) missing(kept *store.Store) (wrong []string) {
	w.t.Helper()
	seated := 0
	for at, r := range w.c.read(w.t, kept) {
		if at.meeting > 0 {
			continue
		}
		if int64(serial(r.Note)) < w.acked[at.member].Load() {
			wrong = append(wrong, fmt.Sprintf("member %d: %q is there, %d was acknowledged", at.member, r.Note, w.acked[at.member].Load()))
		}
		if r.Seated() {
			seated++
		}
	}
	if seated != min(seats, len(w.c.members)) {
		wrong = append(wrong, fmt.Sprintf("%d have a seat, there are %d", seated, seats))
	}
	return wrong
}

// TestT17AQueueGoesOnWhenItsNodeDies kills the node that works the mail: another takes over within seconds, and no letter is
// missed or written twice.
func TestT17AQueueGoesOnWhenItsNodeDies(t *testing.T) {
	c := newCommunity(t, 2, 1)
	address := c.share(t)
	look, _, err := home{dir: filepath.Join(t.TempDir(), "look"), address: address}.open(t.Context(), change, store.Options{})
	ok(t, err)
	defer look.Close()
	nodes := []*hub{node(t, address), node(t, address), node(t, address)}
	written := func() (n int) {
		letters, err := look.Mailbox(t.Context(), store.System(), 1000)
		ok(t, err)
		for _, letter := range letters {
			if letter.Kind == store.EventSignInLink {
				n++
			}
		}
		return n
	}
	ask := func(n int) { // each asks for a link to sign in, which is a letter
		ok(t, look.RequestSignIn(t.Context(), fmt.Sprintf("p%03d@exemple.example", n%2), "fr", store.Client{Address: fmt.Sprint("test ", n)}))
	}
	await := func(n int) time.Duration {
		t.Helper()
		began := time.Now()
		for written() < n {
			if time.Since(began) > 30*time.Second {
				for _, h := range nodes {
					t.Log(h.log)
				}
				t.Fatalf("%d letters, want %d", written(), n)
			}
			time.Sleep(20 * time.Millisecond)
		}
		return time.Since(began)
	}
	before := written()
	ask(0)
	t.Logf("written after %v", await(before+1).Round(time.Millisecond))
	holder, err := look.Holder(t.Context(), "mail")
	ok(t, err)
	if holder == "" {
		t.Fatal("nobody holds the queue")
	}
	for i, h := range nodes { // kill nodes until the holder was among them: one is left at the end in any case
		if i == 2 {
			break
		}
		h.kill()
		ask(i + 1)
		t.Logf("written %v after a node was killed", await(before+i+2).Round(time.Millisecond))
	}
	if now, err := look.Holder(t.Context(), "mail"); err != nil || now == "" {
		t.Errorf("held by %q %v", now, err)
	}
	if n := written(); n != before+3 {
		t.Errorf("%d letters, want %d", n, before+3)
	}
	began := time.Now()
	if code := nodes[2].stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, nodes[2].log)
	}
	t.Logf("stopped after %v", time.Since(began))
	if now, err := look.Holder(t.Context(), "mail"); err == nil && now == holder && now != "" {
		t.Log("the last node held it from the beginning")
	}
}

// TestSearchFollowsOnEveryNode writes on one node and finds on each, also on one that was away.
func TestSearchFollowsOnEveryNode(t *testing.T) {
	c := newCommunity(t, 1, 0)
	kept, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	ok(t, err)
	shelf, err := kept.SaveCategory(t.Context(), store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	ok(t, kept.Close())
	address := c.share(t)
	away := filepath.Join(t.TempDir(), "away")
	one, two := node(t, address), serve(t, away, "--demo", "--store", address)
	tokens := c.tokens(one)
	open := func(word string) {
		t.Helper()
		status, page, err := one.post("/discussions/new", c.sessions[0], url.Values{"csrf": {tokens[0]}, "title": {"Fil " + word},
			"category": {shelf.Slug}, "source": {"Un texte."}, "once": {"once-" + word}})
		if status != 303 || err != nil {
			t.Fatalf("%d %v %.300s", status, err, page)
		}
	}
	open("premierx")
	one.finds("premierx")
	two.finds("premierx")
	if code := two.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, two.log)
	}
	open("secondx")
	one.finds("secondx")
	two = serve(t, away, "--demo", "--store", address)
	two.finds("secondx")
	belfry(t, "serve", "--listen", "127.0.0.1:0", "--demo", "--data", away, "--store", address).refused(t, "is in use by another belfry process")
	belfry(t, "check", "--rebuild-search", "--data", away, "--store", address).ends(t, 0, "made anew")
	two.finds("premierx")
}

// TestMoveGoesOnWhereItStopped breaks a move off half-way: the place cannot be served, the move is run again, with what
// changed in between, and everything is there.
func TestMoveGoesOnWhereItStopped(t *testing.T) {
	c := newCommunity(t, 40, 1)
	address := pgtest.Database(t)
	source, _, err := (&moveCommand{}).source(&terminal{ctx: t.Context()}, home{dir: c.dir}, t.TempDir())
	ok(t, err)
	target, err := home{address: address}.database(t.Context(), found)
	ok(t, err)
	stop := errors.New("the power is gone")
	_, err = store.Move(t.Context(), source, target, store.Left{}, func() error { return stop }, func(store.MoveReport) {})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	ok(t, errors.Join(source.Close(), target.Close()))
	belfry(t, "serve", "--listen", "127.0.0.1:0", "--demo", "--data", filepath.Join(t.TempDir(), "n"), "--store", address).refused(t, "was begun and not finished")
	kept, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	ok(t, err)
	ok(t, kept.SetRole(t.Context(), store.System(), c.members[3].ID, store.RoleSteward, true))
	ok(t, kept.Close())
	said := belfry(t, "move", "--from", c.dir, "--to", address)
	said.ends(t, 0, "every one compared")
	belfry(t, "check", "--store", address).ends(t, 0, "Nothing wrong")
	other := newCommunity(t, 1, 0)
	belfry(t, "move", "--from", other.dir, "--to", address).refused(t, "there is something at")
	if !strings.Contains(said.err, "compared") {
		t.Errorf("no progress: %q", said.err)
	}
}
