package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Place is a room as somebody enters it.
type Place struct {
	ID     string
	Direct bool // what one has read is shown to the others
	Read   int  // how far they have read
}

// Said is a message as it is sent: its JSON, its number, and the last change it was part of.
type Said struct {
	Number, Change int
	JSON           json.RawMessage
}

// Missed is what happened in a room after a place.
type Missed struct {
	Last, Changes int
	Fresh         []Said // in order
	Changed       []Said // older ones, in the order of their changes
	More          bool   // there is more than was asked for
	Private       bool   // who may read the room is asked again before anything is handed on
	Access        string // of whom the room is, in a word; so too when that is another one
}

// Source is what the hub asks of the community. Errors are *Problem when somebody is to be told.
type Source interface {
	// Enter finds the room of an address for somebody who may read it.
	Enter(ctx context.Context, who Person, address string) (Place, error)
	// Missed reads what is new in a room after a number and after a change, at most limit of each.
	Missed(ctx context.Context, room string, after, changes, limit int) (Missed, error)
	// Latest reads the last messages of a room, at most limit.
	Latest(ctx context.Context, room string, limit int) (Missed, error)
	// Admitted says which of some people may read a room now; "" stands for visitors.
	Admitted(ctx context.Context, room string, people []string) (map[string]bool, error)
	// Sessions says which sessions still count.
	Sessions(ctx context.Context, sessions []string) (map[string]bool, error)
	// Identity grows whenever a session, a member or what they may do changed.
	Identity() uint64
	// Watch says whether somebody may know of a subject.
	Watch(ctx context.Context, who Person, subject string) error
	// Unread is how much is new to somebody, in a word.
	Unread(ctx context.Context, who Person) (string, error)
	// People says who some people are, of whom other nodes tell that they are there; ids that are nobody's are left out.
	People(ctx context.Context, ids []string) (map[string]Person, error)
	// Words is the sentence of a problem in somebody's language.
	Words(who Person, code string) string
}

// Desk does what clients ask for beside following rooms: it answers with a frame, or with nil for no answer. Errors are
// *Problem; others are faults, which it is told of.
type Desk interface {
	Do(ctx context.Context, who Person, f Frame) (answer any, err error)
}

// Options are what a hub needs.
type Options struct {
	Source    Source
	Desk      Desk
	Log       *slog.Logger
	Server    string        // version, for the hello
	Text      int           // characters of a message
	Page      int           // messages of one frame
	Heartbeat time.Duration // 45 s unless given
	Patience  time.Duration // for one message to arrive whole, and for what was written to be taken, 9 s unless given
	Rooms     int           // that one connection may follow, 100 unless given
	Sockets   int           // at once, 20,000 unless given
	Tick      time.Duration // how often presence, typing and pages are told, 500 ms unless given
	Tell      func(Word)    // hands a word to the hubs of other nodes, perhaps back to this one too; it never waits. nil: there are none
	Alive     time.Duration // how often the others are told that this hub is there, 3 s unless given
}

// Hub holds the connections.
type Hub struct {
	Options
	encoder  *encoder
	kinds    map[string]kind
	lent     buffers
	stop     context.CancelFunc
	ctx      context.Context //nolint:containedctx // of everything that goes on in the hub
	identity atomic.Uint64
	epoch    atomic.Uint64 // grows when rights may have changed
	running  sync.WaitGroup
	ticking  sync.Once

	mu       sync.Mutex // guards what follows
	sockets  map[*Socket]struct{}
	sessions map[string][]*Socket // by what ends them
	rooms    map[string]*room     // by id
	subjects map[string]map[*Socket]struct{}
	touched  map[string]bool
	restless map[*room]bool // presence or typing changed
	stopping bool
	others   others
	Counts   Counts
}

// Counts are what happened, for those who watch over the hub.
type Counts struct {
	Opened, Slow, Delivered atomic.Int64
	Resynced                atomic.Int64
}

// MaxSockets is how many connections a hub holds unless it is told otherwise.
const MaxSockets = 20_000

