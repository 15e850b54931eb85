package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// names lists the towns of a list.
func names(list store.TownList) string {
	var all []string
	for _, row := range list.Rows {
		all = append(all, row.Town.Name)
	}
	return strings.Join(all, " ")
}

// memberTown lets a town of the gazetteer be a member with a profile.
func memberTown(t *testing.T, h *storetest.Hub, person, code string, in store.TownInput) store.Town {
	t.Helper()
	ctx := context.Background()
	m := h.Join(t, person, code)
	if err := h.WelcomeTown(ctx, store.System(), m.TownID()); err != nil {
		t.Fatal(err)
	}
	if err := h.EditTown(ctx, store.System(), m.TownID(), in); err != nil {
		t.Fatal(err)
	}
	town, err := h.TownByID(ctx, m.TownID())
	if err != nil {
		t.Fatal(err)
	}
	return town
}

func TestTownsAreFoundByWhatTheySay(t *testing.T) {
	ctx, h := context.Background(), storetest.OpenTwice(t)
	namur := memberTown(t, h, "Lena Exemple", "BE-92094", store.TownInput{Teaches: []string{"python", "plone"}, Speaks: []string{"fr", "de"}, Offers: true, Places: 1})
	memberTown(t, h, "Jef Voorbeeld", "BE-34022", store.TownInput{Needs: []string{"python"}, Offers: true, Places: 2, PausedUntil: "2026-04-01"})
	memberTown(t, h, "Nora Essai", "FR-59350", store.TownInput{Teaches: []string{"gis"}})
	karl := h.Join(t, "Karl Beispiel", "BE-52011") // Charleroi waits
	for what, want := range map[string]struct {
		q     store.TownQuery
		towns string
	}{
		"all": {store.TownQuery{}, "Kortrijk Lille Namur"}, "in French": {store.TownQuery{Lang: "fr"}, "Kortrijk Lille Namur"}, "by size": {store.TownQuery{Largest: true}, "Lille Namur Kortrijk"},
		"text": {store.TownQuery{Text: "NAM"}, "Namur"}, "another language": {store.TownQuery{Text: "courtrai"}, "Kortrijk"}, "postal code": {store.TownQuery{Text: "5000"}, "Namur"},
		"waiting": {store.TownQuery{Text: "charleroi"}, ""}, "country": {store.TownQuery{Country: "FR"}, "Lille"}, "province": {store.TownQuery{Area: "BE-WNA"}, "Namur"},
		"region": {store.TownQuery{Region: "BE-VLG"}, "Kortrijk"}, "region abroad": {store.TownQuery{Region: "FR-HDF"}, "Lille"}, "no such region": {store.TownQuery{Region: "zonzi"}, ""},
		"official language": {store.TownQuery{Language: "nl"}, "Kortrijk"}, "helps in": {store.TownQuery{Language: "de"}, "Namur"},
		"size": {store.TownQuery{Size: "xl", Country: "BE"}, "Kortrijk Namur"}, "none so small": {store.TownQuery{Size: "s"}, ""},
		"teaches": {store.TownQuery{Teaches: "python"}, "Namur"}, "needs": {store.TownQuery{Needs: "python"}, "Kortrijk"},
		"places": {store.TownQuery{Free: true}, "Namur"}, "unknown skill": {store.TownQuery{Teaches: "nothing"}, ""},
		"resting": {store.TownQuery{State: store.TownResting}, ""}, "unknown state": {store.TownQuery{State: "zonzi"}, ""}, "combined": {store.TownQuery{Teaches: "python", Country: "FR"}, ""},
		"in view":   {store.TownQuery{Within: func(lat, lon float64) bool { return lon < 3.2 }}, "Lille"},
		"joining":   {store.TownQuery{State: store.TownJoining}, ""},
		"nul bytes": {store.TownQuery{Text: "\x00", Area: "\x00", App: "\x00", Teaches: "\x00"}, ""},
	} {
		want.q.Limit = 10
		list, err := h.Towns(ctx, want.q)
		if err != nil || names(list) != want.towns || list.Total != len(list.Rows) || len(list.Found) != list.Total {
			t.Errorf("%s: %q of %d, %v; want %q", what, names(list), list.Total, err, want.towns)
		}
	}
	// What was kept follows what changes: a merged skill, a person who comes, a town that rests, one that is welcomed.
	if err := h.MergeSkill(ctx, store.System(), "python", "java"); err != nil {
		t.Fatal(err)
	}
	for _, skill := range []string{"java", "python"} {
		if list, _ := h.Towns(ctx, store.TownQuery{Teaches: skill, Limit: 10}); names(list) != "Namur" {
			t.Errorf("%s after the merger: %q", skill, names(list))
		}
	}
	h.Join(t, "Paula Essai", "BE-92094")
	if list, _ := h.Towns(ctx, store.TownQuery{Text: "namur", Limit: 10}); list.Rows[0].People != 2 {
		t.Errorf("%d people", list.Rows[0].People)
	}
	if err := h.WelcomeTown(ctx, store.System(), karl.TownID()); err != nil {
		t.Fatal(err)
	}
	if err := h.MoveTo(ctx, store.As(karl.ID), store.JoinInput{TownID: namur.ID}); err != nil {
		t.Fatal(err)
	}
	if list, _ := h.Towns(ctx, store.TownQuery{State: store.TownResting, Limit: 10}); names(list) != "Charleroi" || !list.Choices.Resting {
		t.Errorf("resting: %q", names(list))
	}
}

