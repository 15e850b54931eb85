package store

import (
	"context"
	"strconv"
	"strings"
)

// searchableMessage reads a message as it is found: by members, or in a private room by those who are in it.
func (t *tx) searchableMessage(parts []string) (SearchDocument, bool, error) {
	if len(parts) != 2 {
		return SearchDocument{}, false, nil
	}
	m, ok, err := messages().find(t, parts[0], parts[1])
	if err != nil || !ok || m.Deleted != nil || m.Moved != nil { // what was moved is found where it went
		return SearchDocument{}, false, err
	}
	r, err := t.room(m.Room)
	if err != nil {
		if KindOf(err) == NotFound {
			err = nil
		}
		return SearchDocument{}, false, err
	}
	d := SearchDocument{Kind: "message", Text: m.Source, Lang: m.Lang, Category: m.Room, Town: m.Town, Person: m.Author, At: m.At, Seq: m.Number,
		Members: r.Access != AccessPublic, Private: r.Access == AccessPrivate, Room: r}
	if d.Author, _, err = members().find(t, m.Author); err != nil {
		return d, false, err
	}
	d.Place, _, err = towns().find(t, m.Town)
	return d, true, err
}

// finds says whether somebody may find what the index found for them.
func (t *tx) finds(reader Member, d *SearchDocument) (bool, error) {
	if d.Kind != "message" {
		return !d.Members || may(reader, Take), nil
	}
	if ok, err := t.readable(d.Room, reader); err != nil || !ok {
		return false, err
	}
	return true, t.nameRoom(&d.Room, reader)
}

// staleRoom notes that everything said in a room changed who may find it.
func (t *tx) staleRoom(roomID string) error {
	w := window{Under: []string{roomID}, Limit: scanBatch}
	for {
		pairs, err := t.Scan(w.bounds(famMessage), w.Limit)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			if err := t.stale(famMessage, pair.Key); err != nil {
				return err
			}
		}
		if len(pairs) < w.Limit {
			return nil
		}
		key := string(pairs[len(pairs)-1].Key)
		n, _ := strconv.Atoi(key[strings.LastIndex(key, partEnd)+1:])
		w.start(messageNumber(n))
	}
}

// PrivateRooms are the ids of the private rooms somebody is in: what is said there is found by nobody else.
func (s *Store) PrivateRooms(ctx context.Context, by Actor) ([]string, error) {
	var ids []string
	err := s.view(ctx, func(t *tx) error {
		ids = nil
		reader, err := t.reader(by)
		if err != nil || !may(reader, Take) {
			return err
		}
		all, err := roomMembers().list(t, famRoomMemberOf, window{Under: []string{reader.ID}, Limit: maxRooms})
		if err != nil {
			return err
		}
		for _, in := range all {
			r, err := t.enterRoom(in.Room, reader)
			if KindOf(err) == NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if r.Access == AccessPrivate {
				ids = append(ids, r.ID)
			}
		}
		return nil
	})
	return ids, err
}
