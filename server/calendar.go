package server

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/server/ical"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// feedCache keeps the bytes of every feed until a commit changes something public, or the month ends and with it the
// window of the feed.
type feedCache struct {
	mu      sync.Mutex // guards entries
	entries map[string]cachedFeed
}

type cachedFeed struct {
	generation uint64
	window     time.Time
	body       []byte
	etag       string
	changed    time.Time // latest publication in the feed
}

// maxFeeds bounds the cache: personal feeds come and go.
const maxFeeds = 2000

func newFeedCache() *feedCache { return &feedCache{entries: map[string]cachedFeed{}} }

func (k *feedCache) get(key string) (cachedFeed, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	feed, ok := k.entries[key]
	return feed, ok
}

func (k *feedCache) put(key string, feed cachedFeed) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.entries) >= maxFeeds {
		clear(k.entries)
	}
	k.entries[key] = feed
}

// feed answers with a calendar, from kept bytes when nothing has changed. When one cannot be made, the last good one is
// served and the operator is told (CALENDAR F40a).
func (s *Server) feed(c *fiber.Ctx, key string, build func(context.Context) (ical.Calendar, error)) error {
	ctx := c.UserContext()
	generation := s.Store.Generation()
	from, recent, _ := ical.Window(s.Store.Now())
	kept, had := s.feeds.get(key)
	if !had || kept.generation != generation || !kept.window.Equal(from) {
		cal, err := build(ctx)
		var body []byte
		if err == nil {
			body, err = ical.Encode(cal)
		}
		switch {
		case err == nil:
			kept = renewed(kept, cachedFeed{generation: generation, window: from, body: body, etag: ical.ETag(body), changed: later(latest(cal), recent)},
				s.Store.Now())
			s.feeds.put(key, kept)
		case !had || store.KindOf(err) != 0 && store.KindOf(err) != store.Unavailable:
			return err
		default:
			s.Log.Error("calendar not made, serving the last good one", "error", err)
		}
	}
	return sendFeed(c, kept)
}

