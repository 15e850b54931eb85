package store

import "slices"

// candidate says of a mentor, in values that pages turn into words, what speaks for it and what does not.
func (s *scale) candidate(m *Mentor, score int) Candidate {
	c := Candidate{Town: m.Town, Score: score, Free: m.Free(), Km: -1, place: m.place}
	for _, weight := range s.weights {
		c.Most += weight * whole
	}
	c.Points = s.needPoints(m)
	var shared []string
	for _, lang := range s.wish.Need.Speaks {
		if slices.Contains(m.speaks(), lang) {
			shared = append(shared, lang)
		}
	}
	c.Points = append(c.Points, Point{What: ByLanguage, Good: true, Langs: shared})
	if metres, ok := s.metres(m); ok {
		c.Km = (metres + 500) / 1000
		wished := s.wish.Need.Near
		near := wished
		if near == 0 {
			near = 100
		}
		c.Points = append(c.Points, Point{What: ByDistance, Good: c.Km <= near, N: c.Km, Of: wished})
	}
	if own, other := s.wish.Town.Population, m.Town.Population; own > 0 && other > 0 {
		if good := 3*min(own, other) >= max(own, other); good || 10*min(own, other) < max(own, other) {
			c.Points = append(c.Points, Point{What: BySize, Good: good, N: other, Of: own})
		}
	}
	if apart, ok := staffApart(s.wish.Need.Staff, m.Town.Staff); ok && apart != 1 {
		c.Points = append(c.Points, Point{What: ByStaff, Good: apart == 0, N: apart})
	}
	if wanted, have := s.wish.Need.Hosting, m.Town.Profile.Hosting; wanted != HostingUnknown && have != HostingUnknown {
		c.Points = append(c.Points, Point{What: ByHosting, Good: wanted == have || have == HostingMixed})
	}
	c.Points = append(c.Points, Point{What: ByFormer, Good: m.Former > 0, N: m.Former})
	if m.Answered > 0 {
		c.Points = append(c.Points, Point{What: ByAnswers, Good: 2*m.Days <= patience, N: m.Days})
	}
	if m.Learners > 0 {
		c.Points = append(c.Points, Point{What: ByFairness, N: m.Learners})
	}
	c.Points = append(c.Points, Point{What: ByPlaces, Good: true, N: c.Free})
	slices.SortStableFunc(c.Points, func(a, b Point) int { return boolRank(a.Good) - boolRank(b.Good) })
	return c
}

func boolRank(good bool) int {
	if good {
		return 0
	}
	return 1
}

// needPoints say which needs are covered, and which are not.
func (s *scale) needPoints(m *Mentor) []Point {
	if s.asked == 0 {
		return nil
	}
	yes, no := Point{What: ByNeeds, Good: true, Of: s.asked}, Point{What: ByNeeds, Of: s.asked}
	sort := func(ids, have []string, in, out *[]string) {
		for _, id := range ids {
			if slices.Contains(have, id) {
				*in = append(*in, id)
			} else {
				*out = append(*out, id)
			}
		}
	}
	sort(s.wish.Need.Apps, m.Runs, &yes.Apps, &no.Apps)
	sort(s.wish.Need.Skills, m.Town.Profile.Teaches, &yes.Skills, &no.Skills)
	yes.N, no.N = len(yes.Apps)+len(yes.Skills), len(no.Apps)+len(no.Skills)
	var points []Point
	if yes.N > 0 {
		points = append(points, yes)
	}
	if no.N > 0 {
		points = append(points, no)
	}
	return points
}
