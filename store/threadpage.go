package store

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// PostsPerPage is how many numbers of posts one page of a thread holds. Pages are cut by number, so that a post never
// changes its page, however long the thread is.
const PostsPerPage = 50

// PageOf is the page of a thread that holds a post, from 1.
func PageOf(seq int) int { return (max(seq, 1)-1)/PostsPerPage + 1 }

// PostRow is a post as a page shows it. Of a hidden one the text is left out for those who may not see it.
type PostRow struct {
	Post      Post
	Author    Member
	Town      Town
	Reactions ReactionTally
	Said      Room // where it was said, when it was carried out of a room that the reader may read
}

// LinkedItem is an agenda item that was made of a thread, with its meeting and what was decided there.
type LinkedItem struct {
	Item      AgendaItem
	Meeting   Meeting
	Decisions []Decision
}

// TownCount is how many posts a town has in a thread.
type TownCount struct {
	Town  Town
	Posts int
}

// ThreadPage is one page of a thread as everybody of the reader's class sees it.
type ThreadPage struct {
	Thread       Thread
	Category     Category
	Tags         []Tag
	Author       Member
	Town         Town
	Page         int // from 1
	Pages        int
	Posts        []PostRow
	Accepted     *PostRow          // the answer, when it is on another page
	Moved        []Moved           // numbers of this page that went elsewhere
	Went         map[string]Thread // where they went, by id; only threads that the reader may see
	Towns        []TownCount
	Items        []LinkedItem
	Assigned     Member
	AssignedTown Town
	Names        map[string]Member // editors, translators, moderators
	Refs         map[string]Ref    // records the texts name, by code
	Open         bool              // the class may reply
	Moderate     bool
}

// ThreadPage reads a page of a thread by its number; page 0 is the first. NotFound for readers who may not know of it.
// A thread that was merged gives only Thread, with MergedInto set to a thread the reader may see.
func (s *Store) ThreadPage(ctx context.Context, by Actor, number, page int) (ThreadPage, error) {
	var p ThreadPage
	err := s.view(ctx, func(t *tx) error {
		p = ThreadPage{Page: max(page, 1), Names: map[string]Member{}}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		d, err := threads().lookup(t, famThreadNumber, threadNumber(number))
		if err != nil {
			return err
		}
		if d.MergedInto != "" {
			into, _, err := t.thread(d.MergedInto, reader)
			p.Thread = Thread{MergedInto: into.ID, Number: into.Number, Slug: into.Slug}
			return err
		}
		if p.Thread, p.Category, err = t.thread(d.ID, reader); err != nil {
			return err
		}
		p.Pages, p.Moderate = PageOf(d.Last), may(reader, Moderate)
		p.Open = may(reader, Take) && (!d.Closed || p.Moderate)
		if p.Page > p.Pages {
			return notFound()
		}
		if err := p.posts(t); err != nil {
			return err
		}
		return p.surroundings(t, reader)
	})
	return p, err
}

// posts reads the posts of the page and what they name.
func (p *ThreadPage) posts(t *tx) error {
	first := (p.Page-1)*PostsPerPage + 1
	w := window{Under: []string{p.Thread.ID}, From: postSeq(first), To: postSeq(first + PostsPerPage), Limit: PostsPerPage}
	found, err := posts().under(t, w)
	if err != nil {
		return err
	}
	if at := p.Thread.Accepted; at > 0 && PageOf(at) != p.Page {
		answer, ok, err := posts().find(t, p.Thread.ID, postSeq(at))
		if err != nil {
			return err
		}
		if ok {
			found = append(found, answer)
		}
	}
	rows, err := t.postRows(found, p.Moderate)
	if err != nil {
		return err
	}
	if n := len(rows); n > 0 && PageOf(rows[n-1].Post.Seq) != p.Page {
		p.Accepted, rows = &rows[n-1], rows[:n-1]
	}
	p.Posts = rows
	if len(rows) < PostsPerPage {
		p.Moved, err = moves().under(t, w)
	}
	return err
}

