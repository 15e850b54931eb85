package server

import (
	"context"
	"strconv"
	"strings"

	"belfry/frontend/markdown"
	"belfry/locales"
	"belfry/server/mail"
	"belfry/store"
)

func roomPath(r store.Room) string { return "/chat/" + r.Slug }

func messagePath(r store.Room, number int) string {
	n := strconv.Itoa(number)
	return roomPath(r) + "?at=" + n + "#m" + n
}

// roomTitle is how a room is called in a language.
func roomTitle(lang *locales.Language, r store.Room) string {
	switch r.Kind {
	case store.RoomLounge:
		return lang.T("chat.lounge")
	case store.RoomDirect:
		return strings.Join(r.Names, ", ")
	}
	return r.Name
}

// roomLetters tells those whom it concerns what was said in a room in the last minutes and they have not read.
func (p *Post) roomLetters(ctx context.Context, e store.Event) ([]store.Mail, error) {
	notices, err := p.Store.RoomNotices(ctx, e.Subject, e.At)
	if err != nil {
		return nil, err
	}
	var letters []store.Mail
	for _, notice := range notices {
		r := p.readerOf(notice.Member)
		title := roomTitle(r.lang, notice.Room)
		letter := mail.Letter{Subject: r.lang.T("letter.room.subject", "Room", title), Heading: title,
			Button: mail.Link{Label: r.lang.T("letter.room.button"), URL: p.PublicURL + messagePath(notice.Room, notice.Rows[0].Message.Number)}}
		for _, row := range notice.Rows {
			letter.Paragraphs = append(letter.Paragraphs, r.lang.T("letter.posts.one", "Name", row.Author.Name, "Text", markdown.Excerpt(row.Message.HTML, excerptInLetter)))
		}
		one, err := p.write(r, letter, true)
		if err != nil {
			return nil, err
		}
		one.Room, one.Seq = notice.Room.ID, notice.Rows[len(notice.Rows)-1].Message.Number
		letters = append(letters, one)
	}
	return letters, nil
}

// roomLetter tells one member that they were let into a room, or that a moderator took a message of theirs away.
func (p *Post) roomLetter(ctx context.Context, e store.Event) ([]store.Mail, error) {
	m, err := p.Store.MemberByID(ctx, e.Member)
	if err != nil || m.State != store.MemberActive || m.NoNotice && e.Kind == store.EventInvited {
		return nil, err
	}
	room, err := p.Store.RoomFor(ctx, m.ID, e.Subject)
	if err != nil {
		return nil, err
	}
	by, err := p.Store.MemberByID(ctx, e.By)
	if err != nil {
		return nil, err
	}
	r, kind := p.readerOf(m), "letter.room_invited."
	if e.Kind == store.EventMessageDeleted {
		kind = "letter.room_deleted."
	}
	args := []any{"Room", roomTitle(r.lang, room), "Name", by.Name, "Reason", e.Data["reason"]}
	letter := mail.Letter{Subject: r.lang.T(kind+"subject", args...), Paragraphs: []string{r.lang.T(kind+"text", args...)},
		Button: mail.Link{Label: r.lang.T("letter.room.button"), URL: p.PublicURL + roomPath(room)}}
	one, err := p.write(r, letter, e.Kind == store.EventInvited)
	return []store.Mail{one}, err
}
