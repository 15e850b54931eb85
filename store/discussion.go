package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ThreadQuery asks for threads. Filters combine. Sort is "active" (also "") or "votes".
type ThreadQuery struct {
	Category string // id
	Tag      string // slug
	Lang     string
	Langs    []string // any of these; none means all
	Sort     string
	Waiting  bool // threads nobody replied to, and questions without an answer
	Solved   bool // questions with an answer
	Mine     bool // where the reader wrote
	Followed bool // that the reader watches
	Marked   bool // that the reader bookmarked
	OnMe     bool // that the reader or their town takes care of
	Assigned string
	Author   string
	Unpinned bool // leave out the pinned ones, which are shown above
	After    string
	Limit    int
}

// ThreadRow is a thread in a list with what it names.
type ThreadRow struct {
	Thread   Thread
	Category Category
	Author   Member
	Town     Town
	Last     Member
}

// ThreadList is one page of a list. Next is "" at its end; a page may be short and have a next one, when little fits.
type ThreadList struct {
	Rows []ThreadRow
	Next string
}

// maxLooked bounds how many threads one page looks at, whatever fits; maxOwn how many of one's own are sorted.
const (
	maxLooked = 2_000
	maxOwn    = 500
)

// Threads is a page of the list of threads that the reader may see, the latest activity first.
func (s *Store) Threads(ctx context.Context, by Actor, q ThreadQuery) (ThreadList, error) {
	var list ThreadList
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		list, err = t.threadList(reader, q)
		return err
	})
	return list, err
}

func (t *tx) threadList(reader Member, q ThreadQuery) (ThreadList, error) {
	shelves, err := t.shelves()
	if err != nil {
		return ThreadList{}, err
	}
	own := map[string]bool(nil)
	if q.own() {
		if own, err = t.ownThreads(reader, q); err != nil {
			return ThreadList{}, err
		}
	}
	fits := func(d Thread) bool {
		return d.shown(reader, shelves) && d.MergedInto == "" && q.fits(d) && (own == nil || own[d.ID])
	}
	var found []Thread
	var next string
	switch {
	case own != nil:
		found, next, err = t.ownPage(own, q, fits)
	case q.Sort == "votes":
		found, next, err = walk(t, threads(), famThreadVotes, []window{{Reverse: true}}, paging[Thread]{q.After, q.Limit,
			func(d Thread) string { return fmt.Sprintf("%06d", d.Votes) + partEnd + d.ID }, fits, maxLooked})
	default:
		ix, w := q.index()
		at := func(d Thread) string { return instant(d.Active) + partEnd + d.ID }
		if ix == famThreadAuthor {
			at = func(d Thread) string { return instant(d.Opened) + partEnd + d.ID }
		}
		found, next, err = walk(t, threads(), ix, []window{w}, paging[Thread]{q.After, q.Limit, at, fits, maxLooked})
	}
	if err != nil {
		return ThreadList{}, err
	}
	rows, err := t.threadRows(found, shelves)
	return ThreadList{Rows: rows, Next: next}, err
}

// index is the narrowest index for a query.
func (q ThreadQuery) index() (family, window) {
	switch {
	case q.Assigned != "":
		return famThreadAssigned, window{Under: []string{q.Assigned}, Reverse: true}
	case q.Author != "":
		return famThreadAuthor, window{Under: []string{q.Author}, Reverse: true}
	case q.Tag != "":
		return famThreadTag, window{Under: []string{q.Tag}, Reverse: true}
	case q.Waiting:
		return famThreadWaiting, window{Reverse: true}
	case q.Category != "":
		return famThreadCategory, window{Under: []string{q.Category}, Reverse: true}
	}
	return famThreadActive, window{Reverse: true}
}

// fits says whether a thread is asked for.
func (q ThreadQuery) fits(d Thread) bool {
	return (q.Category == "" || d.Category == q.Category) && (q.Tag == "" || slices.Contains(d.Tags, q.Tag)) &&
		(q.Lang == "" || d.Lang == q.Lang) && (len(q.Langs) == 0 || slices.Contains(q.Langs, d.Lang)) && (!q.Waiting || !d.settled()) && (!q.Solved || d.Question && d.Accepted > 0) &&
		(q.Assigned == "" || d.Assigned == q.Assigned || d.AssignedTown == q.Assigned) && (q.Author == "" || d.Author == q.Author) &&
		(!q.Unpinned || !d.Pinned)
}

