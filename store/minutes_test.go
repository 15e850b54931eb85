package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// begun is a meeting that has just begun, and an organiser.
func begun(t *testing.T, h *storetest.Hub) (store.Meeting, store.Actor) {
	t.Helper()
	organiser := h.With(t, h.Join(t, "Otto Exemple", "BE-92094"), store.RoleOrganiser)
	m := h.Meeting(t, 10)
	h.Clock.Set(m.Start.Add(time.Minute))
	return m, organiser
}

func TestAClashKeepsBothTexts(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m, otto := begun(t, h)
		first, err := h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Source: "Premier", Lang: "fr"})
		ok(t, err)
		_, err = h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Base: first.Revision, Source: "Deuxième", Lang: "fr"})
		ok(t, err)
		before := digest(t, h)
		_, err = h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Base: first.Revision, Source: "Autre deuxième", Lang: "fr"})
		wantKind(t, err, store.Conflict, "minutes.clash")
		var clash *store.ClashError
		if !errors.As(err, &clash) {
			t.Fatalf("%v carries no other text", err)
		}
		want(t, clash.Newest.Source, "Deuxième")
		want(t, clash.Newest.Number, 2)
		want(t, digest(t, h), before)

		again, err := h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Base: first.Revision, Source: "Deuxième\r\n", Lang: "fr"})
		ok(t, err) // the same text, posted twice
		want(t, again.Revision, 2)
		want(t, digest(t, h), before)
	})
}

func TestReadersSeeOnlyWhatIsPublished(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m, otto := begun(t, h)
		lena := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
		_, err := h.SaveMinutes(ctx, lena, m.ID, store.MinutesDraft{Source: "x", Lang: "fr"})
		wantKind(t, err, store.Denied, "error.not_allowed.organise")
		_, err = h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Source: "Premier", Lang: "fr"})
		ok(t, err)
		for _, reader := range []store.Actor{store.Visitor(), lena} {
			_, err = h.MinutesPage(ctx, reader, m.Slug)
			wantKind(t, err, store.NotFound, "error.not_found")
		}
		_, err = h.PublishMinutes(ctx, lena, m.ID)
		wantKind(t, err, store.Denied, "error.not_allowed.organise")
		_, err = h.PublishMinutes(ctx, otto, m.ID)
		ok(t, err)
		_, err = h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Base: 1, Source: "Secret", Lang: "fr"})
		ok(t, err)
		for _, reader := range []store.Actor{store.Visitor(), lena} {
			page, err := h.MinutesPage(ctx, reader, m.Slug)
			ok(t, err)
			want(t, page.Published.Source, "Premier")
			want(t, page.Newest.Source, "")
			want(t, len(page.Revisions), 1)
			want(t, page.Minutes.HTML, "<p>Premier</p>")
		}
		for range 2 {
			_, err = h.PublishMinutes(ctx, otto, m.ID)
			ok(t, err)
		}
		page, err := h.MinutesPage(ctx, store.Visitor(), m.Slug)
		ok(t, err)
		want(t, page.Published.Source, "Secret")
		want(t, told(t, h, store.EventMinutes, ""), 1)
	})
}

func TestMinutesOfTwoHundredThousandCharacters(t *testing.T) {
	h := storetest.Open(t)
	m, otto := begun(t, h)
	longest := strings.Repeat("é", store.MaxMinutes)
	_, err := h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Source: longest, Lang: "fr"})
	ok(t, err)
	page, err := h.MinutesPage(ctx, otto, m.Slug)
	ok(t, err)
	want(t, page.Newest.Source == longest, true)
	before := digest(t, h)
	_, err = h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Base: 1, Source: longest + "é", Lang: "fr"})
	wantKind(t, err, store.Invalid, "invalid.too_long")
	want(t, digest(t, h), before)
}

func TestMinutesAreOfMeetingsThatTookPlace(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		soon := h.Meeting(t, 10)
		_, err := h.SaveMinutes(ctx, store.System(), soon.ID, store.MinutesDraft{Source: "x", Lang: "fr"})
		wantKind(t, err, store.Conflict, "minutes.not_begun")
		m, otto := begun(t, h)
		_, err = h.SaveMinutes(ctx, otto, m.ID, store.MinutesDraft{Source: "Alerte incendie", Lang: "fr"})
		ok(t, err)
		ok(t, h.CancelMeeting(ctx, otto, m.ID, "alerte"))
		_, err = h.PublishMinutes(ctx, otto, m.ID)
		wantKind(t, err, store.Conflict, "minutes.not_begun")
		after, _, err := h.MeetingByID(ctx, m.ID)
		ok(t, err)
		want(t, after.State, store.MeetingCancelled) // minutes do not bring a cancelled meeting back
	})
}
