package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// rule is what one route promises: whose it is among those who may know of the record that fills its parameters.
type rule struct {
	on    string              // kind of record
	who   audience            // everyone unless given
	at    map[string]audience // instead of who, for one record
	form  url.Values          // of a POST: good enough to change something for somebody who may
	quiet bool                // a POST that stores nothing
	known bool                // that the record is there is no secret, though who may not use it is refused
	holds audience            // the address is a secret of theirs: who has it reads what they may
	also  []string            // queries to ask as well
	alike bool                // a frame that is answered alike, whoever asks of whatever, and stores nothing
}

func (r rule) may(one record) audience {
	who := r.who
	if at, ok := r.at[one.name]; ok {
		who = at
	}
	return who & one.sees
}

// TestEveryRouteEveryRole asks every address of the router as everybody, about records of every visibility. Who may is
// answered; who may not is refused and changes nothing; what one may not know of is answered like what is not there;
// and no answer holds words that its reader may not read.
func TestEveryRouteEveryRole(t *testing.T) {
	w := newWorld(t)
	rules := expected(w)
	routes := map[string]bool{}
	for _, route := range w.App().GetRoutes(true) {
		if route.Method != http.MethodHead {
			routes[route.Method+" "+route.Path] = true
		}
	}
	for name := range rules {
		if !routes[name] && !strings.HasPrefix(name, frames) {
			t.Errorf("%s: no such route", name)
		}
	}
	asked := 0
	for name := range routes {
		r, ok := rules[name]
		if !ok {
			t.Errorf("%s: nothing says who may use it", name)
			continue
		}
		asked += w.check(name, r)
	}
	for who := range roleNames() { // these two are there in a demo only
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if got := w.ask(who, method, "/demo", url.Values{"handle": {"ada-beispiel"}}); got.StatusCode != http.StatusNotFound || len(got.Cookies()) > 0 && who != left {
				t.Errorf("%s /demo: %d outside a demo", method, got.StatusCode)
			}
		}
	}
	t.Logf("%d routes, %d requests", len(routes), asked)
}

// check asks one route as everybody about every record of its kind.
func (w *world) check(name string, r rule) (asked int) {
	method, pattern, _ := strings.Cut(name, " ")
	if strings.HasPrefix(pattern, "/chat/") {
		w.Clock.Add(10 * time.Second) // nobody talks faster than people do
	}
	if len(w.records[r.on]) == 0 {
		w.t.Errorf("%s: there is no %q to ask about", name, r.on)
	}
	changed, mayBe := false, r.quiet || method == http.MethodGet
	for who, role := range roleNames() {
		missing := 0
		records := slices.Clone(w.records[r.on])
		slices.SortStableFunc(records, func(a, b record) int { return boolOrder(a.name == "missing", b.name == "missing") })
		for _, one := range records {
			path := fill(pattern, one, who)
			for _, query := range append([]string{""}, r.also...) {
				w.rehearsal.Writes()
				got := w.ask(who, method, path+query, r.form)
				asked++
				what := fmt.Sprintf("%s %s%s (%s) as %s", method, path, query, one.name, role)
				w.keepsSecrets(what, path+query, who|r.holds, got)
				writes := w.rehearsal.Writes()
				if one.name == "missing" {
					missing = got.StatusCode
				}
				if problem := judge(method, r, one, who, got, missing, writes); problem != "" && query == "" {
					w.t.Errorf("%s: %s", what, problem)
				}
				changed = changed || writes > 0
			}
			if method == http.MethodPost && who&r.may(one) == 0 {
				w.sendsNothing(path, who, role)
				asked++
			}
		}
	}
	if !changed && !mayBe {
		w.t.Errorf("%s: changes nothing for anybody, so the refusals prove nothing", name)
	}
	return asked
}

// sendsNothing posts an empty form as somebody who may not send any: whatever is wrong with it is no way around.
func (w *world) sendsNothing(path string, who audience, role string) {
	got := w.ask(who, http.MethodPost, path, nil)
	what := fmt.Sprintf("POST %s as %s with an empty form", path, role)
	w.keepsSecrets(what, path, who, got)
	answered := got.StatusCode < 400 && !strings.HasPrefix(got.Header.Get("Location"), "/sign-in")
	if writes := w.rehearsal.Writes(); writes > 0 || answered || got.StatusCode >= 500 {
		w.t.Errorf("%s: %d, and %d keys were written", what, got.StatusCode, writes)
	}
}

