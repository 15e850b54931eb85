package server

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// intake takes connections, only so many at once: what else the process opens, its data among it, must find a descriptor.
// When there is no place for somebody who comes, the connection that has been quiet for longest between two requests
// makes way; when none is quiet, they wait until one ends.
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
	mu   sync.Mutex // guards open
	open map[*line]struct{}

	slow  atomic.Int64 // cut for sending or taking nothing for too long
	full  atomic.Int64 // how often there was no place for who came
	ended atomic.Int64 // made way
}

const (
	// liveTimeout is how long something may lie without being taken that what a live connection was sent: whoever is without a network for a moment keeps it.
	liveTimeout = time.Minute
	// unheard is how long the end waits for the first word on a connection: one that was made before has had time to say it.
	unheard    = 250 * time.Millisecond
	lookAgain  = 50 * time.Millisecond // for a place, or after the system had no descriptor
	lingering  = time.Second
	lingerOver = 1 << 20 // bytes
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

// hangUp ends those on which nothing was heard yet. Browsers open some ahead and may never use them; the HTTP server takes
// each for one whose request is just coming, and would wait for it at the end.
func (l *openLines) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for one := range l.open {
		if one.quiet.CompareAndSwap(lineUnheard, lineBusy) {
			_ = one.TCPConn.Close()
		}
	}
}

// makeWay ends the connection that has been quiet for longest.
func (l *openLines) makeWay() {
	var quietest *line
	since := int64(0)
	l.mu.Lock()
	for one := range l.open {
		if at := one.quiet.Load(); at > 0 && (quietest == nil || at < since) {
			quietest, since = one, at
		}
	}
	l.mu.Unlock()
	if quietest != nil && quietest.quiet.CompareAndSwap(since, lineBusy) {
		l.ended.Add(1)
		_ = quietest.Close()
	}
}

// Close takes no more connections; those there are go on.
func (l *intake) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.TCPListener.Close()
}

// line is one connection.
type line struct {
	*net.TCPConn
	of     *intake
	quiet  atomic.Int64 // since when, in nanoseconds since 1970, it was answered and has asked nothing; or one of those below
	linger atomic.Bool  // what it still sends is read for a moment, or the answer would be lost
	ended  atomic.Bool

	held  []byte    // the beginning of an answer whose rest comes at once, see beginning
	room  []byte    // where it is held
	parts [2][]byte // what is written at once
}

// States of a line that is not quiet.
const (
	lineBusy    = 0
	lineLive    = -1 // out of HTTP's hands
	lineUnheard = -2 // nothing was ever heard on it
)

func (l *line) Read(p []byte) (int, error) {
	n, err := l.TCPConn.Read(p)
	before := l.quiet.Load()
	if n > 0 && before != lineBusy && before != lineLive {
		l.quiet.CompareAndSwap(before, lineBusy)
	}
	if err != nil && before != lineLive && (errors.Is(err, syscall.ETIMEDOUT) || before == lineBusy && errors.Is(err, os.ErrDeadlineExceeded)) {
		l.of.lines.slow.Add(1)
	}
	if err == io.EOF && before == lineBusy { // else the HTTP server takes it for an end between two requests, and tells nobody
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Write sends the beginning of an answer together with its rest: two writes would be two packets, and wake the reader twice.
func (l *line) Write(p []byte) (int, error) {
	l.quiet.Store(lineBusy)
	if l.held == nil && beginning(p) {
		l.room = append(l.room[:0], p...)
		l.held = l.room
		return len(p), nil
	}
	if l.held == nil {
		n, err := l.TCPConn.Write(p)
		l.wrote(err)
		return n, err
	}
	before := int64(len(l.held))
	l.parts[0], l.parts[1] = l.held, p
	all := net.Buffers(l.parts[:])
	n, err := all.WriteTo(l.TCPConn)
	l.held, l.parts = nil, [2][]byte{}
	l.wrote(err)
	return int(max(0, n-before)), err
}

// buffered is how much of an answer the HTTP server writes at once before it hands on the rest as it is.
const buffered = 4096

// beginning says whether p is the head and a part of the body of an answer, so that the rest is sure to follow.
func beginning(p []byte) bool {
	if len(p) != buffered || !bytes.HasPrefix(p, []byte("HTTP/1.1 ")) {
		return false
	}
	head, body, _ := bytes.Cut(p, []byte("\r\n\r\n"))
	_, length, ok := bytes.Cut(head, []byte("\r\nContent-Length: "))
	if !ok || len(body) == 0 {
		return false
	}
	digits, _, _ := bytes.Cut(length, []byte("\r\n"))
	whole, err := strconv.Atoi(string(digits))
	return err == nil && whole > len(body)
}

// ReadFrom hands files out as the system does it best.
func (l *line) ReadFrom(r io.Reader) (int64, error) {
	l.quiet.Store(lineBusy)
	if l.held != nil {
		_, err := l.TCPConn.Write(l.held)
		if l.held = nil; err != nil {
			l.wrote(err)
			return 0, err
		}
	}
	n, err := l.TCPConn.ReadFrom(r)
	l.wrote(err)
	return n, err
}

func (l *line) wrote(err error) {
	switch {
	case err == nil:
		l.quiet.Store(time.Now().UnixNano())
	case errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, os.ErrDeadlineExceeded):
		l.of.lines.slow.Add(1)
	}
}

// Close frees the connection's place.
func (l *line) Close() error {
	if !l.ended.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	if l.linger.Load() && l.CloseWrite() == nil {
		_ = l.SetReadDeadline(time.Now().Add(lingering))
		_, _ = io.CopyN(io.Discard, l.TCPConn, lingerOver)
	}
	err := l.TCPConn.Close()
	l.of.lines.gone(l)
	l.of.leave()
	return err
}

// bare is a connection without what HTTP notes of it.
func bare(conn net.Conn) net.Conn {
	if l, ok := conn.(*line); ok {
		return l.TCPConn
	}
	return conn
}

// handed takes a connection out of HTTP's hands, once its handshake was answered. Whoever takes it closes conn too when it
// has ended.
func handed(conn net.Conn) {
	if l, ok := conn.(*line); ok {
		l.quiet.Store(lineLive)
		takenWithin(l.TCPConn, liveTimeout)
	}
}
