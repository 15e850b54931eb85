package parts

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/frontend"
	"belfry/locales"

	"github.com/a-h/templ"
)

const hostile = `"><script>alert(1)</script><img src=x onerror="x" style='y'>&amp; ` + "\u202e\x00"

func pages(t *testing.T) []*frontend.Page {
	t.Helper()
	assets, err := frontend.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []*frontend.Page
	for _, lang := range catalogue.Languages() {
		all = append(all, &frontend.Page{
			Lang: lang, Languages: catalogue.Languages(), Assets: assets, CSRF: "token" + hostile, Title: hostile,
			Section: frontend.Meetings, Path: "/meetings?q=" + hostile, Theme: frontend.DarkTheme, Demo: true,
			Viewer:  &frontend.Viewer{Name: hostile, Handle: hostile, TownName: hostile, TownSlug: hostile, TownCode: hostile, Admin: true},
			Notices: []frontend.Notice{{Kind: frontend.OK, Text: hostile}, {Kind: frontend.Bad, Text: hostile}, {Kind: frontend.Wait, Text: hostile}, {Text: hostile}},
			Now:     time.Date(2027, 3, 18, 9, 30, 0, 0, time.UTC), Description: hostile,
			Feeds: []frontend.Feed{{Title: hostile, Href: "javascript:alert(1)", Type: hostile}},
		})
	}
	return all
}

// everything is each part with hostile values in each of its fields.
func everything(p *frontend.Page) map[string]templ.Component {
	h, script := hostile, "javascript:alert(1)"
	button := Button{Label: h, Hidden: h, Icon: h, Kind: Danger, Name: h, Value: h, Small: true, Block: true}
	link := button
	link.Href = script
	field := Field{Name: h, Label: h, Hint: h, Error: h, Type: h, Value: h, Options: []Option{{h, h, h, h}}, Optional: true, Autocomplete: h, Inputmode: h, Min: h, Max: h, Step: h, Lang: h, List: h}
	area, choice, radio := field, field, field
	area.Type, choice.Type, radio.Type = "textarea", "select", "radio"
	say := templ.ComponentFunc(RowLink(p, script, h, h).Render)
	return map[string]templ.Component{
		"layout":         Layout(p, EmptyOf(p, Empty{Scene: SceneCalendar, Title: h, Text: h, Action: &link})),
		"icon":           Icon(p, h),
		"avatar":         Avatar(Person{Name: h}),
		"shield":         Shield(p, TownShield{Code: h}),
		"town":           Town(p, TownRef{Name: h, Slug: h, Code: h, Lang: h}),
		"unlinked town":  Town(p, TownRef{Name: h}),
		"wall":           WallOf(Wall{On: 31, Maybe: 7, Total: 48, Label: h}),
		"button":         ButtonOf(p, button),
		"link":           ButtonOf(p, link),
		"badge":          BadgeOf(p, Badge{Label: h, Kind: BadgeOK, Icon: h}),
		"field":          FieldOf(p, field),
		"textarea":       FieldOf(p, area),
		"select":         FieldOf(p, choice),
		"radio":          FieldOf(p, radio),
		"check":          CheckOf(Check{Name: h, Label: h, Hint: h, On: true}),
		"errors":         ErrorSummary(p, []Problem{{h, h}, {"", h}}),
		"crumbs":         Crumbs(p, []Crumb{{h, script}, {h, ""}}),
		"section head":   SectionHeadOf(SectionHead{ID: h, Title: h, LinkText: h, LinkTo: script}),
		"section note":   SectionHeadOf(SectionHead{ID: h, Title: h, Note: h, Thin: true}),
		"tabs":           Tabs(h, []Tab{{Label: h, Href: script, Count: 3, Counted: true, Current: true}}),
		"pager":          PagerOf(p, Pager{Summary: h, Links: PageLinks(5, 9, func(int) string { return script }), Previous: script, Next: script}),
		"row":            RowOf(Row{Lead: say, Title: say, Sub: say, End: say, New: true, Tight: true}),
		"time":           Time(p.Now, h),
		"date tile":      DateTileOf(p, DateTile{At: p.Now}),
		"big date tile":  DateTileOf(p, DateTile{At: p.Now, Large: true, Past: true, Off: true}),
		"steps":          Steps(p, h, []Step{{h, true, false}, {h, false, true}, {h, false, false}}),
		"rsvp":           RSVPOf(p, RSVP{ID: h, Action: script, Answer: "maybe", Question: true, Full: true, State: h, Waiting: true}),
		"inline rsvp":    RSVPOf(p, RSVP{ID: "r1", Action: "/x", Answer: "on_site", Inline: true, State: h, Meeting: h}),
		"closed rsvp":    RSVPOf(p, RSVP{ID: "r2", Closed: true, State: h}),
		"town search":    TownSearchOf(p, TownSearch{Field: field, CodeName: h, Code: h, Go: true}),
		"copy":           CopyOf(p, Copy{From: h}),
		"copy by name":   CopyOf(p, Copy{From: h, Label: h}),
		"preview":        PreviewOf(p, Preview{Source: h, Action: script}),
		"draft":          DraftOf(p, Draft{Key: h, Field: area}),
		"empty fog":      EmptyOf(p, Empty{Scene: SceneFog, Title: h}),
		"empty bell":     EmptyOf(p, Empty{Scene: SceneBell, Title: h}),
		"empty talk":     EmptyOf(p, Empty{Scene: SceneTalk, Title: h}),
		"the lost bell":  SceneLost(),
		"the torn ropes": SceneCut(),
	}
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	// What stands inside a quoted value is text; outside of quotes it is markup.
	quoted       = regexp.MustCompile(`"[^"]*"`)
	styleOrEvent = regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)\s*=`)
	inlineScript = regexp.MustCompile(`(?i)<script[^>]*>[^<]+`)
	liveLink     = regexp.MustCompile(`(?i)(href|action|src)="\s*javascript:`)
)

