package server_test

import (
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
)

func TestLettersAboutRooms(t *testing.T) {
	h := newForum(t)
	parts, err := shared()
	ok(t, err)
	office, err := server.NewPost(server.PostOptions{Store: h.Store, Catalogue: parts.catalogue, PublicURL: "http://hub.example"})
	ok(t, err)
	boss := h.With(t, h.Join(t, "Adèle Ministratrice", "BE-62063"), store.RoleAdministrator)
	written := func() (found []store.Mail) {
		h.Clock.Add(11 * time.Minute)
		_, err := office.Compose(ctx)
		ok(t, err)
		all, err := h.Mailbox(ctx, boss, 100)
		ok(t, err)
		for _, m := range all {
			if m.Room != "" {
				full, err := h.MailByID(ctx, boss, m.ID)
				ok(t, err)
				found = append(found, full)
			}
		}
		return found
	}
	author, reader := store.As(h.author.ID), store.As(h.reader.ID)
	say := func(by store.Actor, room, text string) {
		_, err := h.Send(ctx, by, room, store.MessageInput{Source: text})
		ok(t, err)
	}
	direct, err := h.OpenDirect(ctx, author, []string{h.reader.ID})
	ok(t, err)
	say(author, direct.ID, "Bonjour Basile")
	say(author, direct.ID, "Tu es là ?")
	got := written() // one letter for both
	if len(got) != 1 || got[0].Member != h.reader.ID || !strings.Contains(got[0].Text, "Bonjour Basile") || !strings.Contains(got[0].Text, "Tu es là") {
		t.Fatalf("%d letters: %+v", len(got), got)
	}
	if !strings.Contains(got[0].Text, "http://hub.example/chat/"+direct.Slug) {
		t.Errorf("the letter does not lead to the conversation: %s", got[0].Text)
	}
	say(author, direct.ID, "Lu à temps")
	_, err = h.ReadRoom(ctx, reader, direct.ID, 99)
	ok(t, err)
	if got := written(); len(got) != 1 {
		t.Fatal("a letter about what was read")
	}
	say(author, store.LoungeID, "Rien de spécial")
	if got := written(); len(got) != 1 {
		t.Fatal("a letter about what concerns nobody")
	}
	say(author, store.LoungeID, "Une question pour @basile-essai")
	if got := written(); len(got) != 2 || got[0].Room != store.LoungeID {
		t.Fatalf("%d letters, want one more for the mention", len(got))
	}
	ok(t, h.FollowRoom(ctx, reader, store.LoungeID, store.Muted))
	say(author, store.LoungeID, "Encore @basile-essai")
	if got := written(); len(got) != 2 {
		t.Fatal("a muted room writes letters")
	}
	private, err := h.OpenRoom(ctx, author, store.RoomInput{Name: "Réservé", Access: store.AccessPrivate})
	ok(t, err)
	ok(t, h.Invite(ctx, author, private.ID, h.reader.ID))
	ok(t, h.FollowRoom(ctx, reader, private.ID, store.Watch))
	say(author, private.ID, "Le mot de passe est tulipe")
	ok(t, h.RemoveFromRoom(ctx, author, private.ID, h.reader.ID))
	for _, m := range written() {
		if strings.Contains(m.Text, "tulipe") {
			t.Error("who was taken out of a room gets its words by mail")
		}
	}
}
