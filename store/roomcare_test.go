package store_test

import (
	"context"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func (k talk) room(t *testing.T, name string, access store.Access) store.Room {
	t.Helper()
	r, err := k.OpenRoom(context.Background(), k.asAuthor, store.RoomInput{Name: name, Access: access})
	ok(t, err)
	return r
}

// What was said can be taken away after a room was archived: personal data does not stay because nobody writes there any
// more.
func TestMessagesAreDeletedInAnArchivedRoom(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	r := k.room(t, "Ancien", store.AccessMembers)
	k.send(t, k.asAuthor, r.ID, "Mon numéro est le 000")
	k.send(t, k.asReader, r.ID, "Injure")
	_, err := k.ArchiveRoom(ctx, k.asAuthor, r.ID, true)
	ok(t, err)
	if _, err := k.EditMessage(ctx, k.asAuthor, r.ID, 1, 0, store.MessageInput{Source: "Autre"}); store.KindOf(err) != store.Conflict {
		t.Errorf("edited in an archived room: %v", err)
	}
	_, err = k.DeleteMessage(ctx, k.asAuthor, r.ID, 1, "")
	ok(t, err)
	_, err = k.DeleteMessage(ctx, k.mod, r.ID, 2, "Injurieux")
	ok(t, err)
	k.sound(t)
}

// A message that went to an item of a meeting that is still a draft does not tell of that meeting.
func TestMovedMessagesDoNotNameWhatOneMayNotKnow(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	boss := k.With(t, k.Join(t, "Odile Rganise", "BE-62063"), store.RoleOrganiser)
	draft, err := k.ScheduleMeeting(ctx, boss, store.MeetingInput{Title: "Secrète", Lang: "fr", Date: "2026-04-18", Clock: "09:30", Zone: "Europe/Brussels", Minutes: 60,
		Online: true, Draft: true})
	ok(t, err)
	item, err := k.ProposeItem(ctx, boss, draft.ID, store.ItemInput{Title: "Point secret", Lang: "fr", Kind: store.ToDiscuss})
	ok(t, err)
	said, err := k.Send(ctx, boss, store.LoungeID, store.MessageInput{Source: "À mettre à l’ordre du jour"})
	ok(t, err)
	_, _, err = k.MoveMessages(ctx, boss, store.LoungeID, store.MoveInput{Numbers: []int{said.Number}, Item: item.ID})
	ok(t, err)
	for who, reader := range map[string]store.Actor{"a member": k.asReader, "an organiser": boss} {
		page, err := k.RoomPage(ctx, reader, store.LoungeID, store.MessageQuery{})
		ok(t, err)
		if knows := page.Rows[0].Item.Title != "" || page.Rows[0].Meeting.Slug != ""; knows != (who == "an organiser") {
			t.Errorf("%s: item %q, meeting %q", who, page.Rows[0].Item.Title, page.Rows[0].Meeting.Slug)
		}
	}
}

// Who proposed an item puts nothing into it once it was accepted.
func TestAnAcceptedItemIsNotWrittenIntoFromARoom(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	m := k.Meeting(t, 10)
	item, err := k.ProposeItem(ctx, k.asAuthor, m.ID, store.ItemInput{Title: "Mon point", Lang: "fr", Kind: store.ToDiscuss})
	ok(t, err)
	for range 2 {
		k.send(t, k.asAuthor, store.LoungeID, "Une précision")
	}
	_, _, err = k.MoveMessages(ctx, k.asAuthor, store.LoungeID, store.MoveInput{Numbers: []int{1}, Item: item.ID})
	ok(t, err)
	ok(t, k.AcceptItem(ctx, k.With(t, k.Join(t, "Odile Rganise", "BE-62063"), store.RoleOrganiser), item.ID))
	if _, _, err := k.MoveMessages(ctx, k.asAuthor, store.LoungeID, store.MoveInput{Numbers: []int{2}, Item: item.ID}); store.KindOf(err) != store.Denied {
		t.Errorf("after it was accepted: %v", err)
	}
}

func TestRoomsKeepSomebodyWhoCaresForThem(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	private, members := k.room(t, "Réservé", store.AccessPrivate), k.room(t, "Ouvert", store.AccessMembers)
	if err := k.LeaveRoom(ctx, k.asAuthor, private.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("who opened a private room leaves it: %v", err)
	}
	if err := k.Invite(ctx, k.asReader, members.ID, k.author.ID); store.KindOf(err) != store.Denied {
		t.Errorf("who is not in a room invites: %v", err)
	}
	ok(t, k.Invite(ctx, k.asAuthor, private.ID, k.reader.ID))
	ok(t, k.Leave(ctx, k.asAuthor, "", store.Session{Member: k.author.ID, Proved: k.Now()}))
	r, err := k.RoomBySlug(ctx, k.asReader, private.Slug)
	ok(t, err)
	if r.By != k.reader.ID {
		t.Error("nobody cares for the room of who left")
	}
	k.sound(t)
}

// The room of a meeting that is long over leaves the lists of those who were in it, and stays to be read.
func TestClosedMeetingRoomsLeaveTheLists(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	m := k.Meeting(t, 10)
	k.Clock.Set(m.Start)
	k.send(t, k.asAuthor, store.MeetingRoomID(m.ID), "On commence")
	k.Clock.Set(m.End.Add(31 * 24 * time.Hour))
	ok(t, k.Sweep(ctx))
	rooms, err := k.Rooms(ctx, k.asAuthor)
	ok(t, err)
	if len(rooms) != 1 || rooms[0].Room.ID != store.LoungeID {
		t.Errorf("rooms: %+v", rooms)
	}
	if page, err := k.RoomPage(ctx, k.asAuthor, store.MeetingRoomID(m.ID), store.MessageQuery{}); err != nil || len(page.Rows) != 1 {
		t.Errorf("it cannot be read any more: %v", err)
	}
	k.sound(t)
}

// Editing without end neither fills the disk nor the others' screens.
func TestMessagesAreNotChangedWithoutEnd(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	m := k.send(t, k.asAuthor, store.LoungeID, "a")
	var err error
	n := 0
	for ; n < 100 && err == nil; n++ {
		k.Clock.Add(3 * time.Second)
		_, err = k.EditMessage(ctx, k.asAuthor, store.LoungeID, m.Number, n, store.MessageInput{Source: string(rune('b' + n%2))})
	}
	if store.KindOf(err) != store.Conflict || n != 51 {
		t.Errorf("%d edits, %v", n, err)
	}
	for n = 0; n < 100; n++ {
		if _, err = k.ReactMessage(ctx, k.asReader, store.LoungeID, m.Number, store.Thanks, n%2 == 0); err != nil {
			break
		}
	}
	if store.KindOf(err) != store.Limited {
		t.Errorf("after %d reactions: %v", n, err)
	}
}
