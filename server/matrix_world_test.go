package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/kv/kvtest"
	"belfry/store/storetest"
)

// audience is a set of the people of a world.
type audience uint16

const (
	visitor  audience = 1 << iota
	left              // was a member and still has the cookie
	newcomer          // joined today, waits for a welcome and has written nothing that is shown
	member
	author // of nearly everything here; coordinates the town
	moderator
	organiser
	steward
	administrator

	nobody     audience = 0
	stewards            = steward | administrator
	moderators          = moderator | stewards
	organisers          = organiser | stewards
	signedIn            = newcomer | member | author | moderators | organisers
	everyone            = signedIn | visitor | left
)

func roleNames() map[audience]string {
	return map[audience]string{visitor: "visitor", left: "left", newcomer: "newcomer", member: "member", author: "author", moderator: "moderator",
		organiser: "organiser", steward: "steward", administrator: "administrator"}
}

// record fills the parameters of an address. Those who may not know of it ask with other words where the words do not
// matter, so that their own request does not hold what they must not be told.
type record struct {
	name   string
	params []string // name, value, …
	blind  []string // instead of params for those who may not know of it
	sees   audience
}

// persona is somebody with a browser that stays as it is, whatever the answers say.
type persona struct {
	store.Member
	cookie, token string
}

// world has one of everything, shown to some and hidden from others, and then only rehearses.
type world struct {
	*site
	rehearsal *kvtest.Rehearsal
	people    map[audience]persona
	records   map[string][]record
	secrets   map[string]audience // words and who may read them
	ids       map[string]string   // what forms name
	html      *strings.Replacer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	hub, rehearsal := storetest.OpenRehearsing(t, server.Renderer())
	w := worldOn(t, siteOver(t, hub))
	w.rehearsal = rehearsal
	rehearsal.Begin()
	return w
}

// worldOn is a world in which everything happens for real.
func worldOn(t *testing.T, s *site) *world {
	t.Helper()
	w := &world{site: s, people: map[audience]persona{}, records: map[string][]record{}, ids: map[string]string{},
		secrets: map[string]audience{}, html: strings.NewReplacer("<mark>", "", "</mark>", "", "&#39;", "'")}
	w.populate()
	w.mentoring()
	w.shelves()
	w.discuss()
	w.gather()
	w.held()
	w.ahead()
	w.rooms()
	w.signIn()
	w.care()
	w.programs()
	w.hosts()
	index, err := search.Open(filepath.Join(t.TempDir(), "search"))
	ok(t, err)
	t.Cleanup(func() { _ = index.Close() })
	follower := &search.Follower{Store: w.Store, Index: index}
	ok(t, follower.Rebuild(ctx))
	w.Server.Search = index
	return w
}

// secret is words that only some may read; in an address they become the same words with a hyphen.
func (w *world) secret(word string, who audience) string {
	w.secrets["zonzi "+word] = who
	return "Zonzi " + word
}

func (w *world) add(kind, name string, sees audience, params ...string) {
	w.records[kind] = append(w.records[kind], record{name: name, params: params, sees: sees})
}

func (w *world) by(who audience) store.Actor { return store.As(w.people[who].ID) }

func (w *world) populate() {
	for _, one := range []struct {
		who        audience
		name, code string
		role       store.Role
	}{{author, "Alma Testeuse", "BE-92094", ""}, {member, "Basile Essai", "BE-52011", ""}, {moderator, "Maud Ratrice", "BE-62063", store.RoleModerator},
		{organiser, "Olga Nisatrice", "BE-62063", store.RoleOrganiser}, {steward, "Stef Voorbeeld", "BE-34022", store.RoleSteward},
		{administrator, "Ada Beispiel", "BE-62063", store.RoleAdministrator}, {newcomer, "Nora Nouvelle", "BE-92094", ""}, {left, "Gaston Parti", "BE-52011", ""}} {
		m := w.Join(w.t, one.name, one.code)
		if one.role != "" {
			w.With(w.t, m, one.role)
		}
		if one.who == author {
			ok(w.t, w.WelcomeTown(ctx, store.System(), m.TownID()))
			ok(w.t, w.SetCoordinator(ctx, store.System(), m.ID, true))
		}
		w.people[one.who] = persona{Member: m}
		w.secrets[strings.ToLower(m.Email)] = one.who | administrator
	}
	w.people[visitor] = persona{}
	w.Clock.Add(time.Minute)
	w.add("person", "author", everyone, "handle", "alma-testeuse")
	w.add("person", "somebody who left", everyone, "handle", "gaston-parti")
	w.add("person", "missing", nobody, "handle", "nobody-at-all")
	w.add("town", "namur", everyone, "slug", "namur")
	w.add("town", "joining", member|organisers, "slug", "charleroi")
	w.add("town", "missing", nobody, "slug", "nowhere")
	w.add("skill", "php", everyone, "id", "php")
	w.add("skill", "missing", nobody, "id", "no-such-skill")
}

