package store

import (
	"strings"
	"time"
)

// zoneOf is the zone of a town's clocks, by its country and, overseas, its department.
func zoneOf(town Town) *time.Location {
	name := "Europe/Brussels"
	switch town.Country {
	case "FR":
		name = "Europe/Paris"
		for start, zone := range map[string]string{"FR-971": "America/Guadeloupe", "FR-972": "America/Martinique", "FR-973": "America/Cayenne",
			"FR-974": "Indian/Reunion", "FR-976": "Indian/Mayotte"} {
			if strings.HasPrefix(town.Code, start) {
				name = zone
			}
		}
	case "NL":
		name = "Europe/Amsterdam"
	case "DE":
		name = "Europe/Berlin"
	case "LU":
		name = "Europe/Luxembourg"
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

// patienceDays is how long a town may be silent before the next one is asked.
const patienceDays = 7

// silenceEnds is when a town that was asked at an instant has been silent for a week. It is never on a day on which a town
// hall is closed: then the next working day ends it. Days are those of the town's own clock.
func silenceEnds(town Town, asked time.Time) time.Time {
	local := asked.In(zoneOf(town))
	for days := patienceDays; ; days++ {
		end := time.Date(local.Year(), local.Month(), local.Day()+days, local.Hour(), local.Minute(), local.Second(), 0, local.Location())
		if workday(town.Country, end) {
			return end.UTC()
		}
	}
}

// workday says whether town halls of a country are open on a day: no weekend, no public holiday.
func workday(country string, day time.Time) bool {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		return false
	}
	date := day.Format("01-02")
	fixed := "01-01 05-01 12-25"
	switch country {
	case "BE":
		fixed = "01-01 05-01 07-21 08-15 11-01 11-11 12-25"
	case "FR":
		fixed = "01-01 05-01 05-08 07-14 08-15 11-01 11-11 12-25"
	}
	if strings.Contains(fixed, date) {
		return false
	}
	easter := easterSunday(day.Year())
	for _, after := range []int{1, 39, 50} { // Easter Monday, Ascension Day, Whit Monday
		if easter.AddDate(0, 0, after).Format("01-02") == date {
			return false
		}
	}
	return true
}

// easterSunday is by the anonymous Gregorian computus (J. Meeus, Astronomical Algorithms, chapter 8).
func easterSunday(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}
