package townmap

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

const (
	near      = 22    // units within which towns are one group
	groupHit  = 30    // units between the middles of two links of a chart, which never overlap
	largestAt = 200e3 // inhabitants of the largest dot
)

// ChartWords are what a chart says besides names.
type ChartWords struct {
	Title string                             // of the picture
	Group func(names []string, n int) string // names some of a group's towns and says how many they are
	Where func(View) string                  // the address of a view
	List  string                             // where a group leads that cannot be cut further
}

// group is one town, or several that are drawn as one.
type group struct {
	dot    // the town that matters most
	n      int
	others []string
}

// Chart is the figure of a view: each town a dot by its size, those too close to tell apart one circle that says how
// many they are and leads nearer. The order of the points does not matter. Reading aloud, links name their towns; on a
// narrow screen, where they would be too small to touch, there are none: a list beside the chart says the same.
func (m *Map) Chart(v View, words ChartWords, points []Point) string {
	groups := m.In(v.Window).groups(v, points)
	width, height := v.Window.Size()
	var svg strings.Builder
	svg.Grow(len(m.ground[v.Window]) + 250*len(groups) + 500)
	title := html.EscapeString(clean(words.Title))
	fmt.Fprintf(&svg, "<figure class=\"map map--chart\"><svg viewBox=\"0 0 %g %g\" role=\"group\" aria-label=\"%s\">\n", width, height, title)
	if v.Zoom == 0 {
		svg.WriteString(m.ground[v.Window])
	} else {
		x, y := v.corner()
		fmt.Fprintf(&svg, "<g class=\"map__ground\" transform=\"scale(%g) translate(%g %g)\">%s</g>\n", v.scale(), -x, -y, m.paths[v.Window])
	}
	svg.WriteString("<g>")
	var dots []dot
	for _, g := range slices.Backward(groups) {
		svg.WriteString(g.draw())
	}
	for _, g := range groups {
		if g.n == 1 {
			dots = append(dots, g.dot)
		}
	}
	svg.WriteString("</g>")
	if names := m.In(v.Window).chartNames(v, groups); names != "" {
		svg.WriteString("<g aria-hidden=\"true\">" + names + "</g>")
	}
	svg.WriteString(chartLinks(v, words, groups) + "\n</svg>")
	svg.WriteString(m.key(dots) + "</figure>")
	return svg.String()
}

// groups puts the points of a view together that are too close, around the one that matters most.
func (m *Map) groups(v View, points []Point) []group {
	left, top := v.corner()
	width, height := v.Window.Size()
	dots := make([]dot, 0, len(points))
	for _, p := range points {
		x, y, inside := m.XY(p.Lat, p.Lon)
		x, y = math.Round((x-left)*v.scale()), math.Round((y-top)*v.scale())
		if inside && x >= 0 && y >= 0 && x <= width && y <= height {
			p.Name = clean(p.Name)
			dots = append(dots, dot{p, x, y})
		}
	}
	order(dots)
	cells := map[[2]int][]int{} // groups by where they are
	cell := func(d dot) [2]int { return [2]int{int(d.x) / near, int(d.y) / near} }
	var groups []group
	for _, d := range dots {
		at, joined := cell(d), -1
		for i := -1; i <= 1 && joined < 0; i++ {
			for j := -1; j <= 1 && joined < 0; j++ {
				for _, g := range cells[[2]int{at[0] + i, at[1] + j}] {
					if math.Hypot(groups[g].x-d.x, groups[g].y-d.y) < near {
						joined = g
						break
					}
				}
			}
		}
		if joined < 0 {
			cells[at] = append(cells[at], len(groups))
			groups = append(groups, group{dot: d, n: 1})
			continue
		}
		g := &groups[joined]
		if g.n++; len(g.others) < mostNames-1 {
			g.others = append(g.others, d.Name)
		}
		g.Mine, g.Mentor = g.Mine || d.Mine, g.Mentor || d.Mentor
	}
	return groups
}

// radius grows with the inhabitants of a town, or with how many towns a circle stands for.
func (g group) radius() float64 {
	if g.n > 1 {
		return min(9+1.2*math.Log2(float64(g.n)), 18)
	}
	return 3.5 + 5*math.Sqrt(min(float64(max(g.Population, 0))/largestAt, 1))
}

func (g group) draw() string {
	class, _ := g.kind()
	if g.n == 1 {
		class += " map__size" + strconv.Itoa(min(int(g.radius()/1.5)-1, 4)) // drawn larger on a narrow screen
		return fmt.Sprintf("<circle class=\"%s\" cx=\"%.0f\" cy=\"%.0f\" r=\"%.1f\"/>", class, g.x, g.y, g.radius())
	}
	return fmt.Sprintf("<circle class=\"map__many\" cx=\"%.0f\" cy=\"%.0f\" r=\"%.1f\"/><text class=\"map__count\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">%d</text>",
		g.x, g.y, g.radius(), g.x, g.y+4, g.n)
}

// chartNames labels the largest towns where there is room.
func (m *Map) chartNames(v View, groups []group) string {
	dots := make([]dot, len(groups))
	for i, g := range groups {
		dots[i] = g.dot
		dots[i].Mentor = g.Mentor || g.n > 1 // a circle is hidden by no name
	}
	if len(dots) > 400 {
		dots = dots[:400] // the largest
	}
	if v.Zoom > 0 {
		bare := *m
		bare.bare = true
		return bare.names(dots)
	}
	return m.names(dots)
}

// chartLinks are the targets over the dots: to a town, or nearer to a group. Where two would overlap, the one that
// matters less is left to the list.
func chartLinks(v View, words ChartWords, groups []group) string {
	var svg strings.Builder
	var taken [][2]float64
	left, top := v.corner()
	for _, g := range groups {
		if g.Href == "" || slices.ContainsFunc(taken, func(at [2]float64) bool { return math.Hypot(at[0]-g.x, at[1]-g.y) < groupHit }) {
			continue
		}
		taken = append(taken, [2]float64{g.x, g.y})
		href, name := g.Href, g.Name
		if g.n > 1 {
			href = words.List
			if !v.Nearest() {
				href = words.Where(v.around(left+g.x/v.scale(), top+g.y/v.scale()))
			}
			name = words.Group(append([]string{g.Name}, g.others...), g.n)
		}
		name = html.EscapeString(clean(name))
		fmt.Fprintf(&svg, "<a href=\"%s\" aria-label=\"%s\"><title>%s</title><circle class=\"hit\" cx=\"%.0f\" cy=\"%.0f\" r=\"%s\"/></a>",
			html.EscapeString(safeHref(href)), name, name, g.x, g.y, strconv.Itoa(groupHit/2))
	}
	if svg.Len() == 0 {
		return ""
	}
	return "<g class=\"map__links\">" + svg.String() + "</g>"
}
