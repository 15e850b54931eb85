package pages

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/markdown"
	"belfry/store"

	"github.com/a-h/templ"
)

// RoomScreen is a part of a room with what stands around it.
type RoomScreen struct {
	store.RoomPage
	Rooms   []store.RoomRow // of the reader; none for visitors
	Form    frontend.Form   // source, once, reply
	Reply   *store.MessageRow
	At      int  // the message that was asked for
	Picking bool // with boxes to pick messages
	Zone    *time.Location
	Profile store.ReadingProfile
	Beside  bool // beside a meeting's agenda
}

func roomHref(r store.Room) string { return "/chat/" + r.Slug }

func messageHref(r store.Room, number int) string {
	n := strconv.Itoa(number)
	return roomHref(r) + "?at=" + n + "#m" + n
}

// messageAct is where a form about a message is sent; "" is the page of what one can do with it.
func messageAct(r store.Room, number int, what string) string {
	return strings.TrimSuffix(roomHref(r)+"/"+strconv.Itoa(number)+"/"+what, "/")
}

// roomName is how a room is called in the reader's language.
func roomName(p *frontend.Page, r store.Room) string {
	switch r.Kind {
	case store.RoomLounge:
		return p.T("chat.lounge")
	case store.RoomDirect:
		return strings.Join(r.Names, ", ")
	}
	return r.Name
}

// roomLang is the language of a room's name.
func roomLang(p *frontend.Page, r store.Room) string {
	if r.Kind == store.RoomLounge || r.Kind == store.RoomDirect {
		return p.Lang.Tag()
	}
	return langOf(p, r.Lang)
}

func roomIcon(r store.Room) string {
	switch {
	case r.Kind == store.RoomMeeting:
		return "calendar"
	case r.Kind == store.RoomTown:
		return "town"
	case r.Kind == store.RoomApp:
		return "app"
	case r.Kind == store.RoomDirect && len(r.People) == 2:
		return "user"
	case r.Kind == store.RoomDirect:
		return "users"
	case r.Access == store.AccessPrivate:
		return "lock"
	}
	return "hash"
}

// mine says whether the reader wrote a message.
func (v RoomScreen) mine(m store.Message) bool { return v.Member.ID != "" && m.Author == v.Member.ID }

// open says whether the reader may write here now.
func (v RoomScreen) open(p *frontend.Page) bool { return v.Member.ID != "" && v.Room.Writable(p.Now) }

// closedWords say why nobody can write.
func closedWords(p *frontend.Page, r store.Room) string {
	switch {
	case !r.Archived.IsZero():
		return p.T("room.archived")
	case !r.Opens.IsZero() && p.Now.Before(r.Opens):
		return p.T("room.not_open")
	}
	return p.T("room.closed")
}

// follows says whether a message continues what the same person said just before, and needs no name of its own.
func (v RoomScreen) follows(i int) bool {
	if i == 0 || v.firstNew() == i || v.newDay(i) {
		return false
	}
	one, before := v.Rows[i].Message, v.Rows[i-1].Message
	return one.Author == before.Author && one.At.Sub(before.At) < 10*time.Minute
}

func (v RoomScreen) newDay(i int) bool {
	return i == 0 || !sameDay(v.Rows[i].Message.At.In(v.Zone), v.Rows[i-1].Message.At.In(v.Zone))
}

// firstNew is the place of the first message that the reader has not read, -1 for none.
func (v RoomScreen) firstNew() int {
	for i, row := range v.Rows {
		if row.Message.Number > v.Read && !v.mine(row.Message) {
			if i == 0 && v.Earlier && v.Read > 0 && row.Message.Number > v.Read+1 {
				return -1 // it is farther up
			}
			return i
		}
	}
	return -1
}

// newWords count the new messages that are shown.
func (v RoomScreen) newWords(p *frontend.Page) string {
	n := 0
	for _, row := range v.Rows {
		if row.Message.Number > v.Read && !v.mine(row.Message) && row.Message.Deleted == nil {
			n++
		}
	}
	if v.Later || n == 0 {
		return p.T("chat.new_here")
	}
	return p.Lang.N("chat.unread", n)
}

// missing says whether the reader has not read messages that are farther up.
func (v RoomScreen) missing() bool {
	return v.In != nil && v.Read < v.Log.Last && len(v.Rows) > 0 && v.Rows[0].Message.Number > v.Read+1
}

func (v RoomScreen) bounds() (first, last int) {
	if len(v.Rows) == 0 {
		return 0, 0
	}
	return v.Rows[0].Message.Number, v.Rows[len(v.Rows)-1].Message.Number
}

func (v RoomScreen) earlierHref() string {
	first, _ := v.bounds()
	return roomHref(v.Room) + "?before=" + strconv.Itoa(first)
}

func (v RoomScreen) laterHref() string {
	_, last := v.bounds()
	return roomHref(v.Room) + "?after=" + strconv.Itoa(last) + "#m" + strconv.Itoa(last+1)
}

// messageWords are the beginning of a message, for where it is named.
func messageWords(m store.Message) string { return markdown.Excerpt(m.HTML, 120) }

