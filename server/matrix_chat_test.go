package server_test

import (
	"fmt"
	"slices"
	"time"

	"belfry/store"
)

// rooms lets people talk in rooms of every kind.
func (w *world) rooms() {
	talk := func(name, word string, sees audience, access store.Access) store.Room {
		title, text := "Salon "+name, "Bonjour à tous."
		if word != "" {
			title, text = w.secret(word, sees), w.secret(word+"texte", sees)
		}
		r, err := w.OpenRoom(ctx, w.by(author), store.RoomInput{Name: title, Purpose: title, Access: access})
		ok(w.t, err)
		w.said(name, r, text, sees)
		return r
	}
	w.room("lounge", signedIn, store.Room{Slug: store.LoungeID})
	w.said("lounge", store.Room{ID: store.LoungeID, Slug: store.LoungeID}, w.secret("causerie", signedIn), signedIn)
	public := talk("public", "", everyone, store.AccessPublic)
	w.room("public", everyone, public)
	w.ids["public room"], w.ids["public room slug"] = public.ID, public.Slug
	inside := talk("members", "coursive", signedIn, store.AccessMembers)
	w.room("members", signedIn, inside)
	ok(w.t, w.JoinRoom(ctx, w.by(member), inside.ID))
	_, err := w.ReadRoom(ctx, w.by(author), inside.ID, 1)
	ok(w.t, err)
	private := talk("private", "cellule", author|member, store.AccessPrivate)
	w.secrets["zonzi cellule"] |= administrator // who keeps the letters, the invitation among them
	ok(w.t, w.Invite(ctx, w.by(author), private.ID, w.people[member].ID))
	w.room("private", author|member, private)
	direct, err := w.OpenDirect(ctx, w.by(author), []string{w.people[member].ID})
	ok(w.t, err)
	w.room("direct", author|member, direct)
	w.said("direct", direct, w.secret("confidence", author|member), author|member)
	at := slices.IndexFunc(w.records["meeting"], func(r record) bool { return r.name == "running" })
	held, err := w.RoomBySlug(ctx, w.by(author), "meeting-"+w.records["meeting"][at].params[1])
	ok(w.t, err)
	w.room("meeting", signedIn, held)
	w.said("meeting", held, w.secret("seance", signedIn), signedIn)
	w.records["said in a meeting"] = append(w.records["said in a meeting"], w.records["message"][len(w.records["message"])-1])
	w.formerRooms()
	w.formerWords()
	w.add("said in a meeting", "missing", nobody, "room", "nulle", "number", "1")
	w.add("room", "of a draft", nobody, "room", "meeting-zonzi-projet")
	w.add("room", "missing", nobody, "room", "nulle")
	w.add("message", "missing", nobody, "room", "nulle", "number", "1")
	for _, one := range w.records["room"] {
		one.params = append([]string{"what", "follow"}, one.params...)
		w.records["room act"] = append(w.records["room act"], one)
	}
	w.ids["to remove"] = w.people[member].ID
}

// formerRooms are rooms that were archived, or that somebody was taken out of, or that one is in by one's town.
func (w *world) formerRooms() {
	open := func(name, word string, sees audience, access store.Access) store.Room {
		r, err := w.OpenRoom(ctx, w.by(author), store.RoomInput{Name: w.secret(word, sees), Purpose: w.secret(word+"but", sees), Access: access})
		ok(w.t, err)
		w.said(name, r, w.secret(word+"texte", sees), sees)
		w.room(name, sees, r)
		return r
	}
	_, err := w.ArchiveRoom(ctx, w.by(author), open("archived", "grenier", signedIn, store.AccessMembers).ID, true)
	ok(w.t, err)
	left := open("left", "exil", author, store.AccessPrivate)
	w.secrets["zonzi exil"] |= administrator // of whom there is a letter, as above
	ok(w.t, w.Invite(ctx, w.by(author), left.ID, w.people[member].ID))
	ok(w.t, w.RemoveFromRoom(ctx, w.by(author), left.ID, w.people[member].ID))
	r := store.Room{ID: store.MentorshipRoomID(w.ids["mentorship"]), Slug: "mentorship-" + w.ids["mentorship"]}
	w.said("mentorship", r, w.secret("tutoratparole", author|steward), author|steward)
	w.room("mentorship", author|steward, r)
	w.add("room", "of a town that nobody has welcomed", nobody, "room", "town-charleroi")
}

