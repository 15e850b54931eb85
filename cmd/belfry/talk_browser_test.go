package main

import (
	"fmt"
	"io"
	"net"
	"testing"

	"belfry/server/browsertest"
)

// listen is an address that people type: what connects there is led to the node of a number, or the next.
func (b *balancer) listen(t *testing.T, first int) string {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { _ = door.Close() })
	go func() {
		for {
			client, err := door.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				server, err := b.dial(t.Context(), first)
				if err != nil {
					return
				}
				defer server.Close()
				go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
				_, _ = io.Copy(client, server)
			}()
		}
	}()
	return "http://" + door.Addr().String()
}

// seat is a browser of a member in the lounge.
func (c *community) seat(t *testing.T, member int, address string) *browsertest.Tab {
	t.Helper()
	tab := browsertest.New(t)
	tab.Language("fr")
	tab.Open(address + "/sign-in")
	tab.Until(fmt.Sprintf(`(() => { const f = document.createElement("form"), i = document.createElement("input");
		f.method = "post"; f.action = "/demo"; i.name = "handle"; i.value = %q; f.append(i); document.body.append(f); f.submit(); return true })()`, c.members[member].Handle))
	tab.WaitFor(".menu__head")
	tab.Open(address + "/chat/lounge")
	tab.WaitFor("chat-room.is-live")
	return tab
}

// TestBrowserTalkWhileANodeDies lets two people on two of three nodes talk, each in a browser, behind a balancer. They see
// that the other is here and writes. The node of one is killed: what that one says then waits, and arrives through
// another node, and both pages show the same messages.
func TestBrowserTalkWhileANodeDies(t *testing.T) {
	c := newCommunity(t, 2, 0)
	address := c.share(t)
	nodes := []*hub{node(t, address), node(t, address), node(t, address)}
	lines := balance(nodes...)
	first, second := c.seat(t, 0, lines.listen(t, 0)), c.seat(t, 1, lines.listen(t, 1))
	for _, tab := range []*browsertest.Tab{first, second} {
		tab.WaitText("[data-here]", "2 ")
		tab.Allow("/live")
	}
	first.Fill("#source", "Bonjour, d’un nœud à l’autre")
	second.WaitText(".chat__typing", c.members[0].Name)
	first.Press("\r")
	second.WaitText("#msgs .msg:last-child", "d’un nœud à l’autre")
	second.Screenshot("nodes-before")

	nodes[1].kill()
	second.WaitText(".lost", "Connexion perdue")
	second.Fill("#source", "Mon nœud vient de mourir")
	second.Press("\r")
	first.Fill("#source", "Le mien va bien")
	first.Press("\r")
	first.WaitText("#msgs", "Mon nœud vient de mourir")
	second.WaitText("#msgs", "Le mien va bien")
	second.WaitGone(".msg--queued")
	second.WaitGone(".lost:not([hidden])")
	second.Screenshot("nodes-after")
	first.Fill("#source", "Et tout continue")
	second.WaitText(".chat__typing", c.members[0].Name)
	first.Press("\r")
	second.WaitText("#msgs .msg:last-child", "Et tout continue")
	const said = `[...document.querySelectorAll("#msgs > .msg .msg__body")].map(m => m.textContent.trim()).join("|")`
	if one, other := browsertest.Eval[string](first, said), browsertest.Eval[string](second, said); one != other || one == "" {
		t.Errorf("one page shows %q, the other %q", one, other)
	}
	if lines.moved.Load() == 0 {
		t.Error("nobody was led to another node")
	}
}
