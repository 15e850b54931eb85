package search_test

import (
	"testing"

	"belfry/server/search"
	"belfry/store"
)

// A word is found by its stem whatever the language of the text it stands in: who searches does not know it.
func TestWordsOfOneLanguageAreFoundInTextsOfAnother(t *testing.T) {
	l := open(t)
	l.thread(store.ThreadInput{Title: "Réunion à Liège", PostInput: store.PostInput{Lang: "fr", Source: "La « gemeente » de Maastricht nous invite."}})
	l.thread(store.ThreadInput{Title: "Verslag van mei", PostInput: store.PostInput{Lang: "nl", Source: "Twee événements in Bergen, en een délibération."}})
	l.thread(store.ThreadInput{Title: "Protokoll der Gemeinden", PostInput: store.PostInput{Lang: "en", Source: "The minutes, in German."}})
	l.want("gemeenten", "1/1")
	l.want("evenement", "2/1")
	l.want("évènements", "2/1")
	l.want("délibérations", "2/1")
	l.want("Gemeinde", "3/1")
	l.want("Protokolle", "3/1")
	l.want("gemeenteraad")
	marker := l.index.Highlighter("gemeenten")
	if !search.HasHit(marker.Mark("La « gemeente » de Maastricht", "fr", 200)) {
		t.Error("what was found is not marked")
	}
}

// A translation is found by the stems of its own language, and a filter by language finds it too.
func TestATranslationIsFoundInItsOwnLanguage(t *testing.T) {
	l := open(t)
	d := l.thread(store.ThreadInput{Title: "Horaires", PostInput: store.PostInput{Lang: "fr", Source: "Le guichet ouvre à neuf heures."}})
	if err := l.Translate(ctx, store.As(l.basile.ID), d.ID, 1, store.PostInput{Lang: "nl", Source: "De loketten openen om negen uur."}); err != nil {
		t.Fatal(err)
	}
	l.want("loket", "1/1")
	l.want("guichets", "1/1")
	for lang, expected := range map[string]int{"fr": 1, "nl": 1, "de": 0} {
		if have := l.found(search.Query{Words: "loket", Lang: lang}, false); len(have) != expected {
			t.Errorf("in %s %v is found", lang, have)
		}
	}
}

// A withdrawn item is on no agenda any more, and is not found.
func TestAWithdrawnItemIsNotFound(t *testing.T) {
	l := open(t)
	meeting := l.Meeting(t, 40)
	organiser := l.With(t, l.alma, store.RoleOrganiser)
	item, err := l.ProposeItem(ctx, organiser, meeting.ID, store.ItemInput{Title: "Achat groupé", Kind: store.ToDiscuss, Minutes: 10, Lang: "fr"})
	if err != nil {
		t.Fatal(err)
	}
	l.want("achats", "item Achat groupé")
	if err := l.SetAsideItem(ctx, organiser, item.ID, store.ItemWithdrawn, ""); err != nil {
		t.Fatal(err)
	}
	l.want("achats")
}

// While the index is made, everybody can see how far it is.
func TestProgressIsCounted(t *testing.T) {
	l := open(t)
	for range 3 {
		l.thread(store.ThreadInput{Title: "Ordre du jour", PostInput: store.PostInput{Lang: "fr", Source: "Un texte."}})
	}
	if done, all := l.index.Progress(); done != 0 || all != 0 {
		t.Errorf("before it began: %d of %d", done, all)
	}
	if err := l.follower.Rebuild(ctx); err != nil {
		t.Fatal(err)
	}
	if done, all := l.index.Progress(); done != all || all < 3 {
		t.Errorf("at the end: %d of %d", done, all)
	}
}
