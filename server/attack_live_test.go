package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"belfry/store"

	"github.com/gorilla/websocket"
)

// TestA16ASocketActsForItsSessionOnly: whoever a frame names, it is done by who is connected, under the same rules as the
// pages; what is another's stays another's.
func TestA16ASocketActsForItsSessionOnly(t *testing.T) {
	h := newHall(t)
	alma, basile, maud := h.Join(t, "Alma Testeuse", "BE-92094"), h.Join(t, "Basile Essai", "BE-52011"), h.Join(t, "Maud Ratrice", "BE-62063")
	h.With(t, maud, store.RoleModerator)
	said, err := h.Send(ctx, store.As(alma.ID), store.LoungeID, store.MessageInput{Source: "D’Alma"})
	ok(t, err)
	talk, err := h.OpenDirect(ctx, store.As(alma.ID), []string{maud.ID})
	ok(t, err)
	private, err := h.Send(ctx, store.As(alma.ID), talk.ID, store.MessageInput{Source: "Entre nous"})
	ok(t, err)
	h.Clock.Add(time.Minute)
	w := h.wire(t, h.session(t, basile))
	as := fmt.Sprintf(`"member":%q,"by":%q,"author":{"id":%q},"user":%q,"as":%q,"actor":{"MemberID":%q},"session":"x","role":"moderator"`, alma.ID, alma.ID, alma.ID, alma.ID, maud.ID, maud.ID)
	n := 0
	for _, c := range []struct{ frame, code string }{
		{`"type":"edit","room":"lounge","number":1,"text":"Volé"`, "denied"}, {`"type":"delete","room":"lounge","number":1,"reason":"x"`, "denied"},
		{`"type":"mark","room":"lounge","number":1,"mark":"decision"`, ""}, {`"type":"subscribe","room":"` + talk.Slug + `"`, "not_found"},
		{`"type":"send","room":"` + talk.Slug + `","text":"x"`, "not_found"}, {`"type":"edit","room":"` + talk.Slug + `","number":1,"text":"x"`, "not_found"}, {`"type":"delete","room":"` + talk.Slug + `","number":1`, "not_found"},
		{`"type":"react","room":"` + talk.Slug + `","number":1,"kind":"thanks","on":true`, "not_found"}, {`"type":"history","room":"` + talk.Slug + `","after":0`, "not_found"}, {`"type":"read","room":"` + talk.Slug + `","number":1`, "not_found"},
		{`"type":"send","room":"` + talk.ID + `","text":"x"`, "not_found"}, {`"type":"send","room":"lounge/../` + talk.Slug + `","text":"x"`, "not_found"},
	} {
		for names, want := range map[string]string{as: "frame", "": c.code} { // whoever names somebody is not understood
			if n++; names != "" {
				names = "," + names
			}
			w.say(fmt.Sprintf(`{%s,"id":"f/%d"%s}`, c.frame, n, names))
			if got := w.next("error"); want != "" && got["code"] != want {
				t.Errorf("%s: %v, want %s", c.frame, got["code"], want)
			}
		}
	}
	w.say(`{"type":"send","room":"lounge","id":"own/0","text":"De Basile",` + as + `}`)
	w.next("error")
	w.say(`{"type":"send","room":"lounge","id":"own/1","text":"De Basile"}`)
	w.next("ack")
	page, err := h.RoomPage(ctx, store.As(basile.ID), store.LoungeID, store.MessageQuery{})
	ok(t, err)
	if last := page.Rows[len(page.Rows)-1].Message; last.Author != basile.ID || page.Rows[0].Message.Source != said.Source || page.Rows[0].Message.Deleted != nil || len(page.Rows) != 2 {
		t.Errorf("the room holds %+v", page.Rows)
	}
	page, err = h.RoomPage(ctx, store.As(alma.ID), talk.ID, store.MessageQuery{})
	ok(t, err)
	if len(page.Rows) != 1 || page.Rows[0].Message.Source != private.Source || len(page.Rows[0].Message.Reactions) != 0 {
		t.Errorf("the conversation holds %+v", page.Rows)
	}
}

