package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

var blockNumber = regexp.MustCompile(`(?m)^(!D|!A) (A-)?\d{4}-\d{3,} `)

// unnumbered is a text as a tab holds it that was opened before its publication.
func unnumbered(text string) string { return blockNumber.ReplaceAllString(text, "$1 ") }

// TestTwoTabsKeepOneNumber: a tab that was opened before a publication knows nothing of the numbers that it gave.
func TestTwoTabsKeepOneNumber(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m, lena, otto := held(t, h)
		first := pilot + "!D Première\n"
		_, err := publish(t, h, m, 0, first)
		ok(t, err)
		old := newest(t, h, m)
		added := old + "\n!D Deuxième décision\n!A Tester\n   @" + lena.Handle + "  pour: 15/04\n"
		_, err = publish(t, h, m, 2, added)
		ok(t, err)
		records := register(t, h)
		want(t, strings.Count(records, "\n"), 2)

		// the second tab, with words of its own in the same section
		mine := strings.Replace(added, "!D Deuxième", "Un mot de plus.\n\n!D  DEUXIEME", 1)
		_, err = h.SaveMinutes(ctx, store.As(otto.ID), m.ID, store.MinutesDraft{Base: 2, Source: mine, Lang: "fr"})
		var clash *store.ClashError
		if !errors.As(err, &clash) {
			t.Fatalf("no clash: %v", err)
		}
		if !strings.Contains(clash.Mine, "!D 2026-002 DEUXIEME décision\n!A A-2026-001 Tester\n") || !strings.Contains(clash.Mine, "Un mot de plus.") {
			t.Errorf("the clash forgets the numbers: %s", clash.Mine)
		}
		for _, again := range []string{mine, clash.Mine} {
			newestNow, err := h.MinutesPage(ctx, store.System(), m.Slug)
			ok(t, err)
			_, err = publish(t, h, m, newestNow.Minutes.Revision, again)
			ok(t, err)
			want(t, strings.Replace(register(t, h), "DEUXIEME", "Deuxième", 1), records)
		}
		// what both tabs say alike is no clash at all
		_, err = publish(t, h, m, 2, unnumbered(newest(t, h, m)))
		ok(t, err)
		want(t, strings.Replace(register(t, h), "DEUXIEME", "Deuxième", 1), records)
		want(t, told(t, h, store.EventActions, lena.ID), 1)
		sound(t, h)
	})
}

// TestOnlyWhatIsNewGetsANumber: the same words twice, under another item, of another person, or beside their number.
func TestOnlyWhatIsNewGetsANumber(t *testing.T) {
	h := storetest.Open(t)
	m, lena, otto := held(t, h)
	h.Join(t, "Nora Voorbeeld", "BE-34022")
	_, err := publish(t, h, m, 0, pilot+"!D Même texte\n!D Même texte\n!A Relire\n   @"+lena.Handle+"  pour: 15/04\n!A Relire\n   @"+otto.Handle+"\n")
	ok(t, err)
	_, err = publish(t, h, m, 2, pilot+"!D 2026-001 Même texte\n!D Même texte.\n!D Même texte\n"+ // one is new
		"!A Relire\n   @"+otto.Handle+"\n!A Relire\n   @"+lena.Handle+"  pour: 20/04\n"+ // the other way round, and later
		"## Accueil\n!D Même texte\n") // of another item
	ok(t, err)
	want(t, register(t, h), "2026-004 Même texte Accueil accepted\n2026-003 Même texte Délib 4 : état du pilote accepted\n"+
		"2026-002 Même texte. Délib 4 : état du pilote accepted\n2026-001 Même texte Délib 4 : état du pilote accepted\n"+
		"A-2026-001 Relire Namur Lena Exemple 2026-04-20 open\nA-2026-002 Relire Liège Otto Beispiel  open")
	_, err = publish(t, h, m, 4, pilot+"!D Même texte\n!A Relire\n   commune: namur  @"+otto.Handle+"\n!A Relire\n   commune: courtrai\n")
	ok(t, err)
	if all := register(t, h); !strings.Contains(all, "2026-001 Même texte Délib 4 : état du pilote accepted\n") || strings.Count(all, "withdrawn") != 3 ||
		!strings.Contains(all, "A-2026-003 Relire Kortrijk   open\nA-2026-002 Relire Namur Otto Beispiel  open\nA-2026-001 Relire Namur Lena Exemple 2026-04-20 dropped") {
		t.Error(all)
	}
	sound(t, h)
}

