package store

import (
	"context"
	"slices"
	"time"
)

// News of one thing: a thread with new posts, minutes that were published, or a room with new messages.
type News struct {
	Kind     string // thread, minutes or room
	At       time.Time
	Row      ThreadRow // of a thread
	Count    int       // new posts, at most 100 are counted; 1 for minutes
	First    int       // seq of the first new post, number of the first new message
	Named    bool      // a new post mentions the reader or their town
	Names    []Member  // who wrote the new posts, the latest first, at most three
	Meeting  Meeting   // of minutes
	Room     Room
	Revision int
}

// UnreadQuery asks for news. With Since everything that happened from then on is listed, read or not.
type UnreadQuery struct {
	Since time.Time
	After string
	Limit int
}

// UnreadList is one page of news. Next is "" at its end.
type UnreadList struct {
	News      []News
	Next      string
	CaughtUp  time.Time // up to when nothing is new
	Languages []string  // that the reader reads; none chosen means all
}

// maxUnread bounds how many active threads are looked at for one page of news, or for the count in the head of a page.
const maxUnread = 300

// Unread lists what is new to a member, the newest first.
func (s *Store) Unread(ctx context.Context, by Actor, q UnreadQuery) (UnreadList, error) {
	var list UnreadList
	err := s.view(ctx, func(t *tx) error {
		list = UnreadList{}
		look, err := t.lookFor(by, q.Since)
		if err != nil {
			return err
		}
		list.CaughtUp, list.Languages = look.profile.CaughtUp, look.profile.Languages
		before, err := cursorPlace(q.After)
		if err != nil {
			return err
		}
		if before == "" {
			before = instant(t.now.Add(time.Second))
		}
		var all []News
		more, err := look.threads(t, before, q.Limit+1, func(one News) { all = append(all, one) })
		if err != nil {
			return err
		}
		minutesNews, err := look.minutes(t, before, q.Limit+1)
		if err != nil {
			return err
		}
		roomNews, err := look.rooms(t, before)
		if err != nil {
			return err
		}
		all = append(append(all, minutesNews...), roomNews...)
		if err := look.join(t, all); err != nil {
			return err
		}
		slices.SortStableFunc(all, func(a, b News) int { return b.At.Compare(a.At) })
		if len(all) > q.Limit {
			all = all[:q.Limit]
			list.Next = cursor(0, instant(all[q.Limit-1].At))
		} else if more != "" {
			list.Next = cursor(0, more)
		}
		list.News = all
		return nil
	})
	return list, err
}

// UnreadCount is how many threads and minutes are new to a member, and whether there may be more: the same news as
// Unread lists, counted.
func (s *Store) UnreadCount(ctx context.Context, by Actor) (n int, more bool, err error) {
	err = s.view(ctx, func(t *tx) error {
		look, err := t.lookFor(by, time.Time{})
		if err != nil {
			return err
		}
		look.brief = true
		before := instant(t.now.Add(time.Second))
		n = 0
		rest, err := look.threads(t, before, unreadPage, func(News) { n++ })
		if err != nil {
			return err
		}
		minutesNews, err := look.minutes(t, before, unreadPage)
		if err != nil {
			return err
		}
		roomNews, err := look.rooms(t, before)
		n, more = n+len(minutesNews)+len(roomNews), rest != ""
		return err
	})
	return n, more, err
}

// look is what it takes to tell what is new to a member.
type look struct {
	who     Member
	profile ReadingProfile
	chosen  map[string]Level
	shelves map[string]Category
	since   bool // everything since an instant, read or not
	brief   bool // only whether something is new in a thread or a room, not all of it
}

func (t *tx) lookFor(by Actor, since time.Time) (look, error) {
	l := look{since: !since.IsZero()}
	var err error
	if l.who, err = t.require(by, Take); err != nil {
		return l, err
	}
	if l.profile, err = t.caughtUp(l.who); err != nil {
		return l, err
	}
	if l.since {
		l.profile.CaughtUp = since
	}
	if l.chosen, err = t.chosen(l.who.ID); err != nil {
		return l, err
	}
	l.shelves, err = t.shelves()
	return l, err
}

// threads visits the threads with something new that were active before an instant, at most limit; rest is where to go on
// when the look ended before the end.
func (l look) threads(t *tx, before string, limit int, visit func(News)) (rest string, err error) {
	w := window{From: instant(l.profile.CaughtUp.Add(1)), To: before, Reverse: true, Limit: maxUnread}
	active, err := threads().listed(t, famThreadActive, w)
	if err != nil {
		return "", err
	}
	found := 0
	for _, d := range active {
		if !d.shown(l.who, l.shelves) {
			continue
		}
		one, err := l.thread(t, d)
		if err != nil {
			return "", err
		}
		if one.Count == 0 {
			continue
		}
		visit(one)
		if found++; found == limit {
			return instant(d.Active), nil
		}
	}
	if len(active) == maxUnread {
		rest = instant(active[maxUnread-1].Active)
	}
	return rest, nil
}

// reads says whether the member reads a language.
func (l look) reads(lang string) bool {
	return len(l.profile.Languages) == 0 || slices.Contains(l.profile.Languages, lang)
}