func TestNoPartLetsMarkupInOrMissesAText(t *testing.T) {
	for _, p := range pages(t) {
		for name, part := range everything(p) {
			html := render(t, part)
			if i := strings.Index(html, "⟦"); i >= 0 {
				t.Errorf("%s in %s misses %.60s", name, p.Lang.Tag(), html[i:])
			}
			if strings.Contains(html, "<script>") || strings.Contains(html, "<img") || inlineScript.MatchString(html) {
				t.Errorf("%s lets markup in:\n%s", name, html)
			}
			if found := styleOrEvent.FindString(quoted.ReplaceAllString(html, `""`)); found != "" {
				t.Errorf("%s has an inline style or handler: %s", name, found)
			}
			if liveLink.MatchString(html) {
				t.Errorf("%s links to a script:\n%s", name, html)
			}
		}
	}
}

func TestTheFrameServesVisitorsAndMembers(t *testing.T) {
	for _, p := range pages(t) {
		p.Title, p.Path, p.CSRF, p.Demo, p.Notices = "Liste", "/meetings?page=2", "abc", false, nil
		p.Viewer = &frontend.Viewer{Name: "Élise Delvaux", Handle: "elise", TownName: "Seneffe", TownSlug: "seneffe", TownCode: "BE-52063"}
		member := render(t, Layout(p, templ.NopComponent))
		p.Viewer.Steward = true
		steward := render(t, Layout(p, templ.NopComponent))
		p.Viewer = nil
		visitor := render(t, Layout(p, templ.NopComponent))

		for _, want := range []string{
			`<html lang="` + p.Lang.Tag() + `"`, `data-theme="dark"`, `<title>Liste – Belfry</title>`, `href="#contenu"`, `id="contenu"`, `id="toasts"`,
			`name="back" value="/meetings?page=2"`, `name="csrf" value="abc"`, `action="/language"`, `action="/theme"`, `aria-current="page"`,
			`value="nl" lang="nl"`, `>Nederlands<`,
		} {
			if !strings.Contains(member, want) || !strings.Contains(visitor, want) {
				t.Errorf("%s: the frame lacks %s", p.Lang.Tag(), want)
			}
		}
		for _, want := range []string{`action="/sign-out"`, `href="/people/elise"`, `href="/towns/seneffe"`, `href="/settings"`, `>ÉD<`} {
			if !strings.Contains(member, want) || strings.Contains(visitor, want) {
				t.Errorf("%s: %s should be there for members only", p.Lang.Tag(), want)
			}
		}
		if strings.Contains(member, `href="/admin"`) || !strings.Contains(steward, `href="/admin"`) {
			t.Errorf("%s: administration is not for stewards only", p.Lang.Tag())
		}
		if !strings.Contains(visitor, `href="/sign-in"`) || strings.Contains(member, `href="/sign-in"`) {
			t.Errorf("%s: signing in is not for visitors only", p.Lang.Tag())
		}
		if strings.Contains(visitor, `class="ribbon"`) {
			t.Errorf("%s: a real community looks like the demo", p.Lang.Tag())
		}
	}
}

