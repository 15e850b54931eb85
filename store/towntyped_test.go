package store_test

import (
	"strings"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

func TestATownIsFoundAsItIsTyped(t *testing.T) {
	h := storetest.Open(t)
	lena := village(t, h, "BE-92094", "Lena Exemple")[0] // Namur
	for _, c := range []struct {
		typed, lang string
		found       store.JoinInput
		problem     string
	}{
		{"Namur", "fr", store.JoinInput{TownID: lena.TownID()}, ""},
		{" namen ", "fr", store.JoinInput{TownID: lena.TownID()}, ""},
		{"Courtrai", "fr", store.JoinInput{TownCode: "BE-34022"}, ""},
		{"kortrijk", "de", store.JoinInput{TownCode: "BE-34022"}, ""},
		{"Saint-Aubin", "fr", store.JoinInput{}, "town.merge_twice"},
		{"Nulle-Part-sur-Rien", "fr", store.JoinInput{}, "member.town_unknown"},
		{"  ", "fr", store.JoinInput{}, "invalid.required"},
		{strings.Repeat("é", store.MaxName+1), "fr", store.JoinInput{}, "invalid.too_long"},
	} {
		got, err := h.TownTyped(ctx, "into", c.typed, c.lang)
		if want(t, got, c.found); c.problem != "" {
			wantKind(t, err, store.Invalid, c.problem)
		} else {
			ok(t, err)
		}
	}
}
