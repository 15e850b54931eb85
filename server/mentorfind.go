package server

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/frontend/townmap"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// mentorSearch is what somebody who looks for a mentor has answered so far. It is kept in their browser, in a signed cookie:
// nobody has to be known before the request is sent, and one can leave and come back.
type mentorSearch struct {
	Need store.MentorNeed `json:"n"`
	Code string           `json:"c,omitempty"` // of the gazetteer; members look for their own town
	Done int              `json:"d,omitempty"` // steps that were answered
}

const (
	searchLife   = 30 * 24 * time.Hour
	firstMentors = 5
	allMentors   = 30

	mentorsElsewhere = 6 // of sister communities

	maxSearchBytes = 3900 // browsers keep a cookie of 4096
)

// keepSearch writes the answers into the browser.
func (s *Server) keepSearch(c *fiber.Ctx, search mentorSearch) error {
	body, err := json.Marshal(search)
	if err != nil {
		return err
	}
	value := base64.RawURLEncoding.EncodeToString(append(s.sign(body), body...))
	if len(value) > maxSearchBytes {
		return fiber.ErrRequestEntityTooLarge
	}
	s.setCookie(c, mentorCookie, value, searchLife)
	return nil
}

func (s *Server) forgetSearch(c *fiber.Ctx) { s.setCookie(c, mentorCookie, "", -1) }

// searchOf reads the answers of the browser; what was changed by hand counts for nothing.
func (s *Server) searchOf(c *fiber.Ctx) mentorSearch {
	fresh := mentorSearch{Need: store.MentorNeed{Speaks: []string{visitOf(c).lang.Tag()}, Near: 50}}
	raw, err := base64.RawURLEncoding.DecodeString(s.cookie(c, mentorCookie))
	if err != nil || len(raw) < 18 || !hmac.Equal(raw[:16], s.sign(raw[16:])) {
		return fresh
	}
	var search mentorSearch
	if json.Unmarshal(raw[16:], &search) != nil {
		return fresh
	}
	return search
}

// ownTown is the town of a member, "" for others.
func ownTown(c *fiber.Ctx) string { return visitOf(c).member.TownID() }

// findMentor shows a step: the one asked for, else the first without an answer.
func (s *Server) findMentor(c *fiber.Ctx) error {
	search := s.searchOf(c)
	step, _ := strconv.Atoi(c.Query("step"))
	if step < 1 || step > search.Done+1 {
		step = search.Done + 1
	}
	if step >= 3 && ownTown(c) != "" {
		step = 4
	}
	if step > 3 {
		return s.foundMentors(c, search)
	}
	return s.showFind(c, nil, step, search, nil)
}

func (s *Server) showFind(c *fiber.Ctx, err error, step int, search mentorSearch, screen *pages.FindMentor) error {
	lang := visitOf(c).lang
	if screen == nil {
		n := search.Need
		screen = &pages.FindMentor{Form: frontend.Form{Values: map[string]string{"apps": strings.Join(n.Apps, " "), "skills": strings.Join(n.Skills, " "),
			"hosting": string(n.Hosting), "staff": string(n.Staff), "budget": string(n.Budget), "speaks": strings.Join(n.Speaks, " "), "near": strconv.Itoa(n.Near), "note": n.Note}}}
		if real, ok := s.Store.Gazetteer().Town(search.Code); ok {
			screen.Form.Values["town"], screen.Form.Values["town_code"] = real.NameIn(lang.Tag()), real.Code
		}
	}
	screen.Step = step
	if step == 1 {
		list, missing := s.Store.Apps(c.UserContext(), store.AppQuery{Limit: appsToChoose}) // those that most towns run, with their counts
		if missing != nil {
			return missing
		}
		screen.Apps = nil
		for _, row := range list.Rows {
			screen.Apps = append(screen.Apps, row.App)
		}
		if screen.Skills, missing = s.Store.Skills(c.UserContext(), lang.Tag()); missing != nil {
			return missing
		}
	}
	p := s.page(c, lang.T("mentor.find"))
	p.Section = frontend.Towns
	return s.renderStatus(c, statusOr200(err), p, pages.FindMentorStep(p, *screen))
}

