package store

import (
	"testing"
	"time"
)

func TestSilenceEndsOnAWorkingDay(t *testing.T) {
	for _, one := range []struct{ country, code, asked, ends string }{
		{"BE", "", "2026-03-04T09:00:00+01:00", "2026-03-11T09:00:00+01:00"},
		{"BE", "", "2026-03-25T09:00:00+01:00", "2026-04-01T09:00:00+02:00"},             // the clock changes between
		{"BE", "", "2026-03-07T10:00:00+01:00", "2026-03-16T10:00:00+01:00"},             // a Saturday asks, a Monday ends
		{"BE", "", "2026-03-30T10:00:00+02:00", "2026-04-07T10:00:00+02:00"},             // Easter Monday
		{"BE", "", "2026-07-14T10:00:00+02:00", "2026-07-22T10:00:00+02:00"},             // the Belgian national day
		{"FR", "", "2026-07-14T10:00:00+02:00", "2026-07-21T10:00:00+02:00"},             // is none in France
		{"FR", "", "2026-07-07T10:00:00+02:00", "2026-07-15T10:00:00+02:00"},             // where the 14th is
		{"FR", "", "2026-05-01T10:00:00+02:00", "2026-05-11T10:00:00+02:00"},             // 8 May and a weekend
		{"BE", "", "2026-12-18T10:00:00+01:00", "2026-12-28T10:00:00+01:00"},             // Christmas, a weekend
		{"BE", "", "2026-05-18T10:00:00+02:00", "2026-05-26T10:00:00+02:00"},             // Whit Monday
		{"FR", "FR-97411", "2026-03-04T23:30:00+01:00", "2026-03-12T02:30:00+04:00"},     // already Thursday on Réunion
		{"NL", "", "2026-07-14T10:00:00+02:00", "2026-07-21T10:00:00+02:00"},             // others keep few days
		{"BE", "", "2024-03-22T10:00:00+01:00", "2024-03-29T10:00:00+01:00"},             // Good Friday is a working day
		{"FR", "FR-59350", "2026-11-04T08:15:30+01:00", "2026-11-12T08:15:30+01:00"},     // 11 November
		{"BE", "BE-92094", "2026-10-25T00:30:00+02:00", "2026-11-02T00:30:00.000+01:00"}, // All Saints' on a Sunday
	} {
		asked, err := time.Parse(time.RFC3339, one.asked)
		if err != nil {
			t.Fatal(err)
		}
		ends, err := time.Parse(time.RFC3339, one.ends)
		if err != nil {
			t.Fatal(err)
		}
		if got := silenceEnds(Town{Country: one.country, Code: one.code}, asked); !got.Equal(ends) {
			t.Errorf("%s %s asked %s: ends %s, want %s", one.country, one.code, one.asked, got, ends)
		}
	}
	for year, day := range map[int]string{2000: "04-23", 2008: "03-23", 2024: "03-31", 2026: "04-05", 2027: "03-28", 2038: "04-25"} {
		if got := easterSunday(year).Format("01-02"); got != day {
			t.Errorf("Easter %d: %s", year, got)
		}
	}
}