// signIn gives everybody a session of this minute.
func (w *world) signIn() {
	for who, p := range w.people {
		if who == visitor {
			continue
		}
		b := w.as(p.Member)
		p.cookie = b.cookies["belfry_session"]
		p.token = tokenField.FindStringSubmatch(b.get("/settings").body)[1]
		if who == left {
			b.post("/settings/leave", nil).holds(w.t, http.StatusSeeOther)
		}
		w.people[who] = p
	}
}

func (w *world) shelves() {
	for _, one := range []struct {
		id, name string
		sees     audience
	}{{"public", "Entraide", everyone}, {"members", w.secret("coulisses", signedIn), signedIn}} {
		c, err := w.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": one.name}, Members: one.sees != everyone})
		ok(w.t, err)
		w.ids[one.id], w.ids[one.id+" id"] = c.Slug, c.ID
		w.add("category", one.id, one.sees, "category", c.Slug, "slug", c.Slug)
	}
	w.add("category", "missing", nobody, "category", "nulle-part", "slug", "nulle-part")
}

// thread opens one by the author and adds its records. A word makes its title and first post secret.
func (w *world) thread(name, category, word string, sees audience) store.Thread {
	title, text, tags := "Sujet "+name, "Bonjour à tous.", "tagpublic"
	if word != "" {
		title, text, tags = w.secret(word, sees), w.secret(word+"texte", sees), w.secret(word+"tag", sees)
	}
	opened, err := w.OpenThread(ctx, w.by(author), store.ThreadInput{Title: title, Category: w.ids[category], Tags: tags, Question: name == "open", PostInput: store.PostInput{Source: text, Lang: "fr"}})
	ok(w.t, err)
	d := opened.Thread
	number := fmt.Sprint(d.Number)
	for kind, seq := range map[string]string{"thread": "", "post": "1"} {
		w.records[kind] = append(w.records[kind], record{name: name, sees: sees, params: []string{"number", number, "slug", d.Slug, "seq", seq},
			blind: []string{"number", number, "slug", "x", "seq", seq}})
	}
	return d
}

