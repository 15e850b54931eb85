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
	args := []any{"Day", day, "Date", strconv.Itoa(r.Day), "Nth", p.T("rule.nth." + nthName(r.Nth))}
	kind := "weekday"
	switch {
	case r.Frequency == store.Weekly:
		kind = "weekly"
	case r.Frequency == store.MonthlyDate && r.Day == -1:
		kind = "last_day"
	case r.Frequency == store.MonthlyDate:
		kind = "day"
	}
	words := p.T("rule.each."+kind, args...)
	if r.Interval > 1 {
		words = p.Lang.N("rule.every."+kind, r.Interval, args...)
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
