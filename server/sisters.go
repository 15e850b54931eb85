package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/server/sister"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// Followers read the feeds of sister communities.
type Followers struct {
	Store  *store.Store
	Client *sister.Client
	Log    *slog.Logger
}

// followEvery is how often due feeds are looked for; each feed is due once an hour.
const followEvery = 5 * time.Minute

// Run reads due feeds until ctx ends.
func (f *Followers) Run(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		if err := f.Follow(ctx); err != nil && ctx.Err() == nil {
			f.Log.Error("sister communities not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Follow reads the feeds that are due, one after the other: a slow one delays the others and nothing else.
func (f *Followers) Follow(ctx context.Context) error {
	due, err := f.Store.SistersDue(ctx)
	for _, feed := range due {
		if err == nil {
			err = f.read(ctx, feed)
		}
	}
	return err
}

func (f *Followers) read(ctx context.Context, feed store.SisterFeed) error {
	answer, err := f.Client.Get(ctx, feed.Address, sister.Known{ETag: feed.ETag, Modified: feed.Modified})
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err() // we are being stopped, it is not the site's fault
	}
	if err == nil && !answer.Unchanged {
		var items []sister.Item
		switch feed.Kind {
		case store.SisterNews:
			items, err = sister.News(answer.Body)
		case store.SisterOffers:
			items, err = sister.Offers(answer.Body)
		default:
			items, err = sister.Calendar(ctx, answer.Body, f.Store.Now())
		}
		feed.Items = nil
		for _, one := range items {
			feed.Items = append(feed.Items, store.SisterItem{ID: one.ID, Title: one.Title, Href: one.Href, Place: one.Place, Start: one.Start.UTC(), Zone: one.Start.Location().String(), End: one.End.UTC(), AllDay: one.AllDay,
				Summary: one.Summary, Lang: one.Lang, Speaks: one.Speaks})
		}
		feed.ETag, feed.Modified = answer.Known.ETag, answer.Known.Modified
	}
	feed.Problem = ""
	if err != nil {
		feed.Problem = sister.Key(err)
		f.Log.Info("a sister community could not be read", "sister", feed.Sister, "kind", feed.Kind, "error", err)
	}
	return f.Store.SisterRead(ctx, feed)
}

const sisterItems = 6

// sisters shows what sister communities do.
func (s *Server) sisters(c *fiber.Ctx) error { return s.showSisters(c, nil, "") }

func (s *Server) showSisters(c *fiber.Ctx, err error, id string) error {
	rows, missing := s.Store.Sisters(c.UserContext(), by(c), sisterItems)
	if missing != nil {
		return missing
	}
	v := pages.SistersPage{Rows: rows, MayEdit: visitOf(c).member.May(store.Steward), Editing: id, Form: frontend.Form{Values: map[string]string{"lang": visitOf(c).lang.Tag()}}}
	p := s.page(c, visitOf(c).lang.T("sister.title"))
	p.Section = frontend.Meetings
	if err == nil {
		return s.render(c, p, pages.Sisters(p, v))
	}
	v.Form = s.typed(c, err, "name", "home", "calendar", "news", "offers", "lang")
	return s.renderStatus(c, statusOf(err), p, pages.Sisters(p, v))
}

// postSister follows a sister community, changes how, or stops.
func (s *Server) postSister(c *fiber.Ctx) error {
	id := c.FormValue("id")
	said := "sister.said.saved"
	var err error
	if c.FormValue("do") == "leave" {
		said = "sister.said.left"
		err = s.Store.LeaveSister(c.UserContext(), by(c), id)
	} else {
		_, err = s.Store.SaveSister(c.UserContext(), by(c), id, store.SisterInput{Name: c.FormValue("name"), Home: c.FormValue("home"), Calendar: c.FormValue("calendar"), News: c.FormValue("news"), Offers: c.FormValue("offers"), Lang: c.FormValue("lang")})
	}
	switch {
	case err == nil:
		return s.done(c, "/sisters", said)
	case mayTypeAgain(err) && visitOf(c).member.May(store.Steward):
		return s.showSisters(c, err, id)
	case store.KindOf(err) == store.Invalid:
		return fiber.ErrForbidden
	}
	return err
}
