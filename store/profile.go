package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Profile is what a town says about its computing, for those who look for help or offer it. It is part of the town's
// record. What others build on:
//
//	Town.Staff, Town.Profile   the record, as read by TownByID, TownPage, roll
//	Town.Helps(now)            offers help now: member, offers, has places, not paused
//	Town.ProfileDue(now)       nobody confirmed or changed it for a year
//	EditTown, ConfirmTown      the intents; TownHistory reads what they changed
//	t.useSkills                checks ids from a form and lets merged ones lead on
//	t.skillNames, SkillNames   the skills of the list by id, merged ones under their old id too
//	Store.roll                 all member towns with their profiles and how many people they have, kept in memory
//	PauseTown                  the mentor's pause alone, for whoever accepts or closes a mentorship
type Profile struct {
	Teaches     []string  `json:"teaches,omitzero"` // ids of skills, sorted
	Needs       []string  `json:"needs,omitzero"`   // ids of skills, sorted
	Speaks      []string  `json:"speaks,omitzero"`  // languages it can help in, in the order of Languages
	Hosting     Hosting   `json:"hosting,omitzero"`
	Offers      bool      `json:"offers,omitzero"`       // helps newcomers
	Places      int       `json:"places,omitzero"`       // how many towns at once; 0 when it does not offer
	PausedUntil string    `json:"paused_until,omitzero"` // the first day it helps again, 2026-09-01; "" without a pause
	Way         string    `json:"way,omitzero"`          // how it helps, in a line
	Confirmed   time.Time `json:"confirmed,omitzero"`    // last said to be right; a change says so too
	ConfirmedBy string    `json:"confirmed_by,omitzero"`
	Asked       time.Time `json:"asked,omitzero"` // when its coordinators last got a letter about it
}

// HostingMixed is for a town whose applications run in several places (see Hosting).
const HostingMixed Hosting = "mixed"

// Hostings are the answers a town may give, the unknown one left out.
func Hostings() []Hosting { return []Hosting{HostingOwn, HostingShared, HostingCompany, HostingMixed} }

// Limits of a profile.
const (
	MaxTownSkills   = 30 // that a town teaches, or needs
	MaxMentorPlaces = 20
	profileLife     = 365 * 24 * time.Hour
)

// Helps says whether newcomers may be sent to a town now. Whether a place is free is for the mentorships to say.
func (t Town) Helps(now time.Time) bool {
	return t.State == TownMember && t.Profile.Offers && t.Profile.Places > 0 && !t.Paused(now)
}

// Paused says whether a town that offers help takes a break. The pause ends with the day before PausedUntil, in UTC.
func (t Town) Paused(now time.Time) bool {
	return t.Profile.PausedUntil != "" && now.UTC().Format(time.DateOnly) < t.Profile.PausedUntil
}

// ProfileDue says whether a member town is to be asked if its profile is still right.
func (t Town) ProfileDue(now time.Time) bool {
	since := t.Profile.Confirmed
	if since.IsZero() {
		since = t.Welcomed
	}
	return t.State == TownMember && now.Sub(since) >= profileLife
}

// TownInput is what a town says about itself. Skills are ids; what is not said is empty.
type TownInput struct {
	About       string
	Website     string
	Staff       Staff
	Name        string // for towns that are not in the gazetteer
	Teaches     []string
	Needs       []string
	Speaks      []string
	Hosting     Hosting
	Offers      bool
	Places      int    // without Offers it is dropped
	PausedUntil string // without Offers it is dropped
	Way         string
}

func (in *TownInput) check() error {
	var c check
	in.About = c.text("about", in.About, MaxText)
	in.Website = c.link("website", in.Website)
	in.Staff = oneOf(&c, "staff", in.Staff, StaffUnknown, StaffNone, StaffOne, StaffFew, StaffTeam)
	in.Name = c.line("name", in.Name, MaxName)
	in.Hosting = oneOf(&c, "hosting", in.Hosting, append(Hostings(), HostingUnknown)...)
	in.Way = c.line("way", in.Way, MaxLine)
	in.Speaks = c.languages("speaks", in.Speaks)
	in.PausedUntil = c.day("paused_until", in.PausedUntil)
	if in.Offers {
		in.Places = c.between("places", in.Places, 1, MaxMentorPlaces)
	} else {
		in.Places, in.PausedUntil = 0, ""
	}
	return c.err()
}

