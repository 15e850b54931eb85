package store

import (
	"context"
	"slices"
)

// MentorNotice is what a letter about mentoring tells, and whom.
type MentorNotice struct {
	To         []Member
	Request    MentorRequest
	Mentorship Mentorship
	CheckIn    CheckIn
	Town       Town // that looks for a mentor, or has one
	Mentor     Town // zero when no town is asked
	Apps       map[string]App
	Skills     map[string]Skill
}

// MentorNotice reads what an event about mentoring is to tell. A request that the town needs not answer any more, or a talk
// that was called off meanwhile, tells nobody.
func (s *Store) MentorNotice(ctx context.Context, e Event) (MentorNotice, error) {
	var n MentorNotice
	err := s.view(ctx, func(t *tx) error {
		n = MentorNotice{}
		if e.Kind == EventMentorship {
			return n.ofMentorship(t, e)
		}
		return n.ofRequest(t, e)
	})
	n.To = slices.DeleteFunc(n.To, func(m Member) bool { return m.ID == e.By })
	return n, err
}

func (n *MentorNotice) ofRequest(t *tx, e Event) error {
	var err error
	if n.Request, err = mentorRequests().get(t, e.Subject); err != nil {
		return err
	}
	q := n.Request
	if n.Town, err = towns().get(t, q.Town); err != nil {
		return err
	}
	if n.Mentor, _, err = towns().find(t, e.Data["town"]); err != nil {
		return err
	}
	if n.Apps, err = apps().many(t, q.Need.Apps); err != nil {
		return err
	}
	if n.Skills, err = t.skillNames(q.Need.Skills); err != nil {
		return err
	}
	switch what := e.Data["what"]; {
	case e.Kind == EventMentorAsked:
		if try := q.Asked(); try == nil || try.Town != n.Mentor.ID {
			return nil
		}
		n.To, err = t.onDuty(n.Mentor.ID)
	case e.Kind == EventMentorStuck:
		n.To, err = t.stewards()
	case what == "answer", what == string(TryWithdrawn):
		n.To, err = t.onDuty(n.Mentor.ID)
	default:
		n.To, err = t.learners(q.Town, q.By)
	}
	return err
}

// onDuty are the coordinators of a town who want letters; when none does, all of them: somebody waits for their answer.
func (t *tx) onDuty(townID string) ([]Member, error) {
	people, err := t.contacts(townID)
	if wanting := slices.DeleteFunc(slices.Clone(people), func(m Member) bool { return m.NoNotice }); len(wanting) > 0 {
		return wanting, err
	}
	return people, err
}

// learners are who asked, and the coordinators of their town.
func (t *tx) learners(townID, by string) ([]Member, error) {
	people, err := t.contacts(townID)
	if err != nil {
		return nil, err
	}
	who, ok, err := members().find(t, by)
	if ok && who.State == MemberActive && who.TownID() == townID && !slices.ContainsFunc(people, func(m Member) bool { return m.ID == by }) {
		people = append(people, who)
	}
	return slices.DeleteFunc(people, func(m Member) bool { return m.NoNotice && m.ID != by }), err
}

func (t *tx) stewards() ([]Member, error) {
	var found []Member
	err := members().each(t, func(m Member) error {
		if m.State == MemberActive && m.Has(RoleSteward) && !m.NoNotice {
			found = append(found, m)
		}
		return nil
	})
	return found, err
}

func (n *MentorNotice) ofMentorship(t *tx, e Event) error {
	var err error
	if n.Mentorship, err = mentorships().get(t, e.Subject); err != nil {
		return err
	}
	m := n.Mentorship
	places, err := towns().many(t, []string{m.Mentor, m.Learner})
	if err != nil {
		return err
	}
	n.Mentor, n.Town = places[m.Mentor], places[m.Learner]
	if id := e.Data["check_in"]; id != "" {
		if n.CheckIn, err = checkIns().get(t, id); err != nil {
			return err
		}
		if off := e.Data["what"] == "cancelled"; off == n.CheckIn.Cancelled.IsZero() || !n.CheckIn.Start.After(t.now) {
			return nil
		}
	}
	people, err := t.contacts(m.Mentor)
	if err != nil {
		return err
	}
	n.To = slices.DeleteFunc(people, func(one Member) bool { return one.NoNotice })
	others, err := t.learners(m.Learner, m.By)
	n.To = append(n.To, slices.DeleteFunc(others, func(one Member) bool { return one.NoNotice })...)
	return err
}
