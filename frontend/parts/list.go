package parts

import (
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// Crumb is one step of the way to a page; the last has no Href.
type Crumb struct{ Label, Href string }

// DateTile is the day of a meeting as on a calendar leaf. The full date must stand beside it.
type DateTile struct {
	At    time.Time // in the zone of the meeting
	Large bool
	Past  bool
	Off   bool // cancelled
}

func (d DateTile) class() string {
	class := "datetile gable"
	if d.Large {
		class += " datetile--lg"
	}
	if d.Past {
		class += " datetile--past"
	}
	if d.Off {
		class += " datetile--off"
	}
	return class
}

// SectionHead is the heavy rule above a part of a page.
type SectionHead struct {
	ID, Title        string
	Note             string // instead of a link
	LinkText, LinkTo string
	Thin             bool
}

func (s SectionHead) class() string {
	if s.Thin {
		return "sec sec--thin"
	}
	return "sec"
}

// Tab is a link to a real page, with the number of things on it when Counted.
type Tab struct {
	Label, Href string
	Count       int
	Counted     bool
	Current     bool
}

// Pager leads through a long list. Links are the numbered pages; lists that are read by cursor have none.
type Pager struct {
	Summary        string // "1 to 9 of 1 248"
	Links          []PageLink
	Previous, Next string // addresses; "" when there is none
}

// PageLink is one number of a pager, or with Gap the dots between two.
type PageLink struct {
	Number  int
	Href    string
	Current bool
	Gap     bool
}

// PageLinks lists the first and last page and the neighbours of the current one.
func PageLinks(current, last int, href func(page int) string) []PageLink {
	var links []PageLink
	for n := 1; n <= last; n++ {
		near := n >= current-1 && n <= current+1
		if n == 1 || n == last || near {
			links = append(links, PageLink{Number: n, Href: href(n), Current: n == current})
		} else if len(links) > 0 && !links[len(links)-1].Gap {
			links = append(links, PageLink{Gap: true})
		}
	}
	return links
}

func (l PageLink) text() string { return strconv.Itoa(l.Number) }

// Row is one entry of a list: something to recognise it by, a title, what stands below, what stands at the end.
type Row struct {
	Lead, Title, Sub, End templ.Component // all but Title may be nil
	New                   bool            // say so in words too
	Tight                 bool
}

func (r Row) class() string {
	class := "row"
	if r.Tight {
		class += " row--tight"
	}
	if r.New {
		class += " row--new"
	}
	return class
}

// Scene is a small drawing for an empty place.
type Scene string

// The scenes there are.
const (
	SceneCalendar Scene = "calendar" // nothing planned yet
	SceneBell     Scene = "bell"     // all is done
	SceneFog      Scene = "fog"      // nothing found
	SceneTalk     Scene = "talk"     // nothing said yet
)

// Empty says that a list has nothing in it: a fact, a sentence that helps, at most one action.
type Empty struct {
	Scene       Scene
	Title, Text string
	Action      *Button
}

// Step is one stage of something done in several pages.
type Step struct {
	Label         string
	Done, Current bool
}

func stepAttr(step Step) templ.Attributes {
	switch {
	case step.Current:
		return templ.Attributes{"aria-current": "step"}
	case step.Done:
		return templ.Attributes{"class": "is-done"}
	}
	return nil
}