// said says whether the reader reacted so.
func (v RoomScreen) said(m store.Message, kind store.ReactionKind) bool {
	for _, id := range m.Reactions[kind] {
		if id == v.Member.ID && id != "" {
			return true
		}
	}
	return false
}

// writers are who wrote what is shown, the latest first, at most twelve.
func (v RoomScreen) writers() []store.MessageRow {
	seen := map[string]bool{}
	var found []store.MessageRow
	for i := len(v.Rows) - 1; i >= 0 && len(found) < 12; i-- {
		if row := v.Rows[i]; !seen[row.Author.ID] {
			seen[row.Author.ID] = true
			found = append(found, row)
		}
	}
	return found
}

// groups are the reader's rooms and conversations.
func (v RoomScreen) groups() (rooms, direct []store.RoomRow) {
	for _, row := range v.Rooms {
		if row.Room.Kind == store.RoomDirect {
			direct = append(direct, row)
		} else {
			rooms = append(rooms, row)
		}
	}
	return rooms, direct
}

// elsewhere is how many other rooms have something new.
func (v RoomScreen) elsewhere() int {
	n := 0
	for _, row := range v.Rooms {
		if row.New > 0 && row.Room.ID != v.Room.ID {
			n++
		}
	}
	return n
}

func newCount(n int) string {
	if n >= 100 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// isoTime is an instant for programs.
func isoTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// chatData is what the live page needs to know of a room.
func chatData(p *frontend.Page, v RoomScreen) templ.Attributes {
	a := templ.Attributes{"data-room": v.Room.Slug, "data-last": strconv.Itoa(v.Log.Last), "data-changes": strconv.Itoa(v.Log.Changes), "data-read": strconv.Itoa(v.Read),
		"data-me": v.Member.ID, "data-name": v.Member.Name, "data-zone": v.Zone.String(), "data-icons": p.Asset("icons.svg"), "data-texts": chatTexts(p)}
	if v.Profile.EnterBreaks {
		a["data-enter"] = "breaks"
	}
	if v.Room.Kind == store.RoomMeeting {
		a["data-marks"] = "1"
	}
	return a
}

// chatTexts are the words of the live page, as JSON. What stands in braces it fills in itself.
func chatTexts(p *frontend.Page) string {
	counted := func(one, other string) map[string]string { return map[string]string{"one": one, "other": other} }
	texts := map[string]any{
		"log": p.T("chat.live.log"), "pause": p.T("chat.live.pause"), "lost": p.T("chat.live.lost"), "kept": p.T("chat.live.kept"), "ended": p.T("chat.live.ended"),
		"again": p.T("chat.live.again"), "newest": p.T("chat.newest"), "below": counted(p.T("chat.live.below_one"), p.T("chat.live.below_many", "N", "{N}")), "fresh": p.T("chat.new_here"),
		"queue": p.T("chat.live.queue"), "queued": p.T("chat.live.queued"), "failed": p.T("chat.live.failed", "Why", "{Why}"), "resend": p.T("chat.live.resend"), "take": p.T("chat.live.take"),
		"editing": p.T("chat.edit"), "offline": p.T("chat.live.offline"), "online": counted(p.T("chat.live.online_one"), p.T("chat.live.online_many", "N", "{N}")), "types": counted(p.T("chat.live.types_one", "Names", "{Names}"), p.T("chat.live.types_many", "Names", "{Names}")),
		"here": p.T("chat.live.here"), "away": p.T("chat.live.away"), "isHere": p.T("chat.live.is_here"), "isAway": p.T("chat.live.is_away"), "nobody": p.T("chat.live.nobody"),
		"readBy": p.T("chat.live.read_by", "Names", "{Names}"), "more": p.T("chat.message_more"), "deleted": p.T("chat.deleted"), "moved": p.T("chat.live.moved"), "elsewhere": p.T("chat.moved"), "edited": p.T("chat.edited"),
		"reply": p.T("chat.reply"), "edit": p.T("chat.edit"), "erase": p.T("chat.delete"), "sure": p.T("chat.live.sure"), "unmark": p.T("chat.unmark"), "link": p.T("chat.in_place"), "others": p.T("chat.live.others"),
	}
	marks, markAs, reactions := map[string]string{}, map[string]string{}, map[string]string{}
	for _, mark := range []store.MarkKind{store.MarkDecision, store.MarkAction} {
		marks[string(mark)], markAs[string(mark)] = p.T("chat.mark."+string(mark)), p.T("chat.mark_as."+string(mark))
	}
	for _, kind := range store.Reactions() {
		reactions[string(kind)] = p.T("reaction." + string(kind))
	}
	texts["mark"], texts["markAs"], texts["reaction"] = marks, markAs, reactions
	raw, err := json.Marshal(texts)
	if err != nil {
		return "{}" // strings alone never fail
	}
	return string(raw)
}

// here is the page that shows the room.
func (v RoomScreen) here() string {
	if v.Beside {
		return meetingHref(v.Meeting) + "/live"
	}
	return roomHref(v.Room)
}
