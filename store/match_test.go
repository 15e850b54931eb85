package store_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/gazetteer"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// crowdOfMentors are invented offers of real towns, with equal ones among them so that ties are frequent.
func crowdOfMentors(t testing.TB, n int, seed uint64) []store.Mentor {
	t.Helper()
	g, err := gazetteer.Load()
	ok(t, err)
	codes := g.Search("a", 2000)
	r := rand.New(rand.NewPCG(seed, 3))
	one := func(words ...string) string { return words[r.IntN(len(words))] }
	var all []store.Mentor
	for i := range n {
		real := codes[r.IntN(len(codes))]
		town := store.Town{ID: fmt.Sprintf("%04d", i), Name: one(real.Name, "Ville"), Languages: real.Languages, Population: real.Population, Lat: real.Lat, Lon: real.Lon,
			State: store.TownState(one("member", "member", "member", "resting", "joining")), Staff: store.Staff(one("", "none", "one", "few", "team"))}
		town.Profile = store.Profile{Offers: r.IntN(4) > 0, Places: r.IntN(4), Hosting: store.Hosting(one("", "own", "shared", "company", "mixed"))}
		for _, skill := range []string{"plone", "python", "gis", "backup", "archives"} {
			if r.IntN(3) == 0 {
				town.Profile.Teaches = append(town.Profile.Teaches, skill)
			}
		}
		for _, lang := range store.Languages() {
			if r.IntN(3) == 0 {
				town.Profile.Speaks = append(town.Profile.Speaks, lang)
			}
		}
		if r.IntN(5) == 0 {
			town.Profile.PausedUntil = one("2026-03-04", "2026-03-05", "2026-12-01")
		}
		m := store.NewMentor(town, []string{one("app-1", "app-2", "app-3")})
		m.Learners, m.Former, m.Answered, m.Days = r.IntN(4), r.IntN(3), r.IntN(2), r.IntN(20)
		all = append(all, m)
	}
	return all
}

func someWish(r *rand.Rand) store.Wish {
	need := store.MentorNeed{Near: store.Nears()[r.IntN(4)], Staff: store.StaffOne, Hosting: store.HostingShared}
	for _, lang := range store.Languages() {
		if r.IntN(2) == 0 {
			need.Speaks = append(need.Speaks, lang)
		}
	}
	if len(need.Speaks) == 0 {
		need.Speaks = []string{"fr"}
	}
	for i, skill := range []string{"plone", "python", "gis"} {
		if r.IntN(2) == 0 {
			need.Skills = append(need.Skills, skill)
			need.Apps = append(need.Apps, fmt.Sprintf("app-%d", i+1))
		}
	}
	return store.Wish{Town: store.Town{ID: fmt.Sprintf("%04d", r.IntN(50)), Population: 1000 + r.IntN(20_000), Lat: 50.5, Lon: 3.5}, Need: need, Leave: map[string]bool{"0007": true}}
}

// TestRanksAreTheSameForEveryOrder: whatever order the data is read in, and however many are asked for.
func TestRanksAreTheSameForEveryOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for seed := range uint64(20) {
		mentors, wish := crowdOfMentors(t, 400, seed), someWish(r)
		first, total := store.Match(wish, mentors, store.DefaultWeights(), noon, 400)
		if len(first) != total || total == 0 {
			t.Fatalf("%d of %d", len(first), total)
		}
		for range 10 {
			r.Shuffle(len(mentors), func(i, j int) { mentors[i], mentors[j] = mentors[j], mentors[i] })
			again, _ := store.Match(wish, mentors, store.DefaultWeights(), noon, 400)
			if !reflect.DeepEqual(first, again) {
				t.Fatal("another order gives another rank")
			}
			few, n := store.Match(wish, mentors, store.DefaultWeights(), noon, 7)
			if !reflect.DeepEqual(first[:7], few) || n != total {
				t.Fatal("the first seven are not the first seven")
			}
		}
		if !slices.IsSortedFunc(first, func(a, b store.Candidate) int { return b.Score - a.Score }) {
			t.Error("not by score")
		}
	}
}

