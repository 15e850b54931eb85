package server_test

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"

	"github.com/valyala/fasthttp"
)

// TestT29NobodyGetsAnothersWords: thousands of requests share connections and buffers; what is stored of each is its
// own. With strings that alias the request's buffer, notes of one member would hold the words of another.
func TestT29NobodyGetsAnothersWords(t *testing.T) {
	v := newVillage(t)
	m := v.next(t)
	client := &fasthttp.Client{MaxConnsPerHost: 4, MaxConnWaitTimeout: time.Minute, NoDefaultUserAgentHeader: true}
	list, err := v.Towns(ctx, store.TownQuery{Limit: 100})
	ok(t, err)
	var people []store.Member
	for _, row := range list.Rows {
		page, err := v.TownPage(ctx, store.System(), row.Town.Slug)
		ok(t, err)
		people = append(people, page.People...)
	}
	send := func(path string, form url.Values, cookie, agent string) *fasthttp.Response {
		req, res := fasthttp.AcquireRequest(), &fasthttp.Response{}
		defer fasthttp.ReleaseRequest(req)
		req.SetRequestURI(v.address + path)
		req.Header.Set("Cookie", cookie)
		req.Header.Set("User-Agent", agent)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if form != nil {
			req.Header.SetMethod("POST")
			req.Header.SetContentType("application/x-www-form-urlencoded")
			req.SetBodyString(form.Encode())
		}
		if err := client.Do(req, res); err != nil {
			t.Error(err)
		}
		return res
	}
	rounds := 20
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil {
		rounds = max(rounds, 2*n)
	}
	var wg sync.WaitGroup
	for k, who := range people {
		wg.Go(func() {
			agent := "Agent-" + who.Handle + strings.Repeat("y", k%40)
			res := send("/demo", url.Values{"handle": {who.Handle}}, "", agent)
			cookie, _, _ := strings.Cut(string(res.Header.PeekCookie("belfry_session")), ";")
			token := tokenField.FindSubmatch(send("/about", nil, cookie, agent).Body())
			if token == nil {
				t.Errorf("%s: no form token", who.Handle)
				return
			}
			for n := range rounds {
				note := fmt.Sprintf("note %s %d %s", who.Handle, n, strings.Repeat("z", (k*7+n*13)%300))
				form := url.Values{"answer": {"online"}, "note": {note}, "guests": {"Gast " + who.Handle}, "csrf": {string(token[1])}, "back": {"/"}}
				if res := send("/meetings/"+m.Slug+"/rsvp", form, cookie, agent); res.StatusCode() != 303 {
					t.Errorf("%s: status %d", who.Handle, res.StatusCode())
				}
			}
		})
	}
	wg.Wait()
	audience, err := v.Audience(ctx, m.ID, store.Online)
	ok(t, err)
	foreign := 0
	for _, to := range audience {
		want := fmt.Sprintf("note %s %d ", to.Member.Handle, rounds-1)
		if !strings.HasPrefix(to.RSVP.Note, want) || len(to.RSVP.Guests) != 1 || to.RSVP.Guests[0] != "Gast "+to.Member.Handle {
			foreign++
		}
		sessions, err := v.Sessions(ctx, store.As(to.Member.ID))
		ok(t, err)
		for _, s := range sessions {
			if s.Agent != "demo" && !strings.HasPrefix(s.Agent, "Agent-"+to.Member.Handle) {
				foreign++
			}
		}
	}
	if foreign > 0 || len(audience) < len(people) {
		t.Errorf("%d foreign words, %d of %d answers", foreign, len(audience), len(people))
	}
	t.Logf("TORTURE: T29 requests that share buffers | %d | %d requests of %d members over four connections | %d", rounds, len(people)*(rounds+2), len(people), foreign)
}
