package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// TestMentorsAndLearnersAreAskedOnceAYear whether their profile is still right; others are not, and who has just said so is
// not asked again.
func TestMentorsAndLearnersAreAskedOnceAYear(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, zoe := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-56044", "Zoé Essai")[0]
		village(t, h, "BE-34022", "Jef Voorbeeld") // neither
		mentored(t, h, lena, zoe)
		day := 24 * time.Hour
		asked := func(after time.Duration) string {
			h.Clock.Add(after)
			before := len(eventsOf(t, h, store.EventProfileDue))
			for range 2 { // an hour later there is nothing new
				_, err := h.Advance(ctx)
				ok(t, err)
				h.Clock.Add(time.Hour)
			}
			var to []string
			for _, e := range eventsOf(t, h, store.EventProfileDue)[before:] {
				m, err := h.MemberByID(ctx, e.Member)
				ok(t, err)
				to = append(to, m.Name)
			}
			slices.Sort(to)
			return fmt.Sprint(to)
		}
		want(t, asked(364*day), "[]")
		want(t, asked(day), "[Lena Exemple Zoé Essai]")
		want(t, asked(30*day), "[]")
		ok(t, h.ConfirmTown(ctx, store.As(lena.ID), lena.TownID()))
		want(t, asked(340*day), "[Zoé Essai]") // a year after the first letter, which she did not follow
		want(t, asked(30*day), "[Lena Exemple]")
		sound(t, h)
	})
}

// TestStewardsSeeWhichMentorsAreOverloaded: more learners than places, or several requests in a row without an answer.
func TestStewardsSeeWhichMentorsAreOverloaded(t *testing.T) {
	h := storetest.Open(t)
	lena, oscar := helper(t, h, "BE-92094", "Lena Exemple", 2), helper(t, h, "BE-25014", "Oscar Autre", 2)
	steward := h.With(t, h.Join(t, "Stef Voorbeeld", "BE-34022"), store.RoleSteward)
	loads := func() string {
		care, err := h.Care(ctx, steward)
		ok(t, err)
		said := ""
		for _, one := range care.Overloaded {
			said += fmt.Sprintf("%s %d/%d silent %d;", one.Town.Name, one.Learners, one.Town.Profile.Places, one.Silent)
		}
		return said
	}
	for _, code := range []string{"BE-56044", "BE-84010"} {
		mentored(t, h, lena, village(t, h, code, "Zoé "+code)[0])
	}
	want(t, loads(), "")
	ok(t, h.EditTown(ctx, store.As(lena.ID), lena.TownID(), store.TownInput{Speaks: []string{"fr"}, Offers: true, Places: 1}))
	want(t, loads(), "Namur 2/1 silent 0;")
	ok(t, h.EditTown(ctx, store.As(lena.ID), lena.TownID(), store.TownInput{Speaks: []string{"fr"}, Offers: true, Places: 2}))

	var last store.MentorRequest
	for i, code := range []string{"BE-52011", "BE-57081"} {
		want(t, loads(), "") // one that was missed is a holiday
		var err error
		last, err = h.AskMentor(ctx, store.As(village(t, h, code, fmt.Sprint("Yves ", i))[0].ID), asks(oscar))
		ok(t, err)
		h.Clock.Add(8 * 24 * time.Hour)
		_, err = h.Advance(ctx)
		ok(t, err)
	}
	silent := loads()
	want(t, silent, townName(t, h, oscar)+" 0/2 silent 2;")
	_, err := h.SendRequest(ctx, steward, last.ID, oscar.TownID())
	ok(t, err)
	_, err = h.DeclineRequest(ctx, store.As(oscar.ID), last.ID, "Pas avant l’été.")
	ok(t, err)
	want(t, loads(), "") // it answers again
}

func townName(t *testing.T, h *storetest.Hub, m store.Member) string {
	t.Helper()
	town, err := h.TownByID(ctx, m.TownID())
	ok(t, err)
	return town.Name
}
