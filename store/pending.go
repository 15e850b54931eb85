package store

import (
	"context"
	"time"
)

// Pending is what a brand-new member sent and a moderator has still to look at. Nothing of it is shown to others; when
// it is let through it is posted as if it came then.
type Pending struct {
	ID     string      `json:"id"`
	Member string      `json:"member"`
	Thread string      `json:"thread,omitzero"` // "" for a new thread
	Input  ThreadInput `json:"input"`
	At     time.Time   `json:"at"`
}

func pendings() *table[Pending] {
	return &table[Pending]{
		family: famPending,
		key:    func(p *Pending) []string { return []string{p.ID} },
		indexes: []index[Pending]{
			{family: famPendingMember, parts: func(p *Pending) [][]string { return [][]string{{p.Member}} }},
		},
	}
}

// maxPending is how many posts of one person may wait at once.
const maxPending = 5

// mustWait says whether a text waits for a look: it leads outside, and its author, who holds no role, has no post that
// is there to be read.
func (t *tx) mustWait(who Member, text written) (bool, error) {
	if text.links == 0 || may(who, Organise) || may(who, Moderate) {
		return false, nil
	}
	w := window{Under: []string{who.ID}, Limit: 20}
	have, err := posts().list(t, famPostAuthor, w)
	if err != nil {
		return false, err
	}
	for _, p := range have {
		if p.Hidden == nil {
			return false, nil
		}
	}
	return true, nil
}

// hold keeps what was sent until a moderator looks at it.
func (t *tx) hold(who Member, in ThreadInput, threadID string) error {
	waiting, err := pendings().list(t, famPendingMember, window{Under: []string{who.ID}, Limit: maxPending})
	if err != nil {
		return err
	}
	if len(waiting) >= maxPending {
		return fail(Full, "pending.too_many", "Max", maxPending)
	}
	id, err := t.newID()
	if err != nil {
		return err
	}
	place := "new"
	if threadID != "" {
		place = "reply/" + threadID
	}
	if err := t.dropDraft(who.ID, place); err != nil {
		return err
	}
	return pendings().put(t, Pending{ID: id, Member: who.ID, Thread: threadID, Input: in, At: t.now})
}

// held finds what waits of a form that was sent before; the same form with other words is a Conflict.
func (t *tx) held(memberID, once, title, source string) (Opened, bool, error) {
	waiting, err := pendings().list(t, famPendingMember, window{Under: []string{memberID}, Limit: maxPending})
	if err != nil {
		return Opened{}, false, err
	}
	for _, p := range waiting {
		if p.Input.Once != once {
			continue
		}
		var c check
		if c.text("source", p.Input.Source, MaxPost) != source || title != "" && c.line("title", p.Input.Title, MaxTitle) != title {
			return Opened{}, false, conflict("post.id_taken")
		}
		d, _, err := threads().find(t, p.Thread)
		return Opened{Thread: d, Waits: true}, true, err
	}
	return Opened{}, false, nil
}

// MyPending are the member's own texts that wait.
func (s *Store) MyPending(ctx context.Context, by Actor) ([]Pending, error) {
	var found []Pending
	err := s.view(ctx, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		found, err = pendings().list(t, famPendingMember, window{Under: []string{who.ID}, Limit: maxPending})
		return err
	})
	return found, err
}
