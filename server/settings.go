package server

import (
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// settings shows everything a member may change about the own account.
func (s *Server) settings(c *fiber.Ctx) error { return s.showSettings(c, nil, nil) }

// showSettings fills the page from the records; change puts back what was typed into a form that was refused.
func (s *Server) showSettings(c *fiber.Ctx, err error, change func(*pages.SettingsPage)) error {
	v, ctx := visitOf(c), c.UserContext()
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	m := v.member
	place, _ := m.Place()
	screen := pages.SettingsPage{Member: m, Current: v.session.ID}
	screen.Profile = frontend.Form{Values: map[string]string{"name": m.Name, "duty": place.Duty, "about": m.About, "language": m.Language,
		"zone": m.Zone, "notices": ticked(!m.NoNotice), "skills": strings.Join(m.Skills, " "), "speaks": strings.Join(m.Speaks, " "), "hidden": ticked(m.Hidden)}}
	var failed error
	if screen.Skills, failed = s.Store.Skills(ctx, v.lang.Tag()); failed != nil {
		return failed
	}
	if screen.HasPassword, failed = s.Store.HasPassword(ctx, by(c)); failed != nil {
		return failed
	}
	if screen.PendingEmail, failed = s.Store.PendingEmail(ctx, by(c)); failed != nil {
		return failed
	}
	if screen.Reading, failed = s.Store.ReadingProfileOf(ctx, m.ID); failed != nil {
		return failed
	}
	if screen.Sessions, failed = s.Store.Sessions(ctx, by(c)); failed != nil {
		return failed
	}
	if m.TownID() != "" {
		if screen.Town, failed = s.Store.TownByID(ctx, m.TownID()); failed != nil {
			return failed
		}
	}
	links, failed := s.Store.FeedLinks(ctx, by(c))
	if failed != nil {
		return failed
	}
	for _, link := range links {
		path := "/calendar/" + link.Token + ".ics"
		screen.Feeds = append(screen.Feeds, pages.CalendarLink{ID: link.ID, Label: link.Label, Address: s.absolute(path), Webcal: s.webcal(path)})
	}
	if change != nil {
		change(&screen)
	}
	c.Set("Referrer-Policy", "no-referrer")
	c.Set(fiber.HeaderCacheControl, "no-store")
	p := s.page(c, v.lang.T("nav.settings"))
	if err != nil {
		p.Notices = append(p.Notices, s.notice(c, err))
	}
	return s.renderStatus(c, statusOr200(err), p, pages.Settings(p, screen))
}

func ticked(on bool) string {
	if on {
		return "1"
	}
	return ""
}

// settled ends a settings form: a word of thanks, the form again, or the error.
func (s *Server) settled(c *fiber.Ctx, err error, key, anchor string, again func(*pages.SettingsPage)) error {
	switch {
	case err == nil:
		s.note(c, "account changed", "what", key)
		return s.done(c, "/settings"+anchor, key)
	case mayTypeAgain(err) || store.KindOf(err) == store.Denied && visitOf(c).signedIn():
		return s.showSettings(c, err, again)
	}
	return err
}

func (s *Server) postProfile(c *fiber.Ctx) error {
	err := s.Store.ChangeProfile(c.UserContext(), by(c), store.ProfileInput{Name: c.FormValue("name"), Duty: c.FormValue("duty"),
		About: c.FormValue("about"), Language: c.FormValue("language"), Zone: c.FormValue("zone"), Notices: c.FormValue("notices") == "1",
		Skills: several(c, "skills"), Speaks: several(c, "speaks"), Hidden: c.FormValue("hidden") == "1"})
	return s.settled(c, err, "settings.saved", "", func(screen *pages.SettingsPage) {
		screen.Profile = s.typed(c, err, "name", "duty", "about", "language", "zone", "notices", "hidden")
		screen.Profile.Values["skills"], screen.Profile.Values["speaks"] = strings.Join(several(c, "skills"), " "), strings.Join(several(c, "speaks"), " ")
	})
}

func (s *Server) postPassword(c *fiber.Ctx) error {
	calendars, err := s.Store.SetPassword(c.UserContext(), by(c), c.FormValue("current"), c.FormValue("password"), visitOf(c).session)
	key := "settings.password.saved"
	if calendars > 0 { // to be subscribed to anew
		key = "settings.password.saved_calendars"
	}
	return s.settled(c, err, key, "", func(screen *pages.SettingsPage) { screen.Password = s.typed(c, err) })
}

func (s *Server) postEmail(c *fiber.Ctx) error {
	err := s.Store.ChangeEmail(c.UserContext(), by(c), c.FormValue("email"), c.FormValue("current"), visitOf(c).session)
	return s.settled(c, err, "settings.email.sent", "", func(screen *pages.SettingsPage) { screen.Email = s.typed(c, err, "email") })
}

func (s *Server) postTown(c *fiber.Ctx) error {
	code, found := s.pickTown(c)
	if code == "" {
		if !visitOf(c).signedIn() {
			return s.signInFirst(c)
		}
		return s.showSettings(c, nil, func(screen *pages.SettingsPage) {
			screen.Place = s.typed(c, nil, "town")
			screen.Found, screen.Asked = found, strings.TrimSpace(c.FormValue("town")) != ""
		})
	}
	err := s.Store.MoveTo(c.UserContext(), by(c), store.JoinInput{TownCode: code})
	return s.settled(c, err, "settings.town_saved", "", func(screen *pages.SettingsPage) { screen.Place = s.typed(c, err, "town") })
}

func (s *Server) postSessions(c *fiber.Ctx) error {
	var err error
	if id := c.FormValue("end"); id == "others" {
		err = s.Store.EndOtherSessions(c.UserContext(), by(c), visitOf(c).session.Hash)
	} else {
		err = s.Store.EndSession(c.UserContext(), by(c), id)
	}
	return s.settled(c, err, "settings.sessions_ended", "#sessions", nil)
}

// postRoomChoices keeps what others see of a member in rooms, and what Enter does there.
func (s *Server) postRoomChoices(c *fiber.Ctx) error {
	in := store.RoomChoices{HidePresence: c.FormValue("hide_presence") == "1", HideReads: c.FormValue("hide_reads") == "1", EnterBreaks: c.FormValue("enter") == "breaks"}
	return s.settled(c, s.Store.ChooseForRooms(c.UserContext(), by(c), in), "settings.rooms_saved", "#rooms", nil)
}

func (s *Server) postCalendars(c *fiber.Ctx) error {
	ctx := c.UserContext()
	switch {
	case c.FormValue("reset") != "":
		return s.settled(c, s.Store.ResetFeedLink(ctx, by(c), c.FormValue("reset")), "settings.calendars_was_reset", "#calendars", nil)
	case c.FormValue("remove") != "":
		return s.settled(c, s.Store.RemoveFeedLink(ctx, by(c), c.FormValue("remove")), "settings.calendars_removed", "#calendars", nil)
	}
	_, err := s.Store.NewFeedLink(ctx, by(c), c.FormValue("label"))
	return s.settled(c, err, "settings.calendars_made", "#calendars", func(screen *pages.SettingsPage) { screen.Feed = s.typed(c, err, "label") })
}

// leave asks before a membership ends.
func (s *Server) leave(c *fiber.Ctx) error { return s.showLeave(c, nil) }

func (s *Server) showLeave(c *fiber.Ctx, err error) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	has, failed := s.Store.HasPassword(c.UserContext(), by(c))
	if failed != nil {
		return failed
	}
	p := s.page(c, v.lang.T("settings.leave"))
	return s.renderStatus(c, statusOr200(err), p, pages.Leave(p, pages.LeavePage{HasPassword: has, Form: s.typed(c, err)}))
}

func (s *Server) postLeave(c *fiber.Ctx) error {
	err := s.Store.Leave(c.UserContext(), by(c), c.FormValue("current"), visitOf(c).session)
	if err == nil {
		s.note(c, "account changed", "what", "settings.left")
		s.setCookie(c, sessionCookie, "", -1)
		return s.done(c, "/", "settings.left")
	}
	if mayTypeAgain(err) || visitOf(c).signedIn() && store.KindOf(err) == store.Denied {
		return s.showLeave(c, err)
	}
	return err
}
