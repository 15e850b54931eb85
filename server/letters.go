package server

import (
	"context"
	"slices"
	"strings"

	"belfry/locales"
	"belfry/server/mail"
	"belfry/store"
)

// reader is somebody a letter is for.
type reader struct {
	name, address string
	member        string
	lang          *locales.Language
}

// lettersOf writes the letters of one event. An event about something that is gone has none.
func (p *Post) lettersOf(ctx context.Context, e store.Event) ([]store.Mail, error) {
	var letters []store.Mail
	var err error
	switch e.Kind {
	case store.EventConfirmAddress, store.EventSignInLink, store.EventAlreadyMember, store.EventUnknownAddress:
		letters, err = p.accountLetter(e)
	case store.EventEmailOld, store.EventEmailNew, store.EventEmailChanged, store.EventPassword, store.EventRole, store.EventWelcomed, store.EventHandOver, store.EventTownMerged:
		letters, err = p.memberLetter(ctx, e)
	case store.EventPersonWaits:
		letters, err = p.waitingLetters(ctx, e)
	case store.EventContact:
		letters, err = p.contactLetter(ctx, e)
	case store.EventMeetingChanged:
		letters, err = p.meetingLetters(ctx, e, store.OnSite, store.Online, store.Maybe)
	case store.EventCancelled:
		letters, err = p.meetingLetters(ctx, e, store.OnSite, store.Online, store.Maybe)
	case store.EventMinutes:
		letters, err = p.minutesLetters(ctx, e)
	case store.EventPromoted, store.EventAnsweredFor:
		letters, err = p.meetingLetters(ctx, e)
	case store.EventActions, store.EventActionMoved, store.EventCorrection, store.EventReminder, store.EventNudge, store.EventItemDecided:
		letters, err = p.noticeLetter(ctx, e)
	case store.EventAppNotice, store.EventNoticeHelp, store.EventNeedReached, store.EventNeedNews:
		letters, err = p.appLetters(ctx, e)
	case store.EventContractEnds, store.EventOfferAsked, store.EventHosting:
		letters, err = p.serviceLetters(ctx, e)
	case store.EventPosted:
		letters, err = p.postLetters(ctx, e)
	case store.EventAccepted, store.EventAssigned, store.EventModerated:
		letters, err = p.threadLetter(ctx, e)
	case store.EventSaid:
		letters, err = p.roomLetters(ctx, e)
	case store.EventProfileDue:
		letters, err = p.profileLetter(ctx, e)
	case store.EventMentorAsked, store.EventMentorAnswered, store.EventMentorStuck, store.EventMentorship:
		letters, err = p.mentorLetters(ctx, e)
	case store.EventInvited, store.EventMessageDeleted:
		letters, err = p.roomLetter(ctx, e)
	}
	if store.KindOf(err) == store.NotFound {
		return nil, nil
	}
	return letters, err
}

// write lays a letter out for one reader. The subject and the words are under letter.KIND.
func (p *Post) write(r reader, letter mail.Letter, notice bool) (store.Mail, error) {
	letter.Lang = r.lang.Tag()
	if letter.Greeting == "" && r.name != "" {
		letter.Greeting = r.lang.T("letter.greeting", "Name", r.name)
	}
	if letter.Heading == "" {
		letter.Heading = letter.Subject
	}
	letter.Reason = r.lang.T("letter.reason_account")
	if notice {
		letter.Reason = r.lang.T("letter.reason_notice")
		letter.Stop = mail.Link{Label: r.lang.T("letter.stop"), URL: p.PublicURL + "/settings"}
	}
	laid, err := p.layout.Message(letter)
	if err != nil {
		return store.Mail{}, err
	}
	return store.Mail{Member: r.member, Name: r.name, Address: r.address, Lang: r.lang.Tag(), Subject: laid.Subject, Text: laid.Text,
		HTML: laid.HTML, List: notice}, nil
}

func (p *Post) language(tag string) *locales.Language {
	if lang, ok := p.Catalogue.Language(tag); ok {
		return lang
	}
	return p.Catalogue.Match("")
}

func (p *Post) readerOf(m store.Member) reader {
	return reader{name: m.Name, address: m.Email, member: m.ID, lang: p.language(m.Language)}
}

// accountLetter is for an address: the reader may not be a member.
func (p *Post) accountLetter(e store.Event) ([]store.Mail, error) {
	r := reader{name: e.Data["name"], address: e.Data["address"], member: e.Member, lang: p.language(e.Data["lang"])}
	kind := map[store.EventKind]string{store.EventConfirmAddress: "letter.confirm.", store.EventSignInLink: "letter.sign_in.",
		store.EventAlreadyMember: "letter.exists.", store.EventUnknownAddress: "letter.unknown."}[e.Kind]
	letter := mail.Letter{Subject: r.lang.T(kind + "subject"), Paragraphs: []string{r.lang.T(kind + "text")}, Code: e.Data["code"],
		Button: mail.Link{Label: r.lang.T(kind + "button"), URL: p.PublicURL + "/join"}}
	if token := e.Data["token"]; token != "" {
		letter.Button.URL = p.PublicURL + "/link/" + token
	}
	one, err := p.write(r, letter, false)
	return []store.Mail{one}, err
}

