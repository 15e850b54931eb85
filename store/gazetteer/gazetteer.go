// Package gazetteer knows the municipalities of Belgium and France: their official codes, their names in the languages
// they have one in, population, position and postal codes. The data is embedded.
//
// It does not know which towns are members, nor towns of other countries: those are records of package store.
package gazetteer

// TOWN_DATA names a folder with towns.csv, towns-fr.csv and areas.csv.
//go:generate go run ./generate -from $TOWN_DATA -to towns.bin.gz

import (
	"math"
	"slices"
	"strconv"
)

// Attribution is the notice that the licences of the data ask for. It belongs on a page that shows the data.
const Attribution = "Statbel (CC BY 4.0); FPS BOSA BeST (CC BY 4.0); INSEE, La Poste, IGN, Etalab (Licence Ouverte 2.0); GeoNames (CC BY 4.0); Natural Earth"

// Town is a municipality as the official registers know it.
type Town struct {
	// Code is the country and the official code: NIS in Belgium, INSEE in France, as in "BE-56044".
	Code string
	// Name is the official name, in the first official language.
	Name string
	// NameFR, NameNL and NameDE are empty where no name is recorded in that language.
	NameFR, NameNL, NameDE string
	// Region and Area (province or department) are ISO 3166-2 codes. Brussels has no Area.
	Region, Area string
	// Country is "BE" or "FR".
	Country string
	// Languages are the official languages. The slice is shared and must not be changed.
	Languages  []string
	Population int
	// Lat and Lon are degrees (WGS84) of a point inside the town, not of its town hall.
	Lat, Lon    float64
	PostalCodes []string
}

// NameIn is the name that a reader of that language knows, or the official name where there is none.
func (t Town) NameIn(lang string) string {
	name := ""
	switch lang {
	case "fr":
		name = t.NameFR
	case "nl":
		name = t.NameNL
	case "de":
		name = t.NameDE
	}
	if name == "" {
		return t.Name
	}
	return name
}

// Gazetteer holds all towns. It never changes after Load, so any number of goroutines may use it at once.
type Gazetteer struct {
	towns     []entry      // by population, largest first, then by code: a smaller index is the better answer
	codes     []uint32     // packed codes in order
	codeTowns []uint16     // the town of each packed code
	postalOf  []postalCode // the postal codes of all towns, town after town
	postal    []postalTown // the same by postal code, then by town
	languages [][]string
	areas     []area
	raw       string        // the decompressed file, which holds the names
	index     func() *index // made when somebody searches first
}

// entry is a town without any memory of its own: the names are parts of the decompressed file.
type entry struct {
	code       uint32
	population uint32
	lat, lon   int32 // ten-thousandths of a degree
	name       span
	other      [3]span // French, Dutch, German
	postal     uint16  // first in postalOf
	postals    uint8
	language   uint8
	region     uint8 // index into areas plus one
	area       uint8
}

type postalTown struct {
	code postalCode
	town uint16
}

type area struct {
	code string
	name [4]string // French, Dutch, German, English
}

// Len is the number of towns.
func (g *Gazetteer) Len() int { return len(g.towns) }

// Codes lists the codes of all municipalities, in the order of the data.
func (g *Gazetteer) Codes() []string {
	codes := make([]string, len(g.towns))
	for i := range g.towns {
		codes[i] = g.town(uint16(i)).Code
	}
	return codes
}

// Town returns the town with an official code such as "BE-56044", written exactly so.
func (g *Gazetteer) Town(code string) (Town, bool) {
	i, ok := g.codeTown(code)
	if !ok {
		return Town{}, false
	}
	return g.town(i), true
}

func (g *Gazetteer) codeTown(code string) (uint16, bool) {
	packed, ok := packCode(code)
	if !ok {
		return 0, false
	}
	i, found := slices.BinarySearch(g.codes, packed)
	if !found {
		return 0, false
	}
	return g.codeTowns[i], true
}

