package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"unique"
)

// enrolled is a town as lists, maps and the search for a mentor read it. It is shared and never changed.
type enrolled struct {
	Town
	Region   string   // of the gazetteer, ISO 3166-2
	people   int      // who act for it, those who wait for a welcome too
	learners int      // towns it mentors now, when it offers to
	uses     []AppUse // by application id
	place    string   // where it stands in lists by its own name: folded name, id
	folded   []string // its names, to look for
	postal   []string
}

// roll is every town that was welcomed, by name: a few megabytes for all municipalities of Belgium and France, so that a
// question about all of them reads no record. What is decided from it is checked again in a transaction.
type roll struct {
	all  []*enrolled
	byID map[string]*enrolled
	TownChoices
	members int // towns that are members

	mu     sync.Mutex             // guards byLang
	byLang map[string][]*enrolled // as readers of a language list them, made when it is asked for
}

// placeIn is where a town stands in lists by its name in a language.
func (one *enrolled) placeIn(lang string) string {
	if one.Names[lang] == "" {
		return one.place
	}
	return sortName(one.Names[lang]) + partEnd + one.ID
}

// townsOf are the towns with these ids: those of the roll from it, which may be nil, the others as the transaction reads them.
func (t *tx) townsOf(ids []string, all *roll) (map[string]Town, error) {
	if all == nil {
		return towns().many(t, ids)
	}
	found, missing := map[string]Town{}, []string(nil)
	for _, id := range ids {
		if one := all.byID[id]; one != nil {
			found[id] = one.Town
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	others, err := towns().many(t, missing)
	maps.Copy(found, others)
	return found, err
}

// in are all towns by their names in a language; shared, and not to be changed.
func (r *roll) in(lang string) []*enrolled {
	if !slices.Contains(Languages(), lang) {
		return r.all
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byLang[lang] == nil {
		if r.byLang == nil {
			r.byLang = map[string][]*enrolled{}
		}
		r.byLang[lang] = slices.Clone(r.all)
		slices.SortFunc(r.byLang[lang], func(a, b *enrolled) int { return cmp.Compare(a.placeIn(lang), b.placeIn(lang)) })
	}
	return r.byLang[lang]
}

// rolling keeps the roll, and which towns changed since.
type rolling struct {
	turn   turn       // one at a time reads what changed
	mu     sync.Mutex // guards what follows
	kept   *roll
	stale  map[string]bool
	making bool // what was stale is being read: what is kept does not have it yet
}

// turn is had by one at a time; the others wait as long as their contexts let them.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fromEngine(ctx.Err())
	}
}

func (t turn) end() { <-t }

// everyTown among towns that changed says that it is not known which did.
const everyTown = ""

// forget marks towns to be read again, after the commit that changed them.
func (r *rolling) forget(ids map[string]bool) {
	if len(ids) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil && r.stale == nil {
		return // never read
	}
	if r.stale == nil {
		r.stale = map[string]bool{}
	}
	maps.Copy(r.stale, ids)
}

func (r *rolling) fresh() *roll {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stale) > 0 || r.making {
		return nil
	}
	return r.kept
}

// take hands out what is kept, and what has to be read again; from now on changes are noted.
func (r *rolling) take() (kept *roll, stale map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stale, r.stale, r.making = r.stale, map[string]bool{}, true
	if stale[everyTown] {
		return nil, stale
	}
	return r.kept, stale
}

// keep ends what take began; nil keeps what was there.
func (r *rolling) keep(fresh *roll) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.making = false
	if fresh != nil {
		r.kept = fresh
	}
}

// unroll notes that a key which is written belongs to a town's place in the roll.
func (t *tx) unroll(f family, key []byte) {
	if f != famTown && f != famMemberTown && f != famAppUse && f != famMentorshipMentor {
		return
	}
	if t.enrolled == nil {
		t.enrolled = map[string]bool{}
	}
	id, _, _ := strings.Cut(string(key[len(f)+1:]), partEnd)
	t.enrolled[id] = true
}

