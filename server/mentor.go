package server

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// mentors is the page about mentoring.
func (s *Server) mentors(c *fiber.Ctx) error {
	page, err := s.Store.Mentoring(c.UserContext(), by(c))
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("mentor.title"))
	p.Section = frontend.Towns
	p.Feeds = []frontend.Feed{{Title: visitOf(c).lang.T("mentor.feed.title"), Href: "/mentors.atom", Type: atomType}}
	return s.render(c, p, pages.Mentors(p, page))
}

// weights says how mentors are ranked.
func (s *Server) weights(c *fiber.Ctx) error { return s.showWeights(c, nil, nil) }

func (s *Server) showWeights(c *fiber.Ctx, err error, form *frontend.Form) error {
	rule, who, missing := s.Store.MentorRule(c.UserContext())
	if missing != nil {
		return missing
	}
	screen := pages.WeightsPage{Rule: rule, By: who, Change: visitOf(c).member.May(store.Steward)}
	if form != nil {
		screen.Form = *form
	} else {
		screen.Form.Values = map[string]string{}
		for _, one := range store.Criteria() {
			screen.Form.Values[string(one)] = strconv.Itoa(rule.Weights[one])
		}
	}
	p := s.page(c, visitOf(c).lang.T("mentor.weights"))
	p.Section = frontend.Towns
	if err == nil {
		return s.render(c, p, pages.Weights(p, screen))
	}
	return s.renderStatus(c, statusOf(err), p, pages.Weights(p, screen))
}

// postWeights changes how much each criterion counts.
func (s *Server) postWeights(c *fiber.Ctx) error {
	weights := store.Weights{}
	var fields []string
	for _, one := range store.Criteria() {
		weights[one] = number(c, string(one), 0)
		fields = append(fields, string(one))
	}
	switch err := s.Store.SetWeights(c.UserContext(), by(c), weights); {
	case err == nil:
		return s.done(c, "/mentors/weights", "mentor.said.weights")
	case store.KindOf(err) == store.Invalid && visitOf(c).member.May(store.Steward):
		form := s.typed(c, err, fields...)
		return s.showWeights(c, err, &form)
	default:
		return err
	}
}

// mentorPlan proposes a mentor for every town that waits.
func (s *Server) mentorPlan(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	plan, err := s.Store.MentorPlan(c.UserContext(), by(c))
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("mentor.plan"))
	p.Section = frontend.Towns
	return s.render(c, p, pages.MentorPlan(p, plan))
}

// mentorRequest shows where a request stands. It changes nothing: links in mail lead here.
func (s *Server) mentorRequest(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	return s.showRequest(c, nil)
}

func (s *Server) showRequest(c *fiber.Ctx, err error) error {
	page, missing := s.Store.RequestPage(c.UserContext(), by(c), c.Params("id"))
	if missing != nil {
		return missing
	}
	p := s.page(c, visitOf(c).lang.T("mentor.asks", "Town", page.Town.NameIn(visitOf(c).lang.Tag())))
	p.Section = frontend.Towns
	screen := pages.RequestScreen{Page: page}
	if err != nil {
		screen.Do, screen.Form = c.FormValue("do"), s.typed(c, err, "text", "reason")
	}
	return s.renderStatus(c, statusOr200(err), p, pages.MentorRequest(p, screen))
}

// postMentorRequest answers a request, or takes it back.
func (s *Server) postMentorRequest(c *fiber.Ctx) error {
	ctx, id, do := c.UserContext(), c.Params("id"), c.FormValue("do")
	to := "/mentors/requests/" + id
	var err error
	switch do {
	case "accept":
		var m store.Mentorship
		if m, err = s.Store.AcceptRequest(ctx, by(c), id); err == nil {
			to = "/mentorships/" + m.ID
		}
	case "decline":
		_, err = s.Store.DeclineRequest(ctx, by(c), id, c.FormValue("reason"))
	case "ask":
		_, err = s.Store.AskBack(ctx, by(c), id, c.FormValue("text"))
	case "withdraw":
		_, err = s.Store.WithdrawRequest(ctx, by(c), id)
	case "send":
		if _, err = s.Store.SendRequest(ctx, by(c), id, c.FormValue("town")); err == nil && c.FormValue("back") != "" {
			to = backOf(c)
		}
	default:
		return fiber.ErrBadRequest
	}
	if err == nil {
		return s.done(c, to, "mentor.said."+do)
	}
	switch kind := store.KindOf(err); {
	case do == "ask" || do == "decline": // what was written is kept, whatever has become of the request
		if kind == store.Denied || mayTypeAgain(err) {
			return s.showRequest(c, err)
		}
	case kind == store.Invalid:
		return s.showRequest(c, err)
	case kind == store.Full || kind == store.Conflict: // somebody was quicker; the page says how it stands now
		if _, missing := s.Store.RequestPage(ctx, by(c), id); missing == nil {
			s.leaveFlash(c, flash{Kind: frontend.Wait, Key: store.ProblemsOf(err)[0].Key, Args: wordsOf(store.ProblemsOf(err)[0].Args)})
			return s.to(c, to)
		}
	}
	return err
}
