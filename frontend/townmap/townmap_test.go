package townmap

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	lille     = Point{Name: "Lille", Href: "/towns/lille", Lat: 50.6311, Lon: 3.0468, Population: 238246}
	brussels  = Point{Name: "Bruxelles", Href: "/towns/bruxelles", Lat: 50.8505, Lon: 4.3488, Population: 198674}
	eupen     = Point{Name: "Eupen", Href: "/towns/eupen", Lat: 50.6101, Lon: 6.1256, Population: 20145}
	liege     = Point{Name: "Liège", Href: "/towns/liege", Lat: 50.6318, Lon: 5.5904, Population: 198102}
	marseille = Point{Name: "Marseille", Href: "/towns/marseille", Lat: 43.3, Lon: 5.38, Population: 880000}
	reunion   = Point{Name: "Saint-Denis", Href: "/towns/saint-denis", Lat: -20.93, Lon: 55.45, Population: 155000}
)

func newMap(t *testing.T) *Map {
	t.Helper()
	m, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// homes are the outlines of a window, as points.
func homes(t *testing.T, w Window) (rings [][][2]float64) {
	t.Helper()
	number := regexp.MustCompile(`-?\d+`)
	for line := range strings.Lines(outlines) {
		d, ok := strings.CutPrefix(line, w.view().name+" home ")
		if !ok {
			continue
		}
		var ring [][2]float64
		var at [2]float64
		for i, n := range number.FindAllString(d, -1) {
			v, err := strconv.ParseFloat(n, 64)
			if err != nil {
				t.Fatal(err)
			}
			at[i%2] += v
			if i%2 == 1 {
				ring = append(ring, at)
			}
		}
		rings = append(rings, ring)
	}
	return rings
}

func contains(ring [][2]float64, x, y float64) bool {
	in := false
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		if (p[1] > y) != (q[1] > y) && x < p[0]+(y-p[1])/(q[1]-p[1])*(q[0]-p[0]) {
			in = !in
		}
	}
	return in
}

func TestTownsLieInTheirCountry(t *testing.T) {
	for _, w := range []Window{North, Whole} {
		rings := homes(t, w)
		in := func(p Point) []int {
			x, y, inside := w.XY(p.Lat, p.Lon)
			if !inside {
				return nil
			}
			var found []int
			for i, ring := range rings {
				if contains(ring, x, y) {
					found = append(found, i)
				}
			}
			return found
		}
		belgium := in(brussels)
		if len(belgium) != 1 || !slices.Equal(in(eupen), belgium) || !slices.Equal(in(liege), belgium) {
			t.Errorf("%d: Brussels in %v, Eupen in %v, Liège in %v", w, belgium, in(eupen), in(liege))
		}
		france := in(lille)
		if len(france) != 1 || slices.Equal(france, belgium) {
			t.Errorf("%d: Lille in %v", w, france)
		}
		if w == Whole && !slices.Equal(in(marseille), france) {
			t.Errorf("Marseille in %v", in(marseille))
		}
		if sea := in(Point{Lat: 51.4, Lon: 2.6}); len(sea) != 0 {
			t.Errorf("%d: the North Sea in %v", w, sea)
		}
	}
}

// Brussels is 94 km from Lille, 88 from Liège and 128 from Eupen.
func TestDistancesAreInProportion(t *testing.T) {
	for _, w := range []Window{North, Whole} {
		away := func(a, b Point) float64 {
			ax, ay, _ := w.XY(a.Lat, a.Lon)
			bx, by, _ := w.XY(b.Lat, b.Lon)
			return math.Hypot(ax-bx, ay-by) / kilometres(a, b)
		}
		scale := away(brussels, lille)
		for _, pair := range [][2]Point{{brussels, liege}, {brussels, eupen}, {lille, eupen}, {lille, liege}} {
			if ratio := away(pair[0], pair[1]) / scale; math.Abs(ratio-1) > 0.01 {
				t.Errorf("%d: %s to %s is drawn at %f of the scale", w, pair[0].Name, pair[1].Name, ratio)
			}
		}
	}
}

