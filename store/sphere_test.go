package store

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDistancesInWholeNumbers compares them with the formula in floating point, near and far, at the poles and across
// the date line.
func TestDistancesInWholeNumbers(t *testing.T) {
	degrees := func(n int64) float64 { return float64(n) / 10_000 }
	float := func(a, b spot) float64 {
		rad := math.Pi / 180
		lat, lon := (degrees(b.lat)-degrees(a.lat))*rad, (degrees(b.lon)-degrees(a.lon))*rad
		h := math.Pow(math.Sin(lat/2), 2) + math.Cos(degrees(a.lat)*rad)*math.Cos(degrees(b.lat)*rad)*math.Pow(math.Sin(lon/2), 2)
		return 2 * 6371008.8 * math.Asin(math.Min(1, math.Sqrt(h)))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		a := spotOf(degrees(r.Int64N(1_800_001)-900_000), degrees(r.Int64N(3_600_001)-1_800_000))
		b := spotOf(degrees(r.Int64N(1_800_001)-900_000), degrees(r.Int64N(3_600_001)-1_800_000))
		if r.IntN(2) == 0 { // a neighbour
			b = spotOf(min(90, degrees(a.lat+r.Int64N(20_000))), degrees(a.lon+r.Int64N(20_000)))
		}
		got, wanted := float64(a.metres(b)), float(a, b)
		if wanted < 19_900_000 && math.Abs(got-wanted) > 5+wanted/1e6 {
			t.Fatalf("%v to %v: %.0f m, the formula says %.1f", a, b, got, wanted)
		}
		if a.metres(b) != b.metres(a) {
			t.Fatalf("%v and %v: %d there, %d back", a, b, a.metres(b), b.metres(a))
		}
	}
	namur, lille := spotOf(50.4667, 4.8667), spotOf(50.6333, 3.0667)
	if km := (namur.metres(lille) + 500) / 1000; km != 128 && km != 129 {
		t.Errorf("Namur to Lille: %d km", km)
	}
	if namur.metres(namur) != 0 {
		t.Error("a town is not where it is")
	}
}
