package store

import (
	"context"
	"strings"
)

// TownTyped finds the town that somebody typed the name of in a field, as a reader of a language calls it: a welcomed one,
// see TownNamed, else the one municipality of the gazetteer of that name. Invalid in the field when there is none, or when
// several are called so and only their addresses tell them apart.
func (s *Store) TownTyped(ctx context.Context, field, name, lang string) (JoinInput, error) {
	var c check
	name = c.required(field, strings.ToValidUTF8(name, ""), MaxName)
	if err := c.err(); err != nil {
		return JoinInput{}, err
	}
	town, err := s.TownNamed(ctx, name)
	if KindOf(err) != NotFound {
		return JoinInput{TownID: town.ID}, err
	}
	code := ""
	for _, one := range s.gazetteer.Search(name, 8) {
		if fold(one.Name) != fold(name) && fold(one.NameIn(lang)) != fold(name) {
			continue
		}
		if code != "" && code != one.Code {
			return JoinInput{}, invalid(field, "town.merge_twice")
		}
		code = one.Code
	}
	if code == "" {
		return JoinInput{}, invalid(field, "member.town_unknown")
	}
	return JoinInput{TownCode: code}, nil
}
