package server

import (
	"context"
	"strconv"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/frontend/parts"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

const pastPerPage = 20

// meetings lists meetings to come under a month.
func (s *Server) meetings(c *fiber.Ctx) error {
	ctx, v := c.UserContext(), visitOf(c)
	zone := s.zone(v)
	today := s.Store.Now().In(zone)
	month := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, zone)
	if asked, err := time.ParseInLocation("2006-01", c.Query("month"), zone); err == nil && asked.Year() > 1990 && asked.Year() < 2200 {
		month = asked
	}
	first := month.AddDate(0, 0, -(int(month.Weekday())+6)%7)
	last := month.AddDate(0, 1, 0)
	for last.Weekday() != time.Monday {
		last = last.AddDate(0, 0, 1)
	}
	inMonth, err := s.Store.MeetingsBetween(ctx, by(c), first, last)
	if err != nil {
		return err
	}
	screen := pages.MeetingsPage{Month: month, Today: today, Organise: v.member.May(store.Organise)}
	for day := first; day.Before(last); day = day.AddDate(0, 0, 1) {
		cell := pages.CalendarDay{Day: day, Outside: day.Month() != month.Month()}
		for _, row := range inMonth {
			if row.Meeting.Local().Format("20060102") == day.Format("20060102") {
				cell.Meetings = append(cell.Meetings, row.Meeting)
			}
		}
		screen.Days = append(screen.Days, cell)
	}
	if screen.Upcoming, err = s.Store.Upcoming(ctx, by(c), 20); err != nil {
		return err
	}
	screen.Sisters = c.Query("sisters") != "no"
	if screen.Elsewhere, err = s.Store.SisterMeetings(ctx, s.Store.Now().AddDate(0, 0, sisterDays), sisterMeetings); err != nil {
		return err
	}
	if screen.Past, _, err = s.Store.PastMeetings(ctx, by(c), 0, 3); err != nil {
		return err
	}
	if screen.Series, err = s.Store.AllSeries(ctx); err != nil {
		return err
	}
	p := s.page(c, v.lang.T("meetings.title"))
	p.Section = frontend.Meetings
	p.Feeds = []frontend.Feed{{Title: v.lang.T("subscribe.title"), Href: "/meetings.ics", Type: "text/calendar"}}
	return s.render(c, p, pages.Meetings(p, screen))
}

// How far ahead, and how many, meetings of sister communities are listed.
const (
	sisterDays     = 92
	sisterMeetings = 20
)

