package server_test

import "belfry/store"

// mentoring adds a request of the member's town to the author's, and a mentorship of the steward's town.
func (w *world) mentoring() {
	town := w.people[author].TownID()
	ok(w.t, w.EditTown(ctx, w.by(author), town, store.TownInput{Speaks: []string{"fr"}, Offers: true, Places: 5}))
	ask := func(who audience, message string) store.MentorRequest {
		q, err := w.AskMentor(ctx, w.by(who), store.RequestInput{Need: store.MentorNeed{Speaks: []string{"fr"}}, Town: town, Message: message, Lang: "fr"})
		ok(w.t, err)
		return q
	}
	open := ask(member, w.secret("tutorat", member|author|stewards))
	_, err := w.AskBack(ctx, w.by(author), open.ID, w.secret("tutoratquestion", member|author|stewards))
	ok(w.t, err)
	taken := ask(steward, w.secret("tutoratacceptee", author|stewards))
	m, err := w.AcceptRequest(ctx, w.by(author), taken.ID)
	ok(w.t, err)
	_, err = w.AddGoal(ctx, w.by(author), m.ID, w.secret("tutoratobjectif", author|stewards))
	ok(w.t, err)
	talk, err := w.PlanCheckIn(ctx, w.by(author), m.ID, store.CheckInInput{Date: "2026-03-20", Clock: "10:00", Minutes: 60, Where: w.secret("tutoratlieu", author|steward)})
	ok(w.t, err)
	_, err = w.NoteCheckIn(ctx, w.by(author), m.ID, talk.ID, w.secret("tutoratnotes", author|steward))
	ok(w.t, err)
	w.ids["mentorship"] = m.ID
	none := "00000000-0000-7000-8000-000000000000"
	w.add("mentor request", "of the member", member|author|stewards, "id", open.ID)
	w.add("mentor request", "missing", nobody, "id", none)
	w.add("mentorship", "of the author", author|stewards, "id", m.ID)
	w.add("mentorship", "missing", nobody, "id", none)
}

func mentoring(*world) map[string]rule {
	weights := []string{}
	for _, one := range store.Criteria() {
		weights = append(weights, string(one), "7")
	}
	letter := []string{"message", "Bonjour, pouvez-vous nous aider ?", "lang", "fr", "name", "Neuve Personne", "email", "neuve@exemple.example"}
	return map[string]rule{
		"GET /mentors": pub(""), "GET /mentors.atom": pub(""), "GET /mentors/find": pub("", "?step=1", "?step=4"), "POST /mentors/find": does(everyone, "", "step", "1", "skills", "php").silent(),
		"GET /mentors/find/ask/:slug": pub("town").except("joining", member|organisers), "POST /mentors/find/ask/:slug": does(everyone, "town", letter...),
		"GET /mentors/weights": pub(""), "POST /mentors/weights": does(stewards, "", weights...), "GET /mentors/plan": only(stewards, ""),
		"GET /mentors/requests/:id": only(member|author|stewards, "mentor request"), "POST /mentors/requests/:id": does(member|stewards, "mentor request", "do", "withdraw"),
		"GET /mentorships/:id": only(author|stewards, "mentorship"), "POST /mentorships/:id": does(author|stewards, "mentorship", "do", "pause"),
	}
}