// thread says what is new in one thread.
func (l look) thread(t *tx, d *Thread) (News, error) {
	r, err := t.reading(l.who.ID, d.ID)
	if err != nil {
		return News{}, err
	}
	level := levelOf(r, *d, l.chosen)
	if level == Muted {
		return News{}, nil
	}
	if level == Normal && !l.reads(d.Lang) { // of what is in a language they do not read, only what names them
		level = Mentions
	}
	if l.since {
		r.Read = 0
	}
	limit := unreadPage
	if l.brief && level != Mentions {
		limit = 1
	}
	fresh, err := t.newPosts(*d, r, l.profile, limit)
	if err != nil || len(fresh) == 0 {
		return News{}, err
	}
	one := News{Kind: "thread", At: d.Active, Row: ThreadRow{Thread: *d}}
	for _, p := range fresh {
		named := slices.Contains(p.Mentions, l.who.ID) || l.who.TownID() != "" && slices.Contains(p.Mentions, l.who.TownID())
		if level == Mentions && !named {
			continue
		}
		one.Named = one.Named || named
		one.Count++
		one.First = p.Seq
		if len(one.Names) < 3 && !slices.ContainsFunc(one.Names, func(m Member) bool { return m.ID == p.Author }) {
			one.Names = append(one.Names, Member{ID: p.Author})
		}
	}
	return one, nil
}

// join fills in the names that news carry as ids.
func (l look) join(t *tx, found []News) error {
	var people []string
	rows := make([]Thread, len(found))
	for i, one := range found {
		rows[i] = one.Row.Thread // of a thread
		for _, m := range one.Names {
			people = append(people, m.ID)
		}
	}
	names, err := members().many(t, people)
	if err != nil {
		return err
	}
	joined, err := t.threadRows(rows, l.shelves)
	for i := range found {
		found[i].Row = joined[i]
		for k, m := range found[i].Names {
			found[i].Names[k] = names[m.ID]
		}
	}
	return err
}

// minutes are the minutes published before an instant that the member has not opened, at most limit.
func (l look) minutes(t *tx, before string, limit int) ([]News, error) {
	published, err := minutes().list(t, famMinutesLatest, window{From: instant(l.profile.CaughtUp.Add(1)), To: before, Reverse: true, Limit: limit})
	if err != nil {
		return nil, err
	}
	var found []News
	for _, m := range published {
		r, _, err := readings().find(t, l.who.ID, "minutes", m.Meeting)
		if err != nil {
			return nil, err
		}
		if r.Read > 0 && !l.since { // corrections and errata do not make minutes new again
			continue
		}
		meeting, err := meetings().get(t, m.Meeting)
		if err != nil {
			return nil, err
		}
		if !visible(meeting, l.who) {
			continue
		}
		found = append(found, News{Kind: "minutes", At: m.At, Count: 1, Meeting: meeting, Revision: m.Published})
	}
	return found, nil
}

// Dismiss says that a member has seen all of a thread, or a meeting's minutes, as they are now.
func (s *Store) Dismiss(ctx context.Context, by Actor, kind, id string) error {
	switch kind {
	case "thread":
		return s.MarkRead(ctx, by, id, 1<<30)
	case "room":
		_, err := s.ReadRoom(ctx, by, id, 1<<30)
		return err
	}
	if kind != "minutes" {
		return notFound()
	}
	seen := false
	err := s.view(ctx, func(t *tx) error { // mostly nothing is to be written
		r, _, err := readings().find(t, by.MemberID, kind, id)
		seen = r.Read > 0
		return err
	})
	if err != nil || seen {
		return err
	}
	return s.update(ctx, "reading/"+by.MemberID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		m, err := minutes().get(t, id)
		if err != nil {
			return err
		}
		r, _, err := readings().find(t, who.ID, kind, id)
		if err != nil || r.Read > 0 {
			return err
		}
		r.Member, r.Kind, r.Subject, r.Read, r.At = who.ID, kind, id, m.Published, t.now
		return readings().put(t, r)
	})
}

// CatchUp says that nothing up to an instant is new to a member any more. It may also go back, to undo that.
func (s *Store) CatchUp(ctx context.Context, by Actor, until time.Time) error {
	return s.changeReadingProfile(ctx, by, func(t *tx, p *ReadingProfile) {
		if until.After(t.now) {
			until = t.now
		}
		p.CaughtUp = until.UTC()
	})
}

// LanguagesRead are the languages a member chose to read; none means all, and so it is for a visitor.
func (s *Store) LanguagesRead(ctx context.Context, by Actor) ([]string, error) {
	var langs []string
	err := s.view(ctx, func(t *tx) error {
		p, _, err := profiles().find(t, by.MemberID)
		langs = p.Languages
		return err
	})
	return langs, err
}

// ReadLanguages sets which languages a member reads; none means all.
func (s *Store) ReadLanguages(ctx context.Context, by Actor, languages []string) error {
	var c check
	for _, lang := range languages {
		oneOf(&c, "languages", lang, Languages()...)
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.changeReadingProfile(ctx, by, func(_ *tx, p *ReadingProfile) {
		p.Languages = slices.Compact(slices.Sorted(slices.Values(languages)))
		if len(p.Languages) == len(Languages()) {
			p.Languages = nil
		}
	})
}
