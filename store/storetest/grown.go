package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// PostsPerThread is how many posts a thread of a grown hub has.
const PostsPerThread = 20

// grownVersion is to grow when the records that Grown and GrownRoom make change.
const grownVersion = 2

// Grown opens a hub with so many posts, all made by the store's own intents: people of 20 to 400 towns who write in threads
// of twelve categories over the years before the clock's now, in words as unevenly common as those of a language, and
// answer for a meeting every month. Its letters are sent and its search index is up to date. With BELFRY_BENCH_DATA it is
// kept in that folder for the next time; what else is made of it may lie beside its file.
func Grown(t testing.TB, count int, renderer store.Renderer) *Hub {
	t.Helper()
	return grown(t, fmt.Sprintf("posts-%d-%d", count, grownVersion), renderer, func(g *growing) { g.posts(count) })
}

// GrownRoom is a hub whose lounge has so many messages, and a room "Courte" a hundred; kept as by Grown.
func GrownRoom(t testing.TB, count int, renderer store.Renderer) *Hub {
	t.Helper()
	return grown(t, fmt.Sprintf("room-%d-%d", count, grownVersion), renderer, func(g *growing) { g.messages(count) })
}

// GrownMember is the handle of somebody in a grown hub.
const GrownMember = "exempleaa00001"

func grown(t testing.TB, name string, renderer store.Renderer, grow func(*growing)) *Hub {
	t.Helper()
	home := os.Getenv("BELFRY_BENCH_DATA")
	if home == "" {
		home = t.TempDir()
	}
	folder := filepath.Join(home, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	h := &Hub{Clock: &Clock{now: grownNow()}, Path: filepath.Join(folder, "belfry.db")}
	if _, err := os.Stat(h.Path); err != nil {
		making := h.Path + ".making"
		_ = os.Remove(making)
		db := engineAt(t, making)
		grow(newGrowing(t, db))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(making, h.Path); err != nil {
			t.Fatal(err)
		}
	}
	h.DB = engineAt(t, h.Path)
	h.Store = Over(t, h.DB, h.Clock.Now, renderer)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func grownNow() time.Time { return time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC) }

func engineAt(t testing.TB, path string) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// within is an engine whose transactions all run in one of another: thousands of intents in one commit. No intent may
// fail, because what it wrote would stay.
type within struct {
	kv.DB
	tx kv.Tx
}

func (w *within) View(ctx context.Context, fn func(kv.Reader) error) error {
	if w.tx == nil {
		return w.DB.View(ctx, fn)
	}
	return fn(w.tx)
}

func (w *within) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if w.tx == nil {
		return w.DB.Update(ctx, scope, fn)
	}
	return fn(w.tx)
}

// growing is a hub that is being made.
type growing struct {
	*Hub
	t       testing.TB
	db      kv.DB
	within  *within
	words   *Lexicon
	members []store.Member
	shelves []string
	meeting time.Time // when the next one is announced
}

func newGrowing(t testing.TB, db kv.DB) *growing {
	w := &within{DB: db}
	return &growing{Hub: &Hub{DB: w, Clock: &Clock{now: grownNow()}}, t: t, db: db, within: w, words: NewLexicon()}
}

// begin lets so many people join, ten to a town, so long before now.
func (g *growing) begin(people int, before time.Duration) {
	g.Clock.Set(grownNow().Add(-before))
	g.meeting = g.Clock.Now()
	g.Store = Over(g.t, g.within, g.Clock.Now, plain())
	codes := g.Gazetteer().Codes()
	const inTown = 10
	for i := range people / inTown {
		all := g.Crowd(g.t, "exemple"+string(rune('a'+i/26))+string(rune('a'+i%26)), codes[i*(len(codes)/(people/inTown))], inTown)
		if err := g.WelcomeTown(context.Background(), store.System(), all[0].TownID()); err != nil {
			g.t.Fatal(err)
		}
		g.members = append(g.members, all...)
	}
}

func (g *growing) anybody() store.Actor {
	return store.As(g.members[g.words.Dice.IntN(len(g.members))].ID)
}