func kilometres(a, b Point) float64 {
	const degree = math.Pi / 180
	h := math.Pow(math.Sin((b.Lat-a.Lat)*degree/2), 2) + math.Cos(a.Lat*degree)*math.Cos(b.Lat*degree)*math.Pow(math.Sin((b.Lon-a.Lon)*degree/2), 2)
	return 2 * 6371 * math.Asin(math.Sqrt(h))
}

func TestWindows(t *testing.T) {
	m := newMap(t)
	for _, c := range []struct {
		points  []Point
		want    Window
		outside int
	}{
		{nil, North, 0},
		{[]Point{lille, brussels, eupen}, North, 0},
		{[]Point{lille, brussels, marseille}, Whole, 1},
		{[]Point{lille, reunion}, North, 1},
		{[]Point{marseille, reunion}, Whole, 2},
		{[]Point{{Lat: math.NaN()}, {Lat: 90}, {Lat: -90}, {Lon: math.Inf(1)}}, North, 4},
	} {
		if got := Fit(c.points); got != c.want {
			t.Errorf("%v: window %d, want %d", c.points, got, c.want)
		}
		if got := m.Outside(c.points); got != c.outside {
			t.Errorf("%v: %d outside, want %d", c.points, got, c.outside)
		}
	}
	svg := m.SVG("Carte", []Point{lille, marseille})
	if strings.Contains(svg, "Marseille") || strings.Count(svg, "map__dot") != 1 {
		t.Error("a town outside the window is drawn")
	}
	if whole := m.In(Whole).SVG("Carte", []Point{lille, marseille}); !strings.Contains(whole, ">Marseille<") || !strings.Contains(whole, `viewBox="0 0 800 795"`) {
		t.Error("the whole of France does not show Marseille")
	}
}

// parse fails if the figure is not well formed and returns its elements with their attributes.
func parse(t *testing.T, svg string) (elements []map[string]string) {
	t.Helper()
	in := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := in.Token()
		if err == io.EOF {
			return elements
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		if start, ok := token.(xml.StartElement); ok {
			e := map[string]string{"": start.Name.Local}
			for _, a := range start.Attr {
				e[a.Name.Local] = a.Value
			}
			elements = append(elements, e)
		}
	}
}

func TestFigure(t *testing.T) {
	m := newMap(t).With(Words{Member: "Commune participante", Mentor: "Commune mentor", Mine: "Votre commune", List: "#liste"})
	mine, mentor := liege, eupen
	mine.Mine, mentor.Mentor = true, true
	svg := m.SVG("Carte des communes", []Point{lille, brussels, mine, mentor})
	elements := parse(t, svg)
	if elements[0][""] != "figure" || elements[0]["class"] != "map" || elements[1]["role"] != "group" || elements[1]["aria-labelledby"] != elements[2]["id"] {
		t.Errorf("%v", elements[:3])
	}
	for _, want := range []string{
		`<a href="/towns/lille" aria-label="Lille"><title>Lille</title><circle class="hit" cx="269" cy="229" r="17"/></a>`,
		`class="map__dot map__dot--you"`, `class="map__dot map__dot--mentor"`, ">Carte des communes</title>",
		`<span class="dot dot--you"></span>Votre commune`, "Commune participante", "Commune mentor",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("%s is missing in %s", want, svg[strings.LastIndex(svg, "</g>\n<g>"):])
		}
	}
	if strings.Contains(svg, "style=") {
		t.Error("the policy of the pages forbids inline styles")
	}
	lille.Href = ""
	quiet := m.SVG("Carte", []Point{lille})
	if !strings.Contains(quiet, `role="img"`) || strings.Contains(quiet, "<a ") || strings.Contains(quiet, "Votre commune") {
		t.Error("a map without links is not one picture, or explains what it does not show")
	}
	lille.Href = "/towns/lille"
	if reversed := m.SVG("Carte des communes", []Point{mentor, mine, brussels, lille}); reversed != svg {
		t.Error("the order of the points changes the map")
	}
}

