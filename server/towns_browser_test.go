package server_test

import (
	"strconv"
	"strings"
	"testing"

	"belfry/server/browsertest"

	"github.com/chromedp/chromedp/kb"
)

// TestBrowserTownMap: the map is moved by links without scripts, and by keys with them; the list follows.
func TestBrowserTownMap(t *testing.T) {
	v := newVillage(t)
	for _, scripts := range []bool{true, false} {
		t.Run("scripts "+strconv.FormatBool(scripts), func(t *testing.T) {
			tab := browsertest.New(t)
			tab.Language("fr")
			tab.Scripts(scripts)
			tab.Open(v.address + "/towns")
			whole := tab.Text("#list [role=status]")
			move := func(to, key string) {
				before := tab.Attr("#map", "data-view")
				if !scripts {
					tab.Follow(`[data-move="` + to + `"]`)
					return
				}
				if tab.Exists("#map:focus") {
					tab.Press(key)
				} else {
					tab.Click(`[data-move="` + to + `"]`)
				}
				tab.Until(`document.getElementById("map").dataset.view !== ` + strconv.Quote(before) + ` && !("busy" in document.getElementById("map").dataset)`)
			}
			move("in", "")
			nearer := tab.Text("#list [role=status]")
			if nearer == whole || !strings.Contains(nearer, "dans cette partie de la carte") || !strings.Contains(tab.URL(), "at=") {
				t.Errorf("nearer: %q at %s", nearer, tab.URL())
			}
			if scripts {
				tab.Until(`document.getElementById("map").focus() || document.activeElement.id === "map"`)
			}
			move("right", kb.ArrowRight)
			move("out", "-")
			if got := tab.Text("#list [role=status]"); got != whole {
				t.Errorf("back out: %q, it was %q", got, whole)
			}
			if scripts {
				fingers(t, tab)
			}
			tab.Open("/towns?offers=python&country=BE")
			if n := tab.Count("#list tbody tr"); n == 0 || n > 5 || tab.Value("#offers") != "python" {
				t.Errorf("%d towns teach Python", n)
			}
			tab.Fill("#q", "liège")
			tab.Follow(`.filters .btn`)
			if n := tab.Count("#list tbody tr"); n != 1 || !strings.Contains(tab.URL(), "offers=python") {
				t.Errorf("%d towns of this name at %s", n, tab.URL())
			}
		})
	}
}

// fingers drags the map with one, and opens two: a pinch counts when the first finger is lifted, wherever the other goes.
func fingers(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	view := func() []string { return strings.Split(tab.Attr("#map", "data-view"), ",") }
	play := func(steps string) []string {
		before := tab.Attr("#map", "data-view")
		tab.Until(`(() => { const svg = document.querySelector("#map svg.map, #map .map svg"), box = svg.getBoundingClientRect();
			for (const [type, id, x, y] of ` + steps + `) svg.dispatchEvent(new PointerEvent("pointer" + type, { pointerId: id, clientX: box.left + box.width * x, clientY: box.top + box.height * y, bubbles: true }));
			return true; })()`)
		tab.Until(`document.getElementById("map").dataset.view !== ` + strconv.Quote(before) + ` && !("busy" in document.getElementById("map").dataset)`)
		return view()
	}
	whole := view()
	near := play(`[["down", 1, .4, .5], ["down", 2, .6, .5], ["move", 1, .2, .5], ["move", 2, .8, .5], ["up", 1, .2, .5], ["move", 2, .9, .6], ["up", 2, .9, .6]]`)
	if near[1] != "1" || whole[1] != "0" {
		t.Fatalf("two fingers lead from %v to %v", whole, near)
	}
	east := play(`[["down", 1, .7, .5], ["move", 1, .5, .5], ["move", 1, .3, .5], ["up", 1, .3, .5]]`)
	x, _ := strconv.Atoi(near[2])
	if now, _ := strconv.Atoi(east[2]); now <= x || east[1] != "1" {
		t.Errorf("a drag leads from %v to %v", near, east)
	}
	if back := play(`[["down", 1, .1, .5], ["down", 2, .9, .5], ["move", 1, .4, .5], ["move", 2, .6, .5], ["up", 2, .6, .5], ["up", 1, .4, .5]]`); back[1] != "0" {
		t.Errorf("two fingers lead back to %v", back)
	}
}

// TestBrowserDirectory looks at the pages of towns and people in both themes, narrow and wide.
func TestBrowserDirectory(t *testing.T) {
	v := newVillage(t)
	tab := browsertest.New(t)
	tab.Language("fr")
	for _, who := range []struct {
		handle string
		paths  []string
	}{{"", []string{"/towns", "/towns?at=north,2,500,300", "/towns?q=zzzz", "/towns?free=1&offers=python&sort=population", "/towns/namur", "/towns/namur/history", "/skills"}},
		{"anne-baudoux", []string{"/towns", "/towns/namur", "/towns/namur/edit", "/skills", "/skills/python", "/admin"}}} {
		if who.handle != "" {
			v.enter(t, tab, who.handle)
		} else {
			tab.Open(v.address + "/")
		}
		for _, tag := range []string{"fr", "de"} {
			lookAt(t, tab, tag, who.handle, append(looksIn(tag), look{width: 320, dark: tag == "de", plain: true}), who.paths...)
		}
	}
}