// zone is the reader's clock. Each is read once: every page asks for one.
func (s *Server) zone(v *visit) *time.Location {
	name := v.member.Zone
	if name == "" {
		name = "Europe/Brussels"
	}
	if had, ok := s.zones.Load(name); ok {
		return had.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	s.zones.Store(name, loc)
	return loc
}

// pastMeetings is the archive.
func (s *Server) pastMeetings(c *fiber.Ctx) error {
	n, _ := strconv.Atoi(c.Query("page", "1"))
	n = min(max(1, n), 10_000)
	rows, total, err := s.Store.PastMeetings(c.UserContext(), by(c), (n-1)*pastPerPage, pastPerPage)
	if err != nil {
		return err
	}
	lang := visitOf(c).lang
	p := s.page(c, lang.T("meetings.past"))
	p.Section = frontend.Meetings
	return s.render(c, p, pages.PastMeetings(p, pages.PastPage{Rows: rows, Pager: pager(p, n, len(rows), pastPerPage, total, func(page int) string {
		return "/meetings/past?page=" + strconv.Itoa(page)
	})}))
}

// pager leads through a long list: which entries are shown, out of how many, and the other pages.
func pager(p *frontend.Page, n, shown, size, total int, href func(int) string) parts.Pager {
	last := (total + size - 1) / size
	pager := parts.Pager{Links: parts.PageLinks(n, last, href)}
	pager.Summary = p.T("pager.summary", "From", (n-1)*size+1, "To", (n-1)*size+shown, "Total", total)
	if n > 1 {
		pager.Previous = href(n - 1)
	}
	if n < last {
		pager.Next = href(n + 1)
	}
	return pager
}

// meeting is the page of one meeting.
func (s *Server) meeting(c *fiber.Ctx) error { return s.showMeeting(c, nil, nil) }

// showMeeting shows a meeting; change puts back what was typed into a form that was refused.
func (s *Server) showMeeting(c *fiber.Ctx, err error, change func(*pages.MeetingScreen)) error {
	v := visitOf(c)
	page, missing := s.Store.MeetingPage(c.UserContext(), by(c), c.Params("slug"))
	if missing != nil {
		return missing
	}
	if page.Moved && err == nil {
		return c.Redirect("/meetings/"+page.Meeting.Slug, fiber.StatusMovedPermanently)
	}
	screen := pages.MeetingScreen{Page: page}
	screen.Item.Values = map[string]string{"item_minutes": "15", "item_lang": v.lang.Tag(), "item_kind": "discussion"}
	screen.For.Values = map[string]string{"answer": "on_site"}
	screen.Answer = pages.AnswerForm(page.Mine)
	if change != nil {
		change(&screen)
	}
	p := s.page(c, page.Meeting.Title)
	p.Section = frontend.Meetings
	p.Path = "/meetings/" + page.Meeting.Slug
	if err == nil {
		return s.render(c, p, pages.Meeting(p, screen), s.answers(page.Meeting.ID))
	}
	return s.renderStatus(c, statusOr200(err), p, pages.Meeting(p, screen))
}

// answers reads the reader's answers to these meetings.
func (s *Server) answers(meetingIDs ...string) ownReader {
	return func(ctx context.Context, who store.Actor, own *pages.Own) (err error) {
		own.Mine, err = s.Store.Mine(ctx, who, meetingIDs...)
		return err
	}
}

// meetingID finds the meeting a form is about, by its address.
func (s *Server) meetingOf(c *fiber.Ctx) (store.Meeting, error) {
	page, err := s.Store.MeetingHead(c.UserContext(), by(c), c.Params("slug"))
	return page, err
}

// postRSVP records an answer: one click, or the form with guests and note.
func (s *Server) postRSVP(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.to(c, "/sign-in?back=/meetings/"+c.Params("slug"))
	}
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	in := store.AnswerInput{Answer: store.Answer(c.FormValue("answer")), KeepDetails: c.FormValue("keep_details") == "1",
		Guests: lines(c.FormValue("guests")), Note: c.FormValue("note")}
	out, err := s.Store.AnswerMeeting(c.UserContext(), by(c), m.ID, in)
	switch {
	case err == nil && out.RSVP.Waiting:
		s.say(c, frontend.Wait, "rsvp.said.waiting", "Position", strconv.Itoa(out.Position))
		return s.to(c, backOf(c))
	case err == nil:
		return s.done(c, backOf(c), "rsvp.said."+string(out.RSVP.Answer))
	case mayTypeAgain(err) && in.KeepDetails:
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key, textArgs(store.ProblemsOf(err)[0].Args)...)
		return s.to(c, backOf(c))
	case mayTypeAgain(err):
		return s.showMeeting(c, err, func(screen *pages.MeetingScreen) { screen.Answer = s.typed(c, err, "answer", "guests", "note") })
	}
	return err
}

// postWithdraw takes an answer back.
func (s *Server) postWithdraw(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	if err := s.Store.WithdrawAnswer(c.UserContext(), by(c), m.ID); err != nil {
		return err
	}
	return s.done(c, "/meetings/"+m.Slug, "rsvp.said.withdrawn")
}

// postAnswerFor records what an organiser was told by somebody, named by handle or name.
func (s *Server) postAnswerFor(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	who, err := s.Store.PersonNamed(c.UserContext(), by(c), c.FormValue("member"))
	if err == nil {
		_, err = s.Store.AnswerFor(c.UserContext(), by(c), m.ID, who.ID,
			store.AnswerInput{Answer: store.Answer(c.FormValue("answer")), Guests: lines(c.FormValue("guests"))})
	}
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug+"#towns", "rsvp.said.for", "Name", who.Name)
	case mayTypeAgain(err):
		return s.showMeeting(c, err, func(screen *pages.MeetingScreen) { screen.For = s.typed(c, err, "member", "answer", "guests") })
	}
	return err
}

// textArgs turns a problem's arguments into words, for a cookie.
func textArgs(args []any) []string {
	var words []string
	for _, arg := range args {
		switch x := arg.(type) {
		case string:
			words = append(words, x)
		case int:
			words = append(words, strconv.Itoa(x))
		default:
			words = append(words, "")
		}
	}
	return words
}

