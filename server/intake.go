package server

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// intake takes connections, only so many at once: what else the process opens, its data among it, must find a descriptor.
// When there is no place for somebody who comes, the connection that has been quiet for longest between two requests
// makes way; when none is quiet, they wait until one ends. None makes way on which anything of a request has come.
type intake struct {
	*net.TCPListener
	places   chan struct{} // nil: as many as come
	closed   chan struct{}
	closing  sync.Once // guards the end
	lines    *openLines
	patience time.Duration
}

// openLines are the connections there are, and what happened to all so far.
type openLines struct {
	mu   sync.Mutex // guards open, and asking one to end
	open map[*line]struct{}

	farewells atomic.Int64 // under way, of those that gave their place away already

	slow  atomic.Int64 // cut for sending or taking nothing for too long
	full  atomic.Int64 // how often there was no place for who came
	ended atomic.Int64 // made way
}

const (
	// liveTimeout is how long something may lie without being taken that what a live connection was sent: whoever is without a network for a moment keeps it.
	liveTimeout = time.Minute
	// unheard is how long the end waits for the first word on a connection: one that was made before has had time to say it.
	unheard      = 250 * time.Millisecond
	lookAgain    = 50 * time.Millisecond // for a place, or after the system had no descriptor
	lingering    = time.Second
	lingerOver   = 1 << 20 // bytes
	farewell     = 250 * time.Millisecond
	maxFarewells = 16 // at once: each has a descriptor, and no place
)

// newIntake takes connections of a listener, at most so many at once, 0 for as many as come. Who takes nothing of
// an answer for so long is cut.
func newIntake(listener *net.TCPListener, most int, patience time.Duration, lines *openLines) *intake {
	l := &intake{TCPListener: listener, closed: make(chan struct{}), lines: lines, patience: patience}
	if most > 0 {
		l.places = make(chan struct{}, most)
	}
	return l
}

// Accept waits for a place, then for a connection. Without descriptors or memory it tries again: the hub lives on.
func (l *intake) Accept() (net.Conn, error) {
	if !l.place() {
		return nil, net.ErrClosed
	}
	for {
		conn, err := l.AcceptTCP()
		if err == nil {
			takenWithin(conn, l.patience) // a listener for several paths, as Go makes them, does not hand it on
			return l.lines.take(conn, l), nil
		}
		if !passing(err) {
			l.leave()
			return nil, err
		}
		l.lines.full.Add(1)
		l.lines.makeWay()
		select {
		case <-l.closed:
		case <-time.After(lookAgain):
		}
	}
}

// passing says whether taking connections fails for a reason that goes away.
func passing(err error) bool {
	for _, one := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// place waits until another connection may be open; false when none will be taken any more.
func (l *intake) place() bool {
	if l.places == nil {
		return true
	}
	select {
	case l.places <- struct{}{}:
		return true
	default:
	}
	l.lines.full.Add(1)
	for {
		l.lines.makeWay()
		select {
		case l.places <- struct{}{}:
			return true
		case <-l.closed:
			return false
		case <-time.After(lookAgain):
		}
	}
}

func (l *intake) leave() {
	if l.places != nil {
		<-l.places
	}
}

// take notes a connection.
func (l *openLines) take(conn *net.TCPConn, of *intake) *line {
	taken := &line{TCPConn: conn, of: of}
	taken.quiet.Store(lineUnheard)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[*line]struct{}{}
	}
	l.open[taken] = struct{}{}
	return taken
}

func (l *openLines) gone(one *line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, one)
}

// size is how many there are.
func (l *openLines) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// asking waits until whoever asks a connection to end has set its deadline.
func (l *openLines) asking() {
	l.mu.Lock()
	defer l.mu.Unlock()
}

// hangUp ends those on which nothing was heard yet. Browsers open some ahead and may never use them; the HTTP server takes
// each for one whose request is just coming, and would wait for it at the end.
func (l *openLines) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for one := range l.open {
		one.ask(lineUnheard)
	}
}

// makeWay asks the connection that has been quiet for longest to end.
func (l *openLines) makeWay() {
	l.mu.Lock()
	defer l.mu.Unlock()
	var quietest *line
	since := int64(0)
	for one := range l.open {
		if at := one.quiet.Load(); at > 0 && (quietest == nil || at < since) {
			quietest, since = one, at
		}
	}
	if quietest != nil {
		quietest.ask(since)
	}
}

// Close takes no more connections; those there are go on.
func (l *intake) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.TCPListener.Close()
}
