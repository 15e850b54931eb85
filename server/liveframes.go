package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"belfry/frontend/markdown"
	"belfry/locales"
	"belfry/server/live"
	"belfry/store"
)

func (k community) language(who live.Person) *locales.Language {
	if lang, ok := k.Catalogue.Language(who.Lang); ok {
		return lang
	}
	return k.Catalogue.Match("")
}

// Do does what a client asks for, and answers.
func (k community) Do(ctx context.Context, who live.Person, f live.Frame) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	by := actorOf(who)
	r, err := k.Store.RoomBySlug(ctx, by, f.Room)
	if err != nil {
		return nil, k.problem(who, err)
	}
	answer, err := k.do(ctx, by, r, f)
	if err != nil {
		err = k.problem(who, err)
		k.noteFrame(who, r, f, err)
		return nil, err
	}
	return answer, nil
}

func (k community) do(ctx context.Context, by store.Actor, r store.Room, f live.Frame) (any, error) {
	var m store.Message
	var err error
	switch f.Type {
	case "send":
		if f.ID == "" {
			return nil, &live.Problem{Code: live.CodeFrame}
		}
		m, err = k.Store.Send(ctx, by, r.ID, store.MessageInput{Source: f.Text, Client: f.ID, Reply: f.Reply})
	case "edit":
		m, err = k.Store.EditMessage(ctx, by, r.ID, f.Number, f.Revision, store.MessageInput{Source: f.Text})
	case "delete":
		m, err = k.Store.DeleteMessage(ctx, by, r.ID, f.Number, f.Reason)
	case "react":
		m, err = k.Store.ReactMessage(ctx, by, r.ID, f.Number, store.ReactionKind(f.Kind), f.On)
	case "mark":
		m, err = k.Store.MarkMessage(ctx, by, r.ID, f.Number, store.MarkKind(f.Mark))
	case "read":
		moved, err := k.Store.ReadRoom(ctx, by, r.ID, f.Number)
		if err != nil || !moved {
			return nil, err
		}
		log, err := k.Store.RoomLog(ctx, r.ID)
		return live.ReadTo(min(f.Number, log.Last)), err
	case "history":
		return k.history(ctx, by, r, f)
	}
	return live.Ack{Type: "ack", ID: f.ID, Room: f.Room, Number: m.Number}, err
}

// history answers with a part of a room.
func (k community) history(ctx context.Context, by store.Actor, r store.Room, f live.Frame) (any, error) {
	q := store.MessageQuery{Before: f.Before, Around: f.Around, From: f.From}
	if f.After != nil {
		q.After = max(*f.After, 0)
	}
	page, err := k.Store.RoomPage(ctx, by, r.ID, q)
	if err != nil {
		return nil, err
	}
	answer := live.History{Type: "history", Room: f.Room, Ref: f.Ref, Messages: []json.RawMessage{}, Earlier: page.Earlier, Later: page.Later, Last: page.Log.Last}
	size := 0
	for _, m := range k.said(page.Rows) {
		answer.Messages = append(answer.Messages, m.JSON)
		size += len(m.JSON)
	}
	for ; size > maxHistory && len(answer.Messages) > 1; size -= len(answer.Messages[0]) { // the rest is asked for
		if last := len(answer.Messages) - 1; f.After != nil || !f.From.IsZero() {
			size += len(answer.Messages[0]) - len(answer.Messages[last])
			answer.Messages, answer.Later = answer.Messages[:last], true
			continue
		}
		answer.Messages, answer.Earlier = answer.Messages[1:], true
	}
	return answer, nil
}

// maxHistory is how many bytes of messages one answer holds.
const maxHistory = 512 << 10

