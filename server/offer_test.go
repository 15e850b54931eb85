package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"belfry/store"
)

func TestAProviderNamesItsPeople(t *testing.T) {
	s := newSite(t)
	boss := s.Join(t, "Sam Soigne", "BE-63023")
	steward := s.With(t, boss, store.RoleSteward)
	lena, jef := s.mentorTown(t, "Lena Exemple", "BE-92094", 1), s.mentorTown(t, "Jef Voorbeeld", "BE-34022", 1)
	typed := url.Values{"name": {"Atelier d’essai"}, "kind": {"company"}, "service_training": {"1"}, "speaks_fr": {"1"}, "lang": {"fr"}, "contact": {"par courriel"}, "people": {"@personne-la"}}
	provider := s.as(jef)
	provider.post("/services/new", typed).holds(t, 422, `value="@personne-la"`, "ne fait pas partie de la communauté")
	typed.Set("people", "")
	provider.post("/services/new", typed).holds(t, 303)
	rows, err := s.Providers(ctx, steward, store.ProviderQuery{})
	ok(t, err)
	ask := url.Values{"provider_" + rows[0].Provider.ID: {"1"}, "subject": {"Former trois agents"}, "text": {"En mai."}}
	s.as(lena).post("/services/ask", ask).holds(t, 303)
	if !slices.ContainsFunc(s.letters(t, boss), func(m store.Mail) bool { return strings.Contains(m.Text, "Personne n’agit ici") }) {
		t.Error("the steward is not told whom to call")
	}
	typed.Set("people", "@"+lena.Handle)
	provider.post("/services/"+rows[0].Provider.Slug+"/edit", typed).holds(t, 303)
	s.as(lena).get("/services/"+rows[0].Provider.Slug+"/edit").holds(t, 200, `value="`+lena.Handle+`"`)
	s.visitor().get("/services/"+rows[0].Provider.Slug).holds(t, 200, "Personnes qui agissent", `href="/people/`+lena.Handle+`"`)
}
