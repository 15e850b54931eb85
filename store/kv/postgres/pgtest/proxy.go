package pgtest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Proxy stands between a client and a server, and misbehaves as networks do. Its counters show that it did.
type Proxy struct {
	listener net.Listener
	target   string
	framed   bool // what the server says is passed on message by message

	mu    sync.Mutex // guards pairs
	pairs map[net.Conn]net.Conn

	silent  atomic.Bool // nothing goes through, nothing is closed
	deaf    atomic.Bool // notifications do not go through
	swallow atomic.Int32
	cut     atomic.Int64 // so many bytes of answers go through, then the connection breaks; 0: no
	asked   atomic.Int64 // bytes of requests
	hold    atomic.Pointer[hold]

	Resets, Swallowed, Silenced, Unheard atomic.Int64
}

// What becomes of the next thing a client says, see Swallow.
const (
	passes int32 = iota
	answerLost
	requestLost
)

// Through starts a proxy to a server. The test's end stops it.
func (s *Server) Through(t testing.TB) *Proxy {
	t.Helper()
	return through(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), false)
}

// Between starts a proxy to the server of an address, and gives the address that leads through it. It can be Deaf.
func Between(t testing.TB, address string) (*Proxy, string) {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	target := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	p := through(t, target, true)
	return p, strings.Replace(address, target, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port())), 1)
}

func through(t testing.TB, target string, framed bool) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, framed: framed, pairs: map[net.Conn]net.Conn{}}
	go p.accept()
	t.Cleanup(func() { _ = listener.Close(); p.Reset() })
	return p
}

// Port is where the proxy listens.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.pairs[client] = server
		p.mu.Unlock()
		go p.pump(client, server, true)
		if p.framed {
			go p.passMessages(server, client)
			continue
		}
		go p.pump(server, client, false)
	}
}

func (p *Proxy) pump(from, to net.Conn, asking bool) {
	defer from.Close()
	defer to.Close()
	chunk, committed := make([]byte, 64<<10), []byte("COMMIT\x00") // what a commit is answered by: CommandComplete
	for {
		n, err := from.Read(chunk)
		if err != nil {
			return
		}
		if p.silent.Load() {
			p.Silenced.Add(1)
			continue
		}
		if asking {
			p.asked.Add(int64(n))
			if h := p.hold.Load(); h != nil && p.asked.Load() > h.after {
				h.once.Do(func() { close(h.held) })
				<-h.free
			}
		}
		if asking && p.swallow.CompareAndSwap(requestLost, passes) {
			p.Swallowed.Add(1)
			return
		}
		if !asking && p.cut.Load() > 0 && p.cut.Add(int64(-n)) <= 0 {
			p.cut.Store(0)
			p.Swallowed.Add(1)
			return
		}
		if !asking && bytes.Contains(chunk[:n], committed) && p.swallow.CompareAndSwap(answerLost, passes) {
			p.Swallowed.Add(1)
			return
		}
		if _, err := to.Write(chunk[:n]); err != nil {
			return
		}
	}
}

// passMessages passes on what a server says, but notifications to the deaf (PostgreSQL's protocol 3: a letter, a length,
// the rest).
func (p *Proxy) passMessages(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	in, out := bufio.NewReaderSize(from, 64<<10), bufio.NewWriterSize(to, 64<<10)
	for {
		head, err := in.Peek(5)
		if err != nil {
			return
		}
		var into io.Writer = out
		if head[0] == 'A' && p.deaf.Load() {
			into = io.Discard
			p.Unheard.Add(1)
		}
		if _, err := io.CopyN(into, in, 1+int64(binary.BigEndian.Uint32(head[1:]))); err != nil {
			return
		}
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}

// Deaf lets no notification through, without a word, until it is ended. The proxy is one of Between.
func (p *Proxy) Deaf(on bool) { p.deaf.Store(on) }

// Reset breaks every connection there is.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for client, server := range p.pairs {
		if tcp, ok := client.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, not an end
		}
		_ = client.Close()
		_ = server.Close()
		delete(p.pairs, client)
		p.Resets.Add(1)
	}
}

// Silence lets nothing through, without a word, until it is ended.
func (p *Proxy) Silence(on bool) { p.silent.Store(on) }

// LoseAnswer breaks the connection of the next commit's answer, which the client never gets. Other answers pass, so that
// the commit has reached the server.
func (p *Proxy) LoseAnswer() { p.swallow.Store(answerLost) }

// LoseRequest breaks the connection of the next request, which the server never gets.
func (p *Proxy) LoseRequest() { p.swallow.Store(requestLost) }

// CutAnswer breaks the connection when so many bytes of answers have gone through.
func (p *Proxy) CutAnswer(after int64) { p.cut.Store(after) }

// hold keeps requests back from a number of bytes on.
type hold struct {
	after      int64
	once       sync.Once
	held, free chan struct{}
}

// Asked is how many bytes of requests went through.
func (p *Proxy) Asked() int64 { return p.asked.Load() }

// HoldAfter lets so many bytes of requests through from now on and keeps the rest back until it is freed; held tells when
// there is something.
func (p *Proxy) HoldAfter(bytes int64) (held <-chan struct{}, free func()) {
	h := &hold{after: p.asked.Load() + bytes, held: make(chan struct{}), free: make(chan struct{})}
	p.hold.Store(h)
	return h.held, sync.OnceFunc(func() { p.hold.CompareAndSwap(h, nil); close(h.free) })
}
