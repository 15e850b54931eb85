package store

import (
	"context"
	"slices"
	"time"
)

// PriceRule is how the price of hosting is counted.
type PriceRule string

const (
	PriceFlat       PriceRule = "flat"       // Cents for a month
	PriceInhabitant PriceRule = "inhabitant" // Cents for each inhabitant and year
)

// HostingOffer is room on a provider's machines for a number of towns.
type HostingOffer struct {
	ID       string    `json:"id"`
	Provider string    `json:"provider"`
	Title    string    `json:"title"`
	Lang     string    `json:"lang"`
	Apps     []string  `json:"apps,omitzero"` // ids
	Places   int       `json:"places"`
	Taken    int       `json:"taken,omitzero"` // by towns that were agreed with and have not left
	Rule     PriceRule `json:"rule"`
	Cents    int       `json:"cents"`
	Location string    `json:"location"` // of the data
	Backup   string    `json:"backup"`
	Exit     string    `json:"exit"` // how a town leaves, and with what
	Closed   bool      `json:"closed,omitzero"`
	Changed  time.Time `json:"changed"`
}

// Left is how many places nobody has.
func (o HostingOffer) Left() int { return max(0, o.Places-o.Taken) }

// CentsAYear is what a town of so many inhabitants pays for a year.
func (o HostingOffer) CentsAYear(population int) int {
	if o.Rule == PriceInhabitant {
		return o.Cents * population
	}
	return 12 * o.Cents
}

func hostingOffers() *table[HostingOffer] {
	return &table[HostingOffer]{
		family: famHosting,
		key:    func(o *HostingOffer) []string { return []string{o.ID} },
		indexes: []index[HostingOffer]{
			{family: famHostingProvider, parts: func(o *HostingOffer) [][]string { return [][]string{{o.Provider}} }},
		},
	}
}

// HostingState is where a town's request stands.
type HostingState string

const (
	HostingAsked     HostingState = "asked"
	HostingAgreed    HostingState = "agreed" // has a place from here on
	HostingPreparing HostingState = "preparing"
	HostingLive      HostingState = "live"
	HostingLeft      HostingState = "left"
	HostingRefused   HostingState = "refused"
	HostingWithdrawn HostingState = "withdrawn"
)

// holds says whether a request in this state has a place.
func (s HostingState) holds() bool {
	return s == HostingAgreed || s == HostingPreparing || s == HostingLive
}

// Over says whether nothing more comes.
func (s HostingState) Over() bool {
	return s == HostingLeft || s == HostingRefused || s == HostingWithdrawn
}

// HostingRequest is a town's wish to be hosted, and its way until it is live and until it leaves.
type HostingRequest struct {
	ID    string        `json:"id"`
	Offer string        `json:"offer"`
	Town  string        `json:"town"`
	App   string        `json:"app"`
	State HostingState  `json:"state"`
	Steps []HostingStep `json:"steps"` // oldest first
	By    string        `json:"by,omitzero"`
	At    time.Time     `json:"at"`
}

// HostingStep is one change of a request.
type HostingStep struct {
	State HostingState `json:"state"`
	At    time.Time    `json:"at"`
	By    string       `json:"by,omitzero"`
	Note  string       `json:"note,omitzero"`
}

func hostingRequests() *table[HostingRequest] {
	return &table[HostingRequest]{
		family: famHostingRequest,
		key:    func(r *HostingRequest) []string { return []string{r.ID} },
		indexes: []index[HostingRequest]{
			{family: famHostingRequestOffer, parts: func(r *HostingRequest) [][]string { return [][]string{{r.Offer}} }},
			{family: famHostingRequestTown, parts: func(r *HostingRequest) [][]string { return [][]string{{r.Town}} }},
		},
	}
}

// HostingInput is what a provider says about an offer.
type HostingInput struct {
	Title, Lang            string
	Apps                   []string
	Places, Cents          int
	Rule                   PriceRule
	Location, Backup, Exit string
	Closed                 bool
}

