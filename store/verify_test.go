package store_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// furnish makes a community with a record of every kind that others refer to.
func furnish(t *testing.T) *storetest.Hub {
	t.Helper()
	ctx, h := context.Background(), storetest.Open(t)
	lena, jef, zoe := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Jef Voorbeeld", "BE-34022"), h.Join(t, "Zoé Essai", "BE-92094")
	organiser := h.With(t, lena, store.RoleOrganiser)
	m := h.Meeting(t, 1)
	for _, member := range []store.Member{lena, jef, zoe} {
		if _, err := h.AnswerMeeting(ctx, store.As(member.ID), m.ID, store.AnswerInput{Answer: store.OnSite}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.ProposeItem(ctx, organiser, m.ID, store.ItemInput{Title: "Accueil", Lang: "fr", Kind: store.ToInform, Minutes: 5}); err != nil {
		t.Fatal(err)
	}
	h.Clock.Set(m.Start)
	for n := range 2 {
		if _, err := h.SaveMinutes(ctx, organiser, m.ID, store.MinutesDraft{Source: strings.Repeat("texte ", n+1), Lang: "fr", Base: n}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func faults(t *testing.T, h *storetest.Hub) []string {
	t.Helper()
	var all []string
	records, err := h.Verify(context.Background(), func(f store.Fault) { all = append(all, f.String()) })
	if err != nil || records == 0 {
		t.Fatalf("%d records, %v", records, err)
	}
	return all
}

func TestVerifyFindsNothingInAHealthyCommunity(t *testing.T) {
	if found := faults(t, furnish(t)); len(found) > 0 {
		t.Error(found)
	}
}

// Each damage is done behind the store's back, and must be named.
func TestVerifyNamesEachDamage(t *testing.T) {
	replace := func(prefix, old, new string) func(kv.Tx, []kv.Pair) {
		return func(tx kv.Tx, pairs []kv.Pair) {
			for _, pair := range pairs {
				if bytes.HasPrefix(pair.Key, []byte(prefix)) && bytes.Contains(pair.Value, []byte(old)) {
					tx.Put(bytes.Clone(pair.Key), bytes.Replace(pair.Value, []byte(old), []byte(new), 1))
					return
				}
			}
			t.Errorf("nothing to damage at %s", prefix)
		}
	}
	drop := func(prefix string) func(kv.Tx, []kv.Pair) {
		return func(tx kv.Tx, pairs []kv.Pair) {
			for _, pair := range pairs {
				if bytes.HasPrefix(pair.Key, []byte(prefix)) {
					tx.Delete(bytes.Clone(pair.Key))
					return
				}
			}
			t.Errorf("nothing to remove at %s", prefix)
		}
	}
	put := func(key, value string) func(kv.Tx, []kv.Pair) {
		return func(tx kv.Tx, _ []kv.Pair) { tx.Put([]byte(key), []byte(value)) }
	}
	for name, damage := range map[string]struct {
		do   func(kv.Tx, []kv.Pair)
		says []string
	}{
		"a record that is no JSON":               {replace("member/", `{"id"`, `["id"`), []string{`record "member/`, "cannot be read"}},
		"a record of another shape":              {replace("rsvp/", `"meeting":"`, `"meeting":7,"x":"`), []string{`record "rsvp/`, "cannot be read"}},
		"a record under another's key":           {replace("town/", `{"id":"0`, `{"id":"f`), []string{`record "town/`, "says that its key is"}},
		"an index entry that is gone":            {drop("member.email/"), []string{`index "member.email/`, "is missing"}},
		"an entry of a plain index that is gone": {drop("meeting.start/"), []string{`index "meeting.start/`, "is missing"}},
		"an index entry too many":                {put("meeting.slug/nowhere", "x"), []string{`index "meeting.slug/nowhere"`, "points to no record"}},
		"an index entry to somebody else":        {replace("member.handle/", "0", "f"), []string{`index "member.handle/`, "points to another record"}},
		"a family nobody knows":                  {put("stranger/1", "{}"), []string{`key "stranger/1"`, "belongs to no family"}},
		"a town that is gone":                    {drop("town/"), []string{`reference "member/`, "names town"}},
		"a meeting that is gone":                 {drop("meeting/"), []string{`reference "rsvp/`, "names meeting", `reference "item/`, `reference "minutes/`}},
		"a member that is gone":                  {drop("member/"), []string{`reference "rsvp/`, "names member", `reference "session/`}},
		"a revision that is gone":                {drop("revision/"), []string{`reference "minutes/`, "names revision"}},
		"a tally that counts wrong":              {replace("rsvp.tally/", `"waiting":2`, `"waiting":1`), []string{`count "rsvp.tally/`, "1 waiting", "2 waiting"}},
		"a tally that is gone":                   {drop("rsvp.tally/"), []string{`count "rsvp.tally/`, "0 on site"}},
		"two with the same place in the queue":   {replace("rsvp/", `"queue":3`, `"queue":2`), []string{`count "rsvp.waiting/`, "place 2"}},
		"an answer that was lost":                {drop("rsvp/"), []string{`count "rsvp.tally/`, `index "rsvp.member/`}},
		"the secret lost":                        {drop("meta/secret"), []string{"secret is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := furnish(t)
			err := h.DB.Update(context.Background(), "damage", func(tx kv.Tx) error {
				pairs, err := tx.Scan(kv.Range{}, 10_000)
				damage.do(tx, pairs)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			found := faults(t, h)
			for _, want := range damage.says {
				if !slices.ContainsFunc(found, func(fault string) bool { return strings.Contains(fault, want) }) {
					t.Errorf("%q is not said in %q", want, found)
				}
			}
		})
	}
}
