package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// AppNotice is what those who look after an application tell the towns that use it, and the board of their answers. Which
// town still has an open door is nobody's business but theirs: it is shown to those concerned only.
type AppNotice struct {
	ID      string    `json:"id"`
	App     string    `json:"app"`
	Urgent  bool      `json:"urgent,omitzero"` // it is about security
	Title   string    `json:"title"`
	Version string    `json:"version,omitzero"` // to install
	Text    string    `json:"text,omitzero"`    // plain
	Lang    string    `json:"lang"`
	By      string    `json:"by,omitzero"`
	At      time.Time `json:"at"`
	Closed  time.Time `json:"closed,omitzero"`
}

// NoticeState is how far a town is with a notice.
type NoticeState string

const (
	NoticeSilent  NoticeState = "silent" // it has not answered; never stored
	NoticePatched NoticeState = "patched"
	NoticePlanned NoticeState = "planned"
	NoticeHelp    NoticeState = "help"
	NoticeNotUs   NoticeState = "not_us" // not concerned
)

// NoticeAnswer is what one town answered.
type NoticeAnswer struct {
	Notice string      `json:"notice"`
	Town   string      `json:"town"`
	State  NoticeState `json:"state"`
	Note   string      `json:"note,omitzero"`
	By     string      `json:"by,omitzero"`
	At     time.Time   `json:"at"`
}

func appNotices() *table[AppNotice] {
	return &table[AppNotice]{
		family: famAppNotice,
		key:    func(n *AppNotice) []string { return []string{n.ID} },
		indexes: []index[AppNotice]{
			{family: famAppNoticeApp, parts: func(n *AppNotice) [][]string { return [][]string{{n.App, instant(n.At)}} }},
		},
	}
}

func noticeAnswers() *table[NoticeAnswer] {
	return &table[NoticeAnswer]{family: famNoticeAnswer, key: func(a *NoticeAnswer) []string { return []string{a.Notice, a.Town} }}
}

// AppNoticeInput is what is told.
type AppNoticeInput struct {
	Title, Version, Text, Lang string
	Urgent                     bool
}

// SendAppNotice tells the towns that run or try an application something: by those who look after it and stewards. The
// coordinators and experts of these towns get a letter.
func (s *Store) SendAppNotice(ctx context.Context, by Actor, appID string, in AppNoticeInput) (AppNotice, error) {
	var c check
	n := AppNotice{App: appID, Urgent: in.Urgent, By: by.MemberID}
	n.Title = c.required("title", in.Title, MaxTitle)
	n.Version = c.line("version", in.Version, 40)
	n.Text = c.text("text", in.Text, MaxText)
	n.Lang = oneOf(&c, "lang", in.Lang, Languages()...)
	if err := c.err(); err != nil {
		return n, err
	}
	err := s.update(ctx, "app/"+appID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		app, err := t.keptApp(by, appID)
		if err != nil {
			return err
		}
		last, err := appNotices().list(t, famAppNoticeApp, window{Under: []string{appID}, Reverse: true, Limit: 1})
		if err != nil {
			return err
		}
		if len(last) > 0 && last[0].Title == n.Title && last[0].By == n.By && t.now.Sub(last[0].At) < time.Hour { // the form came twice
			n = last[0]
			return nil
		}
		if err := t.spendNews(by); err != nil {
			return err
		}
		if n.ID, err = t.newID(); err != nil {
			return err
		}
		n.At = t.now
		if err := appNotices().put(t, n); err != nil {
			return err
		}
		if err := t.audit(by, "audit.app_notice", app.ID, map[string]string{"app": app.Name(), "title": n.Title}); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventAppNotice, Subject: n.ID, By: by.MemberID})
	})
	return n, err
}

// newsSent bounds the letters to many towns that one member sends: notices and news of needs together.
func newsSent() limit { return limit{"app.news", 5, 24 * time.Hour} }

// helpCalled bounds the letters to those who look after an application; what a town answers stands on the board without one.
func helpCalled() limit { return limit{"app.help", 5, 24 * time.Hour} }

