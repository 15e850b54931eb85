package store

import (
	"fmt"
	"maps"
)

func (v *verification) mentorNeed(from family, id string, n MentorNeed) {
	for _, one := range n.Skills {
		v.lead(from, id, famSkill, one)
	}
	for _, one := range n.Apps {
		v.lead(from, id, famApp, one)
	}
}

func (v *verification) mentorRequest(q *MentorRequest) {
	v.lead(famMentorRequest, q.ID, famTown, q.Town)
	v.lead(famMentorRequest, q.ID, famMember, q.By)
	v.lead(famMentorRequest, q.ID, famMentorship, q.Mentorship)
	v.mentorNeed(famMentorRequest, q.ID, q.Need)
	open := 0
	for _, try := range q.Tries {
		v.lead(famMentorRequest, q.ID, famTown, try.Town)
		if try.Outcome == TryOpen {
			open++
		}
	}
	if asks := q.State == RequestAsking; asks && open != 1 || !asks && open > 0 {
		v.report(Fault{"count", string(famMentorRequest) + "/" + q.ID, fmt.Sprintf("is %s, and %d towns are asked", q.State, open)})
	}
	if q.Open() && q.State != RequestHeld {
		v.waiting[q.Town]++
	}
}

func (v *verification) mentorship(m *Mentorship) {
	v.lead(famMentorship, m.ID, famTown, m.Mentor)
	v.lead(famMentorship, m.ID, famTown, m.Learner)
	v.lead(famMentorship, m.ID, famMember, m.By)
	v.lead(famMentorship, m.ID, famMentorRequest, m.Request)
	v.mentorNeed(famMentorship, m.ID, m.Need)
	if m.Open() {
		v.learning[m.Learner]++
	}
}

func (v *verification) checkIn(k *CheckIn) {
	v.lead(famCheckIn, k.ID, famMentorship, k.Mentorship)
	v.lead(famCheckIn, k.ID, famTown, k.Mentor)
	v.lead(famCheckIn, k.ID, famTown, k.Learner)
}

// mentorships reports towns that ask for a mentor twice, or while they have one. Two mentors has only a town into which
// another was merged: each had one.
func (v *verification) mentorships() error {
	all := maps.Clone(v.waiting)
	for town, n := range v.learning {
		if v.joined[town] {
			n = min(n, 1)
		}
		all[town] += n
	}
	for _, town := range sortedKeys(all) {
		if all[town] > 1 {
			v.report(Fault{"count", string(famMentorRequest) + ", " + town, "waits for a mentor, or has one, more than once"})
		}
	}
	return nil
}
