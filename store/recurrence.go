package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Frequency is how a series comes back.
type Frequency string

const (
	MonthlyWeekday Frequency = "monthly_weekday" // the n-th or last weekday of the month
	MonthlyDate    Frequency = "monthly_date"    // a day of the month, or its last day
	Weekly         Frequency = "weekly"
)

// Recurrence is the rule of a series, inside the portable profile of CALENDAR F17. Exactly one of Until and Count
// may be set; with neither, the series goes on.
type Recurrence struct {
	Frequency  Frequency    `json:"frequency"`
	Interval   int          `json:"interval"` // every so many months or weeks, 1–12
	Nth        int          `json:"nth,omitzero"`
	Weekday    time.Weekday `json:"weekday"`
	Day        int          `json:"day,omitzero"` // 1–28, or -1 for the last
	SkipMonths []time.Month `json:"skip_months,omitzero"`
	Until      string       `json:"until,omitzero"` // YYYY-MM-DD, included
	Count      int          `json:"count,omitzero"` // meetings held, months left out not counted
}

// Bounds of one expansion (SAFETY, section 6): how many dates are given, how many years are looked at from where the
// reader asks, and how many periods are stepped over to get there.
const (
	maxSlots   = 1000
	maxYears   = 5
	maxPeriods = 20_000
	lastYears  = 300 // covers 240 meetings, one a year
)

// Validate lists what is wrong with the rule, by form field.
func (r Recurrence) Validate() []Problem {
	var c check
	oneOf(&c, "frequency", r.Frequency, MonthlyWeekday, MonthlyDate, Weekly)
	c.between("interval", r.Interval, 1, 12)
	switch r.Frequency {
	case MonthlyWeekday:
		oneOf(&c, "nth", r.Nth, 1, 2, 3, 4, -1)
		c.between("weekday", int(r.Weekday), 0, 6)
	case MonthlyDate:
		if r.Day > 28 {
			c.add("day", "recurrence.day_not_every_month")
		} else if r.Day != -1 {
			c.between("day", r.Day, 1, 28)
		}
	case Weekly:
		c.between("weekday", int(r.Weekday), 0, 6)
	}
	left := map[time.Month]bool{}
	for _, month := range r.SkipMonths {
		if month < 1 || month > 12 {
			c.add("skip", "invalid.choice")
			break
		}
		left[month] = true
	}
	if len(left) > 11 {
		c.add("skip", "recurrence.skips_all")
	}
	if r.Until != "" {
		if _, err := time.Parse(civilDate, r.Until); err != nil {
			c.add("until", "when.date")
		}
		if r.Count != 0 {
			c.add("count", "recurrence.until_or_count")
		}
	}
	if r.Count != 0 {
		c.between("count", r.Count, 2, 240)
	}
	return c.problems
}

// Slots are the civil dates of the rule from its start on that lie in [from, to], in order, at most limit and never
// more than five years ahead of both start and from. Dates are YYYY-MM-DD. Months left out are left out.
func (r Recurrence) Slots(start, from, to string, limit int) []string {
	var slots []string
	if limit < 1 {
		return nil
	}
	r.walk(start, nearer(to, start, from), func(date string, skipped bool) bool {
		if !skipped && date >= from {
			slots = append(slots, date)
		}
		return len(slots) < min(limit, maxSlots)
	})
	return slots
}

// nearer is the earlier of to ("" for none) and five years after the later of two dates.
func nearer(to, start, from string) string {
	late, err := time.Parse(civilDate, max(start, from))
	if err != nil {
		return to
	}
	if end := late.AddDate(maxYears, 0, 0).Format(civilDate); to == "" || end < to {
		return end
	}
	return to
}

// Skipped are the dates in [from, to] that only SkipMonths takes away: the EXDATEs of a feed (CALENDAR F21).
func (r Recurrence) Skipped(start, from, to string) []string {
	var dates []string
	r.walk(start, nearer(to, start, from), func(date string, skipped bool) bool {
		if skipped && date >= from {
			dates = append(dates, date)
		}
		return len(dates) < maxSlots
	})
	return dates
}

