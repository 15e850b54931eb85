package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// held is a meeting that has begun, with two items, and two people of two towns who know each other.
func held(t *testing.T, h *storetest.Hub) (m store.Meeting, lena, otto store.Member) {
	t.Helper()
	lena, otto = h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Otto Beispiel", "BE-62063")
	h.With(t, otto, store.RoleOrganiser)
	m = h.Meeting(t, 10)
	for _, title := range []string{"Accueil", "Délib 4 : état du pilote"} {
		_, err := h.ProposeItem(ctx, store.As(otto.ID), m.ID, point(title, 10))
		ok(t, err)
	}
	h.Clock.Set(m.Start.Add(time.Hour))
	return m, lena, otto
}

func publish(t *testing.T, h *storetest.Hub, m store.Meeting, base int, source string) (store.Minutes, error) {
	t.Helper()
	_, err := h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Base: base, Source: source, Lang: "fr"})
	ok(t, err)
	return h.PublishMinutes(ctx, store.System(), m.ID)
}

func register(t *testing.T, h *storetest.Hub) string {
	t.Helper()
	var all []string
	list, err := h.Decisions(ctx, store.DecisionQuery{Limit: 50})
	ok(t, err)
	for _, row := range list.Rows {
		d := row.Decision
		all = append(all, fmt.Sprintf("%s %s %s %v%v", d.Number(), d.Title, row.Item.Title, d.Outcome, map[bool]string{false: " withdrawn"}[d.Withdrawn.IsZero()]))
	}
	given, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{State: "all", Limit: 50})
	ok(t, err)
	for _, row := range given.Rows {
		a := row.Action
		all = append(all, fmt.Sprintf("%s %s %s %s %s %s", a.Number(), a.Title, row.Town.Name, row.Person.Name, a.Due, a.State))
	}
	return strings.Join(all, "\n")
}

func sound(t *testing.T, h *storetest.Hub) {
	t.Helper()
	_, err := h.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}

func newest(t *testing.T, h *storetest.Hub, m store.Meeting) string {
	t.Helper()
	page, err := h.MinutesPage(ctx, store.System(), m.Slug)
	ok(t, err)
	return page.Published.Source
}

func TestPublishingMakesRecords(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m, lena, _ := held(t, h)
		source := "## 2. Délib 4 : état du pilote\n\n!D La sortie attend.\n   vote: 24 / 0 / 2\n!A Tester\n   @" + lena.Handle + "  pour: 15/04\n!R adopté\n\n## Divers\n\n!A Relire\n   commune: namur"
		_, err := publish(t, h, m, 0, source)
		ok(t, err)
		want(t, register(t, h), "2026-001 La sortie attend. Délib 4 : état du pilote accepted\n"+
			"A-2026-001 Tester Namur Lena Exemple 2026-04-15 open\nA-2026-002 Relire Namur   open")
		text := newest(t, h, m)
		if !strings.Contains(text, "!D 2026-001 La sortie attend.\n") || !strings.Contains(text, "!A A-2026-002 Relire\n") {
			t.Errorf("the numbers are not in the text: %s", text)
		}
		want(t, told(t, h, store.EventActions, lena.ID), 1)
		again, err := h.PublishMinutes(ctx, store.System(), m.ID)
		ok(t, err)
		want(t, again.Revision, 2)

		// corrected before the approval: other words, one block gone, one new
		text = strings.Replace(text, "La sortie attend.", "La sortie attend la traduction.", 1)
		text = text[:strings.Index(text, "!A A-2026-002")] + "!D Une autre"
		_, err = publish(t, h, m, 2, text)
		ok(t, err)
		want(t, register(t, h), "2026-002 Une autre  accepted\n2026-001 La sortie attend la traduction. Délib 4 : état du pilote accepted\n"+
			"A-2026-001 Tester Namur Lena Exemple 2026-04-15 open\nA-2026-002 Relire Namur   dropped")
		want(t, told(t, h, store.EventActions, lena.ID), 1)
		text = newest(t, h, m)
		_, err = publish(t, h, m, 4, text[:strings.Index(text, "!D 2026-002")])
		ok(t, err)
		if all := register(t, h); !strings.HasPrefix(all, "2026-002 Une autre  accepted withdrawn\n") {
			t.Error(all)
		}
		sound(t, h)
	})
}

func TestPublishingRefusesWhatItWouldHaveToGuess(t *testing.T) {
	h := storetest.Open(t)
	other := h.Meeting(t, 3)
	m, lena, _ := held(t, h)
	base := 0
	for _, c := range []struct{ source, problem string }{
		{"!A x\n   @nobody", "notation.person"},
		{"!A x\n   town: Nulle Part", "notation.town"},
		{"!A x\n   due: 2026-03-17", "notation.due_before"},
		{"!A x\n   due: one day", "notation.date"},
		{"!D 2026-001 x", "notation.number_foreign"},
		{"!D", "notation.empty"},
		{"## Divers\n!R adopté", "notation.no_item"},
		{"!R adopté", "notation.no_item"},
		{"## Accueil\n!R bof", "notation.result"},
	} {
		_, err := h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Base: base, Source: "!D Bonne\n!A Bonne\n   @" + lena.Handle + "\n" + c.source, Lang: "fr"})
		ok(t, err)
		base++
		before := digest(t, h)
		_, err = h.PublishMinutes(ctx, store.System(), m.ID)
		problems := store.ProblemsOf(err)
		if store.KindOf(err) != store.Invalid || len(problems) != 1 || problems[0].Key != c.problem || problems[0].Field != "source" {
			t.Errorf("%q: %v", c.source, err)
		}
		if digest(t, h) != before {
			t.Errorf("%q: refused, but something was stored", c.source)
		}
	}
	_, err := publish(t, h, m, base, "!D Bonne")
	ok(t, err)
	_, err = publish(t, h, other, 0, "!D 2026-001 Volée") // numbers of one meeting's minutes are not another's
	if store.KindOf(err) != store.Invalid {
		t.Errorf("another meeting's number: %v", err)
	}
	sound(t, h)
}

