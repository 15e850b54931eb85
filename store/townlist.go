package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TownSize is a range of inhabitants.
type TownSize string

// TownSizes are the ranges one can ask for, from the smallest.
func TownSizes() []TownSize { return []TownSize{"s", "m", "l", "xl"} }

// Bounds are the fewest inhabitants of a range and those of the next; 0 for no limit.
func (size TownSize) Bounds() (low, high int) {
	switch size {
	case "s":
		return 0, 5_000
	case "m":
		return 5_000, 15_000
	case "l":
		return 15_000, 50_000
	case "xl":
		return 50_000, 0
	}
	return 0, 0
}

// TownQuery asks for towns; what is empty does not matter. Conditions combine.
type TownQuery struct {
	Text     string    // in a name, in any language, of the town or one merged into it; or the start of a postal code
	State    TownState // member unless given
	Country  string
	Region   string // ISO 3166-2
	Area     string // province or department, ISO 3166-2
	Language string // official there, or one it helps in
	Size     TownSize
	App      string // id of an application that it runs or tries
	Teaches  string // id of a skill; a merged one leads on
	Needs    string
	Free     bool // helps newcomers, and has a place
	Within   func(lat, lon float64) bool
	Largest  bool   // first, instead of by name
	Lang     string // whose names the list goes by; "" for the towns' own
	After    string
	Limit    int
}

// TownRow is a town in a list.
type TownRow struct {
	Town   Town
	Region string // ISO 3166-2, "" outside the gazetteer
	People int
	Apps   []AppUseRow
}

// TownList is one page of a list of towns.
type TownList struct {
	Rows    []TownRow
	Total   int
	Found   []*Town // all of them, for a map: shared, and not to be changed
	Next    string  // where the page after this one begins, "" for the last
	Skills  map[string]Skill
	Choices TownChoices
}

// TownChoices is what can be asked for at all, sorted.
type TownChoices struct {
	Countries, Regions, Areas []string
	Teaches, Needs            []string // ids of skills
	Apps                      []string // ids of applications that some town runs
	Resting                   bool     // some town has gone to rest
}

func choicesOf(all []*enrolled) TownChoices {
	sets := [6]map[string]bool{{}, {}, {}, {}, {}, {}}
	var c TownChoices
	for _, one := range all {
		c.Resting = c.Resting || one.State == TownResting
		sets[0][one.Country], sets[1][one.Area], sets[5][one.Region] = true, true, true
		for _, id := range one.Profile.Teaches {
			sets[2][id] = true
		}
		for _, id := range one.Profile.Needs {
			sets[3][id] = true
		}
		for _, use := range one.uses {
			if use.State != UseFormer {
				sets[4][use.App] = true
			}
		}
	}
	for i, list := range []*[]string{&c.Countries, &c.Areas, &c.Teaches, &c.Needs, &c.Apps, &c.Regions} {
		delete(sets[i], "")
		*list = sortedKeys(sets[i])
	}
	return c
}

// formerly are the towns that a text finds by the name of one that was merged into them.
func (r *roll) formerly(wanted string) map[string]bool {
	if wanted == "" {
		return nil
	}
	found := map[string]bool{}
	for _, one := range r.all {
		if one.State != TownMerged || !one.called(wanted) {
			continue
		}
		for range 100 { // as townNow
			if next := r.byID[one.MergedInto]; one.MergedInto != "" && next != nil {
				one = next
			}
		}
		found[one.ID] = true
	}
	return found
}

// fits says whether a town is asked for. wanted is the folded text, former who has it by a former name.
func (q *TownQuery) fits(one *enrolled, wanted string, former map[string]bool, now time.Time) bool {
	low, high := q.Size.Bounds()
	sized := q.Size == "" || one.Population > 0 && one.Population >= low && (high == 0 || one.Population < high)
	return one.State == q.State && sized &&
		(q.Country == "" || one.Country == q.Country) && (q.Region == "" || one.Region == q.Region) && (q.Area == "" || one.Area == q.Area) &&
		(q.Language == "" || slices.Contains(one.Languages, q.Language) || slices.Contains(one.Profile.Speaks, q.Language)) &&
		(q.Teaches == "" || slices.Contains(one.Profile.Teaches, q.Teaches)) && (q.Needs == "" || slices.Contains(one.Profile.Needs, q.Needs)) &&
		(q.App == "" || slices.ContainsFunc(one.uses, func(use AppUse) bool { return use.App == q.App && use.State != UseFormer })) &&
		(!q.Free || one.Helps(now) && one.free() > 0) && (wanted == "" || one.called(wanted) || former[one.ID]) &&
		(q.Within == nil || (one.Lat != 0 || one.Lon != 0) && q.Within(one.Lat, one.Lon))
}

