//go:build bench

package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"belfry/store"

	"github.com/valyala/fasthttp"
)

// pageRows measures a page beside bare fiber with the visitor's body: for visitors, for members who look again and for
// members who look for the first time after a change.
func pageRows(t testing.TB, a *table, v *village, name, path string) {
	if !a.wants(name) {
		return
	}
	host := strings.TrimPrefix(v.address, "http://")
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	req.SetRequestURI(v.address + path)
	req.Header.Set("Accept-Language", "fr")
	ok(t, fasthttp.Do(req, res))
	if res.StatusCode() != 200 {
		t.Fatalf("%s: %d", path, res.StatusCode())
	}
	body := append([]byte{}, res.Body()...)
	name = fmt.Sprintf("%s (%d kB)", name, len(body)/1000)
	nothing := func(int) map[string]string { return nil }
	bare := dialMany(t, bareFiber(t, body), nothing, "/")
	var cookies []string
	for range connections {
		in, err := v.DemoSignIn(ctx, "elise-delvaux", store.Client{})
		ok(t, err)
		cookies = append(cookies, "belfry_session="+in.Token)
	}
	member := func(packed bool) func(int) map[string]string {
		return func(i int) map[string]string {
			if packed {
				return map[string]string{"Cookie": cookies[i], "Accept-Encoding": "gzip"}
			}
			return map[string]string{"Cookie": cookies[i]}
		}
	}
	req.Header.Set("Cookie", cookies[0])
	ok(t, fasthttp.Do(req, res))
	whole := append([]byte{}, res.Body()...)
	bareWhole := dialMany(t, bareFiber(t, whole), nothing, "/")
	type candidate struct {
		row           *row
		bare, clients []*asker
	}
	var all []candidate
	add := func(bare []*asker, what, target string, header func(int) map[string]string, paths ...string) {
		all = append(all, candidate{a.add(name+", "+what, target), bare, dialMany(t, host, header, paths...)})
	}
	// Plain pages are beside bare fiber with the very same body, packed ones beside what a visitor gets unpacked.
	size := fmt.Sprintf(" (%d kB)", len(whole)/1000)
	add(bare, "signed out", "0.90", nothing, path)
	add(bare, "signed out, packed", "", func(int) map[string]string { return map[string]string{"Accept-Encoding": "gzip"} }, path)
	add(bareWhole, "member again"+size, "0.50", member(false), path)
	add(bare, "member again, packed", "0.50", member(true), path)
	add(bareWhole, "member first look"+size, "", member(false), path+"?a", path+"?b") // in turn: nothing is kept of the look before
	add(bare, "member first look, packed", "", member(true), path+"?a", path+"?b")
	for _, c := range all {
		load(t, c.clients, 100*time.Millisecond)
	}
	for range rounds() {
		for _, c := range all {
			c.row.limit = append(c.row.limit, measure(func() int { return load(t, c.bare, roundLasts/2) }))
			c.row.ours = append(c.row.ours, measure(func() int { return load(t, c.clients, roundLasts/2) }))
		}
	}
}

// threadOf fifty posts, for the page of one.
func threadOf50(t testing.TB, v *village) string {
	shelves, err := v.Categories(ctx, store.Visitor())
	ok(t, err)
	posts := make([]store.ImportedPost, 50)
	for i := range posts {
		posts[i] = store.ImportedPost{MessageID: fmt.Sprint(i, "@x"), Name: fmt.Sprint("Personne ", i%9), At: time.Now(), Source: paragraph}
	}
	fill, err := v.ImportThread(ctx, store.System(), store.ImportedThread{Title: "Cinquante", Category: shelves[0].Slug, Posts: posts})
	ok(t, err)
	return fmt.Sprintf("/t/%d/%s", fill.Thread.Number, fill.Thread.Slug)
}
