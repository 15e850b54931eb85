package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func (k talk) send(t *testing.T, by store.Actor, room, text string) store.Message {
	t.Helper()
	m, err := k.Send(context.Background(), by, room, store.MessageInput{Source: text})
	if err != nil {
		t.Fatal(err)
	}
	k.Clock.Add(10 * time.Second)
	return m
}

func (k talk) unreadRooms(t *testing.T, by store.Actor) map[string]int {
	t.Helper()
	list, err := k.Unread(context.Background(), by, store.UnreadQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	rooms := map[string]int{}
	for _, one := range list.News {
		if one.Kind == "room" {
			rooms[one.Room.ID] = one.Count
		}
	}
	if n, _, err := k.UnreadCount(context.Background(), by); err != nil || n != len(list.News) {
		t.Errorf("the head counts %d, the page lists %d (%v)", n, len(list.News), err)
	}
	return rooms
}

func TestMessagesHaveNumbersAndAreSentOnce(t *testing.T) {
	k := talking(t, storetest.OpenTwice(t))
	ctx := context.Background()
	first := k.send(t, k.asAuthor, store.LoungeID, "Bonjour")
	if first.Number != 1 {
		t.Fatalf("the first message has number %d", first.Number)
	}
	in := store.MessageInput{Source: "Qui vient jeudi ?", Client: "page-1/1"}
	sent, err := k.Send(ctx, k.asReader, store.LoungeID, in)
	if err != nil || sent.Number != 2 {
		t.Fatalf("number %d, %v", sent.Number, err)
	}
	again, err := k.Send(ctx, k.asReader, store.LoungeID, in)
	if err != nil || again.Number != 2 || !again.At.Equal(sent.At) {
		t.Errorf("the same id again is message %d, %v", again.Number, err)
	}
	in.Source = "Autre chose"
	if _, err := k.Send(ctx, k.asReader, store.LoungeID, in); store.KindOf(err) != store.Conflict {
		t.Errorf("the same id with other words: %v", err)
	}
	in.Source = "Qui vient jeudi ?"
	if m, err := k.Send(ctx, k.asAuthor, store.LoungeID, in); err != nil || m.Number != 3 {
		t.Errorf("the same id of somebody else is message %d, %v", m.Number, err)
	}
	k.sound(t)
}

func TestConcurrentMessagesLeaveNoGap(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	var running sync.WaitGroup
	for w := range 24 {
		m := k.Join(t, fmt.Sprintf("Voix %c", 'A'+w), "BE-92094")
		running.Go(func() {
			for n := range 20 {
				in := store.MessageInput{Source: fmt.Sprintf("%d", n), Client: fmt.Sprintf("%d", n)}
				for range 2 {
					if _, err := k.Send(ctx, store.As(m.ID), store.LoungeID, in); err != nil {
						t.Error(err)
					}
				}
				k.Clock.Add(4 * time.Second)
			}
		})
	}
	running.Wait()
	page, err := k.RoomPage(ctx, k.asReader, store.LoungeID, store.MessageQuery{Limit: 1000})
	if err != nil || page.Log.Last != 24*20 || len(page.Rows) != 24*20 {
		t.Fatalf("%d messages, the log says %d, %v", len(page.Rows), page.Log.Last, err)
	}
	for i, row := range page.Rows {
		if row.Message.Number != i+1 {
			t.Fatalf("message %d stands at place %d", row.Message.Number, i+1)
		}
	}
	k.sound(t)
}

func TestRoomsAndWhoMayEnter(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	open := func(name string, access store.Access) store.Room {
		r, err := k.OpenRoom(ctx, k.asAuthor, store.RoomInput{Name: name, Purpose: "Pour l’essai", Access: access})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	public, members, private := open("Ouvert à tous", store.AccessPublic), open("Entre membres", store.AccessMembers), open("À deux", store.AccessPrivate)
	k.send(t, k.asAuthor, private.ID, "Le code est tulipe")
	enter := func(by store.Actor, r store.Room) store.Kind {
		_, err := k.RoomPage(ctx, by, r.ID, store.MessageQuery{})
		_, bySlug := k.RoomBySlug(ctx, by, r.Slug)
		if store.KindOf(err) != store.KindOf(bySlug) {
			t.Errorf("by id %v, by address %v", err, bySlug)
		}
		return store.KindOf(err)
	}
	for _, c := range []struct {
		who  store.Actor
		room store.Room
		want store.Kind
	}{
		{store.Visitor(), public, 0}, {store.Visitor(), members, store.NotFound}, {store.Visitor(), private, store.NotFound},
		{k.asReader, public, 0}, {k.asReader, members, 0}, {k.asReader, private, store.NotFound}, {k.mod, private, store.NotFound}, {k.asAuthor, private, 0},
	} {
		if got := enter(c.who, c.room); got != c.want {
			t.Errorf("%s: kind %d, want %d", c.room.Name, got, c.want)
		}
	}
	if _, err := k.Send(ctx, store.Visitor(), public.ID, store.MessageInput{Source: "Bonjour"}); store.KindOf(err) != store.Denied {
		t.Errorf("a visitor writes: %v", err)
	}
	if _, err := k.Send(ctx, k.asReader, private.ID, store.MessageInput{Source: "Bonjour"}); store.KindOf(err) != store.NotFound {
		t.Errorf("a stranger writes in a private room: %v", err)
	}
	ok(t, k.Invite(ctx, k.asAuthor, private.ID, k.reader.ID))
	if got := enter(k.asReader, private); got != 0 {
		t.Errorf("who was let in: kind %d", got)
	}
	if n := k.unreadRooms(t, k.asReader)[private.ID]; n != 1 {
		t.Errorf("%d new to who was let in, want 1", n)
	}
	ok(t, k.RemoveFromRoom(ctx, k.asAuthor, private.ID, k.reader.ID))
	if got := enter(k.asReader, private); got != store.NotFound {
		t.Errorf("who was taken out: kind %d", got)
	}
	if n, there := k.unreadRooms(t, k.asReader)[private.ID]; there {
		t.Errorf("%d still new to who was taken out", n)
	}
	admitted, err := k.Admitted(ctx, private.ID, []string{k.author.ID, k.reader.ID, "nobody"})
	if err != nil || !admitted[k.author.ID] || admitted[k.reader.ID] || admitted["nobody"] {
		t.Errorf("admitted: %v, %v", admitted, err)
	}
	list, err := k.BrowseRooms(ctx, k.asReader, store.RoomQuery{Limit: 50})
	if err != nil || len(list.Rows) != 2 {
		t.Errorf("%d rooms to look around in, want the two that are not private (%v)", len(list.Rows), err)
	}
	if list, _ := k.BrowseRooms(ctx, store.Visitor(), store.RoomQuery{Limit: 50}); len(list.Rows) != 1 {
		t.Errorf("a visitor sees %d rooms", len(list.Rows))
	}
	k.sound(t)
}

func TestDirectConversation(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	r, err := k.OpenDirect(ctx, k.asAuthor, []string{k.reader.ID})
	if err != nil {
		t.Fatal(err)
	}
	same, err := k.OpenDirect(ctx, k.asReader, []string{k.author.ID})
	if err != nil || same.ID != r.ID {
		t.Errorf("from the other side it is another conversation (%v)", err)
	}
	if _, err := k.OpenDirect(ctx, k.asAuthor, nil); store.KindOf(err) != store.Invalid {
		t.Errorf("alone: %v", err)
	}
	k.send(t, k.asAuthor, r.ID, "Bonjour Basile")
	if n := k.unreadRooms(t, k.asReader)[r.ID]; n != 1 {
		t.Errorf("%d new, want 1", n)
	}
	if n := k.unreadRooms(t, k.asAuthor)[r.ID]; n != 0 {
		t.Errorf("%d of one's own are new", n)
	}
	rooms, err := k.Rooms(ctx, k.asReader)
	if err != nil || len(rooms) != 2 || rooms[1].Room.Names[0] != k.author.Name {
		t.Errorf("rooms: %v, %v", rooms, err)
	}
	if _, err := k.RoomPage(ctx, k.mod, r.ID, store.MessageQuery{}); store.KindOf(err) != store.NotFound {
		t.Errorf("a moderator reads it: %v", err)
	}
	ok(t, k.Dismiss(ctx, k.asReader, "room", r.ID))
	if n := k.unreadRooms(t, k.asReader)[r.ID]; n != 0 {
		t.Errorf("%d new after it was dismissed", n)
	}
	k.sound(t)
}

func TestMeetingRoomOpensAWeekBefore(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	m := k.Meeting(t, 10)
	room := store.MeetingRoomID(m.ID)
	if _, err := k.Send(ctx, k.asAuthor, room, store.MessageInput{Source: "Trop tôt"}); store.KindOf(err) != store.Conflict {
		t.Errorf("two weeks before: %v", err)
	}
	k.Clock.Set(m.Start.Add(-6 * 24 * time.Hour))
	said := k.send(t, k.asAuthor, room, "Je viens à deux")
	if _, err := k.MarkMessage(ctx, k.asReader, room, said.Number, store.MarkAction); err != nil {
		t.Fatal(err)
	}
	marked, err := k.MarkedMessages(ctx, k.asReader, m.ID)
	if err != nil || len(marked) != 1 || marked[0].Message.Mark != store.MarkAction {
		t.Errorf("marked: %v, %v", marked, err)
	}
	k.Clock.Set(m.End.Add(60 * 24 * time.Hour))
	if _, err := k.Send(ctx, k.asAuthor, room, store.MessageInput{Source: "Trop tard"}); store.KindOf(err) != store.Conflict {
		t.Errorf("long after: %v", err)
	}
	if page, err := k.RoomPage(ctx, k.asReader, room, store.MessageQuery{}); err != nil || len(page.Rows) != 1 {
		t.Errorf("it is not there to be read any more: %v", err)
	}
	k.sound(t)
}

func TestMessagesAreChangedWithHistory(t *testing.T) {
	k := talking(t, storetest.OpenTwice(t))
	ctx := context.Background()
	m := k.send(t, k.asAuthor, store.LoungeID, "Rendez-vous à dix heures")
	if _, err := k.EditMessage(ctx, k.asReader, store.LoungeID, m.Number, 0, store.MessageInput{Source: "Non"}); store.KindOf(err) != store.Denied {
		t.Errorf("somebody else edits: %v", err)
	}
	edited, err := k.EditMessage(ctx, k.asAuthor, store.LoungeID, m.Number, 0, store.MessageInput{Source: "Rendez-vous à onze heures"})
	if err != nil || edited.Change != 1 || edited.Revision != 1 {
		t.Fatalf("edited: %+v, %v", edited, err)
	}
	if _, err := k.EditMessage(ctx, k.asAuthor, store.LoungeID, m.Number, 0, store.MessageInput{Source: "À midi"}); store.KindOf(err) != store.Conflict {
		t.Errorf("from an older text: %v", err)
	}
	for range 2 { // twice is once
		if _, err := k.ReactMessage(ctx, k.asReader, store.LoungeID, m.Number, store.Thanks, true); err != nil {
			t.Fatal(err)
		}
	}
	missed, err := k.Missed(ctx, store.LoungeID, 1, 0, 50)
	if err != nil || len(missed.Fresh) != 0 || len(missed.Changed) != 1 || missed.Log.Changes != 2 {
		t.Fatalf("who has message 1 and no change gets %d and %d, %d changes, %v", len(missed.Fresh), len(missed.Changed), missed.Log.Changes, err)
	}
	if got := missed.Changed[0].Message; !strings.Contains(got.Source, "onze") || !slices.Equal(got.Reactions[store.Thanks], []string{k.reader.ID}) {
		t.Errorf("it comes as %+v", got)
	}
	if _, err := k.DeleteMessage(ctx, k.mod, store.LoungeID, m.Number, ""); store.KindOf(err) != store.Invalid {
		t.Errorf("a moderator deletes without saying why: %v", err)
	}
	gone, err := k.DeleteMessage(ctx, k.mod, store.LoungeID, m.Number, "Adresse privée")
	if err != nil || gone.Source != "" || gone.HTML != "" || gone.Deleted == nil {
		t.Fatalf("deleted: %+v, %v", gone, err)
	}
	history, err := k.MessageHistory(ctx, k.mod, store.LoungeID, m.Number)
	if err != nil || len(history) != 2 || !strings.Contains(history[1].Source, "onze") {
		t.Errorf("history: %v, %v", history, err)
	}
	if _, err := k.MessageHistory(ctx, k.asReader, store.LoungeID, m.Number); store.KindOf(err) != store.Denied {
		t.Errorf("a member reads the history: %v", err)
	}
	k.Clock.Add(31 * 24 * time.Hour)
	ok(t, k.Sweep(ctx))
	if history, _ := k.MessageHistory(ctx, k.mod, store.LoungeID, m.Number); len(history) != 0 {
		t.Errorf("a month later the text is still kept")
	}
	k.sound(t)
}

func TestMessagesMoveToAThread(t *testing.T) {
	k := talking(t, storetest.OpenTwice(t))
	ctx := context.Background()
	k.send(t, k.asAuthor, store.LoungeID, "Comment renuméroter ?")
	k.send(t, k.asAuthor, store.LoungeID, "La base vient de 2015.")
	k.send(t, k.asReader, store.LoungeID, "Avec `renumber`.")
	numbers := []int{1, 2, 3}
	if _, _, err := k.MoveMessages(ctx, k.asReader, store.LoungeID, store.MoveInput{Numbers: numbers, Title: "Renuméroter", Category: k.public.Slug}); store.KindOf(err) != store.Denied {
		t.Errorf("a member moves somebody else's words: %v", err)
	}
	d, _, err := k.MoveMessages(ctx, k.mod, store.LoungeID, store.MoveInput{Numbers: numbers, Title: "Renuméroter", Category: k.public.Slug})
	if err != nil {
		t.Fatal(err)
	}
	page, err := k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
	if err != nil || len(page.Posts) != 2 || page.Posts[0].Author.ID != k.author.ID || !strings.Contains(page.Posts[0].Post.Source, "2015") {
		t.Fatalf("posts: %+v, %v", page.Posts, err)
	}
	room, err := k.RoomPage(ctx, k.asReader, store.LoungeID, store.MessageQuery{})
	if err != nil || len(room.Rows) != 3 {
		t.Fatal(err)
	}
	for i, seq := range []int{1, 1, 2} {
		if moved := room.Rows[i].Message.Moved; moved == nil || moved.Seq != seq || room.Rows[i].Thread.ID != d.ID {
			t.Errorf("message %d points to %+v", i+1, moved)
		}
	}
	if _, _, err := k.MoveMessages(ctx, k.mod, store.LoungeID, store.MoveInput{Numbers: []int{1}, Thread: d.Number}); store.KindOf(err) != store.Conflict {
		t.Errorf("moved twice: %v", err)
	}
	k.sound(t)
}

func TestMentionsReachThoseOutsideTheRoom(t *testing.T) {
	k := talking(t, storetest.OpenRendering(t, naming()))
	k.send(t, k.asAuthor, store.LoungeID, "Une question pour @"+k.reader.Handle)
	k.send(t, k.asAuthor, store.LoungeID, "Et une pour personne")
	if n := k.unreadRooms(t, k.asReader)[store.LoungeID]; n != 1 {
		t.Errorf("%d messages are new to who is mentioned but not in the room, want 1", n)
	}
	if n := k.unreadRooms(t, k.mod)[store.LoungeID]; n != 0 {
		t.Errorf("%d are new to who is neither", n)
	}
}

// naming is a renderer that knows mentions.
func naming() store.Renderer {
	r := store.Renderer{Version: 1, Render: func(_ context.Context, source string) (string, error) { return source, nil },
		Post: func(_ context.Context, source string, _ map[string]store.Named) (string, error) { return source, nil }}
	r.Words = func(source string) store.Words {
		var w store.Words
		for _, word := range strings.Fields(source) {
			if rest, found := strings.CutPrefix(word, "@"); found {
				w.Mentions = append(w.Mentions, rest)
			}
		}
		return w
	}
	return r
}

func TestTooManyMessagesWait(t *testing.T) {
	k := talking(t, storetest.Open(t))
	for n := range 40 {
		_, err := k.Send(context.Background(), k.asAuthor, store.LoungeID, store.MessageInput{Source: "Encore"})
		if limited := store.KindOf(err) == store.Limited; limited != (n >= 30) {
			t.Fatalf("message %d: %v", n+1, err)
		}
	}
	k.Clock.Add(2 * time.Second)
	k.send(t, k.asAuthor, store.LoungeID, "Une de plus")
}

func TestPagesOfARoom(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	for n := range 120 {
		k.send(t, k.asAuthor, store.LoungeID, fmt.Sprint(n+1))
	}
	for _, c := range []struct {
		q              store.MessageQuery
		first, last    int
		earlier, later bool
	}{
		{store.MessageQuery{}, 71, 120, true, false},
		{store.MessageQuery{Before: 71}, 21, 70, true, true},
		{store.MessageQuery{Before: 21}, 1, 20, false, true},
		{store.MessageQuery{After: 100}, 101, 120, true, false},
		{store.MessageQuery{Around: 60}, 35, 84, true, true},
		{store.MessageQuery{Around: 3}, 1, 27, false, true},
		{store.MessageQuery{From: k.Clock.Now().Add(-95 * time.Second)}, 112, 120, true, false},
		{store.MessageQuery{From: k.Clock.Now().Add(-48 * time.Hour)}, 1, 25, false, true},
	} {
		p, err := k.RoomPage(ctx, k.asReader, store.LoungeID, c.q)
		if err != nil || len(p.Rows) == 0 {
			t.Fatal(err)
		}
		if first, last := p.Rows[0].Message.Number, p.Rows[len(p.Rows)-1].Message.Number; first != c.first || last != c.last || p.Earlier != c.earlier || p.Later != c.later {
			t.Errorf("%+v: %d to %d, earlier %v, later %v", c.q, first, last, p.Earlier, p.Later)
		}
	}
}

func TestAnApplicationHasARoom(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	lena := village(t, k.Hub, "BE-25072", "Lena Exemple")[0]
	app, err := k.AddApp(ctx, store.As(lena.ID), aboutDelib())
	ok(t, err)
	r, err := k.RoomBySlug(ctx, k.asReader, "app-"+app.Slug)
	ok(t, err)
	k.send(t, k.asReader, r.ID, "Qui a passé la version 4 ?")
	in := aboutDelib()
	in.Name = "Conseil d’essai"
	_, err = k.EditApp(ctx, store.As(lena.ID), app.ID, in)
	ok(t, err)
	same, err := k.RoomBySlug(ctx, k.asAuthor, "app-"+app.Slug) // its former address leads on
	if err != nil || same.ID != r.ID || same.Slug != "app-conseil-d-essai" || same.Name != "Conseil d’essai" {
		t.Errorf("after the renaming: %+v, %v", same, err)
	}
	if _, err := k.RoomBySlug(ctx, store.Visitor(), "app-"+app.Slug); store.KindOf(err) != store.NotFound {
		t.Errorf("a visitor: %v", err)
	}
	k.sound(t)
}