// spendNews counts one letter to many towns. The command line is not counted.
func (t *tx) spendNews(by Actor) error {
	if by.system {
		return nil
	}
	return t.spend(newsSent(), by.MemberID)
}

// concerned says whether a member may read the notices of an application: those who look after it, the welcomed people of
// the towns that run or try it, and stewards.
func (t *tx) concerned(m Member, app App) (bool, error) {
	if mayKeepApp(m, app) {
		return true, nil
	}
	if !welcomed(m) {
		return false, nil
	}
	use, ok, err := appUses().find(t, m.TownID(), app.ID)
	return ok && use.State != UseFormer, err
}

// notice reads a notice that the acting member may know of, with its application. NotFound otherwise.
func (t *tx) notice(by Actor, id string) (AppNotice, App, Member, error) {
	who := systemMember()
	if !by.system {
		var err error
		if who, err = t.reader(by); err != nil {
			return AppNotice{}, App{}, who, err
		}
	}
	n, err := appNotices().get(t, id)
	if err != nil {
		return n, App{}, who, err
	}
	app, err := apps().get(t, n.App)
	if err != nil {
		return n, app, who, err
	}
	ok, err := t.concerned(who, app)
	if err == nil && !ok {
		err = notFound()
	}
	return n, app, who, err
}

// AnswerNotice says how far a town is with a notice: by its welcomed people and by stewards. Answering again changes the
// answer. Who asks for help is heard by those who look after the application.
func (s *Store) AnswerNotice(ctx context.Context, by Actor, id, townID string, state NoticeState, note string) error {
	var c check
	state = oneOf(&c, "state", state, NoticePatched, NoticePlanned, NoticeHelp, NoticeNotUs)
	note = c.line("note", note, MaxLine)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "notice/"+id, func(t *tx) error {
		n, app, who, err := t.notice(by, id)
		if err != nil {
			return err
		}
		if !may(who, Steward) && (!welcomed(who) || who.TownID() != townID) {
			return denied("error.not_allowed.town")
		}
		if use, ok, err := appUses().find(t, townID, app.ID); err != nil || !ok || use.State == UseFormer {
			if err == nil {
				err = conflict("app.not_run")
			}
			return err
		}
		if !n.Closed.IsZero() {
			return conflict("app.notice_closed")
		}
		had, _, err := noticeAnswers().find(t, id, townID)
		if err != nil {
			return err
		}
		if err := noticeAnswers().put(t, NoticeAnswer{Notice: id, Town: townID, State: state, Note: note, By: by.MemberID, At: t.now}); err != nil {
			return err
		}
		if state != NoticeHelp || had.State == NoticeHelp {
			return nil
		}
		if err := t.spend(helpCalled(), by.MemberID); KindOf(err) == Limited {
			return nil
		} else if err != nil {
			return err
		}
		return t.tellKeepers(app, Event{Kind: EventNoticeHelp, Subject: n.ID, By: by.MemberID, Data: map[string]string{"town": townID, "note": note}})
	})
}

// keepers are the people who look after an application: its maintainers, the coordinators of its town, else who entered it.
func (t *tx) keepers(app App) ([]Member, error) {
	found, err := t.coordinators(app.Keeper)
	if err != nil {
		return nil, err
	}
	ids := app.Maintainers
	if len(ids)+len(found) == 0 {
		ids = []string{app.By}
	}
	people, err := members().many(t, ids)
	for _, id := range ids {
		m := people[id]
		if m.State == MemberActive && !slices.ContainsFunc(found, func(had Member) bool { return had.ID == m.ID }) {
			found = append(found, m)
		}
	}
	return found, err
}

func (t *tx) tellKeepers(app App, e Event) error {
	people, err := t.keepers(app)
	for _, m := range people {
		if err != nil || m.ID == e.By {
			continue
		}
		e.Member = m.ID
		err = t.emit(e)
	}
	return err
}

// CloseNotice ends the answering of a notice: by those who look after the application and stewards.
func (s *Store) CloseNotice(ctx context.Context, by Actor, id string) error {
	return s.update(ctx, "notice/"+id, func(t *tx) error {
		n, app, who, err := t.notice(by, id)
		if err != nil {
			return err
		}
		if !mayKeepApp(who, app) {
			return denied("app.not_yours")
		}
		if n.Closed.IsZero() {
			n.Closed = t.now
		}
		return appNotices().put(t, n)
	})
}