// appsToChoose is how many applications the first step offers: those that run in most towns.
const appsToChoose = 12

// postFindMentor keeps the answers of one step and leads to the next.
func (s *Server) postFindMentor(c *fiber.Ctx) error {
	search := s.searchOf(c)
	step := min(max(1, number(c, "step", 1)), 3)
	n := &search.Need
	screen := &pages.FindMentor{}
	var err error
	switch step {
	case 1:
		n.Apps, n.Skills, n.Hosting = several(c, "apps"), several(c, "skills"), store.Hosting(c.FormValue("hosting"))
		err = n.Check("apps", "skills", "hosting")
	case 2:
		n.Staff, n.Budget, n.Speaks, n.Near, n.Note = store.Staff(c.FormValue("staff")), store.Budget(c.FormValue("budget")), several(c, "speaks"), number(c, "near", 0), c.FormValue("note")
		err = n.Check("staff", "budget", "speaks", "near", "note")
	default:
		search.Code, screen.Found = s.pickTown(c)
	}
	if step == 3 && search.Code == "" {
		screen.Form, screen.Asked = s.typed(c, nil, "town", "town_code"), strings.TrimSpace(c.FormValue("town")) != ""
		key := "member.town_missing"
		if len(screen.Found) > 1 {
			key = "join.town_which"
		} else if screen.Asked {
			key = "join.town_none"
		}
		screen.Form.Problems = map[string]string{"town": visitOf(c).lang.T(key)}
		return s.showFind(c, &store.Error{Kind: store.Invalid}, step, search, screen)
	}
	if err != nil {
		if !mayTypeAgain(err) {
			return err
		}
		screen.Form = s.typed(c, err, "hosting", "staff", "budget", "near", "note")
		for name, values := range map[string][]string{"apps": n.Apps, "skills": n.Skills, "speaks": n.Speaks} {
			screen.Form.Values[name] = strings.Join(values, " ")
		}
		return s.showFind(c, err, step, search, screen)
	}
	search.Done = max(search.Done, step)
	if err := s.keepSearch(c, search); err != nil {
		return err
	}
	return s.to(c, "/mentors/find?step="+strconv.Itoa(step+1))
}

// wishOf is who looks for what; ok is false while the town is not known.
func (s *Server) wishOf(c *fiber.Ctx, search mentorSearch) (w store.Wish, ok bool, err error) {
	w.Need = search.Need
	if id := ownTown(c); id != "" {
		w.Town, err = s.Store.TownByID(c.UserContext(), id)
		return w, err == nil, err
	}
	real, ok := s.Store.Gazetteer().Town(search.Code)
	if !ok {
		return w, false, nil
	}
	w.Town, err = s.Store.TownByCode(c.UserContext(), real.Code)
	if store.KindOf(err) == store.NotFound || err == nil && w.Town.State == store.TownJoining {
		w.Town, err = store.Town{Code: real.Code, Name: real.Name, Names: map[string]string{"fr": real.NameFR, "nl": real.NameNL, "de": real.NameDE},
			Country: real.Country, Area: real.Area, Languages: real.Languages, Population: real.Population, Lat: real.Lat, Lon: real.Lon}, nil
	}
	return w, err == nil, err
}

// foundMentors shows who can help.
func (s *Server) foundMentors(c *fiber.Ctx, search mentorSearch) error {
	wish, ok, err := s.wishOf(c, search)
	if err != nil {
		return err
	}
	if !ok || search.Done < 2 {
		return s.to(c, "/mentors/find?step="+strconv.Itoa(min(search.Done+1, 3)))
	}
	screen := pages.FoundMentors{Town: wish.Town, All: c.Query("all") == "1"}
	limit := firstMentors
	if screen.All {
		limit = allMentors
	}
	if screen.Search, err = s.Store.FindMentors(c.UserContext(), wish, limit); err != nil {
		return err
	}
	if screen.Elsewhere, err = s.Store.SisterOffers(c.UserContext(), wish.Need.Speaks, mentorsElsewhere); err != nil {
		return err
	}
	screen.Map = s.mentorMap(c, screen)
	p := s.page(c, visitOf(c).lang.T("mentor.find"))
	p.Section = frontend.Towns
	return s.render(c, p, pages.FoundMentorsPage(p, screen))
}

