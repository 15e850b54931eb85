package server

import (
	"context"
	"strconv"
	"sync"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// unreadPage is how many news one page lists.
const unreadPage = 30

// unreadCounts keeps what the head of every page says is new, by member, as long as nothing changed.
type unreadCounts struct {
	mu   sync.Mutex // guards kept
	kept map[string]unreadCount
}

type unreadCount struct {
	generation, marks uint64
	words             string
}

// unreadOf is unreadWords for a page, which is not refused because it cannot be counted.
func (s *Server) unreadOf(ctx context.Context, v *visit) string {
	words, err := s.unreadWords(ctx, v)
	if err != nil {
		s.Log.Error("unread not counted", "error", err)
	}
	return words
}

// unreadWords is how much is new to the reader, in a word; "" for nothing.
func (s *Server) unreadWords(ctx context.Context, v *visit) (string, error) {
	now := unreadCount{generation: s.Store.Generation(), marks: s.Store.Marks()} // before reading: what is read may only be newer
	s.counts.mu.Lock()
	have, ok := s.counts.kept[v.member.ID]
	s.counts.mu.Unlock()
	if ok && have.generation == now.generation && have.marks == now.marks {
		return have.words, nil
	}
	n, more, err := s.Store.UnreadCount(ctx, v.actor())
	if err != nil {
		return "", err
	}
	switch {
	case more || n > 99:
		now.words = "99+"
	case n > 0:
		now.words = strconv.Itoa(n)
	}
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	if s.counts.kept == nil || len(s.counts.kept) > maxReaders {
		s.counts.kept = map[string]unreadCount{}
	}
	s.counts.kept[v.member.ID] = now
	return now.words, nil
}

// unread lists what is new, or everything since a day.
func (s *Server) unread(c *fiber.Ctx) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	screen := pages.UnreadPage{Form: queried(c, "since")}
	q := store.UnreadQuery{After: c.Query("after"), Limit: unreadPage}
	if day := screen.Form.Value("since"); day != "" {
		since, err := time.ParseInLocation(time.DateOnly, day, s.zone(v))
		if err != nil || since.Year() < 2000 || since.Year() > 9999 {
			screen.Form.Problems["since"] = v.lang.T("unread.bad_day")
		} else {
			q.Since = since
		}
	}
	var err error
	if len(screen.Form.Problems) == 0 {
		if screen.List, err = s.Store.Unread(c.UserContext(), by(c), q); err != nil {
			return err
		}
	}
	screen.Now = s.Store.Now()
	p := s.page(c, v.lang.T("unread.title"))
	return s.render(c, p, pages.Unread(p, screen))
}

// postUnreadAll says that one thing, or everything that was listed, has been seen; it can be taken back.
func (s *Server) postUnreadAll(c *fiber.Ctx) error {
	ctx := c.UserContext()
	switch do := c.FormValue("do"); do {
	case "all":
		until, err := strconv.ParseInt(c.FormValue("until"), 10, 64)
		if err != nil {
			return fiber.ErrBadRequest
		}
		before, err := s.Store.Unread(ctx, by(c), store.UnreadQuery{Limit: 1})
		if err != nil {
			return err
		}
		if err := s.Store.CatchUp(ctx, by(c), time.Unix(until, 0)); err != nil {
			return err
		}
		s.leaveFlash(c, flash{Kind: frontend.OK, Key: "unread.all_done", Undo: frontend.Undo{Action: "/unread", Do: "back " + strconv.FormatInt(before.CaughtUp.Unix(), 10)}})
	case "languages":
		var chosen []string
		for _, raw := range c.Request().PostArgs().PeekMulti("languages") {
			chosen = append(chosen, string(raw))
		}
		if err := s.Store.ReadLanguages(ctx, by(c), chosen); err != nil {
			return err
		}
		s.say(c, frontend.OK, "unread.languages_saved")
	case "thread", "minutes", "room":
		if err := s.Store.Dismiss(ctx, by(c), do, c.FormValue("id")); err != nil {
			return err
		}
	default:
		if len(do) < 6 || do[:5] != "back " {
			return fiber.ErrBadRequest
		}
		at, err := strconv.ParseInt(do[5:], 10, 64)
		if err != nil {
			return fiber.ErrBadRequest
		}
		if err := s.Store.CatchUp(ctx, by(c), time.Unix(at, 0)); err != nil {
			return err
		}
	}
	return s.to(c, "/unread")
}
