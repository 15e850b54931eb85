package store

import (
	"context"
	"slices"
	"time"
)

// Towns merge: two municipalities become one, codes change. What is to come goes to the town that remains; what was
// keeps the name the town had then. The record of the one that ended stays, with MergedInto: its addresses and its code
// lead on.

// MergePlan is what a merger moves, for the page that asks before it.
type MergePlan struct {
	From, Into                                Town
	People, Actions, Meetings, Items, Answers int
	Apps                                      int
}

// merger gathers what belongs to a town now and goes with it.
type merger struct {
	people   []Member
	actions  []Action
	meetings []Meeting // hosted, to come
	items    []AgendaItem
	answers  []RSVP
	series   []Series
	threads  []Thread // assigned to it
	uses     []AppUse
	apps     []App // kept by it
}

// townNow is the town that a town is now: itself, or the one it was merged into.
func (t *tx) townNow(town Town) (Town, error) {
	for range 100 { // mergers of mergers end: see MergeTowns
		if town.MergedInto == "" {
			return town, nil
		}
		var err error
		if town, err = towns().get(t, town.MergedInto); err != nil {
			return town, err
		}
	}
	return town, nil
}

// townIDNow is townNow for an id; "" and one that leads nowhere stay as they are.
func (t *tx) townIDNow(id string) (string, error) {
	town, ok, err := towns().find(t, id)
	if err != nil || !ok {
		return id, err
	}
	town, err = t.townNow(town)
	return town.ID, err
}

// mergedInto are the towns that were merged into one, directly or through another, by name.
func (t *tx) mergedInto(id string) ([]Town, error) {
	ended, err := t.townsIn(TownMerged)
	if err != nil {
		return nil, err
	}
	var all []Town
	for _, town := range ended {
		now, err := t.townNow(town)
		if err != nil {
			return nil, err
		}
		if now.ID == id {
			all = append(all, town)
		}
	}
	return all, nil
}

// PlanMerger says what merging a town into another would move: for stewards.
func (s *Store) PlanMerger(ctx context.Context, by Actor, fromID string, into JoinInput) (MergePlan, error) {
	var plan MergePlan
	err := s.view(ctx, func(t *tx) error {
		from, to, err := t.mergerOf(by, fromID, into)
		if err != nil {
			return err
		}
		m, err := t.gather(fromID)
		plan = MergePlan{From: from, Into: to, People: len(m.people), Actions: len(m.actions), Meetings: len(m.meetings), Items: len(m.items),
			Answers: len(m.answers), Apps: len(m.uses)}
		return err
	})
	return plan, err
}

// mergerOf finds the two towns, and refuses what is no merger. A town that has no record yet has no id.
func (t *tx) mergerOf(by Actor, fromID string, into JoinInput) (from, to Town, err error) {
	if _, err = t.require(by, Steward); err != nil {
		return from, to, err
	}
	if from, err = towns().get(t, fromID); err != nil {
		return from, to, err
	}
	if into.TownCode != "" {
		to, err = towns().lookup(t, famTownCode, into.TownCode)
		if KindOf(err) == NotFound {
			real, ok := t.store.gazetteer.Town(into.TownCode)
			if !ok {
				return from, to, invalid("into", "member.town_unknown")
			}
			to, err = Town{Code: real.Code, Name: real.Name, State: TownJoining}, nil
		}
	} else if to, err = towns().get(t, into.TownID); KindOf(err) == NotFound {
		err = invalid("into", "member.town_unknown")
	}
	if err != nil {
		return from, to, err
	}
	if to, err = t.townNow(to); err != nil {
		return from, to, err
	}
	switch {
	case from.State == TownMerged && from.MergedInto == to.ID: // the same form again
		return from, to, nil
	case from.State == TownMerged:
		return from, to, conflict("town.merged_already")
	case from.ID == to.ID:
		return from, to, invalid("into", "town.merge_same")
	}
	return from, to, nil
}

