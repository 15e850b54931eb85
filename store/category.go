package store

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Category is a shelf of the discussions, made by stewards. Its words are kept in each language it has them in.
type Category struct {
	ID        string            `json:"id"`
	Slug      string            `json:"slug"`
	OldSlugs  []string          `json:"old_slugs,omitzero"`
	Order     int               `json:"order"`
	Names     map[string]string `json:"names"`              // by language; at least one
	Abouts    map[string]string `json:"abouts,omitzero"`    // plain text
	Templates map[string]string `json:"templates,omitzero"` // Markdown that a new thread starts with
	Question  bool              `json:"question,omitzero"`  // every thread in it is a question
	Members   bool              `json:"members,omitzero"`   // only signed-in members know of it
	Staff     bool              `json:"staff,omitzero"`     // only organisers and stewards open threads
	Archived  bool              `json:"archived,omitzero"`  // readable, takes no new thread
	Changed   time.Time         `json:"changed"`
}

// MaxCategories is how many there may be: lists show them all.
const MaxCategories = 40

var categories = sync.OnceValue(func() *table[Category] {
	return &table[Category]{
		kept:   true,
		family: famCategory,
		key:    func(c *Category) []string { return []string{c.ID} },
		indexes: []index[Category]{
			{family: famCategorySlug, unique: true, field: "slug", taken: "invalid.taken", parts: func(c *Category) [][]string {
				parts := [][]string{{c.Slug}}
				for _, old := range c.OldSlugs {
					parts = append(parts, []string{old})
				}
				return parts
			}},
		},
	}
})

// In is a text of the category in a language, else in the first language that has it.
func In(texts map[string]string, lang string) (text, have string) {
	if texts[lang] != "" {
		return texts[lang], lang
	}
	for _, other := range Languages() {
		if texts[other] != "" {
			return texts[other], other
		}
	}
	return "", lang
}

// sees says whether a reader may know of a category: the one rule behind lists, counts, feeds, search and links.
func sees(reader Member, c Category) bool { return !c.Members || may(reader, Take) }

// mayOpen says whether a member may open a thread in a category.
func mayOpen(who Member, c Category) bool {
	return may(who, Take) && !c.Archived && (!c.Staff || may(who, Organise))
}

// shelves are all categories, by id.
func (t *tx) shelves() (map[string]Category, error) {
	all, err := categories().under(t, window{Limit: MaxCategories})
	byID := make(map[string]Category, len(all))
	for _, c := range all {
		byID[c.ID] = c
	}
	return byID, err
}

// Categories lists the categories that the reader may know of, in order.
func (s *Store) Categories(ctx context.Context, by Actor) ([]Category, error) {
	var found []Category
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		all, err := categories().under(t, window{Limit: MaxCategories})
		found = slices.DeleteFunc(all, func(c Category) bool { return !sees(reader, c) && !by.system })
		slices.SortFunc(found, func(a, b Category) int { return cmp.Or(a.Order-b.Order, cmp.Compare(a.ID, b.ID)) })
		return err
	})
	return found, err
}

// CategoryBySlug finds a category, also by an address it had before.
func (s *Store) CategoryBySlug(ctx context.Context, by Actor, slug string) (c Category, moved bool, err error) {
	err = s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		if c, err = categories().lookup(t, famCategorySlug, slug); err != nil {
			return err
		}
		if !sees(reader, c) && !by.system {
			c = Category{}
			return notFound()
		}
		moved = c.Slug != slug
		return nil
	})
	return c, moved, err
}

// CategoryInput is what a steward types about a category. Texts are by language.
type CategoryInput struct {
	Slug                               string // "" makes one of the name
	Names, Abouts, Templates           map[string]string
	Question, Members, Staff, Archived bool
}

