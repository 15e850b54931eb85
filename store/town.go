package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// TownState is where a town stands. A town that is only in the gazetteer is known and has no record.
type TownState string

const (
	TownJoining TownState = "joining" // somebody joined for it; nobody has welcomed it yet
	TownMember  TownState = "member"
	TownResting TownState = "resting" // nobody acts for it any more; its page and its past stay
	TownMerged  TownState = "merged"  // it is part of another now; its past keeps its name
)

// Staff is how many people a town has for its computers.
type Staff string

const (
	StaffUnknown Staff = ""
	StaffNone    Staff = "none"
	StaffOne     Staff = "one"
	StaffFew     Staff = "few"
	StaffTeam    Staff = "team"
)

// Town is the member of the community; people come and go. Places and numbers come from the gazetteer when Code is
// set, else from what people typed.
type Town struct {
	ID         string            `json:"id"`
	Code       string            `json:"code,omitzero"` // gazetteer code, "" for other bodies and other countries
	Slug       string            `json:"slug"`
	OldSlugs   []string          `json:"old_slugs,omitzero"`
	Name       string            `json:"name"`           // in its own (first official) language
	Names      map[string]string `json:"names,omitzero"` // exonyms by language tag
	Country    string            `json:"country"`        // ISO 3166-1 alpha-2
	Area       string            `json:"area,omitzero"`  // province or department, ISO 3166-2
	Languages  []string          `json:"languages,omitzero"`
	Population int               `json:"population,omitzero"`
	Lat        float64           `json:"lat,omitzero"`
	Lon        float64           `json:"lon,omitzero"`
	State      TownState         `json:"state"`
	Staff      Staff             `json:"staff,omitzero"`
	About      string            `json:"about,omitzero"` // plain text
	Website    string            `json:"website,omitzero"`
	Profile    Profile           `json:"profile,omitzero"`
	Created    time.Time         `json:"created"`
	Welcomed   time.Time         `json:"welcomed,omitzero"`
	WelcomedBy string            `json:"welcomed_by,omitzero"`
	Changed    time.Time         `json:"changed"`
	MergedInto string            `json:"merged_into,omitzero"` // town id
	Merged     time.Time         `json:"merged,omitzero"`
}

// NameIn is the town's name in a reader's language, else its own.
func (t Town) NameIn(lang string) string {
	if name := t.Names[lang]; name != "" {
		return name
	}
	return t.Name
}

// ended says whether the town was merged into another by a civil date; "" is today.
func (t Town) ended(date string) bool {
	return t.MergedInto != "" && (date == "" || date >= t.Merged.Format(civilDate))
}

var towns = sync.OnceValue(func() *table[Town] {
	return &table[Town]{
		kept:   true,
		family: famTown,
		key:    func(t *Town) []string { return []string{t.ID} },
		indexes: []index[Town]{
			{family: famTownCode, unique: true, field: "town", taken: "town.code_taken", parts: func(t *Town) [][]string {
				if t.Code == "" {
					return nil
				}
				return [][]string{{t.Code}}
			}},
			{family: famTownSlug, unique: true, field: "name", taken: "town.slug_taken", parts: func(t *Town) [][]string {
				return slugs(t.Slug, t.OldSlugs)
			}},
			{family: famTownState, parts: func(t *Town) [][]string { return [][]string{{string(t.State), sortName(t.Name)}} }},
		},
	}
})

// slugs are the index parts of a record's current and former addresses.
func slugs(current string, old []string) [][]string {
	parts := [][]string{{current}}
	for _, slug := range old {
		if slug != current && !slices.Contains(old[:slices.Index(old, slug)], slug) {
			parts = append(parts, []string{slug})
		}
	}
	return parts
}

// mayEditTown: its coordinators, and stewards.
func mayEditTown(m Member, townID string) bool { return may(m, Steward) || m.Coordinates(townID) }

// MayEditTown is mayEditTown for pages.
func (m Member) MayEditTown(townID string) bool { return mayEditTown(m, townID) }

// TownByID reads one town.
func (s *Store) TownByID(ctx context.Context, id string) (Town, error) {
	var town Town
	err := s.view(ctx, func(t *tx) error {
		var err error
		town, err = towns().get(t, id)
		return err
	})
	return town, err
}

// TownByCode reads the town of a gazetteer code; NotFound while nobody has joined for it.
func (s *Store) TownByCode(ctx context.Context, code string) (Town, error) {
	var town Town
	err := s.view(ctx, func(t *tx) error {
		var err error
		if town, err = towns().lookup(t, famTownCode, code); err != nil {
			return err
		}
		town, err = t.townNow(town)
		return err
	})
	return town, err
}

// AllTowns lists every member town, by name; for maps and choices.
func (s *Store) AllTowns(ctx context.Context) ([]Town, error) {
	r, err := s.roll(ctx)
	if err != nil {
		return nil, err
	}
	var all []Town
	for _, one := range r.all {
		if one.State == TownMember {
			all = append(all, one.Town)
		}
	}
	return all, nil
}

func (t *tx) townsIn(state TownState) ([]Town, error) {
	var all []Town
	w := window{Under: []string{string(state)}, Limit: scanBatch}
	for {
		batch, err := towns().list(t, famTownState, w)
		if err != nil {
			return nil, err
		}
		all = append(all, batch...)
		if len(batch) < scanBatch {
			return all, nil
		}
		last := batch[len(batch)-1]
		w.From = sortName(last.Name) + partEnd + last.ID + "\x01"
	}
}

// rename gives a town a new name and address; the old address leads to the new one.
func (t *tx) rename(town *Town, name string) error {
	slug, err := t.freeSlug(famTownSlug, name, "commune")
	if err != nil {
		return err
	}
	town.OldSlugs = append(slices.Clone(town.OldSlugs), town.Slug)
	town.Name, town.Slug = name, slug
	return nil
}
