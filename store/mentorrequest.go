package store

import (
	"context"
	"slices"
	"time"
)

// RequestState is where a request for a mentor stands.
type RequestState string

const (
	RequestHeld      RequestState = "held"    // who asks waits for the welcome of their town
	RequestAsking    RequestState = "asking"  // a town is asked
	RequestSeeking   RequestState = "seeking" // no town can be asked now; the first that can will be
	RequestMatched   RequestState = "matched"
	RequestWithdrawn RequestState = "withdrawn"
)

// openRequests are the states in which a town still waits.
func openRequests() []RequestState {
	return []RequestState{RequestAsking, RequestHeld, RequestSeeking}
}

// TryOutcome is what became of asking one town.
type TryOutcome string

const (
	TryOpen      TryOutcome = "" // it is asked now
	TryAccepted  TryOutcome = "accepted"
	TryDeclined  TryOutcome = "declined"
	TrySilent    TryOutcome = "silent" // for a week
	TryFull      TryOutcome = "full"   // it has no place any more, takes a break or stopped helping
	TryMoved     TryOutcome = "moved"  // a steward asked another town instead
	TryWithdrawn TryOutcome = "withdrawn"
)

// MentorRequest is a town's wish for a mentor. It goes to one town at a time and is never lost: it ends with a mentorship or
// is taken back.
type MentorRequest struct {
	ID         string       `json:"id"`
	Town       string       `json:"town"` // that looks for a mentor
	By         string       `json:"by"`
	Lang       string       `json:"lang"` // of the message
	Need       MentorNeed   `json:"need"`
	Message    string       `json:"message"`
	First      string       `json:"first,omitzero"`  // the town that was chosen
	Former     string       `json:"former,omitzero"` // mentor that is to be changed
	State      RequestState `json:"state"`
	Tries      []Try        `json:"tries,omitzero"`
	Stuck      bool         `json:"stuck,omitzero"` // stewards were told that no town is left
	Mentorship string       `json:"mentorship,omitzero"`
	Created    time.Time    `json:"created"`
	Ended      time.Time    `json:"ended,omitzero"`
}

// Try is one town being asked.
type Try struct {
	Town    string     `json:"town"`
	At      time.Time  `json:"at"`
	Due     time.Time  `json:"due,omitzero"`   // when it has been silent too long; zero while who asks owes an answer
	First   time.Time  `json:"first,omitzero"` // its first sign of life
	Outcome TryOutcome `json:"outcome,omitzero"`
	Ended   time.Time  `json:"ended,omitzero"`
	Reason  string     `json:"reason,omitzero"`
	By      string     `json:"by,omitzero"` // who ended it
	Talk    []Said     `json:"talk,omitzero"`
}

