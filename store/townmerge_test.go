package store_test

import (
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// TestTownsMerge: what is to come goes to the town that remains, what was keeps the name of then.
func TestTownsMerge(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, nele, otto := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Nele Voorbeeld", "BE-62063"), h.Join(t, "Otto Beispiel", "BE-34022")
		h.With(t, otto, store.RoleSteward)
		for _, m := range []store.Member{lena, nele} {
			ok(t, h.WelcomeTown(ctx, store.System(), m.TownID()))
		}
		from, into := lena.TownID(), nele.TownID()
		boss, me := store.As(otto.ID), store.As(lena.ID)
		past, next := h.Meeting(t, 1), h.Meeting(t, 40)
		for _, m := range []store.Meeting{past, next} {
			for _, who := range []store.Member{lena, nele} {
				_, err := h.AnswerMeeting(ctx, store.As(who.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
				ok(t, err)
			}
		}
		old, err := h.ProposeItem(ctx, me, past.ID, point("Fait", 5))
		ok(t, err)
		item, err := h.ProposeItem(ctx, me, next.ID, point("À venir", 5))
		ok(t, err)
		ok(t, h.SetAsideItem(ctx, store.System(), old.ID, store.ItemPostponed, ""))
		h.Clock.Set(past.Start.Add(30 * time.Minute))
		_, err = publish(t, h, past, 0, "!D Décidé\n!A Tester\n   @"+lena.Handle+"\n!A Finir\n   @"+lena.Handle)
		ok(t, err)
		done, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{State: "all", Limit: 9})
		ok(t, err)
		finished := done.Rows[0].Action
		_, err = h.ChangeAction(ctx, me, finished.ID, store.ActionInput{State: store.ActionDone, Town: finished.Town, Person: finished.Person})
		ok(t, err)
		attended, err := h.MeetingPage(ctx, store.Visitor(), past.Slug)
		ok(t, err)

		_, err = h.MergeTowns(ctx, me, from, store.JoinInput{TownID: into})
		wantKind(t, err, store.Denied, "error.not_allowed.steward")
		_, err = h.MergeTowns(ctx, boss, from, store.JoinInput{TownID: from})
		wantKind(t, err, store.Invalid, "town.merge_same")
		_, err = h.MergeTowns(ctx, boss, from, store.JoinInput{TownID: "x"})
		wantKind(t, err, store.Invalid, "member.town_unknown")
		plan, err := h.PlanMerger(ctx, boss, from, store.JoinInput{TownCode: "BE-62063"})
		ok(t, err)
		want(t, fmt.Sprint(plan.People, plan.Actions, plan.Items, plan.Answers), "1 1 1 1")
		for range 2 {
			to, err := h.MergeTowns(ctx, boss, from, store.JoinInput{TownID: into})
			ok(t, err)
			want(t, to.ID, into)
		}
		_, err = h.MergeTowns(ctx, boss, from, store.JoinInput{TownID: otto.TownID()})
		wantKind(t, err, store.Conflict, "town.merged_already")

		page, err := h.TownPage(ctx, store.Visitor(), "namur")
		ok(t, err)
		want(t, fmt.Sprint(page.Moved, page.Town.ID == into, len(page.Merged), len(page.People)), "true true 1 2")
		person, err := h.PersonPage(ctx, store.Visitor(), lena.Handle)
		ok(t, err)
		want(t, fmt.Sprint(len(person.Member.Places), person.Member.TownID() == into, person.Member.Coordinates(into), person.Member.Places[0].Town == from), "2 true true true")
		for _, one := range []struct {
			id, town string
		}{{item.ID, into}, {old.ID, from}} {
			have, err := h.ItemByID(ctx, one.id)
			ok(t, err)
			want(t, have.Town, one.town)
		}
		all, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{State: "all", Limit: 9})
		ok(t, err)
		for _, row := range all.Rows {
			if wanted := map[bool]string{true: into, false: from}[row.Action.State == store.ActionOpen]; row.Action.Town != wanted {
				t.Errorf("%s is of %s", row.Action.Number(), row.Action.Town)
			}
		}
		before, err := h.MeetingPage(ctx, store.Visitor(), past.Slug)
		ok(t, err)
		want(t, fmt.Sprint(before.Attendance.Tally), fmt.Sprint(attended.Attendance.Tally))
		after, err := h.MeetingPage(ctx, store.Visitor(), next.Slug)
		ok(t, err)
		want(t, fmt.Sprint(len(after.Attendance.Towns), after.Attendance.Tally.Towns.Of(into)), "1 2")
		// what was left over comes back for the town of today, and so does an action that is opened again
		reopened, err := h.ChangeAction(ctx, me, finished.ID, store.ActionInput{State: store.ActionOpen, Town: from, Person: lena.ID})
		ok(t, err)
		want(t, reopened.Town, into)
		_, err = h.ActionNamed(ctx, me, "Namur", "")
		wantKind(t, err, store.Invalid, "town.merged_name")
		// the old code leads to the town of today
		mia := h.Join(t, "Mia Voorbeeld", "BE-92094")
		want(t, mia.TownID(), into)
		found, err := h.TownNamed(ctx, "namur")
		ok(t, err)
		want(t, found.ID, from) // registers still find what it decided
		list, err := h.Towns(ctx, store.TownQuery{Text: "namur", Limit: 9})
		ok(t, err)
		want(t, list.Total, 1)
		want(t, list.Rows[0].Town.ID, into)
		sound(t, h)
	})
}

