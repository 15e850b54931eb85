package store

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"belfry/store/kv"
)

// Fault is something wrong with the records: a rule of the schema that does not hold.
type Fault struct {
	Kind   string // "record", "index", "reference", "count", "key"
	Key    string // where
	Detail string // what, for an operator
}

func (f Fault) String() string {
	return fmt.Sprintf("%s %q: %s", f.Kind, strings.ReplaceAll(f.Key, partEnd, "/"), f.Detail)
}

// verification gathers what the records say, and compares it with what is there.
type verification struct {
	t        *tx
	report   func(Fault)
	records  int
	expected map[string]string // every index entry the records ask for, with its value
	known    map[family]map[string]bool
	later    []func()          // references to tables not read yet
	tallies  map[string]Tally  // as they are kept
	recount  map[string]*Tally // as the answers say
	queues   map[string]map[int64]bool
	given    map[string]map[int]bool // permanent numbers that records carry, by kind and year
	last     map[string]int          // the last one given, as it is kept
	merged   map[string]bool         // towns that are part of another
	results  map[string]string       // an item that says what became of it, by its meeting

	waiting     map[string]int            // requests that were sent and are open, by the town that asks
	learning    map[string]int            // mentorships that are open, by the town that learns
	joined      map[string]bool           // towns into which others were merged
	rooms       map[string]*spoken        // what the messages of each room say
	discussions map[string]*discussion    // what the posts of each thread say
	reacted     map[string]*ReactionTally // what the reactions to each post say
	hostings    map[string]int            // places that each offer counts as taken more than requests have
	pledged     map[string]int            // what each need counts more than was pledged
	programs    map[string]*App           // how many towns are said to use each application
}

