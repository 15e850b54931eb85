package main

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// starting answers while the data is opened, which takes long when it is migrated: the process lives, and is not ready.
type starting struct {
	lent  lent
	http  *http.Server
	over  chan struct{} // from the beginning of the end
	ended chan struct{}
	once  sync.Once // guards the end
}

// soon is how long a usual start takes at most: whoever comes meanwhile waits for the hub itself. Telling them to come back
// would be a failed request, of which a balancer that has not noticed the start would send many.
const soon = 1500 * time.Millisecond

// answerEarly answers on a listener, from soon on until end, which hands it back. loading waits for what comes with the program.
func answerEarly(listener net.Listener, loading func() (loaded, error), events *slog.Logger) *starting {
	s := &starting{over: make(chan struct{}), ended: make(chan struct{})}
	tcp, ok := listener.(*net.TCPListener)
	if !ok { // nothing else is ever listened on
		close(s.ended)
		return s
	}
	s.lent = lent{tcp}
	s.http = &http.Server{Handler: early(loading), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10, ErrorLog: complaints(events)}
	s.http.SetKeepAlivesEnabled(false) // whoever comes again is answered by the hub itself
	go func() {
		defer close(s.ended)
		select {
		case <-s.over:
			return
		case <-time.After(soon):
		}
		if err := s.http.Serve(s.lent); !errors.Is(err, http.ErrServerClosed) {
			events.Error("nobody could be answered while starting", "error", err)
		}
	}()
	return s
}

// end finishes what is being answered and frees the listener. It may be called again.
func (s *starting) end() {
	s.once.Do(func() {
		if s.http == nil {
			return
		}
		close(s.over)
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.http.Shutdown(short) != nil {
			_ = s.http.Close()
		}
		<-s.ended
		_ = s.lent.SetDeadline(time.Time{})
	})
}

// lent is a listener that is not closed by whom it is lent to: only waiting for connections ends.
type lent struct{ *net.TCPListener }

// Close makes Accept return.
func (l lent) Close() error { return l.SetDeadline(time.Unix(1, 0)) }

// early says that the process lives, and to everybody else that it takes a moment.
func early(loading func() (loaded, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.URL.Path == "/healthz" {
			_, _ = io.WriteString(w, "ok\n") // nobody is there to be told
			return
		}
		text := "not ready: starting\n"
		if with, err := loading(); err == nil && r.URL.Path != "/readyz" {
			text = with.catalogue.Match(r.Header.Get("Accept-Language")).T("starting.text") + "\n"
		}
		h.Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, text)
	})
}

// complaints are those of Go's own web server, as events of our log.
func complaints(events *slog.Logger) *log.Logger {
	return slog.NewLogLogger(events.Handler(), slog.LevelDebug)
}
