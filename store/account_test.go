package store_test

import (
	"context"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

var ctx = context.Background()

// both runs a test on a plain store and on one whose transactions run twice.
func both(t *testing.T, run func(t *testing.T, h *storetest.Hub)) {
	t.Run("once", func(t *testing.T) { run(t, storetest.Open(t)) })
	t.Run("twice", func(t *testing.T) { run(t, storetest.OpenTwice(t)) })
}

func want[T comparable](t *testing.T, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("got %v, want %v", got, wanted)
	}
}

func wantKind(t *testing.T, err error, kind store.Kind, key string) {
	t.Helper()
	if store.KindOf(err) != kind {
		t.Errorf("got %v, want kind %d", err, kind)
		return
	}
	for _, p := range store.ProblemsOf(err) {
		if p.Key == key {
			return
		}
	}
	t.Errorf("got %v, want a problem %s", err, key)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestJoinWelcomeAndLeave(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		page, err := h.TownPage(ctx, store.As(lena.ID), "namur")
		ok(t, err)
		want(t, page.Town.State, store.TownJoining)
		_, err = h.TownPage(ctx, store.Visitor(), "namur")
		wantKind(t, err, store.NotFound, "error.not_found")

		organiser := h.With(t, h.Join(t, "Otto Exemple", "BE-62063"), store.RoleOrganiser)
		wantKind(t, h.WelcomeTown(ctx, store.As(lena.ID), page.Town.ID), store.Denied, "error.not_allowed.organise")
		ok(t, h.WelcomeTown(ctx, organiser, page.Town.ID))
		page, err = h.TownPage(ctx, store.Visitor(), "namur")
		ok(t, err)
		want(t, page.Town.State, store.TownMember)
		want(t, len(page.People), 1)
		want(t, page.People[0].Coordinates(page.Town.ID), true)
		want(t, page.People[0].Email == "" || !page.OneContact, true)

		jef := h.Join(t, "Jef Exemple", "BE-92094")
		ok(t, h.WelcomePerson(ctx, store.As(lena.ID), jef.ID))
		ok(t, h.HandOver(ctx, store.As(lena.ID), lena.ID, jef.ID, true))
		after, err := h.MemberByID(ctx, jef.ID)
		ok(t, err)
		want(t, after.Coordinates(page.Town.ID), true)
		gone, _ := h.MemberByID(ctx, lena.ID)
		want(t, gone.TownID(), "")

	})
}

