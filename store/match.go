package store

import (
	"cmp"
	"slices"
	"time"
)

// MentorNeed is what a town looks for, and what it has to begin with.
type MentorNeed struct {
	Apps    []string `json:"apps,omitzero"`    // ids of applications it wants to run
	Skills  []string `json:"skills,omitzero"`  // ids of skills it wants to learn
	Hosting Hosting  `json:"hosting,omitzero"` // where its applications are to run
	Staff   Staff    `json:"staff,omitzero"`
	Budget  Budget   `json:"budget,omitzero"` // for the mentor to know; it ranks nobody
	Speaks  []string `json:"speaks"`          // languages it can be helped in, in the order of Languages
	Near    int      `json:"near,omitzero"`   // kilometres it would like to be within, 0 for no matter
	Note    string   `json:"note,omitzero"`
}

// Budget is what a town can spend on its computing, in words.
type Budget string

const (
	BudgetUnknown Budget = ""
	BudgetNone    Budget = "none"
	BudgetSmall   Budget = "small"
	BudgetPlanned Budget = "planned"
)

// Budgets are the answers there are, the unknown one left out.
func Budgets() []Budget { return []Budget{BudgetNone, BudgetSmall, BudgetPlanned} }

// Limits of a need.
const (
	MaxNeedApps   = 8
	MaxNeedSkills = 12
	maxNeedNote   = 300
)

// Nears are the distances one can wish for, in kilometres; 0 is no matter.
func Nears() []int { return []int{25, 50, 100, 0} }

// Criterion is one thing by which mentors are ranked, or told apart.
type Criterion string

const (
	ByNeeds    Criterion = "needs"
	ByLanguage Criterion = "language"
	ByDistance Criterion = "distance"
	BySize     Criterion = "size"
	ByStaff    Criterion = "staff"
	ByHosting  Criterion = "hosting"
	ByFormer   Criterion = "former"
	ByAnswers  Criterion = "answers"
	ByFairness Criterion = "fairness"
	ByPlaces   Criterion = "places" // has no weight: without a free place nobody is a candidate
)

// Criteria are those with a weight, in the order of pages.
func Criteria() []Criterion {
	return []Criterion{ByNeeds, ByLanguage, ByDistance, BySize, ByStaff, ByHosting, ByFormer, ByAnswers, ByFairness}
}

// MaxWeight bounds the weight of a criterion.
const MaxWeight = 100

// Weights say how much each criterion counts.
type Weights map[Criterion]int

// DefaultWeights are those of a community that has set none.
func DefaultWeights() Weights {
	return Weights{ByNeeds: 40, ByLanguage: 15, ByDistance: 15, BySize: 7, ByStaff: 4, ByHosting: 5, ByFormer: 4, ByAnswers: 5, ByFairness: 5}
}

// Mentor is what the ranking reads of a town that offers help.
type Mentor struct {
	Town     Town
	Runs     []string // ids of the applications it runs
	Learners int      // towns it helps now, those of a pause too
	Former   int      // towns it helped before
	Answered int      // requests that count in Days
	Days     int      // the median of its days to answer, begun ones counted whole
	place    string   // folded name, id: ties are broken by it
	spot     spot
}

// NewMentor prepares a town for the ranking.
func NewMentor(town Town, runs []string) Mentor {
	return Mentor{Town: town, Runs: runs, place: sortName(town.Name) + partEnd + town.ID, spot: spotOf(town.Lat, town.Lon)}
}

// Free is how many more towns it can help.
func (m Mentor) Free() int { return max(0, m.Town.Profile.Places-m.Learners) }

// speaks are the languages a town helps in; one that did not say helps in its own.
func (m Mentor) speaks() []string {
	if len(m.Town.Profile.Speaks) > 0 {
		return m.Town.Profile.Speaks
	}
	return m.Town.Languages
}

// Wish is a town that looks for a mentor. The town may be one of the gazetteer that nobody has joined for.
type Wish struct {
	Town  Town
	Need  MentorNeed
	Leave map[string]bool // ids of towns that are not to be proposed
	Only  string          // id of the one town that is asked about; "" for all
}

// Point is a reason for a candidate, or with Good false a weak point. What N, Of and the lists are depends on the criterion:
// needs: N of Of are covered, or the ones that are not; language: Langs; distance: N kilometres, Of those wished for; size: N
// people there, Of here; places: N free; former, fairness: N towns; answers: N days, 0 when it was never asked.
type Point struct {
	What   Criterion
	Good   bool
	N, Of  int
	Apps   []string
	Skills []string
	Langs  []string
}

// Candidate is a town that may become the mentor.
type Candidate struct {
	Town   Town
	Score  int // out of Most
	Most   int
	Free   int
	Km     int // -1 when a place is unknown
	Points []Point
	place  string
}

