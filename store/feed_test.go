package store_test

import (
	"regexp"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func TestAPersonalCalendarAddress(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		jef := h.Join(t, "Jef Exemple", "BE-92094")
		me := store.As(lena.ID)
		answers := func(token string, wanted store.FeedState) {
			t.Helper()
			m, state, err := h.FeedByToken(ctx, token)
			ok(t, err)
			want(t, state, wanted)
			if state == store.FeedLive {
				want(t, m.ID, lena.ID)
			}
		}
		first, err := h.NewFeedLink(ctx, me, "téléphone")
		ok(t, err)
		want(t, regexp.MustCompile(`^[0-9a-f]{32}[a-z2-7]{26}$`).MatchString(first.Token), true)
		answers(first.Token, store.FeedLive)
		listed, err := h.FeedLinks(ctx, me)
		ok(t, err)
		want(t, listed[0].Token, first.Token)
		for _, forged := range []string{"", "x", first.Token[:57], first.Token + "a", first.Token[:32] + "aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
			answers(forged, store.FeedGone)
		}
		wantKind(t, h.ResetFeedLink(ctx, store.As(jef.ID), first.ID), store.NotFound, "error.not_found")
		wantKind(t, h.RemoveFeedLink(ctx, store.As(jef.ID), first.ID), store.NotFound, "error.not_found")

		ok(t, h.ResetFeedLink(ctx, me, first.ID))
		listed, err = h.FeedLinks(ctx, me)
		ok(t, err)
		second := listed[0].Token
		answers(first.Token, store.FeedReset)
		answers(second, store.FeedLive)
		h.Clock.Add(24 * time.Hour)
		ok(t, h.ResetFeedLink(ctx, me, first.ID))
		answers(first.Token, store.FeedReset) // a second reset does not shorten the thirty days of the first
		answers(second, store.FeedReset)
		h.Clock.Add(30*24*time.Hour - time.Second)
		answers(second, store.FeedReset)
		h.Clock.Add(time.Second)
		answers(first.Token, store.FeedGone)
		answers(second, store.FeedGone)

		listed, err = h.FeedLinks(ctx, me)
		ok(t, err)
		third := listed[0].Token
		answers(third, store.FeedLive)
		ok(t, h.RemoveFeedLink(ctx, me, first.ID))
		answers(third, store.FeedReset)
		wantKind(t, h.ResetFeedLink(ctx, me, first.ID), store.NotFound, "error.not_found")
		h.Clock.Add(30 * 24 * time.Hour)
		answers(third, store.FeedGone)
	})
}

func TestWhoLeavesHasNoPersonalCalendar(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		link, err := h.NewFeedLink(ctx, store.As(lena.ID), "")
		ok(t, err)
		ok(t, h.Leave(ctx, store.As(lena.ID), "", store.Session{Member: lena.ID, Proved: h.Now()}))
		_, state, err := h.FeedByToken(ctx, link.Token)
		ok(t, err)
		want(t, state, store.FeedReset)
		h.Clock.Add(30 * 24 * time.Hour)
		_, state, err = h.FeedByToken(ctx, link.Token)
		ok(t, err)
		want(t, state, store.FeedGone)
		_, err = h.NewFeedLink(ctx, store.As(lena.ID), "")
		wantKind(t, err, store.Denied, "error.sign_in_first")
	})
}

func TestTenPersonalAddressesAreEnough(t *testing.T) {
	h := storetest.Open(t)
	me := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
	for range store.MaxFeedLinks {
		_, err := h.NewFeedLink(ctx, me, "x")
		ok(t, err)
	}
	_, err := h.NewFeedLink(ctx, me, "x")
	wantKind(t, err, store.Invalid, "feed.too_many")
}

// TestA28ANewPasswordMakesCalendarAddressesAnew: who changes their password reads their calendar at a new address; the old
// one says that it was reset. A first password, which nobody can have known, leaves it, and so does one that was refused.
func TestA28ANewPasswordMakesCalendarAddressesAnew(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		me, proved := store.As(lena.ID), store.Session{Member: lena.ID, Proved: h.Now()}
		link, err := h.NewFeedLink(ctx, me, "téléphone")
		ok(t, err)
		answers := func(token string, wanted store.FeedState) {
			t.Helper()
			_, state, err := h.FeedByToken(ctx, token)
			ok(t, err)
			want(t, state, wanted)
		}
		const first, second = "une phrase assez longue", "une autre phrase assez longue"
		renewed, err := h.SetPassword(ctx, me, "", first, proved)
		ok(t, err)
		want(t, renewed, 0)
		answers(link.Token, store.FeedLive)
		_, err = h.SetPassword(ctx, me, "pas celle-ci", second, proved)
		wantKind(t, err, store.Invalid, "error.wrong_current_password")
		answers(link.Token, store.FeedLive)
		renewed, err = h.SetPassword(ctx, me, first, second, proved)
		ok(t, err)
		want(t, renewed, 1)
		answers(link.Token, store.FeedReset)
		listed, err := h.FeedLinks(ctx, me)
		ok(t, err)
		want(t, len(listed), 1)
		answers(listed[0].Token, store.FeedLive)
		want(t, listed[0].Label, "téléphone")
	})
}
