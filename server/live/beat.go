package live

import (
	"maps"
	"slices"
	"time"
)

// WakeAll says that something may have happened anywhere.
func (h *Hub) WakeAll() {
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	for subject := range h.subjects {
		h.touched[subject] = true
	}
	h.mu.Unlock()
	for _, r := range rooms {
		r.wake(true)
	}
}

// tick tells, as often as Options.Tick says, what changes too often to be told at once, and looks after the connections.
func (h *Hub) tick() {
	ticker := time.NewTicker(h.Tick)
	defer ticker.Stop()
	checked, pinged, alive := time.Now(), time.Now(), time.Now()
	for turn := 0; ; turn++ {
		select {
		case <-h.ctx.Done():
			return
		case <-ticker.C:
		}
		if h.Tell != nil && turn%2 == 0 {
			h.tellAnew()
		}
		h.tellRooms(turn%2 == 0)
		now := time.Now()
		if h.Tell != nil && now.Sub(alive) >= h.Alive {
			alive = now
			h.beAlive()
		}
		moved := h.Source.Identity()
		if changed := moved != h.identity.Load(); changed && now.Sub(checked) >= 2*time.Second || now.Sub(checked) >= time.Minute {
			checked = now
			if h.review() {
				h.identity.Store(moved)
			}
		}
		if now.Sub(pinged) >= h.Heartbeat {
			pinged = now
			for _, s := range h.all() {
				s.ping()
			}
		}
	}
}

func (h *Hub) all() []*Socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.sockets))
}

// review asks again whose session counts and who may read what, and says whether it was told.
func (h *Hub) review() bool {
	all := h.all()
	for start := 0; start < len(all); start += 500 {
		part := all[start:min(start+500, len(all))]
		var sessions []string
		for _, s := range part {
			if s.Session != "" {
				sessions = append(sessions, s.Session)
			}
		}
		live, err := h.Source.Sessions(h.ctx, sessions)
		if err != nil {
			h.Log.Error("sessions not reviewed", "error", err)
			return false
		}
		for _, s := range part {
			if s.Session != "" && !live[s.Session] {
				s.shut(closePolicy, "session ended")
			}
		}
	}
	h.epoch.Add(1)
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.wake(true)
	}
	return true
}
