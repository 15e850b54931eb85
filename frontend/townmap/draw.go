package townmap

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	apart      = 38 // units between two link targets, which are 34 wide
	target     = 17 // radius of a link target
	mostNames  = 6  // towns that one link names
	labels     = 6  // labels that stay on a narrow screen, where they are drawn larger
	allLabels  = 15
	narrowSize = 24 // of a label in units, as in belfry.css
	wideSize   = 13
)

// dot is a point in its place.
type dot struct {
	Point
	x, y float64
}

// SVG is the complete figure. Its title is what a screen reader announces. The order of the points does not matter;
// those outside the window are left out.
func (m *Map) SVG(title string, points []Point) string {
	dots := m.place(points)
	width, height := m.window.Size()
	role := "img" // one picture without parts; links must stay reachable
	links := m.links(dots)
	if links != "" {
		role = "group"
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(title))
	id := "map-" + strconv.FormatUint(uint64(hash.Sum32()), 36)

	var svg strings.Builder
	svg.Grow(len(m.ground[m.window]) + 200*len(dots) + 500)
	fmt.Fprintf(&svg, "<figure class=\"map\"><svg viewBox=\"0 0 %g %g\" role=\"%s\" aria-labelledby=\"%s\">\n<title id=\"%s\">%s</title>\n",
		width, height, role, id, id, html.EscapeString(clean(title)))
	svg.WriteString(m.ground[m.window])
	svg.WriteString("<g>")
	for _, d := range slices.Backward(dots) {
		class, radius := d.kind()
		fmt.Fprintf(&svg, "<circle class=\"%s\" cx=\"%.0f\" cy=\"%.0f\" r=\"%s\"/>", class, d.x, d.y, radius)
	}
	svg.WriteString("</g>")
	if names := m.names(dots); names != "" {
		svg.WriteString("<g aria-hidden=\"true\">" + names + "</g>")
	}
	svg.WriteString(links + "\n</svg>")
	svg.WriteString(m.key(dots) + "</figure>")
	return svg.String()
}

func (d dot) kind() (class, radius string) {
	switch {
	case d.Mine:
		return "map__dot map__dot--you", "8"
	case d.Mentor:
		return "map__dot map__dot--mentor", "6.5"
	}
	return "map__dot", "4.5"
}

// place projects the points and puts what matters most first: the reader's town, mentors, then by population and name.
func (m *Map) place(points []Point) []dot {
	dots := make([]dot, 0, len(points))
	for _, p := range points {
		if x, y, inside := m.XY(p.Lat, p.Lon); inside {
			p.Name = clean(p.Name)
			dots = append(dots, dot{p, math.Round(x), math.Round(y)})
		}
	}
	order(dots)
	return dots
}

// order puts what matters most first, whatever the order was.
func order(dots []dot) {
	yes := func(b bool) int {
		if b {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(dots, func(a, b dot) int {
		return cmp.Or(yes(a.Mine)-yes(b.Mine), yes(a.Mentor)-yes(b.Mentor), cmp.Compare(b.Population, a.Population),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Href, b.Href), cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y))
	})
}

// links joins towns whose targets would overlap into one link, around the one that matters most.
func (m *Map) links(dots []dot) string {
	var svg strings.Builder
	joined := make([]bool, len(dots))
	for i, d := range dots {
		if joined[i] || d.Href == "" {
			continue
		}
		names, href, more := []string{d.Name}, d.Href, 0
		for j := i + 1; j < len(dots); j++ {
			other := dots[j]
			if joined[j] || other.Href == "" || math.Hypot(other.x-d.x, other.y-d.y) >= apart {
				continue
			}
			joined[j] = true
			if m.words.List == "" {
				continue
			}
			href = m.words.List
			if len(names) < mostNames {
				names = append(names, other.Name)
			} else {
				more++
			}
		}
		name := strings.Join(names, ", ")
		if more > 0 {
			name += " +" + strconv.Itoa(more)
		}
		name = html.EscapeString(name)
		fmt.Fprintf(&svg, "<a href=\"%s\" aria-label=\"%s\"><title>%s</title><circle class=\"hit\" cx=\"%.0f\" cy=\"%.0f\" r=\"%d\"/></a>",
			html.EscapeString(safeHref(href)), name, name, d.x, d.y, target)
	}
	if svg.Len() == 0 {
		return ""
	}
	return "<g class=\"map__links\">" + svg.String() + "</g>"
}

// safeHref lets addresses of this site and of the web through; a script in an address is never run.
func safeHref(href string) string {
	if strings.HasPrefix(href, "/") || strings.HasPrefix(href, "#") || strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "http://") {
		return clean(href)
	}
	return "#"
}

