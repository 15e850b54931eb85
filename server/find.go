package server

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"belfry/frontend/pages"
	"belfry/locales"
	"belfry/server/search"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

const (
	resultsPage    = 20
	suggestions    = 8
	excerptInFound = 260 // characters
)

// findQuery reads what somebody looks for from the address.
func (s *Server) findQuery(c *fiber.Ctx, v *pages.SearchPage) (search.Query, error) {
	v.Form = queried(c, "q", "kind", "category", "town", "person", "lang", "from", "to", "solved", "room")
	q := search.Query{Words: v.Form.Value("q"), Kind: v.Form.Value("kind"), Lang: v.Form.Value("lang"), Solved: v.Form.Value("solved"),
		Members: visitOf(c).signedIn(), Now: s.Store.Now(), Limit: resultsPage}
	f, err := s.filters(c, &v.Form)
	if err != nil {
		return q, err
	}
	v.Town, v.Person, q.Town, q.Person = f.town, f.person, f.town.ID, f.person.ID
	if v.Categories, err = s.Store.Categories(c.UserContext(), by(c)); err != nil {
		return q, err
	}
	all, err := s.Store.Categories(c.UserContext(), store.System())
	if err != nil {
		return q, err
	}
	seen := map[string]bool{}
	for _, shelf := range v.Categories {
		if seen[shelf.ID] = true; shelf.Slug == v.Form.Value("category") {
			q.Category = shelf.ID
		}
	}
	if q.Category == "" && v.Form.Value("category") != "" {
		q.Category = "none" // as of one that is empty: who may not know of it learns nothing
	}
	for _, shelf := range all {
		if !seen[shelf.ID] {
			q.Without = append(q.Without, shelf.ID)
		}
	}
	if err := s.findRooms(c, v, &q); err != nil {
		return q, err
	}
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		day := v.Form.Value(name)
		if day == "" {
			continue
		}
		if *at, err = time.ParseInLocation(time.DateOnly, day, s.zone(visitOf(c))); err != nil {
			v.Form.Problems[name], err = visitOf(c).lang.T("unread.bad_day"), nil
		} else if name == "to" {
			*at = at.AddDate(0, 0, 1)
		}
	}
	return q, err
}

// findRooms names the private rooms the reader is in, and narrows to one room.
func (s *Server) findRooms(c *fiber.Ctx, v *pages.SearchPage, q *search.Query) error {
	var err error
	if visitOf(c).signedIn() {
		if q.Rooms, err = s.Store.PrivateRooms(c.UserContext(), by(c)); err != nil {
			return err
		}
	}
	slug := v.Form.Value("room")
	if slug == "" {
		return nil
	}
	room, err := s.Store.RoomBySlug(c.UserContext(), by(c), slug)
	if store.KindOf(err) == store.NotFound {
		q.Category = "none" // as of one that is empty
		return nil
	}
	q.Category, q.Kind = room.ID, "message"
	v.Room, v.RoomTitle = room.Slug, roomTitle(visitOf(c).lang, room)
	return err
}

// find looks for records by their words.
func (s *Server) find(c *fiber.Ctx) error {
	v := pages.SearchPage{Building: s.Search == nil || s.Search.Building()}
	if v.Building && s.Search != nil {
		v.Done, v.All = s.Search.Progress()
	}
	q, err := s.findQuery(c, &v)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(c.Query("page", "1"))
	n = min(max(n, 1), 50)
	q.Offset = (n - 1) * resultsPage
	v.Page = n
	if s.Search != nil && len(v.Form.Problems) == 0 {
		if err := s.results(c, q, &v, true); err != nil {
			return err
		}
	}
	title := visitOf(c).lang.T("search.title")
	if q.Words != "" {
		title = q.Words + " – " + title
	}
	return s.render(c, s.page(c, title), pages.Search(s.page(c, title), v))
}

