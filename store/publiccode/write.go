package publiccode

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Write writes a publiccode.yml of the newest version, and says what is missing for it to be a valid one: the same that
// Read says of it, without places, because there is no file yet. What Read took from a valid file is written so that
// reading it again gives the same.
func Write(s Software) ([]byte, []Problem, error) {
	root := &block{}
	root.text("publiccodeYmlVersion", Newest)
	root.text("name", s.Name)
	root.text("applicationSuite", s.Suite)
	root.text("url", s.URL)
	root.text("landingURL", s.LandingURL)
	root.list("isBasedOn", s.BasedOn)
	root.text("softwareVersion", s.Version)
	root.text("releaseDate", s.Released)
	root.text("logo", s.Logo)
	root.list("platforms", s.Platforms)
	root.list("categories", s.Categories)
	root.list("usedBy", s.UsedBy)
	root.text("roadmap", s.Roadmap)
	root.blocks("fundedBy", each(s.FundedBy, Organisation.block))
	root.sub("organisation", s.Organisation.block())
	root.text("developmentStatus", s.Status)
	root.text("softwareType", s.Type)
	audience := &block{}
	audience.list("countries", s.Countries)
	audience.list("unsupportedCountries", s.NotIn)
	audience.list("scope", s.Scope)
	root.sub("intendedAudience", audience)
	description := &block{}
	for _, tag := range sorted(s.Description) {
		description.sub(tag, s.Description[tag].block())
	}
	root.sub("description", description)
	legal := &block{}
	legal.text("license", s.License)
	legal.text("mainCopyrightOwner", s.CopyrightOwner)
	root.sub("legal", legal)
	care := &block{}
	care.text("type", s.MaintenanceType)
	care.blocks("contractors", each(s.Contractors, Contractor.block))
	care.blocks("contacts", each(s.Contacts, Contact.block))
	root.sub("maintenance", care)
	words := &block{}
	if s.LocalisationSet {
		words.yes("localisationReady", s.Localisation)
	}
	words.list("availableLanguages", s.Languages)
	root.sub("localisation", words)
	needs := &block{}
	needs.blocks("open", each(s.Open, Dependency.block))
	needs.blocks("proprietary", each(s.Proprietary, Dependency.block))
	needs.blocks("hardware", each(s.Hardware, Dependency.block))
	root.sub("dependsOn", needs)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&root.node); err != nil {
		return nil, nil, fmt.Errorf("write publiccode.yml: %w", err)
	}
	_, problems := Read(out.Bytes())
	return out.Bytes(), slices.DeleteFunc(problems, func(p Problem) bool { return p.Note }), nil
}

func sorted(all map[string]Description) []string {
	var tags []string
	for tag := range all {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

func each[T any](all []T, write func(T) *block) []*block {
	var blocks []*block
	for _, one := range all {
		blocks = append(blocks, write(one))
	}
	return blocks
}

func (o Organisation) block() *block {
	b := &block{}
	b.text("name", o.Name)
	b.text("uri", o.URI)
	return b
}

func (d Description) block() *block {
	b := &block{}
	b.text("localisedName", d.LocalName)
	b.text("genericName", d.GenericName)
	b.text("shortDescription", d.Short)
	b.text("longDescription", d.Long)
	b.text("documentation", d.Documentation)
	b.text("apiDocumentation", d.API)
	b.list("features", d.Features)
	b.list("screenshots", d.Screenshots)
	b.list("videos", d.Videos)
	b.list("awards", d.Awards)
	return b
}

func (c Contractor) block() *block {
	b := &block{}
	b.text("name", c.Name)
	b.text("until", c.Until)
	b.text("email", c.Email)
	b.text("website", c.Website)
	return b
}

func (c Contact) block() *block {
	b := &block{}
	b.text("name", c.Name)
	b.text("email", c.Email)
	b.text("affiliation", c.Affiliation)
	b.text("phone", c.Phone)
	return b
}

func (d Dependency) block() *block {
	b := &block{}
	b.text("name", d.Name)
	b.text("version", d.Version)
	b.text("versionMin", d.VersionMin)
	b.text("versionMax", d.VersionMax)
	if d.Optional {
		b.yes("optional", true)
	}
	return b
}

// block is a mapping that leaves out what is empty.
type block struct{ node yaml.Node }

func scalar(tag, text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
	if tag == "!!str" {
		node.SetString(text)
	}
	return node
}

func (b *block) put(key string, value *yaml.Node) {
	b.node.Kind, b.node.Tag = yaml.MappingNode, "!!map"
	b.node.Content = append(b.node.Content, scalar("!!str", key), value)
}

func (b *block) text(key, text string) {
	if text != "" {
		b.put(key, scalar("!!str", text))
	}
}

func (b *block) yes(key string, yes bool) { b.put(key, scalar("!!bool", fmt.Sprint(yes))) }

func (b *block) list(key string, all []string) {
	if len(all) == 0 {
		return
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, one := range all {
		list.Content = append(list.Content, scalar("!!str", one))
	}
	b.put(key, list)
}

func (b *block) sub(key string, below *block) {
	if len(below.node.Content) > 0 {
		b.put(key, &below.node)
	}
}

func (b *block) blocks(key string, all []*block) {
	if len(all) == 0 {
		return
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, one := range all {
		if len(one.node.Content) > 0 {
			list.Content = append(list.Content, &one.node)
		}
	}
	b.put(key, list)
}
