package locales

import (
	"fmt"
	"time"
)

// space keeps a number and its unit on one line.
const space = "\u00a0"

// dayNumber is the day in a date: French has a first, the others count, German with a dot.
func (l *Language) dayNumber(t time.Time) string {
	switch {
	case l.tag == "fr" && t.Day() == 1:
		return "1er"
	case l.tag == "de":
		return fmt.Sprintf("%d.", t.Day())
	}
	return fmt.Sprint(t.Day())
}

// DayMonth is "18 mars", "18. März".
func (l *Language) DayMonth(t time.Time) string {
	return l.dayNumber(t) + space + l.Month(t.Month())
}

// DateShort is "18 mars 2027".
func (l *Language) DateShort(t time.Time) string {
	return fmt.Sprintf("%s %d", l.DayMonth(t), t.Year())
}

// WeekdayDayMonth is "jeudi 18 mars", "Donnerstag, 18. März".
func (l *Language) WeekdayDayMonth(t time.Time) string {
	return l.Weekday(t.Weekday()) + l.afterWeekday() + l.DayMonth(t)
}

// Date is "jeudi 18 mars 2027", "Donnerstag, 18. März 2027".
func (l *Language) Date(t time.Time) string {
	return fmt.Sprintf("%s %d", l.WeekdayDayMonth(t), t.Year())
}

func (l *Language) afterWeekday() string {
	if l.tag == "de" {
		return ", "
	}
	return " "
}

// MonthYear is "mars 2027".
func (l *Language) MonthYear(t time.Time) string {
	return fmt.Sprintf("%s %d", l.Month(t.Month()), t.Year())
}

// Clock is the time of day, always of 24 hours: "9 h 30", "9.30 uur", "9.30 Uhr", "9:30".
func (l *Language) Clock(t time.Time) string {
	h, m := t.Hour(), t.Minute()
	switch l.tag {
	case "fr":
		if m == 0 {
			return fmt.Sprintf("%d%sh", h, space)
		}
		return fmt.Sprintf("%d%sh%s%02d", h, space, space, m)
	case "en":
		return fmt.Sprintf("%d:%02d", h, m)
	}
	return l.bareClock(t) + space + l.oClock()
}

func (l *Language) bareClock(t time.Time) string {
	if l.tag == "fr" || l.tag == "en" {
		return l.Clock(t)
	}
	if t.Minute() == 0 {
		return fmt.Sprint(t.Hour())
	}
	return fmt.Sprintf("%d.%02d", t.Hour(), t.Minute())
}

func (l *Language) oClock() string {
	if l.tag == "nl" {
		return "uur"
	}
	return "Uhr"
}

// DateTime is "jeudi 18 mars 2027, 9 h 30".
func (l *Language) DateTime(t time.Time) string { return l.Date(t) + ", " + l.Clock(t) }

// Hours is "9 h 30 – 16 h", "9.30 – 16 Uhr".
func (l *Language) Hours(start, end time.Time) string {
	if l.tag == "fr" || l.tag == "en" {
		return l.Clock(start) + " – " + l.Clock(end)
	}
	return l.bareClock(start) + " – " + l.bareClock(end) + space + l.oClock()
}

// Span is from one moment to another, both in the zone of the first: "jeudi 18 mars 2027, 9 h 30 – 16 h". Over several
// days each end has its day, and the year is said once when it is the same. What ends at midnight ends on its day.
func (l *Language) Span(start, end time.Time) string {
	end = end.In(start.Location())
	switch {
	case !end.After(start):
		return l.DateTime(start)
	case sameDay(start, end.Add(-time.Nanosecond)):
		return l.Date(start) + ", " + l.Hours(start, end)
	case start.Year() == end.Year():
		return l.WeekdayDayMonth(start) + ", " + l.Clock(start) + " – " + l.DateTime(end)
	}
	return l.DateTime(start) + " – " + l.DateTime(end)
}

// Duration writes a length in minutes: "1 h 15", "45 min". None is negative.
func (l *Language) Duration(minutes int) string {
	hour, minute := "h", "min"
	switch l.tag {
	case "nl":
		hour = "u"
	case "de":
		hour, minute = "Std.", "Min."
	}
	h, m := max(minutes, 0)/60, max(minutes, 0)%60
	switch {
	case h == 0:
		return fmt.Sprintf("%d%s%s", m, space, minute)
	case m == 0:
		return fmt.Sprintf("%d%s%s", h, space, hour)
	case l.tag == "fr":
		return fmt.Sprintf("%d%sh%s%02d", h, space, space, m)
	}
	return fmt.Sprintf("%d%s%s%s%d%s%s", h, space, hour, space, m, space, minute)
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// days counts calendar days from now's day to t's, in t's zone.
func days(t, now time.Time) int {
	midnight := func(x time.Time) time.Time { return time.Date(x.Year(), x.Month(), x.Day(), 0, 0, 0, 0, time.UTC) }
	return int(midnight(t).Sub(midnight(now.In(t.Location()))) / (24 * time.Hour))
}

// When says how far a day is from now in words: "dans 9 jours", "demain", "hier", "il y a 3 semaines".
// Days are those of the calendar in t's zone: what is eight minutes away may be "demain".
func (l *Language) When(t, now time.Time) string {
	n := days(t, now)
	switch {
	case n == 0:
		return l.names.today
	case n == 1:
		return l.names.tomorrow
	case n == -1:
		return l.names.yesterday
	case n >= 730:
		return l.N("date.in_years", n/365)
	case n > 60:
		return l.N("date.in_months", n/30)
	case n > 13:
		return l.N("date.in_weeks", n/7)
	case n > 0:
		return l.N("date.in_days", n)
	case n >= -13:
		return l.N("date.days_ago", -n)
	case n >= -60:
		return l.N("date.weeks_ago", -n/7)
	case n > -730:
		return l.N("date.months_ago", -n/30)
	}
	return l.N("date.years_ago", -n/365)
}
