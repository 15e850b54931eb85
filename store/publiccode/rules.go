package publiccode

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Limits of texts, in characters. Those of descriptions are the standard's.
const (
	maxName     = 120
	maxLine     = 300
	maxLink     = 1_000
	maxShort    = 150
	minLong     = 150
	maxLong     = 10_000
	maxFeature  = 500
	maxLicense  = 120
	maxLanguage = 35
)

// clean makes NFC of a text and takes out what no text shows: control signs and those that turn the direction.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\n', c == '\t':
			return c
		case unicode.IsControl(c), unicode.Is(unicode.Bidi_Control, c), c == '\uFEFF':
			return -1
		}
		return c
	}, text)
	return strings.TrimSpace(norm.NFC.String(text))
}

// line is clean, on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// software reads the whole file.
func (r *reader) software(top *section, s *Software) {
	if top == nil {
		return
	}
	r.version(top)
	for _, key := range []string{"name", "url", "platforms", "developmentStatus", "softwareType", "description", "legal", "maintenance", "localisation"} {
		top.must(key)
	}
	s.Name, s.Suite = line(top.text("name", maxName)), line(top.text("applicationSuite", maxName))
	s.URL, s.LandingURL, s.Roadmap = top.link("url"), top.link("landingURL"), top.link("roadmap")
	s.BasedOn = top.list("isBasedOn", maxLink, true)
	s.Version, s.Released = line(top.text("softwareVersion", 40)), top.date("releaseDate")
	s.Logo = top.text("logo", maxLink)
	s.Platforms, s.UsedBy = top.list("platforms", maxName, true), top.list("usedBy", maxLine, false)
	if top.values["platforms"] != nil && len(s.Platforms) == 0 {
		r.wrong(top.keys["platforms"], "platforms", "publiccode.required")
	}
	s.Categories = top.chosen("categories", categories())
	s.Status, s.Type = top.choice("developmentStatus", Statuses()), top.choice("softwareType", kinds())
	for _, one := range top.blocks("fundedBy") {
		s.FundedBy = append(s.FundedBy, one.organisation())
	}
	if one := top.sub("organisation"); one != nil {
		s.Organisation = one.organisation()
	}
	if audience := top.sub("intendedAudience"); audience != nil {
		s.Countries, s.NotIn = audience.countries("countries"), audience.countries("unsupportedCountries")
		s.Scope = audience.chosen("scope", scopes())
		audience.rest()
	}
	r.description(top.sub("description"), s)
	r.legal(top.sub("legal"), s)
	r.maintenance(top.sub("maintenance"), s)
	r.localisation(top.sub("localisation"), s)
	if needs := top.sub("dependsOn"); needs != nil {
		s.Open, s.Proprietary, s.Hardware = needs.dependencies("open"), needs.dependencies("proprietary"), needs.dependencies("hardware")
		needs.rest()
	}
	top.old("monochromeLogo", "inputTypes", "outputTypes", "it")
	top.country()
	top.rest()
}

// country passes over the sections by which countries extend the standard: two capitals.
func (s *section) country() {
	for _, key := range s.order {
		if len(key) == 2 && strings.ToUpper(key) == key {
			s.read[key] = true
		}
	}
}

func (r *reader) version(top *section) {
	node := top.get("publiccodeYmlVersion")
	top.must("publiccodeYmlVersion")
	if node == nil {
		return
	}
	node, ok := r.follow(node, 1)
	switch {
	case !ok:
	case node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str":
		r.wrong(node, "publiccodeYmlVersion", "publiccode.version_type")
	case !slices.Contains(Versions(), node.Value):
		r.wrong(node, "publiccodeYmlVersion", "publiccode.version", "Value", short(node.Value))
	}
}

func (r *reader) description(all *section, s *Software) {
	if all == nil {
		return
	}
	s.Description = map[string]Description{}
	for _, tag := range all.order {
		if _, err := language.Parse(tag); err != nil || len(tag) > maxLanguage {
			r.wrong(all.keys[tag], all.under(tag), "publiccode.language", "Value", short(tag))
			all.read[tag] = true
			continue
		}
		one := all.sub(tag)
		if one == nil {
			continue
		}
		s.Description[tag] = one.describe()
	}
	if len(s.Description) == 0 {
		r.wrong(all.at, all.path, "publiccode.required")
	}
}

func (s *section) describe() Description {
	for _, key := range []string{"shortDescription", "longDescription", "features"} {
		s.must(key)
	}
	d := Description{LocalName: line(s.text("localisedName", maxName)), GenericName: line(s.text("genericName", maxLine)), Short: line(s.text("shortDescription", maxShort)),
		Long: s.text("longDescription", maxLong), Documentation: s.link("documentation"), API: s.link("apiDocumentation"),
		Features: s.list("features", maxFeature, false), Screenshots: s.list("screenshots", maxLink, false), Awards: s.list("awards", maxLine, false)}
	for _, video := range s.each("videos", maxLink, false) {
		if !isLink(video.text) {
			s.r.wrong(video.at, video.path, "publiccode.link", "Value", short(video.text))
			continue
		}
		d.Videos = append(d.Videos, video.text)
	}
	for i, words := range d.Features {
		d.Features[i] = line(words)
	}
	if n := len([]rune(d.Long)); n > 0 && n < minLong {
		s.r.wrong(s.keys["longDescription"], s.under("longDescription"), "publiccode.too_short", "Min", minLong, "Have", n)
	}
	if s.values["features"] != nil && len(d.Features) == 0 {
		s.r.wrong(s.keys["features"], s.under("features"), "publiccode.required")
	}
	s.old("genericName")
	s.rest()
	return d
}