// each does something n times, so many in one commit.
func (g *growing) each(n, inOneCommit int, do func(ctx context.Context, i int) error) {
	g.t.Helper()
	ctx := context.Background()
	for done := 0; done < n; {
		err := g.db.Update(ctx, "", func(tx kv.Tx) error {
			g.within.tx = tx
			defer func() { g.within.tx = nil }()
			for range min(inOneCommit, n-done) {
				if err := do(ctx, done); err != nil {
					return err
				}
				done++
			}
			return handled(tx)
		})
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// posts lets members write: a thread at a time, in the order of the clock.
func (g *growing) posts(count int) {
	const apart = 2 * time.Minute
	g.begin(min(max(200, count/250), 4000), apart*time.Duration(count)+time.Hour)
	for i := range 12 {
		c, err := g.SaveCategory(context.Background(), store.System(), "", store.CategoryInput{Names: map[string]string{"fr": fmt.Sprint("Sujet ", i)}})
		if err != nil {
			g.t.Fatal(err)
		}
		g.shelves = append(g.shelves, c.Slug)
	}
	g.each(count/PostsPerThread, 100, func(ctx context.Context, i int) error {
		if err := g.announce(ctx); err != nil {
			return err
		}
		return g.thread(ctx, g.shelves[i%len(g.shelves)], apart)
	})
}

// thread opens a thread with its replies; of the questions half are answered.
func (g *growing) thread(ctx context.Context, shelf string, apart time.Duration) error {
	tags := strings.Fields("commune registre logiciel données séance conseil modèle fichier habitants version facture délai essai carte école travaux voirie budget")
	dice, by := g.words.Dice, g.anybody()
	question := dice.IntN(3) == 0
	g.Clock.Add(apart)
	opened, err := g.OpenThread(ctx, by, store.ThreadInput{Title: g.words.Text(6), Category: shelf, Tags: tags[dice.IntN(len(tags))], Question: question,
		PostInput: store.PostInput{Source: g.words.Text(40), Lang: "fr"}})
	if err != nil {
		return err
	}
	for range PostsPerThread - 1 {
		g.Clock.Add(apart)
		if _, err := g.Reply(ctx, g.anybody(), opened.Thread.ID, store.PostInput{Source: g.words.Text(10 + dice.IntN(40)), Lang: "fr"}); err != nil {
			return err
		}
	}
	if question && dice.IntN(2) == 0 {
		return g.Accept(ctx, by, opened.Thread.ID, 2+dice.IntN(PostsPerThread-2))
	}
	return nil
}

// announce announces the meeting of a month when it is time; two hundred people answer.
func (g *growing) announce(ctx context.Context) error {
	if g.Clock.Now().Before(g.meeting) {
		return nil
	}
	day := g.meeting.AddDate(0, 0, 20)
	g.meeting = g.meeting.AddDate(0, 1, 0)
	m, err := g.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: "Réunion du mois", Lang: "fr", Date: day.Format(time.DateOnly), Clock: "09:30", Zone: "Europe/Brussels",
		Minutes: 390, Venue: "Hôtel de ville", Online: true, Seats: 60})
	if err != nil {
		return err
	}
	for _, n := range g.words.Dice.Perm(len(g.members))[:200] {
		choice := []store.Answer{store.OnSite, store.OnSite, store.Online, store.Maybe, store.No}[n%5]
		if _, err := g.AnswerMeeting(ctx, store.As(g.members[n].ID), m.ID, store.AnswerInput{Answer: choice}); err != nil {
			return err
		}
	}
	return nil
}

// messages lets members talk.
func (g *growing) messages(count int) {
	const apart, short = 3 * time.Second, 100
	g.begin(200, apart*time.Duration(count)+time.Hour)
	var room store.Room
	g.each(count+short, 2000, func(ctx context.Context, i int) (err error) {
		if i == 0 {
			if room, err = g.OpenRoom(ctx, store.As(g.members[0].ID), store.RoomInput{Name: "Courte", Access: store.AccessMembers}); err != nil {
				return err
			}
		}
		g.Clock.Add(apart)
		in := store.LoungeID
		if i < short {
			in = room.ID
		}
		_, err = g.Send(ctx, store.As(g.members[i%len(g.members)].ID), in, store.MessageInput{Source: g.words.Text(4 + g.words.Dice.IntN(20)), Lang: "fr"})
		return err
	})
}

// Handled does what workers do with what waits: it is taken away.
func (h *Hub) Handled(t testing.TB) {
	t.Helper()
	if err := h.DB.Update(context.Background(), "", handled); err != nil {
		t.Fatal(err)
	}
}

// handled takes away what workers take away once letters are written and the search index is up to date.
func handled(tx kv.Tx) error {
	for _, family := range []string{"event/", "stale/"} {
		for {
			found, err := tx.Scan(kv.Prefix([]byte(family)), 1000)
			if err != nil {
				return err
			}
			for _, p := range found {
				tx.Delete(p.Key)
			}
			if len(found) < 1000 {
				break
			}
		}
	}
	return nil
}
