package store

import "cmp"

// moveBusiness lets what a town agreed on with others go on with the town that remains: its places on somebody's machines,
// its contracts, the needs it spoke of and what it pledged to them while they are open, and the services that it offers.
func (m *merger) moveBusiness(t *tx, _ Actor, from, to Town) error {
	for _, step := range []func(from, to Town) error{t.moveHostings, t.moveProviders, t.moveReferences, t.movePledges} {
		if err := step(from, to); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) moveHostings(from, to Town) error {
	var open []HostingRequest
	err := hostingRequests().every(t, famHostingRequestTown, from.ID, func(r HostingRequest) {
		if !r.State.Over() {
			open = append(open, r)
		}
	})
	if err != nil {
		return err
	}
	for _, r := range open {
		r.Town = to.ID
		if err := hostingRequests().put(t, r); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) moveProviders(from, to Town) error {
	return providers().each(t, func(p Provider) error {
		if p.Town != from.ID {
			return nil
		}
		p.Town = to.ID
		if p.Kind == ProviderTown { // nobody confirms oneself
			had, ok, err := references().find(t, p.ID, to.ID)
			if err != nil {
				return err
			}
			if ok {
				if err := t.putReference(had, p); err != nil {
					return err
				}
			}
		}
		return providers().put(t, p)
	})
}

// moveReferences makes one of what both towns said about a provider: the public words, and the contract that ends first.
func (t *tx) moveReferences(from, to Town) error {
	var all []Reference
	if err := references().every(t, famReferenceTown, from.ID, func(r Reference) { all = append(all, r) }); err != nil {
		return err
	}
	for _, r := range all {
		if err := references().remove(t, r.Provider, r.Town); err != nil {
			return err
		}
		r.Town = to.ID
		had, ok, err := references().find(t, r.Provider, to.ID)
		if err != nil {
			return err
		}
		if ok {
			r = had.with(r)
		}
		p, err := providers().get(t, r.Provider)
		if err != nil {
			return err
		}
		if err := t.putReference(r, p); err != nil {
			return err
		}
	}
	return nil
}

// with is a reference and another one of the same town.
func (r Reference) with(other Reference) Reference {
	kept := r
	if other.Public && !r.Public {
		kept = other
	}
	first := r
	if r.Ends == "" || other.Ends != "" && other.Ends < r.Ends {
		first = other
	}
	kept.Ends, kept.Reminded = first.Ends, first.Reminded
	return kept
}

// putReference writes a reference. A town that is the provider keeps no more than the end of its contract.
func (t *tx) putReference(r Reference, p Provider) error {
	if p.Kind == ProviderTown && p.Town == r.Town {
		r.Public, r.Words = false, ""
	}
	if !r.Public && r.Ends == "" {
		return references().remove(t, r.Provider, r.Town)
	}
	return references().put(t, r)
}

// movePledges adds what a town pledged to what the other did, where it can still be changed; the sums stay.
func (t *tx) movePledges(from, to Town) error {
	lives := func(n Need) bool {
		state := n.StateOn(t.now.Format(civilDate))
		return state == NeedOpen || state == NeedReached
	}
	var given []Pledge
	if err := pledges().every(t, famPledgeTown, from.ID, func(p Pledge) { given = append(given, p) }); err != nil {
		return err
	}
	for _, p := range given {
		n, err := needs().get(t, p.Need)
		if err != nil {
			return err
		}
		if !lives(n) {
			continue
		}
		had, _, err := pledges().find(t, p.Need, to.ID)
		if err != nil {
			return err
		}
		if err := pledges().remove(t, p.Need, p.Town); err != nil {
			return err
		}
		p.Town, p.Amount, p.Note = to.ID, p.Amount+had.Amount, cmp.Or(had.Note, p.Note)
		if err := pledges().put(t, p); err != nil {
			return err
		}
	}
	return needs().each(t, func(n Need) error {
		if n.Town != from.ID || !lives(n) {
			return nil
		}
		n.Town = to.ID
		return needs().put(t, n)
	})
}