// roll reads the towns as of the newest commit that this process made before, and what it has heard of other nodes'.
func (s *Store) roll(ctx context.Context) (*roll, error) {
	if kept := s.rolling.fresh(); kept != nil {
		return kept, nil
	}
	if err := s.rolling.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.rolling.turn.end()
	if kept := s.rolling.fresh(); kept != nil {
		return kept, nil
	}
	kept, stale := s.rolling.take()
	var fresh *roll
	err := s.view(ctx, func(t *tx) error {
		var err error
		fresh, err = t.enroll(kept, stale)
		return err
	})
	if err != nil {
		s.rolling.forget(stale)
		s.rolling.keep(nil)
		return nil, err
	}
	s.rolling.keep(fresh)
	return fresh, nil
}

// enroll reads the towns that are stale, or all when nothing is kept.
func (t *tx) enroll(kept *roll, stale map[string]bool) (*roll, error) {
	fresh := &roll{}
	if kept == nil {
		fresh.byID = map[string]*enrolled{}
		err := towns().each(t, func(town Town) error {
			var err error
			if town.State != TownJoining {
				fresh.byID[town.ID], err = t.entry(town)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		fresh.all = slices.SortedFunc(maps.Values(fresh.byID), (*enrolled).compare)
	} else {
		fresh.byID, fresh.all = maps.Clone(kept.byID), slices.Clone(kept.all)
		for _, id := range sortedKeys(stale) {
			town, ok, err := towns().find(t, id)
			if err != nil {
				return nil, err
			}
			var now *enrolled
			if ok && town.State != TownJoining {
				if now, err = t.entry(town); err != nil {
					return nil, err
				}
			}
			fresh.replace(id, now)
		}
	}
	fresh.TownChoices = choicesOf(fresh.all)
	for _, one := range fresh.all {
		if one.State == TownMember {
			fresh.members++
		}
	}
	return fresh, nil
}

func (one *enrolled) compare(other *enrolled) int { return cmp.Compare(one.place, other.place) }

// replace puts a town in its place, and takes it from where it was; nil only takes it away.
func (r *roll) replace(id string, now *enrolled) {
	if was := r.byID[id]; was != nil {
		if at, ok := slices.BinarySearchFunc(r.all, was, (*enrolled).compare); ok {
			r.all = slices.Delete(r.all, at, at+1)
		}
		delete(r.byID, id)
	}
	if now != nil {
		at, _ := slices.BinarySearchFunc(r.all, now, (*enrolled).compare)
		r.all = slices.Insert(r.all, at, now)
		r.byID[id] = now
	}
}

// entry reads a town for the roll. Words that many share are kept once, so that
// comparing them is quick.
func (t *tx) entry(town Town) (*enrolled, error) {
	one := &enrolled{Town: town, place: sortName(town.Name) + partEnd + town.ID, folded: []string{fold(town.Name)}}
	one.State, one.Country, one.Area = TownState(once(string(town.State))), once(town.Country), once(town.Area)
	people, err := t.Scan(window{Under: []string{town.ID}}.bounds(famMemberTown), scanBatch) // more than that are not counted
	if err != nil {
		return nil, err
	}
	one.people = len(people)
	if town.Profile.Offers {
		open, err := t.mentorshipsOf(famMentorshipMentor, town.ID, true)
		if err != nil {
			return nil, err
		}
		one.learners = len(open)
	}
	if one.uses, err = appUses().under(t, window{Under: []string{town.ID}, Limit: scanBatch}); err != nil {
		return nil, err
	}
	for _, lang := range sortedKeys(town.Names) {
		one.folded = append(one.folded, fold(town.Names[lang]))
	}
	if t.store.gazetteer != nil && town.Code != "" {
		real, _ := t.store.gazetteer.Town(town.Code)
		one.postal, one.Region = real.PostalCodes, once(real.Region)
	}
	return one, nil
}

// once is the one copy of a word that is compared often.
func once(word string) string { return unique.Make(word).Value() }
