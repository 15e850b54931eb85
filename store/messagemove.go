package store

import (
	"context"
	"slices"
	"strings"
)

// MoveInput says where messages go: to the thread of a number, to a new thread (Title and the slug of its Category), or
// to the agenda item of an id. Exactly one of Thread, Title and Item is set.
type MoveInput struct {
	Numbers         []int
	Thread          int
	Title, Category string
	Item            string
}

// carried is what one person said in a row, on its way into a post.
type carried struct {
	author  string
	numbers []int
	text    written
}

// MoveMessages carries messages of a room into a thread, where they become posts of those who said them, or into the text
// of an agenda item. What one person said in a row becomes one post. The messages stay where they are, as quiet pointers.
// It is for those who said them, and for moderators and, in a meeting's room, organisers; out of private rooms
// everybody carries only what they said themselves. The result is the thread, or the meeting of the item.
func (s *Store) MoveMessages(ctx context.Context, by Actor, roomID string, in MoveInput) (d Thread, m Meeting, err error) {
	var c check
	if len(in.Numbers) == 0 || len(in.Numbers) > MaxMessagesMoved {
		c.add("numbers", "message.pick", "Max", MaxMessagesMoved)
	}
	if in.Title != "" {
		in.Title = c.required("title", in.Title, MaxTitle)
		in.Category = c.required("category", in.Category, 60)
	} else if in.Thread == 0 && in.Item == "" {
		c.add("title", "invalid.required")
	}
	if err := c.err(); err != nil {
		return d, m, err
	}
	in.Numbers = slices.Compact(slices.Sorted(slices.Values(in.Numbers)))
	runs, err := s.carry(ctx, by, roomID, in.Numbers)
	if err != nil {
		return d, m, err
	}
	err = s.update(ctx, "threads", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		picked, err := t.pick(who, roomID, in.Numbers)
		if err != nil {
			return err
		}
		for _, run := range runs { // as they were when they were rendered
			if run.text.source != joinSources(picked, run.numbers) {
				return conflict("message.changed_meanwhile")
			}
		}
		moved := MessageMoved{By: who.ID, At: t.now}
		if in.Item != "" {
			m, err = t.carryToItem(who, in.Item, picked, &moved)
		} else {
			d, err = t.carryToThread(who, roomID, in, runs)
			moved.Thread = d.ID
		}
		if err != nil {
			return err
		}
		for _, one := range picked {
			pointer := moved
			if d.ID != "" {
				pointer.Seq = d.Last - len(runs) + 1 + slices.IndexFunc(runs, func(r carried) bool { return slices.Contains(r.numbers, one.Number) })
			}
			one.Moved = &pointer
			if err := t.noteChange(&one); err != nil {
				return err
			}
		}
		return t.audit(by, "audit.messages_moved", roomID, map[string]string{"title": d.Title + m.Title})
	})
	return d, m, err
}

// quiet leaves of a message that was moved a pointer, without its words.
func (m *Message) quiet() {
	if m.Moved != nil {
		m.Source, m.HTML, m.Mentions, m.Refs = "", "", nil, nil
	}
}

// pick reads the messages somebody may carry out of a room.
func (t *tx) pick(who Member, roomID string, numbers []int) ([]Message, error) {
	r, err := t.enterRoom(roomID, who)
	if err != nil {
		return nil, err
	}
	any := r.Access != AccessPrivate && (may(who, Moderate) || r.Kind == RoomMeeting && may(who, Organise))
	var picked []Message
	for _, n := range numbers {
		m, err := messages().get(t, roomID, messageNumber(n))
		switch {
		case err != nil:
			return nil, err
		case m.Author != who.ID && !any:
			return nil, denied("error.not_allowed.message_move")
		case m.Deleted != nil || m.Moved != nil:
			return nil, conflict("message.gone")
		}
		picked = append(picked, m)
	}
	return picked, nil
}

