package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// TestLateArrivalsAtTheDoor: who is ticked more than ten minutes after the start came late; ticking again keeps the hour
// of the first tick, a tick taken back and given again has the new one. The hour is in the minutes that begin from it.
func TestLateArrivalsAtTheDoor(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	nora, otto := s.Join(t, "Nora Voorbeeld", "BE-34022"), s.Join(t, "Ode Exemple", "BE-92094")
	path, admin := "/meetings/"+m.Slug+"/door", s.as(organiser)
	tick := func(at time.Duration, do string, who store.Member) {
		t.Helper()
		s.Clock.Set(m.Start.Add(at))
		admin.post(path, url.Values{"do": {do}, "member": {who.ID}}).holds(t, 303)
	}
	tick(10*time.Minute, "came", lena)
	admin.get(path).lacks(t, "Arrivée à")
	tick(11*time.Minute, "came", nora)
	tick(50*time.Minute, "came", nora)
	admin.get(path).holds(t, 200, "Arrivée à 9\u00a0h\u00a041")
	tick(51*time.Minute, "came", otto)
	tick(52*time.Minute, "undo", otto)
	tick(95*time.Minute, "came", otto)
	page := admin.get(path)
	page.holds(t, 200, "Arrivée à 9\u00a0h\u00a041", "Arrivée à 11\u00a0h\u00a005", "3 personnes")
	page.lacks(t, "Arrivée à 10\u00a0h\u00a021")
	admin.get("/meetings/"+m.Slug+"/minutes/edit").holds(t, 200, "Nora Voorbeeld, dès 9\u00a0h\u00a041 (Courtrai)", "Lena Exemple et Ode Exemple, dès 11\u00a0h\u00a005 (Namur)")
}

