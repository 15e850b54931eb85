package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// cared is a member town with a coordinator and a colleague, and a steward of another town.
func cared(t *testing.T, h *storetest.Hub) (town store.Town, boss, colleague, steward store.Actor) {
	t.Helper()
	ctx := context.Background()
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	if err := h.WelcomeTown(ctx, store.System(), lena.TownID()); err != nil {
		t.Fatal(err)
	}
	jef := h.Join(t, "Jef Voorbeeld", "BE-92094")
	if err := h.WelcomePerson(ctx, store.As(lena.ID), jef.ID); err != nil {
		t.Fatal(err)
	}
	stef := h.With(t, h.Join(t, "Stef Beispiel", "BE-34022"), store.RoleSteward)
	town, err := h.TownByID(ctx, lena.TownID())
	if err != nil {
		t.Fatal(err)
	}
	return town, store.As(lena.ID), store.As(jef.ID), stef
}

func TestProfileIsTheCoordinatorsAndItsHistoryIsPublic(t *testing.T) {
	ctx, h := context.Background(), storetest.OpenTwice(t)
	town, boss, colleague, steward := cared(t, h)
	in := store.TownInput{Staff: store.StaffOne, Hosting: store.HostingShared, Teaches: []string{"python", "plone", "python"}, Needs: []string{"gis"},
		Speaks: []string{"nl", "fr"}, Offers: true, Places: 2, PausedUntil: "2026-09-01", Way: "Une heure par semaine"}
	for name, by := range map[string]store.Actor{"visitor": store.Visitor(), "colleague": colleague} {
		if err := h.EditTown(ctx, by, town.ID, in); store.KindOf(err) != store.Denied {
			t.Errorf("a %s edits a profile: %v", name, err)
		}
		if err := h.ConfirmTown(ctx, by, town.ID); store.KindOf(err) != store.Denied {
			t.Errorf("a %s confirms a profile: %v", name, err)
		}
	}
	if err := h.EditTown(ctx, boss, town.ID, in); err != nil {
		t.Fatal(err)
	}
	got, _ := h.TownByID(ctx, town.ID)
	if p := got.Profile; !slices.Equal(p.Teaches, []string{"plone", "python"}) || !slices.Equal(p.Speaks, []string{"fr", "nl"}) || p.Places != 2 || p.ConfirmedBy != boss.MemberID {
		t.Errorf("%+v", p)
	}
	if got.Helps(h.Now()) || !got.Helps(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error("the pause does not end with its day")
	}
	h.Clock.Add(time.Hour)
	in.Teaches, in.Offers = []string{"python"}, false
	if err := h.EditTown(ctx, steward, town.ID, in); err != nil {
		t.Fatal(err)
	}
	got, _ = h.TownByID(ctx, town.ID)
	if p := got.Profile; p.Offers || p.Places != 0 || p.PausedUntil != "" || got.Helps(h.Now().AddDate(1, 0, 0)) {
		t.Errorf("help is not offered any more, and yet: %+v", p)
	}
	first, err := h.TownHistory(ctx, store.Visitor(), town.Slug, "", 1)
	if err != nil || len(first.Changes) != 1 || first.Next == "" || first.Names[steward.MemberID].Name != "Stef Beispiel" || first.Skills["plone"].Names["fr"] != "Plone" {
		t.Fatalf("%+v, %v", first, err)
	}
	changed := map[string][2][]string{}
	for _, f := range first.Changes[0].Fields {
		changed[f.Field] = [2][]string{f.Lost, f.Got}
	}
	if len(changed) != 4 || !slices.Equal(changed["teaches"][0], []string{"plone"}) || len(changed["teaches"][1]) != 0 || changed["places"][0][0] != "2" {
		t.Errorf("the newest line says %v", changed)
	}
	second, err := h.TownHistory(ctx, store.Visitor(), town.Slug, first.Next, 10)
	if err != nil || len(second.Changes) != 1 || second.Next != "" || len(second.Changes[0].Fields) != 9 {
		t.Errorf("%+v, %v", second, err)
	}
	if _, err := h.TownHistory(ctx, store.Visitor(), town.Slug, "zzz", 10); store.KindOf(err) != store.NotFound {
		t.Errorf("a cursor that nobody gave: %v", err)
	}
}