// postRows joins posts with their authors, towns and reactions.
func (t *tx) postRows(found []Post, all bool) ([]PostRow, error) {
	var people, places []string
	keys := make([][]byte, len(found))
	for i, post := range found {
		people, places = append(people, post.Author), append(places, post.Town)
		keys[i] = famReactionTally.key(post.ID)
	}
	names, err := members().many(t, people)
	if err != nil {
		return nil, err
	}
	homes, err := towns().many(t, places)
	if err != nil {
		return nil, err
	}
	tallies, err := t.GetMany(keys)
	if err != nil {
		return nil, err
	}
	rows := make([]PostRow, len(found))
	for i, post := range found {
		if post.Hidden != nil && !all {
			post.Source, post.HTML, post.Translations, post.Refs = "", "", nil, nil
		}
		rows[i] = PostRow{Post: post, Author: names[post.Author], Town: homes[post.Town]}
		if tallies[i] == nil {
			continue
		}
		if rows[i].Reactions, err = decode[ReactionTally](t, tallies[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// surroundings reads what stands around the posts.
func (p *ThreadPage) surroundings(t *tx, reader Member) error {
	people, places := []string{p.Thread.Author, p.Thread.Assigned, p.Thread.AcceptedBy}, []string{p.Thread.Town, p.Thread.AssignedTown}
	var codes []string
	for _, row := range p.rows() {
		people = append(people, row.Post.EditedBy)
		codes = append(codes, row.Post.Refs...)
		if row.Post.Hidden != nil {
			people = append(people, row.Post.Hidden.By)
		}
		for _, tr := range row.Post.Translations {
			people = append(people, tr.By)
		}
	}
	places = append(places, slices.Collect(maps.Keys(p.Thread.Towns))...)
	var err error
	if p.Names, err = members().many(t, people); err != nil {
		return err
	}
	homes, err := towns().many(t, places)
	if err != nil {
		return err
	}
	p.Author, p.Town = p.Names[p.Thread.Author], homes[p.Thread.Town]
	p.Assigned, p.AssignedTown = p.Names[p.Thread.Assigned], homes[p.Thread.AssignedTown]
	for id, n := range p.Thread.Towns {
		p.Towns = append(p.Towns, TownCount{homes[id], n})
	}
	slices.SortFunc(p.Towns, func(a, b TownCount) int {
		if a.Posts != b.Posts {
			return b.Posts - a.Posts
		}
		if a.Town.Slug < b.Town.Slug {
			return -1
		}
		return 1
	})
	for _, slug := range p.Thread.Tags {
		tag, _, err := tags().find(t, slug)
		if err != nil {
			return err
		}
		p.Tags = append(p.Tags, tag)
	}
	if err := p.elsewhere(t, reader); err != nil {
		return err
	}
	if err := p.said(t, reader); err != nil {
		return err
	}
	if p.Items, err = t.linkedItems(p.Thread, reader); err != nil {
		return err
	}
	p.Refs, err = t.refs(reader, codes)
	return err
}

// rows are the posts of the page and the answer.
func (p *ThreadPage) rows() []PostRow {
	if p.Accepted == nil {
		return p.Posts
	}
	return append(slices.Clone(p.Posts), *p.Accepted)
}

// elsewhere finds the threads that posts of the page went to, as far as the reader may see them.
func (p *ThreadPage) elsewhere(t *tx, reader Member) error {
	if len(p.Moved) == 0 {
		return nil
	}
	shelves, err := t.shelves()
	if err != nil {
		return err
	}
	var ids []string
	for _, m := range p.Moved {
		ids = append(ids, m.ToThread)
	}
	if p.Went, err = threads().many(t, ids); err != nil {
		return err
	}
	maps.DeleteFunc(p.Went, func(_ string, d Thread) bool { return !d.shown(reader, shelves) })
	return nil
}

// linkedItems are the agenda items made of a thread, with the decisions taken on them.
func (t *tx) linkedItems(d Thread, reader Member) ([]LinkedItem, error) {
	var linked []LinkedItem
	for _, id := range d.Items {
		item, ok, err := items().find(t, id)
		if err != nil {
			return nil, err
		}
		if !ok || item.Members && !may(reader, Take) || item.State == ItemProposed && !may(reader, Organise) {
			continue
		}
		one := LinkedItem{Item: item}
		if item.Meeting != "" {
			if one.Meeting, err = meetings().get(t, item.Meeting); err != nil {
				return nil, err
			}
			if !visible(one.Meeting, reader) {
				continue
			}
			err = decisions().every(t, famDecisionMeeting, item.Meeting, func(found Decision) {
				if found.Item == item.ID && found.Withdrawn.IsZero() {
					one.Decisions = append(one.Decisions, found)
				}
			})
			if err != nil {
				return nil, err
			}
		}
		linked = append(linked, one)
	}
	return linked, nil
}

// PostPlace finds where a post of a thread is now, following moves: the address a permalink leads to.
func (s *Store) PostPlace(ctx context.Context, by Actor, number, seq int) (Thread, int, error) {
	var d Thread
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		start, err := threads().lookup(t, famThreadNumber, threadNumber(number))
		if err != nil {
			return err
		}
		id, at := start.ID, seq
		for range 20 { // moves of moves; a circle cannot be, because numbers are never given twice
			moved, ok, err := moves().find(t, id, postSeq(at))
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			id, at = moved.ToThread, moved.ToSeq
		}
		if _, err := posts().get(t, id, postSeq(at)); err != nil {
			return err
		}
		d, _, err = t.thread(id, reader)
		seq = at
		return err
	})
	return d, seq, err
}

// LastPost is the highest number given in a thread, for pages that are open.
func (s *Store) LastPost(ctx context.Context, by Actor, number int) (int, error) {
	last := 0
	err := s.view(ctx, func(t *tx) error {
		d, err := t.numbered(by, number)
		last = d.Last
		return err
	})
	return last, err
}

// numbered reads a thread by its number, as far as the reader may see it.
func (t *tx) numbered(by Actor, number int) (Thread, error) {
	reader, err := t.reader(by)
	if err != nil {
		return Thread{}, err
	}
	d, err := threads().lookup(t, famThreadNumber, threadNumber(number))
	if err != nil {
		return Thread{}, err
	}
	d, _, err = t.thread(d.ID, reader)
	return d, err
}

// LatestPosts are the newest posts of a thread that are there to be read, the newest first.
func (s *Store) LatestPosts(ctx context.Context, by Actor, number, limit int) (Thread, []PostRow, error) {
	var d Thread
	var rows []PostRow
	err := s.view(ctx, func(t *tx) error {
		var err error
		if d, err = t.numbered(by, number); err != nil {
			return err
		}
		found, err := posts().under(t, window{Under: []string{d.ID}, Reverse: true, Limit: limit})
		if err != nil {
			return err
		}
		rows, err = t.postRows(slices.DeleteFunc(found, func(p Post) bool { return p.Hidden != nil }), false)
		return err
	})
	return d, rows, err
}

// maxQuote is how much of a post a quote takes, in characters.
const maxQuote = 1_500

// Quote is a post as a Markdown quote that says whose it is and leads there.
func (s *Store) Quote(ctx context.Context, by Actor, threadID string, seq int) (string, error) {
	words := ""
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		d, _, err := t.thread(threadID, reader)
		if err != nil {
			return err
		}
		p, err := posts().get(t, d.ID, postSeq(seq))
		if err != nil {
			return err
		}
		if p.Hidden != nil {
			return notFound()
		}
		author, _, err := members().find(t, p.Author)
		if err != nil {
			return err
		}
		text := p.Source
		if runes := []rune(text); len(runes) > maxQuote {
			text = string(runes[:maxQuote]) + " …"
		}
		words = "> " + author.Name + ", " + d.Code() + "/" + strconv.Itoa(seq) + "\n>\n> " + strings.ReplaceAll(text, "\n", "\n> ")
		return nil
	})
	return words, err
}