// Verify reads every record and index entry: each record decodes and sits under its own key, each index entry belongs
// to a record and none is missing, each reference leads somewhere, each tally equals a recount. Faults are reported;
// the error is for what stopped the verification. It returns how many records were read, and changes nothing. Seats are
// not compared with answers: an organiser may take seats away after they were given.
func (s *Store) Verify(ctx context.Context, report func(Fault)) (records int, err error) {
	err = s.view(ctx, func(t *tx) error {
		v := &verification{t: t, report: report, expected: map[string]string{}, known: map[family]map[string]bool{},
			tallies: map[string]Tally{}, recount: map[string]*Tally{}, queues: map[string]map[int64]bool{},
			merged: map[string]bool{}, given: map[string]map[int]bool{}, last: map[string]int{}, results: map[string]string{},
			discussions: map[string]*discussion{}, reacted: map[string]*ReactionTally{}, programs: map[string]*App{}, pledged: map[string]int{}, hostings: map[string]int{}, waiting: map[string]int{},
			learning: map[string]int{}, joined: map[string]bool{}, rooms: map[string]*spoken{}}
		for _, check := range []func(*verification) error{
			verifyTable(towns(), (*verification).town), verifyTable(members(), (*verification).member),
			verifyTable(credentials(), func(v *verification, c *Credential) { v.lead(famCredential, c.Member, famMember, c.Member) }),
			verifyTable(sessions(), func(v *verification, s *Session) { v.lead(famSession, s.ID, famMember, s.Member) }),
			verifyTable(tickets(), func(v *verification, k *Ticket) { v.lead(famTicket, k.Hash, famMember, k.Member) }),
			verifyTable(attempts(), nil), verifyTable(sentForms(), nil), verifyTable(roleChanges(), (*verification).roleChange),
			verifyTable(skills(), func(v *verification, k *Skill) { v.leadLater(famSkill, k.ID, famSkill, k.Into) }),
			verifyTable(townChanges(), func(v *verification, c *TownChange) { v.lead(famTownChange, c.ID, famTown, c.Town) }),
			verifyTable(serieses(), nil), verifyTable(meetings(), (*verification).meeting),
			verifyTable(rsvps(), (*verification).rsvp), verifyTable(presences(), (*verification).presence),
			verifyTable(tallies(), func(v *verification, t *Tally) { v.tallies[t.Meeting] = *t }),
			verifyTable(items(), (*verification).item),
			verifyTable(revisions(), func(v *verification, r *MinutesRevision) { v.lead(famRevision, r.Meeting, famMinutes, r.Meeting) }),
			verifyTable(minutes(), (*verification).minutes),
			verifyTable(corrections(), func(v *verification, c *Correction) { v.lead(famCorrection, c.ID, famMinutes, c.Meeting) }),
			verifyTable(decisions(), (*verification).decision), verifyTable(actions(), (*verification).action),
			verifyTable(numberings(), func(v *verification, n *Numbering) { v.last[numberingKey(n.Kind, n.Year)] = n.Last }),
			verifyTable(categories(), nil), verifyTable(tags(), nil), verifyTable(threads(), (*verification).thread),
			verifyTable(posts(), (*verification).post), verifyTable(postRevisions(), nil), verifyTable(moves(), nil),
			verifyTable(pendings(), func(v *verification, p *Pending) { v.lead(famPending, p.ID, famMember, p.Member) }),
			verifyTable(searchers(), nil), verifyTable(nodes(), nil), verifyTable(leases(), nil), verifyTable(stales(), nil), verifyTable(senders(), func(v *verification, s *Sender) { v.lead(famSender, s.Hash, famMember, s.Member) }), verifyTable(acts(), func(v *verification, a *Act) { v.lead(famAct, a.ID, famThread, a.Thread) }),
			verifyTable(reports(), func(v *verification, r *Report) { v.lead(famReport, r.ID, famMember, r.By) }),
			verifyTable(reactions(), (*verification).reaction), verifyTable(reactionTallies(), (*verification).reactionTally),
			verifyTable(threadVotes(), (*verification).threadVote), verifyTable(drafts(), nil), verifyTable(readings(), (*verification).reading),
			verifyTable(profiles(), nil), verifyTable(follows(), nil), (*verification).threadCounts,
			verifyTable(apps(), (*verification).app), verifyTable(appFiles(), func(v *verification, f *AppFile) { v.lead(famAppFile, f.App, famApp, f.App) }), verifyTable(appUses(), (*verification).appUse), (*verification).appCounts,
			verifyTable(appNotices(), (*verification).appNotice), verifyTable(noticeAnswers(), (*verification).noticeAnswer),
			verifyTable(needs(), (*verification).need), verifyTable(pledges(), (*verification).pledge), (*verification).pledgeCounts,
			verifyTable(providers(), (*verification).provider), verifyTable(references(), (*verification).reference),
			verifyTable(hostingOffers(), (*verification).hosting), verifyTable(hostingRequests(), (*verification).hostingRequest), (*verification).hostingCounts,
			verifyTable(mentorRules(), nil), verifyTable(mentorRequests(), (*verification).mentorRequest),
			verifyTable(mentorships(), (*verification).mentorship), verifyTable(checkIns(), (*verification).checkIn), (*verification).mentorships,
			verifyTable(sisters(), nil), verifyTable(sisterFeeds(), (*verification).sisterFeed),
			verifyTable(rooms(), (*verification).room), verifyTable(messages(), (*verification).message), verifyTable(roomLogs(), (*verification).roomLog),
			verifyTable(roomMembers(), func(v *verification, m *RoomMember) { v.lead(famRoomMember, m.Room+"/"+m.Member, famMember, m.Member) }),
			verifyTable(messageRevisions(), func(v *verification, r *MessageRevision) {
				v.lead(famMessageRevision, r.Room, famMessage, r.Room+partEnd+messageNumber(r.Number))
			}), (*verification).roomCounts,
			verifyTable(feeds(), func(v *verification, f *FeedLink) { v.lead(famFeed, f.ID, famMember, f.Member) }),
			verifyTable(audits(), nil), verifyTable(events(), nil), verifyTable(mails(), nil),
			(*verification).papers, (*verification).references, (*verification).keys, (*verification).counts, (*verification).numbers, (*verification).published, (*verification).meta,
		} {
			if err := check(v); err != nil {
				return err
			}
		}
		records = v.records
		return nil
	})
	return records, err
}