// discuss lets people write.
func (w *world) discuss() {
	open := w.thread("open", "public", "", everyone)
	inside := w.thread("members", "members", "membres", signedIn)
	hidden := w.thread("hidden", "public", "enfoui", moderators)
	closed := w.thread("closed", "public", "", everyone)
	w.ids["open"], w.ids["members thread"] = open.ID, inside.ID
	say := func(who audience, d store.Thread, text string) int {
		opened, err := w.Reply(ctx, w.by(who), d.ID, store.PostInput{Source: text, Lang: "fr"})
		ok(w.t, err)
		return opened.Post.Seq
	}
	answer := say(member, open, fmt.Sprintf("Voir #%d, #%d et #%d.", inside.Number, hidden.Number, closed.Number))
	w.add("post", "answer", everyone, "number", fmt.Sprint(open.Number), "slug", open.Slug, "seq", fmt.Sprint(answer))
	masked := say(author, open, w.secret("masque", moderators))
	ok(w.t, w.Translate(ctx, w.by(member), open.ID, masked, store.PostInput{Source: w.secret("traduit", moderators), Lang: "nl"}))
	w.add("post", "hidden post", everyone, // that there was one is no secret
		"number", fmt.Sprint(open.Number), "slug", open.Slug, "seq", fmt.Sprint(masked))
	ok(w.t, w.ReportPost(ctx, w.by(member), open.ID, masked, store.ReportOther, w.secret("signalement", moderators)))
	moved := say(member, open, w.secret("parti", moderators))
	_, err := w.SplitThread(ctx, store.System(), open.ID, []int{moved}, "", hidden.Number)
	ok(w.t, err)
	w.add("permalink", "moved", moderators, "number", fmt.Sprint(open.Number), "slug", "x", "seq", fmt.Sprint(moved))
	merged := w.thread("merged", "public", "fondu", signedIn)
	_, err = w.MergeThread(ctx, store.System(), merged.ID, inside.Number)
	ok(w.t, err)
	for _, kind := range []string{"thread", "post"} { // what it became is asked for by its own number
		w.records[kind] = w.records[kind][:len(w.records[kind])-1]
	}
	w.add("permalink", "merged", signedIn, "number", fmt.Sprint(merged.Number), "slug", "x", "seq", "1")
	ok(w.t, w.HidePost(ctx, w.by(moderator), open.ID, masked, "Hors charte", true))
	ok(w.t, w.ModerateThread(ctx, w.by(moderator), hidden.ID, store.ActHideThread, "", true))
	ok(w.t, w.ModerateThread(ctx, w.by(moderator), closed.ID, store.ActClose, "", true))
	w.add("thread", "missing", nobody, "number", "999", "slug", "x")
	w.add("post", "missing", nobody, "number", "999", "slug", "x", "seq", "1")

	ok(w.t, w.SaveDraft(ctx, w.by(author), store.Draft{Place: "new", ID: "brouillon-1", Title: w.secret("ebauche", author), Source: w.secret("ebauchetexte", author)}))
	ok(w.t, w.SaveDraft(ctx, w.by(author), store.Draft{Place: "reply/" + open.ID, ID: "brouillon-2", Source: w.secret("reponse", author)}))
	waits, err := w.OpenThread(ctx, w.by(newcomer), store.ThreadInput{Title: w.secret("attente", moderators|newcomer), Category: w.ids["public"],
		PostInput: store.PostInput{Source: w.secret("attentetexte", moderators|newcomer) + " https://pub.example"}})
	ok(w.t, err)
	if !waits.Waits {
		w.t.Fatal("a newcomer's link did not wait")
	}
	queue, err := w.ModerationQueue(ctx, w.by(moderator))
	ok(w.t, err)
	w.add("pending", "a newcomer's", moderators, "id", queue.Pending[0].ID)
	w.add("report", "of a hidden post", moderators, "id", queue.Reports[0].Post.ID)
	w.add("act", "a closing", moderators, "id", queue.Acts[0].Act.ID)
	for _, kind := range []string{"pending", "report", "act"} {
		w.add(kind, "missing", nobody, "id", "00000000-0000-7000-8000-000000000000")
	}
}

func (w *world) schedule(name, title, date string, draft bool) store.Meeting {
	sees := signedIn
	if draft {
		sees = organisers
	}
	m, err := w.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: title, Lang: "fr", Date: date, Clock: "09:30", Zone: "Europe/Brussels",
		Minutes: 120, Venue: "Hôtel de ville", Online: true, Link: "https://" + strings.ReplaceAll(strings.ToLower(w.secret("visio"+name, sees)), " ", "-") + ".example/", Draft: draft})
	ok(w.t, err)
	return m
}

// gather adds a series; its meetings are ahead.
func (w *world) gather() {
	page, err := w.TownPage(ctx, store.System(), "namur")
	ok(w.t, err)
	series, err := w.StartSeries(ctx, w.by(organiser), store.SeriesInput{Title: "Réunion mensuelle", Lang: "fr", Zone: "Europe/Brussels", Start: "2026-04-01", Clock: "09:30",
		Rule:     store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: 4},
		Template: store.Template{Minutes: 390, HostTown: page.Town.ID, Venue: "Hôtel de ville", Online: true, Standing: []store.StandingItem{{Title: "Accueil", Kind: store.ToInform}}}})
	ok(w.t, err)
	rows, err := w.SeriesMeetings(ctx, w.by(organiser), series.ID, 1)
	ok(w.t, err)
	m, err := w.MeetingPage(ctx, w.by(organiser), rows[0].Meeting.Slug)
	ok(w.t, err)
	ok(w.t, w.RemoveItem(ctx, w.by(organiser), m.Items[0].Item.ID)) // so that it is offered
	w.add("meeting", "of a series", everyone, "slug", m.Meeting.Slug)
	w.add("series", "monthly", everyone, "slug", series.Slug)
	w.add("series", "missing", nobody, "slug", "nulle")
}

