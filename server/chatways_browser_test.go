package server_test

import (
	"fmt"
	"strings"
	"testing"

	"belfry/server/browsertest"
	"belfry/store"

	"github.com/chromedp/chromedp/kb"
)

// focused says what has the focus, as a selector would.
const focused = `(document.activeElement?.className || document.activeElement?.id || document.activeElement?.tagName)`

// walk takes steps until a script expression is true; nobody should need more than so many stops.
func walk(t *testing.T, tab *browsertest.Tab, step func(), until string, most int) {
	t.Helper()
	for range most {
		if browsertest.Eval[bool](tab, "Boolean("+until+")") {
			return
		}
		step()
	}
	t.Fatalf("after %d stops %s is not true; at %s", most, until, browsertest.Eval[string](tab, "String("+focused+")"))
}

// TestBrowserTalksByKeyboard writes, answers, reacts, changes and deletes without ever touching a pointer.
func TestBrowserTalksByKeyboard(t *testing.T) {
	v := newVillage(t)
	hugo := v.talker(t, "hugo-servais", "/chat/lounge", true)
	hugo.WaitFor("chat-room.is-live")
	hugo.Fill("#source", "Qui vient en train ?")
	hugo.Press("\r")
	hugo.WaitGone(".msg--queued")
	elise := v.talker(t, "elise-delvaux", "/chat/lounge", true)
	elise.WaitFor("chat-room.is-live")
	elise.WaitText("#msgs .msg:last-child", "en train")
	walk(t, elise, func() { elise.Press("\t") }, `document.activeElement.id === "source"`, 120)
	elise.Press("Bonjour du clavier")
	elise.Press("\r")
	hugo.WaitText("#msgs .msg:last-child", "Bonjour du clavier")
	elise.WaitGone(".msg--queued")

	// back to the message of Hugo: its menu, down to a reaction, and away again with the focus where it was
	walk(t, elise, elise.Back, `document.activeElement.matches(".msg:nth-last-child(2) .msg__more")`, 30)
	elise.Press("\r")
	elise.WaitFor(".chat__menu button:focus")
	elise.Press(kb.Escape)
	elise.Until(`!document.querySelector(".chat__menu") && document.activeElement.matches(".msg:nth-last-child(2) .msg__more")`)
	elise.Press("\r")
	elise.WaitFor(".chat__menu button:focus")
	walk(t, elise, func() { elise.Press(kb.ArrowDown) }, `document.activeElement.textContent === "Merci"`, 12)
	elise.Press("\r")
	hugo.WaitText("#msgs .msg:nth-last-child(2) .react", "Merci 1")
	elise.Until(`document.activeElement.matches(".msg:nth-last-child(2) .msg__more")`) // made anew, it keeps its reader

	// an answer, from the same menu
	elise.Press("\r")
	elise.WaitFor(".chat__menu button:focus")
	elise.Press("\r")
	elise.WaitFor(".chat__answers:not([hidden])")
	elise.Until(`document.activeElement.id === "source"`)
	elise.Press("Moi, à 8 h 12")
	elise.Press("\r")
	hugo.WaitText("#msgs .msg:last-child .msg__reply", "en train")
	elise.WaitText("#msgs .msg:last-child", "8 h 12") // the answer to a sender may be there before the message

	// the last message is changed, then deleted after being asked once
	elise.Press(kb.ArrowUp)
	elise.Until(`document.querySelector("#source").value.includes("8 h 12")`)
	elise.Press(kb.End + " précises")
	elise.Press("\r")
	hugo.WaitText("#msgs .msg:last-child", "précises")
	walk(t, elise, elise.Back, `document.activeElement.matches(".msg:last-child .msg__more")`, 30)
	elise.Press("\r")
	elise.WaitFor(".chat__menu button:focus")
	walk(t, elise, func() { elise.Press(kb.ArrowDown) }, `document.activeElement.textContent.startsWith("Supprimer")`, 12)
	elise.Press("\r")
	elise.Press("\r")
	hugo.WaitText("#msgs .msg:last-child", "supprimé")
}

// TestBrowserTalksWithoutScripts writes, answers and finds its place in a room with scripts switched off.
func TestBrowserTalksWithoutScripts(t *testing.T) {
	v := newVillage(t)
	hugo := v.talker(t, "hugo-servais", "/chat/lounge", true)
	hugo.WaitFor("chat-room.is-live")
	elise := v.talker(t, "elise-delvaux", "/chat/lounge", false)
	elise.Fill("#source", "Sans le moindre script")
	elise.Follow(`.chat__composer button[type="submit"], .chat__composer button:not([type])`)
	elise.WaitText("#msgs .msg:last-child", "Sans le moindre script")
	hugo.WaitText("#msgs .msg:last-child", "Sans le moindre script")
	hugo.Fill("#source", "Lu, ici avec")
	hugo.Press("\r")
	hugo.WaitGone(".msg--queued")
	elise.Open("/chat/lounge")
	elise.WaitText("#msgs .msg:last-child", "Lu, ici avec")
	elise.Follow("#msgs .msg:last-child .msg__more")
	elise.WaitText("main", "Lu, ici avec")
	elise.Screenshot("chat-noscript-message")
}

