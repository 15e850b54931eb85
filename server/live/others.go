package live

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Word is what one hub tells the hubs of other nodes of what is never stored. A word may be lost; each says how things
// stand now, and replaces those before it that have the same Key.
type Word struct {
	Do         Deed
	From       string // the hub that speaks
	Room       string
	Here, Away []string // people, by id
	Count      int      // of present: how many are there in all; of read: the number; of alive: everybody it told of
	Turn       int      // grows when the hub tells everything anew
}

// Deed is what a word is about.
type Deed string

// Deeds.
const (
	DeedPresent Deed = "present" // who is in a room at this hub
	DeedTyping  Deed = "typing"  // somebody just wrote in a room; those in Away have said it
	DeedRead    Deed = "read"    // somebody read a direct conversation so far
	DeedAlive   Deed = "alive"   // what the hub told before still holds, and it was so many people
	DeedAsk     Deed = "ask"     // the hub wants to be told everything anew
	DeedLeft    Deed = "left"    // the hub ends
)

// Key tells which words replace each other.
func (w Word) Key() string {
	key := string(w.Do) + "/" + w.Room
	if w.Do == DeedRead {
		key += "/" + strings.Join(w.Here, " ")
	}
	return key
}

const (
	aliveEvery = 3 * time.Second // how often a hub says that it is there
	goneAfter  = 4               // so many times without a word, and its people are gone
	maxKnown   = 5000            // people elsewhere whose names are kept
	typingPace = 2 * time.Second // how often it is told that somebody still types
	typingSaid = 10              // people a word about typing names
)

// others is what a hub told the others and heard of them. The hub's lock guards it, but for known.
type others struct {
	name   string
	hubs   map[string]*elsewhere
	typing map[string]map[string]time.Time // by room and person: until when
	reads  map[string]map[string]int       // by room and person: to be handed on
	told   map[string]toldOf               // by room: what was told last
	turn   int
	anew   bool // everything is to be told again
	asked  time.Time
	known  map[string]Person // the tick's own
}

// toldOf is what was told of a room: in a word, and how many people that was.
type toldOf struct {
	words string
	count int
}

// elsewhere is another hub.
type elsewhere struct {
	heard time.Time
	rooms map[string]Word
}

func newOthers(name string) others {
	return others{name: name, hubs: map[string]*elsewhere{}, typing: map[string]map[string]time.Time{}, reads: map[string]map[string]int{},
		told: map[string]toldOf{}, known: map[string]Person{}}
}

// Hear takes up what another hub said. It never waits.
func (h *Hub) Hear(w Word) {
	o := &h.others
	if h.Tell == nil || w.From == o.name { // what it says itself it hears too, with its lock held
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.Do == DeedLeft {
		h.forgetHub(w.From)
		return
	}
	from := o.hubs[w.From]
	if from == nil {
		from = &elsewhere{rooms: map[string]Word{}}
		o.hubs[w.From] = from
	}
	from.heard = time.Now()
	switch w.Do {
	case DeedAsk:
		o.anew = true
	case DeedPresent:
		from.rooms[w.Room] = w
		if w.Count == 0 {
			delete(from.rooms, w.Room)
		}
		h.stirID(w.Room)
	case DeedAlive:
		h.compare(from, w)
	case DeedTyping, DeedRead:
		h.hearOf(w)
	}
}

// hearOf notes what passes in a room that somebody follows here.
func (h *Hub) hearOf(w Word) {
	o, id := &h.others, w.Room
	if h.rooms[id] == nil || len(w.Here) > typingSaid {
		return
	}
	if w.Do == DeedRead {
		if o.reads[id] == nil {
			o.reads[id] = map[string]int{}
		}
		for _, person := range w.Here {
			o.reads[id][person] = w.Count
		}
	} else {
		if o.typing[id] == nil {
			o.typing[id] = map[string]time.Time{}
		}
		for _, person := range w.Away {
			delete(o.typing[id], person)
		}
		for _, person := range w.Here {
			o.typing[id][person] = time.Now().Add(typingTime)
		}
	}
	h.stirID(id)
}

// compare drops what a hub did not tell again when it told everything anew. When it told of more people than were heard
// of, it is asked.
func (h *Hub) compare(from *elsewhere, w Word) {
	people := 0
	for id, one := range from.rooms {
		if one.Turn < w.Turn {
			delete(from.rooms, id)
			h.stirID(id)
			continue
		}
		people += one.Count
	}
	if people != w.Count {
		h.ask()
	}
}

// ask asks everybody what they told before, not too often; the hub's lock is held.
func (h *Hub) ask() {
	if h.Tell == nil || time.Since(h.others.asked) < h.Alive {
		return
	}
	h.others.asked = time.Now()
	h.Tell(Word{Do: DeedAsk, From: h.others.name})
}

// forgetHub lets the people of another hub go; the hub's lock is held.
func (h *Hub) forgetHub(name string) {
	if from := h.others.hubs[name]; from != nil {
		delete(h.others.hubs, name)
		for id := range from.rooms {
			h.stirID(id)
		}
	}
}

// stirID says that who is in a room may have changed; the hub's lock is held.
func (h *Hub) stirID(id string) {
	if r := h.rooms[id]; r != nil {
		h.restless[r] = true
	}
}

// beAlive says that this hub is there, and lets go who has not said so for long.
func (h *Hub) beAlive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := &h.others
	for name, from := range o.hubs {
		if time.Since(from.heard) > goneAfter*h.Alive {
			h.forgetHub(name)
		}
	}
	if people := o.people(); people > 0 {
		h.Tell(Word{Do: DeedAlive, From: o.name, Count: people, Turn: o.turn})
	}
}

