package bolt

import "sync"

// line is where requests wait for the running goroutine, in the order they came. It takes all that wait at once.
type line struct {
	wake chan struct{} // gets one when the first joins

	mu      sync.Mutex // guards what follows
	waiting []*request
	closed  bool
}

func newLine() *line { return &line{wake: make(chan struct{}, 1)} }

// join adds a request, which is answered then; false when none is taken any more.
func (l *line) join(r *request) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.waiting = append(l.waiting, r)
	first := len(l.waiting) == 1
	l.mu.Unlock()
	if first {
		select {
		case l.wake <- struct{}{}:
		default: // it has not seen the last one yet
		}
	}
	return true
}

// take returns all that wait; those who join from now on wait in the memory of spare.
func (l *line) take(spare []*request) []*request {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.waiting
	l.waiting = spare[:0]
	return all
}

// close takes no more, and returns all that wait.
func (l *line) close() []*request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.waiting
}

// len is how many wait.
func (l *line) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}
