package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"belfry/frontend"
	"belfry/frontend/markdown"
	"belfry/frontend/pages"
	"belfry/frontend/townmap"
	"belfry/locales"
	"belfry/server"
	"belfry/server/mail"
	"belfry/server/search"
	"belfry/server/sister"
	"belfry/server/vitals"
	"belfry/store"
	"belfry/store/demo"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// grace is how long requests under way may take after the order to stop.
const grace = 10 * time.Second

// Run serves until the context ends, then stops in order: no new connections, requests finished, workers ended, file
// closed. To be asked to stop while still starting is no error either.
func (s *serveCommand) Run(t *terminal) error {
	err := s.run(t)
	if t.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	if errors.As(err, new(*kv.DamagedError)) || errors.Is(err, bolt.ErrDisk) {
		return sentence(home{cmp.Or(s.Data, usualFolder), s.Store}.String(), err)
	}
	return err
}

func (s *serveCommand) run(t *terminal) error {
	if err := s.validate(); err != nil {
		return err
	}
	log := s.logger(t)
	dir, throwAway, err := s.folder()
	if err != nil {
		return err
	}
	if throwAway {
		defer os.RemoveAll(dir)
	}
	respectMemory("/")
	loading := bring() // meanwhile: the file is waited for more than it is worked on
	at := home{dir, s.Store}
	release, err := at.hold()
	if err != nil {
		return err
	}
	defer release()
	options := store.Options{Demo: s.Demo, Back: s.Force, Space: s.space(at)}
	var clock *demo.Clock
	if s.Demo && at.fresh(t.ctx) {
		clock = demo.NewClock(time.Now())
		options.Clock, options.Rand = clock.Now, demo.Rand(demoSeed)
	}
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", s.Listen, err)
	}
	defer listener.Close()
	early := answerEarly(listener, loading, log)
	defer early.end()
	hub, db, err := at.open(t.ctx, found, options)
	if err != nil {
		return err
	}
	defer hub.Close()
	if clock != nil {
		if err := fillDemo(t.ctx, hub, clock); err != nil {
			return err
		}
	}
	index, err := search.Open(filepath.Join(dir, searchFolder))
	if err != nil {
		return fmt.Errorf("open the search index: %w", err)
	}
	defer index.Close()
	with, err := loading()
	if err != nil {
		return err
	}
	scrub := &scrubber{hub: hub, db: db, log: log}
	watch := &watch{hub: hub, db: db, index: index, scrub: scrub}
	watch.vitals = vitals.New(watch.numbers(), watch.spreads()...)
	site, public, err := s.site(t.ctx, hub, with, index, watch.vitals, listener.Addr(), log)
	if err != nil {
		return err
	}
	watch.site = site
	shown, err := s.show(watch, log)
	if err != nil {
		return err
	}
	defer shown()
	follower := &search.Follower{Store: hub, Index: index, Log: log}
	control, err := listenControl(dir, public, hub, db, follower, log)
	if err != nil {
		return err
	}
	defer control.Close()
	early.end() // whoever comes now waits for the hub itself
	if err := s.greet(t, hub, public, listener.Addr()); err != nil {
		return err
	}
	settle := time.AfterFunc(settled, debug.FreeOSMemory)
	defer settle.Stop()
	nightly := func(ctx context.Context) error { return hub.Alone(ctx, "scrub", scrub.Run) }
	workers := append(s.workers(hub, with.catalogue, public, log), follower.Run, hub.Run, watch.vitals.Run, nightly, compacting(db, log), failing(db))
	return s.serve(t.ctx, site, listener, workers, log)
}

// settled is when the start is over, the index caught up, and the memory that took is given back.
const settled = 10 * time.Second

// searchFolder is where the search index lies, beside the database. It is no part of a backup.
const searchFolder = "search"

const demoSeed = 2005 // the year the first towns came together

// fillDemo builds the demo community in a store that was just set up.
func fillDemo(ctx context.Context, hub *store.Store, clock *demo.Clock) error {
	if err := demo.Build(ctx, hub, clock); err != nil {
		return fmt.Errorf("build the demo community: %w", err)
	}
	return nil
}

// usualFolder is where the data is when nobody says.
const usualFolder = "data"

// folder is where the data lives; a demo without --data gets a folder of its own that goes away at the end.
func (s *serveCommand) folder() (dir string, throwAway bool, err error) {
	switch {
	case s.Data != "":
		return s.Data, false, nil
	case s.Demo:
		dir, err = os.MkdirTemp("", "belfry-demo-")
		return dir, true, err
	}
	return usualFolder, false, nil
}

// loaded is what comes with the program.
type loaded struct {
	assets    *frontend.Assets
	catalogue *locales.Catalogue
	drawn     *townmap.Map
}

// bring begins to load what comes with the program; what it returns waits for that.
func bring() func() (loaded, error) {
	var l loaded
	var errs [3]error
	var wg sync.WaitGroup
	wg.Go(func() { l.assets, errs[0] = frontend.Load() })
	wg.Go(func() { l.catalogue, errs[1] = locales.Load() })
	wg.Go(func() { l.drawn, errs[2] = townmap.New() })
	return func() (loaded, error) {
		wg.Wait()
		return l, errors.Join(errs[:]...)
	}
}

