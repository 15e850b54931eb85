package pages

import (
	"strconv"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/store"
)

// ruleWords says a series' rule in a sentence: "le 3e jeudi du mois, à 9 h 30, sauf juillet et août".
func ruleWords(p *frontend.Page, s store.Series) string {
	r := s.Rule
	day := p.Lang.Weekday(r.Weekday)
	var words string
	switch r.Frequency {
	case store.Weekly:
		words = p.Lang.N("rule.weekly", max(1, r.Interval), "Day", day)
	case store.MonthlyDate:
		if r.Day == -1 {
			words = p.Lang.N("rule.last_day", max(1, r.Interval))
		} else {
			words = p.Lang.N("rule.day", max(1, r.Interval), "Date", strconv.Itoa(r.Day))
		}
	default:
		words = p.Lang.N("rule.weekday", max(1, r.Interval), "Nth", p.T("rule.nth."+nthName(r.Nth)), "Day", day)
	}
	if at, err := time.Parse("15:04", s.Clock); err == nil {
		words = p.T("rule.at", "Rule", words, "Clock", p.Lang.Clock(at))
	}
	if len(r.SkipMonths) > 0 {
		var months []string
		for _, m := range r.SkipMonths {
			months = append(months, p.Lang.Month(m))
		}
		words = p.T("rule.except", "Rule", words, "Months", p.Lang.List(months))
	}
	if !s.Ended.IsZero() {
		words += " · " + p.T("series.ended")
	}
	return strings.TrimSpace(words)
}

func nthName(n int) string {
	if n == -1 {
		return "last"
	}
	return strconv.Itoa(n)
}

// slotWords is the day the rule gave a meeting that was moved.
func slotWords(p *frontend.Page, m store.Meeting) string {
	day, err := time.Parse("2006-01-02", m.Slot)
	if err != nil {
		return m.Slot
	}
	return p.Lang.WeekdayDayMonth(day)
}
