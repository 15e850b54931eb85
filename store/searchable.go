package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Stale names a record whose entry in a search index is out of date. It is written, once for every index that follows, in
// the transaction that changed the record, and taken away when that index has it.
type Stale struct {
	Searcher string    `json:"searcher,omitzero"`
	Kind     string    `json:"kind"`
	ID       string    `json:"id"` // its own key, parts joined by a slash
	At       time.Time `json:"at"`
}

func stales() *table[Stale] {
	return &table[Stale]{family: famStale, key: func(s *Stale) []string { return []string{s.Searcher, s.Kind, s.ID} }}
}

// searched are the records that can be found, by family.
func searched() []family {
	return []family{famPost, famItem, famMinutes, famDecision, famAction, famTown, famMember, famMeeting, famApp, famMessage}
}

// stale notes that a record changed. A thread's title and state are found with its first post.
func (t *tx) stale(f family, key []byte) error {
	switch f {
	case famThread, famMeeting, famPost, famItem, famMinutes, famDecision, famAction, famTown, famMember, famApp, famMessage:
	default:
		return nil
	}
	id := strings.ReplaceAll(string(key[len(f)+1:]), partEnd, "/")
	switch f {
	case famThread:
		f, id = famPost, id+"/"+postSeq(1)
	case famMeeting: // its agenda is found when the meeting may be seen, at its date
		if err := t.staleAgenda(id); err != nil {
			return err
		}
	}
	following, err := t.searchers()
	if err != nil {
		return err
	}
	for _, one := range following {
		value, err := encode(t, &Stale{Searcher: one.ID, Kind: string(f), ID: id, At: t.now})
		if err != nil {
			return err
		}
		t.writer.Put(famStale.key(one.ID, string(f), id), value)
	}
	t.searched = true
	return nil
}

// staleAgenda notes that the items of a meeting changed what they are shown as.
func (t *tx) staleAgenda(meetingID string) error {
	all, err := t.agenda(meetingID)
	if err != nil {
		return err
	}
	for _, item := range all {
		if err := t.stale(famItem, famItem.key(item.ID)); err != nil {
			return err
		}
	}
	return nil
}

// stalePosts notes that all posts of a thread changed what they are shown as.
func (t *tx) stalePosts(threadID string) error {
	w := window{Under: []string{threadID}, Limit: scanBatch}
	for {
		pairs, err := t.Scan(w.bounds(famPost), w.Limit)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			if err := t.stale(famPost, pair.Key); err != nil {
				return err
			}
		}
		if len(pairs) < w.Limit {
			return nil
		}
		key := string(pairs[len(pairs)-1].Key)
		w.start(key[strings.LastIndex(key, partEnd)+1:])
	}
}

// Searches grows with every commit that put something out of date in the search index.
func (s *Store) Searches() uint64 { return s.searches.Load() }

// StaleSearch lists what an index has to read again, at most limit.
func (s *Store) StaleSearch(ctx context.Context, searcher string, limit int) ([]Stale, error) {
	var found []Stale
	err := s.view(ctx, func(t *tx) error {
		var err error
		found, err = stales().under(t, window{Under: []string{searcher}, Limit: limit})
		return err
	})
	return found, err
}

// Indexed takes away what an index has now, except what changed again since.
func (s *Store) Indexed(ctx context.Context, searcher string, done []Stale) error {
	return s.update(ctx, "search/"+searcher, func(t *tx) error {
		t.lastRoom()
		keys := make([][]byte, len(done))
		for i, one := range done {
			keys[i] = famStale.key(searcher, one.Kind, one.ID)
		}
		values, err := t.GetMany(keys)
		if err != nil {
			return err
		}
		for i, value := range values {
			if value == nil {
				continue
			}
			have, err := decode[Stale](t, value)
			if err != nil {
				return err
			}
			if have.At.Equal(done[i].At) {
				t.drop(famStale, keys[i])
			}
		}
		return nil
	})
}

