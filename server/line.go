package server

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// line is one connection.
type line struct {
	*net.TCPConn
	of      *intake
	between bool         // two requests, by what the HTTP server says; the reading goroutine's own
	quiet   atomic.Int64 // since when, in nanoseconds since 1970, a next request is waited for of which nothing has come; or one of those below
	linger  atomic.Bool  // what it still sends is read for a moment, or the answer would be lost
	leaving atomic.Bool  // it makes way, after what it asks
	ended   atomic.Bool

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

// goodbye is the answer to a request that may be on its way on a line that makes way: it was not read, and may be sent again
// (RFC 9110 section 15.5.9). To others it says that the connection ends.
const goodbye = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

// noteState is told by the HTTP server what a connection is in the middle of. What it has read beyond an answered request is
// a request already. Of a connection that is out of its hands it speaks while others read there.
func noteState(conn net.Conn, state fasthttp.ConnState) {
	if l, ok := conn.(*line); ok && (state == fasthttp.StateIdle || state == fasthttp.StateActive) {
		l.between = state == fasthttp.StateIdle
	}
}

// ask wakes a line that still is in a state so that it ends, unless something has come. The caller holds the lock of all lines.
func (l *line) ask(still int64) {
	if l.quiet.CompareAndSwap(still, lineBusy) {
		_ = l.SetReadDeadline(time.Unix(1, 0))
	}
}

func (l *line) Read(p []byte) (int, error) {
	before := l.quiet.Load()
	if l.between {
		before = time.Now().UnixNano()
		l.quiet.Store(before)
	}
	n, err := l.TCPConn.Read(p)
	if (before > 0 || before == lineUnheard) && !l.quiet.CompareAndSwap(before, lineBusy) {
		n, err = l.asked(p, n, err, before)
	}
	if err != nil && before != lineLive && (errors.Is(err, syscall.ETIMEDOUT) || before == lineBusy && errors.Is(err, os.ErrDeadlineExceeded)) {
		l.of.lines.slow.Add(1)
	}
	if err == io.EOF && before == lineBusy { // else the HTTP server takes it for an end between two requests, and tells nobody
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// asked ends a line that was asked to while it waited. When something of a request came before, that is answered first, as the
// last one.
func (l *line) asked(p []byte, n int, err error, since int64) (int, error) {
	l.of.lines.asking()
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		_ = l.SetReadDeadline(time.Now().Add(time.Millisecond))
		n, err = l.TCPConn.Read(p)
	}
	_ = l.SetReadDeadline(time.Now().Add(l.of.patience))
	if since > 0 {
		l.of.lines.ended.Add(1)
		l.leaving.Store(true)
	}
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	if since > 0 {
		_ = l.SetWriteDeadline(time.Now().Add(farewell))
		_, _ = io.WriteString(l.TCPConn, goodbye)
	}
	return 0, io.EOF
}

// Write sends the beginning of an answer together with its rest: two writes would be two packets, and wake the reader twice.
func (l *line) Write(p []byte) (int, error) {
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

// wrote counts a line whose other side took nothing for too long.
func (l *line) wrote(err error) {
	if err != nil && (errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, os.ErrDeadlineExceeded)) {
		l.of.lines.slow.Add(1)
	}
}

// Close frees the connection's place; that of a line that makes way before the other side has heard of it, unless too many
// do so.
func (l *line) Close() error {
	if !l.ended.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	if l.leaving.Load() {
		first := l.of.lines.farewells.Add(1) <= maxFarewells
		defer l.of.lines.farewells.Add(-1)
		if l.of.leave(); first {
			l.lingerFor(farewell)
		}
	} else {
		defer l.of.leave()
		if l.linger.Load() {
			l.lingerFor(lingering)
		}
	}
	defer l.of.lines.gone(l)
	return l.TCPConn.Close()
}

// lingerFor reads what the other side still sends: what was written last would be lost with it.
func (l *line) lingerFor(span time.Duration) {
	if l.CloseWrite() == nil {
		_ = l.SetReadDeadline(time.Now().Add(span))
		_, _ = io.CopyN(io.Discard, l.TCPConn, lingerOver)
	}
}

// isLast says whether a connection ends with the answer to its request, which somebody waits for.
func isLast(conn net.Conn) bool {
	l, ok := conn.(*line)
	return ok && l.leaving.Load()
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
		l.leaving.Store(false)
		takenWithin(l.TCPConn, liveTimeout)
	}
}
