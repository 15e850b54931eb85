package server

import "github.com/gofiber/fiber/v2"

// routes is every address there is. Rights are asked in the store; the middle column only says what is read first.
func (s *Server) routes() {
	a := s.app
	a.Use(s.guard, s.headers)
	a.Get("/healthz", s.healthz)
	a.Get("/readyz", s.readyz)
	a.Get("/robots.txt", s.robots)
	a.Get("/static/*", s.asset)
	a.Get("/favicon.ico", s.favicon)

	// calendars: no cookie, no session
	a.Get("/meetings.ics", s.publicCalendar)
	a.Get("/meetings/:slug.ics", s.meetingCalendar)
	a.Get("/series/:slug.ics", s.seriesCalendar)
	a.Get("/towns/:slug/meetings.ics", s.townCalendar)
	a.Get("/calendar/:token.ics", s.personalCalendar)

	a.Use(s.session, s.forgery)

	// everybody
	a.Get("/", s.cached(s.home))
	a.Get("/about", s.cached(s.about))
	a.Post("/language", s.setLanguage)
	a.Post("/theme", s.setTheme)
	a.Get("/meetings", s.cached(s.meetings))
	a.Get("/meetings/past", s.cached(s.pastMeetings))
	a.Get("/meetings/minutes-:year.md", s.minutesOfYear)
	a.Get("/meetings/new", s.newMeeting)
	a.Post("/meetings/new", s.scheduleMeeting)
	a.Get("/meetings/:slug", s.cached(s.meeting))
	a.Get("/meetings/:slug/minutes", s.cached(s.minutes))
	a.Get("/meetings/:slug/minutes.md", s.minutesSource)
	a.Get("/meetings/:slug/minutes/history", s.minutesHistory)
	a.Get("/meetings/:slug/minutes/correct", s.correctMinutes)
	a.Post("/meetings/:slug/minutes/correct", s.postCorrection)
	a.Post("/meetings/:slug/minutes/corrections/:id", s.decideCorrection)
	a.Post("/meetings/:slug/minutes/approve", s.approveMinutes)
	a.Post("/meetings/:slug/minutes/errata", s.postErratum)
	a.Get("/meetings/:slug/documents/:id/:name", s.document)
	a.Get("/decisions", s.cached(s.decisions))
	a.Get("/decisions.csv", s.decisionsTable)
	a.Get("/decisions.atom", s.decisionsFeed)
	a.Get("/decisions/:number", s.cached(s.decision))
	a.Get("/actions", s.cached(s.actions))
	a.Get("/actions.csv", s.actionsTable)
	a.Get("/actions.atom", s.actionsFeed)
	a.Get("/actions/:number", s.action)
	a.Get("/help/minutes-notation", s.notationHelp)
	a.Get("/series", s.cached(s.seriesList))
	a.Get("/series/new", s.newSeries)
	a.Post("/series/new", s.startSeries)
	a.Get("/series/:slug", s.cached(s.series))
	a.Get("/subscribe", s.cached(s.subscribe))
	a.Get("/towns", s.cached(s.towns))
	a.Get("/towns/search", s.searchTowns)
	a.Get("/towns/search.json", s.searchTownsJSON)
	a.Get("/towns/:slug", s.cached(s.town))
	a.Get("/people/:handle", s.person)

	// becoming and being a member
	a.Get("/join", s.join)
	a.Post("/join", s.postJoin)
	a.Get("/sign-in", s.signIn)
	a.Post("/sign-in", s.postSignIn)
	a.Post("/sign-in/link", s.postSignInLink)
	a.Get("/sign-in/code", s.signInCode)
	a.Post("/sign-in/code", s.postSignInCode)
	a.Get("/link/:token", s.link)
	a.Post("/link/:token", s.postLink)
	a.Post("/sign-out", s.signOut)
	if s.Demo {
		a.Get("/demo", s.demo)
		a.Post("/demo", s.postDemo)
	}
	a.Get("/settings", s.settings)
	a.Post("/settings/profile", s.postProfile)
	a.Post("/settings/password", s.postPassword)
	a.Post("/settings/email", s.postEmail)
	a.Post("/settings/town", s.postTown)
	a.Post("/settings/sessions", s.postSessions)
	a.Post("/settings/calendars", s.postCalendars)
	a.Get("/settings/leave", s.leave)
	a.Post("/settings/leave", s.postLeave)

	// taking part
	a.Post("/meetings/:slug/rsvp", s.postRSVP)
	a.Post("/meetings/:slug/rsvp/withdraw", s.postWithdraw)
	a.Post("/meetings/:slug/rsvp/for", s.postAnswerFor)
	a.Post("/meetings/:slug/agenda", s.postItem)
	a.Get("/agenda/:id/edit", s.editItem)
	a.Post("/agenda/:id", s.postItemChange)

	a.Post("/actions/:number", s.postAction)

	// organising
	a.Get("/meetings/:slug/edit", s.editMeeting)
	a.Post("/meetings/:slug/edit", s.changeMeeting)
	a.Get("/meetings/:slug/cancel", s.cancelMeeting)
	a.Post("/meetings/:slug/cancel", s.postCancelMeeting)
	a.Post("/meetings/:slug/publish", s.postPublishDraft)
	a.Post("/meetings/:slug/documents", s.postDocument)
	a.Get("/meetings/:slug/minutes/edit", s.editMinutes)
	a.Post("/meetings/:slug/minutes/edit", s.saveMinutes)
	a.Post("/meetings/:slug/minutes/preview", s.previewMinutes)
	a.Post("/meetings/:slug/minutes/publish", s.publishMinutes)
	a.Post("/preview", s.preview)
	a.Get("/series/:slug/edit", s.editSeries)
	a.Post("/series/:slug/edit", s.changeSeries)
	a.Post("/series/:slug/end", s.endSeries)

	// caring for towns and people
	a.Get("/towns/:slug/edit", s.editTown)
	a.Post("/towns/:slug/edit", s.changeTown)
	a.Post("/towns/:slug/welcome", s.welcomeTown)
	a.Post("/towns/:slug/people", s.changePeople)
	a.Get("/towns/:slug/hand-over", s.handOver)
	a.Post("/towns/:slug/hand-over", s.postHandOver)
	a.Post("/people/:handle/roles", s.postRole)
	a.Get("/admin", s.admin)
	a.Get("/admin/mail", s.mailbox)
	a.Get("/admin/mail/:id", s.letter)
	a.Get("/admin/log", s.auditLog)

	a.Use(func(c *fiber.Ctx) error { return fiber.ErrNotFound })
}
