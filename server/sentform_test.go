package server_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/kvtest"
	"belfry/store/storetest"
)

// told is whether an answer leaves a sentence for the next page.
func (a answer) told(key string) bool {
	for _, cookie := range a.Cookies() {
		if raw, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil && strings.Contains(string(raw), `"`+key+`"`) {
			return true
		}
	}
	return false
}

// TestT12EveryFormIsKeptOnce sends every form there is, by somebody who may, and sends it again, as one does whose answer was
// lost: nothing comes twice, nobody is told twice, and who sent it is told so on a page where it is found. The control is the same
// form from a page that was opened anew: that is meant, and is done again.
func TestT12EveryFormIsKeptOnce(t *testing.T) {
	rewind := &kvtest.Rewind{}
	w := worldOn(t, siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { rewind.DB = db; return rewind })))
	letters := []string{"POST /join", "POST /sign-in/link"} // a new letter is what they ask for
	turns := [][]audience{{newcomer, member, author, moderator, organiser, steward, administrator}}
	if os.Getenv("BELFRY_TORTURE_ROUNDS") != "" {
		turns = append(turns, []audience{administrator, steward, organiser, moderator})
	}
	rules := expected(w)
	guarded, anew := 0, 0
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		method, pattern, _ := strings.Cut(name, " ")
		r := rules[name]
		if method != http.MethodPost || r.quiet {
			continue
		}
		for _, people := range turns {
			who, path := w.whoDoes(rewind, r, pattern, people)
			if who == nobody {
				continue
			}
			rewind.Mark()
			first := w.ask(who, method, path, r.form)
			added := rewind.Added()
			again := w.ask(who, method, path, r.form)
			twice := rewind.Added()
			if first.told("form.repeated") || again.StatusCode >= 400 || len(twice) > 0 && !slices.Contains(letters, name) {
				t.Errorf("%s as %s: %d %v, and again: %d %v %s", name, roleNames()[who], first.StatusCode, added, again.StatusCode, twice, alerts.FindAllString(again.body, 3))
			}
			if slices.Contains(added, "sentform") {
				guarded++
				anew += w.knowsAgain(rewind, again, who, path, r.form)
			}
			ok(t, rewind.Back(ctx))
		}
	}
	t.Logf("%d forms would do something twice, and do not; %d of them do when they are meant", guarded, anew)
	if guarded < 40 || anew < 25 {
		t.Error("that is too few to show anything")
	}
}

// whoDoes is the first of some people for whom a form adds something, and to which record; everything is as before.
func (w *world) whoDoes(rewind *kvtest.Rewind, r rule, pattern string, people []audience) (audience, string) {
	w.t.Helper()
	for _, who := range people {
		for _, one := range w.records[r.on] {
			if who&r.may(one) == 0 {
				continue
			}
			path := fill(pattern, one, who)
			w.Clock.Add(time.Hour)
			rewind.Mark()
			got := w.ask(who, http.MethodPost, path, r.form)
			added := rewind.Added()
			ok(w.t, rewind.Back(ctx))
			if got.StatusCode < 400 && len(added) > 0 {
				return who, path
			}
		}
	}
	return nobody, ""
}

// knowsAgain looks at the answer to a form that was kept before, and sends it from a page that was opened anew; it returns 1 when
// that adds something.
func (w *world) knowsAgain(rewind *kvtest.Rewind, again answer, who audience, path string, form url.Values) int {
	w.t.Helper()
	place := again.Header.Get("Location")
	found := w.ask(who, http.MethodGet, place, nil)
	if to := found.Header.Get("Location"); to != "" {
		found = w.ask(who, http.MethodGet, to, nil)
	}
	if !again.told("form.repeated") || found.StatusCode != http.StatusOK {
		w.t.Errorf("%s: again is not told as such, or leads to %s: %d", path, place, found.StatusCode)
	}
	before := w.people[who]
	defer func() { w.people[who] = before }()
	fresh := before
	fresh.token = tokenField.FindStringSubmatch(w.ask(who, http.MethodGet, "/settings", nil).body)[1]
	w.people[who] = fresh
	if w.ask(who, http.MethodPost, path, form).told("form.repeated") {
		w.t.Errorf("%s: a form of a page opened anew is taken for the one before", path)
	}
	return min(1, len(rewind.Added()))
}

var alerts = regexp.MustCompile(`(?s)role="alert".{0,300}`)

// unheard is an engine that keeps what it is given and whose answer is lost, or that is away, while it is told so.
type unheard struct {
	gone
	on   atomic.Bool
	lost atomic.Int64
}

