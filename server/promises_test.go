package server_test

import (
	"encoding/csv"
	"encoding/xml"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

func TestRegistersAreFiltered(t *testing.T) {
	s, lena, organiser, m := minuted(t)
	page, err := s.MeetingPage(ctx, store.As(organiser.ID), m.Slug)
	ok(t, err)
	ok(t, s.AcceptItem(ctx, store.As(organiser.ID), page.Proposed[0].Item.ID)) // asked for by Namur
	published, err := s.MinutesPage(ctx, store.As(organiser.ID), m.Slug)
	ok(t, err)
	_, err = s.SaveMinutes(ctx, store.As(organiser.ID), m.ID, store.MinutesDraft{Lang: "fr", Base: published.Minutes.Revision,
		Source: published.Published.Source + "\n\n## Un point\n!D Pour Namur\n"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, store.As(organiser.ID), m.ID)
	ok(t, err)
	visitor := s.visitor()
	for path, there := range map[string]bool{
		"/decisions?outcome=accepted": true, "/decisions?outcome=refused": false, "/decisions?outcome=withdrawn": false, "/decisions?town=namur": true,
		"/decisions?town=Namen": true, "/decisions?town=seneffe": false, "/decisions?year=2026&town=namur&series=reunion-mensuelle&outcome=accepted": true,
		"/actions?year=2026": true, "/actions?year=2025": false, "/actions?town=NAMUR": true, "/actions?person=%40" + lena.Handle: true, "/actions?state=done": false,
		"/actions?state=all&year=2026&town=namur&series=reunion-mensuelle&person=" + lena.Handle: true, "/actions?town=nowhere": false, "/actions?person=nobody": false,
		"/decisions?town=nowhere": false,
	} {
		got := visitor.get(path)
		got.holds(t, 200)
		if found := strings.Contains(got.body, ">A-2026-001<") || strings.Contains(got.body, ">2026-002<"); found != there {
			t.Errorf("%s: there is %v", path, !there)
		}
	}
	visitor.get("/decisions?town=nowhere&year=2026").holds(t, 200, `value="nowhere"`, `aria-invalid="true"`, `<option value="2026" selected`)
	visitor.get("/actions?town=namur&state=all").holds(t, 200, `value="Namur"`, `href="/actions.csv?state=all&amp;town=namur"`)
}

// TestNoCellIsAFormula: spreadsheets run what begins with one of these signs, after spaces too.
func TestNoCellIsAFormula(t *testing.T) {
	s, _, organiser, m := furnished(t)
	s.Clock.Set(m.Start.Add(time.Hour))
	titles := []string{`=HYPERLINK("https://evil.example")`, "+1", "-1", "@SUM(A1)", "＝1", `"=1"`, `a "quoted", b`, "plain = text", "- tiret"}
	_, err := s.SaveMinutes(ctx, store.As(organiser.ID), m.ID, store.MinutesDraft{Lang: "fr", Source: "!D " + strings.Join(titles, "\n!D ") + "\n"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, store.As(organiser.ID), m.ID)
	ok(t, err)
	got := s.visitor().get("/decisions.csv")
	if kind := got.Header.Get("Content-Type"); kind != "text/csv; charset=utf-8; header=present" {
		t.Error(kind)
	}
	if strings.HasPrefix(got.body, "\ufeff") || strings.Count(got.body, "\r\n") != len(titles)+1 || strings.Contains(strings.ReplaceAll(got.body, "\r\n", ""), "\n") {
		t.Errorf("not RFC 4180 without a mark: %q", got.body)
	}
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	ok(t, err)
	for i, title := range titles {
		cell := rows[len(rows)-1-i][2]
		if cell != title && cell != "'"+title || strings.ContainsAny(cell[:1], "=+-@＝") {
			t.Errorf("%q became %q", title, cell)
		}
	}
}

func TestFeedsOfRegistersAreAtom(t *testing.T) {
	s, _, _, _ := minuted(t)
	type feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Author  string   `xml:"author>name"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Entries []struct {
			ID      string `xml:"id"`
			Title   string `xml:"title"`
			Updated string `xml:"updated"`
			Summary string `xml:"summary"`
		} `xml:"entry"`
	}
	read := func(path, lang string) (f feed) {
		t.Helper()
		b := s.visitor()
		b.header.Set("Accept-Language", lang)
		got := b.get(path)
		got.holds(t, 200)
		ok(t, xml.Unmarshal([]byte(got.body), &f))
		return f
	}
	for _, path := range []string{"/decisions.atom", "/actions.atom", "/actions.atom?town=Namen&state=open", "/decisions.atom?year=2026"} {
		fr, nl := read(path, "fr"), read(path, "nl")
		if fr.ID != nl.ID || len(fr.Entries) != 1 || len(nl.Entries) != 1 || fr.Entries[0].ID != nl.Entries[0].ID || fr.Title == nl.Title || fr.Author == "" {
			t.Errorf("%s: %+v in one language, %+v in another", path, fr, nl)
		}
		if _, err := time.Parse(time.RFC3339, fr.Updated); err != nil || fr.Updated != fr.Entries[0].Updated || fr.Entries[0].Summary == "" {
			t.Errorf("%s: updated %q, its entry %q", path, fr.Updated, fr.Entries[0].Updated)
		}
		for _, link := range fr.Links {
			if u, err := url.Parse(link.Href); err != nil || !u.IsAbs() || link.Rel == "self" && link.Href != fr.ID {
				t.Errorf("%s: %+v", path, link)
			}
		}
	}
	if all, some := read("/actions.atom", "fr"), read("/actions.atom?town=namur", "fr"); all.ID == some.ID {
		t.Error("two feeds have one id")
	}
	if empty := read("/decisions.atom?outcome=refused", "fr"); len(empty.Entries) != 0 || empty.Updated == "" {
		t.Errorf("an empty feed: %+v", empty)
	}
}

func TestDoneIsOneClickAndCanBeUndone(t *testing.T) {
	s, lena, _, _ := minuted(t)
	mine := s.as(lena)
	mine.get("/").holds(t, 200, "A-2026-001", `value="done"`)
	mine.post("/actions/A-2026-001", url.Values{"do": {"done"}, "back": {"/"}}).holds(t, 303)
	home := mine.get("/")
	home.holds(t, 200, "Action A-2026-001 faite", "Annuler", `action="/actions/A-2026-001"`, `value="reopen"`)
	mine.get("/").lacks(t, "A-2026-001") // said once
	mine.post("/actions/A-2026-001", url.Values{"do": {"reopen"}, "back": {"/"}}).holds(t, 303)
	mine.get("/").holds(t, 200, "A-2026-001", `value="done"`)
	history := s.visitor().get("/actions/A-2026-001")
	history.holds(t, 200, "Historique", "Lena Exemple")
	history.lacks(t, `value="done"`)
}

func TestPromisesAreShownWhereTheyMatter(t *testing.T) {
	s, lena, organiser, m := minuted(t)
	s.visitor().get("/towns/namur").holds(t, 200, "A-2026-001", "Tester")
	s.as(organiser).get("/admin").lacks(t, "A-2026-001")
	s.Clock.Set(time.Date(2026, 4, 16, 9, 0, 0, 0, time.UTC)) // the day after it was due
	s.as(organiser).get("/admin").holds(t, 200, "A-2026-001", "En retard")
	s.as(lena).get("/").holds(t, 200, "A-2026-001", "En retard")
	s.visitor().get("/actions?state=overdue").holds(t, 200, "A-2026-001")
	s.visitor().get("/meetings/"+m.Slug+"/minutes").holds(t, 200, "En retard")
}

// TestWhatIsForMembersOnlyIsNotInTheRegister: the title of a private item is not for everybody.
func TestWhatIsForMembersOnlyIsNotInTheRegister(t *testing.T) {
	s, _, organiser, m := furnished(t)
	admin := store.As(organiser.ID)
	_, err := s.ProposeItem(ctx, admin, m.ID, store.ItemInput{Title: "Affaire confidentielle", Lang: "fr", Kind: store.ToDecide, Minutes: 5, Members: true})
	ok(t, err)
	s.Clock.Set(m.Start.Add(time.Hour))
	_, err = s.SaveMinutes(ctx, admin, m.ID, store.MinutesDraft{Lang: "fr", Source: "## Affaire confidentielle\n!D Oui\n!A Agir\n"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, admin, m.ID)
	ok(t, err)
	for _, path := range []string{"/decisions", "/decisions/2026-001", "/actions", "/actions/A-2026-001", "/decisions.csv", "/actions.csv", "/decisions.atom", "/actions.atom"} {
		got := s.visitor().get(path)
		got.holds(t, 200, "2026-001")
		got.lacks(t, "confidentielle")
	}
}

func TestRegistersInEveryLanguage(t *testing.T) {
	s, lena, organiser, m := minuted(t)
	for _, b := range []*browser{s.visitor(), s.as(lena), s.as(organiser)} {
		for _, tag := range []string{"fr", "nl", "de", "en"} {
			b.header.Set("Accept-Language", tag)
			b.post("/language", url.Values{"to": {tag}, "back": {"/"}})
			for _, path := range []string{"/decisions", "/decisions?town=nowhere", "/decisions/2026-001", "/actions?state=all", "/actions/A-2026-001", "/help/minutes-notation",
				"/meetings/" + m.Slug + "/minutes"} {
				got := b.get(path)
				got.holds(t, 200)
				checkPage(t, tag, path, got)
			}
		}
	}
}

var numberInText = regexp.MustCompile(`A-2026-00\d`)

func TestLettersNameWhatIsToBeDone(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	boss := store.As(organiser.ID)
	post := office(t, s.Hub, nil)
	for _, tag := range []string{"fr", "nl", "de", "en"} {
		ok(t, s.ChangeProfile(ctx, store.As(lena.ID), store.ProfileInput{Name: lena.Name, Language: tag, Notices: true}))
		_, err := post.Compose(ctx)
		ok(t, err)
	}
	s.Clock.Set(m.Start.Add(time.Hour))
	_, err := s.SaveMinutes(ctx, boss, m.ID, store.MinutesDraft{Lang: "fr", Source: "!A Tester <b>\n   @" + lena.Handle + "  pour: 2026-04-15\n!A Relire\n   @" + lena.Handle + "\n!A À d’autres\n   town: " + "Namur" + "\n"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, boss, m.ID)
	ok(t, err)
	_, err = s.PublishMinutes(ctx, boss, m.ID)
	ok(t, err)
	_, err = post.Compose(ctx)
	ok(t, err)
	var told []store.Mail
	for _, one := range letters(t, s.Hub, boss) {
		if one.Kind == store.EventActions {
			told = append(told, one)
		}
	}
	if len(told) != 1 || told[0].Member != lena.ID || told[0].Lang != "en" {
		t.Fatalf("%d letters: %+v", len(told), told)
	}
	contains(t, "letter", told[0].Text, "A-2026-001", "Tester <b>", "due 15\u00a0April", "A-2026-002", "Relire", "https://hub.example/meetings/"+m.Slug+"/minutes")
	if strings.Contains(told[0].HTML, "<b>") || len(numberInText.FindAllString(told[0].Text, -1)) != 3 {
		t.Errorf("the letter of who coordinates Namur names all three, harmless: %s", told[0].Text)
	}
	a, err := s.ActionByNumber(ctx, boss, "A-2026-001")
	ok(t, err)
	_, err = s.ChangeAction(ctx, store.As(lena.ID), a.Action.ID, store.ActionInput{State: store.ActionOpen, Person: organiser.ID, Due: a.Action.Due})
	ok(t, err)
	_, err = post.Compose(ctx)
	ok(t, err)
	for _, one := range letters(t, s.Hub, boss) {
		if one.Kind == store.EventActionMoved && one.Member == organiser.ID {
			contains(t, "letter", one.Text, "A-2026-001", "Tester <b>", "https://hub.example/actions/A-2026-001")
			return
		}
	}
	t.Error("nobody was told that the action moved")
}
