package store

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// RoomKind is what a room is for.
type RoomKind string

const (
	RoomLounge  RoomKind = "lounge"  // everybody's
	RoomMeeting RoomKind = "meeting" // of one meeting: opens a week before it, and stays to be read
	RoomTown    RoomKind = "town"    // of one town
	RoomApp     RoomKind = "app"     // of one application
	RoomOpen    RoomKind = "open"    // opened by a member, with a name and a purpose
	RoomDirect  RoomKind = "direct"  // between two to ten people

	RoomMentorship RoomKind = "mentorship" // of one mentorship: for the people of its two towns
)

// Access says who may read a room.
type Access string

const (
	AccessPublic  Access = "public"  // visitors too; members write
	AccessMembers Access = "members" // signed-in members
	AccessPrivate Access = "private" // who was let in
)

// Room is a place to talk. Those of the lounge, of meetings and of towns need no record: they are there as long as what
// they are about, and their ID names it. Opens and Closes bound when one can write; zero means always.
type Room struct {
	ID       string    `json:"id"`
	Slug     string    `json:"slug"`
	Kind     RoomKind  `json:"kind"`
	Subject  string    `json:"subject,omitzero"` // id of the meeting, town or application
	Name     string    `json:"name,omitzero"`
	Purpose  string    `json:"purpose,omitzero"`
	Lang     string    `json:"lang,omitzero"`
	Access   Access    `json:"access"`
	By       string    `json:"by,omitzero"` // who opened it
	Created  time.Time `json:"created,omitzero"`
	Opens    time.Time `json:"opens,omitzero"`
	Closes   time.Time `json:"closes,omitzero"`
	Archived time.Time `json:"archived,omitzero"`
	People   []string  `json:"people,omitzero"` // of a direct conversation, ids, sorted
	Names    []string  `json:"-"`               // of a direct conversation: everybody's, filled in for pages
}

// Limits of rooms.
const (
	MaxPeople       = 10 // in a direct conversation
	maxRooms        = 200
	maxPurpose      = 300
	roomOpensBefore = 7 * 24 * time.Hour
	roomClosesAfter = 30 * 24 * time.Hour
)

// LoungeID is the one room that is always there.
const LoungeID = "lounge"

var rooms = sync.OnceValue(func() *table[Room] {
	return &table[Room]{
		kept:   true,
		family: famRoom,
		key:    func(r *Room) []string { return []string{r.ID} },
		indexes: []index[Room]{
			{family: famRoomSlug, unique: true, field: "name", taken: "room.slug_taken", parts: func(r *Room) [][]string { return [][]string{{r.Slug}} }},
			{family: famRoomPeople, unique: true, parts: func(r *Room) [][]string {
				if r.Kind != RoomDirect {
					return nil
				}
				return [][]string{{strings.Join(r.People, " ")}}
			}},
			{family: famRoomName, parts: func(r *Room) [][]string {
				if r.Kind != RoomOpen || r.Access == AccessPrivate {
					return nil
				}
				return [][]string{{sortName(r.Name)}}
			}},
		},
	}
})

// Writable says whether one can write in the room at an instant.
func (r Room) Writable(now time.Time) bool {
	return r.Archived.IsZero() && (r.Opens.IsZero() || !now.Before(r.Opens)) && (r.Closes.IsZero() || now.Before(r.Closes))
}

// MeetingRoomID and TownRoomID name the rooms of a meeting and of a town.
func MeetingRoomID(meetingID string) string { return string(RoomMeeting) + ":" + meetingID }

// TownRoomID names the room of a town.
func TownRoomID(townID string) string { return string(RoomTown) + ":" + townID }

// AppRoomID names the room of an application.
func AppRoomID(appID string) string { return string(RoomApp) + ":" + appID }

