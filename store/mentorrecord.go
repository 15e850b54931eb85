package store

// TownMentoring is what everybody may know of a town's mentoring.
type TownMentoring struct {
	Rows     []MentorshipRow // open ones first, then the past with its thanks, newest first
	Free     int
	Answered int
	Days     int // the median of its days to answer
}

func (t *tx) townMentoring(town Town) (TownMentoring, error) {
	var all TownMentoring
	found, err := t.everMentored(town.ID, famMentorshipMentor, famMentorshipLearner)
	if err != nil {
		return all, err
	}
	if all.Rows, err = t.mentorshipRows(found, false); err != nil {
		return all, err
	}
	if all.Free, err = t.freePlaces(town); err != nil {
		return all, err
	}
	var days []int
	for _, state := range []string{"open", "past"} {
		asked, err := mentorRequests().list(t, famMentorRequestAsked, window{Under: []string{town.ID, state}, Limit: scanBatch})
		if err != nil {
			return all, err
		}
		for _, q := range asked {
			for _, try := range q.Tries {
				if n, ok := try.days(); ok && try.Town == town.ID {
					days = append(days, n)
				}
			}
		}
	}
	all.Answered, all.Days = len(days), median(days)
	return all, nil
}