// people is how many were told of.
func (o *others) people() (n int) {
	for _, one := range o.told {
		n += one.count
	}
	return n
}

// tellAnew begins to tell everything, when somebody asked for it, and tells of rooms that were left by all.
func (h *Hub) tellAnew() {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := &h.others
	if o.anew {
		o.anew = false
		o.turn++
		clear(o.told)
		for _, r := range h.rooms {
			h.restless[r] = true
		}
	}
	for id := range o.told {
		if h.rooms[id] == nil {
			delete(o.told, id)
			h.Tell(Word{Do: DeedPresent, From: o.name, Room: id, Turn: o.turn})
		}
	}
}

// tellOthers tells who is in a room here, when that changed.
func (h *Hub) tellOthers(id string, now presenceFrame) {
	if h.Tell == nil {
		return
	}
	w := Word{Do: DeedPresent, Room: id, Here: ids(now.Here), Away: ids(now.Away), Count: now.Count}
	words := strings.Join(w.Here, " ") + "/" + strings.Join(w.Away, " ") + "/" + strconv.Itoa(w.Count)
	h.mu.Lock()
	defer h.mu.Unlock()
	o := &h.others
	if words == o.told[id].words || w.Count == 0 && o.told[id].count == 0 {
		return
	}
	o.told[id] = toldOf{words, w.Count}
	w.From, w.Turn = o.name, o.turn
	h.Tell(w)
}

func ids(people []namedFull) []string {
	all := make([]string, len(people))
	for i, one := range people {
		all[i] = one.ID
	}
	return all
}

// company is who is in a room, or types or has read there, at other hubs.
type company struct {
	here, away map[string]Person
	more       int // who is not named
	typing     map[string]string
	read       map[string]int
	known      map[string]Person
}

// companyIn is what others told of a room; names are asked for once.
func (h *Hub) companyIn(id string) company {
	if h.Tell == nil {
		return company{}
	}
	c := company{here: map[string]Person{}, away: map[string]Person{}, typing: map[string]string{}}
	o := &h.others
	h.mu.Lock()
	var words []Word
	for _, from := range o.hubs {
		if w, ok := from.rooms[id]; ok {
			words = append(words, w)
		}
	}
	now := time.Now()
	maps.DeleteFunc(o.typing[id], func(_ string, until time.Time) bool { return until.Before(now) })
	if len(o.typing[id]) == 0 {
		delete(o.typing, id)
	}
	typing := slices.Collect(maps.Keys(o.typing[id]))
	c.read = o.reads[id]
	delete(o.reads, id)
	h.mu.Unlock()
	people := append(slices.Clone(typing), slices.Collect(maps.Keys(c.read))...)
	for _, w := range words {
		people = append(append(people, w.Here...), w.Away...)
	}
	h.meet(people)
	c.known = o.known
	for _, w := range words {
		c.more += max(0, w.Count-len(w.Here)-len(w.Away))
		for _, person := range w.Here {
			c.add(c.here, person)
		}
		for _, person := range w.Away {
			c.add(c.away, person)
		}
	}
	for _, person := range typing {
		if p, ok := c.known[person]; ok {
			c.typing[person] = p.Name
		}
	}
	return c
}

func (c *company) add(to map[string]Person, id string) {
	if p, ok := c.known[id]; ok {
		to[id] = p
	}
}

// meet asks who some people are that other hubs tell of.
func (h *Hub) meet(people []string) {
	known := h.others.known
	if len(known) > maxKnown {
		clear(known)
	}
	unknown := slices.DeleteFunc(people, func(id string) bool { _, ok := known[id]; return ok })
	if len(unknown) == 0 {
		return
	}
	slices.Sort(unknown)
	found, err := h.Source.People(h.ctx, slices.Compact(unknown))
	if err != nil {
		if h.ctx.Err() == nil {
			h.Log.Error("people on other nodes not found", "error", err)
		}
		return
	}
	maps.Copy(known, found)
}

// Missed says that words of others may have been lost, and what happened in rooms with them.
func (h *Hub) Missed() {
	h.WakeAll()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ask()
}
