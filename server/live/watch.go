package live

import (
	"maps"
	"slices"
)

// subjectMe is what is new to the person of a connection.
const subjectMe = "me"

// watch lets a connection know when the subject of a page changes.
func (h *Hub) watch(s *Socket, subject string) error {
	if err := h.Source.Watch(h.ctx, s.Person, subject); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(s.subjects) >= maxSubjects && !s.subjects[subject] {
		return &Problem{Code: CodeLimited}
	}
	if s.subjects == nil {
		s.subjects = map[string]bool{}
	}
	s.subjects[subject] = true
	if h.subjects[subject] == nil {
		h.subjects[subject] = map[*Socket]struct{}{}
	}
	h.subjects[subject][s] = struct{}{}
	return nil
}

// forget ends the watching of a subject; the hub's lock is held.
func (h *Hub) forget(s *Socket, subject string) {
	delete(s.subjects, subject)
	delete(h.subjects[subject], s)
	if len(h.subjects[subject]) == 0 {
		delete(h.subjects, subject)
	}
}

// turnsForMe is how many ticks lie between two looks at what is new to people.
const turnsForMe = 20

// tellPages tells pages that their subject changed, those who may still know of it.
func (h *Hub) tellPages(turn int) {
	h.mu.Lock()
	told := map[string][]*Socket{}
	for subject := range h.touched {
		told[subject] = slices.Collect(maps.Keys(h.subjects[subject]))
	}
	clear(h.touched)
	var mine []*Socket
	if turn%turnsForMe == 0 {
		mine = slices.Collect(maps.Keys(h.subjects[subjectMe]))
	}
	h.mu.Unlock()
	for subject, sockets := range told {
		frame, err := h.encoder.frame(touchedFrame{Type: "touched", Subject: subject})
		if err != nil {
			h.Log.Error("live frame not encoded", "error", err)
			continue
		}
		for _, s := range sockets {
			if h.Source.Watch(h.ctx, s.Person, subject) != nil {
				h.mu.Lock()
				h.forget(s, subject)
				h.mu.Unlock()
				continue
			}
			s.Offer(frame, 1)
		}
	}
	for _, s := range mine {
		if words := h.Source.Unread(h.ctx, s.Person); words != s.unread {
			s.unread = words
			h.send(s, touchedFrame{Type: "touched", Subject: subjectMe, Unread: words})
		}
	}
}