// room reads a room by its id; NotFound when what it is about is not there. It does not ask who may read it.
func (t *tx) room(id string) (Room, error) {
	if id == LoungeID {
		return Room{ID: LoungeID, Slug: LoungeID, Kind: RoomLounge, Access: AccessMembers}, nil
	}
	kind, subject, ok := strings.Cut(id, ":")
	if !ok {
		return rooms().get(t, id)
	}
	switch RoomKind(kind) {
	case RoomMeeting:
		m, err := meetings().get(t, subject)
		if err != nil || m.State == MeetingDraft {
			return Room{}, orNotFound(err)
		}
		return Room{ID: id, Slug: "meeting-" + m.Slug, Kind: RoomMeeting, Subject: m.ID, Name: m.Title, Lang: m.Lang, Access: AccessMembers,
			Opens: m.Start.Add(-roomOpensBefore), Closes: m.End.Add(roomClosesAfter)}, nil
	case RoomTown:
		town, err := towns().get(t, subject)
		if err != nil || town.State == TownJoining {
			return Room{}, orNotFound(err)
		}
		return Room{ID: id, Slug: "town-" + town.Slug, Kind: RoomTown, Subject: town.ID, Name: town.Name, Access: AccessMembers, Archived: town.Merged}, nil
	case RoomApp:
		app, err := apps().get(t, subject)
		if err != nil {
			return Room{}, err
		}
		return Room{ID: id, Slug: "app-" + app.Slug, Kind: RoomApp, Subject: app.ID, Name: app.Name(), Access: AccessMembers}, nil
	}
	if RoomKind(kind) == RoomMentorship {
		return t.mentorshipRoom(subject)
	}
	return Room{}, notFound()
}

func orNotFound(err error) error {
	if err == nil {
		return notFound()
	}
	return err
}

// roomBySlug finds a room by its address; former addresses of meetings and towns lead on.
func (t *tx) roomBySlug(slug string) (Room, error) {
	if slug == LoungeID {
		return t.room(LoungeID)
	}
	if rest, ok := strings.CutPrefix(slug, "meeting-"); ok {
		m, err := meetings().lookup(t, famMeetingSlug, rest)
		if err != nil {
			return Room{}, err
		}
		return t.room(MeetingRoomID(m.ID))
	}
	if rest, ok := strings.CutPrefix(slug, "town-"); ok {
		town, err := towns().lookup(t, famTownSlug, rest)
		if err != nil {
			return Room{}, err
		}
		return t.room(TownRoomID(town.ID))
	}
	if rest, ok := strings.CutPrefix(slug, "app-"); ok {
		app, err := apps().lookup(t, famAppSlug, rest)
		if err != nil {
			return Room{}, err
		}
		return t.room(AppRoomID(app.ID))
	}
	if rest, ok := strings.CutPrefix(slug, "mentorship-"); ok {
		return t.room(MentorshipRoomID(rest))
	}
	return rooms().lookup(t, famRoomSlug, slug)
}

// readable says whether somebody may read a room. Private rooms are not even there for others.
func (t *tx) readable(r Room, reader Member) (bool, error) {
	switch r.Access {
	case AccessPublic:
		return true, nil
	case AccessMembers:
		return may(reader, Take), nil
	}
	if !may(reader, Take) || reader.ID == nobodysID {
		return false, nil
	}
	if r.Kind == RoomDirect {
		return slices.Contains(r.People, reader.ID), nil
	}
	if r.Kind == RoomMentorship {
		m, err := mentorships().get(t, r.Subject)
		return err == nil && m.of(reader), err
	}
	_, in, err := roomMembers().find(t, r.ID, reader.ID)
	return in, err
}

// enterRoom reads a room that somebody may read. NotFound otherwise.
func (t *tx) enterRoom(id string, reader Member) (Room, error) {
	r, err := t.room(id)
	if err != nil {
		return r, err
	}
	ok, err := t.readable(r, reader)
	if err == nil && !ok {
		err = notFound()
	}
	return r, err
}

// manages says whether a member cares for a room: who opened it, and moderators where they may read.
func (r Room) manages(who Member) bool {
	return r.Kind == RoomOpen && (r.By == who.ID || may(who, Moderate))
}

// Manages is manages for pages; the intents ask again.
func (r Room) Manages(who Member) bool { return r.manages(who) }

// RoomInput is what a member types to open a room.
type RoomInput struct {
	Name, Purpose, Lang string
	Access              Access
}

func (in RoomInput) check() (RoomInput, error) {
	var c check
	in.Name = c.required("name", in.Name, 60)
	in.Purpose = c.line("purpose", in.Purpose, maxPurpose)
	oneOf(&c, "access", in.Access, AccessPublic, AccessMembers, AccessPrivate)
	if in.Lang != "" {
		oneOf(&c, "lang", in.Lang, Languages()...)
	}
	return in, c.err()
}

