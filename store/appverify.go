package store

import (
	"fmt"
	"maps"
	"slices"
)

func (v *verification) app(a *App) {
	v.lead(famApp, a.ID, famTown, a.Keeper)
	v.lead(famApp, a.ID, famMember, a.By)
	for _, id := range a.Maintainers {
		v.lead(famApp, a.ID, famMember, id)
	}
	if a.File > 0 {
		v.lead(famApp, a.ID, famAppFile, a.ID+partEnd+fileNumber(a.File))
	}
	v.programs[a.ID] = &App{Running: -a.Running, Testing: -a.Testing}
}

func (v *verification) appUse(u *AppUse) {
	key := u.Town + "/" + u.App
	v.lead(famAppUse, key, famTown, u.Town)
	v.lead(famAppUse, key, famApp, u.App)
	v.lead(famAppUse, key, famProvider, u.Host)
	for _, id := range u.Experts {
		v.lead(famAppUse, key, famMember, id)
	}
	if count := v.programs[u.App]; count != nil {
		switch u.State {
		case UseRunning:
			count.Running++
		case UseTesting:
			count.Testing++
		}
	}
}

// appCounts compares how many towns an application says to have with those that say so.
func (v *verification) appCounts() error {
	for _, id := range slices.Sorted(maps.Keys(v.programs)) {
		if off := v.programs[id]; off.Running != 0 || off.Testing != 0 {
			v.report(Fault{"count", string(famApp) + "/" + id, fmt.Sprintf("counts %d towns too few that run it and %d too few that try it", off.Running, off.Testing)})
		}
	}
	return nil
}

func (v *verification) sisterFeed(f *SisterFeed) {
	v.lead(famSisterFeed, f.Sister+"/"+string(f.Kind), famSister, f.Sister)
}

func (v *verification) appNotice(n *AppNotice) { v.lead(famAppNotice, n.ID, famApp, n.App) }

func (v *verification) noticeAnswer(a *NoticeAnswer) {
	v.lead(famNoticeAnswer, a.Notice+"/"+a.Town, famAppNotice, a.Notice)
	v.lead(famNoticeAnswer, a.Notice+"/"+a.Town, famTown, a.Town)
}

func (v *verification) need(n *Need) {
	v.number(famNeed, "need", 0, n.Number)
	v.lead(famNeed, n.ID, famApp, n.App)
	v.lead(famNeed, n.ID, famTown, n.Town)
	v.pledged[n.ID] += n.Pledged
}

func (v *verification) pledge(p *Pledge) {
	v.lead(famPledge, p.Need+"/"+p.Town, famNeed, p.Need)
	v.lead(famPledge, p.Need+"/"+p.Town, famTown, p.Town)
	v.pledged[p.Need] -= p.Amount
}

// pledgeCounts compares what needs say was pledged with the pledges.
func (v *verification) pledgeCounts() error {
	for id, off := range v.pledged {
		if off != 0 {
			v.report(Fault{"count", string(famNeed) + "/" + id, fmt.Sprintf("counts %d more than was pledged", off)})
		}
	}
	return nil
}

func (v *verification) provider(p *Provider) {
	v.lead(famProvider, p.ID, famTown, p.Town)
	for _, id := range p.People {
		v.lead(famProvider, p.ID, famMember, id)
	}
	for _, id := range p.Apps {
		v.lead(famProvider, p.ID, famApp, id)
	}
}

func (v *verification) reference(r *Reference) {
	v.lead(famReference, r.Provider+"/"+r.Town, famProvider, r.Provider)
	v.lead(famReference, r.Provider+"/"+r.Town, famTown, r.Town)
}

func (v *verification) hosting(o *HostingOffer) {
	v.lead(famHosting, o.ID, famProvider, o.Provider)
	v.hostings[o.ID] += o.Taken
	if o.Taken > o.Places {
		v.report(Fault{"count", string(famHosting) + "/" + o.ID, "has fewer places than towns that have one"})
	}
}

func (v *verification) hostingRequest(r *HostingRequest) {
	v.lead(famHostingRequest, r.ID, famHosting, r.Offer)
	v.lead(famHostingRequest, r.ID, famTown, r.Town)
	v.lead(famHostingRequest, r.ID, famApp, r.App)
	if r.State.holds() {
		v.hostings[r.Offer]--
	}
}

// hostingCounts compares how many places offers say to be taken with the requests that have one.
func (v *verification) hostingCounts() error {
	for id, off := range v.hostings {
		if off != 0 {
			v.report(Fault{"count", string(famHosting) + "/" + id, "does not count the towns that have a place"})
		}
	}
	return nil
}
