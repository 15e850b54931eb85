package townmap

import "math"

// Window is a part of the world that a map can show.
type Window int

const (
	// North is Belgium and the north of France, about 370 by 240 kilometres.
	North Window = iota
	// Whole is Belgium and the whole of metropolitan France.
	Whole
	windows
)

// view is how a window is drawn: Lambert's conformal conic projection of a sphere, which keeps shapes, and between its
// two standard parallels also distances to within a few parts in a thousand.
type view struct {
	name          string
	width, height float64
	south, north  float64 // standard parallels
	lat, lon      float64 // what is drawn at x and y
	x, y          float64
	radius        float64 // of the Earth, in units of the map
	texts         []text
}

// text is a name on the ground, in the language spoken there.
type text struct {
	class, name, lang string
	x, y              int
	anchor            string // "end" or "middle", empty for the start
}

func (w Window) view() view {
	if w == Whole {
		return view{
			name: "whole", width: 800, height: 795, south: 44, north: 50, lat: 46.5, lon: 2.6, x: 391, y: 400, radius: 4334,
			texts: []text{
				{class: "land", name: "España", lang: "es", x: 140, y: 735},
				{class: "land", name: "Italia", lang: "it", x: 792, y: 520, anchor: "end"},
				{class: "land", name: "Deutschland", lang: "de", x: 792, y: 110, anchor: "end"},
				{class: "sea", name: "Atlantique", lang: "fr", x: 70, y: 440},
			},
		}
	}
	return view{
		name: "north", width: 800, height: 525, south: 49 + 5.0/6, north: 51 + 1.0/6, lat: 50.5, lon: 4.2, x: 446, y: 261.7, radius: 13840,
		texts: []text{
			{class: "sea", name: "Mer du Nord · Noordzee", x: 60, y: 95},
			{class: "land", name: "Nederland", lang: "nl", x: 640, y: 46},
			{class: "land", name: "Deutschland", lang: "de", x: 792, y: 165, anchor: "end"},
			{class: "land", name: "France", lang: "fr", x: 520, y: 500},
		},
	}
}

// Size is the width and the height of the window in units of the map.
func (w Window) Size() (width, height float64) {
	v := w.view()
	return v.width, v.height
}

// XY projects degrees to units of the map and says whether the place lies inside the window.
func (w Window) XY(lat, lon float64) (x, y float64, inside bool) {
	v := w.view()
	if !(lat > -80 && lat < 89 && lon >= -180 && lon <= 180) { // the cone ends at the pole; also false for NaN
		return 0, 0, false
	}
	const degree = math.Pi / 180
	half := func(lat float64) float64 { return math.Tan(math.Pi/4 + lat*degree/2) }
	n := math.Log(math.Cos(v.south*degree)/math.Cos(v.north*degree)) / math.Log(half(v.north)/half(v.south))
	f := v.radius * math.Cos(v.south*degree) * math.Pow(half(v.south), n) / n
	rho, rho0 := f/math.Pow(half(lat), n), f/math.Pow(half(v.lat), n)
	angle := n * (lon - v.lon) * degree
	x, y = v.x+rho*math.Sin(angle), v.y-rho0+rho*math.Cos(angle)
	return x, y, x >= 0 && x <= v.width && y >= 0 && y <= v.height
}