// formerWords were said in a public room, and deleted there or carried where only members read.
func (w *world) formerWords() {
	say := func(text string) store.Message {
		m, err := w.Send(ctx, w.by(author), w.ids["public room"], store.MessageInput{Source: text})
		ok(w.t, err)
		w.Clock.Add(10 * time.Second)
		return m
	}
	gone := say(w.secret("efface", moderators))
	_, err := w.Send(ctx, w.by(member), gone.Room, store.MessageInput{Source: "Je réponds.", Reply: gone.Number})
	ok(w.t, err)
	_, err = w.DeleteMessage(ctx, w.by(moderator), gone.Room, gone.Number, "Hors charte")
	ok(w.t, err)
	carried := say(w.secret("emporte", signedIn))
	_, err = w.Send(ctx, w.by(member), gone.Room, store.MessageInput{Source: "Je réponds aussi.", Reply: carried.Number})
	ok(w.t, err)
	_, _, err = w.MoveMessages(ctx, w.by(author), gone.Room, store.MoveInput{Numbers: []int{carried.Number}, Title: w.secret("emportesujet", signedIn), Category: w.ids["members"]})
	ok(w.t, err)
	for name, m := range map[string]store.Message{"deleted": gone, "moved": carried} {
		w.add("message", name, everyone, "room", w.ids["public room slug"], "number", fmt.Sprint(m.Number))
	}
}

func (w *world) room(name string, sees audience, r store.Room) {
	w.add("room", name, sees, "room", r.Slug)
}

// said lets the author say something in a room, and change it.
func (w *world) said(name string, r store.Room, text string, sees audience) {
	m, err := w.Send(ctx, w.by(author), r.ID, store.MessageInput{Source: text + " avant"})
	ok(w.t, err)
	_, err = w.EditMessage(ctx, w.by(author), r.ID, m.Number, 0, store.MessageInput{Source: text})
	ok(w.t, err)
	w.add("message", name, sees, "room", r.Slug, "number", fmt.Sprint(m.Number))
}

// chatRules say who may do what in rooms. Of a room that one may not read nothing is told.
func chatRules(w *world) map[string]rule {
	cares := func(r rule) rule { // who opened it, and moderators where they may read
		return r.except("lounge", nobody).except("direct", nobody).except("meeting", nobody).except("private", author).except("mentorship", nobody)
	}
	own, said := []string{"source", "Bonjour", "once", "formulaire-9"}, author|moderators
	return map[string]rule{
		"GET /meetings/:slug/live": only(signedIn, "meeting").except("draft", nobody),
		"GET /chat":                pub(""), "GET /chat/rooms": pub("", "?words=zonzi", "?words=salon"), "GET /chat/new": only(signedIn, ""),
		"POST /chat/new":   does(signedIn, "", "name", "Un salon", "access", "members"),
		"GET /chat/direct": only(signedIn, ""), "POST /chat/direct": does(signedIn, "", "people", "@stef-voorbeeld, @basile-essai"),
		"GET /chat/:room":           pub("room", "?at=1", "?before=2", "?after=0", "?reply=1", "?pick=1", "?day=2026-03-01"),
		"POST /chat/:room":          does(signedIn, "room", own...),
		"POST /chat/:room/do/:what": does(signedIn, "room act", "level", "watch"),
		"GET /chat/:room/people":    only(signedIn, "room"), "POST /chat/:room/people": does(author, "room", "do", "invite", "people", "@olga-nisatrice").except("members", author|member).except("public", author|member).except("direct", author|member).except("mentorship", nobody),
		"GET /chat/:room/change":          cares(only(said, "room")),
		"POST /chat/:room/change":         cares(does(said, "room", "name", "Autre nom", "access", "members")),
		"GET /chat/:room/move":            only(signedIn, "room", "?n=1"),
		"POST /chat/:room/move":           does(author|moderators, "room", "n", "1", "to", "new", "title", "Emporté", "category", w.ids["members"]).except("meeting", author|moderators|organisers).except("private", author).except("direct", author).except("mentorship", author),
		"GET /chat/:room/:number":         only(signedIn, "message"),
		"GET /chat/:room/:number/edit":    only(author, "message"),
		"POST /chat/:room/:number/edit":   does(author, "message", "source", "Autrement", "base", "1"),
		"GET /chat/:room/:number/delete":  only(said, "message").except("private", author).except("direct", author),
		"POST /chat/:room/:number/delete": does(said, "message", "reason", "Hors charte").except("private", author).except("direct", author),
		"GET /chat/:room/:number/history": only(moderators, "message"),
		"POST /chat/:room/:number/react":  does(signedIn, "message", "kind", "useful"),
		"POST /chat/:room/:number/mark":   does(signedIn, "message", "mark", "decision"),
		"POST /chat/:room/:number/unread": does(signedIn, "message"),
		"POST /settings/rooms":            does(signedIn, "", "hide_presence", "1"),
	}
}
