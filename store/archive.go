package store

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

// ImportedThread is a conversation of an archive, oldest post first.
type ImportedThread struct {
	Title    string
	Category string // slug
	Posts    []ImportedPost
}

// ImportedPost is a letter of an archive. MessageID is its name: one that is there already is not stored again.
type ImportedPost struct {
	MessageID string
	Name      string // of the sender
	Sender    string // address of the sender; only a keyed hash of it is kept
	At        time.Time
	Source    string
}

// Imported says what became of a conversation.
type Imported struct {
	Thread Thread
	Stored int      // posts that are new
	Had    int      // that were there already
	Plain  []string // message ids whose text could only be shown as it is, without markup
	Failed map[string]error
}

// Sender leads from the hash of an address to the placeholder of who wrote from it.
type Sender struct {
	Hash   string `json:"hash"`
	Member string `json:"member"`
}

func senders() *table[Sender] {
	return &table[Sender]{family: famSender, key: func(s *Sender) []string { return []string{s.Hash} }}
}

// importBatch is how many posts one transaction of an import stores.
const importBatch = 100

// ImportThread stores a conversation of an archive: by the operator. Posts keep their dates; those that are there already
// (by message id) are left as they are, and new ones join their thread, so that an import can be broken off and repeated.
// Nobody is told, and nothing becomes unread. Who wrote becomes a placeholder: a name without an account.
func (s *Store) ImportThread(ctx context.Context, by Actor, in ImportedThread) (Imported, error) {
	if !by.system {
		return Imported{}, denied("error.not_allowed.administer")
	}
	result := Imported{Failed: map[string]error{}}
	texts := map[string]written{}
	for _, p := range in.Posts {
		text, plain, err := s.importedText(ctx, p.Source)
		switch {
		case err != nil && ctx.Err() != nil:
			return result, ctx.Err()
		case err != nil:
			result.Failed[p.MessageID] = err
		default:
			texts[p.MessageID] = text
			if plain {
				result.Plain = append(result.Plain, p.MessageID)
			}
		}
	}
	pending := slices.DeleteFunc(slices.Clone(in.Posts), func(p ImportedPost) bool { return result.Failed[p.MessageID] != nil })
	for len(pending) > 0 {
		batch := pending[:min(importBatch, len(pending))]
		var part Imported
		err := s.update(ctx, "import", func(t *tx) error {
			var err error
			part, err = t.importPosts(in, batch, texts, result.Thread.ID)
			return err
		})
		if err != nil {
			return result, err
		}
		result.Thread, result.Stored, result.Had = part.Thread, result.Stored+part.Stored, result.Had+part.Had
		pending = pending[len(batch):]
	}
	return result, nil
}

// importedText renders a letter's text; one that cannot be rendered is shown as it is.
func (s *Store) importedText(ctx context.Context, source string) (text written, plain bool, err error) {
	text.source = source
	text.language, _ = "", false
	if s.renderer.Language != nil {
		if guess, sure := s.renderer.Language(source); sure {
			text.language = guess
		}
	}
	render := s.renderer.Render
	if s.renderer.Post != nil {
		render = func(ctx context.Context, source string) (string, error) { return s.renderer.Post(ctx, source, nil) }
	}
	if text.html, err = render(ctx, source); err == nil || ctx.Err() != nil {
		return text, false, err
	}
	text.source = "~~~~~~~~\n" + strings.ReplaceAll(source, "~~~~~~~~", "~~~~") + "\n~~~~~~~~"
	text.html, err = render(ctx, text.source)
	return text, true, err
}

func (t *tx) importPosts(in ImportedThread, batch []ImportedPost, texts map[string]written, threadID string) (Imported, error) {
	var part Imported
	fresh := batch[:0:0]
	for _, p := range batch {
		have, err := posts().lookup(t, famPostMessage, p.MessageID)
		if err == nil {
			part.Had++
			if threadID == "" {
				threadID = have.Thread
			}
			continue
		}
		if KindOf(err) != NotFound {
			return part, err
		}
		fresh = append(fresh, p)
	}
	d, err := t.importTarget(in, fresh, texts, threadID)
	if err != nil || len(fresh) == 0 {
		part.Thread = d
		return part, err
	}
	for _, p := range fresh {
		author, err := t.placeholder(p)
		if err != nil {
			return part, err
		}
		if d.Author == "" {
			d.Author = author.ID
		}
		id, err := t.newID()
		if err != nil {
			return part, err
		}
		text := texts[p.MessageID]
		d.Last++
		post := Post{ID: id, Thread: d.ID, Seq: d.Last, Author: author.ID, At: p.At.UTC(), Source: text.source, HTML: text.html,
			Renderer: t.store.renderer.Version, Lang: text.lang(Member{Language: d.Lang}), MessageID: p.MessageID}
		if err := posts().put(t, post); err != nil {
			return part, err
		}
		d.count(post, 1)
		if !post.At.Before(d.Active) {
			d.Active, d.LastBy = post.At, author.ID
		}
		part.Stored++
	}
	part.Thread = d
	return part, threads().put(t, d)
}

// importTarget is the thread that imported posts go to: the one they belong to, or a new one.
func (t *tx) importTarget(in ImportedThread, fresh []ImportedPost, texts map[string]written, threadID string) (Thread, error) {
	for threadID != "" {
		d, err := threads().get(t, threadID)
		if err != nil || d.MergedInto == "" {
			return d, err
		}
		threadID = d.MergedInto
	}
	if len(fresh) == 0 {
		return Thread{}, errors.New("import: a conversation without posts")
	}
	c, err := categories().lookup(t, famCategorySlug, in.Category)
	if err != nil {
		return Thread{}, err
	}
	id, err := t.newID()
	if err != nil {
		return Thread{}, err
	}
	number, err := t.giveNumber("thread", 0)
	first := fresh[0]
	return Thread{ID: id, Number: number, Slug: threadSlug(in.Title), Title: in.Title, Lang: texts[first.MessageID].lang(Member{}), Category: c.ID,
		Opened: first.At.UTC(), Active: first.At.UTC(), Changed: t.now}, err
}

// placeholder is the member who stands for a sender: a name without an account.
func (t *tx) placeholder(p ImportedPost) (Member, error) {
	secret, err := t.secret()
	if err != nil {
		return Member{}, err
	}
	address := foldEmail(p.Sender)
	if address == "" {
		address = "name:" + fold(p.Name)
	}
	hash := hex.EncodeToString(derive(secret, "sender "+address))
	known, ok, err := senders().find(t, hash)
	if err != nil {
		return Member{}, err
	}
	if ok {
		return members().get(t, known.Member)
	}
	m := Member{Name: p.Name, State: MemberPlaceholder, Language: Languages()[0], Zone: "UTC", Joined: t.now, Changed: t.now}
	if m.ID, err = t.newID(); err != nil {
		return m, err
	}
	if m.Handle, err = t.freeSlug(famMemberHandle, p.Name, "archive"); err != nil {
		return m, err
	}
	if err := senders().put(t, Sender{Hash: hash, Member: m.ID}); err != nil {
		return m, err
	}
	return m, members().put(t, m)
}
