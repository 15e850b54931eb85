package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"belfry/store"
)

// Report says what became of an archive.
type Report struct {
	Messages, Threads, Stored, Had int
	Skipped                        []string // file, line and reason, one sentence each
	Notes                          []string // what was stored otherwise than it was sent
}

// Import stores archives as threads of a category. Progress is called with how many messages are done, of how many. An
// import that is broken off goes on where it was when it is run again: what is there already is left as it is.
func Import(ctx context.Context, hub *store.Store, files []string, category string, dry bool, progress func(done, all int)) (Report, error) {
	var report Report
	open := map[string]*os.File{}
	defer func() {
		for _, f := range open {
			_ = f.Close()
		}
	}()
	var heads []Head
	for _, name := range files {
		f, err := os.Open(name) // #nosec G304 -- the operator names it
		if err != nil {
			return report, err
		}
		open[name] = f
		places, err := Split(name, f)
		if err != nil {
			return report, fmt.Errorf("%s: %w", name, err)
		}
		for _, p := range places {
			raw, err := Raw(f, p)
			if err == nil && len(bytes.TrimSpace(raw)) == 0 {
				err = errors.New("there is no message")
			}
			if err != nil {
				report.skip(p, err.Error())
				continue
			}
			heads = append(heads, ReadHead(raw, p))
		}
		report.Messages += len(places)
	}
	found, doubles := Conversations(heads)
	for _, h := range doubles {
		report.skip(h.Place, "the same message is there twice: "+h.ID)
	}
	report.Threads = len(found)
	if dry {
		return report, nil
	}
	done := 0
	for _, one := range found {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		thread := store.ImportedThread{Title: one.Title, Category: category}
		if thread.Title == "" {
			thread.Title = "(…)"
		}
		for _, h := range one.Messages {
			raw, err := Raw(open[h.Place.File], h.Place)
			if err != nil {
				report.skip(h.Place, err.Error())
				continue
			}
			thread.Posts = append(thread.Posts, report.posts(h, ReadBody(raw))...)
		}
		if len(thread.Posts) == 0 {
			continue
		}
		imported, err := hub.ImportThread(ctx, store.System(), thread)
		if err != nil {
			return report, err
		}
		report.Stored, report.Had = report.Stored+imported.Stored, report.Had+imported.Had
		for _, h := range one.Messages {
			if err := imported.Failed[h.ID]; err != nil {
				report.skip(h.Place, "its text cannot be shown: "+err.Error())
			}
		}
		for _, id := range imported.Plain {
			report.Notes = append(report.Notes, "shown without markup: "+id)
		}
		done += len(one.Messages)
		progress(done, len(heads)-len(doubles))
	}
	return report, nil
}

func (r *Report) skip(p Place, why string) {
	r.Skipped = append(r.Skipped, fmt.Sprintf("%s:%d: %s", p.File, p.Line, why))
}

// maxPart leaves room for a fence around a part that cannot be rendered otherwise.
const maxPart = store.MaxPost - 500

// posts makes one post of a message, or several when it is longer than a post may be.
func (r *Report) posts(h Head, b Body) []store.ImportedPost {
	text := b.Text
	if text == "" {
		text = "…"
		r.Notes = append(r.Notes, fmt.Sprintf("%s:%d: the message has no text", h.Place.File, h.Place.Line))
	}
	var all []store.ImportedPost
	for n := 1; text != ""; n++ {
		var part string
		part, text = cut(text, maxPart)
		id := h.ID
		if n > 1 {
			id = fmt.Sprintf("%s#%d", h.ID, n)
		}
		all = append(all, store.ImportedPost{MessageID: id, Name: h.Name, Sender: h.Address, At: h.At, Source: part})
	}
	if len(all) > 1 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s:%d: the message is long and became %d posts", h.Place.File, h.Place.Line, len(all)))
	}
	return all
}

// cut takes at most so many characters from a text, at the end of a line when there is one.
func cut(text string, most int) (part, rest string) {
	if utf8.RuneCountInString(text) <= most {
		return text, ""
	}
	at := 0
	for range most {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	if line := strings.LastIndexByte(text[:at], '\n'); line > at/2 {
		at = line
	}
	return text[:at], strings.TrimLeft(text[at:], "\n")
}
