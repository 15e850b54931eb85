package server_test

import "net/url"

func pub(on string, also ...string) rule { return rule{on: on, who: everyone, also: also} }

func only(who audience, on string, also ...string) rule { return rule{on: on, who: who, also: also} }

// does is a POST with a form: name, value, …
func does(who audience, on string, pairs ...string) rule {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return rule{on: on, who: who, form: form}
}

// silent is a POST that stores nothing with this form.
func (r rule) silent() rule { r.quiet = true; return r }

// public says that the record itself is no secret.
func (r rule) public() rule { r.known = true; return r }

// same says that a frame is answered alike, whoever asks of whatever.
func (r rule) same() rule { r.alike = true; return r }

// of says whose secret the address is.
func (r rule) of(who audience) rule { r.holds = who; return r }

// except says who may for one record.
func (r rule) except(name string, who audience) rule {
	at := map[string]audience{name: who}
	for other, them := range r.at {
		at[other] = them
	}
	r.at = at
	return r
}

// expected is the one place that says who may use which address, and which frame of the live connection. A route or a kind
// of frame that is not here fails the test.
func expected(w *world) map[string]rule {
	all := map[string]rule{}
	for _, part := range []map[string]rule{open(w), accounts(w), meetings(w), minutesRules(w), talking(w), threadActs(w), postActs(w), caring(w), mentoring(w), appRules(w), serviceRules(w), chatRules(w), liveRules(w)} {
		for name, r := range part {
			all[name] = r
		}
	}
	return all
}

// open are the addresses that are the same for everybody, and the registers.
func open(w *world) map[string]rule {
	find := []string{"?q=zonzi", "?q=zonzi&kind=post", "?q=enfoui", "?q=zonzi&category=" + w.ids["members"], "?q=zonzi&person=%40alma-testeuse", "?q=sujet&town=namur"}
	return map[string]rule{
		"GET /healthz": pub(""), "GET /readyz": pub(""), "GET /robots.txt": pub(""), "GET /favicon.ico": pub(""), "GET /static/*": pub("asset"),
		"GET /meetings.ics": pub("", "?form=single"), "GET /meetings/:slug.ics": pub("meeting").except("draft", nobody), "GET /series/:slug.ics": pub("series"),
		"GET /towns/:slug/meetings.ics": pub("town").except("joining", nobody), "GET /calendar/:token.ics": pub("calendar").of(author),
		"GET /": pub(""), "GET /about": pub(""), "POST /language": does(everyone, "", "to", "nl", "back", "/"), "POST /theme": does(everyone, "", "to", "dark", "back", "/"),
		"GET /decisions": pub("", "?year=2026"), "GET /decisions.csv": pub(""), "GET /decisions.atom": pub(""), "GET /decisions/:number": pub("decision"),
		"GET /actions": pub("", "?state=all"), "GET /actions.csv": pub(""), "GET /actions.atom": pub(""), "GET /actions/:number": pub("action"),
		"POST /actions/:number":      does(author|organisers, "action", "do", "done"),
		"GET /help/minutes-notation": pub(""), "GET /help/writing": pub(""), "GET /series": pub(""), "GET /series/:slug": pub("series"), "GET /subscribe": pub("", "?town=namur"),
		"GET /towns": pub("", "?q=zonzi"), "GET /towns/search": pub("", "?q=nam"), "GET /towns/search.json": pub("", "?q=nam"), "GET /towns/:slug": pub("town"), "GET /towns/:slug/history": pub("town", "?after=x"), "GET /skills": pub(""), "GET /people/:handle": pub("person"),
		"GET /live": pub(""), "GET /people/suggest.json": only(signedIn, "", "?q=zonzi", "?q=alm", "?q=nam"),
		"GET /search": pub("", find...), "GET /search.json": pub("", find...),
	}
}