// NoticeRow is one town on the board of a notice.
type NoticeRow struct {
	Use    AppUseRow
	Answer NoticeAnswer // State NoticeSilent when it has not answered
	By     Member
}

// NoticePage is a notice with its board: who needs help first, then who is silent, who plans, who is done.
type NoticePage struct {
	Notice  AppNotice
	App     App
	By      Member
	Rows    []NoticeRow
	Count   map[NoticeState]int
	MayKeep bool
	Town    string // the reader's, when it may answer
}

// NoticePage reads a notice for those concerned.
func (s *Store) NoticePage(ctx context.Context, by Actor, id string) (NoticePage, error) {
	var p NoticePage
	err := s.view(ctx, func(t *tx) error {
		n, app, who, err := t.notice(by, id)
		if err != nil {
			return err
		}
		p = NoticePage{Notice: n, App: app, MayKeep: mayKeepApp(who, app), Count: map[NoticeState]int{}}
		if p.By, _, err = members().find(t, n.By); err != nil {
			return err
		}
		uses, err := t.usesOf(app.ID, UseRunning, UseTesting)
		if err != nil {
			return err
		}
		rows, err := t.useRows(uses, nil, nil)
		if err != nil {
			return err
		}
		for _, row := range rows {
			answer, ok, err := noticeAnswers().find(t, id, row.Use.Town)
			if err != nil {
				return err
			}
			if !ok {
				answer.State = NoticeSilent
			}
			one := NoticeRow{Use: row, Answer: answer}
			if one.By, _, err = members().find(t, answer.By); err != nil {
				return err
			}
			p.Rows = append(p.Rows, one)
			p.Count[answer.State]++
			if welcomed(who) && who.TownID() == row.Use.Town {
				p.Town = row.Use.Town
			}
		}
		slices.SortStableFunc(p.Rows, func(a, b NoticeRow) int {
			if order := noticeOrder(a.Answer.State) - noticeOrder(b.Answer.State); order != 0 {
				return order
			}
			return strings.Compare(sortName(a.Use.Town.Name), sortName(b.Use.Town.Name))
		})
		return nil
	})
	return p, err
}

func noticeOrder(s NoticeState) int {
	return slices.Index([]NoticeState{NoticeHelp, NoticeSilent, NoticePlanned, NoticePatched, NoticeNotUs}, s)
}

// AppNotices are the last notices of an application, the newest first; none for those not concerned.
func (s *Store) AppNotices(ctx context.Context, by Actor, appID string) ([]AppNotice, error) {
	var found []AppNotice
	err := s.view(ctx, func(t *tx) error {
		found = nil
		app, err := apps().get(t, appID)
		if err != nil {
			return err
		}
		who, err := t.reader(by)
		if err != nil {
			return err
		}
		if ok, err := t.concerned(who, app); err != nil || !ok {
			return err
		}
		found, err = appNotices().list(t, famAppNoticeApp, window{Under: []string{appID}, Reverse: true, Limit: 10})
		return err
	})
	return found, err
}

// NoticeAudience reads a notice, its application, and who gets its letter: coordinators and experts of the towns that run or
// try it.
func (s *Store) NoticeAudience(ctx context.Context, id string) (n AppNotice, app App, audience []Member, err error) {
	err = s.view(ctx, func(t *tx) error {
		audience = nil
		var err error
		if n, app, _, err = t.notice(System(), id); err != nil {
			return err
		}
		uses, err := t.usesOf(app.ID, UseRunning, UseTesting)
		if err != nil {
			return err
		}
		rows, err := t.useRows(uses, nil, nil)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, row := range rows {
			people, err := t.coordinators(row.Use.Town)
			if err != nil {
				return err
			}
			for _, m := range append(people, row.Experts...) {
				if !seen[m.ID] {
					seen[m.ID] = true
					audience = append(audience, m)
				}
			}
		}
		return nil
	})
	return n, app, audience, err
}
