package server

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// callers are the connections on which nothing was heard yet. Browsers open some ahead and may never use them; the HTTP
// server takes each for one whose request is just coming, and would wait for it at the end.
type callers struct {
	mu     sync.Mutex // guards silent
	silent map[*caller]struct{}
}

// unheard is how long the end waits for the first word on a connection: one that was made before has had time to say it.
const unheard = 250 * time.Millisecond

// hangUp closes those on which still nothing was heard.
func (k *callers) hangUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.silent {
		_ = c.TCPConn.Close()
	}
	clear(k.silent)
}

// at notes who calls on a listener.
func (k *callers) at(listener net.Listener) net.Listener { return answering{listener, k} }

type answering struct {
	net.Listener
	callers *callers
}

// Accept waits for the next one.
func (a answering) Accept() (net.Conn, error) {
	conn, err := a.Listener.Accept()
	tcp, ok := conn.(*net.TCPConn)
	if err != nil || !ok {
		return conn, err
	}
	c := &caller{TCPConn: tcp, callers: a.callers}
	a.callers.mu.Lock()
	defer a.callers.mu.Unlock()
	if a.callers.silent == nil {
		a.callers.silent = map[*caller]struct{}{}
	}
	a.callers.silent[c] = struct{}{}
	return c, nil
}

// caller is one of them.
type caller struct {
	*net.TCPConn
	callers *callers
	heard   atomic.Bool
}

// Read reads, and notes the first word.
func (c *caller) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if n > 0 && !c.heard.Load() {
		c.known()
	}
	return n, err
}

// Close ends the connection.
func (c *caller) Close() error {
	if !c.heard.Load() {
		c.known()
	}
	return c.TCPConn.Close()
}

func (c *caller) known() {
	c.heard.Store(true)
	c.callers.mu.Lock()
	defer c.callers.mu.Unlock()
	delete(c.callers.silent, c)
}