// TestMinutesSayWhoWasThere: the reading view says from the records who wrote, how many came, and which towns sent word.
func TestMinutesSayWhoWasThere(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	for i, code := range []string{"BE-34022", "BE-63023", "BE-92094"} { // Kortrijk, Eupen, and somebody of Namur, where Lena comes from
		who := s.Join(t, []string{"Nora Voorbeeld", "Emil Beispiel", "Noé Exemple"}[i], code)
		_, err := s.AnswerMeeting(ctx, store.As(who.ID), m.ID, store.AnswerInput{Answer: store.No})
		ok(t, err)
	}
	s.Clock.Set(m.Start.Add(time.Minute))
	ok(t, s.TickPresence(ctx, store.As(organiser.ID), m.ID, lena.ID, true, 1))
	_, err := s.SaveMinutes(ctx, store.As(organiser.ID), m.ID, store.MinutesDraft{Source: "Texte", Lang: "fr"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, store.As(organiser.ID), m.ID)
	ok(t, err)
	one, err := s.ProposeCorrection(ctx, store.As(lena.ID), m.ID, store.CorrectionInput{Base: 1, Source: "Texte corrigé"})
	ok(t, err)
	ok(t, s.DecideCorrection(ctx, store.As(organiser.ID), m.ID, one.ID, true, ""))
	_, err = s.PublishMinutes(ctx, store.As(organiser.ID), m.ID) // who corrects does not become the writer
	ok(t, err)
	s.visitor().get("/meetings/"+m.Slug+"/minutes").holds(t, 200, "Texte corrigé", "Secrétariat", "<dd>Otto Beispiel</dd>", "2 personnes de 1 commune", "Communes excusées", "<dd>Eupen et Courtrai</dd>", "<print-button>")
}

// TestThoseConcernedHearWithinTheHour publishes minutes and lets the post work an hour later at most: who took part
// reads what was decided, who brought the item hears though they did not come, who promised something reads what.
func TestThoseConcernedHearWithinTheHour(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	boss := store.As(organiser.ID)
	nora, omer := s.Join(t, "Nora Voorbeeld", "BE-34022"), s.Join(t, "Omer Voorbeeld", "BE-34022")
	page, err := s.MeetingPage(ctx, boss, m.Slug)
	ok(t, err)
	ok(t, s.AcceptItem(ctx, boss, page.Proposed[0].Item.ID))
	own, err := s.ProposeItem(ctx, store.As(nora.ID), m.ID, store.ItemInput{Title: "De Nora", Lang: "fr", Kind: store.ToDecide, Minutes: 5})
	ok(t, err)
	ok(t, s.AcceptItem(ctx, boss, own.ID))
	post := office(t, s.Hub, nil)
	s.Clock.Set(m.Start.Add(time.Hour))
	_, err = post.Compose(ctx)
	ok(t, err)
	before := map[string]bool{}
	for _, one := range letters(t, s.Hub, boss) {
		before[one.ID] = true
	}
	_, err = s.SaveMinutes(ctx, boss, m.ID, store.MinutesDraft{Lang: "fr", Source: "## 2. Un point\n!D La sortie attend.\n!A Tester\n   @" + omer.Handle + "\n## 3. De Nora\n!D Kortrijk essaie.\n"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, boss, m.ID)
	ok(t, err)
	published := s.Now()
	_, err = post.Compose(ctx) // the post looks every twenty seconds and after every commit
	ok(t, err)
	told := map[string]string{}
	for _, one := range letters(t, s.Hub, boss) {
		if before[one.ID] {
			continue
		}
		if one.Due.After(published.Add(time.Hour)) {
			t.Errorf("%s is sent at %s only", one.Subject, one.Due)
		}
		told[one.Member] += string(one.Kind) + "\n" + one.Text
	}
	contains(t, "who took part", told[lena.ID], "minutes.published", "2026-001", "La sortie attend.", "2026-002", "Kortrijk essaie.")
	contains(t, "whose item it was", told[nora.ID], "minutes.published", "Kortrijk essaie.")
	contains(t, "who promised", told[omer.ID], "action.given", "A-2026-001", "Tester")
	if len(told) != 3 {
		t.Errorf("%d people were told", len(told))
	}
}

// TestRegistersOfAnApplication: decisions and actions about one application, alone and with the other filters, in the
// page, the table and the feed.
func TestRegistersOfAnApplication(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	delib, other := s.AppCalled(t, "Délibérations d’essai"), s.AppCalled(t, "Guichet d’essai")
	s.Clock.Set(m.Start.Add(time.Hour))
	_, err := s.SaveMinutes(ctx, store.As(organiser.ID), m.ID, store.MinutesDraft{Lang: "fr", Source: "!D Mettre à jour\n   app: " + delib.Slug + "\n!D Autre chose\n   app: " + other.Slug +
		"\n!D Sans application\n!A Tester\n   @" + lena.Handle + "  app: " + delib.Slug + "\n!A Traduire\n   @" + organiser.Handle + "  app: " + delib.Slug + "\n!A Relire\n"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, store.As(organiser.ID), m.ID)
	ok(t, err)
	for query, numbers := range map[string]string{
		"/decisions%s?app=" + delib.Slug: "2026-001", "/decisions%s?app=" + other.Slug: "2026-002", "/decisions%s?app=" + delib.Slug + "&year=2026&series=reunion-mensuelle&outcome=accepted": "2026-001",
		"/decisions%s?app=" + delib.Slug + "&year=2025": "", "/decisions%s?app=" + delib.Slug + "&outcome=refused": "", "/decisions%s?app=" + delib.Slug + "&town=namur": "",
		"/actions%s?app=" + delib.Slug: "A-2026-001 A-2026-002", "/actions%s?app=" + delib.Slug + "&person=" + lena.Handle: "A-2026-001", "/actions%s?app=" + delib.Slug + "&town=namur&year=2026&state=all": "A-2026-001",
		"/actions%s?app=" + other.Slug: "", "/actions%s?app=" + delib.Slug + "&state=done": "", "/actions%s?app=" + delib.Slug + "&series=reunion-mensuelle&state=open": "A-2026-001 A-2026-002",
	} {
		for _, form := range []string{"", ".csv", ".atom"} {
			path := fmt.Sprintf(query, form)
			got := s.visitor().get(path)
			got.holds(t, 200)
			for _, number := range []string{"A-2026-001", "A-2026-002", "A-2026-003", "2026-001", "2026-002", "2026-003"} {
				there := strings.Contains(strings.ReplaceAll(got.body, "A-2026", ""), number)
				if number[0] == 'A' {
					there = strings.Contains(got.body, number)
				}
				if wanted := strings.Contains(" "+numbers+" ", " "+number+" "); there != wanted {
					t.Errorf("%s: %s is there: %v", path, number, there)
				}
			}
		}
	}
	s.visitor().get("/decisions?app=nulle").holds(t, 404)
}

// TestTheYearAsOneFile reads the file of a year: its meetings in order, each with its heading, its date, its address,
// its text as it was published with the numbers of its decisions and actions, and its errata.
func TestTheYearAsOneFile(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	boss := store.As(organiser.ID)
	rows, err := s.Upcoming(ctx, store.Visitor(), 10)
	ok(t, err)
	next := rows[1].Meeting
	for i, one := range []store.Meeting{next, m} { // written in the other order
		s.Clock.Set(next.Start.Add(time.Hour))
		_, err := s.SaveMinutes(ctx, boss, one.ID, store.MinutesDraft{Lang: "fr", Source: fmt.Sprintf("## 1. Accueil\n\nTexte **%d**.\n\n!D Décision %d\n!A Action %d\n   @%s\n", i, i, i, lena.Handle)})
		ok(t, err)
		_, err = s.PublishMinutes(ctx, boss, one.ID)
		ok(t, err)
	}
	_, err = s.SaveMinutes(ctx, boss, rows[2].Meeting.ID, store.MinutesDraft{Lang: "fr", Source: "Brouillon"})
	if store.KindOf(err) != store.Conflict {
		ok(t, err)
	}
	_, err = s.ApproveMinutes(ctx, boss, m.ID, "")
	ok(t, err)
	_, err = s.AddErratum(ctx, boss, m.ID, "Lire « quatre ».", "fr")
	ok(t, err)
	got := s.visitor().get("/meetings/minutes-2026.md")
	got.holds(t, 200)
	if kind, name := got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"); kind != "text/markdown; charset=utf-8" || !strings.Contains(name, "minutes-2026.md") {
		t.Errorf("%s %s", kind, name)
	}
	at := 0
	for _, part := range []string{"# Procès-verbaux de 2026\n", "# 128", "http://hub.example/meetings/" + m.Slug + "/minutes", "## 1. Accueil", "Texte **1**.", "!D 2026-002 Décision 1", "!A A-2026-002 Action 1\n   @" + lena.Handle,
		"Otto Beispiel", "Lire « quatre ».", "\n---\n", "# 129", "http://hub.example/meetings/" + next.Slug + "/minutes", "Texte **0**.", "!D 2026-001 Décision 0", "!A A-2026-001 Action 0"} {
		i := strings.Index(got.body[at:], part)
		if i < 0 {
			t.Fatalf("%q is not where it belongs:\n%s", part, got.body)
		}
		at += i + len(part)
	}
	got.lacks(t, "Brouillon")
	for _, path := range []string{"/meetings/minutes-2025.md", "/meetings/minutes-x.md", "/meetings/minutes-9999.md"} {
		s.visitor().get(path).holds(t, 404)
	}
}

// TestAnAgendaHasAnEnd proposes five hundred items by the form: sixty are taken, the others get a sentence beside the
// field that keeps what was typed, and the page with all of them stays good.
func TestAnAgendaHasAnEnd(t *testing.T) {
	s, _, organiser, m := furnished(t)
	admin := s.as(organiser)
	token := tokenField.FindStringSubmatch(admin.get("/settings").body)[1]
	taken, refused := 0, 0
	for n := range 500 {
		got := admin.post("/meetings/"+m.Slug+"/agenda", url.Values{"csrf": {token}, "item_title": {fmt.Sprint("Point numéro ", n)}, "item_kind": {"discussion"}, "item_minutes": {"10"}, "item_lang": {"fr"}})
		switch got.StatusCode {
		case 303:
			taken++
		case 422:
			if refused++; refused == 1 {
				got.holds(t, 422, "Un ordre du jour compte au plus 60 points. Regroupez-en quelques-uns.", fmt.Sprintf(`value="Point numéro %d"`, n), `aria-invalid="true"`)
			}
		default:
			t.Fatalf("item %d: status %d: %.300s", n, got.StatusCode, got.body)
		}
	}
	if taken+refused != 500 || taken != store.MaxItems-2 { // the standing one, and Lena's
		t.Errorf("%d taken, %d refused", taken, refused)
	}
	admin.get("/meetings/"+m.Slug).holds(t, 200, "Point numéro 0")
	admin.get("/meetings/"+m.Slug+"/agenda").holds(t, 200, "Point numéro 57")
	admin.get("/meetings/"+m.Slug+"/room").holds(t, 200)
}

// TestADueDateBeforeTheMeeting is said with its line, in the preview and when publishing; nothing typed is lost and
// nothing is published.
func TestADueDateBeforeTheMeeting(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	s.Clock.Set(m.Start.Add(time.Hour))
	admin, path := s.as(organiser), "/meetings/"+m.Slug+"/minutes/"
	source := "## Accueil\n\nUn mot.\n\n!A Tester\n   @" + lena.Handle + "  pour: 2026-03-18\n"
	admin.post(path+"preview", url.Values{"source": {source}}).holds(t, 200, "Ligne 5", "avant la réunion")
	got := admin.post(path+"edit", url.Values{"source": {source}, "lang": {"fr"}, "base": {"0"}, "do": {"publish"}})
	got.holds(t, 422, "Ligne 5", "avant la réunion", "pour: 2026-03-18", "<textarea")
	s.visitor().get("/meetings/"+m.Slug+"/minutes").lacks(t, "Un mot.")
	s.visitor().get("/actions").lacks(t, "A-2026-001")
	admin.post(path+"edit", url.Values{"source": {strings.Replace(source, "03-18", "03-19", 1)}, "lang": {"fr"}, "base": {"1"}, "do": {"publish"}}).holds(t, 303)
	s.visitor().get("/actions").holds(t, 200, "A-2026-001")
}
