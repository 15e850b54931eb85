package parts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/frontend"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const strictPolicy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// sample is a small site with one page that has every enhanced part, behind the strict policy.
type sample struct {
	page *frontend.Page

	mu     sync.Mutex // guards what follows
	answer string
	notes  []frontend.Notice
	loads  int // whole pages asked for by navigation
	broken bool
	plain  bool // no script may run
}

func (s *sample) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", strictPolicy)
	if s.plain {
		w.Header().Set("Content-Security-Policy", strictPolicy+"; script-src 'none'")
	}
	if file, ok := s.page.Assets.File(r.URL.Path); ok {
		w.Header().Set("Content-Type", file.Type)
		_, _ = w.Write(file.Body)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "POST /answer":
		if s.broken {
			panic(http.ErrAbortHandler)
		}
		s.answer = r.FormValue("answer")
		s.notes = []frontend.Notice{{Kind: frontend.OK, Text: "Réponse notée"}}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case "POST /elsewhere":
		http.Redirect(w, r, "/other", http.StatusSeeOther)
	case "POST /preview":
		fmt.Fprintf(w, "<p><em>%s</em></p>", templ.EscapeString(r.FormValue("source")))
	case "GET /towns/search.json":
		towns := []map[string]any{}
		if strings.HasPrefix("la louviere", strings.ToLower(r.FormValue("q"))) {
			towns = append(towns, map[string]any{"code": "BE-58001", "name": "La Louvière", "area": "Hainaut", "postal": "7100"}, map[string]any{"code": "BE-1", "name": "La Louvière-bis"})
		}
		_ = json.NewEncoder(w).Encode(towns)
	default:
		if r.Header.Get("Sec-Fetch-Mode") == "navigate" {
			s.loads++
		}
		page := *s.page
		page.Path, page.Notices = r.URL.RequestURI(), s.notes
		s.notes = nil
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/other" {
			_ = Layout(&page, SectionHeadOf(SectionHead{ID: "other", Title: "Ailleurs"})).Render(r.Context(), w)
			return
		}
		_ = Layout(&page, s.body(&page)).Render(r.Context(), w)
	}
}

func (s *sample) body(p *frontend.Page) templ.Component {
	state := "Vous n’avez pas encore répondu."
	if s.answer != "" {
		state = "Réponse : " + s.answer
	}
	town := TownSearch{Field: Field{Name: "town", Label: "Commune"}, CodeName: "code"}
	return join(
		text(`<div class="wrap page stack">`),
		RSVPOf(p, RSVP{ID: "answer", Action: "/answer", Answer: s.answer, Question: true, State: state}),
		text(`<form id="away" method="post" action="/elsewhere" data-swap="answer"><button class="btn" id="go-away">Ailleurs</button></form>`),
		text(`<form class="form">`), TownSearchOf(p, town),
		DraftOf(p, Draft{Key: "notes/1", Field: Field{Name: "source", Label: "Notes", Type: "textarea"}}),
		text(`</form>`),
		PreviewOf(p, Preview{Source: "source", Action: "/preview"}),
		text(`<p id="secret">abc</p>`), CopyOf(p, Copy{From: "secret"}),
		text(`</div>`),
	)
}

func text(html string) templ.Component { return templ.Raw(html) }

func join(all ...templ.Component) templ.Component { return templ.Join(all...) }

// browse opens the sample in a real browser and fails the test on any error the browser reports.
func browse(t *testing.T, site *sample) (context.Context, string) {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("NOT RUN: Chromium is not installed here (apt-get install chromium, or BELFRY_TEST_CHROMIUM=/path/to/it)")
	}
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1280, 900))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(allocator)
	t.Cleanup(leave)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	enableLog := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		return err
	})
	run(t, ctx, enableLog)
	err := chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the browser reports: %s", event.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if event.Entry.Level == "error" && !site.expectsFailure() {
				t.Errorf("the browser reports: %s %s", event.Entry.Text, event.Entry.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, ctx, chromedp.Navigate(server.URL+"/"), chromedp.WaitReady("main"))
	return ctx, server.URL
}

func (s *sample) expectsFailure() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken || s.plain // a refused script is reported too
}

func (s *sample) navigations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