// span is a part of the decompressed file: where it starts, times 256, plus its length.
type span uint32

func (g *Gazetteer) text(s span) string { return g.raw[s>>8 : s>>8+s&0xFF] }

func (g *Gazetteer) postalCodesOf(i uint16) []postalCode {
	e := &g.towns[i]
	return g.postalOf[e.postal : int(e.postal)+int(e.postals)]
}

func (g *Gazetteer) town(i uint16) Town {
	e := &g.towns[i]
	t := Town{
		Code:       unpackCode(e.code),
		Name:       g.text(e.name),
		NameFR:     g.text(e.other[0]),
		NameNL:     g.text(e.other[1]),
		NameDE:     g.text(e.other[2]),
		Languages:  g.languages[e.language],
		Population: int(e.population),
		Lat:        float64(e.lat) / perDegree,
		Lon:        float64(e.lon) / perDegree,
	}
	t.Country = t.Code[:2]
	if e.region > 0 {
		t.Region = g.areas[e.region-1].code
	}
	if e.area > 0 {
		t.Area = g.areas[e.area-1].code
	}
	for _, p := range g.postalCodesOf(i) {
		t.PostalCodes = append(t.PostalCodes, p.String())
	}
	return t
}

// AreaName is the name of a country, region, province or department in that language, in French where it has no
// other, and empty for an unknown code.
func (g *Gazetteer) AreaName(code, lang string) string {
	for _, a := range g.areas {
		if a.code != code {
			continue
		}
		if i := slices.Index([]string{"fr", "nl", "de", "en"}, lang); i > 0 && a.name[i] != "" {
			return a.name[i]
		}
		return a.name[0]
	}
	return ""
}

// Distance is the great-circle distance in kilometres.
func Distance(a, b Town) float64 {
	const radius, degree = 6371.0088, math.Pi / 180
	dLat, dLon := (b.Lat-a.Lat)*degree/2, (b.Lon-a.Lon)*degree/2
	h := math.Sin(dLat)*math.Sin(dLat) + math.Cos(a.Lat*degree)*math.Cos(b.Lat*degree)*math.Sin(dLon)*math.Sin(dLon)
	return 2 * radius * math.Asin(math.Sqrt(min(1, h)))
}

// belgianCodes is one more than the largest packed Belgian code: 36 to the power of 5.
const belgianCodes = 60466176

// packCode turns "BE-56044" or "FR-2A004" into a number that keeps the order of codes.
func packCode(code string) (uint32, bool) {
	if len(code) != 8 || code[2] != '-' {
		return 0, false
	}
	packed := uint32(0)
	switch code[:2] {
	case "BE":
	case "FR":
		packed = 1 // the digit above the five of the code
	default:
		return 0, false
	}
	for _, c := range []byte(code[3:]) {
		digit := uint32(0)
		switch {
		case c >= '0' && c <= '9':
			digit = uint32(c - '0')
		case c >= 'A' && c <= 'Z':
			digit = uint32(c-'A') + 10
		default:
			return 0, false
		}
		packed = packed*36 + digit
	}
	return packed, true
}

func unpackCode(packed uint32) string {
	text := []byte("BE-00000")
	for i := 7; i > 2; i-- {
		text[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[packed%36]
		packed /= 36
	}
	if packed > 0 {
		copy(text, "FR")
	}
	return string(text)
}

// postalCode is the code's digits filled up to five with zeros, times two, plus one if it has five digits: numeric
// order is then the order of the written codes, a prefix before what it begins.
type postalCode uint32

func packPostal(number uint32, digits int) postalCode {
	if digits == 4 {
		return postalCode(number * 10 * 2)
	}
	return postalCode(number*2 + 1)
}

func (p postalCode) String() string {
	text := strconv.Itoa(100000 + int(p/2))[1:]
	if p%2 == 0 {
		return text[:4]
	}
	return text
}
