// Package client speaks the protocol of ../PROTOCOL.md from the other side: it connects, comes back by itself when the
// connection is lost, and hands on each message of the rooms it follows once, in order. It knows of the hub only what the
// document says, and is an example for other programs.
package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Protocol is the version this package speaks.
const Protocol = "belfry.live.v1"

// Message is one message of a room; see PROTOCOL.md.
type Message struct {
	Number  int                 `json:"number"`
	ID      string              `json:"id"`
	At      time.Time           `json:"at"`
	Lang    string              `json:"lang"`
	Author  Person              `json:"author"`
	HTML    string              `json:"html"`
	Text    string              `json:"text"`
	Change  int                 `json:"change"`
	Deleted bool                `json:"deleted"`
	Mark    string              `json:"mark"`
	React   map[string][]string `json:"reactions"`
}

// Person is who wrote a message or is connected.
type Person struct {
	ID     string `json:"id"`
	Handle string `json:"handle"`
	Name   string `json:"name"`
	Town   string `json:"town"`
}

// Handlers are told what happens in a room, one call at a time. Any may be nil. They must not call the client.
type Handlers struct {
	Message func(Message)          // a new one
	Changed func(Message)          // an older one, as it is now
	Reset   func(latest []Message) // what was shown of the room counts no more; these are its last messages
	Denied  func()                 // the room may not be read any more
	Raw     func(frame []byte)     // every other frame about the room
	State   func(connected bool)   // the connection was made, or lost
	Unknown func(why string)       // the room is not there, or not for us
}

// Refused is an error frame that answers something this client sent.
type Refused struct {
	Code, Text string
	Retry      time.Duration
}

func (r *Refused) Error() string { return r.Code + ": " + r.Text }

// Options say where and as whom to connect.
type Options struct {
	URL     string      // ws:// or wss://, with the path
	Header  http.Header // cookie and, for browsers, origin
	Dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	Name    string        // begins the ids of what is sent: unique for this run
	MaxWait time.Duration // between two tries, 32 s unless given
	OnError func(error)   // why a connection ended
}

// Client is one connection that comes back.
type Client struct {
	Options
	mu      sync.Mutex // guards what follows
	conn    *websocket.Conn
	me      Person
	rooms   map[string]*following
	waiting map[string]*pending
	order   []string // ids that wait, as they were sent
	sent    int
	tries   int // connections made
}

type following struct {
	Handlers
	last, changes int
}

type pending struct {
	frame map[string]any
	done  chan result
}

type result struct {
	number int
	err    error
}

// New makes a client; Run connects it.
func New(opt Options) *Client {
	if opt.MaxWait == 0 {
		opt.MaxWait = 32 * time.Second
	}
	return &Client{Options: opt, rooms: map[string]*following{}, waiting: map[string]*pending{}}
}

// Follow follows a room from what is known of it: last and changes are numbers of an earlier run, or -1 and 0.
func (c *Client) Follow(room string, last, changes int, h Handlers) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &following{Handlers: h, last: last, changes: changes}
	c.rooms[room] = f
	c.write(f.subscribe(room))
}

// Place is how far the client has come in a room.
func (c *Client) Place(room string) (last, changes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.rooms[room]; f != nil {
		return f.last, f.changes
	}
	return -1, 0
}

// Tries is how many connections were made.
func (c *Client) Tries() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tries
}

// Send sends a message and waits until it is stored, through as many connections as that takes. It gives the number
// that the message got. A message that is refused is *Refused, but one that may be tried again is, by itself.
func (c *Client) Send(ctx context.Context, room, text string) (int, error) {
	return c.ask(ctx, map[string]any{"type": "send", "room": room, "text": text})
}

// Do sends a frame that is answered by an ack, and waits for that.
func (c *Client) Do(ctx context.Context, frame map[string]any) (int, error) { return c.ask(ctx, frame) }