// memberLetter is for one member, about the account or the town.
func (p *Post) memberLetter(ctx context.Context, e store.Event) ([]store.Mail, error) {
	m, err := p.Store.MemberByID(ctx, e.Member)
	if err != nil || m.State != store.MemberActive {
		return nil, err
	}
	r := p.readerOf(m)
	if address := e.Data["address"]; address != "" {
		r.address = address
	}
	letter := mail.Letter{Button: mail.Link{URL: p.PublicURL + "/settings"}}
	kind, notice := "", false
	args := []any{"New", e.Data["new"]}
	switch e.Kind {
	case store.EventEmailOld, store.EventEmailNew:
		kind = "letter.email_new."
		if e.Kind == store.EventEmailOld {
			kind = "letter.email_old."
		}
		letter.Button.URL = p.PublicURL + "/link/" + e.Data["token"]
	case store.EventEmailChanged:
		kind = "letter.email_changed."
	case store.EventPassword:
		kind = "letter.password."
	case store.EventRole:
		kind = "letter.role_taken."
		if e.Data["given"] == "yes" {
			kind = "letter.role_given."
		}
		args = []any{"Role", r.lang.T("role." + e.Data["role"])}
		letter.Button.URL = p.PublicURL + "/people/" + m.Handle
	case store.EventWelcomed, store.EventHandOver, store.EventTownMerged:
		town, err := p.Store.TownByID(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		kind = "letter.welcomed."
		if e.Kind == store.EventHandOver {
			kind = "letter.hand_over."
		}
		args = []any{"Town", town.NameIn(r.lang.Tag())}
		if e.Kind == store.EventTownMerged {
			from, err := p.Store.TownByID(ctx, e.Data["from"])
			if err != nil {
				return nil, err
			}
			kind, args = "letter.merged.", append(args, "From", from.NameIn(r.lang.Tag()))
		}
		letter.Button.URL, notice = p.PublicURL+"/towns/"+town.Slug, false
	}
	letter.Subject, letter.Paragraphs = r.lang.T(kind+"subject", args...), []string{r.lang.T(kind+"text", args...)}
	letter.Button.Label = r.lang.T(kind + "button")
	one, err := p.write(r, letter, notice)
	return []store.Mail{one}, err
}

// contactLetter is what a member wrote to another. It leads back to the writer's page; their address is in it when they
// gave it.
func (p *Post) contactLetter(ctx context.Context, e store.Event) ([]store.Mail, error) {
	to, err := p.Store.MemberByID(ctx, e.Member)
	if err != nil || to.State != store.MemberActive || to.NoNotice {
		return nil, err
	}
	from, err := p.Store.MemberByID(ctx, e.By)
	if err != nil {
		return nil, err
	}
	r := p.readerOf(to)
	letter := mail.Letter{Subject: r.lang.T("letter.contact.subject", "Name", from.Name, "Subject", e.Data["subject"]),
		Heading: e.Data["subject"], Paragraphs: append([]string{r.lang.T("letter.contact.text", "Name", from.Name)}, lines(e.Data["text"])...),
		Button: mail.Link{Label: r.lang.T("letter.contact.button"), URL: p.PublicURL + "/people/" + from.Handle + "/write"}}
	if e.Data["reply"] != "" {
		letter.Facts = []mail.Fact{{Label: r.lang.T("letter.contact.reply"), Value: e.Data["reply"]}}
	}
	one, err := p.write(r, letter, true)
	one.ReplyTo = e.Data["reply"]
	return []store.Mail{one}, err
}

// waitingLetters tell those who can welcome somebody.
func (p *Post) waitingLetters(ctx context.Context, e store.Event) ([]store.Mail, error) {
	town, err := p.Store.TownByID(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	newcomer, err := p.Store.MemberByID(ctx, e.By)
	if err != nil || newcomer.TownID() != town.ID {
		return nil, err
	}
	if place, _ := newcomer.Place(); !place.Welcomed.IsZero() {
		return nil, nil // welcomed already
	}
	welcomers, err := p.Store.Welcomers(ctx, town.ID)
	if err != nil {
		return nil, err
	}
	var letters []store.Mail
	for _, m := range welcomers {
		if m.ID == e.By || m.NoNotice {
			continue
		}
		r := p.readerOf(m)
		args := []any{"Name", newcomer.Name, "Town", town.NameIn(r.lang.Tag())}
		one, err := p.write(r, mail.Letter{Subject: r.lang.T("letter.waiting.subject", args...), Paragraphs: []string{r.lang.T("letter.waiting.text", args...)},
			Button: mail.Link{Label: r.lang.T("letter.waiting.button"), URL: p.PublicURL + "/towns/" + town.Slug}}, true)
		if err != nil {
			return nil, err
		}
		letters = append(letters, one)
	}
	return letters, nil
}

// meetingLetters tell the audience of a meeting, or the one member the event is for.
func (p *Post) meetingLetters(ctx context.Context, e store.Event, answers ...store.Answer) ([]store.Mail, error) {
	m, host, err := p.Store.MeetingByID(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	all := []store.Answer{store.OnSite, store.Online, store.Maybe, store.No}
	if len(answers) > 0 {
		all = answers
	}
	audience, err := p.Store.Audience(ctx, m.ID, all...)
	if err != nil {
		return nil, err
	}
	return p.lettersTo(audience, e, m, host, nil)
}

// minutesLetters tell those whom published minutes concern what was decided.
func (p *Post) minutesLetters(ctx context.Context, e store.Event) ([]store.Mail, error) {
	m, host, err := p.Store.MeetingByID(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	audience, decided, err := p.Store.Concerned(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	var facts []mail.Fact
	for _, d := range decided[:min(len(decided), listedInLetter)] {
		facts = append(facts, mail.Fact{Label: d.Number(), Value: d.Title})
	}
	return p.lettersTo(audience, e, m, host, facts)
}

func (p *Post) lettersTo(audience []store.Recipient, e store.Event, m store.Meeting, host store.Town, facts []mail.Fact) ([]store.Mail, error) {
	var letters []store.Mail
	for _, to := range audience {
		if to.Member.ID == e.By || to.Member.NoNotice || e.Member != "" && to.Member.ID != e.Member {
			continue
		}
		one, err := p.meetingLetter(p.readerOf(to.Member), e, m, host, to.RSVP, facts)
		if err != nil {
			return nil, err
		}
		letters = append(letters, one)
	}
	return letters, nil
}

func (p *Post) meetingLetter(r reader, e store.Event, m store.Meeting, host store.Town, answer store.RSVP, facts []mail.Fact) (store.Mail, error) {
	kind := map[store.EventKind]string{store.EventMeetingChanged: "letter.changed.", store.EventCancelled: "letter.cancelled.",
		store.EventMinutes: "letter.minutes.", store.EventPromoted: "letter.promoted.", store.EventAnsweredFor: "letter.answered."}[e.Kind]
	title := p.language(m.Lang).Numbered(m.Number, m.Title)
	args := []any{"Title", title, "Date", r.lang.DayMonth(m.Local())}
	letter := mail.Letter{Subject: r.lang.T(kind+"subject", args...), Paragraphs: []string{r.lang.T(kind+"text", args...)},
		Button: mail.Link{Label: r.lang.T(kind + "button"), URL: p.PublicURL + "/meetings/" + m.Slug}}
	if e.Kind == store.EventMinutes {
		letter.Button.URL += "/minutes"
	}
	if e.Kind == store.EventCancelled && m.Reason != "" {
		letter.Paragraphs = append(letter.Paragraphs, m.Reason)
	}
	if e.Kind == store.EventMeetingChanged {
		var groups []string
		for _, group := range strings.Split(e.Data["what"], ",") {
			groups = append(groups, r.lang.T("letter.what."+group))
		}
		letter.Paragraphs = append(letter.Paragraphs, r.lang.T("letter.changed.what", "What", r.lang.List(groups)))
	}
	letter.Facts = append(slices.Clone(facts), mail.Fact{Label: r.lang.T("letter.fact.when"), Value: r.lang.Span(m.Local(), m.LocalEnd())})
	var where []string
	for _, word := range []string{host.NameIn(r.lang.Tag()), m.Venue, m.Address} {
		if word != "" {
			where = append(where, word)
		}
	}
	if len(where) > 0 {
		letter.Facts = append(letter.Facts, mail.Fact{Label: r.lang.T("letter.fact.where"), Value: strings.Join(where, ", ")})
	}
	if m.Link != "" && m.State != store.MeetingCancelled {
		letter.Facts = append(letter.Facts, mail.Fact{Label: r.lang.T("meeting.online"), Value: m.Link})
	}
	word := string(answer.Answer)
	if answer.Waiting {
		word = "waiting"
	}
	if word != "" { // whom minutes concern did not always answer
		letter.Facts = append(letter.Facts, mail.Fact{Label: r.lang.T("letter.fact.you"), Value: r.lang.T("rsvp.word." + word)})
	}
	return p.write(r, letter, true)
}