// clean takes out what HTML cannot contain.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7F {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

type box struct{ left, top, right, bottom float64 }

func (b box) meets(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// names labels the largest towns where there is room, next to their dot.
func (m *Map) names(dots []dot) string {
	byPopulation := slices.Clone(dots)
	slices.SortStableFunc(byPopulation, func(a, b dot) int {
		if a.Mine != b.Mine {
			if a.Mine {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Population, a.Population)
	})
	var svg strings.Builder
	var taken []box
	for _, t := range m.window.view().texts {
		if !m.bare {
			taken = append(taken, textBox(t, wideSize))
		}
	}
	var rings, plain []box
	for _, d := range dots {
		// Up and down by less than a dot's radius, because few letters fill their whole height.
		if b := (box{d.x - 7, d.y - 4, d.x + 7, d.y + 4}); d.Mine || d.Mentor {
			rings = append(rings, b)
		} else {
			plain = append(plain, b)
		}
	}
	drawn := 0
	for _, d := range byPopulation {
		if drawn == allLabels {
			break
		}
		if t, class, ok := m.room(d, taken, rings, plain, drawn < labels); ok {
			taken = append(taken, textBox(t, sizeOf(class)))
			svg.WriteString(label(class, t))
			drawn++
		}
	}
	return svg.String()
}

const (
	largeLabel = "map__label"
	smallLabel = "map__label map__label--minor"
)

// room finds a place for a name right or left of its dot, above or below it, where it meets no other name and hides no
// dot; where there is none, one that hides ordinary dots only. Large labels stay on a narrow screen.
func (m *Map) room(d dot, taken, rings, plain []box, large bool) (t text, class string, ok bool) {
	width, height := m.window.Size()
	places := []text{{x: 10, y: 4}, {x: -10, y: 4, anchor: "end"}, {y: -11, anchor: "middle"}, {y: 20, anchor: "middle"}}
	for _, avoid := range [][]box{plain, nil} {
		for _, class := range []string{largeLabel, smallLabel} {
			if class == largeLabel && !large {
				continue
			}
			for _, t := range places {
				t.name, t.x, t.y = d.Name, t.x+int(d.x), t.y+int(d.y)
				place, dots := textBox(t, sizeOf(class)), textBox(t, wideSize)
				if place.left >= 0 && place.right <= width && place.top >= 0 && place.bottom <= height &&
					!slices.ContainsFunc(taken, place.meets) && !slices.ContainsFunc(rings, dots.meets) && !slices.ContainsFunc(avoid, dots.meets) {
					return t, class, true
				}
			}
		}
	}
	return text{}, "", false
}

func sizeOf(class string) float64 {
	if class == largeLabel {
		return narrowSize
	}
	return wideSize
}

// textBox is the room that a text takes, letters being a good half as wide as high.
func textBox(t text, size float64) box {
	width := 0.62 * size * float64(utf8.RuneCountInString(t.name))
	b := box{float64(t.x), float64(t.y) - 0.85*size, float64(t.x) + width, float64(t.y) + 0.3*size}
	switch t.anchor {
	case "end":
		b.left, b.right = b.left-width, b.left
	case "middle":
		b.left, b.right = b.left-width/2, b.right-width/2
	}
	return b
}

func label(class string, t text) string {
	attributes := ""
	if t.lang != "" {
		attributes = fmt.Sprintf(" lang=\"%s\"", t.lang)
	}
	if t.anchor != "" {
		attributes += " text-anchor=\"" + t.anchor + "\""
	}
	return fmt.Sprintf("<text class=\"%s\" x=\"%d\" y=\"%d\"%s>%s</text>", class, t.x, t.y, attributes, html.EscapeString(t.name))
}

// key explains those kinds of dots that are on the map.
func (m *Map) key(dots []dot) string {
	var items strings.Builder
	explain := func(class, word string, is func(dot) bool) {
		if word != "" && slices.ContainsFunc(dots, is) {
			fmt.Fprintf(&items, "<span><span class=\"%s\"></span>%s</span>", class, html.EscapeString(clean(word)))
		}
	}
	explain("dot", m.words.Member, func(d dot) bool { return !d.Mine && !d.Mentor })
	explain("dot dot--mentor", m.words.Mentor, func(d dot) bool { return d.Mentor && !d.Mine })
	explain("dot dot--you", m.words.Mine, func(d dot) bool { return d.Mine })
	if items.Len() == 0 {
		return ""
	}
	return "<figcaption class=\"map__key\"><span class=\"meta\">" + items.String() + "</span></figcaption>"
}
