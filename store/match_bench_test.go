package store_test

import (
	"testing"

	"belfry/store"
	"belfry/store/gazetteer"
	"belfry/store/storetest"
)

func benchWish(h *storetest.Hub, t testing.TB) store.Wish {
	all, err := h.Skills(ctx, "fr")
	ok(t, err)
	real, _ := h.Gazetteer().Town("FR-59067")
	need := store.MentorNeed{Speaks: []string{"fr", "nl"}, Staff: store.StaffNone, Hosting: store.HostingShared, Near: 50}
	for i := range 6 {
		need.Skills = append(need.Skills, all[i*5].ID)
	}
	return store.Wish{Town: store.Town{Code: real.Code, Name: real.Name, Lat: real.Lat, Lon: real.Lon, Population: real.Population}, Need: need}
}

// BenchmarkFindMentors is one search in a hub of which every municipality of Belgium and France is a member.
func BenchmarkFindMentors(b *testing.B) {
	h := storetest.Open(b)
	h.Everywhere(b)
	wish := benchWish(h, b)
	_, err := h.FindMentors(ctx, wish, 5) // reads the towns
	ok(b, err)
	for b.Loop() {
		found, err := h.FindMentors(ctx, wish, 5)
		if err != nil || len(found.Best) != 5 {
			b.Fatal(len(found.Best), err)
		}
	}
}

// BenchmarkMatchAll ranks all municipalities of Belgium and France as if every one of them offered help.
func BenchmarkMatchAll(b *testing.B) {
	g, err := gazetteer.Load()
	ok(b, err)
	var mentors []store.Mentor
	for i, code := range g.Codes() {
		real, _ := g.Town(code)
		town := store.Town{ID: code, Code: code, Name: real.Name, Languages: real.Languages, Population: real.Population, Lat: real.Lat, Lon: real.Lon, State: store.TownMember, Staff: store.StaffOne}
		town.Profile = store.Profile{Offers: true, Places: 1 + i%3, Hosting: store.HostingShared, Speaks: []string{"fr"}, Teaches: []string{"gis", "plone", "python"}}
		mentors = append(mentors, store.NewMentor(town, []string{"app-1", "app-2"}))
	}
	wish := store.Wish{Town: store.Town{ID: "x", Lat: 50.8, Lon: 2.48, Population: 2198}, Need: store.MentorNeed{Speaks: []string{"fr", "nl"}, Skills: []string{"gis", "php", "python"}, Apps: []string{"app-2"}}}
	for b.Loop() {
		if best, n := store.Match(wish, mentors, store.DefaultWeights(), noon, 5); n != len(mentors) || len(best) != 5 {
			b.Fatal(n)
		}
	}
}
