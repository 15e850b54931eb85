// Package townmap draws the towns of a community on a map of Belgium and France, as inline SVG made by the server.
//
// Outlines are projected when the package is generated, towns when a map is drawn. The package decides nothing about
// who is on a map and knows no language: names and words come from the caller.
package townmap

// MAP_DATA names a folder with outline.geojson and context.geojson.
//go:generate go run ./generate -from $MAP_DATA -to outlines.txt

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed outlines.txt
var outlines string

// Point is a town on the map. Href may be empty. A mentor is drawn as a ring, the reader's own town larger.
type Point struct {
	Name, Href   string
	Lat, Lon     float64
	Population   int
	Mentor, Mine bool
}

// Words are what a map says besides the names of towns, in the reader's language.
type Words struct {
	// Member, Mentor and Mine explain the three kinds of dots. An empty one is not explained.
	Member, Mentor, Mine string
	// List is the address of the list that a link for several towns leads to, such as "#list". Without it such a link
	// leads to the largest of them only.
	List string
}

// Map draws one window. It never changes, so any number of goroutines may use it at once.
type Map struct {
	window Window
	words  Words
	ground *[windows]string // the paths and the names on the ground, as SVG
	paths  *[windows]string // the paths alone
	bare   bool             // the names on the ground are not drawn
}

// New prepares the maps, showing the North window without any words. Call it once.
func New() (*Map, error) {
	m := &Map{ground: new([windows]string), paths: new([windows]string)}
	for w := range windows {
		v := w.view()
		var svg strings.Builder
		homes := 0
		for line := range strings.Lines(outlines) {
			fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
			if len(fields) != 3 || fields[0] != v.name {
				continue
			}
			if fields[1] == "home" {
				homes++
			}
			fmt.Fprintf(&svg, "<path class=\"map__%s\" d=\"%s\"/>\n", fields[1], fields[2])
		}
		if homes < 2 {
			return nil, fmt.Errorf("townmap: no outlines for the window %q", v.name)
		}
		m.paths[w] = svg.String()
		svg.WriteString("<g aria-hidden=\"true\">")
		for _, t := range v.texts {
			svg.WriteString(label("map__label map__label--"+t.class+" map__label--minor", t))
		}
		svg.WriteString("</g>\n")
		m.ground[w] = svg.String()
	}
	return m, nil
}

// In is the same map of another window.
func (m *Map) In(w Window) *Map {
	if w < 0 || w >= windows {
		w = North
	}
	other := *m
	other.window = w
	return &other
}

// With is the same map with words.
func (m *Map) With(words Words) *Map {
	other := *m
	other.words = words
	return &other
}

// XY projects degrees to units of the map and says whether the place lies inside the window.
func (m *Map) XY(lat, lon float64) (x, y float64, inside bool) { return m.window.XY(lat, lon) }

// Outside counts the points that this map leaves out.
func (m *Map) Outside(points []Point) (n int) {
	for _, p := range points {
		if _, _, inside := m.XY(p.Lat, p.Lon); !inside {
			n++
		}
	}
	return n
}

// Fit is the smallest window that shows as many of the points as any window does.
func Fit(points []Point) Window {
	shown := func(w Window) int { return len(points) - (&Map{window: w}).Outside(points) }
	best := North
	for w := North; w < windows; w++ {
		if shown(w) > shown(best) {
			best = w
		}
	}
	return best
}
