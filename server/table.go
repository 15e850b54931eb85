package server

import (
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// tableBatch is how many records one read of a register for a spreadsheet takes, so that no transaction is long.
const tableBatch = 1000

// decisionsTable is the register of decisions for spreadsheets.
func (s *Server) decisionsTable(c *fiber.Ctx) error {
	v, err := s.decisionQuery(c)
	if err != nil || len(v.Form.Problems) > 0 {
		return missing(err)
	}
	rows := [][]string{{"number", "date", "title", "lang", "outcome", "for", "against", "abstain", "town", "meeting", "url", "withdrawn"}}
	for v.Query.Limit = tableBatch; ; v.Query.After = v.List.Next {
		if v.List, err = s.Store.Decisions(c.UserContext(), v.Query); err != nil {
			return err
		}
		for _, row := range v.List.Rows {
			d := row.Decision
			rows = append(rows, []string{d.Number(), d.Date, d.Title, d.Lang, string(d.Outcome), strconv.Itoa(d.Vote.For), strconv.Itoa(d.Vote.Against),
				strconv.Itoa(d.Vote.Abstain), row.Town.Name, row.Meeting.Title, s.absolute("/decisions/" + d.Number()), date(d.Withdrawn)})
		}
		if v.List.Next == "" {
			return s.table(c, "decisions", rows)
		}
	}
}

// actionsTable is the register of actions for spreadsheets.
func (s *Server) actionsTable(c *fiber.Ctx) error {
	v, err := s.actionQuery(c)
	if err != nil || len(v.Form.Problems) > 0 {
		return missing(err)
	}
	rows := [][]string{{"number", "state", "due", "title", "lang", "town", "person", "meeting", "url"}}
	for v.Query.Limit = tableBatch; ; v.Query.After = v.List.Next {
		// The table is the same for everybody: it does not ask what the reader may change.
		if v.List, err = s.Store.Actions(c.UserContext(), store.Visitor(), v.Query); err != nil {
			return err
		}
		for _, row := range v.List.Rows {
			a := row.Action
			rows = append(rows, []string{a.Number(), string(a.State), a.Due, a.Title, a.Lang, row.Town.Name, row.Person.Name, row.Meeting.Title, s.absolute("/actions/" + a.Number())})
		}
		if v.List.Next == "" {
			return s.table(c, "actions", rows)
		}
	}
}

// missing is the error of an address that programs read and that names something unknown.
func missing(err error) error {
	if err == nil {
		err = fiber.ErrNotFound
	}
	return err
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// table sends rows as CSV (RFC 4180), in UTF-8 without a byte order mark.
func (s *Server) table(c *fiber.Ctx, name string, rows [][]string) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range rows {
		for i, cell := range row {
			row[i] = inert(cell)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8; header=present")
	c.Set(fiber.HeaderContentDisposition, attachment(name+".csv"))
	return s.send(c, []byte(b.String()))
}

// inert puts an apostrophe in front of what a spreadsheet would take for a formula: spaces before the sign do not
// stop it, and neither does the wide form of the sign.
func inert(cell string) string {
	if start := strings.TrimLeft(cell, " \t\r\n\u00a0"); start != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(start)[0]) || start != cell && strings.ContainsAny(cell[:1], "\t\r\n") {
		return "'" + cell
	}
	return cell
}