// A name must not hide the ring of a mentor, nor reach out of the map.
func TestNamesHideNoMentor(t *testing.T) {
	east := Point{Name: "Sankt Vith", Lat: 50.28, Lon: 6.13, Population: 5}
	near := brussels
	near.Name, near.Lon, near.Mentor = "Ring", near.Lon+0.2, true
	svg := newMap(t).SVG("t", []Point{brussels, near, east})
	x, _, _ := North.XY(near.Lat, near.Lon)
	for _, e := range parse(t, svg) {
		if at, _ := strconv.ParseFloat(e["x"], 64); e["class"] == "map__label" && e["text-anchor"] == "" && (at > 700 || at < x && at > x-40) {
			t.Errorf("a name in the way: %v", e)
		}
	}
	if !strings.Contains(svg, ">Bruxelles</text>") || !strings.Contains(svg, ">Sankt Vith</text>") {
		t.Error("a name is missing")
	}
}

func TestHostileNames(t *testing.T) {
	m := newMap(t).With(Words{Member: "<b>&", List: `"><script>`})
	a, b := lille, lille
	a.Name, b.Name = `"><script>alert(1)</script>&`, "x\x00\xff</title>"
	b.Lat += 0.01
	svg := m.SVG(`</title><script>`, []Point{a, b, {Name: "js", Href: "javascript:alert(1)", Lat: 50, Lon: 4}})
	parse(t, svg)
	if strings.Contains(svg, "<script") || strings.Contains(svg, "javascript:") || strings.ContainsRune(svg, 0) {
		t.Error(svg[len(svg)-1500:])
	}
}

func TestCloseTownsShareALink(t *testing.T) {
	m := newMap(t)
	var points []Point
	for i := range 10 {
		p := lille
		p.Name, p.Href, p.Population = fmt.Sprint("Town", i), fmt.Sprint("/towns/", i), 1000-i
		p.Lat += float64(i) * 0.001
		points = append(points, p)
	}
	points = append(points, brussels)
	links := func(svg string) (found []map[string]string) {
		for _, e := range parse(t, svg) {
			if e[""] == "a" {
				found = append(found, e)
			}
		}
		return found
	}
	got := links(m.With(Words{List: "#list"}).SVG("t", points))
	if len(got) != 2 || got[1]["aria-label"] != "Town0, Town1, Town2, Town3, Town4, Town5 +4" || got[1]["href"] != "#list" || got[0]["href"] != "/towns/bruxelles" {
		t.Errorf("%v", got)
	}
	if got = links(m.SVG("t", points)); len(got) != 2 || got[1]["aria-label"] != "Town0" || got[1]["href"] != "/towns/0" {
		t.Errorf("without a list: %v", got)
	}
}

func TestWeight(t *testing.T) {
	m := newMap(t).With(Words{Member: "Commune participante", Mentor: "Commune mentor", List: "#liste"})
	var points []Point
	for i := range 112 {
		points = append(points, Point{
			Name: "Sint-Genesius-Rode " + strconv.Itoa(i), Href: "/towns/sint-genesius-rode-" + strconv.Itoa(i),
			Lat: 49.9 + math.Mod(float64(i)*0.618, 1)*1.3, Lon: 2.4 + math.Mod(float64(i)*0.377, 1)*3.6, Population: 1000 * i, Mentor: i%5 == 0,
		})
	}
	var weights []int
	for _, w := range []Window{North, Whole} {
		svg := m.In(w).SVG("Carte des communes participantes en Belgique et dans le nord de la France", points)
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		zip.Write([]byte(svg))
		zip.Close()
		t.Logf("window %d with %d towns and links: %d bytes, %d compressed", w, len(points), len(svg), zipped.Len())
		weights = append(weights, zipped.Len())
	}
	if weights[0] > 6<<10 {
		t.Errorf("the map of a home page weighs %d bytes compressed", weights[0])
	}
}