// verifyTable decodes a table's records, notes the index entries they ask for, and visits those that can be read.
func verifyTable[T any](tb *table[T], visit func(*verification, *T)) func(*verification) error {
	return func(v *verification) error {
		known, prefix := map[string]bool{}, tb.family.prefix()
		v.known[tb.family] = known
		return v.scan(kv.Prefix(prefix), func(pair kv.Pair) {
			v.records++
			primary := string(pair.Key[len(prefix):])
			known[primary] = true
			record, err := decode[T](v.t, pair.Value)
			if err != nil {
				v.report(Fault{"record", string(pair.Key), "cannot be read: " + err.Error()})
				return
			}
			if own := strings.Join(tb.key(&record), partEnd); own != primary {
				v.report(Fault{"record", string(pair.Key), fmt.Sprintf("says that its key is %q", strings.ReplaceAll(own, partEnd, "/"))})
				return
			}
			for i := range tb.indexes {
				ix := &tb.indexes[i]
				for _, entry := range ix.parts(&record) {
					value := ""
					if ix.unique {
						value = primary
					}
					v.expected[string(ix.entry(entry, tb.key(&record)))] = value
				}
			}
			if visit != nil {
				visit(v, &record)
			}
		})
	}
}

func (v *verification) scan(r kv.Range, visit func(kv.Pair)) error {
	for {
		pairs, err := v.t.Scan(r, scanBatch)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			visit(pair)
		}
		if len(pairs) < scanBatch {
			return nil
		}
		r.From = append(bytes.Clone(pairs[len(pairs)-1].Key), 0)
	}
}

// keys compares the index entries that are there with those that should be.
func (v *verification) keys() error {
	err := v.scan(kv.Range{}, func(pair kv.Pair) {
		name, _, _ := strings.Cut(string(pair.Key), "/")
		f := family(name)
		if f == famMeta || v.known[f] != nil {
			return
		}
		value, ok := v.expected[string(pair.Key)]
		switch {
		case v.known[f.record()] == nil:
			v.report(Fault{"key", string(pair.Key), "belongs to no family of the schema"})
		case !ok:
			v.report(Fault{"index", string(pair.Key), "points to no record that has it"})
		case value != string(pair.Value):
			v.report(Fault{"index", string(pair.Key), "points to another record"})
		}
		delete(v.expected, string(pair.Key))
	})
	for _, key := range slices.Sorted(maps.Keys(v.expected)) {
		v.report(Fault{"index", key, "is missing"})
	}
	return err
}

// lead reports a reference that leads nowhere; an empty one is none.
func (v *verification) lead(from family, key string, to family, id string) {
	if id == "" {
		return
	}
	if v.known[to] == nil {
		v.later = append(v.later, func() { v.lead(from, key, to, id) })
		return
	}
	if !v.known[to][id] {
		v.report(Fault{"reference", string(from) + "/" + key, fmt.Sprintf("names %s %s, which is not there", to, strings.ReplaceAll(id, partEnd, "/"))})
	}
}

// leadLater is lead for references inside a table, not all of which is read yet.
func (v *verification) leadLater(from family, key string, to family, id string) {
	v.later = append(v.later, func() { v.lead(from, key, to, id) })
}

// references follows the references to tables that had not been read when they were met.
func (v *verification) references() error {
	for _, follow := range v.later {
		follow()
	}
	return nil
}

func (v *verification) town(t *Town) {
	v.lead(famTown, t.ID, famMember, t.WelcomedBy)
	v.lead(famTown, t.ID, famMember, t.Profile.ConfirmedBy)
	for _, id := range slices.Concat(t.Profile.Teaches, t.Profile.Needs) {
		v.lead(famTown, t.ID, famSkill, id)
	}
	if (t.State == TownMerged) != (t.MergedInto != "") {
		v.report(Fault{"record", string(famTown) + "/" + t.ID, fmt.Sprintf("is %s and merged into %q", t.State, t.MergedInto)})
	}
	if id, into := t.ID, t.MergedInto; into != "" {
		v.merged[id], v.joined[into] = true, true
		v.later = append(v.later, func() { v.lead(famTown, id, famTown, into) })
	}
}

