package server_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"belfry/frontend/markdown"
	"belfry/server"
	"belfry/server/browsertest"
	"belfry/store"
	"belfry/store/storetest"
)

// hall is a hub behind a real listener whose clock the test moves.
type hall struct {
	*storetest.Hub
	address string
	server  *server.Server
}

func newHall(t *testing.T) *hall {
	t.Helper()
	hub := storetest.OpenRendering(t, server.Renderer())
	hub.Clock.Set(time.Now()) // cookies end by the browser's clock
	return hallOver(t, hub)
}

func hallOver(t *testing.T, hub *storetest.Hub) *hall {
	t.Helper()
	return hallWith(t, hub, func(*server.Options) {})
}

// hallWith is a hall with settings of its own.
func hallWith(t *testing.T, hub *storetest.Hub, change func(*server.Options)) *hall {
	t.Helper()
	parts, err := shared()
	ok(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	address := "http://" + listener.Addr().String()
	opt := server.Options{Store: hub.Store, Assets: parts.assets, Catalogue: parts.catalogue, Markdown: markdown.New(), Map: parts.drawn,
		PublicURL: address, Loopback: true, Version: "test"}
	change(&opt)
	s, err := server.New(ctx, opt)
	ok(t, err)
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Shutdown(ctx) })
	return &hall{hub, address, s}
}

// tab is a browser of a member who is signed in.
func (h *hall) tab(t *testing.T, m store.Member, scripts bool) *browsertest.Tab {
	t.Helper()
	ok(t, h.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: m.ID}))
	tab := browsertest.New(t)
	tab.Language("fr")
	tab.Scripts(scripts)
	tab.Open(h.address + "/link/" + h.Token(t, store.EventSignInLink, m.Email))
	tab.Follow("main form button.btn--primary")
	return tab
}

// TestBrowserCycle is one whole cycle with three people: a member proposes, an organiser accepts and closes the agenda,
// the meeting is led in the room, two write its minutes at once, they are published, the action comes back on the next
// agenda, the next meeting approves, an erratum is added.
func TestBrowserCycle(t *testing.T) {
	for _, scripts := range []bool{true, false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) { cycle(t, scripts) })
	}
}

func cycle(t *testing.T, scripts bool) {
	h := newHall(t)
	lena, otto, nora := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Otto Beispiel", "BE-62063"), h.Join(t, "Nora Voorbeeld", "BE-34022")
	h.With(t, otto, store.RoleOrganiser)
	h.With(t, nora, store.RoleOrganiser)
	_, err := h.StartSeries(ctx, store.System(), store.SeriesInput{Title: "Réunion", Lang: "fr", Zone: "Europe/Brussels", Start: h.Now().Format(time.DateOnly), Clock: "09:30",
		Rule:     store.Recurrence{Frequency: store.Weekly, Interval: 2, Weekday: time.Thursday},
		Template: store.Template{Minutes: 120, Venue: "Hôtel de ville", Online: true, Standing: []store.StandingItem{{Title: "Accueil", Kind: store.ToInform, Minutes: 10}}}})
	ok(t, err)
	rows, err := h.Upcoming(ctx, store.Visitor(), 10)
	ok(t, err)
	m, next := rows[0].Meeting, rows[1].Meeting
	path := h.address + "/meetings/" + m.Slug
	member, lead, writer := h.tab(t, lena, scripts), h.tab(t, otto, scripts), h.tab(t, nora, scripts)

	member.Open(path)
	member.Click("#propose > summary")
	member.Fill("#item_title", "Traduction des formulaires")
	member.Follow("#propose form button")
	member.WaitText("#agenda", "Traduction des formulaires")

	lead.Open(path + "/agenda")
	lead.Follow(`button[value="accept"]`)
	lead.WaitText(".agenda", "Traduction des formulaires")
	lead.Open(path)
	lead.Follow(`button[name="to"][value="frozen"]`)
	lead.WaitText("#life", "Ordre du jour clos")

	h.Clock.Set(m.Start.Add(5 * time.Minute))
	screen := browsertest.New(t)
	screen.Language("fr")
	screen.Scripts(scripts)
	lead.Open(path + "/room/lead")
	if scripts {
		lead.Click("#lead li:nth-child(2) button")
		lead.WaitFor(`#lead li:nth-child(2) button[value=""]`)
	} else {
		lead.Follow("#lead li:nth-child(2) button")
	}
	screen.Open(path + "/room")
	screen.WaitText(".room__now", "Traduction des formulaires")

	lead.Open(path + "/minutes/edit")
	if text := lead.Value("#source"); !strings.Contains(text, "## 2. Traduction des formulaires") {
		t.Errorf("the skeleton is not the agenda: %q", text)
	}
	lead.Fill("#source", "## 1. Accueil\n\n## 2. Traduction des formulaires\n")
	lead.Follow(`button[value="save"]`)
	lead.Open(path + "/minutes/edit?section=0")
	writer.Open(path + "/minutes/edit?section=1")
	lead.Fill("#source", "## 1. Accueil\n\nTrois communes sont là.")
	lead.Follow(`button[value="save"]`)
	writer.Fill("#source", "## 2. Traduction des formulaires\n\n!D La traduction commence.\n   vote: 3 / 0 / 0\n!A Relire les textes\n   @"+lena.Handle)
	writer.Follow(`button[value="publish"]`)
	for _, words := range []string{"Trois communes sont là.", "La traduction commence.", "Relire les textes"} {
		writer.WaitText(".sheet", words)
	}
	member.Open(h.address + "/")
	member.WaitText("#actions", "Relire les textes")
	member.Open(h.address + "/meetings/" + next.Slug)
	member.WaitText("main", "Relire les textes")

	lead.Open(h.address + "/meetings/" + next.Slug + "/agenda")
	lead.Follow(`input[value="minutes"] ~ button`)
	lead.WaitText(".agenda", "Réunion")
	h.Clock.Set(next.Start.Add(5 * time.Minute))
	lead.Open(path + "/minutes")
	lead.Follow(`form[action$="/approve"] button`)
	lead.WaitText("#approval", "SHA-256")
	lead.Fill("#erratum", "Lire « quatre communes ».")
	lead.Follow(`form[action$="/errata"] button`)
	member.Open(path + "/minutes")
	member.WaitText(".sheet", "quatre communes")
	member.WaitText(".sheet", "Otto Beispiel")
	faults := 0
	_, err = h.Verify(ctx, func(f store.Fault) { faults++; t.Error(f) })
	ok(t, err)
}
