package sister

import (
	"context"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// The Gregorian calendar repeats itself every 400 years, to the day of the week. A rule is worked out cycles later than it
// is meant, in the last 400 years of the library's calendar: the library looks for a next date until that calendar ends and
// cannot be told to stop, so a rule that never matches costs it centuries instead of millennia.
const (
	cycle    = 400
	lastYear = rrule.MAXYEAR
)

// later moves the clock and calendar of at by whole cycles, and loses its zone.
func later(at time.Time, cycles int) time.Time {
	return time.Date(at.Year()+cycles*cycle, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
}

// series are the starts of a rule from a moment on. Rules that fire more often than daily, or that name hours, are left
// out whole: they are no meetings, and they cost. None goes on for longer than maxYears from the moment. When ctx ends it
// stops with what it has.
func (e event) series(ctx context.Context, start, from time.Time) []time.Time {
	for _, part := range strings.Split(e.rule, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "FREQ":
			if value != "DAILY" && value != "WEEKLY" && value != "MONTHLY" && value != "YEARLY" {
				return nil
			}
		case "BYHOUR", "BYMINUTE", "BYSECOND":
			return nil
		case "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST", "BYYEARDAY", "BYWEEKNO":
			if strings.Count(value, ",") > 60 {
				return nil
			}
		default:
			return nil
		}
	}
	zone := start.Location()
	option, err := rrule.StrToROptionInLocation(e.rule, zone)
	if err != nil || option.Count > maxInstances*10 || option.Interval > maxInstances || from.Sub(start) > 30*366*24*time.Hour {
		return nil
	}
	if last := from.AddDate(maxYears, 0, 0); option.Until.IsZero() || option.Until.After(last) {
		option.Until = last // nothing is taken from behind it
	}
	cycles := (lastYear - start.Year()) / cycle
	option.Dtstart, option.Until = later(start, cycles), later(option.Until.In(zone), cycles)
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil
	}
	var all []time.Time
	for next := rule.Iterator(); len(all) < maxInstances && ctx.Err() == nil; {
		at, ok := next()
		if !ok {
			break
		}
		at = time.Date(at.Year()-cycles*cycle, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone)
		if at.After(from.Add(2 * ahead)) {
			break
		}
		if !at.Before(from) {
			all = append(all, at)
		}
	}
	return all
}