// TestA17EventsTellWhatTheirReaderMayKnow: what comes by itself over live connections of a visitor, a newcomer, and a member
// outside a room: no hidden title, no address, nothing of rooms one is not in, and nothing of what was edited away.
func TestA17EventsTellWhatTheirReaderMayKnow(t *testing.T) {
	h := newHall(t)
	alma, basile, nora := h.Join(t, "Alma Testeuse", "BE-92094"), h.Join(t, "Basile Essai", "BE-52011"), h.Join(t, "Nora Nouvelle", "BE-34022")
	by := store.As(alma.ID)
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Coulisses"}, Members: true})
	ok(t, err)
	inside, err := h.OpenThread(ctx, by, store.ThreadInput{Title: "Zonzi membres", Category: shelf.Slug, PostInput: store.PostInput{Source: "Zonzi texte", Lang: "fr"}})
	ok(t, err)
	public, err := h.OpenRoom(ctx, by, store.RoomInput{Name: "Accueil", Access: store.AccessPublic})
	ok(t, err)
	closed, err := h.OpenRoom(ctx, by, store.RoomInput{Name: "Zonzi réservé", Access: store.AccessPrivate})
	ok(t, err)
	people := map[string]*wire{"a visitor": h.wire(t, nil), "a newcomer": h.wire(t, h.session(t, nora)), "a member": h.wire(t, h.session(t, basile))}
	for who, w := range people {
		w.say(`{"type":"subscribe","room":"` + public.Slug + `"}`)
		w.next("subscribed")
		w.say(`{"type":"subscribe","room":"` + closed.Slug + `"}`)
		if got := w.next("error"); got["code"] != "not_found" {
			t.Errorf("%s: %v", who, got)
		}
		w.say(`{"type":"watch","subject":"thread/` + inside.Thread.ID + `"}`)
		if who == "a visitor" {
			if got := w.next("error"); got["code"] != "not_found" {
				t.Errorf("%s watches a thread for members: %v", who, got)
			}
		}
	}
	do := func(err error) { t.Helper(); ok(t, err); h.Clock.Add(10 * time.Second) }
	send := func(room, text string) store.Message {
		m, err := h.Send(ctx, by, room, store.MessageInput{Source: text})
		do(err)
		return m
	}
	send(closed.ID, "Zonzi fermé @basile-essai")
	first := send(public.ID, fmt.Sprintf("Voir #%d", inside.Thread.Number))
	second := send(public.ID, "Zonzi faute de frappe")
	for _, w := range people { // the first word of it reaches everybody before it is taken back
		for !strings.Contains(fmt.Sprint(w.next("message")), "faute de frappe") {
			continue
		}
	}
	_, err = h.EditMessage(ctx, by, public.ID, second.Number, 0, store.MessageInput{Source: "Corrigé"})
	do(err)
	_, err = h.Reply(ctx, by, inside.Thread.ID, store.PostInput{Source: "Zonzi suite", Lang: "fr"})
	do(err)
	_, err = h.DeleteMessage(ctx, by, public.ID, first.Number, "")
	do(err)
	send(public.ID, "Fin")
	for who, w := range people {
		all, deleted, edited := "", false, false
		ok(t, w.SetReadDeadline(time.Now().Add(15*time.Second)))
		for !strings.Contains(all, `"Fin"`) || !deleted || !edited {
			_, b, err := w.ReadMessage()
			if err != nil {
				t.Fatalf("%s: %v after %s", who, err, all)
			}
			all += string(b)
			frame := map[string]any{}
			ok(t, json.Unmarshal(b, &frame))
			if m, is := frame["message"].(map[string]any); is {
				if m["deleted"] == true {
					deleted = true
					if m["text"] != nil || m["html"] != nil || m["id"] != nil {
						t.Errorf("%s hears of what was deleted: %s", who, b)
					}
				}
				edited = edited || m["text"] == "Corrigé"
			}
		}
		for _, secret := range []string{"Zonzi", "zonzi", "@exemple.example", closed.ID, shelf.Slug} {
			if strings.Contains(all, secret) {
				t.Errorf("%s hears %q: %s", who, secret, all)
			}
		}
	}
	late := h.wire(t, nil) // and who comes later reads nothing of it either
	late.say(`{"type":"subscribe","room":"` + public.Slug + `"}`)
	if got := fmt.Sprint(late.next("subscribed")); strings.Contains(got, "onzi") || !strings.Contains(got, "Corrigé") {
		t.Errorf("who comes later reads %s", got)
	}
}

// TestA28WhatOpenedTheDoorBeforeIsDead after a new password, and after the operator took it away: other sessions at once,
// their live connections within seconds, letters that sign in.
func TestA28WhatOpenedTheDoorBeforeIsDead(t *testing.T) {
	h := newHall(t)
	const secret = "une phrase assez longue"
	settings := func(header http.Header) int {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.address+"/settings", nil)
		ok(t, err)
		req.Header = header.Clone()
		got, err := http.DefaultTransport.RoundTrip(req)
		ok(t, err)
		_ = got.Body.Close()
		return got.StatusCode
	}
	open := map[string]*wire{}
	for n, c := range []struct {
		name string
		end  func(m store.Member, keep store.Session) error
		kept int
	}{
		{"a first password", func(m store.Member, keep store.Session) error {
			_, err := h.SetPassword(ctx, store.As(m.ID), "", secret, keep)
			return err
		}, 200},
		{"a new password", func(m store.Member, keep store.Session) error {
			_, err := h.SetPassword(ctx, store.As(m.ID), secret, secret+" encore", keep)
			return err
		}, 200},
		{"the operator's reset", func(m store.Member, _ store.Session) error { _, err := h.ResetPassword(ctx, m.Email); return err }, 303},
	} {
		m := h.Join(t, fmt.Sprint("Alma Testeuse ", n), "BE-92094")
		if n == 1 {
			_, err := h.SetPassword(ctx, store.As(m.ID), "", secret, store.Session{Member: m.ID, Proved: h.Now()})
			ok(t, err)
		}
		mine, other := h.session(t, m), h.session(t, m)
		h.Clock.Add(time.Second)
		ok(t, h.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: "x"}))
		letter := h.Token(t, store.EventSignInLink, m.Email)
		keep, _, err := h.Session(ctx, strings.TrimPrefix(mine.Get("Cookie"), "belfry_session="))
		ok(t, err)
		open[c.name] = h.wire(t, other)
		if settings(other) != 200 {
			t.Fatal("the other session does not count")
		}
		ok(t, c.end(m, keep))
		if n := settings(other); n != 303 {
			t.Errorf("%s: another session is answered with %d", c.name, n)
		}
		if n := settings(mine); n != c.kept {
			t.Errorf("%s: the own session is answered with %d", c.name, n)
		}
		if _, err := h.UseTicket(ctx, letter, "", store.Client{}); store.KindOf(err) != store.NotFound {
			t.Errorf("%s: a letter of before signs in: %v", c.name, err)
		}
	}
	for name, w := range open {
		if code := w.closed(5 * time.Second); code != websocket.ClosePolicyViolation {
			t.Errorf("%s: the live connection ended with %d", name, code)
		}
	}
}
