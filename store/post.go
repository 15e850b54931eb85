package store

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

// Post is one contribution to a thread. Seq numbers it within the thread, from 1; a number is never given twice, so
// that an address never leads to other words. A post that moved leaves a Moved behind.
type Post struct {
	ID       string    `json:"id"`
	Thread   string    `json:"thread"`
	Seq      int       `json:"seq"`
	Author   string    `json:"author"`        // member id
	Town     string    `json:"town,omitzero"` // the author's, then
	At       time.Time `json:"at"`
	Source   string    `json:"source"` // Markdown, as it was written
	HTML     string    `json:"html"`   // rendered and sanitised once
	Renderer int       `json:"renderer"`
	Lang     string    `json:"lang"`

	Revision int       `json:"revision,omitzero"` // how often it was changed
	Edited   time.Time `json:"edited,omitzero"`
	EditedBy string    `json:"edited_by,omitzero"`
	EditNote string    `json:"edit_note,omitzero"`
	Hidden   *Hiding   `json:"hidden,omitzero"`

	Mentions     []string      `json:"mentions,omitzero"` // ids of members and towns
	Refs         []string      `json:"refs,omitzero"`     // records the text names, see Words
	Translations []Translation `json:"translations,omitzero"`
	Once         string        `json:"once,omitzero"`       // the form it came from
	MessageID    string        `json:"message_id,omitzero"` // of the letter it was, in an archive
	Room         string        `json:"room,omitzero"`       // id of the room where it was said first
	Said         int           `json:"said,omitzero"`       // number of the message there
}

// Hiding says who took a post out of sight, when and why. Its author may do it too.
type Hiding struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitzero"`
}

// Moved is where a post went when its thread was split or merged.
type Moved struct {
	Thread   string `json:"thread"`
	Seq      int    `json:"seq"`
	ToThread string `json:"to_thread"`
	ToSeq    int    `json:"to_seq"`
}

// Limits of posts.
const (
	MaxPost        = 20_000 // characters: goldmark is quadratic on hostile input
	MaxMentions    = 50
	postsPerMinute = 20
	gatherPosts    = 5 * time.Minute // letters wait so long, to tell of several posts at once
)

func postSeq(seq int) string { return fmt.Sprintf("%08d", seq) }

var posts = sync.OnceValue(func() *table[Post] {
	return &table[Post]{
		kept:   true,
		family: famPost,
		key:    func(p *Post) []string { return []string{p.Thread, postSeq(p.Seq)} },
		indexes: []index[Post]{
			{family: famPostID, unique: true, parts: func(p *Post) [][]string { return [][]string{{p.ID}} }},
			{family: famPostAuthor, parts: func(p *Post) [][]string { return [][]string{{p.Author, p.ID}} }},
			{family: famPostOnce, unique: true, parts: func(p *Post) [][]string {
				if p.Once == "" {
					return nil
				}
				return [][]string{{p.Author, p.Once}}
			}},
			{family: famPostMessage, unique: true, parts: func(p *Post) [][]string {
				if p.MessageID == "" {
					return nil
				}
				return [][]string{{p.MessageID}}
			}},
			{family: famPostMention, parts: func(p *Post) [][]string {
				var parts [][]string
				for _, id := range p.Mentions {
					parts = append(parts, []string{id})
				}
				return parts
			}},
		},
	}
})

func moves() *table[Moved] {
	return &table[Moved]{family: famMoved, key: func(m *Moved) []string { return []string{m.Thread, postSeq(m.Seq)} }}
}

// PostInput is what a member types as a post. Lang may be "": it is guessed then. Once names the form.
type PostInput struct {
	Source, Lang, Once string
}

// Reply adds a post to a thread: by members, while it is open. What is not allowed is said and nothing is stored; the
// same Once by the same person again is the post that is already there; with other words it is a Conflict.
func (s *Store) Reply(ctx context.Context, by Actor, threadID string, in PostInput) (Opened, error) {
	var c check
	text, err := s.written(ctx, &c, in)
	if err != nil {
		return Opened{}, err
	}
	var opened Opened
	err = s.update(ctx, "thread/"+threadID, func(t *tx) error {
		opened = Opened{}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if have, ok, err := t.posted(who.ID, in.Once, "", text.source); err != nil || ok {
			opened = have
			return err
		}
		d, _, err := t.thread(threadID, who)
		if err != nil {
			return err
		}
		if d.MergedInto != "" || d.Closed && !may(who, Moderate) {
			return conflict("thread.closed")
		}
		if waits, err := t.mustWait(who, text); err != nil {
			return err
		} else if waits {
			opened = Opened{Thread: d, Waits: true}
			return t.hold(who, ThreadInput{PostInput: in}, d.ID)
		}
		post, err := t.addPost(who, &d, text, in.Once)
		opened = Opened{Thread: d, Post: post}
		if err != nil {
			return err
		}
		return t.dropDraft(who.ID, "reply/"+d.ID)
	})
	return opened, err
}

