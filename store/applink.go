package store

import (
	"slices"
	"strings"
)

// itemApp is the application an agenda item is about: the one that was named, else the one its thread is tagged with.
func (t *tx) itemApp(in ItemInput) (string, error) {
	if in.App != "" {
		app, err := t.appNamed(in.App)
		if KindOf(err) == NotFound {
			err = invalid("item_app", "app.unknown")
		}
		return app.ID, err
	}
	if in.Thread == "" {
		return "", nil
	}
	d, ok, err := threads().find(t, in.Thread)
	if err != nil || !ok {
		return "", err
	}
	for _, tag := range d.Tags {
		app, err := apps().lookup(t, famAppSlug, tag)
		if KindOf(err) != NotFound {
			return app.ID, err
		}
	}
	return "", nil
}

// appNamed finds an application by its address, current or former, its short code, or its exact name. NotFound when there
// is none, or more than one has the name.
func (t *tx) appNamed(name string) (App, error) {
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(name), "[[app/"), "]]")
	app, err := apps().lookup(t, famAppSlug, strings.ToLower(name))
	if KindOf(err) != NotFound {
		return app, err
	}
	found, err := apps().list(t, famAppName, window{Under: []string{sortName(name)}, Limit: 2})
	if err == nil && len(found) != 1 {
		err = notFound()
	}
	if err != nil {
		return App{}, err
	}
	return found[0], nil
}

// appTags are the tags under which threads about an application are: its address, the former ones, and what these tags were
// merged into.
func (t *tx) appTags(app App) ([]string, error) {
	var all []string
	for _, slug := range append([]string{app.Slug}, app.OldSlugs...) {
		tag, ok, err := tags().find(t, slug)
		if err != nil {
			return nil, err
		}
		if ok && tag.Into != "" {
			slug = tag.Into
		}
		if !slices.Contains(all, slug) {
			all = append(all, slug)
		}
	}
	return all, nil
}

// searchableApp reads an application as it is found: by its name and what it says in every language.
func (t *tx) searchableApp(id string) (SearchDocument, bool, error) {
	app, ok, err := apps().find(t, id)
	if err != nil || !ok {
		return SearchDocument{}, false, err
	}
	var text []string
	for _, d := range app.Software.Description {
		text = append(text, d.LocalName+" "+d.GenericName+" "+d.Short+"\n\n"+d.Long+"\n\n"+strings.Join(d.Features, ". "))
	}
	slices.Sort(text)
	_, lang := app.Software.In("fr")
	if !slices.Contains(Languages(), lang) {
		lang = ""
	}
	place, _, err := towns().find(t, app.Keeper)
	return SearchDocument{Kind: "app", Title: app.Name(), Text: strings.Join(text, "\n\n"), Lang: lang, Slug: app.Slug, Place: place, Town: place.ID, At: app.Changed}, true, err
}