func (c *Client) ask(ctx context.Context, frame map[string]any) (int, error) {
	p := &pending{frame: frame, done: make(chan result, 1)}
	c.mu.Lock()
	c.sent++
	id := fmt.Sprintf("%s/%d", c.Name, c.sent)
	frame["id"] = id
	c.waiting[id] = p
	c.order = append(c.order, id)
	c.write(frame)
	c.mu.Unlock()
	select {
	case r := <-p.done:
		return r.number, r.err
	case <-ctx.Done():
		c.settle(id, result{})
		return 0, ctx.Err()
	}
}

// Tell sends a frame that is not answered, if there is a connection.
func (c *Client) Tell(frame map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write(frame)
}

// write sends a frame; mu is held. What cannot be sent is sent again when the connection is back.
func (c *Client) write(frame map[string]any) {
	if c.conn == nil {
		return
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if err := c.conn.WriteJSON(frame); err != nil {
		_ = c.conn.Close() // the reader ends, and comes back
		c.conn = nil
	}
}

func (f *following) subscribe(room string) map[string]any {
	return map[string]any{"type": "subscribe", "room": room, "after": f.last, "changes": f.changes}
}

// Run connects, and comes back after every loss, until ctx ends or the hub refuses who asks.
func (c *Client) Run(ctx context.Context) error {
	for wait := 0; ; wait = min(wait+1, 5) {
		started := time.Now()
		err := c.once(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var status *handshakeError
		if errors.As(err, &status) && status.code >= 400 && status.code < 500 && status.code != http.StatusTooManyRequests {
			return err
		}
		if c.OnError != nil {
			c.OnError(err)
		}
		if time.Since(started) > time.Minute {
			wait = 0
		}
		// A thousand do not come back at once.
		pause := min(time.Duration(rand.Int64N(int64(time.Second)<<wait)), c.MaxWait) // #nosec G404 -- a pause is no secret
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

type handshakeError struct{ code int }

func (e *handshakeError) Error() string {
	return fmt.Sprintf("the hub answers the handshake with %d", e.code)
}

// once makes one connection and reads it until it ends.
func (c *Client) once(ctx context.Context) error {
	dialer := websocket.Dialer{Subprotocols: []string{Protocol}, HandshakeTimeout: 10 * time.Second, NetDialContext: c.Dial, WriteBufferSize: 4096, ReadBufferSize: 4096}
	conn, answer, err := dialer.DialContext(ctx, c.URL, c.Header)
	if err != nil {
		if answer != nil {
			return &handshakeError{answer.StatusCode}
		}
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close()
	if conn.Subprotocol() != Protocol {
		return errors.New("the hub speaks another version")
	}
	var hello struct {
		Type      string  `json:"type"`
		Heartbeat int     `json:"heartbeat"`
		Member    *Person `json:"member"`
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if err := conn.ReadJSON(&hello); err != nil {
		return err
	}
	if hello.Type != "hello" {
		return errors.New("the hub does not greet")
	}
	silence := 3 * time.Duration(max(hello.Heartbeat, 5)) * time.Second
	alive := func() { _ = conn.SetReadDeadline(time.Now().Add(silence)) }
	alive()
	ping := conn.PingHandler()
	conn.SetPingHandler(func(data string) error { alive(); return ping(data) })
	c.begin(conn, hello.Member)
	defer c.lost(conn)
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		alive()
		c.take(frame)
	}
}

// begin subscribes again with the numbers that are known, and sends again what was not acknowledged.
func (c *Client) begin(conn *websocket.Conn, me *Person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.tries = conn, c.tries+1
	if me != nil {
		c.me = *me
	}
	for room, f := range c.rooms {
		c.write(f.subscribe(room))
	}
	for _, id := range c.order {
		c.write(c.waiting[id].frame)
	}
	c.tellState(true)
}

func (c *Client) lost(conn *websocket.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
	}
	c.tellState(false)
}

func (c *Client) tellState(connected bool) {
	for _, f := range c.rooms {
		if f.State != nil {
			f.State(connected)
		}
	}
}

// Me is who the hub says the client is.
func (c *Client) Me() Person {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.me
}
