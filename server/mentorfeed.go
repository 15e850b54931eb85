package server

import (
	"strings"
	"time"

	"belfry/server/sister"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// mentorsFeed is the open mentor offers of this community, for sister communities and everybody else: a plain Atom feed
// whose form sister.Offers promises to read. An entry is a town that offers help, is not paused and has a place free, those
// with most places first. Its title is the town's name, its link the town's page, its summary the places, what it teaches and
// how it helps; categories say the languages (sister.Languages) and the skills (this hub's /skills). People are never named.
func (s *Server) mentorsFeed(c *fiber.Ctx) error {
	open, skills, err := s.Store.MentorOffers(c.UserContext(), sister.MaxItems)
	if err != nil {
		return err
	}
	lang := visitOf(c).lang
	var entries []atomEntry
	for _, one := range open {
		town, profile := one.Town, one.Town.Profile
		summary := []string{lang.N("mentor.feed.places", one.Free)}
		var tags []atomCategory
		for _, tag := range profile.Speaks {
			tags = append(tags, atomCategory{tag, sister.Languages, lang.T("language." + tag)})
		}
		var teaches []string
		for _, id := range profile.Teaches {
			if k := skills[id]; k.ID != "" && !k.Gone {
				name, _ := k.NameIn(lang.Tag())
				teaches = append(teaches, name)
				tags = append(tags, atomCategory{k.ID, s.absolute("/skills"), name})
			}
		}
		if len(teaches) > 0 {
			summary = append(summary, lang.T("mentor.feed.teaches", "Skills", lang.List(teaches)))
		}
		if profile.Way != "" {
			summary = append(summary, profile.Way)
		}
		entry := s.entry("/towns/"+town.Slug, lang.Tag(), town.NameIn(lang.Tag()), strings.Join(summary, " · "), offeredSince(town), town.Changed)
		entry.Categories = tags
		entries = append(entries, entry)
	}
	return s.atom(c, "/mentors.atom", lang.T("mentor.feed.title"), nil, entries)
}

func offeredSince(t store.Town) time.Time {
	if t.Welcomed.IsZero() {
		return t.Created
	}
	return t.Welcomed
}