// carry gathers and renders what each person said in a row.
func (s *Store) carry(ctx context.Context, by Actor, roomID string, numbers []int) ([]carried, error) {
	var runs []carried
	var picked []Message
	err := s.view(ctx, func(t *tx) error {
		if err := t.repeated(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		picked, err = t.pick(who, roomID, numbers)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, m := range picked {
		if n := len(runs); n > 0 && runs[n-1].author == m.Author {
			runs[n-1].numbers = append(runs[n-1].numbers, m.Number)
		} else {
			runs = append(runs, carried{author: m.Author, numbers: []int{m.Number}})
		}
	}
	for i := range runs {
		var c check
		first := picked[slices.IndexFunc(picked, func(m Message) bool { return m.Number == runs[i].numbers[0] })]
		if runs[i].text, err = s.written(ctx, &c, PostInput{Source: joinSources(picked, runs[i].numbers), Lang: first.Lang}); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

func joinSources(picked []Message, numbers []int) string {
	var all []string
	for _, m := range picked {
		if slices.Contains(numbers, m.Number) {
			all = append(all, m.Source)
		}
	}
	return strings.Join(all, "\n\n")
}

// carryToThread makes posts of what was said, in a thread that is open or in a new one.
func (t *tx) carryToThread(who Member, roomID string, in MoveInput, runs []carried) (Thread, error) {
	d, err := t.threadToCarryTo(who, in, runs[0].text.lang(who))
	if err != nil {
		return d, err
	}
	for _, run := range runs {
		author, err := members().get(t, run.author)
		if err != nil {
			return d, err
		}
		if _, err := t.storePost(author, &d, run.text, postOrigin{room: roomID, number: run.numbers[0]}); err != nil {
			return d, err
		}
	}
	return d, t.follow(who.ID, "thread", d.ID, Watch)
}

func (t *tx) threadToCarryTo(who Member, in MoveInput, lang string) (Thread, error) {
	if in.Title == "" {
		d, err := threads().lookup(t, famThreadNumber, threadNumber(in.Thread))
		if KindOf(err) == NotFound {
			return d, invalid("thread", "message.thread_unknown")
		}
		if err != nil {
			return d, err
		}
		if d, _, err = t.thread(d.ID, who); KindOf(err) == NotFound {
			return d, invalid("thread", "message.thread_unknown")
		}
		if err != nil {
			return d, err
		}
		if d.MergedInto != "" || d.Closed && !may(who, Moderate) {
			return d, conflict("thread.closed")
		}
		return d, nil
	}
	shelf, err := categories().lookup(t, famCategorySlug, in.Category)
	if KindOf(err) == NotFound || err == nil && !sees(who, shelf) {
		return Thread{}, invalid("category", "invalid.choice")
	}
	if err != nil {
		return Thread{}, err
	}
	if !mayOpen(who, shelf) {
		return Thread{}, invalid("category", "category.not_open")
	}
	return t.newThread(who, shelf, threadDraft{title: in.Title}, lang)
}

// carryToItem puts what was said below the text of an agenda item: by those who may change it.
func (t *tx) carryToItem(who Member, itemID string, picked []Message, moved *MessageMoved) (Meeting, error) {
	item, err := items().get(t, itemID)
	if KindOf(err) == NotFound {
		return Meeting{}, invalid("item", "invalid.choice")
	}
	if err != nil {
		return Meeting{}, err
	}
	m, err := meetings().get(t, item.Meeting)
	if err != nil {
		return m, err
	}
	if !visible(m, who) {
		return m, notFound()
	}
	if !item.ChangedBy(who) {
		return m, denied("error.not_allowed.organise")
	}
	names, err := t.authorsOf(picked)
	if err != nil {
		return m, err
	}
	for _, one := range picked {
		item.Text = strings.TrimSpace(item.Text + "\n\n" + names[one.Author].Name + ": " + one.Source)
	}
	var c check
	if item.Text = c.text("item", item.Text, MaxText); c.err() != nil {
		return m, c.err()
	}
	item.Changed, moved.Item = t.now, item.ID
	return m, items().put(t, item)
}

func (t *tx) authorsOf(picked []Message) (map[string]Member, error) {
	ids := make([]string, len(picked))
	for i, m := range picked {
		ids[i] = m.Author
	}
	return members().many(t, ids)
}