// languages keeps those of Languages that were named, each once and in their order; others are refused.
func (c *check) languages(field string, named []string) []string {
	var kept []string
	for _, lang := range Languages() {
		if slices.Contains(named, lang) {
			kept = append(kept, lang)
		}
	}
	if slices.ContainsFunc(named, func(lang string) bool { return !slices.Contains(Languages(), lang) }) {
		c.add(field, "invalid.choice")
	}
	return kept
}

// day accepts a civil date between 2000 and 2099, or nothing.
func (c *check) day(field, value string) string {
	value = strings.TrimSpace(value)
	if value == "" {
		return ""
	}
	day, err := time.Parse(time.DateOnly, value)
	if err != nil || day.Year() < 2000 || day.Year() > 2099 {
		c.add(field, "invalid.day")
		return ""
	}
	return value
}

// EditTown changes what a town says about itself: by its coordinators or a steward. What changed is in the town's
// public history; that somebody did, in the audit log. A skill that is not in the list is Invalid.
func (s *Store) EditTown(ctx context.Context, by Actor, townID string, in TownInput) error {
	if err := in.check(); err != nil {
		return err
	}
	return s.update(ctx, "town/"+townID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		before, err := t.editableTown(by, townID)
		if err != nil {
			return err
		}
		var c check
		teaches, err := t.useSkills(&c, "teaches", in.Teaches, MaxTownSkills)
		if err != nil {
			return err
		}
		needs, err := t.useSkills(&c, "needs", in.Needs, MaxTownSkills)
		if err != nil {
			return err
		}
		if err := c.err(); err != nil {
			return err
		}
		town := before
		town.About, town.Website, town.Staff, town.Changed = in.About, in.Website, in.Staff, t.now
		town.Profile = Profile{Teaches: teaches, Needs: needs, Speaks: in.Speaks, Hosting: in.Hosting, Offers: in.Offers, Places: in.Places,
			PausedUntil: in.PausedUntil, Way: in.Way, Confirmed: t.now, ConfirmedBy: by.MemberID}
		if town.Code == "" && in.Name != "" && in.Name != town.Name {
			if err := t.rename(&town, in.Name); err != nil {
				return err
			}
		}
		return t.saveTown(by, before, town)
	})
}

// ConfirmTown says that a town's profile is still right: by its coordinators or a steward.
func (s *Store) ConfirmTown(ctx context.Context, by Actor, townID string) error {
	return s.update(ctx, "town/"+townID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		before, err := t.editableTown(by, townID)
		if err != nil {
			return err
		}
		town := before
		town.Profile.Confirmed, town.Profile.ConfirmedBy = t.now, by.MemberID
		return t.saveTown(by, before, town)
	})
}

// PauseTown lets a town take a break from helping until a day, or none with "": by its coordinators or a steward.
func (s *Store) PauseTown(ctx context.Context, by Actor, townID, until string) error {
	var c check
	until = c.day("paused_until", until)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "town/"+townID, func(t *tx) error {
		before, err := t.editableTown(by, townID)
		if err != nil {
			return err
		}
		if !before.Profile.Offers {
			return conflict("town.offers_nothing")
		}
		town := before
		town.Profile.PausedUntil, town.Changed = until, t.now
		return t.saveTown(by, before, town)
	})
}

// editableTown reads a town that the acting member may edit.
func (t *tx) editableTown(by Actor, townID string) (Town, error) {
	if err := t.requireTown(by, townID, mayEditTown); err != nil {
		return Town{}, err
	}
	town, err := towns().get(t, townID)
	if err == nil && town.State == TownMerged {
		err = conflict("town.merged_already")
	}
	return town, err
}

// saveTown stores a changed town and what changed in its history.
func (t *tx) saveTown(by Actor, before, town Town) error {
	if err := towns().put(t, town); err != nil {
		return err
	}
	if err := t.noteTown(by, before, town); err != nil {
		return err
	}
	return t.audit(by, "audit.town_edited", town.ID, map[string]string{"town": town.Name})
}
