package frontend

import (
	"time"

	"belfry/locales"
)

// CSRFField is the name of the hidden field that carries Page.CSRF in every form.
const CSRFField = "csrf"

// Page is what every screen is given besides its own records. It holds no rules; it is built anew for each request and
// not changed afterwards.
type Page struct {
	Lang      *locales.Language
	Languages []*locales.Language // all there are, in the order of the menu
	Assets    *Assets
	Viewer    *Viewer // nil: signed out
	CSRF      string  // token for every form; "" writes no field
	Frame     *Frame  // keeps the parts that are the same on all of this reader's pages; nil keeps none
	Own       any     // what the reader has of their own, for the parts that OwnOf leaves open

	Title       string  // without the name of the site
	Section     Section // current tab of the navigation
	Path        string  // path and query of this page: where the language and theme switches return
	Theme       Theme
	Notices     []Notice       // once only, from the request before
	Now         time.Time      // by the reader's clock
	Zone        *time.Location // the reader's
	Demo        bool           // shows the ribbon that leads to signing in with one click
	Description string
	Feeds       []Feed
	Styles      []string // more stylesheets, by their names among the assets
}

// Local is an instant by the reader's clock. The day of a date without an hour stays what it is, in Europe.
func (p *Page) Local(at time.Time) time.Time {
	if p.Zone == nil {
		return at
	}
	return at.In(p.Zone)
}

// Viewer is the member who looks at the page, as the frame of the page needs them.
type Viewer struct {
	Name, Handle                 string
	TownName, TownSlug, TownCode string // TownSlug "" for somebody without a town
	Organiser, Steward, Admin    bool
	Unread                       string // how many threads and minutes are new, "" for none
}

// Section names a tab of the main navigation.
type Section string

// The sections there are so far.
const (
	NoSection   Section = ""
	Meetings    Section = "meetings"
	Discussions Section = "discussions"
	Chat        Section = "chat"
	Towns       Section = "towns"
	Apps        Section = "apps"
	Services    Section = "services"
)

// Theme is the colour scheme a person chose.
type Theme string

// The zero Theme follows the system.
const (
	SystemTheme Theme = ""
	LightTheme  Theme = "light"
	DarkTheme   Theme = "dark"
)

// Notice is a sentence about what just happened. An "ok" one passes by as a toast, the others stay in the page.
type Notice struct {
	Kind NoticeKind
	Text string
	Undo Undo
}

// Undo is a button that takes back what was just done: it posts do=Do to Action. The zero Undo is none.
type Undo struct {
	Action string `json:"a,omitempty"`
	Do     string `json:"d,omitempty"`
}

// NoticeKind decides the colour and the sign of a notice.
type NoticeKind string

// The zero NoticeKind informs.
const (
	Info NoticeKind = ""
	OK   NoticeKind = "ok"
	Wait NoticeKind = "wait"
	Bad  NoticeKind = "bad"
)

// Feed is an alternate form of the page that programs read.
type Feed struct{ Title, Href, Type string }

// T is a text in the language of the page.
func (p *Page) T(key string, args ...any) string { return p.Lang.T(key, args...) }

// Asset is the address of an embedded file.
func (p *Page) Asset(name string) string { return p.Assets.URL(name) }

// Toasts are the notices that pass by.
func (p *Page) Toasts() []Notice { return p.pick(true) }

// Standing are the notices that stay in the page, because something is left to do.
func (p *Page) Standing() []Notice { return p.pick(false) }

func (p *Page) pick(passing bool) []Notice {
	var chosen []Notice
	for _, notice := range p.Notices {
		if (notice.Kind == OK) == passing {
			chosen = append(chosen, notice)
		}
	}
	return chosen
}
