package server

import (
	"belfry/frontend/pages"
	"belfry/frontend/townmap"
	"belfry/locales"
	"belfry/store"
	"belfry/store/gazetteer"

	"github.com/gofiber/fiber/v2"
)

// home is the start page: for visitors what this is, for members what calls them now.
func (s *Server) home(c *fiber.Ctx) error {
	ctx, v := c.UserContext(), visitOf(c)
	rows, err := s.Store.Upcoming(ctx, by(c), 5)
	if err != nil {
		return err
	}
	news, err := s.Store.LatestMinutes(ctx, 3)
	if err != nil {
		return err
	}
	screen := pages.HomePage{News: news}
	for i, row := range rows {
		if row.Meeting.Open(s.Store.Now()) {
			screen.Next, screen.Later = &rows[i], append(append([]store.MeetingRow{}, rows[:i]...), rows[i+1:]...)
			break
		}
	}
	p := s.page(c, "")
	p.Description = v.lang.T("home.hero.text")
	if !v.signedIn() {
		if screen.Numbers, err = s.Store.Numbers(ctx); err != nil {
			return err
		}
		if screen.Map, err = s.townsMap(c); err != nil {
			return err
		}
		return s.render(c, p, pages.VisitorHome(p, screen))
	}
	if id := v.member.TownID(); id != "" {
		if screen.Town, err = s.Store.TownByID(ctx, id); err != nil {
			return err
		}
	}
	if err := s.homeActions(c, &screen); err != nil {
		return err
	}
	if screen.Care = v.member.May(store.Organise); screen.Care {
		care, err := s.Store.Care(ctx, by(c))
		if err != nil {
			return err
		}
		screen.Waiting = len(care.Joining) + len(care.People)
	}
	return s.render(c, p, pages.MemberHome(p, screen))
}

// homeActions are what the reader promised, and what their town promised without naming anybody.
func (s *Server) homeActions(c *fiber.Ctx, screen *pages.HomePage) error {
	mine, err := s.Store.Actions(c.UserContext(), by(c), store.ActionQuery{Person: visitOf(c).member.ID, Limit: actionsAtHome})
	if err != nil {
		return err
	}
	screen.Mine = mine.Rows
	if screen.Town.ID == "" {
		return nil
	}
	ours, err := s.Store.Actions(c.UserContext(), by(c), store.ActionQuery{Town: screen.Town.ID, Unassigned: true, Limit: actionsAtHome})
	screen.Ours = ours.Rows
	return err
}

// actionsAtHome is how many actions of each kind the start page shows.
const actionsAtHome = 5

// townsMap draws the member towns, the reader's own marked.
func (s *Server) townsMap(c *fiber.Ctx) (string, error) {
	all, err := s.Store.AllTowns(c.UserContext())
	if err != nil {
		return "", err
	}
	v := visitOf(c)
	mine := func(town store.Town) bool { return town.ID == v.member.TownID() }
	return s.draw(v.lang, all, mine, townmap.Words{Mine: v.lang.T("map.mine")}), nil
}

// townMap draws one town, if it is a member and somewhere.
func (s *Server) townMap(c *fiber.Ctx, town store.Town) string {
	if town.State != store.TownMember || town.Lat == 0 && town.Lon == 0 {
		return ""
	}
	return s.draw(visitOf(c).lang, []store.Town{town}, func(store.Town) bool { return true }, townmap.Words{})
}

// draw puts towns on the map; words has what is said of those that are mine.
func (s *Server) draw(lang *locales.Language, towns []store.Town, mine func(store.Town) bool, words townmap.Words) string {
	var points []townmap.Point
	for _, town := range towns {
		if town.Lat == 0 && town.Lon == 0 {
			continue
		}
		points = append(points, townmap.Point{Name: town.NameIn(lang.Tag()), Href: "/towns/" + town.Slug, Lat: town.Lat, Lon: town.Lon, Population: town.Population, Mine: mine(town)})
	}
	words.Member, words.List = lang.T("map.member"), "/towns"
	return s.Map.In(townmap.Fit(points)).With(words).SVG(lang.T("home.map"), points)
}

// about says what this is and where its data comes from.
func (s *Server) about(c *fiber.Ctx) error {
	p := s.page(c, visitOf(c).lang.T("about.title"))
	return s.render(c, p, pages.About(p, pages.AboutPage{Attribution: gazetteer.Attribution, Version: s.Version}))
}

// setLanguage keeps the reader's language and returns to the same page.
func (s *Server) setLanguage(c *fiber.Ctx) error {
	lang, ok := s.Catalogue.Language(c.FormValue("to"))
	if !ok {
		return fiber.ErrBadRequest
	}
	if v := visitOf(c); v.signedIn() {
		if err := s.Store.SetLanguage(c.UserContext(), by(c), lang.Tag()); err != nil {
			return err
		}
	}
	s.setCookie(c, languageCookie, lang.Tag(), year)
	return s.to(c, backOf(c))
}

// setTheme keeps the reader's theme and returns to the same page.
func (s *Server) setTheme(c *fiber.Ctx) error {
	theme := c.FormValue("to")
	if theme != "" && theme != "light" && theme != "dark" {
		return fiber.ErrBadRequest
	}
	if v := visitOf(c); v.signedIn() {
		if err := s.Store.SetTheme(c.UserContext(), by(c), theme); err != nil {
			return err
		}
	}
	s.setCookie(c, themeCookie, theme, year)
	return s.to(c, backOf(c))
}
