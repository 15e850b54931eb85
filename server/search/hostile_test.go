package search_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"belfry/server/search"
	"belfry/store"
)

func TestArticlesNeedNotBeThere(t *testing.T) {
	l := open(t)
	l.thread(store.ThreadInput{Title: "Délibération du conseil", PostInput: store.PostInput{Lang: "fr", Source: "Séance de mars."}})
	l.thread(store.ThreadInput{Title: "Gemeenteraad", PostInput: store.PostInput{Lang: "nl", Source: "Verslag vergadering."}})
	l.want("les délibérations", "1/1")
	l.want("la délibération de la commune")
	l.want("het verslag van vergadering", "2/1")
	if have := l.found(search.Query{Words: "du"}, false); len(have) != 1 {
		t.Errorf("an article alone finds %v", have)
	}
}

func TestCodesAreNotTornApart(t *testing.T) {
	l := open(t)
	l.thread(store.ThreadInput{Title: "Budget 2026", PostInput: store.PostInput{Lang: "fr", Source: "Les chiffres de 2026 et 014 autres."}})
	l.thread(store.ThreadInput{Title: "Suite", PostInput: store.PostInput{Lang: "fr", Source: "Voir 2026-014 pour la porte-parole."}})
	l.want("2026-014", "2/1")
	l.want("porte-parole", "2/1")
	l.want("porte-drapeau")
}

func TestDaysFarAwayAreNoError(t *testing.T) {
	l := open(t)
	l.thread(store.ThreadInput{Title: "Archives", PostInput: store.PostInput{Lang: "fr", Source: "Les archives"}})
	day := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	for _, span := range [][2]time.Time{{day(1), day(9999)}, {day(1500), {}}, {{}, day(9999)}} {
		if have := l.found(search.Query{Words: "archives", From: span[0], To: span[1]}, false); len(have) != 1 {
			t.Errorf("%v finds %v", span, have)
		}
	}
	for _, span := range [][2]time.Time{{day(2200), day(2100)}, {day(9000), {}}, {{}, day(3)}} {
		if have := l.found(search.Query{Words: "archives", From: span[0], To: span[1]}, false); len(have) != 0 {
			t.Errorf("%v finds %v", span, have)
		}
	}
}

func TestAMeetingThatIsMadePublicBringsItsAgenda(t *testing.T) {
	l := open(t)
	organiser := l.With(t, l.Join(t, "Olga Nisatrice", "BE-62063"), store.RoleOrganiser)
	m := l.Meeting(t, 10)
	item, err := l.ProposeItem(ctx, organiser, m.ID, store.ItemInput{Title: "Cartographie des chantiers", Lang: "fr", Kind: store.ToDecide, Minutes: 10})
	if err == nil && item.State == store.ItemProposed {
		err = l.AcceptItem(ctx, organiser, item.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.want("cartographie", "item Cartographie des chantiers")
	l.step(organiser, m.ID, store.MeetingDraft)
	l.want("cartographie")
	l.step(organiser, m.ID, store.MeetingScheduled)
	l.want("cartographie", "item Cartographie des chantiers")
}

func TestMakingAnewWhileRecordsChangeLeavesNothingOld(t *testing.T) {
	l := open(t)
	var opened []store.Thread
	for range 40 {
		opened = append(opened, l.thread(store.ThreadInput{Title: "Intitulé premier", PostInput: store.PostInput{Lang: "fr", Source: "Texte"}}))
	}
	ended := make(chan error, 2)
	go func() { ended <- errors.Join(l.follower.Rebuild(ctx), l.follower.Rebuild(ctx)) }()
	go func() {
		for i := range 40 {
			_, err := l.ChangeThread(ctx, store.As(l.alma.ID), opened[i].ID, store.ThreadChange{Title: "Second", Lang: "fr"})
			if err = errors.Join(err, l.follower.CatchUp(ctx)); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	for range 2 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	if have := l.found(search.Query{Words: "premier"}, false); len(have) != 0 {
		t.Errorf("%d old titles are still found", len(have))
	}
}

func TestAnIndexOfAnotherCommunityIsNotUsed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "search")
	first := open(t)
	first.thread(store.ThreadInput{Title: "Ancienne communauté", PostInput: store.PostInput{Lang: "fr", Source: "Texte"}})
	index, err := search.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&search.Follower{Store: first.Store, Index: index}).Rebuild(ctx); err != nil {
		t.Fatal(err)
	}
	if err := index.Close(); err != nil {
		t.Fatal(err)
	}
	other := open(t)
	if other.index, err = search.Open(folder); err != nil || other.index.Building() {
		t.Fatal("not whole", err)
	}
	t.Cleanup(func() { _ = other.index.Close() })
	other.follower.Index = other.index
	short, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- other.follower.Run(short) }()
	for asked := 0; ; asked++ { // until the follower, which runs by itself, has looked
		if got, err := other.index.Search(ctx, search.Query{Words: "ancienne", Limit: 1, Now: other.Clock.Now()}); err == nil && got.Total == 0 && !other.index.Building() {
			break
		}
		if asked > 50_000 {
			t.Fatal("what another community wrote is still found")
		}
		runtime.Gosched()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if have := other.found(search.Query{Words: "alma"}, false); len(have) != 1 {
		t.Errorf("its own people: %v", have)
	}
}

func TestADamagedIndexIsBegunAnew(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "search")
	index, err := search.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	_ = index.Close()
	if err := os.WriteFile(filepath.Join(folder, "index_meta.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if index, err = search.Open(folder); err != nil || !index.Building() {
		t.Fatal("not begun anew", err)
	}
	_ = index.Close()
}

func TestMarkingLongTextsEndsAfterTheFirstHit(t *testing.T) {
	l := open(t)
	h := l.index.Highlighter("budget")
	text := strings.Repeat("avant ", 10) + "budget " + strings.Repeat("après ", 30_000)
	pieces := h.Mark(text, "fr", 100)
	joined := ""
	for _, piece := range pieces {
		joined += piece.Text
	}
	if len([]rune(joined)) > 102 || !strings.Contains(joined, "budget") {
		t.Errorf("%q", joined)
	}
}

func (l *library) step(by store.Actor, id string, to store.MeetingState) {
	l.t.Helper()
	if _, err := l.StepMeeting(ctx, by, id, to); err != nil {
		l.t.Fatal(err)
	}
}

func TestTitlesAnswersAndFreshTextComeFirst(t *testing.T) {
	l := open(t)
	say := func(title, text string) store.Thread {
		return l.thread(store.ThreadInput{Title: title, Question: true, PostInput: store.PostInput{Lang: "fr", Source: text}})
	}
	say("Vieux sujet", "Il est question de cadastre ici.") // 1
	say("Le cadastre", "Voici un texte.")                  // 2
	l.Clock.Add(400 * 24 * time.Hour)
	say("Jeune sujet", "Il est question de cadastre ici.") // 3
	asked := say("Une demande", "Comment faire ?")         // 4
	for _, text := range []string{"Le plan parcellaire aide.", "Le plan parcellaire aide."} {
		l.Clock.Add(time.Minute)
		if _, err := l.Reply(ctx, store.As(l.basile.ID), asked.ID, store.PostInput{Lang: "fr", Source: text}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Accept(ctx, store.As(l.alma.ID), asked.ID, 3); err != nil {
		t.Fatal(err)
	}
	l.want("cadastre", "2/1", "3/1", "1/1")
	l.want("parcellaire", "4/3", "4/2")
}