const (
	maxRooms    = 100
	maxSubjects = 20
	maxFaults   = 20
	version     = 1
	readAtOnce  = 200       // messages read from the source at once
	maxChunk    = 128 << 10 // bytes of frames that are written together
	maxPage     = 512 << 10 // bytes of a page of messages
)

// New makes a hub; Close ends it.
func New(opt Options) (*Hub, error) {
	e, err := newEncoder()
	if err != nil {
		return nil, err
	}
	for _, unset := range []struct {
		field *int
		value int
	}{{&opt.Page, 50}, {&opt.Rooms, maxRooms}, {&opt.Sockets, MaxSockets}, {&opt.Text, 4000}} {
		if *unset.field == 0 {
			*unset.field = unset.value
		}
	}
	if opt.Heartbeat == 0 {
		opt.Heartbeat = 45 * time.Second
	}
	if opt.Patience == 0 {
		opt.Patience = 9 * time.Second
	}
	if opt.Tick == 0 {
		opt.Tick = 500 * time.Millisecond
	}
	if opt.Alive == 0 {
		opt.Alive = aliveEvery
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{Options: opt, encoder: e, kinds: kinds(), ctx: ctx, stop: stop, sockets: map[*Socket]struct{}{}, sessions: map[string][]*Socket{}, rooms: map[string]*room{},
		subjects: map[string]map[*Socket]struct{}{}, touched: map[string]bool{}, restless: map[*room]bool{}, others: newOthers(rand.Text())}
	h.identity.Store(opt.Source.Identity())
	return h, nil
}

// Upgrade answers a handshake on a connection whose request was read, for somebody. *Refused says that it was not
// answered, and why.
func (h *Hub) Upgrade(conn net.Conn, head http.Header, who Person) (*Socket, error) {
	h.mu.Lock()
	full := h.stopping || len(h.sockets) >= h.Sockets
	h.mu.Unlock()
	if full {
		return nil, &Refused{http.StatusServiceUnavailable, "stopping, or full"}
	}
	s, err := upgrade(conn, head, &h.lent, h.Patience)
	if err == nil {
		s.Person, s.counts = who, &h.Counts
	}
	return s, err
}

// Serve reads a connection until it ends. It is called once, when the connection is out of HTTP's hands.
func (h *Hub) Serve(s *Socket) {
	h.mu.Lock()
	if h.stopping {
		h.mu.Unlock()
		s.shut(closeRestart, "")
		s.end()
		return
	}
	h.sockets[s] = struct{}{}
	if s.Session != "" {
		h.sessions[s.Session] = append(h.sessions[s.Session], s)
	}
	h.running.Add(1)
	h.ticking.Do(func() {
		h.running.Go(h.tick)
		h.running.Go(h.pages)
	})
	h.mu.Unlock()
	h.Counts.Opened.Add(1)
	defer h.running.Done()
	defer h.leave(s)
	apart(func() {
		h.late(s)
		h.greet(s)
	})
	for {
		message, err := s.next()
		if err != nil {
			return
		}
		s.credit.wait()
		if s.ended() { // whatever comes after the last word is not done
			continue
		}
		apart(func() { h.answer(s, message) })
		if s.faults >= maxFaults {
			return
		}
	}
}

// apart does something on a stack of its own: that of a reader stays small, and there are ten thousand readers.
func apart(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// greet says who the hub takes the client for.
func (h *Hub) greet(s *Socket) {
	hello := helloFrame{Type: "hello", Version: version, Server: h.Server, Heartbeat: int(h.Heartbeat / time.Second), Page: h.Page,
		Limits: limits{MaxFrame, h.Text, h.Options.Rooms}}
	if s.ID != "" {
		who := s.named()
		hello.Member = &who
	}
	h.send(s, hello)
}

// answer does what one message asks for, or says why not.
func (h *Hub) answer(s *Socket, message []byte) {
	f, err := parse(message, h.kinds)
	if err != nil {
		err = &Problem{Code: CodeFrame}
	} else {
		err = h.kinds[f.Type].do(h, s, f)
	}
	if err != nil {
		h.refuse(s, f, err)
	}
}

// refuse tells a client why a frame of it was not done. Who sends too much that is none is cut off.
func (h *Hub) refuse(s *Socket, f Frame, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		if h.ctx.Err() == nil {
			h.Log.Error("live frame failed", "type", f.Type, "error", err)
		}
		p = &Problem{Code: CodeInternal}
	}
	if p.Text == "" {
		p = &Problem{p.Code, h.Source.Words(s.Person, p.Code), p.Retry}
	}
	room := f.Room
	if f.Type == "watch" {
		room = ""
	}
	h.send(s, errorFrame{Type: "error", ID: f.ID, Room: room, Code: p.Code, Text: p.Text, Retry: p.Retry.Seconds()})
	if p.Code == CodeFrame {
		if s.faults++; s.faults >= maxFaults {
			s.shut(closePolicy, "too many wrong frames")
		}
	}
}

// Close codes (RFC 6455 section 7.4, and 1012 of the registry it founded).
const (
	closePolicy  = 1008
	closeRestart = 1012
)

// send encodes a frame for one connection.
func (h *Hub) send(s *Socket, frame any) {
	b, err := h.encoder.frame(frame)
	if err != nil {
		h.Log.Error("live frame not encoded", "error", err)
		return
	}
	s.Offer(b, 1)
}

// leave takes a connection out of everything.
func (h *Hub) leave(s *Socket) {
	for address := range s.rooms {
		h.unsubscribe(s, address)
	}
	h.mu.Lock()
	delete(h.sockets, s)
	if rest := slices.DeleteFunc(h.sessions[s.Session], func(one *Socket) bool { return one == s }); len(rest) > 0 {
		h.sessions[s.Session] = rest
	} else {
		delete(h.sessions, s.Session)
	}
	for subject := range s.subjects {
		h.forget(s, subject)
	}
	h.mu.Unlock()
	s.end()
}

// Wake says that something may have happened: in a room ("room/ID"), with who may read one ("access/ID"), with what
// somebody lets others see ("choices/ID"), with a session, which has ended ("session/HASH"), or with the subject of a
// page. It never waits.
func (h *Hub) Wake(subject string) {
	kind, id, _ := strings.Cut(subject, "/")
	switch kind {
	case "choices":
		h.greetAnew(id)
		return
	case "session":
		h.endSession(id)
		return
	}
	if kind != "room" && kind != "access" {
		h.mu.Lock()
		if len(h.subjects[subject]) > 0 {
			h.touched[subject] = true
		}
		h.mu.Unlock()
		return
	}
	h.mu.Lock()
	r := h.rooms[id]
	h.mu.Unlock()
	if r != nil {
		r.wake(kind == "access")
	}
}

// endSession ends the connections of a session; from here on nothing reaches them.
func (h *Hub) endSession(session string) {
	h.mu.Lock()
	held := slices.Clone(h.sessions[session])
	h.mu.Unlock()
	for _, s := range held {
		s.shut(closePolicy, "session ended")
	}
}

// late ends a connection whose session ended while the handshake was answered.
func (h *Hub) late(s *Socket) {
	if s.Session == "" || h.Source.Identity() == s.Identity {
		return
	}
	if live, err := h.Source.Sessions(h.ctx, []string{s.Session}); err == nil && !live[s.Session] {
		s.shut(closePolicy, "session ended")
	}
}

// Stop takes no more connections and tells those there are to come back later. Close waits for them.
func (h *Hub) Stop() {
	h.mu.Lock()
	h.stopping = true
	h.mu.Unlock()
	for _, s := range h.all() {
		s.shut(closeRestart, "restarting")
		s.hurry()
	}
}

// Close stops the hub and waits until every connection has ended.
func (h *Hub) Close() {
	h.Stop()
	h.stop()
	h.running.Wait()
	if h.Tell != nil {
		h.Tell(Word{Do: DeedLeft, From: h.others.name})
	}
}

// Size is how many connections and rooms there are.
func (h *Hub) Size() (sockets, rooms int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sockets), len(h.rooms)
}
