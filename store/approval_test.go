package store_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// minutedSeries is a series with its first two meetings, the first one minuted.
func minutedSeries(t *testing.T, h *storetest.Hub) (first, second store.Meeting) {
	t.Helper()
	_, err := h.StartSeries(ctx, store.System(), series())
	ok(t, err)
	_, all := ahead(t, h)
	first, second = all[0], all[1]
	h.Clock.Set(first.Start.Add(time.Hour))
	_, err = publish(t, h, first, 0, "## 1. Un\nun\n!D Oui\n## 2. Deux\ndeux")
	ok(t, err)
	return first, second
}

func TestApprovalFreezesTheText(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		first, second := minutedSeries(t, h)
		otto := h.Join(t, "Otto Beispiel", "BE-62063")
		organiser := h.With(t, otto, store.RoleOrganiser)
		lena := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
		_, err := h.ApproveMinutes(ctx, organiser, first.ID, "")
		wantKind(t, err, store.Conflict, "minutes.approve_later")
		_, err = h.ApproveMinutes(ctx, organiser, first.ID, second.ID)
		wantKind(t, err, store.Invalid, "minutes.approve_later")
		_, err = h.AddErratum(ctx, organiser, first.ID, "Lire 2027.", "fr")
		wantKind(t, err, store.Conflict, "minutes.not_approved")
		h.Clock.Set(second.Start.Add(time.Minute))
		_, err = h.ApproveMinutes(ctx, lena, first.ID, "")
		wantKind(t, err, store.Denied, "error.not_allowed.organise")
		for range 2 {
			have, err := h.ApproveMinutes(ctx, organiser, first.ID, "")
			ok(t, err)
			want(t, have.Approval.Meeting, second.ID)
			want(t, len(have.Approval.SHA256), 64)
		}
		_, err = h.SaveMinutes(ctx, organiser, first.ID, store.MinutesDraft{Base: 2, Source: "Autre", Lang: "fr"})
		wantKind(t, err, store.Conflict, "minutes.approved")
		_, err = h.ProposeCorrection(ctx, lena, first.ID, store.CorrectionInput{Base: 2, Source: "Autre"})
		wantKind(t, err, store.Conflict, "minutes.approved")
		for range 2 {
			have, err := h.AddErratum(ctx, organiser, first.ID, "Lire 2027.", "fr")
			ok(t, err)
			want(t, len(have.Errata), 1)
			want(t, have.Errata[0].Name, "Otto Beispiel")
		}
		sound(t, h)
		m, _, err := h.MeetingByID(ctx, first.ID)
		ok(t, err)
		want(t, m.State, store.MeetingApproved)
	})
}

func TestCorrectionsAreProposedAndDecided(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		first, _ := minutedSeries(t, h)
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		text := newest(t, h, first)
		var one store.Correction
		for range 2 {
			var err error
			one, err = h.ProposeCorrection(ctx, store.As(lena.ID), first.ID, store.CorrectionInput{Base: 2, Source: strings.Replace(text, "deux", "DEUX", 1), Why: "Faute"})
			ok(t, err)
		}
		_, err := h.ProposeCorrection(ctx, store.As(lena.ID), first.ID, store.CorrectionInput{Base: 2, Source: text})
		wantKind(t, err, store.Invalid, "minutes.correction_nothing")
		_, err = h.SaveMinutes(ctx, store.System(), first.ID, store.MinutesDraft{Base: 2, Source: strings.Replace(text, "un\n", "UN\n", 1), Lang: "fr"})
		ok(t, err)
		wantKind(t, h.DecideCorrection(ctx, store.As(lena.ID), first.ID, one.ID, true, ""), store.Denied, "error.not_allowed.organise")
		for range 2 {
			ok(t, h.DecideCorrection(ctx, store.System(), first.ID, one.ID, true, ""))
		}
		_, err = h.PublishMinutes(ctx, store.System(), first.ID)
		ok(t, err)
		if got := newest(t, h, first); !strings.Contains(got, "UN\n") || !strings.Contains(got, "DEUX") || !strings.Contains(got, "2026-001") {
			t.Errorf("not both changes: %q", got)
		}
		want(t, told(t, h, store.EventCorrection, lena.ID), 1)
		two, err := h.ProposeCorrection(ctx, store.As(lena.ID), first.ID, store.CorrectionInput{Base: 4, Source: "Tout autre"})
		ok(t, err)
		ok(t, h.DecideCorrection(ctx, store.System(), first.ID, two.ID, false, "Non"))
		sound(t, h)
	})
}

func TestTwoWriteDifferentItemsAtOnce(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		first, _ := minutedSeries(t, h)
		for section, words := range map[int]string{0: "## 1. Un\nANNA", 1: "## 2. Deux\nBERT"} {
			_, err := h.SaveSection(ctx, store.System(), first.ID, section, store.MinutesDraft{Base: 2, Source: words, Lang: "fr"})
			ok(t, err)
		}
		_, err := h.PublishMinutes(ctx, store.System(), first.ID)
		ok(t, err)
		if got := newest(t, h, first); !strings.Contains(got, "ANNA") || !strings.Contains(got, "BERT") {
			t.Errorf("%q", got)
		}
		_, err = h.SaveSection(ctx, store.System(), first.ID, 0, store.MinutesDraft{Base: 2, Source: "## 1. Un\nCARL", Lang: "fr"})
		wantKind(t, err, store.Conflict, "minutes.clash")
		_, err = h.SaveSection(ctx, store.System(), first.ID, 9, store.MinutesDraft{Base: 2, Source: "x", Lang: "fr"})
		wantKind(t, err, store.NotFound, "error.not_found")
	})
}

// TestVerifySeesAnotherApprovedText: one letter of an approved text, or of the sum beside it, is changed behind the
// store's back.
func TestVerifySeesAnotherApprovedText(t *testing.T) {
	for name, change := range map[string][3]string{
		"the text": {"revision/", "deux", "DEUX"}, "the sum": {"minutes/", `"sha256":"`, `"sha256":"f`}, "the sum is gone": {"minutes/", `"sha256"`, `"sha255"`},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.Open(t)
			first, second := minutedSeries(t, h)
			h.Clock.Set(second.Start.Add(time.Minute))
			_, err := h.ApproveMinutes(ctx, store.System(), first.ID, "")
			ok(t, err)
			sound(t, h)
			ok(t, h.DB.Update(ctx, "damage", func(tx kv.Tx) error {
				pairs, err := tx.Scan(kv.Prefix([]byte(change[0])), 100)
				for _, pair := range pairs {
					tx.Put(bytes.Clone(pair.Key), bytes.Replace(pair.Value, []byte(change[1]), []byte(change[2]), 1))
				}
				return err
			}))
			found := strings.Join(faults(t, h), "\n")
			if !strings.Contains(found, "minutes/"+first.ID) || !strings.Contains(found, "SHA-256") {
				t.Errorf("not said: %q", found)
			}
		})
	}
}