// gather reads what belongs to a town now.
func (t *tx) gather(id string) (merger, error) {
	var m merger
	var err error
	if m.people, err = t.people(id); err != nil {
		return m, err
	}
	if err = actions().every(t, famActionTown, id, func(a Action) {
		if a.State == ActionOpen {
			m.actions = append(m.actions, a)
		}
	}); err != nil {
		return m, err
	}
	if m.uses, err = appUses().under(t, window{Under: []string{id}, Limit: maxApps}); err != nil {
		return m, err
	}
	m.uses = slices.DeleteFunc(m.uses, func(u AppUse) bool { return u.State == UseFormer })
	if err = threads().every(t, famThreadAssigned, id, func(d Thread) {
		if d.AssignedTown == id && !d.Closed {
			m.threads = append(m.threads, d)
		}
	}); err != nil {
		return m, err
	}
	if err = apps().each(t, func(a App) error {
		if a.Keeper == id {
			m.apps = append(m.apps, a)
		}
		return nil
	}); err != nil {
		return m, err
	}
	if err = serieses().each(t, func(s Series) error {
		if s.Template.HostTown == id {
			m.series = append(m.series, s)
		}
		return nil
	}); err != nil {
		return m, err
	}
	return m, m.ahead(t, id)
}

// ahead gathers what belongs to a town in meetings to come, and in the backlogs.
func (m *merger) ahead(t *tx, id string) error {
	ahead := map[string]bool{}
	var open []Meeting
	if err := meetings().each(t, func(one Meeting) error {
		if !one.Over(t.now) && (one.State == MeetingDraft || one.State == MeetingScheduled || one.State == MeetingFrozen) {
			open, ahead[one.ID] = append(open, one), true
		}
		return nil
	}); err != nil {
		return err
	}
	for _, one := range open {
		if one.HostTown == id {
			m.meetings = append(m.meetings, one)
		}
		answers, err := t.answers(one.ID)
		if err != nil {
			return err
		}
		for _, r := range answers {
			if r.Town == id {
				m.answers = append(m.answers, r)
			}
		}
	}
	return items().each(t, func(i AgendaItem) error {
		if i.Town == id && (ahead[i.Meeting] || i.State == ItemParked) {
			m.items = append(m.items, i)
		}
		return nil
	})
}

// MergeTowns merges a town into another, which may have no record yet: by stewards. People keep their duties and get a
// place in the town that remains; open actions, applications, answers, items and the hosting of meetings to come go
// there too. What was decided, promised, written or attended before keeps the name of then. Merging the same again
// changes nothing; a merger cannot be taken back.
func (s *Store) MergeTowns(ctx context.Context, by Actor, fromID string, into JoinInput) (Town, error) {
	var to Town
	err := s.update(ctx, "roles", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		from, found, err := t.mergerOf(by, fromID, into)
		if to = found; err != nil || from.State == TownMerged {
			return err
		}
		if to.ID == "" {
			if to, err = t.openTown(joining{TownCode: to.Code}); err != nil {
				return err
			}
		}
		m, err := t.gather(fromID)
		if err != nil {
			return err
		}
		if to.State != TownMember && !from.Welcomed.IsZero() {
			to.State = TownMember
			if to.Welcomed.IsZero() {
				to.Welcomed, to.WelcomedBy = t.now, by.MemberID
			}
		}
		to.Changed = t.now
		from.State, from.MergedInto, from.Merged, from.Changed = TownMerged, to.ID, t.now, t.now
		for _, town := range []Town{from, to} {
			if err := towns().put(t, town); err != nil {
				return err
			}
		}
		if err := m.move(t, by, from, to); err != nil {
			return err
		}
		return t.audit(by, "audit.town_merged", to.ID, map[string]string{"from": from.Name, "town": to.Name})
	})
	return to, err
}

// move writes all that goes to the other town.
func (m *merger) move(t *tx, by Actor, from, to Town) error {
	for _, step := range []func(*tx, Actor, Town, Town) error{m.moveMentoring, m.moveBusiness, m.movePeople, m.moveActions, m.moveMeetings, m.moveAnswers, m.moveUses} {
		if err := step(t, by, from, to); err != nil {
			return err
		}
	}
	for _, i := range m.items {
		i.Town, i.Changed = to.ID, t.now
		if err := items().put(t, i); err != nil {
			return err
		}
	}
	for _, d := range m.threads {
		d.AssignedTown = to.ID
		if err := threads().put(t, d); err != nil {
			return err
		}
	}
	return nil
}