// SearchDocument is a record as it is found. Members marks what only signed-in members may find.
type SearchDocument struct {
	Kind     string // thread, post, message, item, minutes, decision, action, town, person, meeting, app
	Record   string // family
	ID       string
	Title    string
	Text     string // Markdown or plain
	Lang     string
	Category string // id; of a message its room's
	Town     string // id
	Person   string // id
	At       time.Time
	Question bool
	Solved   bool
	Answer   bool
	Members  bool
	Private  bool // only those in its room may find it

	Translations []Translation // of posts, each found in its own language

	Thread  Thread // of posts
	Room    Room   // of messages
	Seq     int
	Meeting Meeting // of items, minutes and decisions
	Author  Member
	Place   Town
	Number  string // of decisions and actions
	Handle  string // of people
	Slug    string // of towns and applications
}

// Searchable reads records as somebody may find them; what is gone, or not to be found by the reader, is left out. By is
// System() for the index, which holds everything and marks what is for members.
func (s *Store) Searchable(ctx context.Context, by Actor, wanted []Stale) (map[Stale]SearchDocument, error) {
	found := map[Stale]SearchDocument{}
	err := s.view(ctx, func(t *tx) error {
		clear(found)
		reader := systemMember()
		if !by.system {
			var err error
			if reader, err = t.reader(by); err != nil {
				return err
			}
		}
		shelves, err := t.shelves()
		if err != nil {
			return err
		}
		for _, one := range wanted {
			d, ok, err := t.searchable(one, shelves)
			if err != nil {
				return err
			}
			if ok && !by.system {
				if ok, err = t.finds(reader, &d); err != nil {
					return err
				}
			}
			if ok {
				d.Record, d.ID = one.Kind, one.ID
				found[Stale{Kind: one.Kind, ID: one.ID}] = d
			}
		}
		return nil
	})
	return found, err
}

// searchable reads one record as it is found. What nobody may find is not.
func (t *tx) searchable(one Stale, shelves map[string]Category) (SearchDocument, bool, error) {
	parts := strings.Split(one.ID, "/")
	switch family(one.Kind) {
	case famPost:
		return t.searchablePost(parts, shelves)
	case famItem:
		item, ok, err := items().find(t, parts[0])
		if err != nil || !ok || item.State == ItemProposed || item.State == ItemWithdrawn || item.Meeting == "" {
			return SearchDocument{}, false, err
		}
		return t.ofMeeting(item.Meeting, SearchDocument{Kind: "item", Title: item.Title, Text: item.Text, Lang: item.Lang, Town: item.Town, Person: item.Owner, Members: item.Members})
	case famMinutes:
		m, ok, err := minutes().find(t, parts[0])
		if err != nil || !ok || m.Published == 0 {
			return SearchDocument{}, false, err
		}
		r, err := revisions().get(t, m.Meeting, postSeq(m.Published)[2:])
		if err != nil {
			return SearchDocument{}, false, err
		}
		return t.ofMeeting(m.Meeting, SearchDocument{Kind: "minutes", Text: r.Source, Lang: m.Lang})
	case famDecision:
		d, ok, err := decisions().find(t, parts[0])
		if err != nil || !ok || !d.Withdrawn.IsZero() {
			return SearchDocument{}, false, err
		}
		return t.ofMeeting(d.Meeting, SearchDocument{Kind: "decision", Title: d.Title, Number: d.Number(), Lang: d.Lang, Town: d.Town})
	case famAction:
		a, ok, err := actions().find(t, parts[0])
		if err != nil || !ok || a.Vanished {
			return SearchDocument{}, false, err
		}
		return t.ofMeeting(a.Meeting, SearchDocument{Kind: "action", Title: a.Title, Number: a.Number(), Lang: a.Lang, Town: a.Town, Person: a.Person})
	case famMessage:
		return t.searchableMessage(parts)
	case famMeeting:
		return t.ofMeeting(parts[0], SearchDocument{Kind: "meeting"})
	case famTown:
		town, ok, err := towns().find(t, parts[0])
		if err != nil || !ok || town.State == TownJoining || town.State == TownMerged { // nobody but those concerned knows of it before it is welcomed
			return SearchDocument{}, false, err
		}
		names := town.Name
		for _, name := range town.Names {
			names += " " + name
		}
		former, err := t.mergedInto(town.ID)
		if err != nil {
			return SearchDocument{}, false, err
		}
		for _, one := range former {
			names += " " + one.Name
		}
		words, err := t.skillWords(slices.Concat(town.Profile.Teaches, town.Profile.Needs))
		if err != nil {
			return SearchDocument{}, false, err
		}
		return SearchDocument{Kind: "town", Title: town.Name, Text: names + words + "\n" + town.About, Slug: town.Slug, Place: town, Town: town.ID, At: town.Changed}, true, nil
	case famApp:
		return t.searchableApp(parts[0])
	case famMember:
		m, ok, err := members().find(t, parts[0])
		if err != nil || !ok || m.State != MemberActive || m.Hidden {
			return SearchDocument{}, false, err
		}
		words, err := t.skillWords(m.Skills)
		if err != nil {
			return SearchDocument{}, false, err
		}
		place, _, err := towns().find(t, m.TownID())
		return SearchDocument{Kind: "person", Title: m.Name, Text: m.About + words, Lang: m.Language, Handle: m.Handle, Author: m, Place: place, Town: place.ID, Person: m.ID, At: m.Joined}, true, err
	}
	return SearchDocument{}, false, nil
}