// held lets three meetings take place: with approved minutes, with published ones that are being changed, and with
// minutes that nobody but organisers has seen.
func (w *world) held() {
	boss := w.by(organiser)
	ready := w.schedule("sept", "Bientôt approuvée", "2026-03-04", false)
	approved, public, written := w.schedule("un", "Première", "2026-03-05", false), w.schedule("deux", "Deuxième", "2026-03-06", false), w.schedule("trois", "Troisième", "2026-03-07", false)
	running := w.schedule("six", "Aujourd’hui", "2026-03-08", false)
	one, err := w.ProposeItem(ctx, boss, running.ID, store.ItemInput{Title: "Accueil", Lang: "fr", Kind: store.ToInform})
	ok(w.t, err)
	w.ids["running item"], w.ids["later"] = one.ID, written.ID
	w.add("meeting", "running", everyone, "slug", running.Slug)
	w.Clock.Set(time.Date(2026, 3, 8, 9, 0, 0, 0, time.UTC))
	write := func(m store.Meeting, base int, text string, publish bool) {
		_, err := w.SaveMinutes(ctx, boss, m.ID, store.MinutesDraft{Lang: "fr", Base: base, Source: text})
		ok(w.t, err)
		if publish {
			_, err = w.PublishMinutes(ctx, boss, m.ID)
			ok(w.t, err)
		}
	}
	write(ready, 0, "## Zéro\n\nRien.", true)
	write(approved, 0, "## Un\n\nRien.", true)
	_, err = w.ApproveMinutes(ctx, boss, approved.ID, public.ID)
	ok(w.t, err)
	write(public, 0, "## Deux\n\n!D Adopter le format\n!A Tester\n   @alma-testeuse\n", true)
	_, err = w.ProposeCorrection(ctx, w.by(author), public.ID, store.CorrectionInput{Base: 2, Source: w.secret("correction", author|organisers), Why: w.secret("motif", author|organisers)})
	ok(w.t, err)
	page, err := w.MinutesPage(ctx, boss, public.Slug)
	ok(w.t, err)
	w.add("correction", "the author's", organisers, "slug", public.Slug, "id", page.Proposed[0].ID)
	w.add("correction", "of another meeting", nobody, "slug", ready.Slug, "id", page.Proposed[0].ID)
	w.add("correction", "missing", nobody, "slug", public.Slug, "id", "00000000-0000-7000-8000-000000000000")
	write(public, page.Minutes.Revision, page.Newest.Source+"\n\n"+w.secret("revision", organisers), false)
	write(written, 0, w.secret("ecrit", organisers), false)
	for name, m := range map[string]store.Meeting{"ready": ready, "approved": approved, "published": public} {
		w.add("minutes", name, everyone, "slug", m.Slug)
	}
	w.add("minutes", "unpublished", organisers, "slug", written.Slug)
	w.add("minutes", "missing", nobody, "slug", "nulle")
	w.add("decision", "taken", everyone, "number", "2026-001")
	w.add("action", "the author's", everyone, "number", "A-2026-001")
	for _, kind := range []string{"decision", "action"} {
		w.add(kind, "missing", nobody, "number", "2026-999")
	}
	w.add("year", "2026", everyone, "year", "2026")
}

