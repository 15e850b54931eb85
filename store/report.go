package store

import (
	"context"
	"slices"
	"time"
)

// ReportReason is why somebody asks a moderator to look.
type ReportReason string

const (
	ReportOffTopic ReportReason = "off_topic"
	ReportUnkind   ReportReason = "unkind"
	ReportPrivate  ReportReason = "private" // somebody's private data
	ReportSpam     ReportReason = "spam"
	ReportOther    ReportReason = "other"
)

// ReportReasons are the choices in the order they are shown.
func ReportReasons() []ReportReason {
	return []ReportReason{ReportOffTopic, ReportUnkind, ReportPrivate, ReportSpam, ReportOther}
}

// Report asks moderators to look at a post. One member reports a post once.
type Report struct {
	ID       string       `json:"id"`
	Post     string       `json:"post"`
	By       string       `json:"by"`
	Reason   ReportReason `json:"reason"`
	Text     string       `json:"text,omitzero"`
	At       time.Time    `json:"at"`
	Closed   time.Time    `json:"closed,omitzero"`
	ClosedBy string       `json:"closed_by,omitzero"`
}

func reports() *table[Report] {
	return &table[Report]{
		family: famReport,
		key:    func(r *Report) []string { return []string{r.ID} },
		indexes: []index[Report]{
			{family: famReportOnce, unique: true, field: "reason", taken: "report.twice", parts: func(r *Report) [][]string { return [][]string{{r.Post, r.By}} }},
			{family: famReportOpen, parts: func(r *Report) [][]string {
				if !r.Closed.IsZero() {
					return nil
				}
				return [][]string{{r.Post}}
			}},
		},
	}
}

// ReportPost asks moderators to look at a post: by members who may see it. A hidden one they have looked at.
func (s *Store) ReportPost(ctx context.Context, by Actor, threadID string, seq int, reason ReportReason, text string) error {
	var c check
	oneOf(&c, "reason", reason, ReportReasons()...)
	text = c.text("text", text, MaxLine)
	if reason == ReportOther && text == "" {
		c.add("text", "invalid.required")
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "moderation", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if _, _, err := t.thread(threadID, who); err != nil {
			return err
		}
		p, err := posts().get(t, threadID, postSeq(seq))
		if err == nil && p.Hidden != nil && !may(who, Moderate) {
			err = notFound()
		}
		if err != nil {
			return err
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		return reports().put(t, Report{ID: id, Post: p.ID, By: who.ID, Reason: reason, Text: text, At: t.now})
	})
}

// Queue is what waits for a moderator.
type Queue struct {
	Pending []Pending
	Reports []ReportRow
	Acts    []ActRow // what was done lately, the newest first
	Names   map[string]Member
}

// ReportRow is a reported post with who reported it and why.
type ReportRow struct {
	Thread  Thread
	Post    Post
	Reports []Report
}

// ActRow is an act with its thread.
type ActRow struct {
	Act     Act
	Thread  Thread
	MayUndo bool
}

// maxQueue bounds each part of the queue that one page shows.
const maxQueue = 50

// ModerationQueue is what waits for a moderator, and what was done lately.
func (s *Store) ModerationQueue(ctx context.Context, by Actor) (Queue, error) {
	var q Queue
	err := s.view(ctx, func(t *tx) error {
		q = Queue{}
		if _, err := t.require(by, Moderate); err != nil {
			return err
		}
		var err error
		if q.Pending, err = pendings().under(t, window{Limit: maxQueue}); err != nil {
			return err
		}
		open, err := reports().list(t, famReportOpen, window{Limit: maxQueue})
		if err != nil {
			return err
		}
		if err := q.reported(t, open); err != nil {
			return err
		}
		done, err := acts().under(t, window{Reverse: true, Limit: maxQueue})
		if err != nil {
			return err
		}
		var people, where []string
		for _, a := range done {
			people, where = append(people, a.By), append(where, a.Thread)
		}
		for _, p := range q.Pending {
			people, where = append(people, p.Member), append(where, p.Thread)
		}
		for _, r := range open {
			people = append(people, r.By)
		}
		for _, row := range q.Reports {
			people = append(people, row.Post.Author)
		}
		at, err := threads().many(t, where)
		if err != nil {
			return err
		}
		for _, a := range done {
			q.Acts = append(q.Acts, ActRow{Act: a, Thread: at[a.Thread], MayUndo: a.MayUndo(t.now)})
		}
		q.Names, err = members().many(t, people)
		return err
	})
	return q, err
}