// SaveHosting makes an offer, with id "", or changes one: by those who act for the provider. There are never fewer places
// than towns that have one.
func (s *Store) SaveHosting(ctx context.Context, by Actor, providerID, id string, in HostingInput) (HostingOffer, error) {
	var c check
	in.Title = c.required("title", in.Title, MaxTitle)
	in.Lang = oneOf(&c, "lang", in.Lang, Languages()...)
	in.Rule = oneOf(&c, "rule", in.Rule, PriceFlat, PriceInhabitant)
	c.between("places", in.Places, 1, 10_000)
	c.between("price", in.Cents, 0, 10_000_000)
	in.Location, in.Backup, in.Exit = c.required("location", in.Location, MaxLine), c.required("backup", in.Backup, MaxLine), c.required("exit", in.Exit, MaxLine)
	if len(in.Apps) == 0 {
		c.add("apps", "invalid.required")
	}
	var o HostingOffer
	if err := c.err(); err != nil {
		return o, err
	}
	err := s.update(ctx, "hosting/"+id, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if err := t.provides(by, providerID); err != nil {
			return err
		}
		o = HostingOffer{Provider: providerID}
		var err error
		if id != "" {
			if o, err = hostingOffers().get(t, id); err != nil || o.Provider != providerID {
				return notFound()
			}
		} else if o.ID, err = t.newID(); err != nil {
			return err
		}
		if in.Places < o.Taken {
			return invalid("places", "hosting.taken", "Taken", o.Taken)
		}
		programs, err := apps().many(t, in.Apps)
		if err != nil {
			return err
		}
		for _, one := range in.Apps {
			if programs[one].ID == "" {
				return invalid("apps", "app.unknown")
			}
		}
		o.Title, o.Lang, o.Apps, o.Places, o.Rule, o.Cents, o.Closed = in.Title, in.Lang, in.Apps, in.Places, in.Rule, in.Cents, in.Closed
		o.Location, o.Backup, o.Exit, o.Changed = in.Location, in.Backup, in.Exit, t.now
		return hostingOffers().put(t, o)
	})
	return o, err
}

// provides asks whether the acting member acts for a provider.
func (t *tx) provides(by Actor, providerID string) error {
	var who Member
	if !by.system {
		var err error
		if who, err = t.member(by); err != nil {
			return err
		}
	}
	p, err := providers().get(t, providerID)
	if err == nil && !by.system && !mayProvide(who, p) {
		err = denied("provider.not_yours")
	}
	return err
}

// AskHosting asks for a place for an application of a town: by its coordinators. The same wish again is the one there is.
func (s *Store) AskHosting(ctx context.Context, by Actor, offerID, townID, appID, note string) (HostingRequest, error) {
	var c check
	note = c.text("note", note, MaxText)
	var r HostingRequest
	if err := c.err(); err != nil {
		return r, err
	}
	err := s.update(ctx, "hosting/"+offerID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if err := t.requireTown(by, townID, mayEditTown); err != nil {
			return err
		}
		o, err := hostingOffers().get(t, offerID)
		if err != nil {
			return err
		}
		town, err := towns().get(t, townID)
		if err != nil {
			return err
		}
		if p, err := providers().get(t, o.Provider); err != nil || p.Hidden {
			return notFound()
		}
		if town.State != TownMember {
			return conflict("app.town_joining")
		}
		if !slices.Contains(o.Apps, appID) {
			return invalid("app", "invalid.choice")
		}
		if o.Closed {
			return conflict("hosting.closed")
		}
		mine, err := hostingRequests().list(t, famHostingRequestTown, window{Under: []string{townID}, Limit: scanBatch})
		if err != nil {
			return err
		}
		for _, had := range mine {
			if had.Offer == offerID && had.App == appID && !had.State.Over() {
				r = had
				return nil
			}
		}
		r = HostingRequest{Offer: offerID, Town: townID, App: appID, By: by.MemberID, At: t.now}
		if r.ID, err = t.newID(); err != nil {
			return err
		}
		return t.hostingStep(by, &r, o, HostingAsked, note)
	})
	return r, err
}