// site builds the server over the store.
func (s *serveCommand) site(ctx context.Context, hub *store.Store, with loaded, index *search.Index, counts *vitals.Vitals, addr net.Addr, log *slog.Logger) (*server.Server, string, error) {
	memory := respectMemory("/")
	public, err := s.publicURL(addr)
	if err != nil {
		return nil, "", err
	}
	options := server.Options{Store: hub, Assets: with.assets, Catalogue: with.catalogue, Markdown: markdown.New(), Map: with.drawn, Search: index, PublicURL: public,
		Loopback: s.loopback(), Proxies: s.Proxies, Demo: s.Demo, Version: version(), Zones: zonesVersion(), SMTP: s.SMTPHost != "", Vitals: counts, Log: log,
		Connections: connections(openable(), memory), Memory: memory, Patience: s.Patience}
	if s.Demo {
		for _, person := range demo.Persons() {
			m, err := hub.MemberByHandle(ctx, person.Handle)
			if store.KindOf(err) == store.NotFound {
				continue // left, in a demo that was served before
			}
			if err != nil {
				return nil, "", fmt.Errorf("demo person %s: %w", person.Handle, err)
			}
			options.DemoPersons = append(options.DemoPersons, pages.DemoPerson{Handle: m.Handle, Name: m.Name, Role: "demo.role." + person.Key})
		}
	}
	site, err := server.New(ctx, options)
	return site, public, err
}

// failing ends the hub when its disk fails: what it would show then may be more than is kept.
func failing(db engine) worker {
	if file, ok := db.(*bolt.DB); ok {
		return file.Watch
	}
	return func(context.Context) error { return nil }
}

// greet says where the hub is and, when nobody has joined yet, how its first administrator enters.
func (s *serveCommand) greet(t *terminal, hub *store.Store, public string, addr net.Addr) error {
	empty, err := hub.Empty(t.ctx)
	if err != nil {
		return err
	}
	token := ""
	if empty {
		if token, err = hub.FoundingTicket(t.ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.out, "Belfry is at %s (listening on %s)\n", public, addr)
	if empty {
		fmt.Fprintf(t.out, "Nobody has joined yet. The first administrator enters here, once, within a day:\n%s/link/%s\n", public, token)
	}
	return nil
}

// worker is something that goes on beside the requests until its context ends.
type worker func(context.Context) error

// workers are the clock's own duties and the mail, each done by one node at a time.
func (s *serveCommand) workers(hub *store.Store, catalogue *locales.Catalogue, public string, log *slog.Logger) []worker {
	hourly := func(ctx context.Context) error {
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		for {
			if opened, err := hub.OpenAhead(ctx); err != nil {
				log.Error("meetings not opened", "error", err)
			} else if opened > 0 {
				log.Info("meetings opened", "count", opened)
			}
			if _, err := hub.RemindContracts(ctx); err != nil {
				log.Error("contracts not looked at", "error", err)
			}
			if err := hub.Sweep(ctx); err != nil {
				log.Error("not swept", "error", err)
			}
			if _, err := hub.SweepDocuments(ctx); err != nil {
				log.Error("documents not swept", "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}
	minutely := func(ctx context.Context) error {
		tick := time.NewTicker(time.Minute)
		defer tick.Stop()
		for {
			if _, err := hub.Advance(ctx); err != nil && ctx.Err() == nil {
				log.Error("meetings not brought forward", "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}
	followers := &server.Followers{Store: hub, Log: log, Client: &sister.Client{Agent: "Belfry (" + public + ")"}}
	if s.Demo {
		followers.Client.Own = demo.SisterFiles(time.Now)
	}
	var all []worker
	for queue, work := range map[string]worker{"hourly": hourly, "minutely": minutely, "mail": s.post(hub, catalogue, public, log), "sisters": followers.Run} {
		all = append(all, func(ctx context.Context) error { return hub.Alone(ctx, queue, work) })
	}
	return all
}

// post turns what happened into letters, and sends them when a mail server is configured.
func (s *serveCommand) post(hub *store.Store, catalogue *locales.Catalogue, public string, log *slog.Logger) worker {
	return func(ctx context.Context) error {
		options := server.PostOptions{Store: hub, Catalogue: catalogue, PublicURL: public, Log: log}
		if s.SMTPHost != "" {
			sender, err := mail.NewSender(mail.Config{Host: s.SMTPHost, Port: s.SMTPPort, Username: s.SMTPUser, Password: s.SMTPPassword,
				TLS: s.SMTPTLS, From: s.MailFrom, FromName: s.MailName})
			if err != nil {
				return err
			}
			options.Sender = sender
		}
		post, err := server.NewPost(options)
		if err != nil {
			return err
		}
		return post.Run(ctx)
	}
}

// serve answers until the context ends or something fails, then stops everything in order.
func (s *serveCommand) serve(ctx context.Context, site *server.Server, listener net.Listener, workers []worker, log *slog.Logger) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, len(workers)+1)
	var running sync.WaitGroup
	for _, work := range workers {
		running.Go(func() {
			if err := work(background); err != nil && background.Err() == nil {
				failed <- err
			}
		})
	}
	go func() { failed <- site.Serve(listener) }()
	var err error
	select {
	case <-ctx.Done():
		log.Info("stopping")
		site.Drain(s.Drain)
	case err = <-failed:
	}
	end, cancel := context.WithTimeout(background, grace)
	defer cancel()
	if stopErr := site.Shutdown(end); stopErr != nil && err == nil {
		log.Warn("some requests were cut off", "error", stopErr)
	}
	_ = listener.Close() // when the order to stop came before Serve had begun
	stop()
	running.Wait()
	return err
}
