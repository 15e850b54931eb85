package live

import (
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// room is a room that at least one connection follows.
type room struct {
	hub    *Hub
	id     string
	direct bool

	mu      sync.Mutex // guards what follows; held while messages are read and handed on
	subs    map[*Socket]string
	sent    int // number of the last message handed on
	changes int // last change handed on
	epoch   uint64
	access  string            // as it was when who follows was asked about last
	typing  map[string]typist // by member
	stopped []string          // who said what they wrote, of which other hubs are to be told
	told    string            // presence as it was told last
	written string            // who types, as it was told last

	pending sync.Mutex // guards dirty and running
	dirty   bool
	recheck bool
	running bool
}

type typist struct {
	name  string
	until time.Time
	told  time.Time // when other hubs were told
	fresh bool      // and wrote since
}

// wake lets the room look for what is new, now or as soon as it has done with what it is doing.
func (r *room) wake(recheck bool) {
	r.pending.Lock()
	defer r.pending.Unlock()
	r.dirty, r.recheck = true, r.recheck || recheck
	if !r.running {
		r.running = true
		go r.run()
	}
}

// run hands on what is new until nothing is.
func (r *room) run() {
	for {
		r.pending.Lock()
		if !r.dirty {
			r.running = false
			r.pending.Unlock()
			r.hub.drop(r) // when the last one left while this was held
			return
		}
		r.dirty = false
		recheck := r.recheck
		r.recheck = false
		r.pending.Unlock()
		if err := r.catchUp(recheck); err != nil {
			if r.hub.ctx.Err() != nil {
				return
			}
			r.hub.Log.Error("room not read", "room", r.id, "error", err)
			time.Sleep(r.hub.Tick) // and then again: nothing that was stored stays unsaid
			r.wake(recheck)
		}
	}
}

// catchUp reads what is new and hands it on, to those who may still read it.
func (r *room) catchUp(recheck bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.subs) == 0 {
		return nil
	}
	if epoch := r.hub.epoch.Load(); recheck || epoch != r.epoch {
		if err := r.review(); err != nil {
			return err
		}
		r.epoch = epoch
	}
	for {
		news, err := r.hub.Source.Missed(r.hub.ctx, r.id, r.sent, r.changes, readAtOnce)
		if err != nil {
			return err
		}
		if (news.Private || news.Access != r.access) && len(news.Fresh)+len(news.Changed) > 0 { // who was taken out before it was said does not hear it
			if err := r.review(); err != nil {
				return err
			}
			r.access = news.Access
		}
		if err := r.handOn(news); err != nil {
			return err
		}
		if !news.More {
			r.changes = max(r.changes, news.Changes)
			return nil
		}
	}
}

// chunk is frames that are written together, and how many they are.
type chunk struct {
	bytes []byte
	count int
}