func TestSignsFollowTheirRule(t *testing.T) {
	for name, want := range map[string]string{
		"Élise Delvaux": "ÉD", "jan van den Berg": "JB", "Madonna": "M", "  ": "?", "🙂": "?", "محمد علي": "مع", "Jean-Luc d’Aix": "JD", "": "?",
	} {
		if got := (Person{Name: name}).Initials(); got != want {
			t.Errorf("%q has initials %q, want %q", name, got, want)
		}
	}
	// Worked out apart from this program, by the rule of the design system.
	for code, want := range map[string][2]string{
		"BE-34022": {"band", "t1"},
		"BE-52063": {"roundel", "t2"},
		"FR-59350": {"bend", "t5"},
	} {
		if shield := (TownShield{Code: code}); shield.Partition() != want[0] || shield.Tincture() != want[1] {
			t.Errorf("%s is drawn as %s %s, want %v", code, shield.Partition(), shield.Tincture(), want)
		}
	}
	for name, want := range map[string]string{"Élise Delvaux": "1", "Thomas Lecocq": "0"} {
		if got := (Person{Name: name}).Hue(); got != want {
			t.Errorf("%s has tint %s, want %s", name, got, want)
		}
	}
}

func TestWallNeverOverflows(t *testing.T) {
	for _, test := range []struct {
		wall      Wall
		on, maybe string
	}{
		{Wall{On: 31, Maybe: 7, Total: 48}, "64.6", "79.2"},
		{Wall{On: 60, Maybe: 7, Total: 48}, "89.6", "100.0"},
		{Wall{}, "0", "0"},
		{Wall{On: 3}, "100.0", "100.0"},
		{Wall{Total: 10}, "0", "0"},
	} {
		if on, maybe := test.wall.width(test.wall.On), test.wall.width(test.wall.On+test.wall.Maybe); on != test.on || maybe != test.maybe {
			t.Errorf("%+v: %s and %s, want %s and %s", test.wall, on, maybe, test.on, test.maybe)
		}
	}
}

func TestFieldKeepsWhatWasTyped(t *testing.T) {
	p := pages(t)[0]
	area := render(t, FieldOf(p, Field{Name: "about", Label: "x", Type: "textarea", Value: "\n\n  a <b>\n", Error: "Trop long"}))
	if !strings.Contains(area, ">\n\n\n  a &lt;b&gt;\n</textarea>") {
		t.Errorf("the text changes: %q", area)
	}
	if !strings.Contains(area, `aria-describedby="about-error"`) || !strings.Contains(area, `aria-invalid="true"`) || !strings.Contains(area, `id="about-error"`) {
		t.Errorf("the error is not tied to its field: %s", area)
	}
	if secret := render(t, FieldOf(p, Field{Name: "p", Label: "x", Type: "password", Value: "hunter2"})); strings.Contains(secret, "hunter2") {
		t.Errorf("a password is sent back: %s", secret)
	}
	both := render(t, FieldOf(p, Field{Name: "n", ID: "n2", Label: "x", Hint: "h", Error: "e", Optional: true}))
	if !strings.Contains(both, `aria-describedby="n2-hint n2-error"`) || strings.Contains(both, "required") || !strings.Contains(both, `for="n2"`) {
		t.Errorf("hint, error and label do not belong together: %s", both)
	}
}

func TestPageLinksShowEndsAndNeighbours(t *testing.T) {
	for _, test := range []struct {
		current, last int
		want          string
	}{{1, 1, "[1]"}, {1, 3, "[1] 2 3"}, {5, 9, "1 … 4 [5] 6 … 9"}, {2, 9, "1 [2] 3 … 9"}, {9, 9, "1 … 8 [9]"}} {
		var got []string
		for _, link := range PageLinks(test.current, test.last, func(int) string { return "/" }) {
			switch {
			case link.Gap:
				got = append(got, "…")
			case link.Current:
				got = append(got, "["+link.text()+"]")
			default:
				got = append(got, link.text())
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("page %d of %d: %v, want %s", test.current, test.last, got, test.want)
		}
	}
}

// TestNothingIsToBeCorrectedWhenNoFieldIsWrong refuses a form for what nobody can correct in it, as a full disk, and counts
// nothing; of a wrong field it says so.
func TestNothingIsToBeCorrectedWhenNoFieldIsWrong(t *testing.T) {
	const whole, field = "Le disque est plein.", "Ce titre est trop long."
	for _, p := range pages(t) {
		for _, one := range []struct {
			problems []Problem
			counts   int
		}{{[]Problem{{"", whole}}, 0}, {[]Problem{{"title", field}, {"", whole}}, 1}} {
			var b strings.Builder
			if err := ErrorSummary(p, one.problems).Render(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			title := p.Lang.N("part.errors.title", 1)
			if got := strings.Count(b.String(), title); got != one.counts || !strings.Contains(b.String(), whole) || strings.Count(b.String(), "notice__title") != one.counts {
				t.Errorf("%s: %d times %q in %s", p.Lang.Tag(), got, title, b.String())
			}
		}
	}
}