func TestTownsArePagedByCursor(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	for i, code := range []string{"BE-92094", "BE-34022", "FR-59350", "BE-62063", "BE-52011", "BE-57081", "BE-53053"} {
		memberTown(t, h, "Lena Exemple "+string(rune('a'+i)), code, store.TownInput{})
	}
	for _, q := range []store.TownQuery{{Limit: 2}, {Limit: 2, Lang: "nl"}, {Limit: 3, Largest: true}, {Limit: 7}} {
		whole, err := h.Towns(ctx, store.TownQuery{Limit: 100, Largest: q.Largest, Lang: q.Lang})
		if err != nil {
			t.Fatal(err)
		}
		if q.Lang == "nl" && !strings.HasPrefix(names(whole), "Mons Charleroi Tournai") { // Bergen, Charleroi, Doornik
			t.Errorf("in Dutch: %s", names(whole))
		}
		var got []string
		for {
			list, err := h.Towns(ctx, q)
			if err != nil || list.Total != 7 {
				t.Fatal(list.Total, err)
			}
			got = append(got, names(list))
			if q.After = list.Next; q.After == "" {
				break
			}
		}
		if strings.Join(got, " ") != names(whole) {
			t.Errorf("limit %d: %q, want %q", q.Limit, got, names(whole))
		}
	}
	for _, bad := range []string{"zzz", "MTo", strings.Repeat("A", 4000), "\x00"} {
		if _, err := h.Towns(ctx, store.TownQuery{After: bad, Limit: 2}); store.KindOf(err) != store.NotFound {
			t.Errorf("a cursor that nobody gave: %v", err)
		}
	}
}

// A thousand changes from many sides, and what is kept is what the records say.
func TestTheRollFollowsEveryChange(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	var ids []string
	for i, code := range []string{"BE-92094", "BE-34022", "FR-59350", "BE-62063"} {
		ids = append(ids, memberTown(t, h, "Lena Exemple "+string(rune('a'+i)), code, store.TownInput{}).ID)
	}
	done := make(chan error)
	for worker := range 4 {
		go func() {
			for i := range 40 {
				in := store.TownInput{Teaches: []string{"python"}}
				if (i+worker)%2 == 0 {
					in.Teaches = []string{"php"}
				}
				if err := h.EditTown(ctx, store.System(), ids[worker], in); err != nil {
					done <- err
					return
				}
				list, err := h.Towns(ctx, store.TownQuery{Teaches: in.Teaches[0], Limit: 10})
				if err == nil && !slices.ContainsFunc(list.Rows, func(row store.TownRow) bool { return row.Town.ID == ids[worker] }) {
					t.Error("a town does not find what it has just said")
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkDirectory asks about all 35,440 municipalities of Belgium and France as members.
func BenchmarkDirectory(b *testing.B) {
	ctx, h := context.Background(), storetest.Open(b)
	n := h.Everywhere(b)
	began := time.Now()
	list, err := h.Towns(ctx, store.TownQuery{Limit: 30})
	if err != nil || list.Total != n {
		b.Fatal(list.Total, err)
	}
	b.Logf("%d towns, first read in %v", n, time.Since(began).Round(time.Millisecond))
	last := ""
	for after := ""; ; after = last {
		page, err := h.Towns(ctx, store.TownQuery{Limit: 5000, After: after})
		if err != nil {
			b.Fatal(err)
		}
		if page.Next == "" {
			break
		}
		last = page.Next
	}
	one := list.Rows[0].Town.ID
	for name, q := range map[string]store.TownQuery{"all": {}, "last-page": {After: last}, "text": {Text: "saint-a"}, "combined": {Country: "FR", Size: "m", Teaches: "python", Free: true},
		"largest": {Largest: true}} {
		b.Run(name, func(b *testing.B) {
			q.Limit = 30
			for b.Loop() {
				if _, err := h.Towns(ctx, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("after-a-change", func(b *testing.B) {
		for b.Loop() {
			if err := h.ConfirmTown(ctx, store.System(), one); err != nil {
				b.Fatal(err)
			}
			if _, err := h.Towns(ctx, store.TownQuery{Limit: 30}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