func (u *unheard) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	err := u.gone.Update(ctx, scope, fn)
	if err == nil && u.on.Load() {
		u.lost.Add(1)
		return fmt.Errorf("%w: the answer was lost", kv.ErrUnknown)
	}
	return err
}

// TestT12AFormOfUnknownOutcomeIsSentAgain: when the database's answer is lost, the form comes back, says that it may be sent
// again, and is there once. Pressing a button several times at once makes one thing too.
func TestT12AFormOfUnknownOutcomeIsSentAgain(t *testing.T) {
	line := &unheard{}
	h, thread := newsroom(t, siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { line.DB = db; return line })))
	meeting := typedMeeting(token(h.maud))
	meeting.Set("date", h.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	meeting.Set("clock", "12:30")
	meeting.Set("seats", "20")
	meeting.Set("about", "Une ligne\r\net une autre")
	count := func() (n int) {
		all, err := h.Upcoming(ctx, store.System(), 100)
		ok(t, err)
		for _, one := range all {
			if strings.Contains(one.Meeting.Title, "spéciale") {
				n++
			}
		}
		return n
	}
	line.gone.on.Store(true)
	form := h.maud.do("POST", "/meetings/new", meeting).keeps(t, 503, meeting)
	line.gone.on.Store(false)
	line.on.Store(true)
	sent := h.maud.do("POST", form.action, form.values())
	sent.holds(t, 503, "rien ne sera fait deux fois", "et une autre")
	reply := url.Values{"csrf": {token(h.alma)}, "source": {"Une réponse"}, "once": {once(t, h.alma.get(thread))}}
	h.alma.do("POST", thread+"/do/reply", reply).holds(t, 503, "rien ne sera fait deux fois")
	reply.Del("once") // it cannot be known again
	h.alma.do("POST", thread+"/do/reply", reply).holds(t, 503, "Vérifiez avant de l’envoyer à nouveau")
	line.on.Store(false)
	if line.lost.Load() < 3 || count() != 1 {
		t.Fatalf("%d answers were lost, %d meetings", line.lost.Load(), count())
	}
	resent := form.values()
	resent.Set("csrf", tokenField.FindStringSubmatch(sent.body)[1])
	got := h.maud.do("POST", form.action, resent)
	got.holds(t, 303)
	if !got.told("form.repeated") || got.Header.Get("Location") != "/meetings" || count() != 1 {
		t.Errorf("sent again from there: %v, %d meetings", got.Header, count())
	}
	h.maud.get("/meetings").holds(t, 200, "rien n’a été fait deux fois")
	meeting.Set("csrf", token(h.maud))
	var all sync.WaitGroup
	var made, repeated atomic.Int64
	for range 8 {
		one := &browser{site: h.site, cookies: maps.Clone(h.maud.cookies), header: h.maud.header.Clone()}
		all.Go(func() {
			switch got := one.do("POST", "/meetings/new", meeting); {
			case got.told("form.repeated"):
				repeated.Add(1)
			case got.StatusCode == http.StatusSeeOther:
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 || repeated.Load() != 7 || count() != 2 {
		t.Errorf("pressed eight times at once: made %d, told %d, %d meetings", made.Load(), repeated.Load(), count())
	}
}

// TestAFormIsAnotherAfterAChange: a page that is made once for many looks has another form as soon as something was added, so
// that the same words sent from there are meant, and are not taken for those sent before.
func TestAFormIsAnotherAfterAChange(t *testing.T) {
	h, _ := newsroom(t, newSite(t))
	page := "/meetings/" + h.Meeting(t, 0).Slug
	formOf := func() string {
		all := sheets(t, h.maud.get(page).body)
		at := slices.IndexFunc(all, func(one *sheet) bool { return one.action == page+"/agenda" })
		return all[at].values().Get("csrf")
	}
	seen := map[string]bool{}
	for turn := range 3 {
		formOf()
		formOf()
		first := formOf()
		if formOf() != first {
			t.Errorf("%d: the page is made anew for each look: this shows nothing", turn)
		}
		form := url.Values{"csrf": {first}, "item_title": {fmt.Sprint("Point ", turn)}, "item_kind": {"discussion"}, "item_minutes": {"15"}, "item_lang": {"fr"}}
		for n := range 2 { // pressed twice
			if got := h.maud.do("POST", page+"/agenda", form); got.StatusCode != http.StatusSeeOther || got.told("form.repeated") != (n == 1) {
				t.Errorf("%d: %d %v", n, got.StatusCode, got.told("form.repeated"))
			}
		}
		seen[first] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d forms in three states of the page", len(seen))
	}
}