// TestHardLimitsAreNeverBroken: no weight and no need brings a town in that cannot help.
func TestHardLimitsAreNeverBroken(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for seed := range uint64(60) {
		mentors, wish := crowdOfMentors(t, 300, 100+seed), someWish(r)
		weights := store.Weights{}
		for _, c := range store.Criteria() {
			weights[c] = r.IntN(store.MaxWeight + 1)
		}
		found, _ := store.Match(wish, mentors, weights, noon, 300)
		in := map[string]store.Candidate{}
		for _, c := range found {
			in[c.Town.ID] = c
		}
		for _, m := range mentors {
			speaks := m.Town.Profile.Speaks
			if len(speaks) == 0 {
				speaks = m.Town.Languages
			}
			shares := slices.ContainsFunc(speaks, func(lang string) bool { return slices.Contains(wish.Need.Speaks, lang) })
			may := m.Town.State == store.TownMember && m.Town.Profile.Offers && m.Town.Profile.Places > m.Learners &&
				(m.Town.Profile.PausedUntil == "" || m.Town.Profile.PausedUntil <= "2026-03-04") && shares && m.Town.ID != wish.Town.ID && m.Town.ID != "0007"
			if c, is := in[m.Town.ID]; is != may {
				t.Fatalf("%+v is a candidate: %v, should be %v", m, is, may)
			} else if is && (c.Free != m.Town.Profile.Places-m.Learners || c.Score > c.Most || len(c.Points) < 3) {
				t.Fatalf("%+v", c)
			}
		}
	}
}

func TestEachCriterionMovesTheRank(t *testing.T) {
	base := store.Town{ID: "b", Name: "B", State: store.TownMember, Population: 9000, Lat: 50.0, Lon: 4.0, Staff: store.StaffOne,
		Profile: store.Profile{Offers: true, Places: 3, Speaks: []string{"fr"}, Hosting: store.HostingOwn, Teaches: []string{"gis"}}}
	wish := store.Wish{Town: store.Town{ID: "x", Population: 3000, Lat: 50.1, Lon: 4.0}, Need: store.MentorNeed{Speaks: []string{"fr", "nl"}, Staff: store.StaffNone,
		Hosting: store.HostingShared, Skills: []string{"gis", "php"}, Apps: []string{"app-1"}}}
	better := map[store.Criterion]func(*store.Mentor){
		store.ByNeeds: func(m *store.Mentor) { m.Runs = []string{"app-1"} }, store.ByLanguage: func(m *store.Mentor) { m.Town.Profile.Speaks = []string{"fr", "nl"} },
		store.ByDistance: func(m *store.Mentor) { *m = store.NewMentor(moved(m.Town, 50.09), m.Runs) }, store.BySize: func(m *store.Mentor) { m.Town.Population = 4000 },
		store.ByStaff: func(m *store.Mentor) { m.Town.Staff = store.StaffNone }, store.ByHosting: func(m *store.Mentor) { m.Town.Profile.Hosting = store.HostingMixed },
		store.ByFormer: func(m *store.Mentor) { m.Former = 1 }, store.ByAnswers: func(m *store.Mentor) { m.Answered, m.Days = 3, 1 },
	}
	for _, c := range store.Criteria() {
		one, other := store.NewMentor(base, nil), store.NewMentor(base, nil)
		other.Town.ID = "a" // would stand first in a tie
		if c == store.ByFairness {
			other.Learners = 1
		} else {
			better[c](&one)
			other = store.NewMentor(other.Town, nil)
		}
		found, _ := store.Match(wish, []store.Mentor{other, one}, store.Weights{c: 10}, noon, 2)
		if len(found) != 2 || found[0].Town.ID != "b" {
			t.Errorf("%s does not move the rank: %+v", c, found)
		}
		found, _ = store.Match(wish, []store.Mentor{one, other}, store.Weights{}, noon, 2)
		want(t, found[0].Town.ID, "a")
	}
}

func moved(town store.Town, lat float64) store.Town { town.Lat = lat; return town }
