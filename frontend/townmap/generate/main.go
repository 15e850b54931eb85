// Command generate projects outline.geojson and context.geojson of a folder into the windows of package townmap, cuts
// them off there, rounds to whole units and writes them as SVG paths, one line for each: window, class, path.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"strings"

	"belfry/frontend/townmap"
)

const (
	margin = 12 // units that an outline goes on outside, so that the line along the cut is not seen
	islet  = 6  // square units below which a piece is left out
)

func main() {
	log.SetFlags(0)
	from := flag.String("from", "", "folder with outline.geojson and context.geojson")
	to := flag.String("to", "outlines.txt", "file to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		log.Fatal("generate: ", err)
	}
}

type collection struct {
	Features []struct {
		Properties struct{ Code, Level string }
		Geometry   struct {
			Type        string
			Coordinates json.RawMessage
		}
	}
}

type point struct{ x, y float64 }

func run(from, to string) error {
	context, err := outlines(filepath.Join(from, "context.geojson"), "context")
	if err != nil {
		return err
	}
	countries, err := outlines(filepath.Join(from, "outline.geojson"), "country")
	if err != nil {
		return err
	}
	var out strings.Builder
	for window, name := range []string{townmap.North: "north", townmap.Whole: "whole"} {
		window := townmap.Window(window)
		land := ""
		for _, ring := range context {
			land += path(window, ring)
		}
		fmt.Fprintf(&out, "%s land %s\n", name, land)
		for _, ring := range countries {
			if d := path(window, ring); d != "" {
				fmt.Fprintf(&out, "%s home %s\n", name, d)
			}
		}
	}
	return os.WriteFile(to, []byte(out.String()), 0o644)
}

// outlines reads the rings of one level, longitude before latitude.
func outlines(path, level string) ([][][2]float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c collection
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var rings [][][2]float64
	for _, f := range c.Features {
		if f.Properties.Level != level {
			continue
		}
		var shapes [][][][2]float64
		if f.Geometry.Type == "Polygon" {
			shapes = make([][][][2]float64, 1)
			err = json.Unmarshal(f.Geometry.Coordinates, &shapes[0])
		} else {
			err = json.Unmarshal(f.Geometry.Coordinates, &shapes)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, f.Properties.Code, err)
		}
		for _, shape := range shapes {
			rings = append(rings, shape...)
		}
	}
	return rings, nil
}

// path is the part of a ring in the window, in whole units with relative steps. Rounding is all the simplification
// there is: it moves the two sides of a border alike, so that no gap opens between neighbours.
func path(window townmap.Window, ring [][2]float64) string {
	points := make([]point, 0, len(ring))
	for _, c := range ring[:len(ring)-1] {
		x, y, _ := window.XY(c[1], c[0])
		points = append(points, point{math.Round(x), math.Round(y)})
	}
	width, height := window.Size()
	points = cut(points, func(p point) float64 { return p.x + margin })
	points = cut(points, func(p point) float64 { return width + margin - p.x })
	points = cut(points, func(p point) float64 { return p.y + margin })
	points = cut(points, func(p point) float64 { return height + margin - p.y })
	for i := range points {
		points[i] = point{math.Round(points[i].x), math.Round(points[i].y)}
	}
	points = plain(points)
	if area(points) < islet {
		return ""
	}
	var d strings.Builder
	fmt.Fprintf(&d, "M%g %gl", points[0].x, points[0].y)
	for i, p := range points[1:] {
		step := fmt.Sprintf("%g %g", p.x-points[i].x, p.y-points[i].y)
		step = strings.ReplaceAll(step, " -", "-")
		if i > 0 && step[0] != '-' {
			d.WriteByte(' ')
		}
		d.WriteString(step)
	}
	return d.String() + "z"
}

// cut keeps the part of a ring where inside is not negative (Sutherland and Hodgman 1974).
func cut(ring []point, inside func(point) float64) []point {
	var kept []point
	for i, p := range ring {
		last := ring[(i+len(ring)-1)%len(ring)]
		from, to := inside(last), inside(p)
		if from < 0 != (to < 0) {
			share := from / (from - to)
			kept = append(kept, point{last.x + share*(p.x-last.x), last.y + share*(p.y-last.y)})
		}
		if to >= 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

// plain leaves out points on the straight line between their neighbours, spikes of no width included.
func plain(ring []point) []point {
	for {
		kept := ring[:0:0]
		for i, p := range ring {
			next := ring[(i+1)%len(ring)]
			last := ring[(i+len(ring)-1)%len(ring)]
			if len(kept) > 0 {
				last = kept[len(kept)-1]
			}
			if p != next && (p.x-last.x)*(next.y-p.y) != (p.y-last.y)*(next.x-p.x) {
				kept = append(kept, p)
			}
		}
		if len(kept) == len(ring) {
			return kept
		}
		ring = kept
	}
}

func area(ring []point) (sum float64) {
	for i, p := range ring {
		next := ring[(i+1)%len(ring)]
		sum += p.x*next.y - next.x*p.y
	}
	return math.Abs(sum) / 2
}
