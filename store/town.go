package store

import (
	"slices"
	"time"
)

// TownState is where a town stands. A town that is only in the gazetteer is known and has no record.
type TownState string

const (
	TownJoining TownState = "joining" // somebody joined for it; nobody has welcomed it yet
	TownMember  TownState = "member"
	TownResting TownState = "resting" // nobody acts for it any more; its page and its past stay
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
	Created    time.Time         `json:"created"`
	Welcomed   time.Time         `json:"welcomed,omitzero"`
	WelcomedBy string            `json:"welcomed_by,omitzero"`
	Changed    time.Time         `json:"changed"`
}

// NameIn is the town's name in a reader's language, else its own.
func (t Town) NameIn(lang string) string {
	if name := t.Names[lang]; name != "" {
		return name
	}
	return t.Name
}

func towns() *table[Town] {
	return &table[Town]{
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
}

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
