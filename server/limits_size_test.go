//go:build bench

package server_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/storetest"
)

// sizes are how many posts the small and the large hub have: BELFRY_BENCH_FEW, 1,000 unless told, and BELFRY_BENCH_POSTS,
// 100,000 unless told. With 20,000 every page of the small hub is as full as that of the large one.
func sizes() (small, large int) {
	told := func(name string, unless int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
			return n
		}
		return unless
	}
	small = told("BELFRY_BENCH_FEW", 1_000)
	return small, max(2*small, told("BELFRY_BENCH_POSTS", 100_000))
}

// grownSite is a hub of so many posts with a member who has forty threads to read.
type grownSite struct {
	client  *asker
	address string
	cookie  string
	town    string
	threads []store.ThreadRow
}

func newGrownSite(t *testing.T, posts int) *grownSite {
	folder, _, _ := grownFolder(t, posts)
	index, err := search.Open(filepath.Join(folder, "search"))
	ok(t, err)
	t.Cleanup(func() { _ = index.Close() })
	hub := storetest.Grown(t, posts, server.Renderer())
	s := siteWith(t, hub, func(o *server.Options) { o.Search = index })
	address, err := s.listen(t)
	ok(t, err)
	rows, err := hub.Threads(ctx, store.Visitor(), store.ThreadQuery{Limit: 50})
	ok(t, err)
	reader, err := hub.MemberByHandle(ctx, storetest.GrownMember)
	ok(t, err)
	ok(t, hub.CatchUp(ctx, store.As(reader.ID), rows.Rows[40].Thread.Active))
	hub.Handled(t) // of the run before
	cookie := s.as(reader).cookies["belfry_session"]
	town, err := hub.TownByID(ctx, reader.TownID())
	ok(t, err)
	return &grownSite{address: address, cookie: cookie, town: town.Slug, threads: rows.Rows[41:]} // whoever opens one has read it
}

func (g *grownSite) dial(t testing.TB) {
	g.client = dialAs(t, g.address, "hub.example", map[string]string{"Cookie": "belfry_session=" + g.cookie})
}

// latency asks for pages, none of which is kept, one after the other, and gives the time in the middle in milliseconds.
func (g *grownSite) latency(t testing.TB, path func(n int) string, n int) float64 {
	var took []time.Duration
	for i := range n {
		g.client.request = [][]byte{requestFor(g.client, path(i))}
		start := time.Now()
		_, err := g.client.ask(0)
		ok(t, err)
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}

// sizeRows measures pages of a large hub beside those of a small one.
func sizeRows(t *testing.T, a *table) {
	few, many := sizes()
	small, large := newGrownSite(t, few), newGrownSite(t, many)
	small.dial(t)
	large.dial(t)
	turn := 0 // no address twice: nothing is kept of the look before
	fresh := func(path string) string {
		turn++
		return path + "?x=" + strconv.Itoa(turn)
	}
	thread := func(g *grownSite) func(int) string {
		return func(n int) string {
			d := g.threads[n%len(g.threads)].Thread
			return fresh(fmt.Sprintf("/t/%d/%s", d.Number, d.Slug))
		}
	}
	always := func(path string) func(*grownSite) func(int) string {
		return func(*grownSite) func(int) string { return func(int) string { return fresh(path) } }
	}
	words := storetest.NewLexicon()
	found := func(*grownSite) func(int) string {
		return func(int) string { return "/search?q=" + url.QueryEscape(words.Words[40+words.Dice.IntN(400)]) }
	}
	for _, page := range []struct {
		name string
		path func(g *grownSite) func(int) string
	}{
		{"thread list", always("/discussions")},
		{"a category", always("/discussions/sujet-3")},
		{"unread page", always("/unread")},
		{"thread page", thread},
		{"home", always("/")},
		{"meetings", always("/meetings")},
		{"a town", func(g *grownSite) func(int) string { return always("/towns/" + g.town)(g) }},
		{"a person", always("/people/" + storetest.GrownMember)},
		{"search, one word", found},
	} {
		r := a.add(fmt.Sprintf("%s: with %d posts, beside %d", page.name, many, few), "0.67 (1.5 times)")
		const asked = 40
		for _, g := range []*grownSite{small, large} {
			g.latency(t, page.path(g), 5)
			size, err := g.client.ask(0)
			ok(t, err)
			t.Logf("%s: %d bytes", page.name, size)
		}
		for range rounds() {
			before := used()
			one := small.latency(t, page.path(small), asked)
			middle := used()
			two := large.latency(t, page.path(large), asked)
			after := used()
			r.limit = append(r.limit, pace{rate: 1000 / one, cpu: (middle - before) / asked})
			r.ours = append(r.ours, pace{rate: 1000 / two, cpu: (after - middle) / asked})
		}
	}
}
