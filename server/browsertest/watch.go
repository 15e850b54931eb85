package browsertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// Transfer is what a page load cost: the answers' bytes over the wire, headers included, and how many there were.
// The icon of the tab is not counted: the browser fetches it at leisure, if at all.
type Transfer struct {
	Bytes    int64
	Requests int
	ByURL    map[string]int64
}

// watch listens to what the browser reports.
type watch struct {
	mu       sync.Mutex // guards what follows
	problems []string
	allowed  []string
	pages    map[string]bool // addresses of documents: their status is the test's business, not a problem
	open     map[network.RequestID]string
	spent    Transfer
	leaving  bool          // another page was asked for since begin
	changed  chan struct{} // closed and made anew at every change of open
}

func newWatch() *watch {
	return &watch{pages: map[string]bool{}, open: map[network.RequestID]string{}, spent: Transfer{ByURL: map[string]int64{}}, changed: make(chan struct{})}
}

// begin starts counting a page load anew.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spent, w.leaving = Transfer{ByURL: map[string]int64{}}, false
}

// left says whether another page was asked for since begin.
func (w *watch) left() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.leaving
}

// event takes one report; the browser's goroutine calls it.
func (w *watch) event(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		w.sent(event)
	case *network.EventLoadingFinished:
		w.done(event.RequestID, int64(event.EncodedDataLength))
	case *network.EventLoadingFailed:
		w.done(event.RequestID, 0)
	case *runtime.EventExceptionThrown:
		text := event.ExceptionDetails.Text
		if thrown := event.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		w.problems = append(w.problems, text)
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeAssert {
			w.problems = append(w.problems, "console: "+words(event.Args))
		}
	case *log.EventEntryAdded:
		entry := event.Entry
		if entry.Level != log.EntryLevelError || entry.Source == log.EntrySourceNetwork && w.pages[entry.URL] {
			return
		}
		w.problems = append(w.problems, fmt.Sprintf("%s: %s %s", entry.Source, entry.Text, entry.URL))
	}
}

func (w *watch) sent(event *network.EventRequestWillBeSent) {
	address := event.Request.URL
	if strings.HasPrefix(address, "data:") || strings.HasPrefix(address, "blob:") {
		return
	}
	if event.Type == network.ResourceTypeOther && event.Initiator.Type == network.InitiatorTypeOther {
		return // the icon of the tab: fetched whenever the browser likes, its end not always reported
	}
	if event.RedirectResponse != nil { // the same request goes on at another address
		w.count(event.RedirectResponse.URL, int64(event.RedirectResponse.EncodedDataLength))
	}
	if event.Type == network.ResourceTypeDocument {
		w.pages[address], w.leaving = true, true
		clear(w.open) // what the page before still waited for may never be reported
	}
	w.open[event.RequestID] = address
}

func (w *watch) done(id network.RequestID, size int64) {
	address, known := w.open[id]
	if !known {
		return
	}
	delete(w.open, id)
	w.count(address, size)
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watch) count(address string, size int64) {
	w.spent.Bytes += size
	w.spent.Requests++
	w.spent.ByURL[address] += size
}

func words(args []*runtime.RemoteObject) string {
	parts := make([]string, 0, len(args))
	for _, arg := range args {
		if arg.Description != "" {
			parts = append(parts, arg.Description)
		} else {
			parts = append(parts, strings.Trim(string(arg.Value), `"`))
		}
	}
	return strings.Join(parts, " ")
}

// Transfer waits until nothing is on its way any more and says what the latest Open or Follow cost, redirects and cached
// answers (0 bytes) included. A new visitor has an empty cache, so its first Open is a first visit.
func (b *Tab) Transfer() Transfer {
	b.t.Helper()
	b.Until(`document.readyState === "complete"`)
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		b.watch.mu.Lock()
		waiting, changed, spent := slices.Collect(maps.Values(b.watch.open)), b.watch.changed, b.watch.spent
		spent.ByURL = maps.Clone(spent.ByURL)
		b.watch.mu.Unlock()
		if len(waiting) == 0 {
			return spent
		}
		select {
		case <-changed:
		case <-late.C:
			b.t.Fatalf("requests that never end: %v", waiting)
		}
	}
}

// Allow excuses complaints of the browser that contain part: a test of a fault expects them.
func (b *Tab) Allow(part string) {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	b.watch.allowed = append(b.watch.allowed, part)
}

// Complaints are what the browser found wrong so far and no Allow excuses: script errors, refused content, missing files.
// They fail the test when it ends.
func (b *Tab) Complaints() []string {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	var left []string
next:
	for _, problem := range b.watch.problems {
		for _, part := range b.watch.allowed {
			if strings.Contains(problem, part) {
				continue next
			}
		}
		left = append(left, problem)
	}
	return left
}

func (b *Tab) complain() {
	for _, problem := range b.Complaints() {
		b.t.Errorf("the browser complains: %s", problem)
	}
}