// TestPropertyNumbersHaveNoGap publishes the minutes of many meetings at once, some of which are refused.
func TestPropertyNumbersHaveNoGap(t *testing.T) {
	h := storetest.Open(t)
	var all []store.Meeting
	for range 40 {
		all = append(all, h.Meeting(t, 1))
	}
	h.Clock.Set(all[0].Start.Add(time.Hour))
	var publishers sync.WaitGroup
	want := 0
	for i, m := range all {
		source := strings.Repeat("!D Une décision\n!A Une action\n", i%4)
		if i%5 == 4 {
			source += "!A x\n   @nobody\n"
		} else {
			want += i % 4
		}
		_, err := h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Source: source + "Texte", Lang: "fr"})
		ok(t, err)
		for range 2 {
			publishers.Go(func() {
				if _, err := h.PublishMinutes(ctx, store.System(), m.ID); err != nil && store.KindOf(err) != store.Invalid && store.KindOf(err) != store.Conflict {
					t.Error(err)
				}
			})
		}
	}
	publishers.Wait()
	sound(t, h)
	list, err := h.Decisions(ctx, store.DecisionQuery{Limit: 1000})
	ok(t, err)
	if len(list.Rows) != want || list.Rows[0].Decision.Seq != want || list.Rows[want-1].Decision.Seq != 1 {
		t.Errorf("%d decisions, wanted %d", len(list.Rows), want)
	}
}

func TestActionsAreCarried(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m, lena, otto := held(t, h)
		nora := h.Join(t, "Nora Voorbeeld", "BE-34022")
		_, err := publish(t, h, m, 0, "!A Tester\n   @"+lena.Handle+"  pour: 20/03")
		ok(t, err)
		page, err := h.ActionByNumber(ctx, store.As(lena.ID), "A-2026-001")
		ok(t, err)
		a := page.Action
		want(t, page.May, true)
		in := store.ActionInput{State: store.ActionOpen, Town: a.Town, Person: a.Person, Due: a.Due}
		_, err = h.ChangeAction(ctx, store.As(nora.ID), a.ID, in)
		wantKind(t, err, store.Denied, "actions.not_yours")
		_, err = h.ChangeAction(ctx, store.Visitor(), a.ID, in)
		wantKind(t, err, store.Denied, "error.sign_in_first")

		h.Clock.Set(time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC))
		late, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{State: "overdue", Limit: 10})
		ok(t, err)
		want(t, len(late.Rows), 1)
		in.Town, in.Person, in.Due, in.Note = nora.TownID(), nora.ID, "2026-05-01", "Kortrijk reprend"
		for range 2 {
			_, err = h.ChangeAction(ctx, store.As(otto.ID), a.ID, in)
			ok(t, err)
			in.Note = ""
		}
		want(t, told(t, h, store.EventActionMoved, nora.ID), 1)
		mine, err := h.Actions(ctx, store.As(nora.ID), store.ActionQuery{Person: nora.ID, Limit: 10})
		ok(t, err)
		want(t, len(mine.Rows), 1)
		in.State = store.ActionDone
		done, err := h.ChangeAction(ctx, store.As(nora.ID), a.ID, in)
		ok(t, err)
		want(t, len(done.Steps), 2)
		mine, err = h.Actions(ctx, store.As(nora.ID), store.ActionQuery{Person: nora.ID, Limit: 10})
		ok(t, err)
		want(t, len(mine.Rows), 0)
		sound(t, h)
	})
}

func TestRegistersPage(t *testing.T) {
	h := storetest.Open(t)
	m, _, _ := held(t, h)
	_, err := publish(t, h, m, 0, strings.Repeat("!D Une décision\n!A Une action\n", 57))
	ok(t, err)
	var numbers []string
	for after := ""; ; {
		list, err := h.Decisions(ctx, store.DecisionQuery{Year: 2026, After: after, Limit: 10})
		ok(t, err)
		for _, row := range list.Rows {
			numbers = append(numbers, row.Decision.Number())
		}
		if after = list.Next; after == "" {
			break
		}
	}
	if len(numbers) != 57 || numbers[0] != "2026-057" || numbers[56] != "2026-001" {
		t.Errorf("%d: %v", len(numbers), numbers)
	}
	seen := map[string]bool{}
	for after := ""; ; {
		list, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{After: after, Limit: 10})
		ok(t, err)
		for _, row := range list.Rows {
			seen[row.Action.Number()] = true
		}
		if after = list.Next; after == "" {
			break
		}
	}
	want(t, len(seen), 57)
	for _, number := range []string{"2026-058", "2026-01", "2026-0001", "A-2026-001", "", "x"} {
		if _, err := h.DecisionByNumber(ctx, number); store.KindOf(err) != store.NotFound {
			t.Errorf("%q: %v", number, err)
		}
	}
	if _, err := h.Decisions(ctx, store.DecisionQuery{After: "§", Limit: 10}); store.KindOf(err) != store.NotFound {
		t.Errorf("a cursor nobody gave: %v", err)
	}
}