// Shapes of a message as it is sent, see PROTOCOL.md.
type (
	saidMessage struct {
		Number    int                 `json:"number"`
		ID        string              `json:"id,omitempty"`
		At        time.Time           `json:"at"`
		Lang      string              `json:"lang,omitempty"`
		Author    saidAuthor          `json:"author"`
		HTML      string              `json:"html,omitempty"`
		Text      string              `json:"text,omitempty"`
		Reply     *saidReply          `json:"reply,omitempty"`
		Revision  int                 `json:"revision,omitempty"`
		Edited    *time.Time          `json:"edited,omitempty"`
		Change    int                 `json:"change,omitempty"`
		Deleted   bool                `json:"deleted,omitempty"`
		Mark      string              `json:"mark,omitempty"`
		Moved     *saidMoved          `json:"moved,omitempty"`
		Reactions map[string][]string `json:"reactions,omitempty"` // names
		Reacted   map[string][]string `json:"reacted,omitempty"`   // the ids of the same people
	}
	saidAuthor struct {
		ID       string `json:"id"`
		Handle   string `json:"handle"`
		Name     string `json:"name"`
		Town     string `json:"town,omitempty"`
		TownCode string `json:"town_code,omitempty"`
	}
	saidReply struct {
		Number int    `json:"number"`
		Name   string `json:"name"`
		Text   string `json:"text,omitempty"`
		Moved  bool   `json:"moved,omitempty"`
	}
	saidMoved struct {
		Href  string `json:"href,omitempty"`
		Title string `json:"title,omitempty"`
	}
)

// excerptInReply is how much of what a message answers is shown with it, in characters.
const excerptInReply = 120

// said encodes messages as they are sent.
func (k community) said(rows []store.MessageRow) []live.Said {
	all := make([]live.Said, 0, len(rows))
	for _, row := range rows {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(sayable(row)); err != nil { // plain values: it cannot fail
			k.Log.Error("message not encoded", "error", err)
			continue
		}
		all = append(all, live.Said{Number: row.Message.Number, Change: row.Message.Change, JSON: bytes.TrimSuffix(b.Bytes(), []byte("\n"))})
	}
	return all
}

// sayable is a message as it is sent: what it names carries a title when everybody in the room may know it.
func sayable(row store.MessageRow) saidMessage {
	m := row.Message
	out := saidMessage{Number: m.Number, ID: m.Client, At: m.At, Author: saidAuthor{ID: m.Author, Handle: row.Author.Handle, Name: row.Author.Name, Town: row.Town.Name,
		TownCode: row.Town.Code}, Change: m.Change}
	if m.Deleted != nil {
		out.Deleted, out.ID = true, ""
		return out
	}
	out.Lang, out.Text, out.Revision, out.Mark = m.Lang, m.Source, m.Revision, string(m.Mark)
	out.HTML = markdown.Refer(m.HTML, func(code string) (markdown.Ref, bool) {
		ref, ok := row.Refs[code]
		return markdown.Ref{Title: ref.Title, Lang: ref.Lang}, ok
	})
	if m.Revision > 0 {
		out.Edited = &m.Edited
	}
	if row.Answers != nil {
		out.Reply = &saidReply{Number: m.Reply, Name: row.To.Name, Text: markdown.Excerpt(row.Answers.HTML, excerptInReply), Moved: row.Answers.Moved != nil}
	}
	if m.Moved != nil {
		out.Moved = &saidMoved{}
		switch {
		case row.Thread.ID != "":
			*out.Moved = saidMoved{Href: fmt.Sprintf("%s/%d", threadPath(row.Thread), m.Moved.Seq), Title: row.Thread.Title}
		case row.Meeting.ID != "":
			*out.Moved = saidMoved{Href: "/meetings/" + row.Meeting.Slug, Title: row.Item.Title}
		}
	}
	for kind, people := range m.Reactions {
		if out.Reactions == nil {
			out.Reactions, out.Reacted = map[string][]string{}, map[string][]string{}
		}
		out.Reacted[string(kind)] = people
		for _, id := range people {
			out.Reactions[string(kind)] = append(out.Reactions[string(kind)], row.Reacted[id].Name)
		}
	}
	return out
}
