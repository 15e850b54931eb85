package store_test

import (
	"strings"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// aboutDelib is an application as somebody types it.
func aboutDelib() store.AppInput {
	return store.AppInput{Name: "Délib d’essai", License: "EUPL-1.2", Status: "stable", Domain: store.DomainDemocracy, Languages: []string{"fr", "nl"},
		Short: map[string]string{"fr": "Préparer et publier les conseils.", "nl": "Raden voorbereiden."}, Version: "4.0"}
}

// village is a welcomed town with its coordinator and a colleague.
func village(t *testing.T, h *storetest.Hub, code string, names ...string) []store.Member {
	t.Helper()
	var people []store.Member
	for i, name := range names {
		m := h.Join(t, name, code)
		if i == 0 {
			ok(t, h.WelcomeTown(ctx, store.System(), m.TownID()))
			ok(t, h.SetCoordinator(ctx, store.System(), m.ID, true))
		} else {
			ok(t, h.WelcomePerson(ctx, store.System(), m.ID))
		}
		m, err := h.MemberByID(ctx, m.ID)
		ok(t, err)
		people = append(people, m)
	}
	return people
}

func TestAnApplicationIsEnteredFoundAndRenamed(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := village(t, h, "BE-92094", "Lena Exemple")[0]
		stranger := h.Join(t, "Nora Nouvelle", "BE-52011")
		_, err := h.AddApp(ctx, store.As(stranger.ID), aboutDelib())
		wantKind(t, err, store.Denied, "app.not_welcomed")
		app, err := h.AddApp(ctx, store.As(lena.ID), aboutDelib())
		ok(t, err)
		want(t, app.Slug, "delib-d-essai")
		in := aboutDelib()
		in.Name = "Conseil d’essai"
		_, err = h.EditApp(ctx, store.As(stranger.ID), app.ID, in)
		wantKind(t, err, store.Denied, "app.not_yours")
		_, err = h.EditApp(ctx, store.As(lena.ID), app.ID, in)
		ok(t, err)
		page, err := h.AppPage(ctx, store.Visitor(), "delib-d-essai")
		ok(t, err)
		want(t, page.Moved, true)
		want(t, page.App.Slug, "conseil-d-essai")
		list, err := h.Apps(ctx, store.AppQuery{Text: "PREPARER", Domain: store.DomainDemocracy, Lang: "nl", License: "EUPL-1.2", Limit: 10})
		ok(t, err)
		want(t, list.Total, 1)
		list, err = h.Apps(ctx, store.AppQuery{Lang: "de", Limit: 10})
		ok(t, err)
		want(t, list.Total, 0)
		sound(t, h)
	})
}

func TestAnApplicationSaysWhatIsMissing(t *testing.T) {
	h := storetest.Open(t)
	_, err := h.AddApp(ctx, store.System(), store.AppInput{Status: "finished", Domain: "other", URL: "ftp://exemple.example", Short: map[string]string{"nl": strings.Repeat("x", 151)},
		Long: map[string]string{"de": "Lang"}, Languages: []string{"xx"}, Released: "hier"})
	for _, field := range []string{"name", "license", "status", "domain", "url", "short_nl", "short_de", "languages", "released"} {
		found := false
		for _, p := range store.ProblemsOf(err) {
			found = found || p.Field == field
		}
		if !found {
			t.Errorf("nothing is said beside %s: %v", field, err)
		}
	}
	// the address of one called by a number would be read as an item of a meeting called "app"
	in := aboutDelib()
	in.Name = "2048"
	app, err := h.AddApp(ctx, store.System(), in)
	ok(t, err)
	want(t, app.Slug, "app-2048")
}

