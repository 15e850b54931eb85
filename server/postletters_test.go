package server_test

import (
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
)

func TestLettersAboutPosts(t *testing.T) {
	h := newForum(t)
	parts, err := shared()
	ok(t, err)
	office, err := server.NewPost(server.PostOptions{Store: h.Store, Catalogue: parts.catalogue, PublicURL: "http://hub.example"})
	ok(t, err)
	boss := h.With(t, h.Join(t, "Adèle Ministratrice", "BE-62063"), store.RoleAdministrator)
	written := func() (found []store.Mail) {
		h.Clock.Add(10 * time.Minute)
		_, err := office.Compose(ctx)
		ok(t, err)
		all, err := h.Mailbox(ctx, boss, 100)
		ok(t, err)
		for _, m := range all {
			if m.Kind == store.EventPosted || m.Kind == store.EventAccepted || m.Kind == store.EventModerated {
				full, err := h.MailByID(ctx, boss, m.ID)
				ok(t, err)
				found = append(found, full)
			}
		}
		return found
	}
	h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	if got := written(); len(got) != 0 {
		t.Fatalf("%d letters about one's own post", len(got))
	}
	id := threadID(t, h, 1)
	for _, text := range []string{"Première réponse", "Seconde réponse"} { // one letter for both, to the author, who watches
		_, err := h.Reply(ctx, store.As(h.reader.ID), id, store.PostInput{Source: text})
		ok(t, err)
	}
	got := written()
	if len(got) != 1 || got[0].Member != h.author.ID || !strings.Contains(got[0].Text, "Première réponse") || !strings.Contains(got[0].Text, "Seconde réponse") {
		t.Fatalf("%d letters: %+v", len(got), got)
	}
	_, err = h.Reply(ctx, store.As(h.author.ID), id, store.PostInput{Source: "Merci @basile-essai"}) // mentioned: told, though not watching
	ok(t, err)
	if got := written(); len(got) != 2 || got[0].Member != h.reader.ID {
		t.Fatalf("%d letters", len(got))
	}
	ok(t, h.FollowThread(ctx, store.As(h.reader.ID), id, store.Muted))
	_, err = h.Reply(ctx, store.As(h.author.ID), id, store.PostInput{Source: "Encore @basile-essai"})
	ok(t, err)
	if got := written(); len(got) != 2 {
		t.Fatal("a muted thread writes letters")
	}
	_, err = h.Reply(ctx, store.As(h.reader.ID), id, store.PostInput{Source: "Déjà lu"}) // read before the letter is due
	ok(t, err)
	ok(t, h.MarkRead(ctx, store.As(h.author.ID), id, 99))
	if got := written(); len(got) != 2 {
		t.Fatal("a letter about what was read")
	}
	// what a member may no longer see is not sent
	ok(t, h.FollowThread(ctx, store.As(h.reader.ID), id, store.Watch))
	_, err = h.Reply(ctx, store.As(h.author.ID), id, store.PostInput{Source: "Bientôt caché"})
	ok(t, err)
	ok(t, h.ModerateThread(ctx, store.System(), id, store.ActHideThread, "Doublon", true))
	for _, m := range written() {
		if strings.Contains(m.Text, "Bientôt caché") {
			t.Error("a hidden thread was sent by mail")
		}
		if m.Kind == store.EventModerated && (m.Member != h.author.ID || !strings.Contains(m.Text, "Doublon")) {
			t.Errorf("moderation told %s: %s", m.Member, m.Text)
		}
	}
}
