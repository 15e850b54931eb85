package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"belfry/server"
	"belfry/server/search"
	"belfry/server/vitals"
	"belfry/store"
	"belfry/store/kv/bolt"
	"belfry/store/kv/postgres"
)

// watch reads the numbers that an operator sees.
type watch struct {
	hub    *store.Store
	db     engine
	index  *search.Index
	scrub  *scrubber
	site   *server.Server // set before anybody reads
	vitals *vitals.Vitals

	mu      sync.Mutex // guards what follows
	waiting store.Waiting
	counted time.Time
}

// recount is for how long a count of what waits is good.
const recount = 10 * time.Second

// backlog counts what waits, not more often than is of use. What cannot be counted stays as it was.
func (w *watch) backlog() store.Waiting {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.counted) > recount {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if now, err := w.hub.Waiting(ctx, store.System(), w.index.ID()); err == nil {
			w.waiting = now
		}
		w.counted = time.Now()
	}
	return w.waiting
}

// numbers are all there are beside the counts of requests. No label of theirs names anybody.
func (w *watch) numbers() []vitals.Number {
	began := float64(time.Now().Unix())
	all := []vitals.Number{
		{Name: vitals.Resident, Help: "Memory of the process.", Kind: vitals.Gauge, Read: resident},
		{Name: "process_cpu_seconds_total", Help: "Processor time of the process.", Kind: vitals.Counter, Read: processor},
		{Name: "process_open_fds", Help: "Open files and connections.", Kind: vitals.Gauge, Read: descriptors},
		{Name: "process_start_time_seconds", Help: "When the process began.", Kind: vitals.Gauge, Read: func() float64 { return began }},
		{Name: "go_goroutines", Help: "Goroutines.", Kind: vitals.Gauge, Read: func() float64 { return float64(runtime.NumGoroutine()) }},
		{Name: vitals.Letters, Help: "Letters that are to be sent.", Kind: vitals.Gauge, Read: func() float64 { return float64(w.backlog().Letters) }},
		{Name: "belfry_letters_oldest_seconds", Help: "For how long the oldest of them has been due.", Kind: vitals.Gauge, Read: func() float64 { return w.backlog().Oldest.Seconds() }},
		{Name: "belfry_events_waiting", Help: "Events that have not become letters, reminders for later among them.", Kind: vitals.Gauge, Read: func() float64 { return float64(w.backlog().Events) }},
		{Name: "belfry_search_waiting", Help: "Records that the search index has to read again.", Kind: vitals.Gauge, Read: func() float64 { return float64(w.backlog().Search) }},
		{Name: "belfry_sockets", Help: "Live connections.", Kind: vitals.Gauge, Read: func() float64 { open, _, _, _ := w.site.Live(); return float64(open) }},
		{Name: "belfry_sockets_opened_total", Help: "Live connections so far.", Kind: vitals.Counter, Read: func() float64 { _, n, _, _ := w.site.Live(); return float64(n) }},
		{Name: "belfry_sockets_slow_total", Help: "Live connections closed because they did not keep up.", Kind: vitals.Counter, Read: func() float64 { _, _, n, _ := w.site.Live(); return float64(n) }},
		{Name: "belfry_frames_delivered_total", Help: "Frames that live connections took.", Kind: vitals.Counter, Read: func() float64 { _, _, _, n := w.site.Live(); return float64(n) }},
		{Name: vitals.Scrubbed, Help: "When all data was last read to its end, 0 before the first time.", Kind: vitals.Gauge, Read: func() float64 { return seconds(w.scrub.result().At) }},
		{Name: vitals.Faults, Help: "Damaged values, pages and documents found then.", Kind: vitals.Gauge, Read: func() float64 { return float64(w.scrub.result().Faults) }},
	}
	return append(all, w.engine()...)
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

// engine are the numbers of the engine that runs.
func (w *watch) engine() []vitals.Number {
	count := func(name, help string, read func() uint64) vitals.Number {
		return vitals.Number{Name: name, Help: help, Kind: vitals.Counter, Read: func() float64 { return float64(read()) }}
	}
	const commits, updates = "Transactions that wrote something.", "Changes that succeeded; several share a transaction."
	switch db := w.db.(type) {
	case *bolt.DB:
		return []vitals.Number{count(vitals.Commits, commits, func() uint64 { return db.Stats().Commits }),
			count("belfry_updates_total", updates, func() uint64 { return db.Stats().Updates }),
			{Name: vitals.Size, Help: "Size of the file.", Kind: vitals.Gauge, Read: func() float64 { return float64(db.Stats().Bytes) }}}
	case *postgres.DB:
		return []vitals.Number{count(vitals.Commits, commits, func() uint64 { return db.Stats().Commits }),
			count("belfry_updates_total", updates, func() uint64 { return db.Stats().Updates }),
			count("belfry_round_trips_total", "Messages to the database that were waited for.", func() uint64 { return db.Stats().RoundTrips }),
			count("belfry_redone_total", "Transactions run again after a conflict.", func() uint64 { return db.Stats().Redone }),
			count("belfry_reconnected_total", "Connections to the database found dead.", func() uint64 { return db.Stats().Reconnected }),
			{Name: "belfry_nodes", Help: "Other nodes that are alive.", Kind: vitals.Gauge, Read: func() float64 { return float64(w.hub.Peers().Nodes) }},
			count("belfry_hints_sent_total", "Hints given to other nodes.", func() uint64 { return w.hub.Peers().Sent }),
			count("belfry_hints_received_total", "Hints taken from other nodes.", func() uint64 { return w.hub.Peers().Received }),
			count("belfry_hints_missed_total", "How often hints were found missing.", func() uint64 { return w.hub.Peers().Missed }),
			count("belfry_nodes_gone_total", "Nodes found dead.", func() uint64 { return w.hub.Peers().Gone })}
	}
	return nil
}

// resident is the memory of the process, or what Go has of it where the system does not say.
func resident() float64 {
	var pages, size int
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if _, err := fmt.Sscan(string(text), &size, &pages); err == nil {
			return float64(pages * os.Getpagesize())
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys)
}

func processor() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

func descriptors() float64 {
	open, _ := os.ReadDir("/proc/self/fd") // none where the system does not say
	return float64(len(open))
}

// show answers the operator's Prometheus, when an address for it was given.
func (s *serveCommand) show(w *watch, log *slog.Logger) (end func(), err error) {
	if s.Metrics == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", s.Metrics)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for metrics: %w", s.Metrics, err)
	}
	answer := &http.Server{Handler: metricsHandler(w.vitals, s.MetricsToken), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 20 * time.Second, MaxHeaderBytes: 8 << 10}
	go func() {
		if err := answer.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the metrics failed", "error", err)
		}
	}()
	log.Info("metrics", "address", listener.Addr().String())
	return func() { _ = answer.Close() }, nil
}

// metricsHandler answers whoever has the token; without one only those who ask this machine by its own name, which no
// page in a browser can.
func metricsHandler(v *vitals.Vitals, token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		shown, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		have, want := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(token))
		switch {
		case token != "" && subtle.ConstantTimeCompare(have[:], want[:]) != 1:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a token is needed", http.StatusUnauthorized)
			return
		case token == "" && !loopback(r.Host) && !loopback(r.Host+":80"):
			http.Error(w, "ask this machine by its own name", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", vitals.ContentType)
		_ = v.Write(w) // nobody is there to be told
	})
	return mux
}