// TestPropertyTheSameWordsChangeNoRecord publishes texts again without some or all of their numbers, moved about.
func TestPropertyTheSameWordsChangeNoRecord(t *testing.T) {
	h := storetest.Open(t)
	m, lena, otto := held(t, h)
	var source strings.Builder
	for n, section := range []string{pilot, "## Accueil\n\n", "## Divers\n\n", "## Tout autre chose\n\n"} {
		source.WriteString(section)
		for k := range 6 {
			fmt.Fprintf(&source, "!D Décision %d\n   vote: %d / 0 / 0\nDu texte.\n!A Action %d\n   @%s  pour: 2026-04-%02d\n", k%3, n*10+k, k%2, []string{lena.Handle, otto.Handle}[k%2], k+1)
		}
	}
	_, err := publish(t, h, m, 0, source.String())
	ok(t, err)
	records, decided := register(t, h), changes(t, h)
	random := rand.New(rand.NewPCG(7, 11))
	for round := range 25 {
		h.Clock.Add(time.Hour)
		page, err := h.MinutesPage(ctx, store.System(), m.Slug)
		ok(t, err)
		text := page.Published.Source
		if round%2 == 0 {
			text = unnumbered(text)
		} else {
			text = blockNumber.ReplaceAllStringFunc(text, func(all string) string {
				if random.IntN(2) == 0 {
					return all
				}
				return all[:3]
			})
		}
		base := page.Minutes.Revision - random.IntN(2)*random.IntN(page.Minutes.Revision)
		text = strings.Replace(text, "Du texte.", fmt.Sprintf("Du texte %d.", round), 1)
		_, err = h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Base: base, Source: text, Lang: "fr"})
		var clash *store.ClashError
		if errors.As(err, &clash) {
			_, err = h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Base: clash.Newest.Number, Source: clash.Mine, Lang: "fr"})
		}
		ok(t, err)
		_, err = h.PublishMinutes(ctx, store.System(), m.ID)
		ok(t, err)
		if got := register(t, h); got != records {
			t.Fatalf("round %d: %s\nwanted %s", round, got, records)
		}
		want(t, changes(t, h), decided)
	}
	sound(t, h)
}

// changes says when each record changed last.
func changes(t *testing.T, h *storetest.Hub) string {
	t.Helper()
	all := ""
	list, err := h.Decisions(ctx, store.DecisionQuery{Limit: 100})
	ok(t, err)
	for _, row := range list.Rows {
		all += fmt.Sprintln(row.Decision)
	}
	given, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{State: "all", Limit: 100})
	ok(t, err)
	for _, row := range given.Rows {
		all += fmt.Sprintln(row.Action)
	}
	return all
}

// TestWhatWouldBeWithdrawn is said before anything is saved.
func TestWhatWouldBeWithdrawn(t *testing.T) {
	h := storetest.Open(t)
	m, lena, _ := held(t, h)
	_, err := publish(t, h, m, 0, "!D Une\n!D Deux\n!A Trois\n   @"+lena.Handle+"\n!A Quatre\n")
	ok(t, err)
	for source, wanted := range map[string]string{"": "[2026-001 2026-002 A-2026-001 A-2026-002]", "!D Deux\n!A A-2026-002 Cinq": "[2026-001 A-2026-001]", unnumbered(newest(t, h, m)): "[]"} {
		read, err := h.ReadMarks(ctx, m.ID, source)
		ok(t, err)
		want(t, fmt.Sprint(read.Gone), wanted)
	}
	read, err := h.ReadMarks(ctx, m.ID, "!D Deux\n!D Six")
	ok(t, err)
	want(t, read.Marks[0].Number+"/"+read.Marks[1].Number, "2026-002/")
}
