package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open goes to an address and waits until the page has loaded. After the first Open a path such as "/meetings" is enough.
// An error page of the server is a page like any other.
func (b *Tab) Open(address string) {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.origin + address
	}
	if parsed, err := url.Parse(address); err == nil {
		b.origin = parsed.Scheme + "://" + parsed.Host
	}
	b.watch.begin()
	b.run("opening "+address, chromedp.Navigate(address))
}

// Click presses the first element that the CSS selector finds, once it can be seen. It waits for nothing afterwards: name
// what must then be there with WaitFor or WaitText, or use Follow when a new page comes.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.run("clicking "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Follow presses a link or button and waits until the page that comes next has loaded. When the browser asks for none,
// because what was to be pressed moved away just then, it presses again, as people do.
func (b *Tab) Follow(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.watch.begin()
	press := chromedp.Click(chromedp.CSS(selector))
	next := make(chan error, 1)
	go func() {
		_, err := chromedp.RunResponse(ctx, press)
		next <- err
	}()
	missed := time.NewTicker(3 * time.Second)
	defer missed.Stop()
	for {
		select {
		case err := <-next:
			if err != nil {
				b.fail("following "+selector, err)
			}
			return
		case <-missed.C:
			if !b.watch.left() {
				b.t.Logf("pressed %s again", selector)
				_, _ = chromedp.Run(ctx, press) // what came of it, next says
			}
		}
	}
}

// Fill puts a value in a field as typing would, in place of what was there. A list, date or time gets the value set.
func (b *Tab) Fill(selector, value string) {
	b.t.Helper()
	b.WaitFor(selector)
	typed := Eval[bool](b, `(() => {
		const field = document.querySelector(`+quote(selector)+`), value = `+quote(value)+`;
		field.scrollIntoView({block: "center"});
		field.focus();
		const kinds = ["text", "email", "password", "search", "tel", "url", "textarea"];
		if (value !== "" && kinds.includes(field.type)) { field.select(); return true; }
		field.value = value;
		field.dispatchEvent(new Event("input", {bubbles: true}));
		field.dispatchEvent(new Event("change", {bubbles: true}));
		return false;
	})()`)
	if typed {
		b.run("filling "+selector, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: value})
			return err
		}))
	}
}

// Press sends keys to what has the focus, such as "\t", "\r" or kb.ArrowDown.
func (b *Tab) Press(keys string) {
	b.t.Helper()
	b.press(keys, 0)
}

// Back moves the focus one stop back, as Shift and Tab do.
func (b *Tab) Back() {
	b.t.Helper()
	b.press("\t", kb.ModifierShift)
}

// press lets a key go down with its text, as a keyboard does: a page that handles the one gets no other.
func (b *Tab) press(keys string, held kb.Modifier) {
	b.t.Helper()
	b.run("pressing keys", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			if len(events) == 3 { // down, its character, up
				events[0].Text, events[0].UnmodifiedText = events[1].Text, events[1].UnmodifiedText
				events = append(events[:1], events[2])
			}
			for _, e := range events {
				e.Modifiers |= int64(held)
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *e); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// Text is the text that can be seen in the first element found; the test fails when there is none.
func (b *Tab) Text(selector string) string {
	b.t.Helper()
	b.WaitFor(selector)
	return strings.TrimSpace(Eval[string](b, `document.querySelector(`+quote(selector)+`)?.innerText ?? ""`))
}

// Value is what a field holds.
func (b *Tab) Value(selector string) string {
	b.t.Helper()
	b.WaitFor(selector)
	return Eval[string](b, `document.querySelector(`+quote(selector)+`)?.value ?? ""`)
}

// Attr is an attribute of the first element found, "" if it has none.
func (b *Tab) Attr(selector, name string) string {
	b.t.Helper()
	b.WaitFor(selector)
	return Eval[string](b, `document.querySelector(`+quote(selector)+`)?.getAttribute(`+quote(name)+`) ?? ""`)
}

// Exists says whether the selector finds anything right now.
func (b *Tab) Exists(selector string) bool {
	b.t.Helper()
	return b.Count(selector) > 0
}

// Count is how many elements the selector finds right now.
func (b *Tab) Count(selector string) int {
	b.t.Helper()
	return Eval[int](b, `document.querySelectorAll(`+quote(selector)+`).length`)
}

// URL is the address of the page.
func (b *Tab) URL() string {
	b.t.Helper()
	return Eval[string](b, `location.href`)
}

// Path is the address of the page from the first slash of its path on, with its query.
func (b *Tab) Path() string {
	b.t.Helper()
	return Eval[string](b, `location.pathname + location.search`)
}

// HTML is the page as it stands.
func (b *Tab) HTML() string {
	b.t.Helper()
	return Eval[string](b, `document.documentElement.outerHTML`)
}

// WaitFor waits until the selector finds something, over a change of page if there is one.
func (b *Tab) WaitFor(selector string) {
	b.t.Helper()
	b.Until(`document.querySelector(` + quote(selector) + `) !== null`)
}

// WaitGone waits until the selector finds nothing.
func (b *Tab) WaitGone(selector string) {
	b.t.Helper()
	b.Until(`document.body && document.querySelector(` + quote(selector) + `) === null`)
}

// WaitText waits until the text seen in the first element found contains part. Runs of white space count as one space.
func (b *Tab) WaitText(selector, part string) {
	b.t.Helper()
	b.Until(`(document.querySelector(` + quote(selector) + `)?.innerText ?? "").replace(/[ \t\r\n]+/g, " ").includes(` + quote(part) + `)`)
}

// WaitPath waits until the path of the address, without its query, is the one given and the page has loaded.
func (b *Tab) WaitPath(path string) {
	b.t.Helper()
	b.Until(`location.pathname === ` + quote(path) + ` && document.readyState === "complete"`)
}

// Until waits until a script expression is true, over a change of page if there is one.
func (b *Tab) Until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	last := fmt.Errorf("never true")
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if is && err == nil {
			return
		}
		if err != nil && ctx.Err() == nil {
			last = err // usually the page went away under the question: ask the next one
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			b.fail(expression, last)
		}
	}
}

// Eval is the value of a script expression in the page; a promise is awaited. The page's policy does not apply to it, and it
// works with scripts switched off.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fail("evaluating "+short(expression), err)
	}
	return value
}

func short(expression string) string {
	if len(expression) > 200 {
		return expression[:200] + " …"
	}
	return expression
}

// quote writes a text as a script literal.
func quote(text string) string {
	literal, _ := json.Marshal(text) // a string always can
	return string(literal)
}
