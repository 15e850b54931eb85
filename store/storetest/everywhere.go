package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
)

// Everywhere makes every municipality of the gazetteer a member town with a profile, record by record: 35,440 towns in
// some seconds. The profiles differ, the same way each time. It must be called before anything asks about all towns.
func (h *Hub) Everywhere(t testing.TB) int {
	t.Helper()
	ctx := context.Background()
	all, err := h.Skills(ctx, "fr")
	if err != nil {
		t.Fatal(err)
	}
	codes := h.Gazetteer().Codes()
	for from := 0; from < len(codes); from += 5000 {
		batch := codes[from:min(from+5000, len(codes))]
		err := h.DB.Update(ctx, "everywhere", func(tx kv.Tx) error {
			for i, code := range batch {
				h.put(t, tx, all, from+i, code)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return len(codes)
}

func (h *Hub) put(t testing.TB, tx kv.Tx, all []store.Skill, n int, code string) {
	real, _ := h.Gazetteer().Town(code)
	town := store.Town{ID: fmt.Sprintf("00000000-0000-7000-8000-%012d", n), Code: code, Slug: strings.ToLower(code), Name: real.Name, Country: real.Country, Area: real.Area,
		Languages: real.Languages, Population: real.Population, Lat: real.Lat, Lon: real.Lon, State: store.TownMember, Welcomed: h.Now(), Created: h.Now(), Changed: h.Now(),
		Staff: []store.Staff{store.StaffNone, store.StaffOne, store.StaffFew, store.StaffTeam}[n%4]}
	p := &town.Profile
	for k := range n % 4 {
		p.Teaches = append(p.Teaches, all[(n*7+k*13)%len(all)].ID)
		p.Needs = append(p.Needs, all[(n*11+k*17)%len(all)].ID)
	}
	p.Hosting, p.Speaks, p.Confirmed = store.Hostings()[n%4], real.Languages, h.Now().Add(-time.Duration(n%400)*24*time.Hour)
	if n%5 == 0 {
		p.Offers, p.Places = true, 1+n%3
	}
	value, err := json.Marshal(town)
	if err != nil {
		t.Fatal(err)
	}
	tx.Put([]byte("town/"+town.ID), value)
	tx.Put([]byte("town.code/"+code), []byte(town.ID))
	tx.Put([]byte("town.slug/"+town.Slug), []byte(town.ID))
	tx.Put([]byte("town.state/member\x00"+strings.ToLower(town.Name)+"\x00"+town.ID), nil)
}