// chunksFor encodes news for one address, in pieces that no queue is too small for.
func (r *room) chunksFor(address string, news Missed) ([]chunk, error) {
	var all []chunk
	add := func(f messageFrame) error {
		b, err := r.hub.encoder.frame(f)
		if err != nil {
			return err
		}
		if n := len(all); n == 0 || len(all[n-1].bytes)+len(b) > maxChunk {
			all = append(all, chunk{})
		}
		last := &all[len(all)-1]
		last.bytes, last.count = append(last.bytes, b...), last.count+1
		return nil
	}
	for _, m := range news.Fresh {
		if err := add(messageFrame{Type: "message", Room: address, Message: m.JSON}); err != nil {
			return nil, err
		}
	}
	for _, m := range news.Changed {
		if err := add(messageFrame{Type: "changed", Room: address, Change: m.Change, Message: m.JSON}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// handOn encodes each message once for each address the room is followed under, of which there is one unless it was
// renamed, and puts the bytes in every queue.
func (r *room) handOn(news Missed) error {
	if len(news.Fresh)+len(news.Changed) == 0 {
		return nil
	}
	chunks := map[string][]chunk{}
	for s, address := range r.subs {
		if chunks[address] == nil {
			var err error
			if chunks[address], err = r.chunksFor(address, news); err != nil {
				return err
			}
		}
		for _, one := range chunks[address] {
			if !s.Offer(one.bytes, one.count) {
				delete(r.subs, s) // its reader ends
				break
			}
			r.hub.Counts.Delivered.Add(int64(one.count))
		}
	}
	if n := len(news.Fresh); n > 0 {
		r.sent = news.Fresh[n-1].Number
	}
	if n := len(news.Changed); n > 0 {
		r.changes = news.Changed[n-1].Change
	}
	return nil
}

// review asks who may still read the room, and lets go those who may not.
func (r *room) review() error {
	people := make([]string, 0, len(r.subs))
	for s := range r.subs {
		people = append(people, s.ID)
	}
	slices.Sort(people)
	admitted, err := r.hub.Source.Admitted(r.hub.ctx, r.id, slices.Compact(people))
	if err != nil {
		return err
	}
	for s, address := range r.subs {
		if !admitted[s.ID] {
			delete(r.subs, s)
			r.hub.send(s, roomFrame{Type: "unsubscribed", Room: address, Reason: "denied"})
			r.hub.stir(r)
		}
	}
	return nil
}

// subscribe lets a connection follow a room from where it was.
func (h *Hub) subscribe(s *Socket, f Frame) error {
	place, err := h.Source.Enter(h.ctx, s.Person, f.Room)
	if err != nil {
		return err
	}
	if s.rooms[f.Room] != nil {
		h.unsubscribe(s, f.Room)
	}
	if len(s.rooms) >= h.Options.Rooms {
		return &Problem{Code: CodeLimited}
	}
	after := -1
	if f.After != nil {
		after = *f.After
	}
	for {
		r := h.room(place)
		r.mu.Lock()
		if r.subs == nil { // everybody left it meanwhile
			r.mu.Unlock()
			continue
		}
		frame, err := r.resume(after, f.Changes)
		if err == nil {
			frame.Room, frame.Read = f.Room, place.Read
			h.send(s, frame)
			r.subs[s], r.told = f.Room, "" // who is here is told anew: they do not know yet
			if s.rooms == nil {
				s.rooms = map[string]*room{}
			}
			s.rooms[f.Room] = r
		}
		r.mu.Unlock()
		h.stir(r)
		r.wake(false) // what was stored while this was read
		if err != nil {
			h.drop(r)
		}
		return err
	}
}

// resume is what somebody gets who comes back to a room: what they missed, or the latest page when that is too much or
// cannot be right. mu is held, so that from here on they get everything.
func (r *room) resume(after, changes int) (pageFrame, error) {
	h := r.hub
	if len(r.subs) == 0 { // nobody was told anything: begin where the room is
		now, err := h.Source.Latest(h.ctx, r.id, 1)
		if err != nil {
			return pageFrame{}, err
		}
		r.sent, r.changes = now.Last, now.Changes
	}
	if after >= 0 && after <= r.sent && r.sent-after <= h.Page && changes <= r.changes {
		missed, err := h.Source.Missed(h.ctx, r.id, after, changes, h.Page+readAtOnce) // with what is being said meanwhile
		if err != nil {
			return pageFrame{}, err
		}
		fresh := slices.DeleteFunc(missed.Fresh, func(m Said) bool { return m.Number > r.sent }) // it comes by itself
		if !missed.More && sizeOf(fresh)+sizeOf(missed.Changed) <= maxPage {
			return pageFrame{Type: "subscribed", Last: r.sent, Changes: r.changes, Messages: plain(fresh), Changed: plain(missed.Changed)}, nil
		}
	}
	latest, err := h.Source.Latest(h.ctx, r.id, h.Page)
	if err != nil {
		return pageFrame{}, err
	}
	kind := "resync"
	if after < 0 {
		kind = "subscribed"
	} else {
		h.Counts.Resynced.Add(1)
	}
	fresh := slices.DeleteFunc(latest.Fresh, func(m Said) bool { return m.Number > r.sent })
	for len(fresh) > 1 && sizeOf(fresh) > maxPage { // the last ones; the others are asked for
		fresh = fresh[1:]
	}
	return pageFrame{Type: kind, Last: r.sent, Changes: r.changes, Messages: plain(fresh)}, nil
}

// sizeOf is how many bytes messages take.
func sizeOf(said []Said) int {
	n := 0
	for _, m := range said {
		n += len(m.JSON)
	}
	return n
}

func plain(said []Said) []json.RawMessage {
	all := make([]json.RawMessage, len(said))
	for i, m := range said {
		all[i] = m.JSON
	}
	return all
}

// room finds the room of a place, or opens it.
func (h *Hub) room(place Place) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[place.ID]
	if r == nil {
		r = &room{hub: h, id: place.ID, direct: place.Direct, subs: map[*Socket]string{}, epoch: h.epoch.Load(), typing: map[string]typist{}}
		h.rooms[place.ID] = r
	}
	return r
}

// unsubscribe lets a connection go from the room of an address.
func (h *Hub) unsubscribe(s *Socket, address string) {
	r := s.rooms[address]
	if r == nil {
		return
	}
	delete(s.rooms, address)
	for _, other := range s.rooms {
		if other == r { // under another address of the same room
			return
		}
	}
	r.mu.Lock()
	delete(r.subs, s)
	r.mu.Unlock()
	h.stir(r)
	h.drop(r)
}

// drop forgets a room that nobody follows.
func (h *Hub) drop(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !r.mu.TryLock() { // somebody is there
		return
	}
	defer r.mu.Unlock()
	if len(r.subs) == 0 && h.rooms[r.id] == r {
		delete(h.rooms, r.id)
		delete(h.restless, r)
		r.subs = nil
	}
}