func (t *tx) searchablePost(parts []string, shelves map[string]Category) (SearchDocument, bool, error) {
	if len(parts) != 2 {
		return SearchDocument{}, false, nil
	}
	p, ok, err := posts().find(t, parts[0], parts[1])
	if err != nil || !ok || p.Hidden != nil {
		return SearchDocument{}, false, err
	}
	thread, ok, err := threads().find(t, p.Thread)
	shelf, known := shelves[thread.Category]
	if err != nil || !ok || thread.Hidden || !known {
		return SearchDocument{}, false, err
	}
	d := SearchDocument{Kind: "post", Text: p.Source, Lang: p.Lang, Category: thread.Category, Town: p.Town, Person: p.Author, At: p.At,
		Question: thread.Question, Solved: thread.Accepted > 0, Answer: thread.Accepted == p.Seq, Members: shelf.Members, Thread: thread, Seq: p.Seq}
	if p.Seq == 1 {
		d.Kind, d.Title, d.Number = "thread", thread.Title, thread.Code()+" "+strings.Join(thread.Tags, " ")
	}
	d.Translations = p.Translations
	if d.Author, _, err = members().find(t, p.Author); err != nil {
		return d, false, err
	}
	d.Place, _, err = towns().find(t, p.Town)
	return d, true, err
}

// ofMeeting completes a document with its meeting; of a draft nothing is found.
func (t *tx) ofMeeting(id string, d SearchDocument) (SearchDocument, bool, error) {
	m, ok, err := meetings().find(t, id)
	if err != nil || !ok || m.State == MeetingDraft {
		return d, false, err
	}
	d.Meeting, d.At = m, m.Start
	if d.Kind == "meeting" || d.Kind == "minutes" {
		d.Title = m.Title
	}
	if d.Kind == "meeting" {
		d.Text, d.Lang = m.About, m.Lang
	}
	if d.Person != "" {
		if d.Author, _, err = members().find(t, d.Person); err != nil {
			return d, false, err
		}
	}
	d.Place, _, err = towns().find(t, d.Town)
	return d, true, err
}

// EverySearchable lists the records that can be found, for an index that is made anew: those after a place, at most
// limit, and the place to go on from, "" at the end.
func (s *Store) EverySearchable(ctx context.Context, after string, limit int) (found []Stale, next string, err error) {
	at, place := 0, ""
	if after != "" {
		kind, rest, _ := strings.Cut(after, " ")
		if at, err = strconv.Atoi(kind); err != nil {
			return nil, "", notFound()
		}
		place = rest
	}
	families := searched()
	err = s.view(ctx, func(t *tx) error {
		found, next = nil, ""
		f := families[at]
		w := window{Limit: limit}
		if place != "" {
			w.start(place)
		}
		pairs, err := t.Scan(w.bounds(f), limit)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			found = append(found, Stale{Kind: string(f), ID: strings.ReplaceAll(string(pair.Key[len(f)+1:]), partEnd, "/")})
		}
		switch {
		case len(pairs) == limit:
			next = strconv.Itoa(at) + " " + string(pairs[limit-1].Key[len(f)+1:])
		case at+1 < len(families):
			next = strconv.Itoa(at+1) + " "
		}
		return nil
	})
	return found, next, err
}
