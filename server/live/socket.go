package live

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// Protocol is the subprotocol: the version of PROTOCOL.md.
const Protocol = "belfry.live.v1"

// Limits of one connection.
const (
	MaxFrame     = 32 << 10               // bytes of a message from a client
	maxQueue     = 256                    // messages that wait to be written
	maxQueued    = 1 << 20                // bytes that wait
	kernelBuffer = 64 << 10               // bytes the system may hold for a slow reader
	slowestLine  = 16 << 10               // bytes a second that are taken at least, in the long run
	looks        = 20                     // at how much was taken, within the patience
	something    = 8 << 10                // bytes that count as taken
	closeTime    = 2 * time.Second        // for the other side to answer a close
	stopTime     = 500 * time.Millisecond // the same when the hub stops, which somebody waits for
)

// Person is whose a connection is. Everything is empty for a visitor.
type Person struct {
	ID, Handle, Name, Town string
	Session                string // what ends when they sign out
	Identity               uint64 // of the source, when that was read
	Lang                   string // for errors
	Hidden                 bool   // nobody is to see that they are here
	Silent                 bool   // nobody is to see what they have read
}

// Socket is one connection.
type Socket struct {
	Person
	ws       *websocket.Conn
	raw      net.Conn
	counts   *Counts
	patience time.Duration // for one message to arrive whole, and for something of what was written to be taken

	mu      sync.Mutex // guards what follows
	queue   [][]byte
	count   int // messages in queue, several may share an entry
	size    int // bytes in queue
	writing bool
	closed  bool // a close frame is the last that is sent
	dead    bool
	until   time.Time // how long the end may take, the usual time when zero

	rooms    map[string]*room // what it follows, by address; the reading goroutine's own
	subjects map[string]bool  // guarded by the hub’s lock
	unread   string           // as it was told last; with counted, the pages’ own
	counted  bool
	away     bool // guarded by the hub's lock
	pinged   int  // pings that were not answered; guarded by mu
	faults   int
	credit   credit
}

// Refused is a handshake that was answered with an error: nothing was handed over.
type Refused struct {
	Status int
	Reason string
}

func (r *Refused) Error() string { return "live: handshake refused: " + r.Reason }

// writeBuffers are lent to connections only while they write a handshake or a control frame of the library's own.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() any  { return b.pool.Get() }
func (b *buffers) Put(x any) { b.pool.Put(x) }

// upgrade answers a handshake on a connection whose request was read. What it refuses is *Refused and not yet answered.
func upgrade(conn net.Conn, head http.Header, lent *buffers, patience time.Duration) (*Socket, error) {
	a := &answer{conn: conn}
	up := websocket.Upgrader{ReadBufferSize: 256, WriteBufferSize: 1024, WriteBufferPool: lent, Subprotocols: []string{Protocol},
		CheckOrigin: func(*http.Request) bool { return true }} // the caller has
	request := &http.Request{Method: http.MethodGet, Header: head}
	if offered := websocket.Subprotocols(request); len(offered) == 0 || !has(offered, Protocol) {
		return nil, &Refused{http.StatusBadRequest, "the subprotocol " + Protocol + " is not offered"}
	}
	ws, err := up.Upgrade(a, request, nil)
	if err != nil {
		if a.status == 0 {
			return nil, err
		}
		return nil, &Refused{a.status, err.Error()}
	}
	if tcp, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
		_ = tcp.SetWriteBuffer(kernelBuffer) // only a limit
	}
	s := &Socket{ws: ws, raw: conn, patience: patience}
	ws.SetReadLimit(MaxFrame)
	ws.SetPingHandler(func(data string) error {
		s.Offer(control(websocket.PongMessage, []byte(data)), 1)
		return nil
	})
	ws.SetPongHandler(func(string) error {
		s.mu.Lock()
		s.pinged = 0
		s.mu.Unlock()
		return nil
	})
	ws.SetCloseHandler(func(code int, _ string) error {
		if code == websocket.CloseNoStatusReceived {
			code = websocket.CloseNormalClosure
		}
		s.shut(code, "")
		return nil
	})
	return s, nil
}

func has(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// errEnded is the end of a connection that was closed on purpose.
var errEnded = errors.New("live: connection ended")

// next reads one text message; what breaks the protocol closes the connection with its code.
func (s *Socket) next() ([]byte, error) {
	kind, r, err := s.ws.NextReader()
	if err != nil {
		return nil, s.broken(err)
	}
	if kind != websocket.TextMessage {
		s.shut(websocket.CloseUnsupportedData, "text only")
		return nil, errEnded
	}
	s.wait(time.Now().Add(s.patience)) // pieces without end do not hold it
	message, err := io.ReadAll(r)
	if err != nil {
		s.late(err)
		return nil, s.broken(err)
	}
	s.wait(time.Time{})
	if !utf8.Valid(message) {
		s.shut(websocket.CloseInvalidFramePayloadData, "not UTF-8")
		return nil, errEnded
	}
	return message, nil
}

// wait is until when something may come, zero for whenever it comes. It changes nothing when the connection is closing.
func (s *Socket) wait(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		_ = s.raw.SetReadDeadline(until)
	}
}

