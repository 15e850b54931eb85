package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"belfry/frontend"
	"belfry/frontend/markdown"
	"belfry/frontend/pages"
	"belfry/frontend/townmap"
	"belfry/locales"
	"belfry/server/live"
	"belfry/server/search"
	"belfry/server/vitals"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// Options are what a server needs. All but Log are required.
type Options struct {
	Store       *store.Store
	Assets      *frontend.Assets
	Catalogue   *locales.Catalogue
	Markdown    *markdown.Renderer // for contents lists
	Map         *townmap.Map
	Search      *search.Index // nil: nothing can be searched
	PublicURL   string        // scheme and host people type; links in mail and calendars begin with it
	Loopback    bool          // the listener is on this machine only: localhost names are accepted as hosts too
	Proxies     []string
	Demo        bool
	DemoPersons []pages.DemoPerson
	Version     string
	Zones       string         // version of the time zone data
	SMTP        bool           // a mail server is configured: letters are not shown to administrators
	Vitals      *vitals.Vitals // counts the requests; nil: nobody sees them
	Connections int            // that may be open at once, 0 for as many as come
	Patience    time.Duration  // within how long a request must have come, a large one of a member apart, and something of an answer be taken; 9 s unless given
	Memory      int64          // bytes that the process may take, 0 for as many as it likes
	Log         *slog.Logger
}

// Server answers requests. Make one with New, give it a listener with Serve, end it with Shutdown.
type Server struct {
	Options
	app      *fiber.App
	public   *url.URL
	csrf     []byte
	flash    []byte
	pages    *sharedPages
	readers  readers
	counts   unreadCounts
	feeds    *feedCache
	spoken   spoken
	fixed    [][2][]byte // headers of every answer
	hub      *live.Hub
	ready    readiness
	reading  *gate // for requests that change nothing, and for others: neither can shut the other out
	writing  *gate
	bodies   *bodies
	lines    openLines
	busy     busy
	ration   ration
	saidBusy atomic.Int64  // when the log said so last, in nanoseconds since 1970
	limit    time.Duration // of a request
	slow     time.Duration // from when one is logged as slow
	zones    sync.Map      // *time.Location by name; members name only what exists
	proxies  []netip.Prefix
}

// Limits of a request. Minutes of 200,000 characters, percent-encoded, stay below the body limit.
const (
	bodyLimit      = 4 << 20
	requestTimeout = 20 * time.Second
	paperTimeout   = 5 * time.Minute // a large paper over a slow line
)

// New prepares a server.
func New(ctx context.Context, opt Options) (*Server, error) {
	public, err := url.Parse(strings.TrimSuffix(opt.PublicURL, "/"))
	if err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https" || public.Path != "" {
		return nil, fmt.Errorf("the public URL %q must be http(s)://host without a path", opt.PublicURL)
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Patience == 0 {
		opt.Patience = 9 * time.Second
	}
	if opt.Vitals == nil {
		opt.Vitals = vitals.New(nil)
	}
	s := &Server{Options: opt, public: public, feeds: newFeedCache(), limit: requestTimeout, slow: slowFrom, reading: newGate(opt.Memory), writing: newGate(opt.Memory), bodies: newBodies(opt.Memory)}
	s.ration.most = givenBack
	s.pages = newSharedPages(s.readers.sweep)
	if s.csrf, err = opt.Store.Secret(ctx, "csrf"); err != nil {
		return nil, err
	}
	if s.flash, err = opt.Store.Secret(ctx, "flash"); err != nil {
		return nil, err
	}
	if s.proxies, err = prefixes(opt.Proxies); err != nil {
		return nil, fmt.Errorf("the proxies %v: %w", opt.Proxies, err)
	}
	s.fixed = s.fixedHeaders()
	s.app = fiber.New(fiber.Config{
		AppName:      "Belfry",
		ServerHeader: "",
		// Strings taken from a request outlive its handler (SAFETY, finding 5).
		Immutable:               true,
		ReadTimeout:             opt.Patience,
		WriteTimeout:            30 * time.Second,
		IdleTimeout:             75 * time.Second,
		WriteBufferSize:         buffered,
		BodyLimit:               bodyLimit,
		DisableStartupMessage:   true,
		EnableTrustedProxyCheck: true,
		TrustedProxies:          opt.Proxies,
		ErrorHandler:            s.fail,
		ReduceMemoryUsage:       false,
	})
	s.app.Server().HeaderReceived = s.roomFor
	s.app.Server().ConnState = noteState
	s.app.Server().Logger = spelled{opt.Log}
	s.app.Server().KeepHijackedConns = true // else closing a live connection waits for its reader
	if s.hub, err = s.newHub(); err != nil {
		return nil, err
	}
	s.routes()
	s.app.Server().Handler = s.front(s.app.Handler())
	return s, nil
}

// Serve answers on a listener until Shutdown.
func (s *Server) Serve(listener net.Listener) error {
	if tcp, ok := listener.(*net.TCPListener); ok {
		listener = newIntake(tcp, s.Connections, s.Patience, &s.lines)
	}
	return s.app.Listener(listener)
}

// Shutdown stops taking connections, tells the live ones to come back later, and waits for the requests under way, at
// most as long as ctx lasts. Nobody who says nothing is waited for: until it ends, nobody can come.
func (s *Server) Shutdown(ctx context.Context) error {
	s.ready.draining.Store(true)
	s.hub.Stop()
	silent := time.AfterFunc(unheard, s.lines.hangUp)
	defer silent.Stop()
	err := s.app.ShutdownWithContext(ctx)
	s.hub.Close()
	return err
}

// Live says how many live connections there are, and what became of all so far: opened, too slow to be kept, and frames
// that reached them.
func (s *Server) Live() (open int, opened, slow, delivered int64) {
	open, _ = s.hub.Size()
	return open, s.hub.Counts.Opened.Load(), s.hub.Counts.Slow.Load(), s.hub.Counts.Delivered.Load()
}

// Load is what became of those who came, so far: requests that were told to come back, and of them those whose body there was no
// memory for; connections open now, cut for being slow, ended to make way, and how often there was no place for one.
type Load struct{ Refused, Bodies, Open, Slow, Ended, Full int64 }

// Load says how much more was asked than could be done.
func (s *Server) Load() Load {
	bodies := s.bodies.refused.Load()
	return Load{Refused: s.reading.refused.Load() + s.writing.refused.Load() + bodies, Bodies: bodies,
		Open: int64(s.lines.size()), Slow: s.lines.slow.Load(), Ended: s.lines.ended.Load(), Full: s.lines.full.Load()}
}

// App is the router, for tests.
func (s *Server) App() *fiber.App { return s.app }

// secure says whether people reach the server by TLS.
func (s *Server) secure() bool { return s.public.Scheme == "https" }

// absolute is a full address on the public URL.
func (s *Server) absolute(path string) string { return s.public.Scheme + "://" + s.public.Host + path }
