package gazetteer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

var loaded = sync.OnceValues(Load)

func load1(t testing.TB) *Gazetteer {
	t.Helper()
	g, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTowns(t *testing.T) {
	g := load1(t)
	if g.Len() != 35440 {
		t.Errorf("there are %d towns, want 565 Belgian and 34,875 French", g.Len())
	}
	people := map[string]int{}
	for i := range g.towns {
		town := g.town(uint16(i))
		people[town.Country] += town.Population
		if again, ok := g.Town(town.Code); !ok || again.Name != town.Name {
			t.Fatalf("%s is not found by its code", town.Code)
		}
		if !utf8.ValidString(town.Name) || town.Name == "" || len(town.PostalCodes) == 0 || len(town.Languages) == 0 || g.AreaName(town.Region, "fr") == "" {
			t.Fatalf("incomplete: %+v", town)
		}
		if town.Area == "" && town.Region != "BE-BRU" || town.Area != "" && g.AreaName(town.Area, "de") == "" {
			t.Fatalf("no area: %+v", town)
		}
	}
	if people["BE"] != 11867634 || people["FR"] != 68350798 {
		t.Errorf("population %v", people)
	}
}

func TestTown(t *testing.T) {
	g := load1(t)
	liege, ok := g.Town("BE-62063")
	if !ok || liege.Name != "Liège" || liege.NameNL != "Luik" || liege.NameDE != "Lüttich" || liege.Region != "BE-WAL" || liege.Area != "BE-WLG" ||
		liege.Country != "BE" || liege.Population != 198102 || liege.Lat != 50.6318 || liege.Lon != 5.5904 ||
		!slices.Equal(liege.PostalCodes, []string{"4000", "4020", "4030", "4031", "4032"}) || !slices.Equal(liege.Languages, []string{"fr"}) {
		t.Errorf("%+v", liege)
	}
	brussels, _ := g.Town("BE-21004")
	if brussels.NameIn("nl") != "Brussel" || brussels.NameIn("fr") != "Bruxelles" || brussels.NameIn("en") != "Bruxelles" || len(brussels.Languages) != 2 || brussels.Area != "" {
		t.Errorf("%+v", brussels)
	}
	small, _ := g.Town("FR-01001")
	if small.Name != "L'Abergement-Clémenciat" || small.NameFR != small.Name || small.NameNL != "" || small.PostalCodes[0] != "01400" {
		t.Errorf("%+v", small)
	}
	if corsican, ok := g.Town("FR-2A004"); !ok || corsican.Name != "Ajaccio" {
		t.Errorf("%+v", corsican)
	}
	for _, code := range []string{"", "BE-00000", "be-62063", "BE62063", "XX-62063", "BE-6206", "BE-62063 ", "\x00\xff"} {
		if town, ok := g.Town(code); ok {
			t.Errorf("%q found %s", code, town.Name)
		}
	}
}

func TestAreaName(t *testing.T) {
	g := load1(t)
	for _, c := range [][3]string{
		{"BE-WHT", "nl", "Henegouwen"}, {"BE-WHT", "fr", "Hainaut"}, {"BE-BRU", "en", "Brussels-Capital Region"},
		{"FR-59", "nl", "Nord"}, {"FR-HDF", "de", "Hauts-de-France"}, {"BE", "de", "Belgien"}, {"BE-WHT", "", "Hainaut"}, {"XX", "fr", ""},
	} {
		if got := g.AreaName(c[0], c[1]); got != c[2] {
			t.Errorf("%s in %q is %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestDistance(t *testing.T) {
	g := load1(t)
	between := func(a, b string) float64 {
		first, _ := g.Town(a)
		second, _ := g.Town(b)
		return Distance(first, second)
	}
	// Lille to Brussels is some 93 km, Brussels to Marseille some 840.
	if km := between("FR-59350", "BE-21004"); math.Abs(km-93) > 4 {
		t.Errorf("Lille is %f km from Brussels", km)
	}
	if km := between("BE-21004", "FR-13055"); math.Abs(km-840) > 10 {
		t.Errorf("Marseille is %f km from Brussels", km)
	}
	if km := between("BE-21004", "BE-21004"); km != 0 {
		t.Errorf("Brussels is %f km from itself", km)
	}
	if a, b := between("FR-59350", "FR-97411"), between("FR-97411", "FR-59350"); a != b {
		t.Errorf("there %f, back %f", a, b)
	}
}

func TestDamagedData(t *testing.T) {
	for _, at := range []int{0, 3, 10, len(packed) / 2, len(packed) - 6, len(packed) - 2} {
		damaged := bytes.Clone(packed)
		damaged[at] ^= 0x40
		if at == 3 {
			continue // a flag of gzip that names nothing we read
		}
		if _, err := load(damaged); err == nil && at > 9 {
			t.Errorf("byte %d was changed and nobody noticed", at)
		}
	}
	if _, err := load(packed[:len(packed)/2]); err == nil {
		t.Error("half a file was accepted")
	}
	if _, err := load(nil); err == nil {
		t.Error("no file was accepted")
	}
}

// TestNumbersOutOfBounds: a number that does not fit is damage, not another number.
func TestNumbersOutOfBounds(t *testing.T) {
	town := func(change int, to int64) []byte {
		numbers := []int64{0, 0, 0, 116_000, 504_667, 48_667} // region, area, language, population, position
		if change >= 0 {
			numbers[change] = to
		}
		data := []byte("\x01\x00\x02fr\x01BE-92094\x05Namur\x00\x00\x00")
		for i, n := range numbers {
			if i < 4 {
				data = binary.AppendUvarint(data, uint64(n))
			} else {
				data = binary.AppendVarint(data, n)
			}
		}
		return binary.AppendVarint(append(data, 1), 5000)
	}
	var g Gazetteer
	if err := g.decode(town(-1, 0)); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []struct {
		number int
		to     int64
	}{{0, 256}, {1, 256}, {2, 256}, {3, 1 << 32}, {3, -1}, {4, 900_001}, {4, 1<<32 + 504_667}, {4, math.MinInt64}, {5, -1_800_001}, {5, math.MaxInt64}} {
		var g Gazetteer
		if err := g.decode(town(wrong.number, wrong.to)); !errors.Is(err, errDamaged) {
			t.Errorf("number %d is %d: %v", wrong.number, wrong.to, err)
		}
	}
}

func TestMemory(t *testing.T) {
	used := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	g, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	after := used()
	bytes := int64(after) - int64(before) + int64(len(packed))
	t.Logf("the gazetteer takes %.1f MiB, %d KiB of it in the program", float64(bytes)/(1<<20), len(packed)/1024)
	if bytes > 15<<20 {
		t.Errorf("the gazetteer takes %d bytes", bytes)
	}
	runtime.KeepAlive(g)
}

func TestSearchAtOnce(t *testing.T) {
	g := load1(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, q := range []string{"tournai", "tournaai", "5060", "st gilles", "l"} {
				if len(g.Search(q, 5)) == 0 {
					t.Errorf("%q found nothing", q)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	g := load1(b)
	for _, q := range []string{"tournai", "s", "saint", "5060", "tournaai", "sambrevile", "st giles", "saint pierre de xyz", strings.Repeat("saint ", 10)} {
		b.Run(q, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Search(q, 10)
			}
		})
	}
}
