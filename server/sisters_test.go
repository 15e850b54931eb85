package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"belfry/server"
	"belfry/server/sister"
	"belfry/store"
	"belfry/store/demo"
)

// elsewhere leads one public name to a server of the test.
type elsewhere struct{ to string }

func (e elsewhere) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
}

func (e elsewhere) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, e.to)
}

// A sister's meetings and news stand on its page with their home; what goes wrong is told to stewards, and only to them.
func TestSistersAreFollowed(t *testing.T) {
	s := newSite(t)
	lena, boss := s.Join(t, "Lena Exemple", "BE-92094"), s.Join(t, "Stef Voorbeeld", "BE-34022")
	s.With(t, boss, store.RoleSteward)
	calls := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		switch r.URL.Path {
		case "/meetings.ics":
			if r.Header.Get("If-None-Match") == `"1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("ETag", `"1"`)
			_, _ = w.Write([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Brussels:20260320T093000\r\nSUMMARY:Rencontre <script>alert(1)</script> sœur\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer site.Close()
	b := s.as(boss)
	b.get("/sisters")
	b.post("/sisters", map[string][]string{"name": {"Communauté sœur"}, "home": {"http://soeur.example/"}, "calendar": {"http://soeur.example/meetings.ics"}, "news": {"http://soeur.example/news.atom"}, "lang": {"fr"}}).holds(t, http.StatusSeeOther)
	f := &server.Followers{Store: s.Store, Client: &sister.Client{Resolver: elsewhere{}, Dialer: elsewhere{site.Listener.Addr().String()}}, Log: slog.New(slog.DiscardHandler)}
	ok(t, f.Follow(ctx))
	page := s.as(lena).get("/sisters").body
	if !strings.Contains(page, "Rencontre alert(1) sœur") || strings.Contains(page, "<script>alert") || !strings.Contains(page, "soeur.example") || !strings.Contains(page, "9 h 30") && !strings.Contains(page, "9\u00a0h\u00a030") {
		t.Error("the meeting is not shown as it should be")
	}
	v := s.visitor()
	v.get("/meetings").holds(t, 200, "Rencontre alert(1) sœur", "Communauté sœur", "(Europe/Brussels)", "sisters=no")
	v.get("/meetings?sisters=no").lacks(t, "Rencontre alert(1) sœur")
	if strings.Contains(page, "sans le fichier") || !strings.Contains(b.get("/sisters").body, "sans le fichier") {
		t.Error("what went wrong is for stewards")
	}
	ok(t, f.Follow(ctx)) // nothing is due
	if calls != 2 {
		t.Errorf("%d calls", calls)
	}
	s.Clock.Add(2 * 3600e9)
	ok(t, f.Follow(ctx))
	if calls != 4 || !strings.Contains(s.visitor().get("/sisters").body, "Rencontre") {
		t.Error("what is unchanged was lost")
	}
}

// The sister of the demo has its feeds from the program itself: nobody is called.
func TestTheSisterOfTheDemoNeedsNoNetwork(t *testing.T) {
	s := newSite(t)
	boss := s.With(t, s.Join(t, "Stef Voorbeeld", "BE-34022"), store.RoleSteward)
	files := demo.SisterFiles(s.Now)
	in := store.SisterInput{Name: "Councils Together", Home: "https://councils-together.example/", Lang: "en"}
	for address := range files {
		switch {
		case strings.HasSuffix(address, ".ics"):
			in.Calendar = address
		case strings.HasSuffix(address, "mentors.atom"):
			in.Offers = address
		default:
			in.News = address
		}
	}
	_, err := s.SaveSister(ctx, boss, "", in)
	ok(t, err)
	ok(t, follow(s.Store, files))
	s.visitor().get("/sisters").holds(t, 200, "Open hour", "Assembly of the small councils", "four languages")
	s.visitor().get("/meetings").holds(t, 200, "Open hour", "Councils Together", "(Europe/Dublin)")
	s.visitor().get("/mentors").holds(t, 200, "Exampleford Council", "aussi dans Councils Together", "https://councils-together.example/councils/exampleford")
}

// follow reads feeds that are due, from files and from nowhere else.
func follow(hub *store.Store, files map[string]func() []byte) error {
	return (&server.Followers{Store: hub, Client: &sister.Client{Own: files, Resolver: nowhere{}}, Log: slog.New(slog.DiscardHandler)}).Follow(ctx)
}

// nowhere knows no name.
type nowhere struct{}

func (nowhere) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("nobody is called")
}
