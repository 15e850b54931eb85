package store

import (
	"bytes"
	"context"
	"fmt"
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
}

// Verify reads every record and index entry: each record decodes and sits under its own key, each index entry belongs
// to a record and none is missing, each reference leads somewhere, each tally equals a recount. Faults are reported;
// the error is for what stopped the verification. It returns how many records were read.
func (s *Store) Verify(ctx context.Context, report func(Fault)) (records int, err error) {
	err = s.view(ctx, func(t *tx) error {
		v := &verification{t: t, report: report, expected: map[string]string{}, known: map[family]map[string]bool{}}
		for _, check := range []func(*verification) error{
			verifyTable(members()), verifyTable(credentials()), verifyTable(sessions()), verifyTable(tickets()), verifyTable(attempts()),
			verifyTable(roleChanges()), verifyTable(towns()), verifyTable(serieses()), verifyTable(meetings()), verifyTable(rsvps()),
			verifyTable(tallies()), verifyTable(items()), verifyTable(minutes()), verifyTable(revisions()), verifyTable(feeds()),
			verifyTable(audits()), verifyTable(events()), verifyTable(mails()),
			(*verification).keys, (*verification).references, (*verification).counts,
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

// verifyTable decodes a table's records and notes the index entries they ask for.
func verifyTable[T any](tb *table[T]) func(*verification) error {
	return func(v *verification) error {
		v.known[tb.family] = map[string]bool{}
		return v.scan(kv.Prefix(tb.family.prefix()), func(pair kv.Pair) {
			v.records++
			record, err := decode[T](pair.Value)
			if err != nil {
				v.report(Fault{"record", string(pair.Key), err.Error()})
				return
			}
			parts := tb.key(&record)
			if own := tb.family.key(parts...); !bytes.Equal(own, pair.Key) {
				v.report(Fault{"record", string(pair.Key), fmt.Sprintf("says its key is %q", own)})
			}
			primary := strings.Join(parts, partEnd)
			v.known[tb.family][primary] = true
			for i := range tb.indexes {
				ix := &tb.indexes[i]
				for _, entry := range ix.parts(&record) {
					value := ""
					if ix.unique {
						value = primary
					}
					v.expected[string(ix.entry(entry, primary))] = value
				}
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
	for key := range v.expected {
		v.report(Fault{"index", key, "is missing"})
	}
	return err
}

// lead reports a reference that leads nowhere; an empty one is none.
func (v *verification) lead(from family, key string, to family, id string) {
	if id != "" && !v.known[to][id] {
		v.report(Fault{"reference", string(from) + "/" + key, fmt.Sprintf("names %s %s, which is not there", to, id)})
	}
}

// references follows what records say of each other.
func (v *verification) references() error {
	checks := []func() error{
		func() error {
			return members().each(v.t, func(m Member) error {
				for _, place := range m.Places {
					v.lead(famMember, m.ID, famTown, place.Town)
				}
				return nil
			})
		},
		func() error {
			return sessions().each(v.t, func(s Session) error { v.lead(famSession, s.ID, famMember, s.Member); return nil })
		},
		func() error {
			return meetings().each(v.t, func(m Meeting) error {
				v.lead(famMeeting, m.ID, famSeries, m.Series)
				v.lead(famMeeting, m.ID, famTown, m.HostTown)
				return nil
			})
		},
		func() error {
			return rsvps().each(v.t, func(r RSVP) error {
				v.lead(famRSVP, r.Meeting, famMeeting, r.Meeting)
				v.lead(famRSVP, r.Member, famMember, r.Member)
				v.lead(famRSVP, r.Member, famTown, r.Town)
				return nil
			})
		},
		func() error {
			return items().each(v.t, func(i AgendaItem) error {
				v.lead(famItem, i.ID, famMeeting, i.Meeting)
				v.lead(famItem, i.ID, famMember, i.Owner)
				return nil
			})
		},
		func() error {
			return minutes().each(v.t, func(m Minutes) error {
				v.lead(famMinutes, m.Meeting, famMeeting, m.Meeting)
				for n := 1; n <= m.Revision; n++ {
					v.lead(famMinutes, m.Meeting, famRevision, m.Meeting+partEnd+fmt.Sprintf("%06d", n))
				}
				return nil
			})
		},
		func() error {
			return feeds().each(v.t, func(f FeedLink) error { v.lead(famFeed, f.ID, famMember, f.Member); return nil })
		},
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// counts compares every tally with a recount, and every room with its seats.
func (v *verification) counts() error {
	recount := map[string]*Tally{}
	places := map[string][]int64{}
	err := rsvps().each(v.t, func(r RSVP) error {
		if recount[r.Meeting] == nil {
			recount[r.Meeting] = &Tally{}
		}
		recount[r.Meeting].count(r, 1)
		if r.Waiting {
			places[r.Meeting] = append(places[r.Meeting], r.Queue)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, queue := range places {
		slices.Sort(queue)
		if len(slices.Compact(slices.Clone(queue))) != len(queue) {
			v.report(Fault{"count", string(famRSVPWaiting) + "/" + id, "two answers have the same place in the queue"})
		}
	}
	return meetings().each(v.t, func(m Meeting) error {
		kept, err := v.t.tally(m.ID)
		if err != nil {
			return err
		}
		real := recount[m.ID]
		if real == nil {
			real = &Tally{}
		}
		if !kept.equal(*real) {
			v.report(Fault{"count", string(famRSVPTally) + "/" + m.ID, fmt.Sprintf("counts %+v, the answers say %+v", kept, *real)})
		}
		return nil
	})
}
