package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	maxPresent = 50 // people a frame names
	maxTyping  = 3
	typingTime = 6 * time.Second
)

// stir says that who is in a room, or types there, may have changed.
func (h *Hub) stir(r *room) {
	h.mu.Lock()
	h.restless[r] = true
	h.mu.Unlock()
}

// types notes that somebody is writing in a room that they follow.
func (h *Hub) types(s *Socket, address string) {
	r := s.rooms[address]
	if r == nil || s.ID == "" || s.Hidden {
		return
	}
	r.mu.Lock()
	if _, in := r.subs[s]; in {
		r.typing[s.ID] = typist{s.Name, time.Now().Add(typingTime), r.typing[s.ID].told, true}
	}
	r.mu.Unlock()
	h.stir(r)
}

// wrote notes that somebody said what they were writing.
func (h *Hub) wrote(s *Socket, address string) {
	r := s.rooms[address]
	if r == nil {
		return
	}
	r.mu.Lock()
	one, was := r.typing[s.ID]
	delete(r.typing, s.ID)
	if !one.told.IsZero() && len(r.stopped) < typingSaid {
		r.stopped = append(r.stopped, s.ID)
	}
	r.mu.Unlock()
	if was {
		h.stir(r)
	}
}

// looksAway notes that somebody looks elsewhere, or is back.
func (h *Hub) looksAway(s *Socket, away bool) {
	h.mu.Lock()
	changed := s.away != away
	s.away = away
	h.mu.Unlock()
	if !changed {
		return
	}
	for _, r := range s.rooms {
		h.stir(r)
	}
}

// tellRooms tells rooms who types, and on every other turn who is there, where that changed.
func (h *Hub) tellRooms(presence bool) {
	h.mu.Lock()
	if len(h.restless) == 0 {
		h.mu.Unlock()
		return
	}
	rooms := slices.Collect(maps.Keys(h.restless))
	if presence {
		clear(h.restless)
	}
	away := map[*Socket]bool{}
	for s := range h.sockets {
		if s.away {
			away[s] = true
		}
	}
	h.mu.Unlock()
	for _, r := range rooms {
		with := h.companyIn(r.id)
		again := r.tellTyping(with.typing)
		r.tellReads(with)
		if presence {
			r.tellPresence(away, with)
		}
		if again {
			h.stir(r)
		}
	}
}

// tellTyping tells who is writing, here and elsewhere, when that changed, and says whether somebody is.
func (r *room) tellTyping(elsewhere map[string]string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(r.typing, func(_ string, one typist) bool { return one.until.Before(now) })
	r.typingToOthers(now)
	frame := typingFrame{Type: "typing", Names: []string{}, Members: []string{}}
	names := map[string]string{}
	maps.Copy(names, elsewhere)
	for id, one := range r.typing {
		names[id] = one.name
	}
	for _, id := range slices.Sorted(maps.Keys(names)) {
		if len(frame.Names) < maxTyping {
			frame.Names, frame.Members = append(frame.Names, names[id]), append(frame.Members, id)
		}
	}
	if now := strings.Join(frame.Members, " "); now != r.written {
		r.written = now
		for address, to := range r.byAddress() {
			frame.Room = address
			r.tell(frame, slices.DeleteFunc(to, (*Socket).stranger))
		}
	}
	return len(names) > 0
}

// typingToOthers tells other hubs who wrote here since they were told, and who said it; mu is held.
func (r *room) typingToOthers(now time.Time) {
	if r.hub.Tell == nil {
		return
	}
	w := Word{Do: DeedTyping, From: r.hub.others.name, Room: r.id, Away: r.stopped}
	r.stopped = nil
	for id, one := range r.typing {
		if one.fresh && now.Sub(one.told) >= typingPace && len(w.Here) < typingSaid {
			one.fresh, one.told = false, now
			r.typing[id] = one
			w.Here = append(w.Here, id)
		}
	}
	if len(w.Here)+len(w.Away) > 0 {
		r.hub.Tell(w)
	}
}

