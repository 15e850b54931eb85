package server

import (
	"time"

	"belfry/frontend/pages"
	"belfry/frontend/parts"
	"belfry/locales"
	"belfry/server/vitals"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// diagnostics shows stewards how this server fares: the last hour in pictures, and whether its data is sound.
func (s *Server) diagnostics(c *fiber.Ctx) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	if _, err := s.Store.Waiting(c.UserContext(), by(c), ""); err != nil { // stewards only
		return err
	}
	screen := pages.DiagnosticsPage{Version: s.Version, Mail: v.member.May(store.Administer)}
	if hour := s.Vitals.Recent(); len(hour) > 0 {
		screen.Strips = strips(v.lang, hour)
		now := hour[len(hour)-1].Values
		screen.Size, screen.Faults = int64(now[vitals.Size]), int(now[vitals.Faults])
		if at := now[vitals.Scrubbed]; at > 0 {
			screen.Read = time.Unix(int64(at), 0).In(s.zone(v))
		}
	}
	p := s.page(c, v.lang.T("admin.diagnostics"))
	return s.render(c, p, pages.Diagnostics(p, screen))
}

// strips draws the last hour.
func strips(lang *locales.Language, hour []vitals.Sample) []parts.Strip {
	count := func(n float64) string { return lang.Number(int(n)) }
	size := func(n float64) string { return lang.Bytes(int64(n)) }
	wait := func(n float64) string { return lang.Number(int(n)) + "\u00a0ms" }
	var all []parts.Strip
	draw := func(id, name string, say func(float64) string, of func(i int) float64) {
		strip, most := parts.Strip{ID: id, Name: name}, 0.0
		for i := range hour {
			strip.Values = append(strip.Values, of(i))
			most = max(most, of(i))
		}
		strip.Words = lang.T("diagnosis.range", "Now", say(of(len(hour)-1)), "Most", say(most))
		all = append(all, strip)
	}
	draw("requests", lang.T("diagnosis.requests"), count, func(i int) float64 { return float64(hour[i].Requests) })
	draw("slow", lang.T("diagnosis.slow"), wait, func(i int) float64 { return float64(hour[i].Slow.Milliseconds()) })
	draw("failed", lang.T("diagnosis.failed"), count, func(i int) float64 { return float64(hour[i].Failed) })
	draw("commits", lang.T("diagnosis.commits"), count, func(i int) float64 {
		if i == 0 {
			return 0
		}
		return max(0, hour[i].Values[vitals.Commits]-hour[i-1].Values[vitals.Commits])
	})
	draw("memory", lang.T("diagnosis.memory"), size, func(i int) float64 { return hour[i].Values[vitals.Resident] })
	draw("letters", lang.T("diagnosis.letters"), count, func(i int) float64 { return hour[i].Values[vitals.Letters] })
	return all
}