// TestBrowserMovesMessages picks messages of a room and makes a thread of them, while somebody else looks on.
func TestBrowserMovesMessages(t *testing.T) {
	v := newVillage(t)
	hugo := v.talker(t, "hugo-servais", "/chat/lounge", true)
	hugo.WaitFor("chat-room.is-live")
	for _, text := range []string{"Comment renuméroter un point ?", "Avec les flèches, à droite du titre."} {
		hugo.Fill("#source", text)
		hugo.Press("\r")
		hugo.WaitGone(".msg--queued")
	}
	anne := v.talker(t, "anne-baudoux", "/chat/lounge", true)
	anne.WaitText("#msgs .msg:last-child", "Avec les flèches")
	anne.Open("/chat/lounge" + strings.TrimPrefix(anne.Attr(`[data-room-menu] a[href*="pick=1"]`, "href"), "/chat/lounge"))
	for _, n := range []string{"2", "1"} {
		anne.Click(`#msgs .msg:nth-last-child(` + n + `) .msg__pick input`)
	}
	anne.Screenshot("chat-pick")
	anne.NoViolations("messages are picked")
	anne.Follow("#pick button")
	anne.WaitText(".msgs", "Comment renuméroter")
	anne.NoViolations("where picked messages go")
	anne.Screenshot("chat-move")
	anne.Fill("#title", "Renuméroter les points")
	anne.Fill("#category", "entraide")
	anne.Follow(`form[action$="/move"] button.btn--primary`)
	anne.WaitText("h1", "Renuméroter les points")
	anne.WaitText("main", "Avec les flèches")
	hugo.WaitText("#msgs .msg:last-child", "Message déplacé vers")
	hugo.WaitText("#msgs .msg:last-child .msg__body a", "Renuméroter")
	hugo.Follow("#msgs .msg:last-child .msg__body a")
	hugo.WaitText("main", "Comment renuméroter un point ?")
}

// TestBrowserHoldsALongRoom reads a room of 800 messages from its end to its beginning and back: the page never holds more
// than 300, and what is read stays where it is.
func TestBrowserHoldsALongRoom(t *testing.T) {
	v := newVillage(t)
	list, err := v.Towns(ctx, store.TownQuery{Limit: 100})
	ok(t, err)
	said := 0
	for _, row := range list.Rows {
		page, err := v.TownPage(ctx, store.System(), row.Town.Slug)
		ok(t, err)
		for _, m := range page.People {
			for range 10 {
				if said == 800 {
					break
				}
				_, err := v.Send(ctx, store.As(m.ID), store.LoungeID, store.MessageInput{Source: fmt.Sprintf("message numéro %d.", said+1)})
				if store.KindOf(err) != 0 {
					break // says enough already
				}
				ok(t, err)
				said++
			}
		}
	}
	if said < 700 {
		t.Fatalf("only %d messages", said)
	}
	tab := v.talker(t, "elise-delvaux", "/chat/lounge", true)
	tab.WaitFor("chat-room.is-live")
	last := fmt.Sprintf("message numéro %d.", said)
	tab.Until(`[...document.querySelectorAll("#msgs .msg")].at(-1).textContent.includes("` + last + `") || (document.querySelector('[data-later] a:last-child')?.click(), false)`)
	most := 0
	see := func(way int, end string) {
		t.Helper()
		for range 400 {
			state := browsertest.Eval[struct {
				Rows int
				End  bool
			}](tab, `(() => {
				const box = document.querySelector(".chat__log"), rows = [...document.querySelectorAll("#msgs .msg")];
				box.scrollTop += `+fmt.Sprint(way*2500)+`;
				return {Rows: rows.length, End: rows.some((row) => row.textContent.includes("`+end+`"))};
			})()`)
			most = max(most, state.Rows)
			if state.End {
				return
			}
			tab.Until(`new Promise((done) => setTimeout(() => done(true), 30))`)
		}
		t.Fatalf("%q was never reached; %d rows at most", end, most)
	}
	see(-1, "message numéro 1.")
	see(1, last)
	if most > 300 || most < 200 {
		t.Errorf("the page held %d messages", most)
	}
}