// tellPresence tells who is there, at this hub and elsewhere, when that changed.
func (r *room) tellPresence(away map[*Socket]bool, with company) {
	r.mu.Lock()
	defer r.mu.Unlock()
	here, gone := map[string]Person{}, map[string]Person{}
	for s := range r.subs {
		if s.ID == "" || s.Hidden {
			continue
		}
		if away[s] {
			gone[s.ID] = s.Person
		} else {
			here[s.ID] = s.Person
		}
	}
	frame := present(here, gone)
	r.hub.tellOthers(r.id, frame)
	if len(with.here)+len(with.away)+with.more > 0 {
		maps.Copy(here, with.here)
		maps.Copy(gone, with.away)
		frame = present(here, gone)
		frame.Count += with.more
	}
	if now := fmt.Sprint(frame); now == r.told {
		return
	} else {
		r.told = now
	}
	for address, to := range r.byAddress() {
		frame.Room = address
		r.tell(presenceFrame{Type: frame.Type, Room: address, Count: frame.Count}, slices.DeleteFunc(slices.Clone(to), func(s *Socket) bool { return !s.stranger() }))
		r.tell(frame, slices.DeleteFunc(to, (*Socket).stranger))
	}
}

// stranger says whether a connection is a visitor's: who is here is told to members, and to visitors how many.
func (s *Socket) stranger() bool { return s.ID == "" }

// present says who is there; who looks elsewhere in one place only is here.
func present(here, gone map[string]Person) presenceFrame {
	for id := range here {
		delete(gone, id)
	}
	frame := presenceFrame{Type: "presence", Count: len(here) + len(gone), Here: names(here, maxPresent)}
	frame.Away = names(gone, maxPresent-len(frame.Here))
	return frame
}

func names(people map[string]Person, most int) []namedFull {
	all := slices.SortedFunc(maps.Values(people), func(a, b Person) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	var named []namedFull
	for _, p := range all[:min(len(all), most)] {
		named = append(named, p.named())
	}
	return named
}

// byAddress groups those who follow the room by the address they know it under.
func (r *room) byAddress() map[string][]*Socket {
	groups := map[string][]*Socket{}
	for s, address := range r.subs {
		groups[address] = append(groups[address], s)
	}
	return groups
}

// tell puts a frame in some queues; mu is held.
func (r *room) tell(frame any, to []*Socket) {
	if len(to) == 0 {
		return
	}
	b, err := r.hub.encoder.frame(frame)
	if err != nil {
		r.hub.Log.Error("live frame not encoded", "error", err)
		return
	}
	for _, s := range to {
		s.Offer(b, 1)
	}
}

// ReadTo is the answer of a Desk to a read frame that moved somebody's position.
type ReadTo int

// readTo tells the others of a direct conversation how far somebody has read.
func (h *Hub) readTo(s *Socket, address string, number ReadTo) {
	r := s.rooms[address]
	if r == nil || !r.direct || s.Silent || s.ID == "" {
		return
	}
	r.tellRead(s.Person, int(number))
	if h.Tell != nil {
		h.Tell(Word{Do: DeedRead, From: h.others.name, Room: r.id, Here: []string{s.ID}, Count: int(number)})
	}
}

// tellReads tells how far people have read who are connected elsewhere.
func (r *room) tellReads(with company) {
	for id, number := range with.read {
		if p, ok := with.known[id]; ok && r.direct {
			r.tellRead(p, number)
		}
	}
}

func (r *room) tellRead(who Person, number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at, to := range r.byAddress() {
		others := slices.DeleteFunc(to, func(one *Socket) bool { return one.ID == who.ID })
		r.tell(readFrame{Type: "read", Room: at, Member: who.named(), Number: number}, others)
	}
}

// greetAnew lets the connections of somebody come back, because what they let others see of them changed.
func (h *Hub) greetAnew(person string) {
	for _, s := range h.all() {
		if s.ID == person {
			s.shut(closeRestart, "choices changed")
		}
	}
}