func (v *verification) member(m *Member) {
	for _, place := range m.Places {
		v.lead(famMember, m.ID, famTown, place.Town)
		v.leadLater(famMember, m.ID, famMember, place.WelcomedBy)
	}
	for _, id := range m.Skills {
		v.lead(famMember, m.ID, famSkill, id)
	}
	if town := m.TownID(); v.merged[town] {
		v.report(Fault{"reference", string(famMember) + "/" + m.ID, "acts for town " + town + ", which was merged into another"})
	}
}

func (v *verification) roleChange(c *RoleChange) {
	v.lead(famRoleChange, c.ID, famMember, c.Member)
	v.lead(famRoleChange, c.ID, famTown, c.Town)
}

func (v *verification) meeting(m *Meeting) {
	v.lead(famMeeting, m.ID, famSeries, m.Series)
	v.lead(famMeeting, m.ID, famTown, m.HostTown)
}

func (v *verification) rsvp(r *RSVP) {
	key := r.Meeting + "/" + r.Member
	v.lead(famRSVP, key, famMeeting, r.Meeting)
	v.lead(famRSVP, key, famMember, r.Member)
	v.lead(famRSVP, key, famTown, r.Town)
	if v.recount[r.Meeting] == nil {
		v.recount[r.Meeting], v.queues[r.Meeting] = &Tally{}, map[int64]bool{}
	}
	v.recount[r.Meeting].count(*r, 1)
	if !r.Waiting {
		return
	}
	if v.queues[r.Meeting][r.Queue] {
		v.report(Fault{"count", string(famRSVPWaiting) + "/" + r.Meeting, fmt.Sprintf("two answers have place %d in the queue", r.Queue)})
	}
	v.queues[r.Meeting][r.Queue] = true
}

func (v *verification) item(i *AgendaItem) {
	if i.Outcome != "" {
		v.lead(famItem, i.ID, famMinutes, i.Meeting)
		v.results[i.Meeting] = i.ID
	}
	v.lead(famItem, i.ID, famMeeting, i.Meeting)
	v.lead(famItem, i.ID, famMember, i.Owner)
	v.lead(famItem, i.ID, famTown, i.Town)
	v.lead(famItem, i.ID, famApp, i.App)
	v.leadLater(famItem, i.ID, famItem, i.Next)
}

func (v *verification) minutes(m *Minutes) {
	v.lead(famMinutes, m.Meeting, famMeeting, m.Meeting)
	for n := 1; n <= m.Revision; n++ {
		v.lead(famMinutes, m.Meeting, famRevision, m.Meeting+partEnd+fmt.Sprintf("%06d", n))
	}
	if m.Published > m.Revision {
		v.report(Fault{"reference", string(famMinutes) + "/" + m.Meeting, fmt.Sprintf("publishes revision %d of %d", m.Published, m.Revision)})
	}
}

// counts compares every tally with a recount of the answers.
func (v *verification) counts() error {
	for id := range v.tallies {
		if v.recount[id] == nil {
			v.recount[id] = &Tally{}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.recount)) {
		kept, real := v.tallies[id], *v.recount[id]
		if !kept.equal(real) {
			v.report(Fault{"count", string(famRSVPTally) + "/" + id, "counts " + kept.words() + "; the answers say " + real.words()})
		}
	}
	return nil
}

func (t Tally) words() string {
	return fmt.Sprintf("%d on site, %d online, %d maybe, %d no, %d waiting, from %d towns", t.OnSite, t.Online, t.Maybe, t.No, t.Waiting, len(t.Towns))
}

// meta looks for what the program itself cannot do without.
func (v *verification) meta() error {
	_, ok, err := v.t.Get(famMeta.key("secret"))
	if err == nil && !ok {
		v.report(Fault{"record", string(famMeta.key("secret")), "the server's secret is missing"})
	}
	return err
}
