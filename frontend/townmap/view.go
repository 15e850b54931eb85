package townmap

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// View is the part of a window that a map shows: the whole window, or a part that is smaller by half with each step.
// The zero View is the whole of North.
type View struct {
	Window Window
	Zoom   int     // 0 is the whole window
	X, Y   float64 // the middle, in units of the window; not used for the whole
}

// most is how often a window can be halved before its outlines are too coarse.
func (w Window) most() int {
	if w == Whole {
		return 4
	}
	return 3
}

// scale is how much larger a view draws than its window.
func (v View) scale() float64 { return math.Exp2(float64(v.Zoom)) }

// corner is the upper left of a view, in units of the window.
func (v View) corner() (x, y float64) {
	if v.Zoom == 0 {
		return 0, 0
	}
	width, height := v.Window.Size()
	return v.X - width/v.scale()/2, v.Y - height/v.scale()/2
}

// within keeps a view inside its window.
func (v View) within() View {
	v.Zoom = min(max(v.Zoom, 0), v.Window.most())
	if v.Zoom == 0 {
		return View{Window: v.Window}
	}
	width, height := v.Window.Size()
	across, down := width/v.scale()/2, height/v.scale()/2
	v.X, v.Y = math.Round(min(max(v.X, across), width-across)), math.Round(min(max(v.Y, down), height-down))
	return v
}

// String is the view in an address; "" for a whole window.
func (v View) String() string {
	if v.Zoom == 0 {
		return ""
	}
	return fmt.Sprintf("%s,%d,%.0f,%.0f", v.Window.view().name, v.Zoom, v.X, v.Y)
}

// Exact is the view with its middle, whole windows too: for scripts that reckon from it.
func (v View) Exact() string {
	width, height := v.Window.Size()
	if v.Zoom == 0 {
		v.X, v.Y = width/2, height/2
	}
	return fmt.Sprintf("%s,%d,%.0f,%.0f,%d", v.Window.view().name, v.Zoom, v.X, v.Y, v.Window.most())
}

// ParseView reads what String wrote, and says whether it could. Numbers out of bounds are brought inside.
func ParseView(text string) (View, bool) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 || len(text) > 40 {
		return View{}, false
	}
	for w := range windows {
		if w.view().name != parts[0] {
			continue
		}
		zoom, err := strconv.Atoi(parts[1])
		x, bad := strconv.Atoi(parts[2])
		y, worse := strconv.Atoi(parts[3])
		if err != nil || bad != nil || worse != nil || zoom < 1 {
			return View{}, false
		}
		return View{Window: w, Zoom: zoom, X: float64(x), Y: float64(y)}.within(), true
	}
	return View{}, false
}

// In is the view one step nearer; Out the one that is one step further away. The middle stays.
func (v View) In() View {
	if v.Zoom == 0 {
		width, height := v.Window.Size()
		v.X, v.Y = width/2, height/2
	}
	v.Zoom++
	return v.within()
}

// Out is one step further away.
func (v View) Out() View { v.Zoom--; return v.within() }

// around is one step nearer, with a point of the window in its middle.
func (v View) around(x, y float64) View {
	return View{Window: v.Window, Zoom: v.Zoom + 1, X: x, Y: y}.within()
}

// Moved is the view beside this one: half a picture to the right and down, or with negative numbers to the left and up.
func (v View) Moved(right, down int) View {
	width, height := v.Window.Size()
	v.X += float64(right) * width / v.scale() / 2
	v.Y += float64(down) * height / v.scale() / 2
	return v.within()
}

// Nearest says whether the view cannot go nearer.
func (v View) Nearest() bool { return v.Zoom >= v.Window.most() }

// Shows says whether a place is in the view.
func (v View) Shows(lat, lon float64) bool {
	x, y, inside := v.Window.XY(lat, lon)
	left, top := v.corner()
	width, height := v.Window.Size()
	return inside && x >= left && y >= top && x <= left+width/v.scale() && y <= top+height/v.scale()
}