func accounts(w *world) map[string]rule {
	return map[string]rule{
		"GET /join": pub("", "?q=namur"), "POST /join": does(everyone, "", "town_code", "BE-92094", "name", "Neuve Personne", "email", "neuve@exemple.example", "language", "fr"),
		"GET /sign-in": pub(""), "POST /sign-in": does(everyone, "", "email", "nobody@exemple.example", "password", "x").silent(),
		"POST /sign-in/link": does(everyone, "", "email", "nobody@exemple.example"), "GET /sign-in/code": pub(""),
		"POST /sign-in/code": does(everyone, "", "email", "nobody@exemple.example", "code", "123456").silent(),
		"GET /link/:token":   pub("link"), "POST /link/:token": does(everyone, "link"), "POST /sign-out": does(everyone, ""),
		"GET /settings": only(signedIn, ""), "POST /settings/profile": does(signedIn, "", "name", "Autre Nom", "language", "fr"),
		"POST /settings/password": does(signedIn, "", "password", "x").silent(), "POST /settings/email": does(signedIn, "", "email", "autre@exemple.example"),
		"POST /settings/town": does(signedIn, "", "town_code", "BE-34022"), "POST /settings/sessions": does(signedIn, "", "end", "others").silent(),
		"POST /settings/calendars": does(signedIn, "", "label", "téléphone"), "GET /settings/leave": only(signedIn, ""), "POST /settings/leave": does(signedIn, ""),
	}
}

func meetings(w *world) map[string]rule {
	item := []string{"item_title", "Un point de plus", "item_kind", "discussion", "item_minutes", "5", "item_lang", "fr"}
	meeting := []string{"title", "Une autre", "lang", "fr", "date", "2026-06-01", "clock", "09:30", "zone", "Europe/Brussels", "minutes", "60", "online", "1"}
	series := append([]string{"frequency", "weekly", "interval", "1", "weekday", "1", "start", "2026-06-01"}, meeting...)
	staff := func(on string, pairs ...string) rule { return does(organisers, on, pairs...) }
	return map[string]rule{
		"GET /meetings": pub("", "?month=2026-03", "?month=2026-04"), "GET /meetings/past": pub(""), "GET /meetings/attendance": pub("", "?year=2026"), "GET /meetings/years": pub(""),
		"GET /meetings/new": only(organisers, ""), "POST /meetings/new": staff("", meeting...), "GET /meetings/:slug": pub("meeting"), "GET /meetings/:slug/room": pub("meeting"),
		"GET /meetings/:slug/documents/:id/:name": pub("document"), "POST /meetings/:slug/documents": staff("meeting", "doc_title", "Note", "doc_lang", "fr", "doc_link", "https://exemple.example/"),
		"GET /series/new": only(organisers, ""), "POST /series/new": staff("", series...), "GET /series/:slug/edit": only(organisers, "series"),
		"POST /series/:slug/edit": staff("series", series...), "POST /series/:slug/end": staff("series"),
		"POST /meetings/:slug/rsvp": does(signedIn, "meeting", "answer", "online").except("draft", nobody), "POST /meetings/:slug/rsvp/withdraw": does(signedIn, "meeting").except("draft", nobody),
		"POST /meetings/:slug/rsvp/for": staff("meeting", "member", "basile-essai", "answer", "online").except("draft", nobody), "POST /meetings/:slug/rsvp/hand": does(signedIn, "meeting", "to", "nora-nouvelle").except("draft", nobody),
		"POST /meetings/:slug/agenda": does(signedIn, "meeting", item...), "GET /agenda/:id/edit": only(author|organisers, "item"),
		"GET /agenda/:id": only(author|organisers, "item").except("accepted", organisers), "POST /agenda/:id/documents": does(author|organisers, "item", "doc_title", "Note", "doc_lang", "fr", "doc_link", "https://exemple.example/"),
		"POST /agenda/:id":         does(author|organisers, "item", append([]string{"do", "change"}, item...)...),
		"GET /meetings/:slug/edit": only(organisers, "meeting"), "POST /meetings/:slug/edit": staff("meeting", meeting...), "GET /meetings/:slug/cancel": only(organisers, "meeting"),
		"POST /meetings/:slug/cancel": staff("meeting", "reason", "Salle fermée"), "POST /meetings/:slug/publish": staff("meeting"), "POST /meetings/:slug/step": staff("meeting", "to", "nudge"),
		"GET /meetings/:slug/door": only(organisers, "meeting"), "POST /meetings/:slug/door": staff("meeting", "member", w.people[member].ID), "GET /meetings/:slug/agenda": only(organisers, "meeting"),
		"POST /meetings/:slug/agenda/order": staff("meeting", "item", w.ids["private item"], "item", w.ids["item"]), "POST /meetings/:slug/agenda/take": staff("meeting", "kind", "standing", "id", "Accueil"),
		"POST /meetings/:slug/agenda/copy": staff("meeting", "from", w.ids["ahead"]), "GET /meetings/:slug/room/lead": only(organisers, "meeting"),
		"POST /meetings/:slug/room": staff("meeting", "item", w.ids["running item"]),
	}
}

