package store

import (
	"slices"
	"strings"
)

// host settles where an application of a town runs, from what the town says and what is known: a hosting of the hub that is
// live says it, whatever the form left out, and has to be left before the town may say otherwise. Else the town names a
// provider that is shown, or none.
func (t *tx) host(use *AppUse, had AppUse) error {
	if live, ok, err := t.liveHost(use.Town, use.App); err != nil {
		return err
	} else if ok && use.State != UseFormer {
		if use.Host != "" && use.Host != live.ID || use.Hosting != HostingUnknown && use.Hosting != hostingBy(live) {
			return invalid("host", "app.host_live", "Name", live.Name)
		}
		use.Host, use.Hosting = live.ID, hostingBy(live)
		return nil
	}
	if use.Host == "" {
		return nil
	}
	p, ok, err := providers().find(t, use.Host)
	switch {
	case err != nil:
		return err
	case !ok || p.Hidden && had.Host != p.ID:
		return invalid("host", "invalid.choice")
	case use.Hosting == HostingOwn:
		return invalid("host", "app.host_own")
	}
	use.Hosting = hostingBy(p)
	return nil
}

// hostingBy is where an application runs that a provider hosts.
func hostingBy(p Provider) Hosting {
	if p.Kind == ProviderCompany {
		return HostingCompany
	}
	return HostingShared
}

// liveHost is the provider with which an application of a town is live, if any.
func (t *tx) liveHost(townID, appID string) (Provider, bool, error) {
	all, err := hostingRequests().list(t, famHostingRequestTown, window{Under: []string{townID}, Limit: scanBatch})
	if err != nil {
		return Provider{}, false, err
	}
	for _, r := range slices.Backward(all) {
		if r.App != appID || r.State != HostingLive {
			continue
		}
		o, err := hostingOffers().get(t, r.Offer)
		if err != nil {
			return Provider{}, false, err
		}
		p, err := providers().get(t, o.Provider)
		return p, err == nil, err
	}
	return Provider{}, false, nil
}

// leftHost notes that a town has left its host: it still runs the application, and where is for the town to say.
func (t *tx) leftHost(by Actor, r HostingRequest, o HostingOffer) error {
	use, ok, err := appUses().find(t, r.Town, r.App)
	if err != nil || !ok || use.Host != o.Provider || use.State == UseFormer {
		return err
	}
	use.Host, use.Hosting, use.Changed, use.By = "", HostingUnknown, t.now, by.MemberID
	if live, ok, err := t.liveHost(r.Town, r.App); err != nil {
		return err
	} else if ok {
		use.Host, use.Hosting = live.ID, hostingBy(live)
	}
	return appUses().put(t, use)
}

// hosts are the providers that a town may name as hosts, by name: those that are shown and host, and the one it named.
func (t *tx) hosts(had string) ([]Provider, error) {
	var found []Provider
	err := providers().each(t, func(p Provider) error {
		if p.ID == had || !p.Hidden && slices.Contains(p.Services, "hosting") {
			found = append(found, p)
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b Provider) int { return strings.Compare(sortName(a.Name), sortName(b.Name)) })
	return found, err
}