// license is a word or an expression of SPDX: names joined by AND, OR and WITH, with brackets.
var license = regexp.MustCompile(`^\(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*( +(AND|OR|WITH) +\(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*)*$`)

func (r *reader) legal(legal *section, s *Software) {
	if legal == nil {
		return
	}
	legal.must("license")
	s.License, s.CopyrightOwner = line(legal.text("license", maxLicense)), line(legal.text("mainCopyrightOwner", maxLine))
	if s.License != "" && !license.MatchString(s.License) {
		r.wrong(legal.values["license"], legal.under("license"), "publiccode.license", "Value", short(s.License))
	}
	if owner := line(legal.text("repoOwner", maxLine)); s.Organisation.Name == "" {
		s.Organisation.Name = owner
	}
	legal.old("repoOwner", "authorsFile")
	legal.rest()
}

func (r *reader) maintenance(care *section, s *Software) {
	if care == nil {
		return
	}
	care.must("type")
	s.MaintenanceType = care.choice("type", maintenances())
	for _, one := range care.blocks("contractors") {
		one.must("name")
		one.must("until")
		s.Contractors = append(s.Contractors, Contractor{Name: line(one.text("name", maxName)), Until: one.date("until"), Email: one.email(), Website: one.link("website")})
		one.rest()
	}
	for _, one := range care.blocks("contacts") {
		one.must("name")
		s.Contacts = append(s.Contacts, Contact{Name: line(one.text("name", maxName)), Email: one.email(), Affiliation: line(one.text("affiliation", maxLine)),
			Phone: line(one.text("phone", 60))})
		one.rest()
	}
	switch needs := map[string]string{"contract": "contractors", "internal": "contacts", "community": "contacts"}[s.MaintenanceType]; {
	case needs == "contractors" && len(s.Contractors) == 0, needs == "contacts" && len(s.Contacts) == 0:
		r.wrong(care.at, care.under(needs), "publiccode.required_when", "Value", s.MaintenanceType)
	}
	care.rest()
}

func (r *reader) localisation(words *section, s *Software) {
	if words == nil {
		return
	}
	words.must("localisationReady")
	words.must("availableLanguages")
	s.Localisation, s.LocalisationSet = words.yes("localisationReady")
	for _, tag := range words.each("availableLanguages", maxLine, false) {
		if _, err := language.Parse(tag.text); err != nil || len(tag.text) > maxLanguage {
			r.wrong(tag.at, tag.path, "publiccode.language", "Value", short(tag.text))
			continue
		}
		s.Languages = append(s.Languages, tag.text)
	}
	if words.values["availableLanguages"] != nil && len(s.Languages) == 0 {
		r.wrong(words.keys["availableLanguages"], words.under("availableLanguages"), "publiccode.required")
	}
	words.rest()
}

func (s *section) organisation() Organisation {
	s.get("url") // written by mistake for uri; noted as nothing, because it says nothing wrong
	one := Organisation{Name: line(s.text("name", maxLine)), URI: s.text("uri", maxLink)}
	s.rest()
	return one
}

func (s *section) dependencies(key string) []Dependency {
	var all []Dependency
	for _, one := range s.blocks(key) {
		one.must("name")
		d := Dependency{Name: line(one.text("name", maxName)), Version: line(one.text("version", 40)), VersionMin: line(one.text("versionMin", 40)), VersionMax: line(one.text("versionMax", 40))}
		d.Optional, _ = one.yes("optional")
		all = append(all, d)
		one.rest()
	}
	return all
}

func short(value string) string {
	if runes := []rune(value); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return value
}

// choice is one word of a closed list.
func (s *section) choice(key string, known []string) string {
	word := s.text(key, maxLine)
	if word == "" {
		if s.values[key] != nil {
			s.r.wrong(s.keys[key], s.under(key), "publiccode.required")
		}
		return ""
	}
	if !slices.Contains(known, word) {
		s.r.wrong(s.values[key], s.under(key), "publiccode.choice", "Value", short(word))
		return ""
	}
	return word
}

// chosen are words of a closed list.
func (s *section) chosen(key string, known []string) []string {
	var kept []string
	for _, word := range s.each(key, maxLine, false) {
		if !slices.Contains(known, word.text) {
			s.r.wrong(word.at, word.path, "publiccode.choice", "Value", short(word.text))
			continue
		}
		kept = append(kept, word.text)
	}
	return kept
}

// countries are two letters each; they are kept as capitals.
func (s *section) countries(key string) []string {
	var kept []string
	for _, code := range s.each(key, maxLine, false) {
		region, err := language.ParseRegion(code.text)
		if err != nil || len(code.text) != 2 || !region.IsCountry() {
			s.r.wrong(code.at, code.path, "publiccode.country", "Value", short(code.text))
			continue
		}
		kept = append(kept, strings.ToUpper(code.text))
	}
	return kept
}

func isLink(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && !strings.ContainsAny(text, " \n\t")
}

func (s *section) link(key string) string {
	address := s.text(key, maxLink)
	if address != "" && !isLink(address) {
		s.r.wrong(s.values[key], s.under(key), "publiccode.link", "Value", short(address))
		return ""
	}
	return address
}

func (s *section) date(key string) string {
	day := s.text(key, maxLine)
	if day == "" {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		s.r.wrong(s.values[key], s.under(key), "publiccode.date", "Value", short(day))
		return ""
	}
	return day
}

var address = regexp.MustCompile(`^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$`)

func (s *section) email() string {
	email := s.text("email", 254)
	if email != "" && !address.MatchString(email) {
		s.r.wrong(s.values["email"], s.under("email"), "publiccode.email", "Value", short(email))
		return ""
	}
	return email
}
