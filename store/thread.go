package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Thread is one discussion: a title with posts below it, in a category. Number is its public name (#12, /t/12).
type Thread struct {
	ID       string    `json:"id"`
	Number   int       `json:"number"`
	Slug     string    `json:"slug"`
	Title    string    `json:"title"`
	Lang     string    `json:"lang"`
	Category string    `json:"category"` // category id
	Tags     []string  `json:"tags,omitzero"`
	Author   string    `json:"author"`        // member id
	Town     string    `json:"town,omitzero"` // the author's, then
	Opened   time.Time `json:"opened"`
	Active   time.Time `json:"active"` // of the newest post

	Question     bool      `json:"question,omitzero"`
	Accepted     int       `json:"accepted,omitzero"` // seq of the answer, 0 for none
	AcceptedBy   string    `json:"accepted_by,omitzero"`
	AcceptedAt   time.Time `json:"accepted_at,omitzero"`
	Assigned     string    `json:"assigned,omitzero"`      // member id
	AssignedTown string    `json:"assigned_town,omitzero"` // town id

	Closed     bool   `json:"closed,omitzero"`
	Pinned     bool   `json:"pinned,omitzero"`
	Hidden     bool   `json:"hidden,omitzero"`
	MergedInto string `json:"merged_into,omitzero"` // thread id; nothing is left here but the way there

	Votes    int            `json:"votes,omitzero"`
	Posts    int            `json:"posts"`             // that are there to be read
	Last     int            `json:"last"`              // highest seq given
	LastBy   string         `json:"last_by,omitzero"`  // who wrote the newest post
	Answered bool           `json:"answered,omitzero"` // somebody but the author wrote
	Towns    map[string]int `json:"towns,omitzero"`    // posts to be read, by town id
	Items    []string       `json:"items,omitzero"`    // agenda items that were made of it
	Changed  time.Time      `json:"changed"`
}

// assignee is under whom an assigned thread is listed.
func (d *Thread) assignees() [][]string {
	var parts [][]string
	for _, id := range []string{d.Assigned, d.AssignedTown} {
		if id != "" && d.MergedInto == "" {
			parts = append(parts, []string{id, instant(d.Active)})
		}
	}
	return parts
}

var threads = sync.OnceValue(func() *table[Thread] {
	listed := func(parts func(*Thread) [][]string) func(*Thread) [][]string {
		return func(d *Thread) [][]string {
			if d.MergedInto != "" {
				return nil
			}
			return parts(d)
		}
	}
	return &table[Thread]{
		hot:    true,
		family: famThread,
		key:    func(d *Thread) []string { return []string{d.ID} },
		indexes: []index[Thread]{
			{family: famThreadNumber, unique: true, parts: func(d *Thread) [][]string { return [][]string{{threadNumber(d.Number)}} }},
			{family: famThreadActive, parts: listed(func(d *Thread) [][]string { return [][]string{{instant(d.Active)}} })},
			{family: famThreadCategory, parts: listed(func(d *Thread) [][]string { return [][]string{{d.Category, instant(d.Active)}} })},
			{family: famThreadTag, parts: listed(func(d *Thread) [][]string {
				var parts [][]string
				for _, tag := range d.Tags {
					parts = append(parts, []string{tag, instant(d.Active)})
				}
				return parts
			})},
			{family: famThreadVotes, parts: listed(func(d *Thread) [][]string {
				if d.Votes == 0 {
					return nil
				}
				return [][]string{{fmt.Sprintf("%06d", d.Votes)}}
			})},
			{family: famThreadWaiting, parts: listed(func(d *Thread) [][]string {
				if d.settled() {
					return nil
				}
				return [][]string{{instant(d.Active)}}
			})},
			{family: famThreadPinned, parts: listed(func(d *Thread) [][]string {
				if !d.Pinned {
					return nil
				}
				return [][]string{{d.Category}}
			})},
			{family: famThreadAuthor, parts: listed(func(d *Thread) [][]string { return [][]string{{d.Author, instant(d.Opened)}} })},
			{family: famThreadAssigned, parts: (*Thread).assignees},
		},
	}
})

// settled says whether a thread waits for nobody: it is closed, or its question has an answer, or, when it is no
// question, somebody replied.
func (d *Thread) settled() bool {
	if d.Closed || d.Hidden || d.MergedInto != "" {
		return true
	}
	if d.Question {
		return d.Accepted > 0
	}
	return d.Answered
}

func threadNumber(n int) string { return fmt.Sprintf("%09d", n) }

// Code is how people name a thread: #12.
func (d Thread) Code() string { return "#" + strconv.Itoa(d.Number) }

// shown says whether a reader may know of a thread.
func (d *Thread) shown(reader Member, shelves map[string]Category) bool {
	c, ok := shelves[d.Category]
	return ok && sees(reader, c) && (!d.Hidden || may(reader, Moderate))
}

// thread reads a thread that the reader may know of, with its category. NotFound otherwise.
func (t *tx) thread(id string, reader Member) (Thread, Category, error) {
	d, err := threads().get(t, id)
	if err != nil {
		return Thread{}, Category{}, err
	}
	c, err := categories().get(t, d.Category)
	if err != nil {
		return Thread{}, Category{}, err
	}
	if !sees(reader, c) || d.Hidden && !may(reader, Moderate) {
		return Thread{}, Category{}, notFound()
	}
	if d.MergedInto != "" { // its title too is of what it became
		if _, _, err := t.thread(d.MergedInto, reader); err != nil {
			return Thread{}, Category{}, err
		}
	}
	return d, c, nil
}

// ThreadInput is what a member types to open a thread: its first post with a title and a place.
type ThreadInput struct {
	Title, Category string // category: its slug
	Tags            string // comma list
	Question        bool
	PostInput
}

// threadDraft is a thread that was checked and rendered, outside of any transaction.
type threadDraft struct {
	title, category string
	tags            []Tag
	question        bool
	text            written
	once            string
}

func (s *Store) draftThread(ctx context.Context, in ThreadInput) (threadDraft, error) {
	var c check
	d := threadDraft{question: in.Question, once: in.Once}
	d.title = c.required("title", in.Title, MaxTitle)
	d.category = c.required("category", in.Category, 60)
	d.tags = checkTags(&c, "tags", in.Tags)
	var err error
	d.text, err = s.written(ctx, &c, in.PostInput)
	return d, err
}

// Opened is what became of a new thread or post: it is there, or it waits for a moderator's look.
type Opened struct {
	Thread Thread
	Post   Post
	Waits  bool // it is shown when a moderator has looked at it
}

// OpenThread opens a thread with its first post: by members, in categories that take new ones. Text that breaks a
// limit is Invalid and nothing is stored. The same Once by the same person again is the thread that is already
// there; with other words it is a Conflict.
func (s *Store) OpenThread(ctx context.Context, by Actor, in ThreadInput) (Opened, error) {
	draft, err := s.draftThread(ctx, in)
	if err != nil {
		return Opened{}, err
	}
	var opened Opened
	err = s.update(ctx, "threads", func(t *tx) error {
		opened = Opened{}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		c, err := categories().lookup(t, famCategorySlug, draft.category)
		if KindOf(err) == NotFound || err == nil && !sees(who, c) {
			return invalid("category", "invalid.choice")
		}
		if err != nil {
			return err
		}
		if !mayOpen(who, c) {
			return invalid("category", "category.not_open")
		}
		if have, ok, err := t.posted(who.ID, draft.once, draft.title, draft.text.source); err != nil || ok {
			opened = have
			return err
		}
		if waits, err := t.mustWait(who, draft.text); err != nil {
			return err
		} else if waits {
			opened.Waits = true
			return t.hold(who, in, "")
		}
		opened, err = t.openThread(who, c, draft)
		return err
	})
	return opened, err
}

// openThread stores a thread and its first post.
func (t *tx) openThread(who Member, c Category, draft threadDraft) (Opened, error) {
	d, err := t.newThread(who, c, draft, draft.text.lang(who))
	if err != nil {
		return Opened{}, err
	}
	post, err := t.addPost(who, &d, draft.text, draft.once)
	if err != nil {
		return Opened{}, err
	}
	if err := t.follow(who.ID, "thread", d.ID, Watch); err != nil {
		return Opened{}, err
	}
	return Opened{Thread: d, Post: post}, t.dropDraft(who.ID, "new")
}

// newThread is a thread without posts yet, and not stored.
func (t *tx) newThread(who Member, c Category, draft threadDraft, lang string) (Thread, error) {
	id, err := t.newID()
	if err != nil {
		return Thread{}, err
	}
	number, err := t.giveNumber("thread", 0)
	if err != nil {
		return Thread{}, err
	}
	tagged, err := t.useTags(draft.tags)
	if err != nil {
		return Thread{}, err
	}
	return Thread{ID: id, Number: number, Slug: threadSlug(draft.title), Title: draft.title, Lang: lang, Category: c.ID, Tags: tagged,
		Author: who.ID, Town: who.TownID(), Opened: t.now, Active: t.now, Question: draft.question || c.Question, Changed: t.now}, nil
}

func threadSlug(title string) string {
	if slug := slugOf(title); slug != "" {
		return strings.TrimSuffix(slug, "-")
	}
	return "discussion"
}

// ThreadChange is what may be changed of a thread itself.
type ThreadChange struct {
	Title, Lang, Tags string
	Question          bool
}

// ChangeThread changes a thread's title, language and tags, and whether it is a question: by its author while it is
// open, and by moderators. Its old addresses lead on, because its number stays.
func (s *Store) ChangeThread(ctx context.Context, by Actor, id string, in ThreadChange) (Thread, error) {
	var c check
	title := c.required("title", in.Title, MaxTitle)
	lang := oneOf(&c, "lang", in.Lang, Languages()...)
	wanted := checkTags(&c, "tags", in.Tags)
	if err := c.err(); err != nil {
		return Thread{}, err
	}
	var kept Thread
	err := s.changeThread(ctx, by, id, func(t *tx, who Member, shelf Category, d *Thread) error {
		if err := t.once(); err != nil {
			return err
		}
		switch {
		case may(who, Moderate) || by.system:
		case d.Author != who.ID:
			return denied("error.not_allowed.moderate")
		case d.Closed:
			return conflict("thread.closed")
		}
		tagged, err := t.useTags(wanted)
		if err != nil {
			return err
		}
		was := d.Title
		d.Title, d.Lang, d.Tags, d.Question, d.Slug = title, lang, tagged, in.Question || shelf.Question, threadSlug(title)
		if !d.Question {
			d.Accepted, d.AcceptedBy, d.AcceptedAt = 0, "", time.Time{}
		}
		kept = *d
		if d.Author == who.ID {
			return nil
		}
		return t.audit(by, "audit.thread_changed", d.ID, map[string]string{"title": title, "was": was})
	})
	return kept, err
}

// changeThread runs one change of a thread that the member may see. A thread that was merged away is NotFound.
func (s *Store) changeThread(ctx context.Context, by Actor, id string, change func(*tx, Member, Category, *Thread) error) error {
	return s.update(ctx, "thread/"+id, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if by.system {
			who = systemMember()
		}
		d, shelf, err := t.thread(id, who)
		if err != nil {
			return err
		}
		if d.MergedInto != "" {
			return notFound()
		}
		if err := change(t, who, shelf, &d); err != nil {
			return err
		}
		d.Changed = t.now
		return threads().put(t, d)
	})
}

// systemMember has every right and is nobody.
func systemMember() Member {
	return Member{State: MemberActive, Roles: []Role{RoleAdministrator, RoleModerator, RoleSteward}}
}

// CategoryOf is the category of a thread that the reader may see.
func (s *Store) CategoryOf(ctx context.Context, by Actor, threadID string) (Category, error) {
	var c Category
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		_, c, err = t.thread(threadID, reader)
		return err
	})
	return c, err
}