// mentorMap shows where the proposed towns are, and the one that looks.
func (s *Server) mentorMap(c *fiber.Ctx, v pages.FoundMentors) string {
	lang := visitOf(c).lang
	var points []townmap.Point
	for _, one := range v.Search.Best {
		if one.Km >= 0 {
			points = append(points, townmap.Point{Name: one.Town.NameIn(lang.Tag()), Href: "/towns/" + one.Town.Slug, Lat: one.Town.Lat, Lon: one.Town.Lon, Population: one.Town.Population, Mentor: true})
		}
	}
	if len(points) == 0 {
		return ""
	}
	points = append(points, townmap.Point{Name: v.Town.NameIn(lang.Tag()), Lat: v.Town.Lat, Lon: v.Town.Lon, Population: v.Town.Population, Mine: true})
	words := townmap.Words{Mentor: lang.T("mentor.map_mentor"), Mine: lang.T("map.mine"), List: "#found"}
	return s.Map.In(townmap.Fit(points)).With(words).SVG(lang.T("mentor.map"), points)
}

// askMentor is the page on which a request is written.
func (s *Server) askMentor(c *fiber.Ctx) error {
	return s.showAsk(c, nil, frontend.Form{Values: map[string]string{"lang": visitOf(c).lang.Tag()}})
}

func (s *Server) showAsk(c *fiber.Ctx, err error, form frontend.Form) error {
	page, missing := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if missing != nil {
		return missing
	}
	search := s.searchOf(c)
	wish, ok, missing := s.wishOf(c, search)
	if missing != nil {
		return missing
	}
	if !ok {
		return s.to(c, "/mentors/find")
	}
	wish.Only = page.Town.ID
	found, missing := s.Store.FindMentors(c.UserContext(), wish, 1)
	if missing != nil {
		return missing
	}
	screen := pages.AskMentor{Search: found, To: page.Town, Town: wish.Town, Form: form, Joins: !visitOf(c).signedIn(), Answered: search.Done}
	if len(found.Best) == 0 {
		if err == nil {
			s.say(c, frontend.Wait, "mentor.said.cannot", "Town", page.Town.NameIn(visitOf(c).lang.Tag()))
			return s.to(c, "/mentors/find?step=4")
		}
		wish.Only = "" // the letter is written: it may go to another
		if screen.Search, missing = s.Store.FindMentors(c.UserContext(), wish, firstMentors); missing != nil {
			return missing
		}
		screen.Elsewhere = true
	}
	p := s.page(c, visitOf(c).lang.T("mentor.find"))
	p.Section = frontend.Towns
	return s.renderStatus(c, statusOr200(err), p, pages.AskMentorPage(p, screen))
}

// postAskMentor sends the request. Who is nobody's member yet joins with it: it is sent when the address is confirmed.
func (s *Server) postAskMentor(c *fiber.Ctx) error {
	search := s.searchOf(c)
	page, err := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	in := store.RequestInput{Need: search.Need, Town: page.Town.ID, Message: c.FormValue("message"), Lang: c.FormValue("lang", visitOf(c).lang.Tag())}
	if visitOf(c).signedIn() {
		q, err := s.Store.AskMentor(c.UserContext(), by(c), in)
		switch {
		case err == nil:
			s.forgetSearch(c)
			return s.done(c, "/mentors/requests/"+q.ID, "mentor.said.sent")
		case mayTypeAgain(err):
			return s.showAsk(c, err, s.typed(c, err, "message", "lang"))
		}
		return err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	join := store.JoinInput{TownCode: search.Code, Name: c.FormValue("name"), Email: c.FormValue("email"), Language: visitOf(c).lang.Tag(), From: s.client(c),
		Nonce: hex.EncodeToString(nonce), Mentor: &in}
	switch err := s.Store.Join(c.UserContext(), join); {
	case err == nil:
		s.setCookie(c, nonceCookie, join.Nonce, 72*time.Hour)
		return s.to(c, "/sign-in/code?join=1&email="+queryEscape(join.Email))
	case mayTypeAgain(err):
		return s.showAsk(c, err, s.typed(c, err, "message", "lang", "name", "email"))
	default:
		return err
	}
}
