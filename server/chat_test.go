package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// chatter is a site where people talk.
type chatter struct {
	*site
	lena, otto, maud, nina     *browser
	asLena, asOtto, asMaud     store.Actor
	lenaM, ottoM, maudM, ninaM store.Member
}

func chatting(t *testing.T) chatter {
	h := chatter{site: newSite(t)}
	h.lenaM, h.ottoM = h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Otto Beispiel", "BE-62063")
	h.maudM, h.ninaM = h.Join(t, "Maud Ratrice", "BE-52011"), h.Join(t, "Nina Voorbeeld", "BE-34022")
	h.With(t, h.maudM, store.RoleModerator)
	h.asLena, h.asOtto, h.asMaud = store.As(h.lenaM.ID), store.As(h.ottoM.ID), store.As(h.maudM.ID)
	h.Clock.Add(time.Minute)
	h.lena, h.otto, h.maud, h.nina = h.as(h.lenaM), h.as(h.ottoM), h.as(h.maudM), h.as(h.ninaM)
	return h
}

func (h chatter) say(t *testing.T, by store.Actor, room, text string) store.Message {
	t.Helper()
	m, err := h.Send(ctx, by, room, store.MessageInput{Source: text})
	ok(t, err)
	h.Clock.Add(5 * time.Second)
	return m
}

func (h chatter) open(t *testing.T, by store.Actor, name string, access store.Access) store.Room {
	t.Helper()
	r, err := h.OpenRoom(ctx, by, store.RoomInput{Name: name, Purpose: "Pour essayer", Access: access})
	ok(t, err)
	return r
}

var composerOnce = regexp.MustCompile(`name="once" value="([^"]+)"`)

func (b *browser) once(t *testing.T, path string) string {
	t.Helper()
	found := composerOnce.FindStringSubmatch(b.get(path).body)
	if found == nil {
		t.Fatalf("%s has no composer", path)
	}
	return found[1]
}

