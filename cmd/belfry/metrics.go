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
	"strings"
	"sync"
	"time"

	"belfry/server"
	"belfry/server/search"
	"belfry/server/vitals"
	"belfry/store"
	"belfry/store/kv/bolt"
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
	kept := func(n vitals.Number) vitals.Number { n.Kept = true; return n }
	gauge := func(name, help string, read func() float64) vitals.Number {
		return vitals.Number{Name: name, Help: help, Kind: vitals.Gauge, Read: read}
	}
	count := func(name, help string, read func() uint64) vitals.Number {
		return vitals.Number{Name: name, Help: help, Kind: vitals.Counter, Read: func() float64 { return float64(read()) }}
	}
	live := func(pick func(open int, opened, slow, delivered int64) int64) func() float64 {
		return func() float64 { return float64(pick(w.site.Live())) }
	}
	all := process()
	waits := func(name, help string, of func(store.Waiting) store.Backlog) {
		all = append(all, kept(gauge("belfry_"+name+"_waiting", help, func() float64 { return float64(of(w.backlog()).Count) })),
			kept(gauge("belfry_"+name+"_oldest_seconds", "For how long the one of them has waited that is due longest.", func() float64 { return of(w.backlog()).Oldest.Seconds() })))
	}
	waits("events", "Events that are to become letters at once.", func(now store.Waiting) store.Backlog { return now.Events })
	waits("reminders", "Events that are to become letters at a later time: reminders, and notices that wait for more.", func(now store.Waiting) store.Backlog { return now.Reminders })
	waits("letters", "Letters that are to be sent.", func(now store.Waiting) store.Backlog { return now.Letters })
	waits("search", "Records that the search index has to read again.", func(now store.Waiting) store.Backlog { return now.Search })
	load := func(pick func(server.Load) int64) func() uint64 {
		return func() uint64 { return uint64(pick(w.site.Load())) }
	}
	m := w.db.Meter()
	all = append(all,
		kept(count(vitals.Refused, "Requests that were told to come back, because there was more to do than can be done.", load(func(l server.Load) int64 { return l.Refused }))),
		count("belfry_bodies_refused_total", "Of them, those whose body there was no memory for.", load(func(l server.Load) int64 { return l.Bodies })),
		gauge("belfry_connections", "Connections, live ones among them.", func() float64 { return float64(w.site.Load().Open) }),
		count("belfry_connections_slow_total", "Connections cut because nothing came, or nothing was taken, for too long.", load(func(l server.Load) int64 { return l.Slow })),
		count("belfry_connections_full_total", "How often there was no place for another connection.", load(func(l server.Load) int64 { return l.Full })),
		count("belfry_connections_ended_total", "Quiet connections ended to make place for another.", load(func(l server.Load) int64 { return l.Ended })),
		kept(gauge(vitals.Sockets, "Live connections.", live(func(open int, _, _, _ int64) int64 { return int64(open) }))),
		vitals.Number{Name: "belfry_sockets_opened_total", Help: "Live connections so far.", Kind: vitals.Counter, Read: live(func(_ int, n, _, _ int64) int64 { return n })},
		kept(vitals.Number{Name: vitals.Slow, Help: "Live connections closed because they did not keep up.", Kind: vitals.Counter, Read: live(func(_ int, _, n, _ int64) int64 { return n })}),
		kept(vitals.Number{Name: vitals.Frames, Help: "Frames that live connections took.", Kind: vitals.Counter, Read: live(func(_ int, _, _, n int64) int64 { return n })}),
		gauge(vitals.Scrubbed, "When all data was last read to its end, 0 before the first time.", func() float64 { return seconds(w.scrub.result().At) }),
		gauge(vitals.Faults, "Damaged values, pages and documents found then.", func() float64 { return float64(w.scrub.result().Faults) }),
		gauge("belfry_ready", "1 when this node can do its work, 0 when /readyz says why not.", func() float64 {
			if w.site.Trouble(context.Background()) != "" {
				return 0
			}
			return 1
		}),
		count("belfry_commits_total", "Transactions that wrote something.", func() uint64 { return m.Commits.Read().Count() }),
		count("belfry_updates_total", "Changes that were made durable; several share a transaction.", func() uint64 { return uint64(m.Groups.Read().Sum) }),
		kept(gauge(vitals.Away, "Changes that are waited for.", func() float64 { return float64(m.Away.Load()) })),
		kept(count(vitals.Redone, "Transactions run again after a conflict with another node.", m.Redone.Load)),
		count("belfry_conflicts_total", "Changes given up because conflicts did not end.", m.Conflicts.Load),
		count("belfry_commits_failed_total", "Transactions that failed for another reason.", m.Failed.Load),
		count("belfry_commits_unknown_total", "Of them, those that may have been made all the same.", m.Unknown.Load),
		count("belfry_round_trips_total", "Messages to the database that were waited for.", m.RoundTrips.Load),
		kept(count(vitals.Reconnected, "Connections to the database found dead.", m.Reconnected.Load)),
		gauge(vitals.Nodes, "Nodes that are alive, this one among them.", func() float64 { return float64(1 + w.hub.Peers().Nodes) }),
		count("belfry_nodes_gone_total", "Nodes found dead.", func() uint64 { return w.hub.Peers().Gone }),
		count("belfry_hints_sent_total", "Hints given to other nodes.", func() uint64 { return w.hub.Peers().Sent }),
		count("belfry_hints_received_total", "Hints taken from other nodes.", func() uint64 { return w.hub.Peers().Received }),
		kept(count(vitals.Missed, "How often hints were found missing.", func() uint64 { return w.hub.Peers().Missed })),
		kept(gauge(vitals.HintAge, "How long what is to be told to other nodes has waited.", func() float64 { return w.hub.Peers().Oldest.Seconds() })))
	if file, ok := w.db.(*bolt.DB); ok {
		all = append(all, gauge(vitals.Size, "Size of the file.", func() float64 { return float64(file.Stats().Bytes) }))
	}
	return all
}

// spreads are how long the store takes, whichever engine runs.
func (w *watch) spreads() []vitals.Spread {
	m := w.db.Meter()
	return []vitals.Spread{
		{Name: vitals.Views, Help: "How long reading the store took, of a file every eighth time.", Read: m.Views.Read},
		{Name: vitals.Updates, Help: "How long changes of the store took, from being asked for to durable.", Read: m.Updates.Read},
		{Name: vitals.Waits, Help: "How long of that they waited for others of their group and for the disk.", Read: m.Waits.Read},
		{Name: vitals.Commits, Help: "How long commits took.", Read: m.Commits.Read},
		{Name: vitals.Groups, Help: "How many changes shared a commit.", Read: m.Groups.Read},
	}
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
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
	answer := &http.Server{Handler: metricsHandler(w.vitals, s.MetricsToken), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 20 * time.Second, MaxHeaderBytes: 8 << 10, ErrorLog: complaints(log)}
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