// Said is a question or an answer between the two towns before they agree.
type Said struct {
	By   string    `json:"by"`
	Town string    `json:"town"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// days is how long the town took to answer, begun days counted whole; silence counts as the days it lasted.
func (y Try) days() (int, bool) {
	switch {
	case !y.First.IsZero():
		return max(1, daysBetween(y.At, y.First)), true
	case y.Outcome == TrySilent:
		return daysBetween(y.At, y.Ended), true
	}
	return 0, false
}

// Open says whether the town still waits for a mentor.
func (q MentorRequest) Open() bool { return slices.Contains(openRequests(), q.State) }

// Asked is the town that is asked now; nil for none.
func (q MentorRequest) Asked() *Try {
	if n := len(q.Tries); n > 0 && q.State == RequestAsking && q.Tries[n-1].Outcome == TryOpen {
		return &q.Tries[n-1]
	}
	return nil
}

// Questioned says whether the asked town waits for an answer of who asks.
func (y Try) Questioned() bool {
	return len(y.Talk) > 0 && y.Talk[len(y.Talk)-1].Town == y.Town
}

func mentorRequests() *table[MentorRequest] {
	return &table[MentorRequest]{
		family: famMentorRequest,
		key:    func(q *MentorRequest) []string { return []string{q.ID} },
		indexes: []index[MentorRequest]{
			{family: famMentorRequestTown, parts: func(q *MentorRequest) [][]string { return [][]string{{q.Town}} }},
			{family: famMentorRequestState, parts: func(q *MentorRequest) [][]string {
				return [][]string{{string(q.State), instant(q.Created)}}
			}},
			{family: famMentorRequestAsked, parts: func(q *MentorRequest) [][]string {
				var parts [][]string
				for _, try := range q.Tries {
					state := "past"
					if q.State == RequestAsking && try.Outcome == TryOpen {
						state = "open"
					}
					if one := []string{try.Town, state}; !slices.ContainsFunc(parts, func(p []string) bool { return slices.Equal(p, one) }) {
						parts = append(parts, one)
					}
				}
				return parts
			}},
		},
	}
}

// RequestInput is what a town sends: its need, the town it chose, and a message to it.
type RequestInput struct {
	Need    MentorNeed `json:"need"`
	Town    string     `json:"town"` // id
	Message string     `json:"message"`
	Lang    string     `json:"lang"`
}

func (n *MentorNeed) check() error {
	var c check
	n.checkIn(&c)
	return c.err()
}

// Check says what is wrong with some fields of a need that is not complete yet, and cleans it.
func (n *MentorNeed) Check(fields ...string) error {
	var c check
	n.checkIn(&c)
	c.problems = slices.DeleteFunc(c.problems, func(p Problem) bool { return !slices.Contains(fields, p.Field) })
	return c.err()
}

func (n *MentorNeed) checkIn(c *check) {
	if n.Speaks = c.languages("speaks", n.Speaks); len(n.Speaks) == 0 && len(c.problems) == 0 {
		c.add("speaks", "mentor.language_missing")
	}
	oneOf(c, "hosting", n.Hosting, append(Hostings(), HostingUnknown)...)
	oneOf(c, "staff", n.Staff, StaffUnknown, StaffNone, StaffOne, StaffFew, StaffTeam)
	oneOf(c, "budget", n.Budget, append(Budgets(), BudgetUnknown)...)
	oneOf(c, "near", n.Near, Nears()...)
	n.Note = c.text("note", n.Note, maxNeedNote)
	if len(n.Apps) > MaxNeedApps {
		c.add("apps", "mentor.too_many_apps", "Max", MaxNeedApps)
	}
	if len(n.Skills) > MaxNeedSkills {
		c.add("skills", "skill.too_many", "Max", MaxNeedSkills)
	}
}

func (in *RequestInput) check() error {
	var c check
	in.Need.checkIn(&c)
	if in.Message = c.text("message", in.Message, MaxText); in.Message == "" && len(c.problems) == 0 {
		c.add("message", "invalid.required")
	}
	oneOf(&c, "lang", in.Lang, Languages()...)
	return c.err()
}

func requestsSent() limit { return limit{"mentor", 5, 24 * time.Hour} }

// AskMentor sends a town's request to the town it chose: by its people. A town has one open request, and asks for no second
// mentor while it has one. When the chosen town cannot help any more, nothing is sent, and the Conflict says so.
func (s *Store) AskMentor(ctx context.Context, by Actor, in RequestInput) (MentorRequest, error) {
	if err := in.check(); err != nil {
		return MentorRequest{}, err
	}
	var q MentorRequest
	err := s.update(ctx, "mentoring", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.member(by)
		if err != nil {
			return err
		}
		place, ok := who.Place()
		if !ok {
			return denied("mentor.no_town")
		}
		if err := t.spend(requestsSent(), who.ID); err != nil {
			return err
		}
		if q, err = t.request(who, place.Town, in); err != nil {
			return err
		}
		if !t.speaksFor(who, place.Town) {
			if err := t.dropHeld(q); err != nil {
				return err
			}
			return mentorRequests().put(t, q)
		}
		if err := t.mayMentor(q, in.Town); err != nil {
			return err
		}
		if err := t.dropHeld(q); err != nil {
			return err
		}
		return t.ask(&q, in.Town)
	})
	return q, err
}

// request makes the record of a request; it is held until it is sent.
func (t *tx) request(who Member, townID string, in RequestInput) (MentorRequest, error) {
	if err := t.waitsForNobody(townID); err != nil {
		return MentorRequest{}, err
	}
	var c check
	var err error
	if in.Need.Skills, err = t.useSkills(&c, "skills", in.Need.Skills, MaxNeedSkills); err != nil {
		return MentorRequest{}, err
	}
	known, err := apps().many(t, in.Need.Apps)
	if err != nil {
		return MentorRequest{}, err
	}
	in.Need.Apps = slices.DeleteFunc(slices.Clone(in.Need.Apps), func(id string) bool { return known[id].ID == "" })
	if err := c.err(); err != nil {
		return MentorRequest{}, err
	}
	id, err := t.newID()
	return MentorRequest{ID: id, Town: townID, By: who.ID, Lang: in.Lang, Need: in.Need, Message: in.Message, First: in.Town, State: RequestHeld,
		Created: t.now}, err
}

// dropHeld takes back what was held when a town asks anew. A newcomer's next request replaces their own; one that is sent
// ends all, and who wrote the others is told.
func (t *tx) dropHeld(next MentorRequest) error {
	who, err := members().get(t, next.By)
	if err != nil {
		return err
	}
	asked, err := mentorRequests().list(t, famMentorRequestTown, window{Under: []string{next.Town}, Limit: scanBatch})
	if err != nil {
		return err
	}
	sent := t.speaksFor(who, next.Town)
	for _, q := range asked {
		if q.State != RequestHeld || q.ID == next.ID {
			continue
		}
		switch {
		case q.By == next.By:
			err = t.takeBack(&q, next.By)
		case sent:
			err = t.takeBackFor(&q, next.By, requestDoubled)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// waitsForNobody refuses a town that has asked already, or has a mentor. What is held was not sent: it does not count.
func (t *tx) waitsForNobody(townID string) error {
	asked, err := mentorRequests().list(t, famMentorRequestTown, window{Under: []string{townID}, Limit: scanBatch})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(asked, func(q MentorRequest) bool { return q.Open() && q.State != RequestHeld }) {
		return conflict("mentor.asked_already")
	}
	learning, err := t.mentorshipsOf(famMentorshipLearner, townID, true)
	if err == nil && len(learning) > 0 {
		err = conflict("mentor.has_one")
	}
	return err
}

// speaksFor says whether somebody may send a request in the name of a town: its welcomed people, and while nobody has
// welcomed the town itself, those who joined with it.
func (t *tx) speaksFor(who Member, townID string) bool {
	place, ok := who.Place()
	if !ok || place.Town != townID || who.State != MemberActive {
		return false
	}
	if !place.Welcomed.IsZero() {
		return true
	}
	town, found, err := towns().find(t, townID)
	return err == nil && found && town.State == TownJoining
}

// mayMentor asks the hard limits about one town, as they are in this transaction.
func (t *tx) mayMentor(q MentorRequest, townID string) error {
	town, ok, err := towns().find(t, townID)
	if err != nil {
		return err
	}
	if !ok || townID == q.Town || !town.Helps(t.now) {
		return conflict("mentor.helps_not")
	}
	free, err := t.freePlaces(town)
	if err != nil {
		return err
	}
	if free == 0 {
		return fail(Full, "mentor.no_place")
	}
	if !slices.ContainsFunc(NewMentor(town, nil).speaks(), func(lang string) bool { return slices.Contains(q.Need.Speaks, lang) }) {
		return conflict("mentor.no_language")
	}
	return nil
}

// freePlaces is how many more towns a mentor can help.
func (t *tx) freePlaces(town Town) (int, error) {
	open, err := t.mentorshipsOf(famMentorshipMentor, town.ID, true)
	return max(0, town.Profile.Places-len(open)), err
}

// ask sends a request to a town.
func (t *tx) ask(q *MentorRequest, townID string) error {
	town, err := towns().get(t, townID)
	if err != nil {
		return err
	}
	q.State, q.Stuck = RequestAsking, false
	q.Tries = append(slices.Clone(q.Tries), Try{Town: townID, At: t.now, Due: silenceEnds(town, t.now)})
	if err := mentorRequests().put(t, *q); err != nil {
		return err
	}
	return t.emit(Event{Kind: EventMentorAsked, Subject: q.ID, By: q.By, Data: map[string]string{"town": townID}})
}