// movePeople ends each place in the old town and opens one in the new one, with the same duty. They are told, and so
// are those who coordinate the new town.
func (m *merger) movePeople(t *tx, by Actor, from, to Town) error {
	hosts, err := t.coordinators(to.ID)
	if err != nil {
		return err
	}
	for _, person := range m.people {
		before, _ := person.Place()
		t.enter(&person, to, before.Coordinator)
		place := &person.Places[len(person.Places)-1]
		place.Duty, place.Welcomed, place.WelcomedBy = before.Duty, before.Welcomed, before.WelcomedBy
		if err := members().put(t, person); err != nil {
			return err
		}
		if before.Coordinator {
			if err := t.roleLine(by, person.ID, RoleCoordinator, from.ID, false); err != nil {
				return err
			}
			if err := t.roleLine(by, person.ID, RoleCoordinator, to.ID, true); err != nil {
				return err
			}
		}
	}
	for _, person := range append(slices.Clone(m.people), hosts...) {
		if person.ID == by.MemberID {
			continue
		}
		err := t.emit(Event{Kind: EventTownMerged, Subject: to.ID, Member: person.ID, By: by.MemberID, Data: map[string]string{"from": from.ID}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) moveActions(t *tx, by Actor, _, to Town) error {
	for _, a := range m.actions {
		a.step(t, by, ActionStep{State: a.State, Town: to.ID, Person: a.Person, Due: a.Due})
		if err := actions().put(t, a); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) moveMeetings(t *tx, _ Actor, _, to Town) error {
	for _, one := range m.meetings {
		one.HostTown = to.ID
		t.step(&one)
		if err := meetings().put(t, one); err != nil {
			return err
		}
	}
	for _, one := range m.series {
		one.Template.HostTown = to.ID
		one.Published = t.now.Truncate(time.Second)
		one.Sequence++
		if err := serieses().put(t, one); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) moveAnswers(t *tx, _ Actor, _, to Town) error {
	for _, r := range m.answers {
		tally, err := t.tally(r.Meeting)
		if err != nil {
			return err
		}
		tally.count(r, -1)
		r.Town = to.ID
		tally.count(r, 1)
		if err := rsvps().put(t, r); err != nil {
			return err
		}
		if err := tallies().put(t, tally); err != nil {
			return err
		}
	}
	return nil
}

// moveUses lets the new town run what the old one ran, which stays there as its past. What both ran counts once.
func (m *merger) moveUses(t *tx, by Actor, from, to Town) error {
	for _, use := range m.uses {
		have, had, err := appUses().find(t, to.ID, use.App)
		if err != nil {
			return err
		}
		next := use
		if had && have.State != UseFormer {
			if have.State == UseRunning || use.State == UseTesting {
				next = have
			}
			next.Experts = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(have.Experts), use.Experts...))))
		}
		next.Town, next.Changed = to.ID, t.now
		for _, change := range []struct {
			use    AppUse
			before UseState
		}{{next, have.State}, {AppUse{Town: from.ID, App: use.App, State: UseFormer, Version: use.Version, Since: use.Since, Hosting: use.Hosting, Host: use.Host,
			Note: use.Note, Began: use.Began, Changed: t.now, By: by.MemberID}, use.State}} {
			app, err := apps().get(t, use.App)
			if err != nil {
				return err
			}
			if err := t.countUse(app, change.before, change.use.State); err != nil {
				return err
			}
			if err := appUses().put(t, change.use); err != nil {
				return err
			}
		}
	}
	for _, one := range m.apps {
		app, err := apps().get(t, one.ID)
		if err != nil {
			return err
		}
		app.Keeper = to.ID
		if err := apps().put(t, app); err != nil {
			return err
		}
	}
	return nil
}
