package store_test

import (
	"context"
	"fmt"
	"testing"

	"belfry/store"
	"belfry/store/shelf"
	"belfry/store/storetest"
)

// TestOnlyWhatMakesRoomUsesTheLastOfTheDisk lets people do all they do while there is plenty of room, little, and almost
// none: then what takes something away goes on, coming and going too, and the rest is refused as on a full disk.
func TestOnlyWhatMakesRoomUsesTheLastOfTheDisk(t *testing.T) {
	h := storetest.Open(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	ok(t, h.WelcomeTown(ctx, store.System(), lena.TownID()))
	organiser, me := h.With(t, h.Join(t, "Otto Exemple", "BE-62063"), store.RoleOrganiser), store.As(lena.ID)
	m := h.Meeting(t, 10)
	forum, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	left := store.SpacePlenty
	s, err := store.Open(ctx, h.DB, store.Options{Clock: h.Clock.Now, Gazetteer: h.Gazetteer(), Shelf: shelf.At(t.TempDir()), Space: func() store.Space { return left },
		Renderer: store.Renderer{Version: 1, Render: func(_ context.Context, source string) (string, error) { return source, nil }}})
	ok(t, err)

	var thread store.Opened
	var in store.SignedIn
	var item store.AgendaItem
	said := 0
	grows := []func() error{
		func() error {
			_, err := s.AnswerMeeting(ctx, me, m.ID, store.AnswerInput{Answer: store.Online})
			return err
		},
		func() (err error) {
			thread, err = s.OpenThread(ctx, me, store.ThreadInput{Title: "Un fil", Category: forum.Slug, PostInput: store.PostInput{Source: "Bonjour"}})
			return err
		},
		func() error {
			return s.SaveDraft(ctx, me, store.Draft{Place: "new", ID: "un", Title: fmt.Sprint("Titre ", left), Source: "Bonjour"})
		},
		func() error {
			message, err := s.Send(ctx, me, store.LoungeID, store.MessageInput{Source: "Bonjour"})
			if err == nil {
				said = message.Number
			}
			return err
		},
		func() error {
			proposed, err := s.ProposeItem(ctx, me, m.ID, store.ItemInput{Title: fmt.Sprint("Un point ", left), Kind: store.ToInform, Lang: "fr"})
			if err == nil {
				item = proposed
			}
			return err
		},
		func() error { _, err := s.NewFeedLink(ctx, me, "téléphone"); return err },
	}
	paper := func() error {
		return s.AddDocument(ctx, organiser, m.ID, store.DocumentInput{Title: "Note", Lang: "fr"}, pdf("un"))
	}
	goes := []func() error{
		func() error { return s.RequestSignIn(ctx, lena.Email, "fr", store.Client{Address: "192.0.2.1"}) },
		func() (err error) {
			in, err = s.UseTicket(ctx, h.Token(t, store.EventSignInLink, lena.Email), "", store.Client{})
			return err
		},
		func() error { return s.WithdrawAnswer(ctx, me, m.ID) },
		func() error { return s.HidePost(ctx, me, thread.Thread.ID, 1, "", true) },
		func() error { return s.DropDraft(ctx, me, "new") },
		func() error { _, err := s.DeleteMessage(ctx, me, store.LoungeID, said, ""); return err },
		func() error { return s.SetAsideItem(ctx, me, item.ID, store.ItemWithdrawn, "") },
		func() error {
			links, err := s.FeedLinks(ctx, me)
			ok(t, err)
			return s.RemoveFeedLink(ctx, me, links[0].ID)
		},
		func() error { _, err := s.Advance(ctx); return err },
		func() error { return s.SignOut(ctx, in.Token) },
		func() error { return s.Leave(ctx, me, "", store.Session{Member: lena.ID, Proved: s.Now()}) },
	}
	take := func(what string, refused bool, all ...func() error) {
		t.Helper()
		for n, do := range all {
			err := do()
			if refused {
				wantKind(t, err, store.Unavailable, "error.disk_full")
			} else if err != nil {
				t.Errorf("%s %d: %v", what, n, err)
			}
		}
	}
	take("plenty", false, paper)
	take("plenty", false, grows...)
	left = store.SpaceShort
	take("short", true, paper)
	_, err = s.AnswerMeeting(ctx, me, m.ID, store.AnswerInput{Answer: store.OnSite})
	ok(t, err)
	left = store.SpaceScarce
	take("scarce", true, paper)
	take("scarce", true, grows[2:]...)
	_, err = s.AnswerMeeting(ctx, me, m.ID, store.AnswerInput{Answer: store.Online})
	wantKind(t, err, store.Unavailable, "error.disk_full")
	take("scarce", false, goes...)
}