func TestATownSaysWhatItRuns(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		people := village(t, h, "BE-92094", "Lena Exemple", "Zoé Essai")
		lena, zoe := people[0], people[1]
		jef := village(t, h, "BE-34022", "Jef Voorbeeld")[0]
		app, err := h.AddApp(ctx, store.As(jef.ID), aboutDelib())
		ok(t, err)
		h.AppCalled(t, "Guichet d’essai")
		in := store.AppUseInput{State: store.UseRunning, Version: "4.0", Since: "2024-05", Hosting: store.HostingOwn, MayCall: true, Experts: []string{zoe.ID}}
		_, err = h.RunApp(ctx, store.As(zoe.ID), lena.TownID(), app.ID, in)
		wantKind(t, err, store.Denied, "error.not_allowed.town")
		_, err = h.RunApp(ctx, store.As(lena.ID), lena.TownID(), app.ID, in)
		ok(t, err)
		in.Experts = []string{zoe.ID}
		_, err = h.RunApp(ctx, store.As(jef.ID), jef.TownID(), app.ID, in)
		wantKind(t, err, store.Invalid, "app.expert_elsewhere")
		wantKind(t, h.BeExpert(ctx, store.As(jef.ID), app.ID, true), store.Conflict, "app.not_run")
		_, err = h.RunApp(ctx, store.As(jef.ID), jef.TownID(), app.ID, store.AppUseInput{State: store.UseTesting, Since: "2025"})
		ok(t, err)
		ok(t, h.BeExpert(ctx, store.As(jef.ID), app.ID, true))
		page, err := h.AppPage(ctx, store.As(lena.ID), app.Slug)
		ok(t, err)
		want(t, len(page.Uses), 2)
		want(t, page.Uses[0].Town.Slug, "namur")
		want(t, page.Uses[0].Experts[0].Name, "Zoé Essai")
		want(t, page.Uses[1].Experts[0].Name, "Jef Voorbeeld")
		want(t, page.App.Running+10*page.App.Testing, 11)
		want(t, page.MayUse && page.Mine != nil, true)
		rows, err := h.AppsOfTown(ctx, lena.TownID())
		ok(t, err)
		want(t, len(rows), 1)
		list, err := h.Apps(ctx, store.AppQuery{Limit: 10}) // the one that most towns run comes first
		ok(t, err)
		want(t, list.Rows[0].App.ID, app.ID)
		sound(t, h)

		ok(t, h.Leave(ctx, store.As(zoe.ID), "", store.Session{Member: zoe.ID, Proved: h.Now()})) // she is no expert of the town any more
		page, err = h.AppPage(ctx, store.Visitor(), app.Slug)
		ok(t, err)
		want(t, len(page.Uses[0].Experts), 0)
		in.State, in.Experts = store.UseFormer, nil
		_, err = h.RunApp(ctx, store.As(lena.ID), lena.TownID(), app.ID, in)
		ok(t, err)
		ok(t, h.ForgetUse(ctx, store.As(jef.ID), jef.TownID(), app.ID))
		page, err = h.AppPage(ctx, store.Visitor(), app.Slug)
		ok(t, err)
		want(t, len(page.Former)+10*len(page.Uses), 1)
		want(t, page.App.Running+page.App.Testing, 0)
		sound(t, h)
	})
}

// One chain: a thread tagged with the application becomes an item, the item a decision and an action, and the
// application's page shows them all.
func TestTheChainLeadsToTheApplication(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := village(t, h, "BE-92094", "Lena Exemple")[0]
		organiser := h.With(t, lena, store.RoleOrganiser)
		app, err := h.AddApp(ctx, organiser, aboutDelib())
		ok(t, err)
		other := h.AppCalled(t, "Guichet d’essai")
		shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
		ok(t, err)
		opened, err := h.OpenThread(ctx, organiser, store.ThreadInput{Title: "Passer à la 4.0", Category: shelf.Slug, Tags: app.Slug, PostInput: store.PostInput{Source: "Qui l’a fait ?", Lang: "fr"}})
		ok(t, err)
		m := h.Meeting(t, 0)
		item, err := h.ProposeItem(ctx, organiser, m.ID, store.ItemInput{Title: "La 4.0", Lang: "fr", Kind: store.ToDecide, Thread: opened.Thread.ID})
		ok(t, err)
		want(t, item.App, app.ID)
		_, err = h.ProposeItem(ctx, organiser, m.ID, store.ItemInput{Title: "Autre", Lang: "fr", Kind: store.ToDecide, App: "nulle"})
		wantKind(t, err, store.Invalid, "app.unknown")
		page, err := h.AppPage(ctx, store.Visitor(), app.Slug)
		ok(t, err)
		want(t, len(page.Threads), 1)
		want(t, len(page.Items), 1)
		h.Clock.Set(m.Start)
		publish := func(base int, text string) error {
			_, err := h.SaveMinutes(ctx, organiser, m.ID, store.MinutesDraft{Lang: "fr", Base: base, Source: text})
			ok(t, err)
			_, err = h.PublishMinutes(ctx, organiser, m.ID)
			return err
		}
		err = publish(0, "## 1. La 4.0\n\n!D Passer à la 4.0\n!A Tester\n   @lena-exemple\n!D Relier les deux\n   app: nulle\n")
		wantKind(t, err, store.Invalid, "notation.app")
		ok(t, publish(1, "## 1. La 4.0\n\n!D Passer à la 4.0\n!A Tester\n   @lena-exemple\n!D Relier les deux\n   app: "+other.Slug+"\n"))
		list, err := h.Decisions(ctx, store.DecisionQuery{App: app.ID, Limit: 10})
		ok(t, err)
		want(t, len(list.Rows), 1)
		want(t, list.Rows[0].Decision.Title, "Passer à la 4.0")
		list, err = h.Decisions(ctx, store.DecisionQuery{App: other.ID, Limit: 10})
		ok(t, err)
		want(t, list.Rows[0].Decision.Title, "Relier les deux")
		page, err = h.AppPage(ctx, store.Visitor(), app.Slug)
		ok(t, err)
		want(t, len(page.Decisions)+10*len(page.Actions), 11)
		sound(t, h)
	})
}
