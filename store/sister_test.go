package store_test

import (
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// Offers of several sisters take turns, those for other languages are left out, and what was not read for a week is no offer
// any more, nor what another address said.
func TestOffersOfSisters(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		steward := h.With(t, h.Join(t, "Lena Exemple", "BE-92094"), store.RoleSteward)
		in := store.SisterInput{Home: "https://soeur.example/", Lang: "fr"}
		for _, name := range []string{"Zone", "Aire"} {
			in.Name, in.Offers = name, "https://"+name+".example/mentors.atom"
			_, err := h.SaveSister(ctx, steward, "", in)
			ok(t, err)
		}
		due, err := h.SistersDue(ctx)
		ok(t, err)
		want(t, len(due), 2)
		for _, feed := range due {
			feed.Items = []store.SisterItem{{ID: "1", Title: "Een", Speaks: []string{"nl"}}, {ID: "2", Title: "Deux", Speaks: []string{"de", "fr"}}, {ID: "3", Title: "Trois"}}
			ok(t, h.SisterRead(ctx, feed))
		}
		shown := func(most int, speaks ...string) string {
			t.Helper()
			offers, err := h.SisterOffers(ctx, speaks, most)
			ok(t, err)
			words := ""
			for _, one := range offers {
				want(t, one.Sister.Offers, "") // for stewards only
				words += one.Sister.Name + " " + one.Item.Title + ", "
			}
			return words
		}
		want(t, shown(10, "fr"), "Aire Deux, Zone Deux, Aire Trois, Zone Trois, ")
		want(t, shown(3, "fr", "en"), "Aire Deux, Zone Deux, Aire Trois, ")
		want(t, shown(2), "Aire Een, Zone Een, ")
		sound(t, h)
		h.Clock.Add(8 * 24 * time.Hour)
		want(t, shown(10), "")
		due, err = h.SistersDue(ctx)
		ok(t, err)
		ok(t, h.SisterRead(ctx, due[0])) // unchanged, but asked again
		want(t, strings.Count(shown(10), ","), 3)
		in.Name, in.Offers = "Autre", "https://autre.example/mentors.atom"
		_, err = h.SaveSister(ctx, steward, due[0].Sister, in)
		ok(t, err)
		want(t, shown(10), "")
	})
}

func TestASisterIsFollowed(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		in := store.SisterInput{Name: "Communauté sœur", Home: "https://soeur.example/", Calendar: "https://soeur.example/meetings.ics", News: "https://soeur.example/news.atom", Lang: "fr"}
		_, err := h.SaveSister(ctx, store.As(lena.ID), "", in)
		wantKind(t, err, store.Denied, "error.not_allowed.steward")
		steward := h.With(t, lena, store.RoleSteward)
		one, err := h.SaveSister(ctx, steward, "", in)
		ok(t, err)
		due, err := h.SistersDue(ctx)
		ok(t, err)
		want(t, len(due), 2)
		feed := due[0]
		feed.ETag = `"a"`
		feed.Items = []store.SisterItem{{ID: "1", Title: "Hier", Start: h.Now().Add(-48 * time.Hour), End: h.Now().Add(-47 * time.Hour)}, {ID: "2", Title: "Demain", Start: h.Now().Add(24 * time.Hour)}}
		ok(t, h.SisterRead(ctx, feed))
		bad := due[1]
		bad.Problem = "sister.error.reach"
		ok(t, h.SisterRead(ctx, bad))
		due, err = h.SistersDue(ctx)
		ok(t, err)
		want(t, len(due), 0)
		rows, err := h.Sisters(ctx, store.Visitor(), 10)
		ok(t, err)
		want(t, len(rows[0].Feeds[store.SisterMeetings].Items), 1)
		want(t, rows[0].Feeds[store.SisterMeetings].Items[0].Title, "Demain")
		want(t, rows[0].Feeds[store.SisterNews].Problem+rows[0].Sister.Calendar, "") // for stewards only
		rows, err = h.Sisters(ctx, steward, 10)
		ok(t, err)
		want(t, rows[0].Feeds[store.SisterNews].Problem, "sister.error.reach")
		h.Clock.Add(2 * time.Hour)
		due, err = h.SistersDue(ctx)
		ok(t, err)
		want(t, len(due), 2)
		feed = due[0]
		feed.Problem = "sister.error.status" // what was read before stays
		ok(t, h.SisterRead(ctx, feed))
		rows, err = h.Sisters(ctx, store.Visitor(), 10)
		ok(t, err)
		want(t, len(rows[0].Feeds[store.SisterMeetings].Items), 1)
		in.Calendar = "https://autre.example/meetings.ics"
		_, err = h.SaveSister(ctx, steward, one.ID, in)
		ok(t, err)
		ok(t, h.SisterRead(ctx, due[0])) // of the address before: changes nothing
		rows, err = h.Sisters(ctx, store.Visitor(), 10)
		ok(t, err)
		want(t, len(rows[0].Feeds[store.SisterMeetings].Items), 0)
		sound(t, h)
		ok(t, h.LeaveSister(ctx, steward, one.ID))
		rows, err = h.Sisters(ctx, store.Visitor(), 10)
		ok(t, err)
		want(t, len(rows), 0)
		sound(t, h)
	})
}