// TestTownsMergeOnceMore: a merger of mergers, into a town that had no record.
func TestTownsMergeOnceMore(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		a, b := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Nele Voorbeeld", "BE-62063")
		ok(t, h.WelcomeTown(ctx, store.System(), a.TownID()))
		ok(t, h.WelcomeTown(ctx, store.System(), b.TownID()))
		_, err := h.MergeTowns(ctx, store.System(), a.TownID(), store.JoinInput{TownID: b.TownID()})
		ok(t, err)
		last, err := h.MergeTowns(ctx, store.System(), b.TownID(), store.JoinInput{TownCode: "BE-34022"})
		ok(t, err)
		want(t, string(last.State), "member")
		_, err = h.MergeTowns(ctx, store.System(), last.ID, store.JoinInput{TownID: a.TownID()})
		wantKind(t, err, store.Invalid, "town.merge_same")
		page, err := h.TownPage(ctx, store.Visitor(), "namur")
		ok(t, err)
		want(t, fmt.Sprint(page.Town.ID == last.ID, len(page.Merged), len(page.People)), "true 2 2")
		sound(t, h)
	})
}

// TestTownsMergeTheirApplications: what both ran is run once, what one ran goes along, and the past says who ran it.
func TestTownsMergeTheirApplications(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, nele := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-62063", "Nele Voorbeeld")[0]
		var ids []string
		for _, name := range []string{"Partagée", "Propre"} {
			in := aboutDelib()
			in.Name = name
			app, err := h.AddApp(ctx, store.As(lena.ID), in)
			ok(t, err)
			ids = append(ids, app.ID)
			_, err = h.RunApp(ctx, store.As(lena.ID), lena.TownID(), app.ID, store.AppUseInput{State: store.UseRunning, Experts: []string{lena.ID}})
			ok(t, err)
		}
		_, err := h.RunApp(ctx, store.As(nele.ID), nele.TownID(), ids[0], store.AppUseInput{State: store.UseTesting, Experts: []string{nele.ID}})
		ok(t, err)
		_, err = h.MergeTowns(ctx, store.System(), lena.TownID(), store.JoinInput{TownID: nele.TownID()})
		ok(t, err)
		now, err := h.AppsOfTown(ctx, nele.TownID())
		ok(t, err)
		want(t, fmt.Sprint(len(now), now[0].App.Name(), now[0].Use.State, len(now[0].Experts), now[1].App.Name(), now[1].Use.State, len(now[1].Experts)),
			"2Partagéerunning2Proprerunning1")
		past, err := h.AppsOfTown(ctx, lena.TownID())
		ok(t, err)
		want(t, fmt.Sprint(len(past), past[0].Use.State, past[1].Use.State), "2formerformer")
		shared, err := h.AppByID(ctx, ids[0])
		ok(t, err)
		own, err := h.AppByID(ctx, ids[1])
		ok(t, err)
		want(t, fmt.Sprint(shared.Running, shared.Testing, own.Running), "1 0 1")
		sound(t, h)
	})
}