func TestSignInGivesNothingAway(t *testing.T) {
	h := storetest.Open(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	from := store.Client{Address: "192.0.2.1", Agent: "Test"}
	ok(t, h.RequestSignIn(ctx, lena.Email, "fr", from))
	ok(t, h.RequestSignIn(ctx, "nobody@exemple.example", "fr", from))
	letter := h.Letter(t, store.EventSignInLink, lena.Email)

	view, err := h.TicketFor(ctx, letter["token"])
	ok(t, err)
	want(t, view.Name, "Lena Exemple")
	in, err := h.UseCode(ctx, lena.Email, letter["code"], "", from)
	ok(t, err)
	_, err = h.UseTicket(ctx, letter["token"], "", from)
	wantKind(t, err, store.NotFound, "error.ticket_used")
	session, me, err := h.Session(ctx, in.Token)
	ok(t, err)
	want(t, me.ID, lena.ID)

	_, err = h.SetPassword(ctx, store.As(lena.ID), "", "une phrase assez longue", session)
	ok(t, err)
	_, err = h.SignIn(ctx, lena.Email, "faux faux faux", from)
	wantKind(t, err, store.Invalid, "error.wrong_password")
	_, err = h.SignIn(ctx, "nobody@exemple.example", "faux faux faux", from)
	wantKind(t, err, store.Invalid, "error.wrong_password")
	_, err = h.SignIn(ctx, "LENA.exemple@Exemple.example", "une phrase assez longue", from)
	ok(t, err)
	for range 12 {
		_, err = h.SignIn(ctx, lena.Email, "faux faux faux", from)
	}
	wantKind(t, err, store.Limited, "error.too_many_tries")
	h.Clock.Add(16 * time.Minute)
	_, err = h.SignIn(ctx, lena.Email, "une phrase assez longue", from)
	ok(t, err)
}

func TestFiveWrongCodesEndALetter(t *testing.T) {
	h := storetest.Open(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	ok(t, h.RequestSignIn(ctx, lena.Email, "fr", store.Client{}))
	code := h.Letter(t, store.EventSignInLink, lena.Email)["code"]
	for range 5 {
		_, err := h.UseCode(ctx, lena.Email, "x", "", store.Client{})
		wantKind(t, err, store.Invalid, "error.wrong_code")
	}
	_, err := h.UseCode(ctx, lena.Email, code, "", store.Client{})
	wantKind(t, err, store.Invalid, "error.wrong_code")
}

func TestPasswordOfAJoinNeedsTheSameBrowser(t *testing.T) {
	for _, nonce := range []string{"the same", "another"} {
		h := storetest.Open(t)
		in := store.JoinInput{Name: "Lena", Email: "lena@exemple.example", TownCode: "BE-92094", Language: "fr",
			Password: "une phrase assez longue", Nonce: "the same"}
		ok(t, h.Store.Join(ctx, in))
		_, err := h.UseTicket(ctx, h.Token(t, store.EventConfirmAddress, in.Email), nonce, store.Client{})
		ok(t, err)
		_, err = h.SignIn(ctx, in.Email, in.Password, store.Client{})
		want(t, err == nil, nonce == "the same")
	}
}

func TestEmailChangeNeedsBothAddresses(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		fresh := store.Session{Member: lena.ID, Proved: h.Now()}
		ok(t, h.ChangeEmail(ctx, store.As(lena.ID), "neu@exemple.example", "", fresh))
		_, err := h.UseTicket(ctx, h.Token(t, store.EventEmailNew, "neu@exemple.example"), "", store.Client{})
		ok(t, err)
		m, _ := h.MemberByID(ctx, lena.ID)
		want(t, m.Email, lena.Email)
		_, err = h.UseTicket(ctx, h.Token(t, store.EventEmailOld, lena.Email), "", store.Client{})
		ok(t, err)
		m, _ = h.MemberByID(ctx, lena.ID)
		want(t, m.Email, "neu@exemple.example")
	})
}

func TestLastAdministratorStays(t *testing.T) {
	h := storetest.Open(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	admin := h.With(t, lena, store.RoleAdministrator)
	wantKind(t, h.SetRole(ctx, admin, lena.ID, store.RoleAdministrator, false), store.Conflict, "member.last_administrator")
	err := h.Leave(ctx, admin, "", store.Session{Member: lena.ID, Proved: h.Now()})
	wantKind(t, err, store.Conflict, "member.last_administrator")
	jef := h.Join(t, "Jef Exemple", "BE-92094")
	h.With(t, jef, store.RoleAdministrator)
	ok(t, h.Leave(ctx, admin, "", store.Session{Member: lena.ID, Proved: h.Now()}))
	gone, err := h.MemberByID(ctx, lena.ID)
	ok(t, err)
	want(t, gone.Email, "")
}

func TestAFoundingLinkIsForAnEmptyHubOnly(t *testing.T) {
	h := storetest.Open(t)
	token, err := h.FoundingTicket(ctx)
	ok(t, err)
	in := store.JoinInput{Name: "Otto Beispiel", Email: "otto@exemple.example", Password: "une phrase assez longue", Language: "fr"}
	weak := in
	weak.Password = "password123"
	_, err = h.Found(ctx, token, weak)
	wantKind(t, err, store.Invalid, "invalid.password_common")
	signed, err := h.Found(ctx, token, in)
	ok(t, err)
	want(t, signed.Member.May(store.Administer), true)
	later, err := h.FoundingTicket(ctx)
	ok(t, err)
	_, err = h.Found(ctx, later, in)
	wantKind(t, err, store.NotFound, "error.ticket_used")
}
