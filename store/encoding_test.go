package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"belfry/store/codec"
)

// TestRecordsAreStandardJSON: what is in the file is what encoding/json reads and writes, so that an operator may use
// any tool, and every file written before opens.
func TestRecordsAreStandardJSON(t *testing.T) {
	var c codec.Codec
	for _, record := range []any{
		&Town{Names: map[string]string{"nl": "Luik <&>", "de": "Lüttich"}, Lat: 50.6, Lon: 5.5}, &Member{Places: []Place{{Town: "a"}}, Roles: []Role{RoleSteward}},
		&Credential{}, &Session{}, &Ticket{}, &RoleChange{}, &Series{}, &Meeting{}, &RSVP{Guests: []string{"a \"b\""}},
		&Tally{Towns: codec.Counts{{Name: "a", N: 2}, {Name: "b", N: 1}}}, &Presence{}, &AgendaItem{}, &Minutes{}, &MinutesRevision{}, &Correction{}, &Decision{}, &Action{Steps: []ActionStep{{}}},
		&Numbering{}, &Category{}, &Tag{}, &Thread{Towns: map[string]int{"a": 1}}, &Post{Source: "a\nb \u2028 <b>", Hidden: &Hiding{}, Translations: []Translation{{}}},
		&PostRevision{}, &Moved{}, &Pending{Input: ThreadInput{Title: "a", PostInput: PostInput{Source: "b"}}}, &Stale{}, &Sender{}, &Act{}, &Report{}, &Reaction{}, &ReactionTally{},
		&Draft{}, &Reading{}, &ReadingProfile{Languages: []string{"fr"}}, &Follow{}, &FeedLink{Token: "not kept"}, &AuditEntry{Data: map[string]string{"a": ""}}, &Event{}, &Mail{},
	} {
		var standard bytes.Buffer
		enc := json.NewEncoder(&standard)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(record); err != nil {
			t.Fatal(err)
		}
		want := bytes.TrimSpace(standard.Bytes())
		got, err := c.Encode(record)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%T: %v\ngot  %s\nwant %s", record, err, got, want)
		}
		ours, theirs := reflect.New(reflect.TypeOf(record).Elem()).Interface(), reflect.New(reflect.TypeOf(record).Elem()).Interface()
		if err := json.Unmarshal(want, theirs); err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(want, ours); err != nil || !reflect.DeepEqual(ours, theirs) {
			t.Errorf("%T: %v\ngot  %+v\nwant %+v", record, err, ours, theirs)
		}
	}
}
