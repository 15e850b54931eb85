package sister_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"belfry/server/sister"

	"github.com/teambition/rrule-go"
)

// Rules that can never match end all the same, whatever makes them impossible: the calendar is refused in its time.
func TestRulesThatNeverMatchEnd(t *testing.T) {
	for _, rule := range []string{"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=7;BYDAY=SU", "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3", "FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=2"} {
		var lines []string
		for i := range 2_000 {
			lines = append(lines, meeting(fmt.Sprintf("UID:%d", i), "DTSTART:20261201T090000Z", "SUMMARY:x", "RRULE:"+rule)...)
		}
		start := time.Now()
		items, err := sister.Calendar(t.Context(), calendar(lines...), now)
		if len(items) > 0 || err != nil && !errors.Is(err, sister.ErrSlow) {
			t.Errorf("%s: %d items, %v", rule, len(items), err)
		}
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("%s: took %s", rule, took)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sister.Calendar(ctx, calendar(meeting("UID:a", "DTSTART:20261201T090000Z", "SUMMARY:x")...), now); !errors.Is(err, sister.ErrSlow) {
		t.Error(err)
	}
}

// Working a rule out centuries later gives the days it has now, across summer time and leap years.
func TestRulesGiveTheirOwnDays(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2024, 2, 29, 2, 30, 0, 0, zone)
	for _, text := range []string{"FREQ=DAILY", "FREQ=DAILY;INTERVAL=9", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,SU;WKST=SU", "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "FREQ=YEARLY;BYWEEKNO=53",
		"FREQ=YEARLY;BYYEARDAY=60,-1", "FREQ=YEARLY", "FREQ=WEEKLY;UNTIL=20270201T013000Z", "FREQ=WEEKLY;COUNT=160"} {
		option, err := rrule.StrToROptionInLocation(text, zone)
		if err != nil {
			t.Fatal(err)
		}
		option.Dtstart = start
		rule, err := rrule.NewRRule(*option)
		if err != nil {
			t.Fatal(err)
		}
		wanted := rule.Between(now, now.AddDate(0, 0, 366), true)
		items, err := sister.Calendar(t.Context(), calendar(meeting("UID:a", "DTSTART;TZID=Europe/Brussels:20240229T023000", "DTEND;TZID=Europe/Brussels:20240229T023100", "SUMMARY:x", "RRULE:"+text)...), now)
		if wanted = wanted[:min(len(wanted), sister.MaxItems)]; err != nil || len(items) != len(wanted) {
			t.Errorf("%s: %d meetings, wanted %d, %v", text, len(items), len(wanted), err)
			continue
		}
		for i, at := range wanted {
			if !items[i].Start.Equal(at) {
				t.Errorf("%s: %s, wanted %s", text, items[i].Start, at)
			}
		}
	}
}