func (in *CategoryInput) check() error {
	var c check
	in.Slug = c.line("slug", in.Slug, 60)
	if in.Slug != "" && slugOf(in.Slug) != in.Slug {
		c.add("slug", "invalid.slug")
	}
	if slices.Contains([]string{"new", "categories", "follow", "tags"}, in.Slug) {
		c.add("slug", "invalid.taken") // pages of our own
	}
	clean := func(field string, texts map[string]string, one func(field, text string) string) map[string]string {
		kept := map[string]string{}
		for _, lang := range Languages() {
			if text := one(field+"_"+lang, texts[lang]); text != "" {
				kept[lang] = text
			}
		}
		return kept
	}
	in.Names = clean("name", in.Names, func(f, text string) string { return c.line(f, text, MaxName) })
	in.Abouts = clean("about", in.Abouts, func(f, text string) string { return c.text(f, text, MaxLine) })
	in.Templates = clean("template", in.Templates, func(f, text string) string { return c.text(f, text, MaxText) })
	if len(in.Names) == 0 {
		c.add("name_"+Languages()[0], "invalid.required")
	}
	return c.err()
}

// SaveCategory makes a category (id "") or changes one: by stewards. Making the same one twice in a row is refused by
// its address.
func (s *Store) SaveCategory(ctx context.Context, by Actor, id string, in CategoryInput) (Category, error) {
	if err := in.check(); err != nil {
		return Category{}, err
	}
	var kept Category
	err := s.update(ctx, "categories", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Steward); err != nil {
			return err
		}
		all, err := t.shelves()
		if err != nil {
			return err
		}
		c, what := Category{}, "audit.category_changed"
		if id == "" {
			if len(all) >= MaxCategories {
				return fail(Full, "category.too_many", "Max", MaxCategories)
			}
			if c.ID, err = t.newID(); err != nil {
				return err
			}
			what = "audit.category_made"
			for _, other := range all {
				c.Order = max(c.Order, other.Order+1)
			}
		} else if c, err = categories().get(t, id); err != nil {
			return err
		}
		if c.Slug, c.OldSlugs, err = t.categorySlug(c, in); err != nil {
			return err
		}
		c.Names, c.Abouts, c.Templates = in.Names, in.Abouts, in.Templates
		c.Question, c.Members, c.Staff, c.Archived, c.Changed = in.Question, in.Members, in.Staff, in.Archived, t.now
		if err := categories().put(t, c); err != nil {
			return err
		}
		name, _ := In(c.Names, Languages()[0])
		kept = c
		return t.audit(by, what, c.ID, map[string]string{"name": name})
	})
	return kept, err
}

// categorySlug is a category's address after a change, with those it had before.
func (t *tx) categorySlug(c Category, in CategoryInput) (string, []string, error) {
	if in.Slug == "" && c.Slug == "" {
		name, _ := In(in.Names, Languages()[0])
		if slices.Contains([]string{"new", "categories", "follow", "tags"}, slugOf(name)) {
			name += " discussion"
		}
		slug, err := t.freeSlug(famCategorySlug, name, "discussion")
		return slug, nil, err
	}
	if in.Slug == "" || in.Slug == c.Slug {
		return c.Slug, c.OldSlugs, nil
	}
	old := slices.DeleteFunc(slices.Clone(c.OldSlugs), func(s string) bool { return s == in.Slug })
	if c.Slug != "" {
		old = append(old, c.Slug)
	}
	return in.Slug, old, nil
}

// MoveCategory swaps a category with the one before (up) or after it: by stewards.
func (s *Store) MoveCategory(ctx context.Context, by Actor, id string, up bool) error {
	return s.update(ctx, "categories", func(t *tx) error {
		if _, err := t.require(by, Steward); err != nil {
			return err
		}
		all, err := categories().under(t, window{Limit: MaxCategories})
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b Category) int { return cmp.Or(a.Order-b.Order, cmp.Compare(a.ID, b.ID)) })
		at := slices.IndexFunc(all, func(c Category) bool { return c.ID == id })
		if at < 0 {
			return notFound()
		}
		to := at + 1
		if up {
			to = at - 1
		}
		if to < 0 || to >= len(all) {
			return nil
		}
		all[at], all[to] = all[to], all[at]
		for i, c := range all {
			if c.Order == i {
				continue
			}
			c.Order = i
			if err := categories().put(t, c); err != nil {
				return err
			}
		}
		return nil
	})
}