// First is the first date the rule gives, left out or not: where the feed's rule must start (CALENDAR F18). "" when
// the rule gives none.
func (r Recurrence) First(start string) string {
	first := ""
	r.walk(start, "", func(date string, _ bool) bool {
		first = date
		return false
	})
	return first
}

// Last is the last date the rule gives, "" when it goes on.
func (r Recurrence) Last(start string) string {
	if r.Until == "" && r.Count == 0 {
		return ""
	}
	last := ""
	r.walk(start, "", func(date string, skipped bool) bool {
		if !skipped {
			last = date
		}
		return true
	})
	return last
}

// walk calls visit for each date of the rule in order, with whether its month is left out, until visit says stop,
// the rule ends, to ("" for none) is passed, or the bounds are reached.
func (r Recurrence) walk(start, to string, visit func(date string, skipped bool) bool) {
	first, err := time.Parse(civilDate, start)
	if err != nil || r.Interval < 1 {
		return
	}
	end := first.AddDate(lastYears, 0, 0)
	if until, err := time.Parse(civilDate, r.Until); err == nil && until.Before(end) {
		end = until
	}
	held := 0
	for n := 0; n < maxPeriods; n++ {
		day, ok := r.nth(first, n)
		if !ok || day.Before(first) {
			continue
		}
		date := day.Format(civilDate)
		if day.After(end) || to != "" && date > to || r.Count > 0 && held >= r.Count {
			return
		}
		skipped := slices.Contains(r.SkipMonths, day.Month())
		if !skipped {
			held++
		}
		if !visit(date, skipped) {
			return
		}
	}
}

// nth is the rule's date in the n-th period from the start's.
func (r Recurrence) nth(first time.Time, n int) (time.Time, bool) {
	month := time.Date(first.Year(), first.Month()+time.Month(n*r.Interval), 1, 0, 0, 0, 0, time.UTC)
	switch r.Frequency {
	case Weekly:
		ahead := (int(r.Weekday) - int(first.Weekday()) + 7) % 7
		return first.AddDate(0, 0, ahead+7*n*r.Interval), true
	case MonthlyDate:
		if r.Day == -1 {
			return month.AddDate(0, 1, -1), true
		}
		return month.AddDate(0, 0, r.Day-1), true
	case MonthlyWeekday:
		if r.Nth == -1 {
			last := month.AddDate(0, 1, -1)
			back := (int(last.Weekday()) - int(r.Weekday) + 7) % 7
			return last.AddDate(0, 0, -back), true
		}
		ahead := (int(r.Weekday) - int(month.Weekday()) + 7) % 7
		return month.AddDate(0, 0, ahead+7*(r.Nth-1)), true
	}
	return time.Time{}, false
}

// RRULE writes the rule for a feed, FREQ first. An end is written as UNTIL, the start instant of the last date in
// UTC: a COUNT would count the months left out, which a feed takes away by EXDATE.
func (r Recurrence) RRULE(start string, instantOf func(date string) time.Time) string {
	parts := []string{"FREQ=MONTHLY"}
	if r.Frequency == Weekly {
		parts[0] = "FREQ=WEEKLY"
	}
	if r.Interval > 1 {
		parts = append(parts, fmt.Sprintf("INTERVAL=%d", r.Interval))
	}
	day := strings.ToUpper(r.Weekday.String()[:2])
	switch r.Frequency {
	case Weekly:
		parts = append(parts, "BYDAY="+day)
	case MonthlyWeekday:
		parts = append(parts, fmt.Sprintf("BYDAY=%d%s", r.Nth, day))
	case MonthlyDate:
		parts = append(parts, fmt.Sprintf("BYMONTHDAY=%d", r.Day))
	}
	if last := r.Last(start); last != "" {
		parts = append(parts, "UNTIL="+instantOf(last).UTC().Format("20060102T150405Z"))
	}
	return strings.Join(parts, ";")
}
