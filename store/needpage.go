package store

import (
	"context"
	"slices"
)

// NeedRow is a need in a list.
type NeedRow struct {
	Need  Need
	State NeedState // today
	App   App
	Town  Town
	Towns int // that pledged
}

// NeedPage is one need with its pledges, the largest first.
type NeedPage struct {
	NeedRow
	By      Member
	Pledges []PledgeRow
	People  map[string]Member // of the steps
	MayTend bool
	MayGive bool // the reader's town may pledge
	Mine    Pledge
}

// PledgeRow is a pledge with its town.
type PledgeRow struct {
	Pledge Pledge
	Town   Town
}

// maxPledges bounds how many pledges of a need are read.
const maxPledges = 5_000

func (t *tx) needRow(n Need) (NeedRow, []Pledge, error) {
	row := NeedRow{Need: n, State: n.StateOn(t.now.Format(civilDate))}
	var err error
	if row.App, _, err = apps().find(t, n.App); err != nil {
		return row, nil, err
	}
	if row.Town, _, err = towns().find(t, n.Town); err != nil {
		return row, nil, err
	}
	given, err := pledges().under(t, window{Under: []string{n.ID}, Limit: maxPledges})
	row.Towns = len(given)
	return row, given, err
}

// NeedByNumber reads a need's page. It is public.
func (s *Store) NeedByNumber(ctx context.Context, by Actor, number int) (NeedPage, error) {
	var p NeedPage
	err := s.view(ctx, func(t *tx) error {
		n, err := needs().lookup(t, famNeedNumber, threadNumber(number))
		if err != nil {
			return err
		}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		row, given, err := t.needRow(n)
		if err != nil {
			return err
		}
		p = NeedPage{NeedRow: row}
		if p.By, _, err = members().find(t, n.By); err != nil {
			return err
		}
		var townIDs, people []string
		for _, one := range given {
			townIDs = append(townIDs, one.Town)
		}
		for _, step := range n.Steps {
			people = append(people, step.By)
		}
		if p.People, err = members().many(t, people); err != nil {
			return err
		}
		places, err := towns().many(t, townIDs)
		if err != nil {
			return err
		}
		for _, one := range given {
			p.Pledges = append(p.Pledges, PledgeRow{one, places[one.Town]})
			if one.Town == reader.TownID() {
				p.Mine = one
			}
		}
		slices.SortStableFunc(p.Pledges, func(a, b PledgeRow) int { return b.Pledge.Amount - a.Pledge.Amount })
		open := (row.State == NeedOpen || row.State == NeedReached) && t.now.Format(civilDate) <= n.Deadline
		p.MayGive = open && reader.TownID() != "" && mayEditTown(reader, reader.TownID())
		p.MayTend, err = t.mayTend(reader, n)
		return err
	})
	return p, err
}

// Needs lists needs, the newest first, of one application when its id is given; at most limit from skip on. It is public.
func (s *Store) Needs(ctx context.Context, appID string, skip, limit int) (rows []NeedRow, total int, err error) {
	err = s.view(ctx, func(t *tx) error {
		rows, total = nil, 0
		ix, w := famNeedNumber, window{Reverse: true, Limit: maxApps}
		if appID != "" {
			ix, w.Under = famNeedApp, []string{appID}
		}
		all, err := needs().list(t, ix, w)
		if err != nil {
			return err
		}
		total = len(all)
		for _, n := range all[min(skip, total):min(skip+limit, total)] {
			row, _, err := t.needRow(n)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, total, err
}

// NeedAudience reads a need and who hears of it: the coordinators of the towns that pledged, and who asked.
func (s *Store) NeedAudience(ctx context.Context, id string) (n Need, audience []Member, err error) {
	err = s.view(ctx, func(t *tx) error {
		audience = nil
		var err error
		if n, err = needs().get(t, id); err != nil {
			return err
		}
		given, err := pledges().under(t, window{Under: []string{id}, Limit: maxPledges})
		if err != nil {
			return err
		}
		asked, ok, err := members().find(t, n.By)
		if err != nil {
			return err
		}
		if ok && asked.State == MemberActive {
			audience = append(audience, asked)
		}
		for _, one := range given {
			people, err := t.coordinators(one.Town)
			if err != nil {
				return err
			}
			for _, m := range people {
				if !slices.ContainsFunc(audience, func(had Member) bool { return had.ID == m.ID }) {
					audience = append(audience, m)
				}
			}
		}
		return nil
	})
	return n, audience, err
}