// free is how many more newcomers a town can take.
func (one *enrolled) free() int { return max(0, one.Profile.Places-one.learners) }

// called says whether a text is in one of a town's names, or begins one of its postal codes.
func (one *enrolled) called(wanted string) bool {
	return slices.ContainsFunc(one.folded, func(name string) bool { return strings.Contains(name, wanted) }) ||
		slices.ContainsFunc(one.postal, func(code string) bool { return strings.HasPrefix(code, wanted) })
}

// at is where a town stands in the list.
func (q TownQuery) at(one *enrolled) string {
	if q.Largest {
		return fmt.Sprintf("%09d", 999_999_999-min(one.Population, 999_999_999)) + partEnd + one.placeIn(q.Lang)
	}
	return one.placeIn(q.Lang)
}

// Towns lists the towns that were welcomed and fit, from a cursor on, at most Limit. A cursor that nobody gave is
// NotFound; a skill that nobody knows fits no town. It reads what is kept in memory, and records only for the page.
func (s *Store) Towns(ctx context.Context, q TownQuery) (TownList, error) {
	q.State = TownState(once(string(cmp.Or(q.State, TownMember))))
	q.Country, q.Region, q.Area = once(q.Country), once(q.Region), once(q.Area)
	begin, err := cursorPlace(q.After)
	if err != nil {
		return TownList{}, err
	}
	r, err := s.roll(ctx)
	if err != nil {
		return TownList{}, err
	}
	names, err := s.appNames(ctx)
	if err != nil {
		return TownList{}, err
	}
	list := TownList{Choices: r.TownChoices}
	err = s.view(ctx, func(t *tx) error {
		if list.Skills, err = t.skillNames(slices.Concat(r.Teaches, r.Needs, []string{q.Teaches, q.Needs})); err != nil {
			return err
		}
		for _, asked := range []*string{&q.Teaches, &q.Needs} {
			if to, ok := list.Skills[*asked]; ok {
				*asked = to.ID
			}
		}
		list.Rows, list.Found, list.Next, list.Total = nil, nil, "", 0
		return t.townPage(r, names, q, begin, &list)
	})
	return list, err
}

// townPage picks the towns that fit, and reads for those of the page what the roll does not hold.
func (t *tx) townPage(r *roll, names *appNames, q TownQuery, begin string, list *TownList) error {
	found := make([]*enrolled, 0, len(r.all))
	wanted := strings.TrimSpace(fold(q.Text))
	former := r.formerly(wanted)
	for _, one := range r.in(q.Lang) {
		if q.fits(one, wanted, former, t.now) {
			found = append(found, one)
		}
	}
	if q.Largest {
		slices.SortStableFunc(found, func(a, b *enrolled) int { return cmp.Compare(b.Population, a.Population) })
	}
	list.Total, list.Found = len(found), make([]*Town, len(found))
	for i, one := range found {
		list.Found[i] = &one.Town
	}
	from := 0
	if begin != "" {
		from, _ = slices.BinarySearchFunc(found, begin, func(one *enrolled, place string) int {
			if q.at(one) <= place {
				return -1
			}
			return 1
		})
	}
	upTo := min(from+q.Limit, len(found))
	for _, one := range found[from:upTo] {
		uses, err := t.useRows(one.uses, r, names)
		if err != nil {
			return err
		}
		list.Rows = append(list.Rows, TownRow{Town: one.Town, Region: one.Region, People: one.people, Apps: uses})
	}
	if upTo < len(found) && upTo > from {
		list.Next = cursor(0, q.at(found[upTo-1]))
	}
	return nil
}