func minutesRules(w *world) map[string]rule {
	text := []string{"source", "## Un\n\nAutre chose.", "lang", "fr", "base", "1"}
	writes := func(pairs ...string) rule { return does(organisers, "minutes", pairs...) }
	return map[string]rule{
		"GET /meetings/minutes-:year.md": pub("year"), "GET /meetings/:slug/minutes": pub("minutes"), "GET /meetings/:slug/minutes.md": pub("minutes").except("unpublished", nobody),
		"GET /meetings/:slug/minutes/history": only(organisers, "minutes", "?from=0&to=1"), "GET /meetings/:slug/minutes/correct": only(signedIn, "minutes"),
		"POST /meetings/:slug/minutes/correct":         does(signedIn, "minutes", append(text, "why", "Une faute")...).except("unpublished", nobody),
		"POST /meetings/:slug/minutes/corrections/:id": does(organisers, "correction", "do", "refuse", "answer", "Non"), "POST /meetings/:slug/minutes/approve": writes("at", w.ids["later"]).public(),
		"POST /meetings/:slug/minutes/errata": writes("erratum", "Une faute", "lang", "fr").public(), "GET /meetings/:slug/minutes/edit": only(organisers, "minutes"),
		"POST /meetings/:slug/minutes/edit": writes(text...), "POST /meetings/:slug/minutes/preview": writes(text...).silent(), "POST /meetings/:slug/minutes/publish": writes().public(),
		"POST /preview": does(signedIn, "", text...).silent(),
	}
}

// talking are lists and forms of the discussions.
func talking(w *world) map[string]rule {
	lists := []string{"?view=votes", "?view=waiting", "?view=solved", "?view=mine", "?view=followed", "?view=ours", "?lang=fr", "?lang=all", "?tag=tagpublic"}
	post := []string{"source", "Bonjour à toutes et tous.", "lang", "fr", "once", "formulaire-1"}
	return map[string]rule{
		"GET /discussions": pub("", lists...), "GET /discussions.atom": pub("", "?view=votes", "?tag=tagpublic"), "GET /discussions/:category": pub("category", lists...),
		"GET /discussions/:category.atom": pub("category").except("members", nobody), "GET /discussions/new": only(signedIn, "", "?category="+w.ids["public"]),
		"POST /discussions/new":       does(signedIn, "", append(post, "title", "Un sujet", "category", w.ids["public"])...),
		"POST /discussions/follow":    does(signedIn, "", "kind", "category", "subject", w.ids["members id"], "level", "watch", "back", "/discussions"),
		"GET /discussions/categories": only(stewards, ""), "GET /discussions/categories/:slug": only(stewards, "category"),
		"POST /discussions/categories/:slug": does(stewards, "category", "name_fr", "Autre nom"), "POST /discussions/categories/:slug/move": does(stewards, "category", "do", "up"),
		"GET /unread": only(signedIn, "", "?since=2026-01-01"), "POST /unread": does(signedIn, "", "do", "all", "until", "1773000000"),
		"POST /drafts": does(signedIn, "", append(post, "place", "new")...), "POST /preview/post": does(signedIn, "", post...).silent(),
		"GET /moderation": only(moderators, ""), "POST /moderation/tags": does(moderators, "", "tag", "zonzi-membrestag", "into", "tagpublic"),
		"POST /moderation/pending/:id": does(moderators, "pending", "do", "release"), "POST /moderation/reports/:id": does(moderators, "report"), "POST /moderation/undo/:id": does(moderators, "act"),
	}
}

