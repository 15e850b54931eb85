package store

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ReadMarks reads the notation of a text as it would be published for a meeting: what each block becomes, who and
// which town it names, what is wrong with it, and which records its publication would close.
func (s *Store) ReadMarks(ctx context.Context, meetingID, source string) (r MarkedText, err error) {
	err = s.view(ctx, func(t *tx) error {
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		have, _, err := minutes().find(t, meetingID)
		if err != nil {
			return err
		}
		if r.Text, r.Marks = Notation(source, m.Date); len(r.Marks) == 0 && have.Published == 0 {
			return nil
		}
		p := publication{tx: t, meeting: m, lang: have.Lang}
		if err := p.load(have); err != nil {
			return err
		}
		p.keep(r.Marks)
		r.Gone = p.gone(r.Marks)
		return p.examine(r.Marks)
	})
	return r, err
}

// resolve finds the people and towns that marks name, exactly: what is unknown or could be two is a problem.
func (t *tx) resolve(m Meeting, marks []Mark) error {
	places, err := t.placesOf(marks)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for i := range marks {
		mark := &marks[i]
		if mark.Number != "" && used[mark.Number] {
			mark.problem("notation.number_twice", "Number", mark.Number)
		}
		used[mark.Number] = true
		if mark.Handle != "" {
			mark.Person, err = members().lookup(t, famMemberHandle, strings.ToLower(mark.Handle))
			if err != nil && KindOf(err) != NotFound {
				return err
			}
			if err != nil || mark.Person.State != MemberActive {
				mark.problem("notation.person", "Words", cut(mark.Handle))
			}
		}
		switch found := places[placeKey(mark.Place)]; {
		case mark.Place == "" && mark.Person.TownID() != "":
			if mark.Town, _, err = towns().find(t, mark.Person.TownID()); err != nil {
				return err
			}
		case mark.Place == "":
		case len(found) == 1 && found[0].ended(m.Date):
			now, err := t.townNow(found[0])
			if err != nil {
				return err
			}
			mark.problem("notation.town_merged", "Words", cut(mark.Place), "Into", now.Name)
		case len(found) == 1:
			mark.Town = found[0]
		case len(found) == 0:
			mark.problem("notation.town", "Words", cut(mark.Place))
		default:
			mark.problem("notation.town_twice", "Words", cut(mark.Place))
		}
		if mark.AppSlug != "" {
			if mark.App, err = apps().lookup(t, famAppSlug, mark.AppSlug); KindOf(err) == NotFound {
				mark.problem("notation.app", "Words", cut(mark.AppSlug))
			} else if err != nil {
				return err
			}
		}
		if mark.Due != "" && mark.Due < m.Date {
			mark.problem("notation.due_before", "Words", mark.Due)
		}
	}
	return nil
}

// placesOf are the towns by each of their names; none when no mark names one.
func (t *tx) placesOf(marks []Mark) (map[string][]Town, error) {
	places := map[string][]Town{}
	if !slices.ContainsFunc(marks, func(m Mark) bool { return m.Place != "" }) {
		return places, nil
	}
	err := towns().each(t, func(town Town) error {
		for _, name := range slices.Compact(slices.Sorted(maps.Values(town.folded()))) {
			places[name] = append(places[name], town)
		}
		return nil
	})
	return places, err
}

// TownNamed finds a welcomed town by its address, current or former, or by its exact name in any language. NotFound
// when there is none, or more than one.
func (s *Store) TownNamed(ctx context.Context, name string) (Town, error) {
	var town Town
	err := s.view(ctx, func(t *tx) error {
		var err error
		town, err = t.townNamed(name)
		return err
	})
	return town, err
}

func (t *tx) townNamed(name string) (Town, error) {
	found, err := towns().lookup(t, famTownSlug, name)
	if KindOf(err) == NotFound {
		var places map[string][]Town
		if places, err = t.placesOf([]Mark{{Place: name}}); err == nil && len(places[placeKey(name)]) == 1 {
			found = places[placeKey(name)][0]
		}
	}
	if err == nil && (found.ID == "" || found.State == TownJoining) {
		return Town{}, notFound()
	}
	return found, err
}

// folded are the names a town may be called by, as they are compared.
func (t Town) folded() map[string]string {
	all := map[string]string{"": placeKey(t.Name)}
	for lang, name := range t.Names {
		all[lang] = placeKey(name)
	}
	return all
}

func placeKey(name string) string {
	return strings.Join(strings.FieldsFunc(fold(name), func(r rune) bool { return r == ' ' || r == '-' || r == '\'' || r == '’' }), " ")
}

var headingNumber = regexp.MustCompile(`^\d+[.)]\s+`)

// underItem is the agenda item whose title is a section's heading; "" when none is, or two are. What was only proposed
// is on no agenda.
func underItem(section string, agenda []AgendaItem) string {
	wanted, id := placeKey(headingNumber.ReplaceAllString(section, "")), ""
	for _, item := range agenda {
		if wanted == "" || item.State == ItemProposed || placeKey(item.Title) != wanted {
			continue
		}
		if id != "" {
			return ""
		}
		id = item.ID
	}
	return id
}