func TestTalkingWithoutScripts(t *testing.T) {
	h := chatting(t)
	got := h.lena.get("/chat")
	if got.Header.Get("Location") != "/chat/lounge" {
		t.Fatalf("/chat leads to %q", got.Header.Get("Location"))
	}
	h.lena.get("/chat/lounge").holds(t, 200, "Personne n’a encore rien dit ici")
	once := h.lena.once(t, "/chat/lounge")
	form := url.Values{"source": {"Bonjour à *tous*"}, "once": {once}}
	if got := h.lena.post("/chat/lounge", form); got.Header.Get("Location") != "/chat/lounge#m1" {
		t.Fatalf("posting: %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	if got := h.lena.post("/chat/lounge", form); got.Header.Get("Location") != "/chat/lounge#m1" { // a second click, a reload
		t.Errorf("again: %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	h.otto.get("/chat/lounge").holds(t, 200, "Bonjour à <em>tous</em>", "Lena Exemple", `id="m1"`)
	if page, err := h.RoomPage(ctx, h.asOtto, store.LoungeID, store.MessageQuery{}); err != nil || page.Log.Last != 1 {
		t.Fatalf("%d messages after two clicks, %v", page.Log.Last, err)
	}
	// the back button and another text: nothing is lost, and sending again says it
	form.Set("source", "Encore une chose")
	got = h.lena.post("/chat/lounge", form)
	got.holds(t, http.StatusConflict, "Encore une chose")
	form.Set("once", composerOnce.FindStringSubmatch(got.body)[1])
	if got := h.lena.post("/chat/lounge", form); got.Header.Get("Location") != "/chat/lounge#m2" {
		t.Errorf("sending it again: %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	// what is refused is shown again
	long := strings.Repeat("x", store.MaxMessage+1)
	h.lena.post("/chat/lounge", url.Values{"source": {long}, "once": {"o2"}}).holds(t, 422, long, `aria-invalid="true"`, `id="source-error"`)
	h.lena.post("/chat/lounge", url.Values{"source": {" "}, "once": {"o3"}}).holds(t, 422, `id="source-error"`)
	// a reply shows what it answers
	h.otto.get("/chat/lounge?reply=1").holds(t, 200, `name="reply" value="1"`, "Bonjour à tous")
	h.otto.post("/chat/lounge", url.Values{"source": {"Salut Lena"}, "reply": {"1"}, "once": {"o4"}}).holds(t, 303)
	h.lena.get("/chat/lounge").holds(t, 200, "Salut Lena", `href="/chat/lounge?at=1#m1"`)
	h.lena.get("/chat/lounge?at=1").holds(t, 200, "msg--at")
	// reacting, editing, deleting
	h.otto.post("/chat/lounge/1/react", url.Values{"kind": {"thanks"}}).holds(t, 303)
	h.lena.get("/chat/lounge").holds(t, 200, "Merci <b>1</b>")
	h.otto.get("/chat/lounge/1").holds(t, 200, `aria-pressed="true"`, "Répondre")
	h.otto.post("/chat/lounge/1/react", url.Values{"undo": {"thanks"}}).holds(t, 303)
	h.lena.get("/chat/lounge").lacks(t, "Merci <b>")
	h.lena.get("/chat/lounge/1/edit").holds(t, 200, "Bonjour à *tous*")
	h.lena.post("/chat/lounge/1/edit", url.Values{"source": {"Bonjour à toutes"}, "base": {"0"}}).holds(t, 303)
	h.otto.get("/chat/lounge").holds(t, 200, "Bonjour à toutes", "modifié")
	clash := h.lena.post("/chat/lounge/1/edit", url.Values{"source": {"Une autre version"}, "base": {"0"}})
	clash.holds(t, http.StatusConflict, "Une autre version", "Bonjour à toutes", `name="base" value="1"`)
	h.otto.get("/chat/lounge/1/edit").holds(t, 403)
	h.otto.post("/chat/lounge/1/delete", nil).holds(t, 403)
	h.otto.get("/chat/lounge/1/history").holds(t, 403)
	h.maud.get("/chat/lounge/1/history").holds(t, 200, "Bonjour à *tous*")
	h.maud.post("/chat/lounge/1/delete", nil).holds(t, 422, "Raison")
	h.maud.post("/chat/lounge/1/delete", url.Values{"reason": {"Hors sujet"}}).holds(t, 303)
	h.otto.get("/chat/lounge").holds(t, 200, "Message supprimé par la modération", "Hors sujet")
	h.otto.get("/chat/lounge").lacks(t, "Bonjour à toutes")
}

func TestAVisitorReadsOnlyPublicRooms(t *testing.T) {
	h := chatting(t)
	public, members := h.open(t, h.asLena, "Accueil des nouveaux", store.AccessPublic), h.open(t, h.asLena, "Entre nous", store.AccessMembers)
	private := h.open(t, h.asLena, "Groupe fermé", store.AccessPrivate)
	for _, r := range []store.Room{public, members, private} {
		h.say(t, h.asLena, r.ID, "Des mots de "+r.Name)
	}
	v := h.visitor()
	if got := v.get("/chat"); got.Header.Get("Location") != "/chat/rooms" {
		t.Errorf("/chat leads a visitor to %q", got.Header.Get("Location"))
	}
	v.get("/chat/rooms").holds(t, 200, "Accueil des nouveaux")
	v.get("/chat/rooms").lacks(t, "Entre nous", "Groupe fermé", "/chat/new")
	v.get("/chat/"+public.Slug).holds(t, 200, "Des mots de Accueil", "Se connecter pour écrire")
	v.post("/chat/"+public.Slug, url.Values{"source": {"Bonjour"}}).holds(t, 403)
	for _, path := range []string{"/chat/" + members.Slug, "/chat/" + private.Slug, "/chat/lounge", "/chat/nowhere"} {
		if got := v.get(path); got.StatusCode != 303 || !strings.HasPrefix(got.Header.Get("Location"), "/sign-in?") {
			t.Errorf("%s as a visitor: %d", path, got.StatusCode)
		}
	}
	h.otto.get("/chat/"+members.Slug).holds(t, 200, "Des mots de Entre nous")
	h.otto.get("/chat/"+private.Slug).holds(t, 404)
	h.maud.get("/chat/"+private.Slug).holds(t, 404) // moderators too
	h.otto.get("/chat/rooms").holds(t, 200, "Entre nous")
	h.otto.get("/chat/rooms").lacks(t, "Groupe fermé")
	h.otto.get("/chat/rooms?words=nouveaux").holds(t, 200, "Accueil des nouveaux")
	h.otto.get("/chat/rooms?words=nouveaux").lacks(t, "Entre nous")
	h.otto.get("/chat/rooms?words=introuvable").holds(t, 200, "Aucun salon ne correspond")
}

func TestRoomsAreOpenedChangedSharedAndArchived(t *testing.T) {
	h := chatting(t)
	h.lena.post("/chat/new", url.Values{"name": {""}, "purpose": {"Pour relire"}, "access": {"private"}}).holds(t, 422, "Pour relire")
	got := h.lena.post("/chat/new", url.Values{"name": {"Relecture"}, "purpose": {"Pour relire"}, "access": {"private"}})
	if got.Header.Get("Location") != "/chat/relecture" {
		t.Fatalf("opened: %d, %q", got.StatusCode, got.Header.Get("Location"))
	}
	h.lena.post("/chat/relecture/people", url.Values{"do": {"invite"}, "people": {"Personne Inconnue"}}).holds(t, 422, "Personne Inconnue", "parmi les membres")
	h.lena.post("/chat/relecture/people", url.Values{"do": {"invite"}, "people": {"@otto-beispiel, nina voorbeeld"}}).holds(t, 303)
	h.otto.get("/chat/relecture").holds(t, 200, "Relecture")
	h.nina.get("/chat/relecture/people").holds(t, 200, "Otto Beispiel", "Lena Exemple")
	h.otto.post("/chat/relecture/people", url.Values{"do": {"invite"}, "people": {"@maud-ratrice"}}).holds(t, 403)
	h.otto.get("/chat/relecture/change").holds(t, 403)
	h.lena.post("/chat/relecture/people", url.Values{"do": {"remove"}, "member": {h.ninaM.ID}}).holds(t, 303)
	h.nina.get("/chat/relecture").holds(t, 404)
	h.lena.post("/chat/relecture/change", url.Values{"name": {"Relecture"}, "access": {"public"}}).holds(t, 422, "Un salon privé le reste")
	h.lena.post("/chat/relecture/change", url.Values{"name": {"Relectures"}, "access": {"private"}}).holds(t, 303)
	h.lena.post("/chat/relecture/do/archive", url.Values{"on": {"1"}}).holds(t, 303)
	h.otto.get("/chat/relecture").holds(t, 200, "Relectures", "archivé")
	h.otto.get("/chat/relecture").lacks(t, `id="say"`)
	h.otto.post("/chat/relecture", url.Values{"source": {"Trop tard"}, "once": {"x"}}).holds(t, http.StatusConflict)
	h.lena.post("/chat/relecture/do/archive", url.Values{"on": {"0"}}).holds(t, 303)
	h.otto.post("/chat/relecture", url.Values{"source": {"À temps"}, "once": {"x"}}).holds(t, 303)
	h.otto.post("/chat/relecture/do/follow", url.Values{"level": {"muted"}}).holds(t, 303)
	h.otto.get("/chat/relecture").holds(t, 200, "sourdine</summary>")
	h.otto.post("/chat/relecture/do/leave", nil).holds(t, 303)
	h.otto.get("/chat/relecture").holds(t, 404)
}

func TestAConversationIsBetweenItsPeople(t *testing.T) {
	h := chatting(t)
	h.otto.get("/people/lena-exemple").holds(t, 200, "Écrire un message")
	got := h.otto.post("/chat/direct", url.Values{"people": {"@lena-exemple"}})
	path := got.Header.Get("Location")
	h.otto.get(path).holds(t, 200, "Lena Exemple")
	if again := h.lena.post("/chat/direct", url.Values{"people": {"Otto Beispiel"}}); again.Header.Get("Location") != path {
		t.Errorf("the same two people talk in %s and %s", path, again.Header.Get("Location"))
	}
	h.otto.post(path, url.Values{"source": {"Entre nous deux"}, "once": {"d1"}}).holds(t, 303)
	h.lena.get("/unread").holds(t, 200, "Otto Beispiel", "1 message non lu", path+"?at=1#m1")
	h.lena.get("/chat/lounge").holds(t, 200, "Messages privés", "Otto Beispiel")
	h.maud.get(path).holds(t, 404)
	h.otto.post("/chat/direct", url.Values{"people": {""}}).holds(t, 422)
	h.otto.post(path+"/do/leave", nil).holds(t, 303)
	h.otto.get(path).holds(t, 200, "Entre nous deux")
	// one look, and it is new no more; until it is marked
	h.lena.get(path).holds(t, 200, "1 message non lu")
	h.lena.get("/unread").lacks(t, path)
	h.lena.post(path+"/1/unread", nil).holds(t, 303)
	h.lena.get("/unread").holds(t, 200, path+"?at=1#m1")
	r, err := h.RoomBySlug(ctx, h.asLena, strings.TrimPrefix(path, "/chat/"))
	ok(t, err)
	h.lena.post("/unread", url.Values{"do": {"room"}, "id": {r.ID}}).holds(t, 303)
	h.lena.get("/unread").lacks(t, path)
}

func TestALongRoomIsReadInParts(t *testing.T) {
	h := chatting(t)
	r := h.open(t, h.asLena, "Longue histoire", store.AccessMembers)
	ok(t, h.JoinRoom(ctx, h.asOtto, r.ID))
	for i := range 130 {
		h.say(t, h.asLena, r.ID, fmt.Sprintf("Message numéro %d.", i+1))
		if i == 59 {
			h.Clock.Add(24 * time.Hour)
		}
	}
	path := "/chat/" + r.Slug
	last := h.otto.get(path)
	last.holds(t, 200, "numéro 130.", "numéro 81.", "Aller au premier message non lu", path+"?at=1#m1", path+"?before=81")
	last.lacks(t, "numéro 80.")
	h.otto.get(path+"?at=1").holds(t, 200, "numéro 1.")
	if page, err := h.RoomPage(ctx, h.asOtto, r.ID, store.MessageQuery{}); err != nil || page.Read != 25 {
		t.Errorf("after the first page Otto has read %d, %v", page.Read, err)
	}
	h.otto.get(path+"?before=81").holds(t, 200, "numéro 80.", "numéro 31.", "Messages plus récents")
	h.otto.get(path+"?after=25").holds(t, 200, "numéro 26.", "numéro 75.")
	h.otto.get(path+"?at=60").holds(t, 200, "numéro 60.", "numéro 84.")
	day := h.Clock.Now().Format(time.DateOnly)
	h.otto.get(path+"?day="+day).holds(t, 200, "numéro 61.")
	for _, wrong := range []string{"?at=x", "?before=-1", "?after=99999999999", "?day=hier"} {
		h.otto.get(path+wrong).holds(t, 404)
	}
}

func TestMessagesAreMovedToAThread(t *testing.T) {
	h := chatting(t)
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	r := h.open(t, h.asLena, "Entraide rapide", store.AccessPublic)
	h.say(t, h.asLena, r.ID, "Comment renuméroter ?")
	h.say(t, h.asOtto, r.ID, "Avec la commande renumber.")
	path := "/chat/" + r.Slug
	h.maud.get(path+"?pick=1").holds(t, 200, `name="n" value="1"`, `form="pick"`)
	h.maud.get(path+"/move").holds(t, 303)
	h.maud.get(path+"/move?n=1&n=2").holds(t, 200, "Comment renuméroter", "Avec la commande", "Une nouvelle discussion")
	h.maud.post(path+"/move", url.Values{"n": {"1", "2"}, "to": {"thread"}, "thread": {"77"}}).holds(t, 422, "Comment renuméroter", "77")
	h.otto.post(path+"/move", url.Values{"n": {"1"}, "to": {"new"}, "title": {"Voler"}, "category": {shelf.Slug}}).holds(t, 403)
	got := h.maud.post(path+"/move", url.Values{"n": {"1", "2"}, "to": {"new"}, "title": {"Renuméroter"}, "category": {shelf.Slug}})
	thread := got.Header.Get("Location")
	h.visitor().get(strings.Split(thread, "?")[0]).holds(t, 200, "Comment renuméroter", "Otto Beispiel", path+"?at=1#m1", "Entraide rapide")
	page := h.lena.get(path)
	page.holds(t, 200, "Message déplacé vers la discussion", "Renuméroter")
	page.lacks(t, "Avec la commande")
}

func TestEveryChatPageInEveryLanguage(t *testing.T) {
	h := chatting(t)
	r := h.open(t, h.asLena, "Salle d’essai", store.AccessPrivate)
	ok(t, h.Invite(ctx, h.asLena, r.ID, h.ottoM.ID))
	h.say(t, h.asOtto, r.ID, "Bonjour @lena-exemple")
	h.say(t, h.asLena, r.ID, "Bonjour")
	_, err := h.EditMessage(ctx, h.asLena, r.ID, 2, 0, store.MessageInput{Source: "Bonsoir"})
	ok(t, err)
	_, err = h.ReactMessage(ctx, h.asOtto, r.ID, 2, store.Thanks, true)
	ok(t, err)
	path := "/chat/" + r.Slug
	for _, tag := range []string{"fr", "nl", "de", "en"} {
		h.lena.post("/language", url.Values{"to": {tag}, "back": {"/"}})
		for _, where := range []string{"/chat/lounge", path, path + "?pick=1", path + "?reply=1", path + "/people", path + "/change", path + "/move?n=2", path + "/1", path + "/2", path + "/2/edit",
			path + "/2/delete", "/chat/rooms", "/chat/new", "/chat/direct", "/settings", "/unread", "/people/otto-beispiel"} {
			got := h.lena.get(where)
			got.holds(t, 200)
			checkPage(t, tag, where, got)
		}
	}
}

// TestScriptInEveryFieldOfRooms puts each attack where people write in rooms, and looks at every page that shows it.
func TestScriptInEveryFieldOfRooms(t *testing.T) {
	h := chatting(t)
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	look := func(what string, got answer) {
		t.Helper()
		if found := spoiled(got.body); got.StatusCode >= 500 || found != "" {
			t.Errorf("%s: %d %s", what, got.StatusCode, found)
		}
	}
	for i, attack := range attacks() {
		r, err := h.OpenRoom(ctx, h.asLena, store.RoomInput{Name: fmt.Sprint(i) + attack, Purpose: attack, Access: store.AccessMembers})
		ok(t, err)
		h.Clock.Add(time.Minute)
		path := "/chat/" + r.Slug
		send := func(b *browser, where string, form url.Values) {
			t.Helper()
			look(attack+" to "+where, b.post(where, form))
		}
		send(h.lena, path, url.Values{"source": {attack}, "once": {fmt.Sprint("a", i)}})
		send(h.otto, path, url.Values{"source": {"> " + attack + "\n\n```\n" + attack + "\n```"}, "once": {fmt.Sprint("b", i)}, "reply": {"1"}})
		send(h.lena, path, url.Values{"source": {strings.Repeat(attack, 400)}, "once": {attack}, "reply": {attack}})
		send(h.lena, path+"/1/edit", url.Values{"source": {attack + " 2"}, "base": {attack}})
		send(h.lena, "/chat/new", url.Values{"name": {attack}, "purpose": {attack}, "lang": {attack}, "access": {attack}})
		send(h.lena, path+"/change", url.Values{"name": {attack}, "purpose": {attack}, "lang": {attack}, "access": {attack}})
		send(h.lena, path+"/people", url.Values{"do": {"invite"}, "people": {attack}})
		send(h.lena, "/chat/direct", url.Values{"people": {attack}})
		send(h.lena, path+"/do/follow", url.Values{"level": {attack}})
		send(h.maud, path+"/2/delete", url.Values{"reason": {attack}})
		send(h.maud, path+"/1/mark", url.Values{"mark": {attack}})
		send(h.otto, path+"/1/react", url.Values{"kind": {attack}})
		send(h.lena, path+"/move", url.Values{"n": {"1", attack}, "to": {"thread"}, "thread": {attack}, "title": {attack}, "category": {attack}, "item": {attack}})
		for _, b := range []*browser{h.lena, h.otto, h.maud} {
			for _, where := range []string{path, path + "?reply=1", path + "?pick=1", path + "?day=" + url.QueryEscape(attack), path + "/1", path + "/1/edit", path + "/1/delete", path + "/1/history", path + "/people", path + "/change",
				path + "/move?n=1", "/chat/rooms", "/chat/rooms?words=" + url.QueryEscape(attack), "/unread", "/chat/" + url.PathEscape(attack)} {
				look(attack+" at "+where, b.get(where))
			}
		}
		send(h.lena, path+"/move", url.Values{"n": {"1"}, "to": {"new"}, "title": {attack + "T"}, "category": {shelf.Slug}})
		look(attack+" moved", h.lena.get(path))
	}
	sound(t, h.site)
}
