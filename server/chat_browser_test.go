package server_test

import (
	"strings"
	"testing"

	"belfry/server/browsertest"
	"belfry/store"

	"github.com/chromedp/chromedp/kb"
)

// talker is a tab of somebody of the demo in a room.
func (v *village) talker(t *testing.T, handle, path string, scripts bool) *browsertest.Tab {
	t.Helper()
	tab := browsertest.New(t)
	tab.Language("fr")
	tab.Scripts(scripts)
	v.enter(t, tab, handle)
	tab.Open(v.address + path)
	return tab
}

// openMenu presses the button beside the last message until its menu is there.
const openMenu = `document.querySelector(".chat__menu button") !== null || (document.querySelector("#msgs .msg:last-child .msg__more").click(), false)`

// TestBrowserTalk lets two people talk: what one says the other sees at once, with who is here and who writes.
func TestBrowserTalk(t *testing.T) {
	v := newVillage(t)
	elise := v.talker(t, "elise-delvaux", "/chat/lounge", true)
	hugo := v.talker(t, "hugo-servais", "/chat/lounge", true)
	elise.WaitFor("chat-room.is-live")
	hugo.WaitText("[data-here]", "en ligne")
	hugo.Fill("#source", "Bonjour à *tous*, qui est là ?")
	elise.WaitText(".chat__typing", "Hugo Servais écrit")
	hugo.Press("\r")
	elise.WaitText(".msgs .msg:last-child", "qui est là")
	hugo.WaitText("#msgs .msg:last-child em", "tous")
	hugo.WaitGone(".msg--queued")
	hugo.WaitGone(`.chat__head form[action$="/do/join"]`) // who speaks is in the room
	hugo.Until(`/[1-9]\d* membre/.test(document.querySelector(".chat__head .meta").innerText)`)
	if got := strings.TrimSpace(hugo.Value("#source")); got != "" {
		t.Errorf("the composer still holds %q", got)
	}
	elise.WaitText("[data-voice]", "Hugo Servais: Bonjour à tous")
	elise.Screenshot("chat-live")
	elise.NoViolations("the lounge, live")
	// answering, reacting, changing the last message by keyboard
	elise.Until(openMenu) // what moves in the log must not move it from under the pointer
	elise.WaitFor(".chat__menu button")
	elise.NoViolations("a message's menu")
	elise.Press("\r") // the first entry is the answer
	elise.WaitFor(".chat__answers:not([hidden])")
	elise.Fill("#source", "Moi !")
	elise.Press("\r")
	hugo.WaitText("#msgs .msg:last-child .msg__reply", "Hugo Servais")
	hugo.Until(openMenu) // what moves in the log must not move it from under the pointer
	hugo.WaitFor(".chat__menu")
	hugo.Until(`[...document.querySelectorAll(".chat__menu button")].some(b => b.textContent === "Merci" && (b.click(), true))`)
	elise.WaitText("#msgs .msg:last-child .react", "Merci 1")
	elise.Click("#source")
	elise.Press(kb.ArrowUp)
	elise.Until(`document.querySelector("#source").value === "Moi !"`)
	elise.Fill("#source", "Moi, et Bergues aussi")
	elise.Press("\r")
	hugo.WaitText("#msgs .msg:last-child", "Bergues aussi")
	hugo.WaitText("#msgs .msg:last-child .msg__act", "modifié")
}

// TestBrowserLooksAtRooms looks at the pages of rooms, narrow and wide, light and dark, with axe.
func TestBrowserLooksAtRooms(t *testing.T) {
	v := newVillage(t)
	tab := browsertest.New(t)
	tab.Language("fr")
	v.enter(t, tab, "elise-delvaux")
	for _, tag := range []string{"fr", "de"} {
		lookAt(t, tab, tag, "rooms", looksIn(tag), "/chat/lounge", "/chat/rooms", "/chat/new", "/chat/direct", "/chat/lounge/people")
	}
}

// TestBrowserSleepsAndWakes cuts the network of one who writes: the banner says so, what is written waits, and is there
// once when the line is back, with what the others said meanwhile.
func TestBrowserSleepsAndWakes(t *testing.T) {
	v := newVillage(t)
	elise := v.talker(t, "elise-delvaux", "/chat/lounge", true)
	elise.Until(`document.querySelector("[data-here]")?.hidden === false`)
	elise.Allow("/live")
	elise.Offline(true)
	elise.WaitText(".lost", "Connexion perdue")
	elise.NoViolations("without a line")
	for _, text := range []string{"Un mot du tunnel", "Et un autre"} {
		elise.Fill("#source", text)
		elise.Press("\r")
		elise.WaitText(".msg--queued:last-child", text)
	}
	elise.Screenshot("chat-lost")
	hugo, err := v.MemberByHandle(ctx, "hugo-servais")
	ok(t, err)
	_, err = v.Send(ctx, store.As(hugo.ID), store.LoungeID, store.MessageInput{Source: "Dit pendant le tunnel"})
	ok(t, err)
	elise.Offline(false)
	elise.WaitGone(".msg--queued")
	elise.WaitGone(".lost:not([hidden])")
	elise.WaitText("#msgs", "Dit pendant le tunnel")
	page, err := v.RoomPage(ctx, store.As(hugo.ID), store.LoungeID, store.MessageQuery{})
	ok(t, err)
	n := len(page.Rows)
	if page.Rows[n-2].Message.Source != "Un mot du tunnel" || page.Rows[n-1].Message.Source != "Et un autre" || page.Rows[n-3].Message.Source != "Dit pendant le tunnel" {
		t.Errorf("the room ends with %q, %q, %q", page.Rows[n-3].Message.Source, page.Rows[n-2].Message.Source, page.Rows[n-1].Message.Source)
	}
	if shown := elise.Count("#msgs > .msg"); shown != n {
		t.Errorf("the page shows %d of %d messages", shown, n)
	}
}

// TestBrowserPageFollows leaves a meeting's page open while its agenda changes.
func TestBrowserPageFollows(t *testing.T) {
	v := newVillage(t)
	m := v.next(t)
	tab := v.talker(t, "elise-delvaux", "/meetings/"+m.Slug, true)
	tab.Until(`customElements.get("live-page") !== undefined`)
	tab.Until(`performance.getEntriesByType("resource").some((r) => r.name.includes("/js/live."))`)
	tab.Until(`new Promise((done) => setTimeout(() => done(true), 1500))`)
	hugo, err := v.MemberByHandle(ctx, "hugo-servais")
	ok(t, err)
	_, err = v.ProposeItem(ctx, store.As(hugo.ID), m.ID, store.ItemInput{Title: "Point ajouté à l’instant", Lang: "fr", Kind: store.ToInform, Minutes: 5})
	ok(t, err)
	tab.WaitText("#agenda", "Point ajouté à l’instant")
}
