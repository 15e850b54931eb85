package server

import (
	"time"

	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

const logLength = 200

// unansweredFor is how long a question may stay quiet before those who care are shown it.
const unansweredFor = 7 * 24 * time.Hour

// admin shows what waits for the care of organisers and stewards.
func (s *Server) admin(c *fiber.Ctx) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	care, err := s.Store.Care(c.UserContext(), by(c))
	if err != nil {
		return err
	}
	late, err := s.Store.Actions(c.UserContext(), by(c), store.ActionQuery{State: "overdue", Limit: 20})
	if err != nil {
		return err
	}
	waiting, err := s.Store.Unanswered(c.UserContext(), by(c), unansweredFor, 20)
	if err != nil {
		return err
	}
	p := s.page(c, v.lang.T("admin.title"))
	return s.render(c, p, pages.Admin(p, pages.AdminPage{Care: care, Overdue: late.Rows, Unanswered: waiting, Mail: v.member.May(store.Administer), Log: v.member.May(store.SeeAudit), Zones: s.Zones}))
}

// mailbox lists the letters written to people.
func (s *Server) mailbox(c *fiber.Ctx) error {
	mails, err := s.Store.Mailbox(c.UserContext(), by(c), logLength)
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("admin.mail"))
	return s.render(c, p, pages.Mailbox(p, pages.MailboxPage{Mails: mails, SMTP: s.SMTP}))
}

// letter is one of them.
func (s *Server) letter(c *fiber.Ctx) error {
	m, err := s.Store.MailByID(c.UserContext(), by(c), c.Params("id"))
	if err != nil {
		return err
	}
	c.Set("Referrer-Policy", "no-referrer")
	p := s.page(c, m.Subject)
	return s.render(c, p, pages.Letter(p, m))
}

// auditLog lists who changed what.
func (s *Server) auditLog(c *fiber.Ctx) error {
	entries, err := s.Store.AuditLog(c.UserContext(), by(c), logLength)
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.By, e.Subject)
	}
	names, err := s.Store.MembersByID(c.UserContext(), ids)
	if err != nil {
		return err
	}
	v := visitOf(c)
	p := s.page(c, v.lang.T("admin.log"))
	return s.render(c, p, pages.AuditLog(p, pages.LogPage{Entries: entries, Names: names, Mail: v.member.May(store.Administer)}))
}
