package live

import (
	"errors"
	"maps"
	"slices"
	"time"
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

// everyMe is how often is looked at what is new to people.
const everyMe = 10 * time.Second

// pages tells pages that their subject changed, and people how much is new to them, beside everything else that the hub
// does.
func (h *Hub) pages() {
	ticker := time.NewTicker(h.Tick)
	defer ticker.Stop()
	looked := time.Now()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-ticker.C:
		}
		h.tellPages()
		if now := time.Now(); now.Sub(looked) >= everyMe {
			looked = now
			h.tellMe()
		}
	}
}

// tellPages tells pages that their subject changed, those who may still know of it. Each person is asked about once.
func (h *Hub) tellPages() {
	h.mu.Lock()
	told := map[string][]*Socket{}
	for subject := range h.touched {
		told[subject] = slices.Collect(maps.Keys(h.subjects[subject]))
	}
	clear(h.touched)
	h.mu.Unlock()
	for subject, sockets := range told {
		frame, err := h.encoder.frame(touchedFrame{Type: "touched", Subject: subject})
		if err != nil {
			h.Log.Error("live frame not encoded", "error", err)
			continue
		}
		asked := map[string]error{}
		for _, s := range sockets {
			err, known := asked[s.ID]
			if !known {
				err = h.Source.Watch(h.ctx, s.Person, subject)
				asked[s.ID] = err
			}
			if err == nil {
				s.Offer(frame, 1)
				continue
			}
			var p *Problem
			if !errors.As(err, &p) { // not for good: the next change tells it
				continue
			}
			h.mu.Lock()
			h.forget(s, subject)
			h.mu.Unlock()
		}
	}
}

// tellMe tells people how much is new to them, when that changed.
func (h *Hub) tellMe() {
	h.mu.Lock()
	mine := slices.Collect(maps.Keys(h.subjects[subjectMe]))
	h.mu.Unlock()
	asked := map[string]string{}
	for _, s := range mine {
		words, known := asked[s.ID]
		if !known {
			var err error
			if words, err = h.Source.Unread(h.ctx, s.Person); err != nil {
				continue
			}
			asked[s.ID] = words
		}
		if words != s.unread || !s.counted {
			s.unread, s.counted = words, true
			h.send(s, touchedFrame{Type: "touched", Subject: subjectMe, Unread: words})
		}
	}
}