// own says whether the reader's own threads are asked for.
func (q ThreadQuery) own() bool { return q.Mine || q.Followed || q.Marked || q.OnMe }

// ownThreads are the threads that a reader wrote in, watches, bookmarked or takes care of: the latest maxOwn.
func (t *tx) ownThreads(reader Member, q ThreadQuery) (map[string]bool, error) {
	ix := famReadingWrote
	switch {
	case q.Followed:
		ix = famReadingFollowed
	case q.Marked:
		ix = famReadingMark
	}
	own := map[string]bool{}
	if reader.ID == "" {
		return own, nil
	}
	if q.OnMe {
		for _, id := range []string{reader.ID, reader.TownID()} {
			all, err := threads().list(t, famThreadAssigned, window{Under: []string{id}, Reverse: true, Limit: maxOwn})
			if err != nil {
				return nil, err
			}
			for _, d := range all {
				own[d.ID] = true
			}
		}
		return own, nil
	}
	all, err := readings().list(t, ix, window{Under: []string{reader.ID}, Reverse: true, Limit: maxOwn})
	for _, r := range all {
		own[r.Subject] = true
	}
	return own, err
}

// ownPage sorts a reader's own threads by activity, which no index does.
func (t *tx) ownPage(own map[string]bool, q ThreadQuery, fits func(Thread) bool) (found []Thread, next string, err error) {
	byID, err := threads().many(t, slices.Collect(maps.Keys(own)))
	if err != nil {
		return nil, "", err
	}
	var all []Thread
	for _, d := range byID {
		if fits(d) {
			all = append(all, d)
		}
	}
	place := func(d Thread) string { return instant(d.Active) + partEnd + d.ID }
	slices.SortFunc(all, func(a, b Thread) int {
		if place(a) > place(b) {
			return -1
		}
		return 1
	})
	after, err := cursorPlace(q.After)
	if err != nil {
		return nil, "", err
	}
	for _, d := range all {
		if after != "" && place(d) >= after {
			continue
		}
		if len(found) == q.Limit {
			return found, cursor(0, place(found[len(found)-1])), nil
		}
		found = append(found, d)
	}
	return found, "", nil
}

func (t *tx) threadRows(found []Thread, shelves map[string]Category) ([]ThreadRow, error) {
	var people, places []string
	for _, d := range found {
		people, places = append(people, d.Author, d.LastBy), append(places, d.Town)
	}
	names, err := members().many(t, people)
	if err != nil {
		return nil, err
	}
	homes, err := towns().many(t, places)
	rows := make([]ThreadRow, len(found))
	for i, d := range found {
		rows[i] = ThreadRow{Thread: d, Category: shelves[d.Category], Author: names[d.Author], Town: homes[d.Town], Last: names[d.LastBy]}
	}
	return rows, err
}

// maxPinned is how many pinned threads are shown above a list.
const maxPinned = 10

// PinnedThreads are the threads pinned in a category, or with "" in all, that the reader may see.
func (s *Store) PinnedThreads(ctx context.Context, by Actor, categoryID string) ([]ThreadRow, error) {
	var rows []ThreadRow
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		shelves, err := t.shelves()
		if err != nil {
			return err
		}
		w := window{Limit: 10 * maxPinned}
		if categoryID != "" {
			w.Under = []string{categoryID}
		}
		found, err := threads().list(t, famThreadPinned, w)
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(d Thread) bool { return !d.shown(reader, shelves) })
		slices.SortFunc(found, func(a, b Thread) int { return b.Active.Compare(a.Active) })
		rows, err = t.threadRows(found[:min(len(found), maxPinned)], shelves)
		return err
	})
	return rows, err
}

// Unanswered are questions without an answer for longer than so long, the oldest first: for those who care for the
// community.
func (s *Store) Unanswered(ctx context.Context, by Actor, older time.Duration, limit int) ([]ThreadRow, error) {
	var rows []ThreadRow
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.require(by, Organise)
		if err != nil {
			return err
		}
		shelves, err := t.shelves()
		if err != nil {
			return err
		}
		waiting, err := threads().list(t, famThreadWaiting, window{To: instant(t.now.Add(-older)), Limit: 5 * limit})
		if err != nil {
			return err
		}
		waiting = slices.DeleteFunc(waiting, func(d Thread) bool { return !d.Question || !d.shown(reader, shelves) })
		rows, err = t.threadRows(waiting[:min(len(waiting), limit)], shelves)
		return err
	})
	return rows, err
}
