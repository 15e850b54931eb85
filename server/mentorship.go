package server

import (
	"context"
	"fmt"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// wordsOf are the arguments of a problem as a notice for the next page keeps them.
func wordsOf(args []any) []string {
	var words []string
	for _, arg := range args {
		words = append(words, fmt.Sprint(arg))
	}
	return words
}

// mentorship is the page of one mentorship.
func (s *Server) mentorship(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	return s.showMentorship(c, nil)
}

func (s *Server) showMentorship(c *fiber.Ctx, err error) error {
	page, missing := s.Store.MentorshipPage(c.UserContext(), by(c), c.Params("id"))
	if missing != nil {
		return missing
	}
	screen := pages.MentorshipScreen{Page: page, Zone: s.zone(visitOf(c)).String(), Room: true}
	if err != nil {
		screen.Do, screen.CheckIn = c.FormValue("do"), c.FormValue("check_in")
		screen.Form = s.typed(c, err, "goal", "date", "clock", "minutes", "where", "notes", "why", "thanks")
	}
	lang := visitOf(c).lang
	p := s.page(c, lang.T("mentorship.title", "Mentor", page.Mentor.NameIn(lang.Tag()), "Learner", page.Learner.NameIn(lang.Tag())))
	p.Section = frontend.Towns
	return s.renderStatus(c, statusOr200(err), p, pages.Mentorship(p, screen))
}

// postMentorship changes a mentorship: do says how.
func (s *Server) postMentorship(c *fiber.Ctx) error {
	do := c.FormValue("do")
	act, ok := mentorshipActs()[do]
	if !ok {
		return fiber.ErrBadRequest
	}
	err := act(s, c.UserContext(), by(c), c)
	switch {
	case err == nil:
		return s.done(c, "/mentorships/"+c.Params("id"), "mentorship.said")
	case mayTypeAgain(err):
		return s.showMentorship(c, err)
	}
	return err
}

type mentorshipAct func(s *Server, ctx context.Context, by store.Actor, c *fiber.Ctx) error

// mentorshipActs are the ways to change a mentorship, by the value of do.
func mentorshipActs() map[string]mentorshipAct {
	one := func(change func(*store.Store, context.Context, store.Actor, string, *fiber.Ctx) (store.Mentorship, error)) mentorshipAct {
		return func(s *Server, ctx context.Context, by store.Actor, c *fiber.Ctx) error {
			_, err := change(s.Store, ctx, by, c.Params("id"), c)
			return err
		}
	}
	acts := map[string]mentorshipAct{}
	acts["goal"] = one(func(h *store.Store, ctx context.Context, by store.Actor, id string, c *fiber.Ctx) (store.Mentorship, error) {
		return h.AddGoal(ctx, by, id, c.FormValue("goal"))
	})
	acts["drop"] = one(func(h *store.Store, ctx context.Context, by store.Actor, id string, c *fiber.Ctx) (store.Mentorship, error) {
		return h.DropGoal(ctx, by, id, c.FormValue("goal_id"))
	})
	acts["close"] = one(func(h *store.Store, ctx context.Context, by store.Actor, id string, c *fiber.Ctx) (store.Mentorship, error) {
		return h.CloseMentorship(ctx, by, id, store.Closing(c.FormValue("why")))
	})
	acts["thank"] = one(func(h *store.Store, ctx context.Context, by store.Actor, id string, c *fiber.Ctx) (store.Mentorship, error) {
		return h.Thank(ctx, by, id, c.FormValue("thanks"))
	})
	for do, on := range map[string]bool{"reach": true, "unreach": false} {
		acts[do] = one(func(h *store.Store, ctx context.Context, by store.Actor, id string, c *fiber.Ctx) (store.Mentorship, error) {
			return h.ReachGoal(ctx, by, id, c.FormValue("goal_id"), on)
		})
	}
	for do, on := range map[string]bool{"step": true, "unstep": false} {
		acts[do] = one(func(h *store.Store, ctx context.Context, by store.Actor, id string, c *fiber.Ctx) (store.Mentorship, error) {
			return h.TickStep(ctx, by, id, store.FirstStep(c.FormValue("step")), on)
		})
	}
	for do, on := range map[string]bool{"pause": true, "resume": false} {
		acts[do] = one(func(h *store.Store, ctx context.Context, by store.Actor, id string, _ *fiber.Ctx) (store.Mentorship, error) {
			return h.PauseMentorship(ctx, by, id, on)
		})
	}
	acts["plan"], acts["move"], acts["off"], acts["notes"] = planCheckIn, moveCheckIn, cancelCheckIn, noteCheckIn
	return acts
}

func checkInOf(c *fiber.Ctx) store.CheckInInput {
	return store.CheckInInput{Date: c.FormValue("date"), Clock: c.FormValue("clock"), Zone: visitOf(c).member.Zone, Minutes: number(c, "minutes", 60), Where: c.FormValue("where")}
}

func planCheckIn(s *Server, ctx context.Context, by store.Actor, c *fiber.Ctx) error {
	_, err := s.Store.PlanCheckIn(ctx, by, c.Params("id"), checkInOf(c))
	return err
}

func moveCheckIn(s *Server, ctx context.Context, by store.Actor, c *fiber.Ctx) error {
	_, err := s.Store.MoveCheckIn(ctx, by, c.Params("id"), c.FormValue("check_in"), checkInOf(c))
	return err
}

func cancelCheckIn(s *Server, ctx context.Context, by store.Actor, c *fiber.Ctx) error {
	_, err := s.Store.CancelCheckIn(ctx, by, c.Params("id"), c.FormValue("check_in"), true)
	return err
}

func noteCheckIn(s *Server, ctx context.Context, by store.Actor, c *fiber.Ctx) error {
	_, err := s.Store.NoteCheckIn(ctx, by, c.Params("id"), c.FormValue("check_in"), c.FormValue("notes"))
	return err
}