// ahead adds meetings to come, one of them a draft, with items and papers.
func (w *world) ahead() {
	m := w.schedule("quatre", "Prochaine", "2026-03-18", false)
	draft := w.schedule("cinq", w.secret("projet", organisers), "2026-03-25", true)
	w.add("meeting", "ahead", everyone, "slug", m.Slug)
	w.add("meeting", "draft", organisers, "slug", draft.Slug)
	w.add("meeting", "missing", nobody, "slug", "nulle")
	w.ids["ahead"], w.ids["ahead id"] = m.Slug, m.ID
	_, err := w.AnswerMeeting(ctx, w.by(author), m.ID, store.AnswerInput{Answer: store.OnSite, Note: w.secret("remarque", author|organisers)})
	ok(w.t, err)
	item := func(who audience, m store.Meeting, title string, members bool) store.AgendaItem {
		one, err := w.ProposeItem(ctx, w.by(who), m.ID, store.ItemInput{Title: title, Lang: "fr", Kind: store.ToDiscuss, Minutes: 10, Members: members, Text: title})
		ok(w.t, err)
		return one
	}
	shown := item(organiser, m, "Accueil", false)
	private := item(organiser, m, w.secret("huis", signedIn), true)
	proposed := item(author, m, w.secret("proposition", author|organisers), false)
	inDraft := item(organiser, draft, w.secret("projetpoint", organisers), false)
	w.ids["item"], w.ids["private item"] = shown.ID, private.ID
	w.add("item", "proposed", author|organisers, "id", proposed.ID)
	w.add("item", "accepted", organisers, "id", shown.ID)
	w.add("item", "of a draft", organisers, "id", inDraft.ID)
	paper := func(name string, m store.Meeting, item, title string, sees audience) {
		text := "%PDF-1.7\n" + title
		ok(w.t, w.AddDocument(ctx, w.by(organiser), m.ID, store.DocumentInput{Title: title, Lang: "fr", Item: item}, &store.Upload{Name: "note.pdf", Body: strings.NewReader(text)}))
		page, err := w.MeetingPage(ctx, w.by(organiser), m.Slug)
		ok(w.t, err)
		w.add("document", name, sees, "slug", m.Slug, "id", page.Meeting.Documents[len(page.Meeting.Documents)-1].ID, "name", "note.pdf")
	}
	paper("public", m, "", "Note publique", everyone)
	paper("of a members' item", m, private.ID, w.secret("note", signedIn), signedIn)
	paper("of a draft", draft, "", w.secret("projetnote", organisers), organisers)
	for _, one := range w.records["document"] {
		if one.name == "of a draft" { // its id, with the address of a meeting that everybody sees
			w.add("document", "of another meeting", nobody, "slug", m.Slug, "id", one.params[3], "name", "note.pdf")
		}
	}
	w.add("document", "missing", nobody, "slug", m.Slug, "id", "00000000-0000-7000-8000-000000000000", "name", "note.pdf")
}

var assetPath = regexp.MustCompile(`"/static/([^"]+\.css)"`)

// care adds what only staff sees, and the secret addresses.
func (w *world) care() {
	post := office(w.t, w.Hub, nil)
	_, err := post.Compose(ctx)
	ok(w.t, err)
	mails, err := w.Mailbox(ctx, w.by(administrator), 1)
	ok(w.t, err)
	w.add("mail", "newest", administrator, "id", mails[0].ID)
	w.add("mail", "missing", nobody, "id", "00000000-0000-7000-8000-000000000000")
	link, err := w.NewFeedLink(ctx, w.by(author), "téléphone")
	ok(w.t, err)
	w.secrets[link.Token] = author
	w.add("calendar", "the author's", everyone, "token", link.Token) // who has the address has the calendar
	ok(w.t, w.RequestSignIn(ctx, w.people[author].Email, "fr", store.Client{Address: "192.0.2.9"}))
	w.add("link", "the author's", everyone, "token", w.Token(w.t, store.EventSignInLink, w.people[author].Email))
	w.records["permalink"] = append(w.records["permalink"], w.records["post"]...)
	w.records["any thread"] = append([]record{}, w.records["thread"]...)
	for _, one := range w.records["permalink"] {
		if one.name == "merged" {
			w.records["any thread"] = append(w.records["any thread"], one)
		}
	}
	for _, one := range w.records["thread"] {
		one.params, one.blind = append([]string{"what", "mark"}, one.params...), append([]string{"what", "mark"}, one.blind...)
		if one.name == "missing" {
			one.blind = nil
		}
		w.records["thread act"] = append(w.records["thread act"], one)
	}
	w.add("asset", "a style sheet", everyone, "*", assetPath.FindStringSubmatch(w.visitor().get("/about").body)[1])
	w.add("", "", everyone)
}

// ask sends one request as somebody; nothing of the answer is kept.
func (w *world) ask(who audience, method, path string, form url.Values) answer {
	w.t.Helper()
	p := w.people[who]
	b := browser{site: w.site, cookies: map[string]string{"belfry_lang": "fr"}, header: http.Header{}}
	if p.cookie != "" {
		b.cookies["belfry_session"] = p.cookie
	}
	if method == http.MethodGet {
		return b.do(method, path, nil)
	}
	sent := url.Values{}
	for name, values := range form {
		sent[name] = values
	}
	if p.token != "" {
		sent.Set("csrf", p.token)
	}
	return b.do(method, path, sent)
}
