package townmap

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func chartWords() ChartWords {
	return ChartWords{Title: "Carte", List: "#liste", Where: func(v View) string { return "/towns?at=" + v.String() },
		Group: func(names []string, n int) string { return strconv.Itoa(n) + ": " + strings.Join(names, ", ") }}
}

// crowd are so many towns between Calais and Arlon, some at the same place.
func crowd(n int) []Point {
	r := rand.New(rand.NewPCG(1, 2))
	points := make([]Point, n)
	for i := range points {
		points[i] = Point{Name: fmt.Sprint("Town", i), Href: fmt.Sprint("/towns/", i), Lat: 49.6 + r.Float64()*1.6, Lon: 2.2 + r.Float64()*3.9, Population: r.IntN(300_000), Mentor: i%17 == 0}
		if i%10 == 9 {
			points[i].Lat, points[i].Lon = points[i-1].Lat, points[i-1].Lon
		}
	}
	return points
}

// Every town of a view is drawn, alone or counted in a circle, however near one looks.
func TestChartCountsEveryTown(t *testing.T) {
	m, points := newMap(t), crowd(3000)
	for _, v := range []View{{}, {Window: Whole}, View{}.In(), View{}.In().In().Moved(1, -1), View{Window: Whole}.In().In().In().In()} {
		want := 0
		for _, p := range points {
			if v.Shows(p.Lat, p.Lon) {
				want++
			}
		}
		svg := m.Chart(v, chartWords(), points)
		got, links := 0, [][2]float64{}
		for _, e := range parse(t, svg) {
			if strings.HasPrefix(e["class"], "map__dot") {
				got++
			}
			if e["class"] == "hit" {
				x, _ := strconv.ParseFloat(e["cx"], 64)
				y, _ := strconv.ParseFloat(e["cy"], 64)
				for _, other := range links {
					if math.Hypot(other[0]-x, other[1]-y) < 2*15 {
						t.Fatalf("%v: two targets overlap at %v and %v", v, other, []float64{x, y})
					}
				}
				links = append(links, [2]float64{x, y})
			}
		}
		for _, part := range strings.Split(svg, `class="map__count"`)[1:] {
			n, _ := strconv.Atoi(part[strings.Index(part, ">")+1 : strings.Index(part, "<")])
			got += n
		}
		if got < want-20 || got > want+20 { // those on the edge are rounded
			t.Errorf("%+v shows %d of %d towns", v, got, want)
		}
		if strings.Contains(svg, "style=") || want > 0 && len(links) == 0 {
			t.Errorf("%+v: %d links", v, len(links))
		}
		mixed := slices.Clone(points)
		rand.New(rand.NewPCG(3, 4)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if m.Chart(v, chartWords(), mixed) != svg {
			t.Errorf("%+v: the order of the towns changes the map", v)
		}
	}
}

func TestChartLeadsNearerUntilItCannot(t *testing.T) {
	m := newMap(t)
	points := []Point{lille, {Name: "Roubaix", Href: "/towns/roubaix", Lat: 50.69, Lon: 3.18, Population: 98_000}, {Name: "Lille", Href: "/towns/l2", Lat: lille.Lat, Lon: lille.Lon}}
	v, ok := View{}, true
	for step := 0; ; step++ {
		svg := m.Chart(v, chartWords(), points)
		at := strings.Index(svg, `href="/towns?at=`)
		if at < 0 {
			if !v.Nearest() || !strings.Contains(svg, `href="#liste"`) || !strings.Contains(svg, `href="/towns/roubaix"`) {
				t.Errorf("after %d steps: %s", step, svg[strings.Index(svg, "map__links"):])
			}
			break
		}
		at += len(`href="/towns?at=`)
		if v, ok = ParseView(svg[at : at+strings.Index(svg[at:], `"`)]); !ok || !v.Shows(lille.Lat, lille.Lon) {
			t.Fatalf("step %d leads to %+v, %v", step, v, ok)
		}
	}
}

func TestViews(t *testing.T) {
	for v := (View{Window: Whole}).In(); ; v = v.In().Moved(-3, 5) {
		back, ok := ParseView(v.String())
		if !ok || back != v {
			t.Errorf("%+v is written as %s and read as %+v", v, v, back)
		}
		if v.Nearest() {
			break
		}
	}
	for _, bad := range []string{"", "north", "north,1,2", "north,0,4,4", "south,1,2,3", "north,1,a,b", "north,1,2,3,4", "north,-1,5,5", "whole,1,99999999999999999999,1", strings.Repeat("9", 100)} {
		if v, ok := ParseView(bad); ok {
			t.Errorf("%q is %+v", bad, v)
		}
	}
	far, ok := ParseView("north,99,-5000,90000")
	if width, height := North.Size(); !ok || !far.Nearest() || far.X < 0 || far.X > width || far.Y > height {
		t.Errorf("out of bounds: %+v", far)
	}
	if (View{}).Out().String() != "" || (View{}).In().Out() != (View{}) {
		t.Error("out of the whole is not the whole")
	}
}

func TestChartOfHostileNames(t *testing.T) {
	words := chartWords()
	words.Title = `"><script>`
	svg := newMap(t).Chart(View{}, words, []Point{{Name: `"><script>alert(1)</script>`, Href: "javascript:alert(1)", Lat: 50.5, Lon: 4, Population: -5},
		{Name: "x\x00\xff</title>", Href: "/towns/x", Lat: 50.5, Lon: 4}, {Name: "nowhere", Href: "/", Lat: math.NaN(), Lon: math.Inf(1)}})
	parse(t, svg)
	if strings.Contains(svg, "<script") || strings.Contains(svg, "javascript:") || strings.ContainsRune(svg, 0) {
		t.Error(svg[len(svg)-1500:])
	}
	if empty := newMap(t).Chart(View{}, chartWords(), nil); strings.Contains(empty, "<a ") {
		t.Error("an empty map has links")
	}
}

// BenchmarkChart draws as many towns as there are in Belgium and France.
func BenchmarkChart(b *testing.B) {
	m, err := New()
	if err != nil {
		b.Fatal(err)
	}
	points := crowd(35_440)
	for b.Loop() {
		m.Chart(View{}, chartWords(), points)
	}
}
