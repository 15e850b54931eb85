package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const goodPage = `<!doctype html><html lang="en"><head><title>A good page</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head>
<body><main><h1>Hello</h1><p id="language">%s</p><p id="seen">%s</p>
<form method="post" action="/say"><label>Words <input name="words" id="words" value="old"></label>
<label>Day <input type="date" name="day" id="day"></label>
<label>Size <select name="size" id="size"><option>s<option>m</select></label><button id="send">Send</button></form>
<p><a id="next" href="/next">Next</a></p><p id="script">no script</p></main></body></html>`

const style = `body{margin:0;background:#fff;color:#111}@media (prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#9cf}}
@media print{h1{display:none}} a,button,input,select{display:inline-block;min-height:24px}`

// site is a few tiny pages behind a policy as strict as the hub's.
func site(t *testing.T) string {
	mux := http.NewServeMux()
	page := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, body)
		})
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
		seen := ""
		if cookie, err := r.Cookie("seen"); err == nil {
			seen = cookie.Value
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "before"})
		fmt.Fprintf(w, goodPage, r.Header.Get("Accept-Language"), seen)
	})
	mux.HandleFunc("/style.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, style)
	})
	mux.HandleFunc("/script.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `document.querySelector("#script").textContent = "a script ran"`)
	})
	mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/said?"+r.FormValue("words")+","+r.FormValue("day")+","+r.FormValue("size"), http.StatusSeeOther)
	})
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "image/x-icon") })
	page("/said", `<!doctype html><html lang="en"><title>Said</title><main><h1 id="said">Said</h1></main>`)
	page("/next", `<!doctype html><html lang="en"><title>Next</title><main><h1>Next page</h1></main>`)
	page("/slippery", `<!doctype html><html lang="en"><title>Slippery</title><script src="/slippery.js" defer></script><p><a id="next" href="/next">Next</a></p>`)
	mux.HandleFunc("/slippery.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `addEventListener("click", (event) => event.preventDefault(), {once: true})`)
	})
	page("/bad", `<!doctype html><html><body><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><input><p><a href="/"></a>`)
	page("/wide", `<!doctype html><html lang="en"><title>Wide</title><table id="broad" width="2000"><tr><td>x</table>`)
	page("/refused", `<!doctype html><html lang="en"><title>Refused</title><p style="color:red">x</p><script>1</script>`)
	mux.HandleFunc("/wrong.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `console.error("said aloud"); nothing.at.all()`)
	})
	page("/wrong", `<!doctype html><html lang="en"><title>Wrong</title><script src="/wrong.js"></script><img src="/missing.png" alt="">`)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestVisit(t *testing.T) {
	b := New(t)
	b.Language("nl-BE")
	b.Open(site(t) + "/")
	want(t, b.Text("h1"), "Hello")
	want(t, b.Text("#language"), "nl-BE")
	want(t, b.Text("#seen"), "")
	b.WaitText("#script", "a script ran")
	want(t, b.Exists("form"), true)
	want(t, b.Exists("table"), false)
	want(t, b.Count("p"), 4)
	want(t, b.Attr("#next", "href"), "/next")
	b.Fill("#words", "new words")
	want(t, b.Value("#words"), "new words")
	b.Fill("#words", "")
	want(t, b.Value("#words"), "")
	b.Fill("#words", "last")
	b.Fill("#day", "2026-03-18")
	b.Fill("#size", "m")
	b.Follow("#send")
	want(t, b.Path(), "/said?last,2026-03-18,m")
	b.Open("/")
	want(t, b.Text("#seen"), "before")
	b.Click("#next")
	b.WaitPath("/next")
	want(t, b.Text("h1"), "Next page")
	if again := New(t); true {
		again.Open(b.URL())
		again.Open("/")
		want(t, again.Text("#seen"), "") // another visitor, no cookies of the first
	}
}

// TestFollowPressesAgain: what was missed the first time is pressed again.
func TestFollowPressesAgain(t *testing.T) {
	tab := New(t)
	tab.Open(site(t) + "/slippery")
	tab.Follow("#next")
	tab.WaitText("h1", "Next page")
}