func threadActs(w *world) map[string]rule {
	on, change := "thread", []string{"title", "Autre titre", "lang", "fr", "tags", "tagpublic"}
	return map[string]rule{
		"GET /t/:number.atom": pub(on).except("members", nobody).except("hidden", nobody), "GET /t/:number/news.json": pub(on), "GET /t/:number/:slug/new": pub(on), "GET /t/:number": pub("any thread"),
		"GET /t/:number/:slug": pub(on, "?quote=1", "?quote=3"), "GET /t/:number/:slug/do/change": only(author|moderators, on),
		"POST /t/:number/:slug/do/change": does(author|moderators, on, change...).except("closed", moderators), "GET /t/:number/:slug/do/agenda": only(signedIn, on),
		"POST /t/:number/:slug/do/agenda":  does(signedIn, on, "meeting", w.ids["ahead"], "item_title", "Un sujet", "item_kind", "decision", "item_lang", "fr", "item_minutes", "15"),
		"POST /t/:number/:slug/do/reply":   does(signedIn, on, "source", "Merci.", "lang", "fr", "once", "formulaire-2").except("closed", moderators),
		"GET /t/:number/:slug/do/moderate": only(moderators, on), "POST /t/:number/:slug/do/moderate": does(moderators, on, "do", "pin"),
		"GET /t/:number/:slug/do/assign": only(moderators|organisers, on), "POST /t/:number/:slug/do/assign": does(signedIn, on, "do", "me"),
		"POST /t/:number/:slug/do/:what": does(signedIn, "thread act", "do", "vote"),
	}
}

func postActs(*world) map[string]rule {
	on := "post"
	writer := func(r rule) rule { return r.except("answer", member|moderators).except("hidden post", moderators) }
	return map[string]rule{
		"GET /t/:number/:slug/:seq": pub("permalink"), "GET /t/:number/:slug/:seq/history": pub(on).except("hidden post", moderators),
		"GET /t/:number/:slug/:seq/edit":       writer(only(author|moderators, on)),
		"POST /t/:number/:slug/:seq/edit":      writer(does(author|moderators, on, "source", "Autre texte", "lang", "fr", "base", "0", "note", "Faute")).except("closed", moderators),
		"GET /t/:number/:slug/:seq/translate":  only(signedIn, on).except("hidden post", moderators),
		"POST /t/:number/:slug/:seq/translate": does(signedIn, on, "source", "Dag allemaal", "lang", "nl").except("hidden post", nobody),
		"POST /t/:number/:slug/:seq/react":     does(signedIn, on, "kind", "useful").except("hidden post", nobody),
		"POST /t/:number/:slug/:seq/accept":    does(author|moderators, on, "do", "accept").except("hidden post", nobody),
		"POST /t/:number/:slug/:seq/unread":    does(signedIn, on),
		"GET /t/:number/:slug/:seq/hide":       writer(only(author|moderators, on)), "POST /t/:number/:slug/:seq/hide": writer(does(author|moderators, on, "do", "hide", "reason", "Hors charte")),
		"GET /t/:number/:slug/:seq/report":  only(signedIn, on).except("hidden post", moderators),
		"POST /t/:number/:slug/:seq/report": does(signedIn, on, "reason", "spam").except("hidden post", moderators),
	}
}

// caring are towns, people and the pages of the staff.
func caring(w *world) map[string]rule {
	return map[string]rule{
		"GET /towns/:slug/edit": only(author|stewards, "town"), "POST /towns/:slug/edit": does(author|stewards, "town", "about", "Une ville", "staff", "few").except("joining", stewards),
		"GET /towns/:slug/confirm": only(author|stewards, "town"), "POST /towns/:slug/confirm": does(author|stewards, "town"), "POST /skills": does(signedIn, "", "name_fr", "Ruches communales", "group", "data"),
		"GET /skills/:id": only(stewards, "skill"), "POST /skills/:id": does(stewards, "skill", "do", "merge", "into", "python"),
		"POST /towns/:slug/welcome": does(organisers, "town"), "POST /towns/:slug/people": does(author|organisers, "town", "do", "welcome", "member", w.people[newcomer].ID),
		"GET /towns/:slug/merge": only(stewards, "town"), "POST /towns/:slug/merge": does(stewards, "town", "into", "Liège", "sure", "1"),
		"GET /towns/:slug/hand-over":  only(author|stewards, "town"),
		"POST /towns/:slug/hand-over": does(author|stewards, "town", "from", w.people[author].ID, "to", w.people[newcomer].ID),
		"GET /people/:handle/write":   only(moderators|organisers, "person").except("somebody who left", nobody),
		"POST /people/:handle/write":  does(moderators|organisers, "person", "subject", "Bonjour", "text", "Une question").except("somebody who left", nobody),
		"POST /people/:handle/roles":  does(stewards, "person", "give", "organiser").except("somebody who left", nobody),
		"GET /admin":                  only(organisers, ""), "GET /admin/mail": only(administrator, ""), "GET /admin/mail/:id": only(administrator, "mail"), "GET /admin/log": only(stewards, ""), "GET /admin/diagnostics": only(stewards, ""),
	}
}