func TestProfileIsConfirmedOnceAYear(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	town, boss, _, _ := cared(t, h)
	due := func() bool { got, _ := h.TownByID(ctx, town.ID); return got.ProfileDue(h.Now()) }
	if due() {
		t.Error("asked on the day the town was welcomed")
	}
	h.Clock.Add(365 * 24 * time.Hour)
	if !due() {
		t.Error("not asked after a year")
	}
	for range 2 { // the second click says nothing new
		if err := h.ConfirmTown(ctx, boss, town.ID); err != nil {
			t.Fatal(err)
		}
	}
	history, _ := h.TownHistory(ctx, boss, town.Slug, "", 10)
	if due() || len(history.Changes) != 1 || len(history.Changes[0].Fields) != 0 {
		t.Errorf("due %v, %+v", due(), history.Changes)
	}
	if err := h.PauseTown(ctx, boss, town.ID, "2027-01-01"); store.KindOf(err) != store.Conflict {
		t.Errorf("a town that does not help takes a break: %v", err)
	}
}

func TestProfileRefusesWhatIsNone(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	town, boss, _, _ := cared(t, h)
	many := make([]string, 500)
	for i := range many {
		many[i] = "python"
	}
	for field, in := range map[string]store.TownInput{
		"teaches": {Teaches: []string{"python", "no-such-skill"}}, "needs": {Needs: many}, "speaks": {Speaks: []string{"fr", "la"}}, "hosting": {Hosting: "cloud"},
		"places": {Offers: true, Places: 0}, "paused_until": {PausedUntil: "2026-02-30"}, "way": {Way: strings.Repeat("a", store.MaxLine+1)},
	} {
		err := h.EditTown(ctx, boss, town.ID, in)
		if problems := store.ProblemsOf(err); store.KindOf(err) != store.Invalid || problems[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, bad := range []string{"", "\x00", "a\x00b", "../python", "PYTHON", strings.Repeat("a", 1<<16)} {
		if err := h.EditTown(ctx, boss, town.ID, store.TownInput{Teaches: []string{bad}}); store.KindOf(err) != store.Invalid {
			t.Errorf("%.20q is taken for a skill: %v", bad, err)
		}
	}
	if got, _ := h.TownByID(ctx, town.ID); !got.Profile.Confirmed.IsZero() {
		t.Error("a refused profile was stored")
	}
}

func TestSkillsStartWithAList(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	all, err := h.Skills(ctx, "nl")
	if err != nil || len(all) < 60 {
		t.Fatalf("%d skills, %v", len(all), err)
	}
	seen := map[string]string{}
	for _, k := range all {
		if k.New || len(k.Names) != 4 || !slices.Contains(store.SkillGroups(), k.Group) {
			t.Errorf("%+v", k)
		}
		for lang, name := range k.Names {
			if other := seen[lang+name]; other != "" {
				t.Errorf("%s and %s are both %q", other, k.ID, name)
			}
			seen[lang+name] = k.ID
		}
	}
	again := storetest.Over(t, h.DB, h.Clock.Now, store.Renderer{})
	if err := again.DropSkill(ctx, store.System(), "php"); err != nil {
		t.Fatal(err)
	}
	third := storetest.Over(t, h.DB, h.Clock.Now, store.Renderer{})
	if left, _ := third.Skills(ctx, "nl"); len(left) != len(all)-1 {
		t.Errorf("%d skills when it is opened again, there were %d", len(left), len(all)-1)
	}
}

func TestSkillsGrowAndMerge(t *testing.T) {
	ctx, h := context.Background(), storetest.OpenTwice(t)
	town, boss, colleague, steward := cared(t, h)
	name := func(text string) store.SkillInput {
		return store.SkillInput{Names: map[string]string{"fr": text}, Group: "data"}
	}
	if _, err := h.AddSkill(ctx, store.Visitor(), name("Ruches")); store.KindOf(err) != store.Denied {
		t.Errorf("a visitor adds a skill: %v", err)
	}
	snake, err := h.AddSkill(ctx, colleague, name("Serpents"))
	if err != nil || !snake.New || snake.ID != "serpents" {
		t.Fatalf("%+v, %v", snake, err)
	}
	for _, same := range []string{"serpents", "PYTHON", "ÉTAT CIVIL ET POPULATION"} {
		if _, err := h.AddSkill(ctx, colleague, name(same)); store.KindOf(err) != store.Invalid {
			t.Errorf("%s is in the list twice: %v", same, err)
		}
	}
	if err := h.EditTown(ctx, boss, town.ID, store.TownInput{Teaches: []string{"serpents", "plone"}, Needs: []string{"serpents", "python"}}); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"merge": h.MergeSkill(ctx, boss, "serpents", "python"), "drop": h.DropSkill(ctx, colleague, "plone"),
		"keep": h.KeepSkill(ctx, boss, "serpents"), "change": h.ChangeSkill(ctx, boss, "plone", name("Autre"))} {
		if store.KindOf(err) != store.Denied {
			t.Errorf("%s is not the stewards' alone: %v", what, err)
		}
	}
	if err := h.MergeSkill(ctx, steward, "serpents", "python"); err != nil {
		t.Fatal(err)
	}
	got, _ := h.TownByID(ctx, town.ID)
	if !slices.Equal(got.Profile.Teaches, []string{"plone", "python"}) || !slices.Equal(got.Profile.Needs, []string{"python"}) {
		t.Errorf("after the merger: %+v", got.Profile)
	}
	if err := h.MergeSkill(ctx, steward, "python", "plone"); err != nil { // the first leads on to the third
		t.Fatal(err)
	}
	names, err := h.SkillNames(ctx, []string{"serpents", "python", "plone", "none"})
	if err != nil || len(names) != 3 || names["serpents"].ID != "plone" || names["python"].ID != "plone" {
		t.Errorf("%v, %v", names, err)
	}
	if err := h.EditTown(ctx, boss, town.ID, store.TownInput{Teaches: []string{"serpents"}}); err != nil { // a form opened before
		t.Fatal(err)
	}
	if got, _ = h.TownByID(ctx, town.ID); !slices.Equal(got.Profile.Teaches, []string{"plone"}) {
		t.Errorf("an old id leads to %v", got.Profile.Teaches)
	}
	if err := h.MergeSkill(ctx, steward, "serpents", "gis"); store.KindOf(err) != store.Conflict {
		t.Errorf("merged twice: %v", err)
	}
	if err := h.MergeSkill(ctx, steward, "plone", "plone"); store.KindOf(err) != store.Invalid {
		t.Errorf("merged into itself: %v", err)
	}
	if err := h.DropSkill(ctx, steward, "plone"); err != nil {
		t.Fatal(err)
	}
	if got, _ = h.TownByID(ctx, town.ID); len(got.Profile.Teaches) != 0 {
		t.Errorf("taken away, and still %v", got.Profile.Teaches)
	}
	if found := faults(t, h); len(found) > 0 {
		t.Error(found)
	}
}

func TestSkillsOfOnePersonADay(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	_, _, colleague, _ := cared(t, h)
	add := func(i int) error {
		_, err := h.AddSkill(ctx, colleague, store.SkillInput{Names: map[string]string{"en": "Subject " + strings.Repeat("i", i+1)}, Group: "data"})
		return err
	}
	for i := range 20 {
		if err := add(i); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := add(20); store.KindOf(err) != store.Limited {
		t.Errorf("the 21st of a day: %v", err)
	}
	h.Clock.Add(25 * time.Hour)
	if err := add(20); err != nil {
		t.Error(err)
	}
}

// A file from before there were skills opens, and gets the list.
func TestOldFileGetsTheList(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	err := h.DB.Update(ctx, "old", func(tx kv.Tx) error {
		pairs, err := tx.Scan(kv.Prefix([]byte("skill/")), 1000)
		for _, p := range pairs {
			tx.Delete(slices.Clone(p.Key))
		}
		tx.Delete([]byte("meta/skills"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if all, _ := h.Skills(ctx, "fr"); len(all) != 0 {
		t.Fatal("the list is still there")
	}
	if all, _ := storetest.Over(t, h.DB, h.Clock.Now, store.Renderer{}).Skills(ctx, "fr"); len(all) < 60 {
		t.Errorf("%d skills", len(all))
	}
}