func TestWithoutScripts(t *testing.T) {
	b := New(t)
	b.Scripts(false)
	b.Open(site(t) + "/")
	want(t, b.Text("#script"), "no script")
	b.Fill("#words", "typed")
	b.Follow("#send")
	want(t, b.Path(), "/said?typed,,s")
	b.Scripts(true)
	b.Open("/")
	b.WaitText("#script", "a script ran")
}

func TestLook(t *testing.T) {
	b := New(t)
	b.Open(site(t) + "/")
	ground := func() string { return Eval[string](b, `getComputedStyle(document.body).backgroundColor`) }
	want(t, ground(), "rgb(255, 255, 255)")
	b.Dark(true)
	want(t, ground(), "rgb(17, 17, 17)")
	b.Print(true)
	want(t, Eval[string](b, `getComputedStyle(document.querySelector("h1")).display`), "none")
	b.Print(false)
	b.SetViewport(360, 640)
	want(t, Eval[int](b, `innerWidth`), 360)
	want(t, b.HorizontalScroll(), "")
	b.Open("/wide")
	if sticks := b.HorizontalScroll(); !strings.Contains(sticks, "table#broad") {
		t.Errorf("HorizontalScroll = %q, does not name the table", sticks)
	}
	folder := t.TempDir()
	t.Setenv("BELFRY_TEST_SHOTS", folder)
	b.Screenshot("wide/360")
	picture, err := os.ReadFile(filepath.Join(folder, "wide", "360.png"))
	if err != nil || !strings.HasPrefix(string(picture), "\x89PNG") {
		t.Errorf("no picture: %v", err)
	}
}

func TestAxe(t *testing.T) {
	b := New(t)
	if _, err := os.Stat(filepath.Join(NodeModules(), "axe-core", "axe.min.js")); err != nil {
		t.Skip("NOT RUN: axe on the pages (npm install --prefix .cache/node axe-core)")
	}
	b.Open(site(t) + "/")
	b.NoViolations("the good page")
	b.Open("/bad")
	var found []string
	for _, violation := range b.Axe() {
		found = append(found, violation.ID)
	}
	for _, id := range []string{"image-alt", "label", "link-name", "html-has-lang", "document-title"} {
		if !slices.Contains(found, id) {
			t.Errorf("axe does not report %s on the bad page, only %v", id, found)
		}
	}
	if only := b.Axe("wcag2aa"); len(only) >= len(found) {
		t.Errorf("fewer tags find as much: %v", only)
	}
}

func TestComplaints(t *testing.T) {
	b := New(t)
	b.Open(site(t) + "/nowhere") // an error page is a page
	want(t, len(b.Complaints()), 0)
	b.Open("/refused")
	b.Until(`document.readyState === "complete"`)
	if all := strings.Join(b.Complaints(), "\n"); strings.Count(all, "security:") < 2 {
		t.Errorf("inline style and script are not reported: %q", all)
	}
	b.Open("/wrong")
	b.Transfer()
	all := strings.Join(b.Complaints(), "\n")
	for _, part := range []string{"said aloud", "ReferenceError", "/missing.png"} {
		if !strings.Contains(all, part) {
			t.Errorf("%q is not reported in %q", part, all)
		}
	}
	for _, part := range []string{"security:", "said aloud", "ReferenceError", "/missing.png"} {
		b.Allow(part)
	}
	want(t, len(b.Complaints()), 0)
}

func TestTransfer(t *testing.T) {
	b := New(t)
	b.Open(site(t) + "/")
	first := b.Transfer()
	want(t, first.Requests, 3)
	if size := int64(len(goodPage) + len(style)); first.Bytes < size || first.Bytes > size+2000 {
		t.Errorf("%d bytes for a page of about %d: %v", first.Bytes, size, first.ByURL)
	}
	b.Open("/next")
	want(t, b.Transfer().Requests, 1)
}

func want[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
