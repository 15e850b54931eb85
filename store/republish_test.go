package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

const pilot = "## 2. Délib 4 : état du pilote\n\n"

func TestAResultBehindItsDecisionCounts(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m, _, _ := held(t, h)
		_, err := publish(t, h, m, 0, pilot+"!D Rien ne change\n!R refusé\n")
		ok(t, err)
		want(t, register(t, h), "2026-001 Rien ne change Délib 4 : état du pilote refused")

		// what the published text does not say any more is not so any more
		text := newest(t, h, m)
		_, err = publish(t, h, m, 2, strings.Replace(text, "refusé", "reporté", 1))
		ok(t, err)
		want(t, itemStates(t, h, m), "accepted , postponed postponed")
		_, err = publish(t, h, m, 3, strings.Replace(text, "!R refusé", "", 1))
		ok(t, err)
		want(t, itemStates(t, h, m), "accepted , accepted ")
		want(t, register(t, h), "2026-001 Rien ne change Délib 4 : état du pilote accepted")
		_, err = publish(t, h, m, 4, text+"\n!R adopté\n")
		if problems := store.ProblemsOf(err); len(problems) != 1 || problems[0].Key != "notation.result_twice" {
			t.Errorf("two results: %v", err)
		}
	})
}

func itemStates(t *testing.T, h *storetest.Hub, m store.Meeting) string {
	t.Helper()
	page, err := h.MeetingPage(ctx, store.System(), m.Slug)
	ok(t, err)
	var all []string
	for _, item := range append(page.Items, page.Aside...) {
		all = append(all, fmt.Sprint(item.Item.State, " ", item.Item.Outcome))
	}
	return strings.Join(all, ", ")
}

// TestABlockThatComesBack leaves the text and returns; in between and after, people change the record by hand.
func TestABlockThatComesBack(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m, lena, _ := held(t, h)
		_, err := publish(t, h, m, 0, "!D Une\n!A Tester\n   @"+lena.Handle+"\n")
		ok(t, err)
		full := newest(t, h, m)
		_, err = publish(t, h, m, 2, "Rien")
		ok(t, err)
		want(t, register(t, h), "2026-001 Une  accepted withdrawn\nA-2026-001 Tester Namur Lena Exemple  dropped")
		page, err := h.ActionByNumber(ctx, store.As(lena.ID), "A-2026-001")
		ok(t, err)
		in := store.ActionInput{State: store.ActionOpen, Town: page.Action.Town, Person: page.Action.Person}
		_, err = h.ChangeAction(ctx, store.As(lena.ID), page.Action.ID, in) // open again, though its text is gone
		ok(t, err)
		sound(t, h)
		_, err = publish(t, h, m, 3, full)
		ok(t, err)
		want(t, register(t, h), "2026-001 Une  accepted\nA-2026-001 Tester Namur Lena Exemple  open")
		_, err = publish(t, h, m, 4, "Rien encore")
		ok(t, err)
		_, err = publish(t, h, m, 5, full)
		ok(t, err)
		want(t, register(t, h), "2026-001 Une  accepted\nA-2026-001 Tester Namur Lena Exemple  open")
		in.State = store.ActionDone
		_, err = h.ChangeAction(ctx, store.As(lena.ID), page.Action.ID, in)
		ok(t, err)
		_, err = publish(t, h, m, 6, "Plus rien")
		ok(t, err)
		_, err = publish(t, h, m, 7, full) // done stays done
		ok(t, err)
		want(t, register(t, h), "2026-001 Une  accepted\nA-2026-001 Tester Namur Lena Exemple  done")
		sound(t, h)
	})
}

// TestRepublishingTouchesOnlyWhatChanged matters to readers of the feeds.
func TestRepublishingTouchesOnlyWhatChanged(t *testing.T) {
	h := storetest.Open(t)
	m, lena, _ := held(t, h)
	_, err := publish(t, h, m, 0, "!D Une\n!D Deux\n!A Trois\n   @"+lena.Handle+"\n")
	ok(t, err)
	h.Clock.Add(time.Hour)
	_, err = publish(t, h, m, 2, strings.Replace(newest(t, h, m), "Deux", "Deux et demi", 1))
	ok(t, err)
	var changed []string
	list, err := h.Decisions(ctx, store.DecisionQuery{Limit: 10})
	ok(t, err)
	for _, row := range list.Rows {
		if row.Decision.Changed.After(row.Decision.Created) {
			changed = append(changed, row.Decision.Title)
		}
	}
	given, err := h.ActionByNumber(ctx, store.Visitor(), "A-2026-001")
	ok(t, err)
	if !slices.Equal(changed, []string{"Deux et demi"}) || given.Action.Changed != given.Action.Created {
		t.Errorf("changed: %q, %v", changed, given.Action)
	}
}