// reported gathers open reports by post.
func (q *Queue) reported(t *tx, open []Report) error {
	for _, r := range open {
		if n := len(q.Reports); n > 0 && q.Reports[n-1].Post.ID == r.Post {
			q.Reports[n-1].Reports = append(q.Reports[n-1].Reports, r)
			continue
		}
		p, err := posts().lookup(t, famPostID, r.Post)
		if err != nil {
			return err
		}
		d, err := threads().get(t, p.Thread)
		if err != nil {
			return err
		}
		q.Reports = append(q.Reports, ReportRow{Thread: d, Post: p, Reports: []Report{r}})
	}
	return nil
}

// CloseReports says that the reports of a post were looked at: by moderators. When none is open nothing changes.
func (s *Store) CloseReports(ctx context.Context, by Actor, postID string) error {
	return s.update(ctx, "moderation", func(t *tx) error {
		who, err := t.require(by, Moderate)
		if err != nil {
			return err
		}
		if _, err := posts().lookup(t, famPostID, postID); err != nil {
			return err
		}
		open, err := reports().list(t, famReportOpen, window{Under: []string{postID}, Limit: scanBatch})
		if err != nil || len(open) == 0 {
			return err
		}
		for _, r := range open {
			r.Closed, r.ClosedBy = t.now, who.ID
			if err := reports().put(t, r); err != nil {
				return err
			}
		}
		return t.audit(by, "audit.reports_closed", postID, nil)
	})
}

// Release lets what waited through: it is posted as if it came now. Its author is told.
func (s *Store) Release(ctx context.Context, by Actor, pendingID string) (Opened, error) {
	p, err := s.pendingFor(ctx, by, pendingID)
	if err != nil {
		return Opened{}, err
	}
	var c check
	text, err := s.written(ctx, &c, p.Input.PostInput)
	if err != nil {
		return Opened{}, err
	}
	var opened Opened
	err = s.update(ctx, "moderation", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		opened = Opened{}
		if _, err := t.require(by, Moderate); err != nil {
			return err
		}
		if _, err := pendings().get(t, pendingID); err != nil {
			return err
		}
		author, err := members().get(t, p.Member)
		if err != nil {
			return err
		}
		if err := pendings().remove(t, pendingID); err != nil {
			return err
		}
		if opened, err = t.release(author, p, text); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventModerated, Subject: opened.Thread.ID, Member: author.ID, By: by.MemberID, Data: map[string]string{"what": "released"}})
	})
	return opened, err
}

func (t *tx) release(author Member, p Pending, text written) (Opened, error) {
	if p.Thread != "" {
		d, err := threads().get(t, p.Thread)
		if err != nil {
			return Opened{}, err
		}
		if d.MergedInto != "" {
			return Opened{}, conflict("thread.closed")
		}
		post, err := t.addPost(author, &d, text, p.Input.Once)
		return Opened{Thread: d, Post: post}, err
	}
	c, err := categories().lookup(t, famCategorySlug, p.Input.Category)
	if err != nil {
		return Opened{}, err
	}
	var ignored check // it was checked when it was sent
	return t.openThread(author, c, threadDraft{title: p.Input.Title, tags: checkTags(&ignored, "tags", p.Input.Tags), question: p.Input.Question, text: text, once: p.Input.Once})
}

func (s *Store) pendingFor(ctx context.Context, by Actor, id string) (Pending, error) {
	var p Pending
	err := s.view(ctx, func(t *tx) error {
		if err := t.repeated(); err != nil {
			return err
		}
		if _, err := t.require(by, Moderate); err != nil {
			return err
		}
		var err error
		p, err = pendings().get(t, id)
		return err
	})
	return p, err
}

// Refuse throws away what waited, and tells its author why: by moderators.
func (s *Store) Refuse(ctx context.Context, by Actor, pendingID, reason string) error {
	var c check
	reason = c.required("reason", reason, MaxLine)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "moderation", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Moderate); err != nil {
			return err
		}
		p, err := pendings().get(t, pendingID)
		if err != nil {
			return err
		}
		if err := pendings().remove(t, pendingID); err != nil {
			return err
		}
		if err := t.audit(by, "audit.pending_refused", p.Member, map[string]string{"reason": reason}); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventModerated, Subject: p.Thread, Member: p.Member, By: by.MemberID,
			Data: map[string]string{"what": "refused", "reason": reason, "text": p.Input.Source}})
	})
}

// HideMany hides several posts of a thread for one reason: by moderators.
func (s *Store) HideMany(ctx context.Context, by Actor, threadID string, seqs []int, reason string) error {
	slices.Sort(seqs)
	for _, seq := range slices.Compact(seqs) {
		if err := s.HidePost(ctx, by, threadID, seq, reason, true); err != nil {
			return err
		}
	}
	return nil
}