// judge says what is wrong with an answer.
func judge(method string, r rule, one record, who audience, got answer, missing, writes int) string {
	to := got.Header.Get("Location")
	toSignIn := got.StatusCode == http.StatusSeeOther && (to == "/sign-in" || strings.HasPrefix(to, "/sign-in?"))
	refused := got.StatusCode == http.StatusForbidden || got.StatusCode == http.StatusNotFound || toSignIn
	switch {
	case got.StatusCode >= 500:
		return fmt.Sprintf("fails with %d", got.StatusCode)
	case who&r.may(one) != 0:
		if refused {
			return fmt.Sprintf("refused with %d, and should be answered", got.StatusCode)
		}
	case !refused && !(method == http.MethodPost && got.StatusCode == http.StatusConflict):
		return fmt.Sprintf("answered with %d, and should be refused", got.StatusCode)
	case toSignIn && who&signedIn != 0:
		return "is sent to sign in, and has"
	case writes > 0 && method == http.MethodPost:
		return fmt.Sprintf("refused with %d, but %d keys were written", got.StatusCode, writes)
	case !r.known && who&one.sees == 0 && missing != 0 && got.StatusCode != missing:
		return fmt.Sprintf("answered with %d, and what is not there with %d", got.StatusCode, missing)
	}
	return ""
}

// TestNamesOfTheUnseenAreUnknown: a filter that names what the reader may not know of is answered like one that names
// nothing.
func TestNamesOfTheUnseenAreUnknown(t *testing.T) {
	w := newWorld(t)
	for _, one := range []struct {
		path, unknown string // %s is the name
		name          string
		sees          audience
	}{
		{"/discussions?tag=%s", "zonzi-nulle", "zonzi-membrestag", signedIn}, {"/discussions?tag=%s", "zonzi-nulle", "zonzi-enfouitag", moderators},
		{"/discussions?tag=%s", "zonzi-nulle", "tagpublic", everyone}, {"/discussions.atom?tag=%s", "zonzi-nulle", "zonzi-membrestag", nobody},
		{"/discussions/" + w.ids["public"] + "?tag=%s", "zonzi-nulle", "zonzi-enfouitag", moderators},
		{"/subscribe?town=%s", "nulle", "charleroi", member | organisers}, {"/subscribe?town=%s", "nulle", "namur", everyone},
		{"/discussions/new?category=%s", "nulle", w.ids["members"], signedIn},
	} {
		for who, role := range roleNames() {
			got, none := w.ask(who, http.MethodGet, fmt.Sprintf(one.path, one.name), nil), w.ask(who, http.MethodGet, fmt.Sprintf(one.path, one.unknown), nil)
			if seen := got.StatusCode != none.StatusCode; seen != (who&one.sees != 0) && got.StatusCode != http.StatusSeeOther {
				t.Errorf("%s as %s: %d for %s, %d for what is not there", one.path, role, got.StatusCode, one.name, none.StatusCode)
			}
		}
	}
	for who, role := range roleNames() {
		for _, path := range []string{"/search?q=charleroi", "/search?q=charler&kind=town", "/search.json?q=charl", "/towns?q=charleroi"} {
			if got := w.ask(who, http.MethodGet, path, nil); who&member == 0 && strings.Contains(got.body, "/towns/charleroi") { // it is a member's own, in the menu
				t.Errorf("%s as %s: tells of a town that nobody has welcomed", path, role)
			}
		}
	}
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// fill puts the parameters of a record into a route's pattern.
func fill(pattern string, one record, who audience) string {
	params := one.params
	if who&one.sees == 0 && one.blind != nil {
		params = one.blind
	}
	for i := 0; i+1 < len(params); i += 2 {
		name := ":" + params[i]
		if params[i] == "*" {
			name = "*"
		}
		pattern = strings.ReplaceAll(pattern, name, params[i+1])
	}
	return pattern
}

// keepsSecrets looks for words in an answer that its reader may not read.
func (w *world) keepsSecrets(what, asked string, who audience, got answer) {
	text := strings.ToLower(w.html.Replace(got.body))
	for name, values := range got.Header {
		text += "\n" + strings.ToLower(name+": "+strings.Join(values, " "))
	}
	if w.people[who].cookie != "" && who != left && strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") || got.StatusCode >= 400 {
		if kept := got.Header.Get("Cache-Control"); !strings.Contains(kept, "no-store") && !strings.Contains(kept, "private") {
			w.t.Errorf("%s: %d may be kept for others: %q", what, got.StatusCode, kept)
		}
	}
	for _, fault := range badHeaders(got) {
		w.t.Errorf("%s: %d: %s", what, got.StatusCode, fault)
	}
	for words, readers := range w.secrets {
		if who&readers != 0 {
			continue
		}
		slug := strings.ReplaceAll(words, " ", "-")
		if strings.Contains(text, words) || !strings.Contains(asked, slug) && strings.Contains(text, slug) {
			w.t.Errorf("%s: %d tells %q", what, got.StatusCode, words)
		}
	}
}