// Good counts the reasons.
func (c Candidate) Good() int {
	n := 0
	for _, p := range c.Points {
		if p.Good {
			n++
		}
	}
	return n
}

// whole is the value of a criterion that is met entirely.
const whole = 1000

// Match ranks mentors for a wish, the best first, at most limit of them, and says how many there are. Candidates are member
// towns that offer help, have a free place, take no break and share a language, whatever their rank. The order of mentors
// does not matter: equal scores go by name, then by id.
func Match(w Wish, mentors []Mentor, weights Weights, now time.Time, limit int) (best []Candidate, total int) {
	type ranked struct {
		score int
		m     *Mentor
	}
	s := scale{wish: w, spot: spotOf(w.Town.Lat, w.Town.Lon), asked: len(w.Need.Apps) + len(w.Need.Skills)}
	for i, c := range Criteria() {
		s.weights[i] = weights[c]
	}
	ahead := func(a, b ranked) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.m.place, b.m.place)) }
	var top []ranked
	for i := range mentors {
		m := &mentors[i]
		if !s.possible(m, now) {
			continue
		}
		total++
		one := ranked{s.score(m), m}
		if len(top) == limit && (limit == 0 || ahead(one, top[limit-1]) >= 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, one, ahead)
		if len(top) == limit {
			top = top[:limit-1]
		}
		top = slices.Insert(top, at, one)
	}
	for _, one := range top {
		best = append(best, s.candidate(one.m, one.score))
	}
	return best, total
}

// scale weighs mentors against one wish.
type scale struct {
	wish    Wish
	spot    spot
	asked   int
	weights [9]int
}

// possible are the hard limits.
func (s *scale) possible(m *Mentor, now time.Time) bool {
	same := m.Town.ID == s.wish.Town.ID || m.Town.Code != "" && m.Town.Code == s.wish.Town.Code
	return !same && (s.wish.Only == "" || s.wish.Only == m.Town.ID) && m.Free() > 0 && m.Town.Helps(now) && s.shared(m) > 0 && !s.wish.Leave[m.Town.ID]
}

func (s *scale) shared(m *Mentor) int {
	n := 0
	for _, lang := range s.wish.Need.Speaks {
		if slices.Contains(m.speaks(), lang) {
			n++
		}
	}
	return n
}

func (s *scale) covered(m *Mentor) int {
	n := 0
	for _, id := range s.wish.Need.Apps {
		if slices.Contains(m.Runs, id) {
			n++
		}
	}
	for _, id := range s.wish.Need.Skills {
		if slices.Contains(m.Town.Profile.Teaches, id) {
			n++
		}
	}
	return n
}

// metres is the distance; ok says that both places are known.
func (s *scale) metres(m *Mentor) (n int, ok bool) {
	none := spot{cos: one30}
	if s.spot.lat == none.lat && s.spot.lon == none.lon || m.spot.lat == none.lat && m.spot.lon == none.lon {
		return 0, false
	}
	return s.spot.metres(m.spot), true
}

// values are how far each of Criteria is met, out of whole: unknown counts half.
func (s *scale) values(m *Mentor) [9]int {
	v := [9]int{0, 0, whole / 2, whole / 2, whole / 2, whole / 2, 0, whole / 2, 0}
	if s.asked > 0 {
		v[0] = whole * s.covered(m) / s.asked
	}
	v[1] = whole * s.shared(m) / len(s.wish.Need.Speaks)
	if metres, ok := s.metres(m); ok {
		v[2] = whole * 100_000 / (100_000 + metres) // half at a hundred kilometres
	}
	if own, other := s.wish.Town.Population, m.Town.Population; own > 0 && other > 0 {
		v[3] = whole * min(own, other) / max(own, other)
	}
	if apart, ok := staffApart(s.wish.Need.Staff, m.Town.Staff); ok {
		v[4] = whole * (3 - apart) / 3
	}
	if wanted, have := s.wish.Need.Hosting, m.Town.Profile.Hosting; wanted != HostingUnknown && have != HostingUnknown {
		v[5] = 0
		if wanted == have || have == HostingMixed {
			v[5] = whole
		}
	}
	if m.Former > 0 {
		v[6] = whole
	}
	if m.Answered > 0 {
		v[7] = whole * max(0, patience-m.Days) / patience
	}
	v[8] = whole / (1 + m.Learners)
	return v
}

// patience is the days after which an answer counts nothing.
const patience = 14

// staffApart is how many steps lie between two towns' staffs.
func staffApart(a, b Staff) (int, bool) {
	steps := [4]Staff{StaffNone, StaffOne, StaffFew, StaffTeam}
	i, j := slices.Index(steps[:], a), slices.Index(steps[:], b)
	return max(i-j, j-i), i >= 0 && j >= 0
}

func (s *scale) score(m *Mentor) int {
	sum := 0
	for i, value := range s.values(m) {
		sum += value * s.weights[i]
	}
	return sum
}
