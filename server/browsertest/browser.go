// Package browsertest lets a test visit pages in real Chromium, as a person would. Only tests may import it.
//
// One browser runs for each test binary; every New is a fresh visitor with no cookies and an empty cache. The steps of a
// visit fail the test themselves, so a journey reads as a list of what a person does and sees. What the browser
// complains about (script errors, refused content, missing files) fails the test when it ends.
//
// It knows nothing of Belfry: no routes, no accounts, no texts.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a step waits for the page before it gives up.
const patience = 30 * time.Second

// shared is the browser of this test binary, started by the first test that asks.
var shared = sync.OnceValues(launch)

// Tab is one visitor with one page. A test uses it from one goroutine; several tests may have one each at once.
type Tab struct {
	t      testing.TB
	ctx    context.Context
	origin string
	look   look
	watch  *watch
}

// New opens a fresh visitor at 1280 by 900, in the light theme, asking for as little motion as possible. Where there is no
// Chromium it skips the test and says so with a line that begins "NOT RUN:".
func New(t testing.TB) *Tab {
	t.Helper()
	if program() == "" {
		t.Skip("NOT RUN: Chromium is not installed here (apt-get install chromium, or BELFRY_TEST_CHROMIUM=/path/to/it)")
	}
	browser, err := shared()
	if err != nil {
		t.Fatalf("starting %s: %v", program(), err)
	}
	tab := &Tab{t: t, watch: newWatch(), look: look{width: 1280, height: 900}}
	ctx, leave := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.watch.event))
	t.Cleanup(leave)
	t.Cleanup(tab.complain) // runs before leaving
	tab.ctx = ctx
	if err := chromedp.Do(ctx); err != nil { // without a deadline: the tab would live no longer than that
		t.Fatalf("opening a tab: %v", err)
	}
	tab.applyLook()
	return tab
}

// launch starts Chromium. Nothing stops it but the end of the test binary, which takes it along. On a busy machine a start
// fails now and then, so it tries again.
func launch() (ctx context.Context, err error) {
	sweep()
	for range 4 {
		if ctx, err = start(); err == nil {
			return ctx, nil
		}
	}
	return nil, err
}

func start() (context.Context, error) {
	profile, err := os.MkdirTemp("", profilePrefix)
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program()), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(2*time.Minute))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		leave()
		stop()
		_ = os.RemoveAll(profile)
		return nil, err
	}
	return ctx, nil
}

const profilePrefix = "belfry-browser-"

// sweep removes the profiles of earlier runs: a test binary ends without a chance to clean up after its browser.
func sweep() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), profilePrefix+"*"))
	for _, dir := range old {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > 2*time.Hour {
			_ = os.RemoveAll(dir)
		}
	}
}

// program is the path of Chromium, "" if there is none.
func program() string {
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if chosen := os.Getenv("BELFRY_TEST_CHROMIUM"); chosen != "" {
		names = []string{chosen}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// run does the steps within the patience of a step.
func (b *Tab) run(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.fail(what, err)
	}
}

// fail ends the test with what the page showed.
func (b *Tab) fail(what string, err error) {
	b.t.Helper()
	b.t.Fatalf("%s: %v\n%s", what, err, b.scene())
}

// scene says where the visitor is and how the page begins to read.
func (b *Tab) scene() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + (document.body ? document.body.innerText : "")`))
	if err != nil {
		return fmt.Sprintf("(the page does not answer: %v)", err)
	}
	if words := []rune(seen); len(words) > 1500 {
		seen = string(words[:1500]) + " …"
	}
	return "at " + strings.TrimSpace(seen)
}
