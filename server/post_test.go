package server_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/mail"
	"belfry/store"
	"belfry/store/storetest"

	smtp "github.com/emersion/go-smtp"
)

// office is a post office over a store; it sends nothing.
func office(t testing.TB, h *storetest.Hub, sender mail.Deliverer) *server.Post {
	t.Helper()
	parts, err := shared()
	ok(t, err)
	post, err := server.NewPost(server.PostOptions{Store: h.Store, Catalogue: parts.catalogue, PublicURL: "https://hub.example", Sender: sender})
	ok(t, err)
	return post
}

// letters are what administrators read, newest first.
func letters(t testing.TB, h *storetest.Hub, admin store.Actor) []store.Mail {
	t.Helper()
	all, err := h.Mailbox(ctx, admin, 500)
	ok(t, err)
	return all
}

func TestPostWritesEveryLetterInEveryLanguage(t *testing.T) {
	h := storetest.Open(t)
	boss := h.With(t, h.Join(t, "Otto Beispiel", "BE-62063"), store.RoleAdministrator)
	post := office(t, h, nil)
	var people []store.Member
	for _, tag := range []string{"fr", "nl", "de", "en"} {
		m := h.Join(t, "Gast "+tag, "BE-92094")
		ok(t, h.ChangeProfile(ctx, store.As(m.ID), store.ProfileInput{Name: "Gast <b>" + tag + "</b>", Language: tag, Notices: true}))
		people = append(people, m)
	}
	_, err := post.Compose(ctx)
	ok(t, err)
	page, err := h.TownPage(ctx, boss, "namur")
	ok(t, err)
	ok(t, h.WelcomeTown(ctx, boss, page.Town.ID))
	m := h.Meeting(t, 1)
	for i, who := range people {
		ok(t, h.RequestSignIn(ctx, who.Email, "fr", store.Client{Address: fmt.Sprint(i)}))
		_, err := h.AnswerMeeting(ctx, store.As(who.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
		fresh := store.Session{Member: who.ID, Proved: h.Now()}
		ok(t, h.ChangeEmail(ctx, store.As(who.ID), fmt.Sprintf("neu%d@exemple.example", i), "", fresh))
		ok(t, h.SetRole(ctx, boss, who.ID, store.RoleModerator, true))
		ok(t, h.SetRole(ctx, boss, who.ID, store.RoleModerator, false))
	}
	in := store.MeetingInput{Title: m.Title, Lang: "fr", Date: m.Date, Clock: "10:00", Zone: m.Zone, Minutes: 60, Venue: "Ailleurs", Online: true, Seats: 9}
	_, err = h.ChangeMeeting(ctx, boss, m.ID, in)
	ok(t, err)
	in.Clock = "11:00"
	_, err = h.ChangeMeeting(ctx, boss, m.ID, in)
	ok(t, err)
	_, err = post.Compose(ctx)
	ok(t, err)
	h.Clock.Add(11 * time.Minute)
	_, err = post.Compose(ctx)
	ok(t, err)
	ok(t, h.CancelMeeting(ctx, boss, m.ID, "Faute de salle"))
	_, err = post.Compose(ctx)
	ok(t, err)

	kinds, changed := map[string]int{}, map[string]int{}
	for _, one := range letters(t, h, boss) {
		kinds[string(one.Kind)+" "+one.Lang]++
		if one.Kind == store.EventMeetingChanged {
			changed[one.Member]++
		}
		if strings.Contains(one.Subject+one.Text+one.HTML, "⟦") || one.Subject == "" {
			t.Errorf("%s %s: a text is missing in %q", one.Kind, one.Lang, one.Subject)
		}
		if strings.Contains(one.HTML, "<b>") {
			t.Errorf("%s: a name became markup", one.Kind)
		}
		if strings.Contains(one.Text, "http") && !strings.Contains(one.Text, "https://hub.example/") {
			t.Errorf("%s: a link leads elsewhere: %s", one.Kind, one.Text)
		}
	}
	for _, kind := range []store.EventKind{store.EventSignInLink, store.EventWelcomed, store.EventPromoted, store.EventMeetingChanged, store.EventCancelled,
		store.EventEmailOld, store.EventEmailNew, store.EventRole} {
		for _, tag := range []string{"nl", "de", "en"} {
			if kinds[string(kind)+" "+tag] == 0 && (kind != store.EventPromoted || tag != "fr") {
				t.Errorf("no %s letter in %s", kind, tag)
			}
		}
	}
	for member, times := range changed {
		if times != 1 {
			t.Errorf("%s was told %d times of one session of edits", member, times)
		}
	}
}

// sink is a real mail server in this process.
type sink struct {
	mu  sync.Mutex // guards what follows
	got []string
}

func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{sink: s}, nil }

func TestPostIsDeliveredOnce(t *testing.T) {
	h := storetest.Open(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	boss := h.With(t, lena, store.RoleAdministrator)
	box := &sink{}
	mailServer := smtp.NewServer(box)
	mailServer.Domain, mailServer.AllowInsecureAuth = "mail.example", true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	go func() { _ = mailServer.Serve(listener) }()
	t.Cleanup(func() { _ = mailServer.Close() })
	sender, err := mail.NewSender(mail.Config{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: "none", From: "hub@hub.example", FromName: "Belfry"})
	ok(t, err)
	ok(t, h.RequestSignIn(ctx, lena.Email, "fr", store.Client{}))
	post := office(t, h, nil)
	written, err := post.Compose(ctx)
	ok(t, err)
	again, err := post.Compose(ctx)
	ok(t, err)
	if again != 0 {
		t.Errorf("%d letters were written twice", again)
	}
	for _, one := range letters(t, h, boss) {
		ok(t, sender.Send(ctx, mail.Message{ID: one.ID, Name: one.Name, Address: one.Address, Lang: one.Lang, Subject: one.Subject, Text: one.Text, HTML: one.HTML}))
		ok(t, h.MailSent(ctx, one.ID, h.Now()))
	}
	due, err := h.DueMail(ctx, h.Now().Add(time.Hour), 100)
	ok(t, err)
	if len(due) != 0 || len(box.got) != written {
		t.Errorf("%d letters wait, %d of %d arrived", len(due), len(box.got), written)
	}
	for _, one := range letters(t, h, boss) {
		if one.Text != "" || one.HTML != "" {
			t.Error("the words of a sent letter are kept")
		}
	}
}