// broken says how a connection ended. Of what broke the protocol, or was too large, the library has told the other side.
func (s *Socket) broken(err error) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if errors.As(err, new(*websocket.CloseError)) {
		return errEnded
	}
	return err
}

// Offer puts bytes that hold so many messages in the queue, and never waits. A connection that does not take what is sent
// to it is cut off: its reader ends with an error, and Offer says false.
func (s *Socket) Offer(frame []byte, messages int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || s.closed {
		return false
	}
	if s.count > 0 && (s.count+messages > maxQueue || s.size+len(frame) > maxQueued) { // what comes alone is always taken
		s.counts.Slow.Add(1)
		s.cut()
		return false
	}
	s.queue, s.count, s.size = append(s.queue, frame), s.count+messages, s.size+len(frame)
	if !s.writing {
		s.writing = true
		go s.write()
	}
	return true
}

// cut ends a connection without a word; mu is held.
func (s *Socket) cut() {
	s.dead, s.queue = true, nil
	if tcp, ok := s.raw.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0) // what it did not take is thrown away
	}
	_ = s.raw.Close()
}

// write sends what waits, all of it at once, until nothing waits.
func (s *Socket) write() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 || s.dead {
			s.writing = false
			s.mu.Unlock()
			return
		}
		out := net.Buffers(s.queue)
		s.queue, s.count, s.size = nil, 0, 0
		s.mu.Unlock()
		if err := s.hand(&out); err != nil {
			s.late(err)
			s.mu.Lock()
			s.cut()
			s.writing = false
			s.mu.Unlock()
			return
		}
	}
}

// hand writes as quickly as the other side takes it: on as long as something moves, until nothing has for the patience, or
// it comes more slowly than a line may be. It looks twenty times within the patience, and only on a line that does not take
// all at once. What the system coaxes into a full window now and then is nothing.
func (s *Socket) hand(out *net.Buffers) error {
	size := 0
	for _, b := range *out {
		size += len(b)
	}
	now := time.Now()
	end, moved, taken := now.Add(s.patience+time.Duration(size/slowestLine)*time.Second), now, int64(0)
	for {
		_ = s.raw.SetWriteDeadline(now.Add(s.patience / looks))
		n, err := out.WriteTo(s.raw)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		now = time.Now()
		if taken += n; taken >= something {
			moved, taken = now, 0
		}
		if now.Sub(moved) >= s.patience || now.After(end) {
			return err
		}
	}
}

// late counts a connection that sent or took nothing for too long.
func (s *Socket) late(err error) {
	var wire net.Error
	if errors.As(err, &wire) && wire.Timeout() && !s.ended() {
		s.counts.Slow.Add(1)
	}
}

// shut sends a close frame as the last one, and gives the other side a moment to answer it.
func (s *Socket) shut(code int, reason string) {
	if s.Offer(closing(code, reason), 1) {
		s.mu.Lock()
		s.closed = true
		_ = s.raw.SetReadDeadline(time.Now().Add(closeTime))
		s.mu.Unlock()
	}
}

// hurry lets a connection that is closing end soon, whether or not the other side answers.
func (s *Socket) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until.IsZero() {
		s.until = time.Now().Add(stopTime)
		_ = s.raw.SetReadDeadline(s.until)
	}
}

// overdue is until when the end may take.
func (s *Socket) overdue(began time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until.IsZero() {
		return began.Add(closeTime)
	}
	return s.until
}

// ended says whether a close frame was the last word.
func (s *Socket) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed || s.dead
}

// ping asks whether anybody is there; who has not answered the last two is cut off.
func (s *Socket) ping() {
	s.mu.Lock()
	s.pinged++
	gone := s.pinged > 2
	if gone && !s.dead {
		s.cut()
	}
	s.mu.Unlock()
	if !gone {
		s.Offer(control(websocket.PingMessage, nil), 1)
	}
}

// end lets out what is still to be said, reads on for a moment so that it arrives, and closes.
func (s *Socket) end() {
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		done, dead := s.dead || !s.writing, s.dead
		s.closed = true
		s.mu.Unlock()
		if dead {
			break
		}
		if done || time.Now().After(s.overdue(began)) {
			s.drain()
			break
		}
	}
	_ = s.raw.Close()
}

// drain reads what the other side still sends: a connection that is closed with something unread takes back what was
// written last.
func (s *Socket) drain() {
	half, ok := s.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = s.raw.SetReadDeadline(s.overdue(time.Now()))
	_, _ = io.CopyN(io.Discard, s.raw, 1<<20)
}

// credit lets so many messages of a client through at once, and then as many a second: who sends more is read more
// slowly, and holds up nobody else.
type credit struct{ full time.Time }

const (
	creditAtOnce = 100
	creditEvery  = 20 * time.Millisecond
)

// wait takes one message from the credit, and waits while there is none.
func (c *credit) wait() {
	now := time.Now()
	if c.full.Before(now) {
		c.full = now
	}
	c.full = c.full.Add(creditEvery)
	if over := c.full.Sub(now) - creditAtOnce*creditEvery; over > 0 {
		time.Sleep(over)
	}
}
