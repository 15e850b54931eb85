package server_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// lossy is a line on which requests and answers are lost: what was asked may have been done, and nobody hears of it.
type lossy struct {
	http.RoundTripper
	rnd                    *rand.Rand
	unsent, unheard, heard int
}

var errLost = errors.New("lost")

func (l *lossy) RoundTrip(req *http.Request) (*http.Response, error) {
	fate := l.rnd.IntN(5)
	if fate == 0 {
		l.unsent++
		return nil, errLost
	}
	res, err := l.RoundTripper.RoundTrip(req)
	if err == nil && fate < 4 {
		l.unheard++
		_ = res.Body.Close()
		return nil, errLost
	}
	l.heard++
	return res, err
}

// sender is somebody whose client sends again what was not answered.
type sender struct {
	*hall
	t       *testing.T
	cookie  string
	token   string
	line    *lossy
	through http.Client
}

func (h *hall) sender(t *testing.T, m store.Member) *sender {
	t.Helper()
	s := &sender{hall: h, t: t, cookie: h.session(t, m).Get("Cookie"), line: &lossy{RoundTripper: http.DefaultTransport, rnd: rand.New(rand.NewPCG(12, 12))}}
	s.through = http.Client{Transport: s.line, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequest(http.MethodGet, h.address+"/settings", nil)
	ok(t, err)
	req.Header.Set("Cookie", s.cookie)
	res, err := http.DefaultClient.Do(req)
	ok(t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	ok(t, err)
	found := tokenField.FindStringSubmatch(string(page))
	if found == nil {
		t.Fatalf("no form token: %d %.200s", res.StatusCode, page)
	}
	s.token = found[1]
	return s
}

// send posts a form until an answer comes, and gives it.
func (s *sender) send(path string, form url.Values) (status int, location, page string) {
	s.t.Helper()
	form.Set("csrf", s.token)
	for {
		req, err := http.NewRequest(http.MethodPost, s.address+path, strings.NewReader(form.Encode()))
		ok(s.t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Cookie", s.cookie)
		res, err := s.through.Do(req)
		if errors.Is(err, errLost) {
			s.Clock.Add(time.Second) // what was lost counts in what one may write
			continue
		}
		ok(s.t, err)
		body, err := io.ReadAll(res.Body)
		ok(s.t, err)
		_ = res.Body.Close()
		return res.StatusCode, res.Header.Get("Location"), string(body)
	}
}

// TestT12LostAnswers loses requests and answers of a client that sends again: threads, posts, messages and answers to
// meetings are there once, whatever was lost, and the same form with other words is answered by 409 with the words kept.
// The control is a client that gives its forms no id: it says things twice.
func TestT12LostAnswers(t *testing.T) {
	h := newHall(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	ok(t, h.WelcomeTown(ctx, store.System(), lena.TownID()))
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	opened, err := h.OpenThread(ctx, store.As(lena.ID), store.ThreadInput{Title: "Un fil", Category: shelf.Slug, PostInput: store.PostInput{Source: "Bonjour"}})
	ok(t, err)
	m, err := h.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: "Réunion", Lang: "fr", Date: h.Now().AddDate(0, 1, 0).Format(time.DateOnly),
		Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle", Online: true, Seats: 1})
	ok(t, err)
	s := h.sender(t, lena)
	reply := fmt.Sprintf("/t/%d/x/do/reply", opened.Thread.Number)
	turns := 8
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil {
		turns = 15 * n
	}
	said := map[string]int{}
	for n := range turns {
		word := fmt.Sprintf("mot%d", n)
		forms := map[string]url.Values{
			reply:              {"source": {"Réponse " + word}, "once": {"r-" + word}},
			"/chat/lounge":     {"source": {"Message " + word}, "once": {"m-" + word}},
			"/discussions/new": {"title": {"Fil " + word}, "category": {shelf.Slug}, "source": {"Texte " + word}, "once": {"t-" + word}},
		}
		for path, form := range forms {
			if status, _, page := s.send(path, form); status != 303 {
				t.Fatalf("%s: %d %.300s", path, status, page)
			}
			said[form.Get("source")]++
			other := url.Values{}
			for key, value := range form {
				other[key] = value
			}
			other.Set("source", "Autre chose que "+word)
			if status, _, page := s.send(path, other); status != 409 || !strings.Contains(page, "Autre chose que "+word) || strings.Contains(page, `value="`+form.Get("once")+`"`) {
				t.Errorf("%s: the same form with other words: %d", path, status)
			}
		}
		answer := []string{"on_site", "maybe"}[n%2]
		if status, _, page := s.send("/meetings/"+m.Slug+"/rsvp", url.Values{"answer": {answer}, "note": {word}}); status != 303 {
			t.Fatalf("%d %.300s", status, page)
		}
		h.Clock.Add(20 * time.Second) // people may write so much a minute
	}
	for text, n := range h.count(t, lena) {
		if said[text] != n && text != "Bonjour" {
			t.Errorf("%q is there %d times, and was said %d times", text, n, said[text])
		}
		delete(said, text)
	}
	if len(said) > 0 {
		t.Errorf("lost: %v", said)
	}
	page, err := h.MeetingPage(ctx, store.System(), m.Slug)
	ok(t, err)
	if tally := page.Attendance.Tally; tally.OnSite+tally.Maybe != 1 {
		t.Errorf("one person counts as %+v", tally)
	}
	t.Logf("TORTURE: T12 lost requests and answers | %d | %d requests and %d answers lost, %d answers heard, nothing twice | 0", turns, s.line.unsent, s.line.unheard, s.line.heard)
	if s.line.unsent == 0 || s.line.unheard < 10 {
		t.Error("nothing was lost")
	}
	for range 4 {
		s.send(reply, url.Values{"source": {"Sans numéro"}})
	}
	if n := h.count(t, lena)["Sans numéro"]; n <= 4 {
		t.Errorf("the control: %d posts of 4 forms without an id", n)
	}
	_, err = h.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}

// TestT12AnAnswerIsARegister loses requests and answers of people whose client sends their answers to a meeting again:
// each counts once and is told of once, the last to arrive counts, a click leaves what was written, and one that comes late
// takes nobody's seat. The control is two different answers, of which people are told twice.
func TestT12AnAnswerIsARegister(t *testing.T) {
	h := newHall(t)
	lena, bert, otto := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Bert Voorbeeld", "BE-34022"), h.Join(t, "Otto Beispiel", "BE-62063")
	h.With(t, otto, store.RoleOrganiser)
	m, err := h.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: "Réunion", Lang: "fr", Date: h.Now().AddDate(0, 1, 0).Format(time.DateOnly),
		Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle", Online: true, Seats: 2})
	ok(t, err)
	told := func(kind store.EventKind) (n int) {
		due, err := h.DueEvents(ctx, 10_000)
		ok(t, err)
		for _, e := range due {
			if e.Kind == kind && e.Subject == m.ID {
				n++
			}
		}
		return n
	}
	mine := func(who store.Member) store.RSVP {
		own, err := h.Mine(ctx, store.As(who.ID), m.ID)
		ok(t, err)
		return *own[m.ID].RSVP
	}
	first, second, organiser := h.sender(t, lena), h.sender(t, bert), h.sender(t, otto)
	path := "/meetings/" + m.Slug + "/rsvp"
	say := func(s *sender, form url.Values) {
		t.Helper()
		for range 8 { // a person clicks again, too
			if status, _, page := s.send(path, form); status != 303 {
				t.Fatalf("%d %.300s", status, page)
			}
		}
		h.Clock.Add(time.Minute)
	}
	say(first, url.Values{"answer": {"on_site"}, "guests": {"Gast Un"}, "note": {"repas"}})
	seated := mine(lena)
	if !seated.Seated() || seated.Note != "repas" || len(seated.Guests) != 1 {
		t.Fatalf("%+v", seated)
	}
	say(first, url.Values{"answer": {"on_site"}, "keep_details": {"1"}})
	if got := mine(lena); !got.Changed.Equal(seated.Changed) || got.Note != "repas" || len(got.Guests) != 1 {
		t.Errorf("a click on the same answer changed %+v to %+v", seated, got)
	}
	say(second, url.Values{"answer": {"on_site"}})
	if !mine(bert).Waiting {
		t.Fatal("there was a seat")
	}
	say(first, url.Values{"answer": {"online"}, "keep_details": {"1"}})
	if got := mine(lena); got.Answer != store.Online || got.Note != "repas" || !mine(bert).Seated() {
		t.Errorf("the last answer does not count, or what was written is gone: %+v", got)
	}
	if n := told(store.EventPromoted); n != 1 {
		t.Errorf("who moved up was told %d times", n)
	}
	say(first, url.Values{"answer": {"on_site"}, "guests": {"Gast Un"}, "note": {"repas"}}) // of before, and late
	if !mine(bert).Seated() || !mine(lena).Waiting {
		t.Error("an answer that came late took a seat")
	}
	for n, answer := range []string{"maybe", "no"} {
		for range 8 {
			if status, _, page := organiser.send(path+"/for", url.Values{"member": {bert.Handle}, "answer": {answer}}); status != 303 {
				t.Fatalf("%d %.300s", status, page)
			}
		}
		if got := told(store.EventAnsweredFor); got != n+1 { // two answers, the control: told twice
			t.Errorf("after %d answers for somebody they were told %d times", n+1, got)
		}
	}
	unsent, unheard := first.line.unsent+second.line.unsent+organiser.line.unsent, first.line.unheard+second.line.unheard+organiser.line.unheard
	t.Logf("TORTURE: T12 answers to meetings that come again | 8 | %d requests and %d answers lost, each counted and told once | 0", unsent, unheard)
	if unsent == 0 || unheard == 0 {
		t.Error("nothing was lost")
	}
	_, err = h.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}

// count reads every post and message by its words.
func (h *hall) count(t *testing.T, reader store.Member) map[string]int {
	t.Helper()
	all := map[string]int{}
	for number := 1; ; number++ {
		for page := 1; ; page++ {
			p, err := h.ThreadPage(ctx, store.As(reader.ID), number, page)
			if store.KindOf(err) == store.NotFound && page == 1 {
				room, err := h.RoomPage(ctx, store.As(reader.ID), store.LoungeID, store.MessageQuery{Limit: 100_000})
				ok(t, err)
				for _, row := range room.Rows {
					all[row.Message.Source]++
				}
				return all
			}
			ok(t, err)
			for _, row := range p.Posts {
				all[row.Post.Source]++
			}
			if page >= p.Pages {
				break
			}
		}
	}
}
