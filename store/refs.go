package store

import (
	"strconv"
	"strings"
)

// Ref is a record that a text names, as far as the reader may know of it.
type Ref struct {
	Kind    string // thread, decision, action, meeting, item or app
	Title   string
	Lang    string
	State   string // thread: open, solved, closed; others: the state or outcome of the record
	Thread  Thread // of a thread
	Meeting Meeting
	Order   int // of an item on its agenda, from 1
	App     App
}

// refs reads the records that codes name (see Words). Codes that lead nowhere, or to what the reader may not know of,
// are left out.
func (t *tx) refs(reader Member, codes []string) (map[string]Ref, error) {
	found := map[string]Ref{}
	for _, code := range codes {
		if _, twice := found[code]; twice {
			continue
		}
		kind, name, _ := strings.Cut(code, ":")
		ref, err := Ref{}, error(nil)
		switch kind {
		case "thread":
			ref, err = t.threadRef(reader, name)
		case "decision":
			ref, err = t.decisionRef(name)
		case "action":
			ref, err = t.actionRef(name)
		case "meeting":
			ref, err = t.meetingRef(reader, name)
		case "item":
			ref, err = t.itemRef(reader, name)
		case "app":
			ref, err = t.appRef(name)
		default:
			continue
		}
		if KindOf(err) == NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		ref.Kind = kind
		found[code] = ref
	}
	return found, nil
}

func (t *tx) threadRef(reader Member, number string) (Ref, error) {
	n, err := strconv.Atoi(number)
	if err != nil {
		return Ref{}, notFound()
	}
	d, err := threads().lookup(t, famThreadNumber, threadNumber(n))
	if err != nil {
		return Ref{}, err
	}
	if d, _, err = t.thread(d.ID, reader); err != nil {
		return Ref{}, err
	}
	state := "open"
	switch {
	case d.Accepted > 0:
		state = "solved"
	case d.Closed:
		state = "closed"
	}
	return Ref{Title: d.Title, Lang: d.Lang, State: state, Thread: d}, nil
}

func (t *tx) decisionRef(number string) (Ref, error) {
	d, err := decisions().lookup(t, famDecisionNumber, sequenceOf(number))
	return Ref{Title: d.Title, Lang: d.Lang, State: d.state()}, err
}

func (t *tx) actionRef(number string) (Ref, error) {
	bare, ok := strings.CutPrefix(number, "A-")
	if !ok {
		return Ref{}, notFound()
	}
	a, err := actions().lookup(t, famActionNumber, sequenceOf(bare))
	return Ref{Title: a.Title, Lang: a.Lang, State: string(a.State)}, err
}

func (t *tx) meetingRef(reader Member, slug string) (Ref, error) {
	m, err := meetings().lookup(t, famMeetingSlug, slug)
	if err == nil && !visible(m, reader) {
		err = notFound()
	}
	return Ref{Title: m.Title, Lang: m.Lang, State: string(m.State), Meeting: m}, err
}

func (t *tx) appRef(slug string) (Ref, error) {
	a, err := apps().lookup(t, famAppSlug, slug)
	return Ref{Title: a.Name(), App: a}, err
}

// itemRef finds an item by the place it has on its agenda, among those that are on it.
func (t *tx) itemRef(reader Member, name string) (Ref, error) {
	slug, place, _ := strings.Cut(name, "/")
	at, err := strconv.Atoi(place)
	if err != nil || at < 1 {
		return Ref{}, notFound()
	}
	meeting, err := t.meetingRef(reader, slug)
	if err != nil {
		return Ref{}, err
	}
	all, err := t.agenda(meeting.Meeting.ID)
	if err != nil {
		return Ref{}, err
	}
	for _, item := range all {
		if item.State == ItemProposed || item.State == ItemWithdrawn {
			continue
		}
		if at--; at > 0 {
			continue
		}
		if item.Members && !may(reader, Take) {
			break
		}
		state := string(item.Outcome)
		if state == "" {
			state = string(item.State)
		}
		order, _ := strconv.Atoi(place)
		return Ref{Title: item.Title, Lang: item.Lang, State: state, Meeting: meeting.Meeting, Order: order}, nil
	}
	return Ref{}, notFound()
}