// TestPublishedNamesStayGood: somebody left since; the text that named them can still be corrected.
func TestPublishedNamesStayGood(t *testing.T) {
	h := storetest.Open(t)
	m, lena, _ := held(t, h)
	_, err := publish(t, h, m, 0, "!A Tester\n   @"+lena.Handle+"\n")
	ok(t, err)
	ok(t, h.Leave(ctx, store.As(lena.ID), "", store.Session{Member: lena.ID, Proved: h.Now()}))
	text := newest(t, h, m)
	_, err = publish(t, h, m, 2, "Une faute corrigée.\n\n"+text)
	ok(t, err)
	page, err := h.ActionByNumber(ctx, store.Visitor(), "A-2026-001")
	ok(t, err)
	want(t, page.Action.Person, lena.ID)
	_, err = publish(t, h, m, 3, text+"\n!A Autre chose\n   @"+lena.Handle+"\n")
	if problems := store.ProblemsOf(err); len(problems) != 1 || problems[0].Key != "notation.person" {
		t.Errorf("something new for who left: %v", err)
	}
	sound(t, h)
}

// TestTheRegisterIsInOrder pages through each filter: every action once, in the order that it promises.
func TestTheRegisterIsInOrder(t *testing.T) {
	h := storetest.Open(t)
	m, lena, _ := held(t, h)
	var source strings.Builder
	for n := range 30 {
		fmt.Fprintf(&source, "!D Décision %d\n!A Action %d\n   due: 2026-04-%02d\n", n, n, 1+n*7%30)
	}
	_, err := publish(t, h, m, 0, source.String())
	ok(t, err)
	for n := range 30 {
		page, err := h.ActionByNumber(ctx, store.As(lena.ID), fmt.Sprintf("A-2026-%03d", n+1))
		ok(t, err)
		state := []store.ActionState{store.ActionOpen, store.ActionDone, store.ActionDropped}[n%3]
		_, err = h.ChangeAction(ctx, store.System(), page.Action.ID, store.ActionInput{State: state, Due: page.Action.Due, Town: lena.TownID()})
		ok(t, err)
	}
	for _, q := range []store.ActionQuery{{State: "all"}, {State: "all", Year: 2026}, {State: "all", Town: lena.TownID()}, {State: "all", Meeting: m.ID},
		{State: "done"}, {State: "dropped", Year: 2026}, {State: "all", Year: 2025}, {State: "overdue"}} {
		var got []string
		pages := 0
		for q.Limit = 4; ; pages++ {
			list, err := h.Actions(ctx, store.Visitor(), q)
			ok(t, err)
			for _, row := range list.Rows {
				got = append(got, fmt.Sprint(map[store.ActionState]int{store.ActionOpen: 0, store.ActionDone: 1, store.ActionDropped: 2}[row.Action.State], order(row.Action)))
			}
			if q.After = list.Next; q.After == "" {
				break
			}
		}
		wanted := map[string]int{"all": 30, "done": 10, "dropped": 10, "overdue": 0}[q.State]
		if q.Year == 2025 {
			wanted = 0
		}
		if len(got) != wanted || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != wanted {
			t.Errorf("%+v: %d of %d, %q", q, len(got), wanted, got)
		}
	}
	list, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{Newest: true, Limit: 3, State: "done"})
	ok(t, err)
	want(t, fmt.Sprint(list.Rows[0].Action.Number(), list.Rows[2].Action.Number()), "A-2026-029A-2026-023")
	sound(t, h)
}

// order sorts open actions by their date, closed ones the other way round.
func order(a store.Action) string {
	day, _ := time.Parse(time.DateOnly, a.Due)
	n := day.YearDay()
	if a.State != store.ActionOpen {
		n = 999 - n
	}
	return fmt.Sprintf(" %03d", n)
}

func TestDecisionsByOutcome(t *testing.T) {
	h := storetest.Open(t)
	m, _, _ := held(t, h)
	_, err := publish(t, h, m, 0, "!D Une\n"+pilot+"!D Deux\n!D Trois\n!R refusé")
	ok(t, err)
	_, err = publish(t, h, m, 2, strings.Replace(newest(t, h, m), "!D 2026-003 Trois\n", "", 1))
	ok(t, err)
	for outcome, wanted := range map[store.ItemOutcome]string{"": "003 002 001 ", store.OutcomeRefused: "002 ", store.OutcomeWithdrawn: "003 ", store.OutcomeAccepted: "001 ", store.OutcomeNoted: ""} {
		list, err := h.Decisions(ctx, store.DecisionQuery{Outcome: outcome, Year: 2026, Limit: 5})
		ok(t, err)
		got := ""
		for _, row := range list.Rows {
			got += row.Decision.Number()[5:] + " "
		}
		if got != wanted {
			t.Errorf("%q: %q, wanted %q", outcome, got, wanted)
		}
	}
	sound(t, h)
}