// renewed is what follows kept bytes. Other bytes never carry the time of the ones before, or who asks by time alone would
// keep those: a meeting that goes, or a town that changes its name, leaves no newer publication in the feed.
func renewed(kept, next cachedFeed, now time.Time) cachedFeed {
	switch {
	case kept.etag == next.etag:
		next.changed = kept.changed
	case kept.etag != "" && !next.changed.Truncate(time.Second).After(kept.changed):
		next.changed = now.Truncate(time.Second)
	}
	return next
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func latest(c ical.Calendar) time.Time {
	last := time.Unix(0, 0)
	note := func(e ical.Event) {
		if e.Published.After(last) {
			last = e.Published
		}
	}
	for _, one := range c.Series {
		note(one.Event)
		for _, e := range one.Overrides {
			note(e)
		}
	}
	for _, e := range c.Events {
		note(e)
	}
	return last
}

// sendFeed answers as calendar programs expect: never compressed, never negotiated (CALENDAR F37–F39).
func sendFeed(c *fiber.Ctx, feed cachedFeed) error {
	c.Set(fiber.HeaderContentType, ical.ContentType)
	c.Set(fiber.HeaderETag, feed.etag)
	c.Set(fiber.HeaderLastModified, feed.changed.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	if strings.HasPrefix(c.Path(), "/calendar/") {
		c.Set(fiber.HeaderCacheControl, "private, max-age=900")
		c.Set("X-Robots-Tag", "noindex")
	} else {
		c.Set(fiber.HeaderCacheControl, "public, max-age=900")
	}
	if c.Get(fiber.HeaderIfNoneMatch) != "" {
		if unchanged(c, feed.etag) {
			return c.SendStatus(fiber.StatusNotModified)
		}
	} else if since, err := time.Parse(time.RFC1123, c.Get(fiber.HeaderIfModifiedSince)); err == nil && !feed.changed.Truncate(time.Second).After(since) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Response().SetBodyRaw(feed.body)
	return nil
}

// options of a feed, which are part of its key.
type feedOptions struct {
	single      bool
	noCancelled bool
	mine        bool
	alarm       time.Duration
}

func feedOptionsOf(c *fiber.Ctx) feedOptions {
	o := feedOptions{single: c.Query("form") == "single", noCancelled: c.Query("cancelled") == "0", mine: c.Query("show") == "mine"}
	if alarm, err := time.ParseDuration(strings.Replace(c.Query("alarm"), "1d", "24h", 1)); err == nil && alarm > 0 && alarm <= 14*24*time.Hour {
		o.alarm = alarm
	}
	return o
}

func (o feedOptions) key(name string) string {
	return name + "?" + strings.Join([]string{ticked(o.single), ticked(o.noCancelled), ticked(o.mine), o.alarm.String()}, "&")
}

// publicCalendar is all public meetings.
func (s *Server) publicCalendar(c *fiber.Ctx) error {
	o := feedOptionsOf(c)
	return s.feed(c, o.key("all"), func(ctx context.Context) (ical.Calendar, error) {
		return s.calendar(ctx, calendarAsk{name: s.text("feed.all"), path: "/meetings", source: "/meetings.ics", options: o})
	})
}

// seriesCalendar is one series.
func (s *Server) seriesCalendar(c *fiber.Ctx) error {
	series, moved, err := s.Store.SeriesBySlug(c.UserContext(), c.Params("slug"))
	if err != nil || moved && series.ID == "" {
		return err
	}
	o := feedOptionsOf(c)
	return s.feed(c, o.key("series/"+series.ID), func(ctx context.Context) (ical.Calendar, error) {
		return s.calendar(ctx, calendarAsk{name: series.Title, path: "/series/" + series.Slug, source: "/series/" + series.Slug + ".ics",
			scope: store.CalendarScope{Series: series.ID}, options: o})
	})
}

// townCalendar is the meetings a town hosts.
func (s *Server) townCalendar(c *fiber.Ctx) error {
	page, err := s.Store.TownPage(c.UserContext(), store.Visitor(), c.Params("slug"))
	if err != nil {
		return err
	}
	o := feedOptionsOf(c)
	o.single = true
	return s.feed(c, o.key("town/"+page.Town.ID), func(ctx context.Context) (ical.Calendar, error) {
		return s.calendar(ctx, calendarAsk{name: s.text("feed.town", "Town", page.Town.Name), path: "/towns/" + page.Town.Slug,
			source: "/towns/" + page.Town.Slug + "/meetings.ics", scope: store.CalendarScope{Town: page.Town.ID}, options: o})
	})
}

// meetingCalendar is one meeting, to download once.
func (s *Server) meetingCalendar(c *fiber.Ctx) error {
	m, err := s.Store.MeetingHead(c.UserContext(), store.Visitor(), c.Params("slug"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+m.Slug+`.ics"`)
	return s.feed(c, "meeting/"+m.ID, func(ctx context.Context) (ical.Calendar, error) {
		return s.calendar(ctx, calendarAsk{name: m.Title, path: "/meetings/" + m.Slug, scope: store.CalendarScope{Meeting: m.ID},
			options: feedOptions{single: true}})
	})
}

// personalCalendar is one member's calendar under a secret address. A reset address answers with an empty calendar that
// says so: a program that only meets errors would keep showing the old meetings (CALENDAR F43).
func (s *Server) personalCalendar(c *fiber.Ctx) error {
	m, state, err := s.Store.FeedByToken(c.UserContext(), c.Params("token"))
	switch {
	case err != nil:
		return err
	case state == store.FeedGone:
		return fiber.ErrNotFound
	case state == store.FeedReset:
		body, err := ical.Encode(ical.Calendar{Name: s.text("feed.reset"), Zone: "Europe/Brussels"})
		if err != nil {
			return err
		}
		return sendFeed(c, cachedFeed{body: body, etag: ical.ETag(body), changed: time.Unix(0, 0)})
	}
	o := feedOptionsOf(c)
	o.single = true
	return s.feed(c, o.key("member/"+m.ID), func(ctx context.Context) (ical.Calendar, error) {
		return s.calendar(ctx, calendarAsk{name: s.textIn(m.Language, "feed.personal"), path: "/", scope: store.CalendarScope{Member: m.ID}, options: o, lang: m.Language})
	})
}

// text is a text in the language of the feeds that belong to nobody.
func (s *Server) text(key string, args ...any) string { return s.textIn("", key, args...) }

func (s *Server) textIn(tag, key string, args ...any) string {
	lang, ok := s.Catalogue.Language(tag)
	if !ok {
		lang = s.Catalogue.Match("")
	}
	return lang.T(key, args...)
}

func (s *Server) webcal(path string) string { return "webcal://" + s.public.Host + path }

// subscribe offers a calendar to every kind of programme.
func (s *Server) subscribe(c *fiber.Ctx) error {
	ctx, lang := c.UserContext(), visitOf(c).lang
	path, name := "/meetings.ics", lang.T("feed.all")
	if slug := c.Query("series"); slug != "" {
		series, _, err := s.Store.SeriesBySlug(ctx, slug)
		if err != nil {
			return err
		}
		path, name = "/series/"+series.Slug+".ics", series.Title
	} else if slug := c.Query("town"); slug != "" {
		page, err := s.Store.TownPage(ctx, by(c), slug)
		if err != nil {
			return err
		}
		path, name = "/towns/"+page.Town.Slug+"/meetings.ics", lang.T("feed.town", "Town", page.Town.NameIn(lang.Tag()))
	}
	screen := pages.SubscribePage{Name: name, Webcal: s.webcal(path), HTTPS: s.absolute(path), Personal: visitOf(c).signedIn()}
	screen.Google = "https://calendar.google.com/calendar/r?cid=" + url.QueryEscape(screen.Webcal)
	query := "?url=" + url.QueryEscape(screen.HTTPS) + "&name=" + url.QueryEscape(name)
	screen.Outlook = "https://outlook.live.com/calendar/0/addfromweb" + query
	screen.Office = "https://outlook.office.com/calendar/0/addfromweb" + query
	p := s.page(c, lang.T("subscribe.title"))
	p.Section = frontend.Meetings
	return s.render(c, p, pages.Subscribe(p, screen))
}
