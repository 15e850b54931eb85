package store

import (
	"math"
	"math/bits"
)

// spot is a point on the earth in whole numbers, so that a distance is the same on every machine: floating-point sines
// differ in their last digit between processors, and a rank may hang on it. Fractions have 30 binary digits.
type spot struct {
	lat, lon int64 // ten-thousandths of a degree, as the gazetteer has them
	cos      int64 // of the latitude
}

const (
	fraction   = 30
	one30      = 1 << fraction
	perUnit    = 1965066042 // π · 2^50 / 1,800,000: a ten-thousandth of a degree in radians, with 50 binary digits
	quarter30  = 1686629713 // π / 2
	earthDeci  = 63_710_088 // the mean radius R₁ of the earth in decimetres (Moritz, Geodetic Reference System 1980, 2000)
	unitsRound = 3_600_000  // all around
)

func spotOf(lat, lon float64) spot {
	s := spot{lat: int64(math.Round(lat * 10_000)), lon: int64(math.Round(lon * 10_000))}
	s.cos = sine30(quarter30 - radians30(max(s.lat, -s.lat)))
	return s
}

func radians30(units int64) int64 { return (units * perUnit) >> 20 }

// sine30 is the sine of an angle from 0 to a quarter, by its series.
func sine30(x int64) int64 {
	square := x * x >> fraction
	sum, term := x, x
	for n := int64(2); term != 0; n += 2 {
		term = -(term * square >> fraction) / (n * (n + 1))
		sum += term
	}
	return min(max(sum, 0), one30)
}

// arcsine30 is the angle of a sine from 0 to 1, by its series; above one half by that of half the angle's complement.
func arcsine30(s int64) int64 {
	if s > one30/2 {
		return quarter30 - 2*arcsine30(root((one30-s)<<(fraction-1)))
	}
	square := s * s >> fraction
	sum, term := s, s
	for n := int64(1); term != 0; n += 2 {
		term = (term * square >> fraction) * n / (n + 1)
		sum += term / (n + 2)
	}
	return sum
}

// root is the whole square root of n: the processor's guess, mended.
func root(n int64) int64 {
	r := int64(math.Sqrt(float64(n)))
	for r*r > n {
		r--
	}
	for (r+1)*(r+1) <= n {
		r++
	}
	return r
}

// metres is the great-circle distance by the haversine formula (R. W. Sinnott, Virtues of the Haversine, Sky and
// Telescope 68, 1984), on a sphere of the earth's mean radius.
func (s spot) metres(other spot) int {
	lat, lon := s.lat-other.lat, s.lon-other.lon
	lat, lon = max(lat, -lat), max(lon, -lon)
	lon = min(lon, unitsRound-lon)
	a, b := sine30(radians30(lat)/2), sine30(radians30(lon)/2)
	high, low := bits.Mul64(uint64(b*b), uint64(s.cos*other.cos>>fraction))
	haversine := min(a*a+int64(high<<(64-fraction)|low>>fraction), one30*one30)
	return int(2 * arcsine30(root(haversine)) * earthDeci >> fraction / 10)
}