// OpenRoom opens a room with a name and a purpose: by members. Who opens it is in it.
func (s *Store) OpenRoom(ctx context.Context, by Actor, in RoomInput) (Room, error) {
	in, err := in.check()
	if err != nil {
		return Room{}, err
	}
	var r Room
	err = s.update(ctx, "rooms", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if in, err := t.Scan(window{Under: []string{who.ID}}.bounds(famRoomMemberOf), maxRooms); err != nil || len(in) == maxRooms {
			return orConflict(err, "room.too_many", "Max", maxRooms)
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		slug, err := t.freeSlug(famRoomSlug, roomName(in.Name), "room-"+id[:8])
		if err != nil {
			return err
		}
		r = Room{ID: id, Slug: slug, Kind: RoomOpen, Name: in.Name, Purpose: in.Purpose, Lang: in.Lang, Access: in.Access, By: who.ID, Created: t.now}
		if err := rooms().put(t, r); err != nil {
			return err
		}
		return t.joinRoom(r, who.ID, Normal, true)
	})
	return r, err
}

func orConflict(err error, key string, args ...any) error {
	if err == nil {
		return conflict(key, args...)
	}
	return err
}

// roomName keeps an address of a room apart from those that other rooms and pages have.
func roomName(name string) string {
	slug := slugOf(name)
	for _, taken := range []string{"meeting-", "town-", "app-", "mentorship-"} {
		if strings.HasPrefix(slug, taken) {
			return "room-" + slug
		}
	}
	if slices.Contains([]string{LoungeID, "new", "rooms", "direct", "preferences"}, slug) {
		return "room-" + slug
	}
	return slug
}

// ChangeRoom changes a room's name, purpose, language and access: by who opened it, and by moderators. A private room
// stays private: what was said there was said to those who were in it.
func (s *Store) ChangeRoom(ctx context.Context, by Actor, id string, in RoomInput) (Room, error) {
	in, err := in.check()
	if err != nil {
		return Room{}, err
	}
	return s.changeRoom(ctx, by, id, func(t *tx, r *Room) error {
		if (r.Access == AccessPrivate) != (in.Access == AccessPrivate) {
			return invalid("access", "room.stays_private")
		}
		if r.Access != in.Access {
			if err := t.staleRoom(r.ID); err != nil {
				return err
			}
		}
		r.Name, r.Purpose, r.Lang, r.Access = in.Name, in.Purpose, in.Lang, in.Access
		return t.audit(by, "audit.room_changed", r.ID, map[string]string{"name": r.Name})
	})
}

// ArchiveRoom ends a room, or with on false opens it again: it stays to be read, and nobody writes in it any more.
func (s *Store) ArchiveRoom(ctx context.Context, by Actor, id string, on bool) (Room, error) {
	return s.changeRoom(ctx, by, id, func(t *tx, r *Room) error {
		if on != r.Archived.IsZero() {
			return nil
		}
		what := "audit.room_reopened"
		if r.Archived = (time.Time{}); on {
			r.Archived, what = t.now, "audit.room_archived"
		}
		return t.audit(by, what, r.ID, map[string]string{"name": r.Name})
	})
}

func (s *Store) changeRoom(ctx context.Context, by Actor, id string, change func(*tx, *Room) error) (Room, error) {
	var r Room
	err := s.update(ctx, "room/"+id, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if r, err = t.enterRoom(id, who); err != nil {
			return err
		}
		if !r.manages(who) {
			return denied("error.not_allowed.room")
		}
		if err := change(t, &r); err != nil {
			return err
		}
		return rooms().put(t, r)
	})
	return r, err
}

// OpenDirect finds the conversation between the acting member and others, or begins it. Others are ids of active members.
func (s *Store) OpenDirect(ctx context.Context, by Actor, others []string) (Room, error) {
	var r Room
	err := s.update(ctx, "rooms", func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		people := slices.Compact(slices.Sorted(slices.Values(append([]string{who.ID}, others...))))
		if len(people) < 2 || len(people) > MaxPeople {
			return invalid("people", "room.people_count", "Max", MaxPeople-1)
		}
		if r, err = rooms().lookup(t, famRoomPeople, strings.Join(people, " ")); err == nil || KindOf(err) != NotFound {
			return err
		}
		for _, id := range people {
			if m, ok, err := members().find(t, id); err != nil {
				return err
			} else if !ok || m.State != MemberActive {
				return invalid("people", "room.unknown_person")
			}
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		r = Room{ID: id, Slug: id, Kind: RoomDirect, Access: AccessPrivate, By: who.ID, Created: t.now, People: people}
		if err := rooms().put(t, r); err != nil {
			return err
		}
		for _, one := range people {
			if err := t.joinRoom(r, one, Watch, true); err != nil {
				return err
			}
		}
		return nil
	})
	return r, err
}
