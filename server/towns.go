package server

import (
	"slices"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/frontend/parts"
	"belfry/frontend/townmap"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

const townsPerPage = 30

// towns is the directory: what the address asks for, as a map and as a list.
func (s *Server) towns(c *fiber.Ctx) error {
	ctx, v := c.UserContext(), visitOf(c)
	page := pages.TownsPage{Form: queried(c, "q", "state", "country", "region", "area", "lang", "size", "app", "offers", "needs", "free", "sort")}
	f := page.Form
	if len(f.Value("q")) > 200 {
		f.Values["q"] = ""
	}
	q := store.TownQuery{Text: f.Value("q"), State: store.TownState(f.Value("state")), Country: f.Value("country"), Region: f.Value("region"), Area: f.Value("area"), Language: f.Value("lang"),
		Size: store.TownSize(f.Value("size")), Teaches: f.Value("offers"), Needs: f.Value("needs"), Free: f.On("free"), Largest: f.Value("sort") == "population",
		Lang: v.lang.Tag(), After: c.Query("after"), Limit: townsPerPage}
	var near bool
	if page.View, near = townmap.ParseView(c.Query("at")); near {
		q.Within = page.View.Shows
	}
	var err error
	if slug := f.Value("app"); slug != "" {
		app, _, err := s.Store.AppBySlug(ctx, slug)
		if err != nil {
			return err
		}
		q.App, f.Values["app"] = app.ID, app.Slug
	}
	if page.List, err = s.Store.Towns(ctx, q); err != nil {
		return err
	}
	for _, name := range []string{"offers", "needs"} { // a merged skill is shown as what it became
		if skill, ok := page.List.Skills[f.Value(name)]; ok {
			f.Values[name] = skill.ID
		}
	}
	if page.Apps, err = s.Store.AppNames(ctx); err != nil {
		return err
	}
	page.Apps = slices.DeleteFunc(page.Apps, func(a store.App) bool { return !slices.Contains(page.List.Choices.Apps, a.ID) })
	page.Regions, page.Areas = s.areaOptions(c, page.List.Choices.Regions), s.areaOptions(c, page.List.Choices.Areas)
	s.drawTowns(c, &page)
	p := s.page(c, v.lang.T("towns.title"))
	p.Section = frontend.Towns
	return s.render(c, p, pages.Towns(p, page))
}

// areaOptions names regions, provinces and departments in the reader's language, in the order of their names.
func (s *Server) areaOptions(c *fiber.Ctx, codes []string) []parts.Option {
	lang := visitOf(c).lang
	var options []parts.Option
	for _, code := range codes {
		options = append(options, parts.Option{Value: code, Label: s.Store.Gazetteer().AreaName(code, lang.Tag())})
	}
	slices.SortFunc(options, func(a, b parts.Option) int { return strings.Compare(a.Label, b.Label) })
	return append([]parts.Option{{Label: lang.T("towns.any")}}, options...)
}

// drawTowns puts the towns of the page on the map.
func (s *Server) drawTowns(c *fiber.Ctx, page *pages.TownsPage) {
	v, now := visitOf(c), s.Store.Now()
	points := make([]townmap.Point, 0, len(page.List.Found))
	for _, town := range page.List.Found {
		helps := town.Helps(now)
		if helps {
			page.Helps++
		}
		if town.Lat != 0 || town.Lon != 0 {
			points = append(points, townmap.Point{Name: town.NameIn(v.lang.Tag()), Href: "/towns/" + town.Slug, Lat: town.Lat, Lon: town.Lon, Population: town.Population,
				Mentor: helps, Mine: town.ID == v.member.TownID()})
		}
	}
	if page.View.Zoom == 0 {
		page.View = townmap.View{Window: townmap.Fit(points)}
		page.Hidden = len(page.List.Found) - len(points) + s.Map.In(page.View.Window).Outside(points)
	}
	m := s.Map.With(townmap.Words{Member: v.lang.T("map.member"), Mentor: v.lang.T("map.mentor"), Mine: v.lang.T("map.mine")})
	page.Map = m.Chart(page.View, townmap.ChartWords{Title: v.lang.T("home.map"), List: "#list",
		Where: func(to townmap.View) string { return pages.TownsHref(page.Form, to.String(), "") + "#map" },
		Group: func(names []string, n int) string {
			return v.lang.T("map.group", "Names", strings.Join(names, ", "), "N", n)
		}}, points)
}