// itemInput reads the form of an agenda item.
func itemInput(c *fiber.Ctx) store.ItemInput {
	return store.ItemInput{Title: c.FormValue("item_title"), Text: c.FormValue("item_text"), Lang: c.FormValue("item_lang"),
		Kind: store.ItemKind(c.FormValue("item_kind")), Minutes: number(c, "item_minutes", 0),
		Group: c.FormValue("item_group"), Members: c.FormValue("item_members") == "1"}
}

// ownedItem reads the form of an agenda item with the owner an organiser named.
func (s *Server) ownedItem(c *fiber.Ctx) (store.ItemInput, error) {
	in := itemInput(c)
	name := strings.TrimSpace(c.FormValue("item_owner"))
	if name == "" {
		return in, nil
	}
	owner, err := s.Store.PersonNamed(c.UserContext(), by(c), name)
	if store.KindOf(err) == store.Invalid {
		err = &store.Error{Kind: store.Invalid, Problems: []store.Problem{{Field: "item_owner", Key: "rsvp.unknown_member"}}}
	}
	in.Owner = owner.ID
	return in, err
}

func itemNames() []string {
	return []string{"item_title", "item_text", "item_lang", "item_kind", "item_minutes", "item_group", "item_members", "item_owner"}
}

// postItem proposes an agenda item.
func (s *Server) postItem(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	in, err := s.ownedItem(c)
	var item store.AgendaItem
	if err == nil {
		item, err = s.Store.ProposeItem(c.UserContext(), by(c), m.ID, in)
	}
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug+"#agenda", "agenda.said."+string(item.State))
	case mayTypeAgain(err):
		return s.showMeeting(c, err, func(screen *pages.MeetingScreen) { screen.Item = s.typed(c, err, itemNames()...) })
	}
	return err
}

// postItemChange accepts, moves, changes or removes an agenda item.
func (s *Server) postItemChange(c *fiber.Ctx) error {
	ctx, id := c.UserContext(), c.Params("id")
	var err error
	switch c.FormValue("do") {
	case "accept":
		err = s.Store.AcceptItem(ctx, by(c), id)
	case "up":
		err = s.Store.MoveItem(ctx, by(c), id, true)
	case "down":
		err = s.Store.MoveItem(ctx, by(c), id, false)
	case "remove":
		err = s.Store.RemoveItem(ctx, by(c), id)
	case "change":
		var in store.ItemInput
		if in, err = s.ownedItem(c); err == nil {
			err = s.Store.ChangeItem(ctx, by(c), id, in)
		}
	case "aside":
		err = s.Store.SetAsideItem(ctx, by(c), id, store.ItemState(c.FormValue("state")), c.FormValue("reason"))
	case "restore":
		err = s.Store.RestoreItem(ctx, by(c), id)
	default:
		return fiber.ErrBadRequest
	}
	switch {
	case err == nil:
		return s.to(c, backOf(c))
	case mayTypeAgain(err) && c.FormValue("do") == "change":
		return s.showItem(c, err, s.typed(c, err, itemNames()...))
	case mayTypeAgain(err):
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key, textArgs(store.ProblemsOf(err)[0].Args)...)
		return s.to(c, backOf(c))
	}
	return err
}

// editItem shows the form of an agenda item.
func (s *Server) editItem(c *fiber.Ctx) error {
	item, err := s.Store.Item(c.UserContext(), by(c), c.Params("id"))
	if err != nil {
		return err
	}
	return s.showItem(c, nil, frontend.Form{Values: map[string]string{"item_title": item.Title, "item_text": item.Text, "item_lang": item.Lang,
		"item_kind": string(item.Kind), "item_minutes": strconv.Itoa(item.Minutes), "item_group": item.Group, "item_members": ticked(item.Members)}})
}

func (s *Server) showItem(c *fiber.Ctx, err error, form frontend.Form) error {
	p := s.page(c, visitOf(c).lang.T("agenda.edit"))
	p.Section = frontend.Meetings
	return s.renderStatus(c, statusOr200(err), p, pages.EditItem(p, pages.ItemForm{ID: c.Params("id"), Back: backOf(c), Form: form}))
}