// posted finds what a form of this member became already; the same form with other words, or another title for a thread
// that it opened, is a Conflict. What was edited meanwhile is not compared.
func (t *tx) posted(memberID, once, title, source string) (Opened, bool, error) {
	if once == "" {
		return Opened{}, false, nil
	}
	t.twice = true
	p, err := posts().lookup(t, famPostOnce, memberID, once)
	if KindOf(err) == NotFound {
		return t.held(memberID, once, title, source)
	}
	if err != nil {
		return Opened{}, false, err
	}
	d, err := threads().get(t, p.Thread)
	if err == nil && p.Revision == 0 && (p.Source != source || title != "" && p.Seq == 1 && d.Title != title && d.Changed.Equal(d.Opened)) {
		err = conflict("post.id_taken")
	}
	return Opened{Thread: d, Post: p}, err == nil, err
}

// addPost stores a thread's next post, and the thread with it.
func (t *tx) addPost(who Member, d *Thread, text written, once string) (Post, error) {
	if err := t.tooFast(who.ID); err != nil {
		return Post{}, err
	}
	return t.storePost(who, d, text, postOrigin{once: once})
}

// postOrigin is what a post came from: a form, or what was said in a room.
type postOrigin struct {
	once   string
	room   string
	number int
}

func (t *tx) storePost(who Member, d *Thread, text written, from postOrigin) (Post, error) {
	id, err := t.newID()
	if err != nil {
		return Post{}, err
	}
	d.Last++
	p := Post{ID: id, Thread: d.ID, Seq: d.Last, Author: who.ID, Town: who.TownID(), At: t.now, Source: text.source, HTML: text.html,
		Renderer: t.store.renderer.Version, Lang: text.lang(who), Mentions: text.mentions, Refs: text.refs, Once: from.once,
		Room: from.room, Said: from.number}
	if err := posts().put(t, p); err != nil {
		return Post{}, err
	}
	d.count(p, 1)
	d.Active, d.LastBy = t.now, who.ID
	if err := threads().put(t, *d); err != nil {
		return Post{}, err
	}
	if err := t.wrote(who.ID, d.ID, p.Seq); err != nil {
		return Post{}, err
	}
	return p, t.emit(Event{Kind: EventPosted, Subject: p.ID, By: who.ID, Due: t.now.Add(gatherPosts)})
}

// count adds a post to what its thread says of its posts, or with -1 takes it away. Answered is only ever set.
func (d *Thread) count(p Post, by int) {
	d.Posts += by
	d.Answered = d.Answered || p.Author != d.Author
	if p.Town == "" {
		return
	}
	if d.Towns = maps.Clone(d.Towns); d.Towns == nil {
		d.Towns = map[string]int{}
	}
	if d.Towns[p.Town] += by; d.Towns[p.Town] == 0 {
		delete(d.Towns, p.Town)
	}
}

// recount reads all posts of a thread and says anew how many there are: after moderation, which is rare.
func (t *tx) recount(d *Thread) error {
	d.Posts, d.Answered, d.Towns = 0, false, nil
	w := window{Under: []string{d.ID}, Limit: scanBatch}
	for {
		batch, err := posts().under(t, w)
		if err != nil {
			return err
		}
		for _, p := range batch {
			if p.Hidden == nil {
				d.count(p, 1)
				d.Active, d.LastBy = p.At, p.Author
			}
		}
		if len(batch) < w.Limit {
			return nil
		}
		w.start(postSeq(batch[len(batch)-1].Seq))
	}
}

// tooFast refuses more posts in a minute than a person writes.
func (t *tx) tooFast(memberID string) error {
	// what lies farther ahead was written before the clock was put back
	lately, err := t.Scan(window{Under: []string{memberID}, From: idFrom(t.now.Add(-time.Minute)), To: idFrom(t.now.Add(time.Minute))}.bounds(famPostAuthor), postsPerMinute)
	if err != nil || len(lately) < postsPerMinute {
		return err
	}
	return &Error{Kind: Limited, RetryAfter: time.Minute, Problems: []Problem{{Key: "error.too_many_tries", Args: []any{"Minutes", 1}}}}
}

// idFrom is where the ids begin that were made at an instant or later.
func idFrom(at time.Time) string {
	ms := at.UnixMilli()
	return fmt.Sprintf("%08x-%04x", ms>>16, ms&0xffff)
}
