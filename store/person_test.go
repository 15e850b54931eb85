package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func TestHiddenPeopleAreNamedAndNothingMore(t *testing.T) {
	ctx, h := context.Background(), storetest.OpenTwice(t)
	town, boss, colleague, steward := cared(t, h)
	jef, err := h.MemberByID(ctx, colleague.MemberID)
	if err != nil {
		t.Fatal(err)
	}
	hide := func(on bool) {
		err := h.ChangeProfile(ctx, colleague, store.ProfileInput{Name: jef.Name, About: "Jardinier", Language: "fr", Zone: "Europe/Brussels", Notices: true,
			Skills: []string{"python"}, Speaks: []string{"nl", "fr"}, Hidden: on})
		if err != nil {
			t.Fatal(err)
		}
	}
	look := func(by store.Actor) store.PersonPage {
		page, err := h.PersonPage(ctx, by, jef.Handle)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	found := func() bool {
		docs, err := h.Searchable(ctx, store.System(), []store.Stale{{Kind: "member", ID: jef.ID}})
		if err != nil {
			t.Fatal(err)
		}
		return len(docs) > 0
	}
	hide(false)
	if page := look(store.Visitor()); page.Bare || page.Member.About != "Jardinier" || page.Skills["python"].ID != "python" || page.Member.Email != "" || !found() {
		t.Errorf("shown: %+v", page)
	}
	hide(true)
	outsider := store.As(h.Join(t, "Omar Essai", "BE-62063").ID)
	other := h.Join(t, "Piet Voorbeeld", town.Code)
	if err := h.WelcomePerson(ctx, boss, other.ID); err != nil {
		t.Fatal(err)
	}
	newcomer, organiser := h.Join(t, "Nora Nouvelle", town.Code), h.Join(t, "Oscar Autre", "BE-25014")
	h.With(t, organiser, store.RoleOrganiser)
	for name, by := range map[string]store.Actor{"visitor": store.Visitor(), "outsider": outsider, "colleague": store.As(other.ID),
		"newcomer of the town": store.As(newcomer.ID), "organiser": store.As(organiser.ID)} {
		if page := look(by); !page.Bare || page.Member.About != "" || len(page.Member.Places)+len(page.Member.Skills)+len(page.Wrote) > 0 || page.Member.Name != jef.Name || page.MayWrite {
			t.Errorf("a %s sees of somebody hidden: %+v", name, page)
		}
		people, _ := h.TownPage(ctx, by, town.Slug)
		for _, m := range people.People {
			if m.ID == jef.ID {
				t.Errorf("a %s is shown them in their town", name)
			}
		}
	}
	for name, by := range map[string]store.Actor{"self": colleague, "coordinator": boss, "steward": steward} {
		if page := look(by); page.Bare || page.Member.About != "Jardinier" {
			t.Errorf("hidden from %s", name)
		}
	}
	if found() {
		t.Error("hidden, and found by search")
	}
	if list, err := h.Callees(ctx, outsider, "jef", 10); err != nil || len(list) != 0 {
		t.Errorf("hidden, and proposed: %v, %v", list, err)
	}
	if err := h.Contact(ctx, steward, jef.ID, store.ContactInput{Subject: "Bonjour", Text: "Ça va ?"}); store.KindOf(err) != store.Denied {
		t.Errorf("somebody hidden gets a letter: %v", err)
	}
}

func TestLettersBetweenMembers(t *testing.T) {
	ctx, h := context.Background(), storetest.OpenTwice(t)
	_, boss, colleague, _ := cared(t, h)
	outsider := store.As(h.Join(t, "Omar Essai", "BE-62063").ID) // nobody has welcomed them
	hello := store.ContactInput{Subject: "Bonjour", Text: "Ça va ?"}
	for name, by := range map[string]store.Actor{"visitor": store.Visitor(), "newcomer": outsider, "oneself": boss} {
		if err := h.Contact(ctx, by, boss.MemberID, hello); store.KindOf(err) != store.Denied {
			t.Errorf("%s writes: %v", name, err)
		}
	}
	for field, in := range map[string]store.ContactInput{"subject": {Subject: "a\nBcc: x@exemple.example", Text: "b"}, "text": {Subject: "a", Text: strings.Repeat("a", store.MaxText+1)}} {
		if err := h.Contact(ctx, colleague, boss.MemberID, in); store.KindOf(err) != store.Invalid || store.ProblemsOf(err)[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	letters := func() (all []store.Event) {
		due, err := h.DueEvents(ctx, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range due {
			if e.Kind == store.EventContact {
				all = append(all, e)
			}
		}
		return all
	}
	for i := range 10 {
		in := hello
		in.Reply = i == 0
		if err := h.Contact(ctx, colleague, boss.MemberID, in); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := h.Contact(ctx, colleague, boss.MemberID, hello); store.KindOf(err) != store.Limited {
		t.Errorf("the 11th letter of a day: %v", err)
	}
	all, open := letters(), 0
	for _, e := range all {
		if e.Data["reply"] != "" {
			open++
		}
	}
	if len(all) != 10 || open != 1 || all[0].Member != boss.MemberID {
		t.Errorf("%d letters, %d with an address", len(all), open)
	}
	h.Clock.Add(3 * time.Hour)
	if err := h.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.Contact(ctx, colleague, boss.MemberID, hello); store.KindOf(err) != store.Limited {
		t.Errorf("sweeping forgot what was sent today: %v", err)
	}
	h.Clock.Add(22 * time.Hour)
	if err := h.Contact(ctx, colleague, boss.MemberID, hello); err != nil {
		t.Error(err)
	}
	if err := h.ChangeProfile(ctx, boss, store.ProfileInput{Name: "Lena Exemple", Language: "fr", Zone: "Europe/Brussels"}); err != nil { // no letters
		t.Fatal(err)
	}
	if err := h.Contact(ctx, colleague, boss.MemberID, hello); store.KindOf(err) != store.Denied {
		t.Errorf("somebody who wants no letters gets one: %v", err)
	}
}