// MoveHosting brings a request one step further: agreed, preparing, live or refused by those who act for the provider,
// withdrawn by the town, left by either once it has a place. Agreeing takes a place; without one it is Full, and nothing
// changes. What is live is what the town runs.
func (s *Store) MoveHosting(ctx context.Context, by Actor, id string, to HostingState, note string) (HostingRequest, error) {
	var c check
	note = c.text("note", note, MaxText)
	var r HostingRequest
	if err := c.err(); err != nil {
		return r, err
	}
	err := s.update(ctx, "hosting", func(t *tx) error {
		var err error
		if r, err = hostingRequests().get(t, id); err != nil {
			return err
		}
		o, err := hostingOffers().get(t, r.Offer)
		if err != nil {
			return err
		}
		providing, asking, err := t.hostingSides(by, r, o)
		if err != nil {
			return err
		}
		if !providing && !asking {
			return notFound()
		}
		if r.State == to {
			return nil
		}
		from := map[HostingState][]HostingState{HostingAgreed: {HostingAsked}, HostingPreparing: {HostingAgreed}, HostingLive: {HostingAgreed, HostingPreparing},
			HostingRefused: {HostingAsked}, HostingWithdrawn: {HostingAsked, HostingAgreed, HostingPreparing}, HostingLeft: {HostingLive}}[to]
		if !slices.Contains(from, r.State) {
			return conflict("hosting.not_now")
		}
		if mine := map[HostingState]bool{HostingWithdrawn: asking, HostingLeft: true}; !mine[to] && !providing {
			return denied("provider.not_yours")
		}
		if to.holds() && !r.State.holds() {
			if o.Left() == 0 {
				return fail(Full, "hosting.full")
			}
			o.Taken++
		} else if !to.holds() && r.State.holds() {
			o.Taken--
		}
		if err := hostingOffers().put(t, o); err != nil {
			return err
		}
		if to == HostingLive {
			if err := t.hosted(by, r, o); err != nil {
				return err
			}
		}
		if err := t.hostingStep(by, &r, o, to, note); err != nil || to != HostingLeft {
			return err
		}
		return t.leftHost(by, r, o)
	})
	return r, err
}

// hosted notes that a town runs what is hosted for it; the town of today, whatever it was when it asked.
func (t *tx) hosted(by Actor, r HostingRequest, o HostingOffer) error {
	app, err := apps().get(t, r.App)
	if err != nil {
		return err
	}
	if r.Town, err = t.townIDNow(r.Town); err != nil {
		return err
	}
	use, had, err := appUses().find(t, r.Town, r.App)
	if err != nil {
		return err
	}
	before := use.State
	if !had {
		use = AppUse{Town: r.Town, App: r.App, Began: t.now, Since: t.now.Format("2006-01")}
	}
	p, err := providers().get(t, o.Provider)
	if err != nil {
		return err
	}
	use.State, use.Hosting, use.Host, use.Changed, use.By = UseRunning, hostingBy(p), o.Provider, t.now, by.MemberID
	if err := t.countUse(app, before, use.State); err != nil {
		return err
	}
	return appUses().put(t, use)
}

// hostingSides says on which side of a request the acting member is: both for stewards.
func (t *tx) hostingSides(by Actor, r HostingRequest, o HostingOffer) (providing, asking bool, err error) {
	if by.system {
		return true, true, nil
	}
	who, err := t.reader(by)
	if err != nil {
		return false, false, err
	}
	p, err := providers().get(t, o.Provider)
	return mayProvide(who, p), mayEditTown(who, r.Town), err
}

// hostingStep writes a step of a request, and tells the other side; the stewards what a town says to a provider that nobody
// acts for.
func (t *tx) hostingStep(by Actor, r *HostingRequest, o HostingOffer, to HostingState, note string) error {
	r.State = to
	r.Steps = append(slices.Clone(r.Steps), HostingStep{State: to, At: t.now, By: by.MemberID, Note: note})
	if err := hostingRequests().put(t, *r); err != nil {
		return err
	}
	p, err := providers().get(t, o.Provider)
	if err != nil {
		return err
	}
	told, err := t.providing(p)
	if err != nil {
		return err
	}
	stewards := map[string]bool{}
	if len(told) == 0 && (to == HostingAsked || to == HostingWithdrawn || to == HostingLeft) {
		if told, err = t.stewards(); err != nil {
			return err
		}
		for _, m := range told {
			stewards[m.ID] = true
		}
	}
	people, err := t.coordinators(r.Town)
	if err != nil {
		return err
	}
	for _, m := range people {
		if !slices.ContainsFunc(told, func(had Member) bool { return had.ID == m.ID }) {
			told = append(told, m)
		}
	}
	for _, m := range told {
		if m.ID == by.MemberID {
			continue
		}
		e := Event{Kind: EventHosting, Subject: r.ID, Member: m.ID, By: by.MemberID, Data: map[string]string{"state": string(to), "note": note}}
		if stewards[m.ID] {
			e.Data["nobody"] = p.Name
		}
		if err := t.emit(e); err != nil {
			return err
		}
	}
	return nil
}
