package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// look is how the visitor's device shows pages.
type look struct {
	width, height int64
	dark          bool
	print         bool
}

// SetViewport changes the size of the window, in CSS pixels.
func (b *Tab) SetViewport(width, height int) {
	b.t.Helper()
	b.look.width, b.look.height = int64(width), int64(height)
	b.applyLook()
}

// Dark prefers the dark theme, or the light one again.
func (b *Tab) Dark(on bool) {
	b.t.Helper()
	b.look.dark = on
	b.applyLook()
}

// Look shows the page in a window of this width, as high as ever, and in a theme, and waits until all of it is so: a colour on its way
// to another is not what anybody reads.
func (b *Tab) Look(width int, dark bool) {
	b.t.Helper()
	b.look.width, b.look.dark = int64(width), dark
	b.applyLook()
	b.Until(fmt.Sprintf(`innerWidth === %d && matchMedia("(prefers-color-scheme: dark)").matches === %t &&
		document.getAnimations().every((a) => !(a instanceof CSSTransition && a.finish()))`, width, dark))
}

// Print shows pages as they will be printed, or as on a screen again.
func (b *Tab) Print(on bool) {
	b.t.Helper()
	b.look.print = on
	b.applyLook()
}

// applyLook asks for no motion as well.
func (b *Tab) applyLook() {
	b.t.Helper()
	theme, medium := "light", ""
	if b.look.dark {
		theme = "dark"
	}
	if b.look.print {
		medium = "print"
	}
	media := emulation.SetEmulatedMediaParams{Media: medium, Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	b.run("setting the look", chromedp.EmulateViewport(b.look.width, b.look.height), call(emulation.SetEmulatedMedia, media))
}

// Scripts switches the page's scripts on or off from the next page on.
func (b *Tab) Scripts(on bool) {
	b.t.Helper()
	b.run("switching scripts", call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}))
}

// Language asks servers for pages in a language, such as "nl-BE".
func (b *Tab) Language(tag string) {
	b.t.Helper()
	headers := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": tag}}
	b.run("asking for "+tag, call(network.SetExtraHTTPHeaders, headers))
}

// HorizontalScroll is "" when the page fits the width of the window; otherwise it names what sticks out.
func (b *Tab) HorizontalScroll() string {
	b.t.Helper()
	return Eval[string](b, `(() => {
		const root = document.scrollingElement, room = root.clientWidth;
		if (root.scrollWidth <= room) return "";
		const wide = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > room + 0.5);
		const names = wide.map(e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + [...e.classList].map(c => "." + c).join(""));
		return root.scrollWidth + " px wide in " + room + " px: " + names.slice(-5).join(", ");
	})()`)
}

// Screenshot writes the whole page as NAME.png to the folder $BELFRY_TEST_SHOTS; without that variable it does nothing.
func (b *Tab) Screenshot(name string) {
	b.t.Helper()
	folder := os.Getenv("BELFRY_TEST_SHOTS")
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.fail("taking a picture", err)
	}
	file := filepath.Join(folder, name+".png")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// call is a step that sends one command of the browser's protocol and wants nothing back.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// offline are the conditions of a network that is not there, or is there again.
type offline struct {
	Offline            bool    `json:"offline"`
	Latency            float64 `json:"latency"`
	DownloadThroughput float64 `json:"downloadThroughput"`
	UploadThroughput   float64 `json:"uploadThroughput"`
}

// Offline takes the network away from the tab, or gives it back. Connections that are open may live on; the page is told.
func (b *Tab) Offline(on bool) {
	b.t.Helper()
	command := cdp.Command[offline, struct{}]{Method: "Network.emulateNetworkConditions"}
	b.run("changing the network", call(command, offline{on, 0, -1, -1}))
}