// results reads what was found again from the store, as the reader may see it, and marks the words.
func (s *Server) results(c *fiber.Ctx, q search.Query, v *pages.SearchPage, excerpts bool) error {
	found, err := s.Search.Search(c.UserContext(), q)
	if err != nil {
		return err
	}
	documents, err := s.Store.Searchable(c.UserContext(), by(c), found.Records)
	if err != nil {
		return err
	}
	v.Total, v.Loose, v.Recent = found.Total, found.Loose, found.Recent
	marker := s.Search.Highlighter(q.Words)
	for _, record := range found.Records {
		d, ok := documents[record]
		if !ok { // gone, or hidden, since it was indexed
			v.Total--
			continue
		}
		one := pages.SearchResult{Document: d, Title: marked(marker.Mark(titleOf(visitOf(c).lang, d), d.Lang, 200)), Lang: d.Lang}
		if excerpts && d.Kind != "town" {
			excerpt(&one, marker, q.Lang)
		}
		v.Results = append(v.Results, one)
	}
	v.Pages = min((v.Total+resultsPage-1)/resultsPage, 50)
	return nil
}

// excerpt shows what was found of a text: of a translation when it is there and not in the original, or when its language was
// asked for.
func excerpt(one *pages.SearchResult, marker search.Highlighter, lang string) {
	d := one.Document
	found := marker.Mark(plain(d.Text), d.Lang, excerptInFound)
	for _, tr := range d.Translations {
		if search.HasHit(found) && tr.Lang != lang || one.Translated {
			break
		}
		if other := marker.Mark(plain(tr.Source), tr.Lang, excerptInFound); search.HasHit(other) || tr.Lang == lang {
			found, one.Lang, one.Translated = other, tr.Lang, true
		}
	}
	one.Text = marked(found)
}

// The signs of Markdown that are in the way of reading an excerpt. What is left is shown as text, whatever it is.
var (
	linkSigns  = regexp.MustCompile(`!?\[([^\]\n]*)\]\([^)\s]*\)`)
	lineStart  = regexp.MustCompile("(?m)^[ \t]*(?:#{1,6} |(?:> ?)+|[-*+] (?:\\[[ xX]\\] )?|[0-9]{1,3}[.)] |```.*$|[|:\\- \t]+$)")
	manySpaces = regexp.MustCompile(`[ \t\r\n]+`) // not those that keep words together
	otherSigns = strings.NewReplacer("**", "", "__", "", "`", "", " | ", " ")
)

func plain(source string) string {
	text := otherSigns.Replace(linkSigns.ReplaceAllString(lineStart.ReplaceAllString(source, ""), "$1"))
	return strings.TrimSpace(manySpaces.ReplaceAllString(text, " "))
}

func titleOf(lang *locales.Language, d store.SearchDocument) string {
	switch d.Kind {
	case "message":
		return roomTitle(lang, d.Room)
	case "post":
		return d.Thread.Title
	case "decision", "action":
		return d.Number + " " + d.Title
	}
	return d.Title
}

func marked(pieces []search.Piece) []pages.FoundPiece {
	all := make([]pages.FoundPiece, len(pieces))
	for i, p := range pieces {
		all[i] = pages.FoundPiece{Text: p.Text, Hit: p.Hit}
	}
	return all
}

// suggest answers what is typed with the first results, for the box in the head of a page.
func (s *Server) suggest(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	var v pages.SearchPage
	q, err := s.findQuery(c, &v)
	if err != nil {
		return err
	}
	list := []fiber.Map{}
	if q.Limit = suggestions; s.Search != nil && q.Words != "" {
		if err := s.results(c, q, &v, false); err != nil {
			return err
		}
	}
	lang := visitOf(c).lang
	for _, one := range v.Results {
		list = append(list, fiber.Map{"name": titleOf(lang, one.Document), "lang": one.Document.Lang, "area": lang.T("search.kind." + one.Document.Kind), "href": pages.FoundHref(one.Document)})
	}
	return c.JSON(list)
}
