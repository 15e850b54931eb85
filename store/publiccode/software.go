package publiccode

// Software is what a publiccode.yml says about an application, whatever version of the standard it was written for.
// What the standard gave up, or never knew, is not kept here; the file itself is kept beside it.
type Software struct {
	Name            string                 `json:"name"`
	Suite           string                 `json:"suite,omitzero"` // applicationSuite
	URL             string                 `json:"url,omitzero"`   // the repository
	LandingURL      string                 `json:"landing_url,omitzero"`
	BasedOn         []string               `json:"based_on,omitzero"`
	Version         string                 `json:"version,omitzero"` // softwareVersion
	Released        string                 `json:"released,omitzero"`
	Logo            string                 `json:"logo,omitzero"`
	Platforms       []string               `json:"platforms,omitzero"`
	Categories      []string               `json:"categories,omitzero"`
	UsedBy          []string               `json:"used_by,omitzero"`
	Roadmap         string                 `json:"roadmap,omitzero"`
	FundedBy        []Organisation         `json:"funded_by,omitzero"`
	Organisation    Organisation           `json:"organisation,omitzero"`
	Status          string                 `json:"status,omitzero"` // developmentStatus
	Type            string                 `json:"type,omitzero"`   // softwareType
	Countries       []string               `json:"countries,omitzero"`
	NotIn           []string               `json:"not_in,omitzero"` // unsupportedCountries
	Scope           []string               `json:"scope,omitzero"`
	Description     map[string]Description `json:"description,omitzero"` // by language tag
	License         string                 `json:"license,omitzero"`
	CopyrightOwner  string                 `json:"copyright_owner,omitzero"`
	MaintenanceType string                 `json:"maintenance_type,omitzero"`
	Contractors     []Contractor           `json:"contractors,omitzero"`
	Contacts        []Contact              `json:"contacts,omitzero"`
	LocalisationSet bool                   `json:"localisation_set,omitzero"` // whether localisationReady was said
	Localisation    bool                   `json:"localisation,omitzero"`
	Languages       []string               `json:"languages,omitzero"` // availableLanguages
	Open            []Dependency           `json:"open,omitzero"`
	Proprietary     []Dependency           `json:"proprietary,omitzero"`
	Hardware        []Dependency           `json:"hardware,omitzero"`
}

// Description is what the software is, in one language.
type Description struct {
	LocalName     string   `json:"local_name,omitzero"`
	GenericName   string   `json:"generic_name,omitzero"`
	Short         string   `json:"short,omitzero"`
	Long          string   `json:"long,omitzero"`
	Documentation string   `json:"documentation,omitzero"`
	API           string   `json:"api,omitzero"`
	Features      []string `json:"features,omitzero"`
	Screenshots   []string `json:"screenshots,omitzero"`
	Videos        []string `json:"videos,omitzero"`
	Awards        []string `json:"awards,omitzero"`
}

// Organisation is a body that the software belongs to or is paid by.
type Organisation struct {
	Name string `json:"name,omitzero"`
	URI  string `json:"uri,omitzero"`
}

// Contractor maintains the software until a day.
type Contractor struct {
	Name    string `json:"name"`
	Until   string `json:"until,omitzero"`
	Email   string `json:"email,omitzero"`
	Website string `json:"website,omitzero"`
}

// Contact is a person to turn to.
type Contact struct {
	Name        string `json:"name"`
	Email       string `json:"email,omitzero"`
	Affiliation string `json:"affiliation,omitzero"`
	Phone       string `json:"phone,omitzero"`
}

// Dependency is something the software needs.
type Dependency struct {
	Name       string `json:"name"`
	Version    string `json:"version,omitzero"`
	VersionMin string `json:"version_min,omitzero"`
	VersionMax string `json:"version_max,omitzero"`
	Optional   bool   `json:"optional,omitzero"`
}

// In is the description in a language, else in English, else in the language that comes first; lang says which it is.
func (s Software) In(wanted string) (d Description, lang string) {
	first := ""
	for tag := range s.Description {
		if base(tag) == wanted && (base(lang) != wanted || tag < lang) {
			lang = tag
		}
		if first == "" || tag < first {
			first = tag
		}
	}
	if lang == "" {
		if lang = first; wanted != "en" {
			if _, english := s.In("en"); base(english) == "en" {
				lang = english
			}
		}
	}
	return s.Description[lang], lang
}

// At is In among the descriptions that say more than a sentence, when there are such.
func (s Software) At(wanted string) (d Description, lang string) {
	long := map[string]Description{}
	for tag, one := range s.Description {
		if one.Long != "" || len(one.Features) > 0 {
			long[tag] = one
		}
	}
	if len(long) > 0 {
		s.Description = long
	}
	return s.In(wanted)
}

// base is the language of a tag without its region.
func base(tag string) string {
	for i, r := range tag {
		if r == '-' || r == '_' {
			return tag[:i]
		}
	}
	return tag
}