func run(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// becomes waits until a script expression is true, over a change of page if there is one.
func becomes(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	patience := time.NewTimer(15 * time.Second)
	defer patience.Stop()
	for {
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && is {
			return
		}
		select {
		case <-look.C:
		case <-patience.C:
			html, _ := chromedp.Run(ctx, chromedp.OuterHTML("body"))
			t.Fatalf("never true: %s\n%s", expression, html)
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
}

func sampleSite(t *testing.T) *sample {
	t.Helper()
	p := pages(t)[0]
	p.Title, p.Description, p.CSRF, p.Feeds, p.Notices, p.Theme = "Essai", "", "token", nil, nil, frontend.SystemTheme
	p.Viewer = &frontend.Viewer{Name: "Élise Delvaux", Handle: "elise", TownName: "Seneffe", TownSlug: "seneffe", TownCode: "BE-52063", Admin: true}
	return &sample{page: p}
}

func TestAnAnswerIsGivenInPlace(t *testing.T) {
	site := sampleSite(t)
	ctx, _ := browse(t, site)
	run(t, ctx, chromedp.Focus(`button[value="online"]`), chromedp.KeyEvent("\r"))
	becomes(t, ctx, `document.querySelector('#answer [value=online]').getAttribute('aria-pressed') === 'true'`)
	becomes(t, ctx, `document.querySelector('#answer [role=status]').textContent.includes('online')`)
	becomes(t, ctx, `document.activeElement.value === 'online'`)
	becomes(t, ctx, `document.querySelector('#toasts .toast span').textContent === 'Réponse notée'`)
	becomes(t, ctx, `!document.querySelector('[aria-busy]')`)
	if n := site.navigations(); n != 1 {
		t.Errorf("the page was loaded %d times", n)
	}
	// A second answer, by mouse, on the controls that were put in place.
	run(t, ctx, chromedp.Click(`button[value="no"]`))
	becomes(t, ctx, `document.querySelector('#answer [value=no]').getAttribute('aria-pressed') === 'true'`)
	run(t, ctx, chromedp.Click(`#toasts button`))
	becomes(t, ctx, `!document.querySelector('.toast')`)
}

func TestAnAnswerThatLeadsElsewhereGoesThere(t *testing.T) {
	site := sampleSite(t)
	ctx, _ := browse(t, site)
	run(t, ctx, chromedp.Click("#go-away"))
	becomes(t, ctx, `location.pathname === '/other' && document.querySelector('#other')`)
}

func TestALostConnectionLeavesTheAnswerToTheBrowser(t *testing.T) {
	site := sampleSite(t)
	ctx, _ := browse(t, site)
	site.mu.Lock()
	site.broken = true
	site.mu.Unlock()
	run(t, ctx, chromedp.Click(`button[value="maybe"]`))
	// The browser's own page for a broken connection, after the form was sent the plain way.
	becomes(t, ctx, `!document.querySelector('main')`)
}

func TestMenusCloseWithEscapeAndOutside(t *testing.T) {
	ctx, _ := browse(t, sampleSite(t))
	const open = `document.querySelectorAll('details.menu[open]').length`
	run(t, ctx, chromedp.Click(".masthead details.only-wide summary"))
	becomes(t, ctx, open+" === 1")
	run(t, ctx, chromedp.KeyEvent("\x1b"))
	becomes(t, ctx, open+" === 0 && document.activeElement.tagName === 'SUMMARY'")
	run(t, ctx, chromedp.Click(".masthead details.only-wide summary"))
	becomes(t, ctx, open+" === 1")
	run(t, ctx, chromedp.Click("#secret"))
	becomes(t, ctx, open+" === 0")
}

func TestATownIsFoundAsOneTypes(t *testing.T) {
	ctx, _ := browse(t, sampleSite(t))
	becomes(t, ctx, `document.querySelector('#town').getAttribute('role') === 'combobox'`)
	run(t, ctx, chromedp.SendKeys("#town", "la lou"))
	becomes(t, ctx, `document.querySelectorAll('.suggest [role=option]').length === 2 && document.querySelector('#town').getAttribute('aria-expanded') === 'true'`)
	run(t, ctx, chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowUp))
	becomes(t, ctx, `document.getElementById(document.querySelector('#town').getAttribute('aria-activedescendant')).getAttribute('aria-selected') === 'true'`)
	run(t, ctx, chromedp.KeyEvent("\r"))
	becomes(t, ctx, `document.querySelector('#town').value === 'La Louvière' && document.querySelector('[name=code]').value === 'BE-58001'`)
	becomes(t, ctx, `document.querySelector('.suggest').hidden`)
	run(t, ctx, chromedp.SendKeys("#town", "x"))
	becomes(t, ctx, `document.querySelector('[name=code]').value === ''`)
	becomes(t, ctx, `[...document.querySelectorAll('[role=status]')].some((e) => e.textContent.includes('Aucune commune'))`)
}

func TestAPreviewFollowsTheText(t *testing.T) {
	ctx, _ := browse(t, sampleSite(t))
	run(t, ctx, chromedp.SendKeys("#source", "bonjour <b>"))
	becomes(t, ctx, `document.querySelector('[data-preview] em')?.textContent === 'bonjour <b>' && !document.querySelector('markdown-preview').hidden`)
}

func TestADraftSurvivesAClosedWindow(t *testing.T) {
	ctx, url := browse(t, sampleSite(t))
	run(t, ctx, chromedp.SendKeys("#source", "pas encore fini"))
	becomes(t, ctx, `localStorage.getItem('belfry:draft:notes/1')?.includes('fini')`)
	run(t, ctx, chromedp.Navigate(url), chromedp.WaitVisible("[data-draft]"))
	becomes(t, ctx, `document.querySelector('#source').value === ''`)
	run(t, ctx, chromedp.Click("[data-use]"))
	becomes(t, ctx, `document.querySelector('#source').value === 'pas encore fini' && document.querySelector('[data-draft]').hidden`)
	run(t, ctx, chromedp.Navigate(url), chromedp.WaitVisible("[data-draft]"), chromedp.Click("[data-discard]"))
	becomes(t, ctx, `localStorage.getItem('belfry:draft:notes/1') === null`)
}

func TestWithoutScriptsTheSameFormsLoadThePage(t *testing.T) {
	site := sampleSite(t)
	site.plain = true
	ctx, _ := browse(t, site)
	run(t, ctx, chromedp.Click(`button[value="on_site"]`), chromedp.WaitVisible("#toasts .toast"))
	becomes(t, ctx, `document.querySelector('#answer [value=on_site]').getAttribute('aria-pressed') === 'true'`)
	if n := site.navigations(); n != 2 {
		t.Errorf("%d pages were loaded, want 2", n)
	}
	becomes(t, ctx, `[...document.querySelectorAll('markdown-preview, copy-button button, [data-draft]')].every((e) => e.getClientRects().length === 0)`)
	run(t, ctx, chromedp.Click(".masthead details.only-wide summary"), chromedp.WaitVisible(`.masthead details.only-wide button[value="de"]`))
}
