package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"belfry/store/shelf"
)

// MaxFile is how large one paper may be, in bytes.
const MaxFile = 25 << 20

// sweepAfter is how long a file that no record names is kept: an upload is on the shelf before its record is.
const sweepAfter = 24 * time.Hour

// DocumentInput is what somebody types about a paper. It has a Link or comes with a file, never both. Item is the
// agenda item it belongs to, "" for the meeting as a whole.
type DocumentInput struct{ Title, Lang, Link, Item string }

// Upload is a file as it arrives: the name it had and its bytes.
type Upload struct {
	Name string
	Body io.Reader
}

func (in *DocumentInput) check(file *Upload) error {
	var c check
	if file != nil && strings.TrimSpace(in.Title) == "" {
		in.Title = strings.TrimSuffix(fileName(file.Name), path.Ext(fileName(file.Name)))
	}
	in.Title = c.required("doc_title", in.Title, MaxTitle)
	in.Lang = oneOf(&c, "doc_lang", in.Lang, Languages()...)
	in.Link = c.link("doc_link", in.Link)
	switch {
	case file == nil && in.Link == "":
		c.add("doc_file", "document.nothing")
	case file != nil && in.Link != "":
		c.add("doc_link", "document.both")
	}
	return c.err()
}

// AddDocument adds a paper to a meeting: by organisers, and by the owner of an agenda item to that item while answers
// are taken. A file is checked by its bytes before it is kept. The same paper added twice is one.
func (s *Store) AddDocument(ctx context.Context, by Actor, meetingID string, in DocumentInput, file *Upload) error {
	err := s.view(ctx, func(t *tx) error { // rights first: not everybody's file is received
		_, _, err := t.paperWriter(by, meetingID, in.Item)
		return err
	})
	if err != nil {
		return err
	}
	if err := in.check(file); err != nil {
		return err
	}
	var kept DocumentVersion
	if file != nil {
		if kept, err = s.keep(ctx, *file); err != nil {
			return err
		}
	}
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		m, who, err := t.paperWriter(by, meetingID, in.Item)
		if err != nil {
			return err
		}
		for _, d := range m.Documents {
			if d.Title == in.Title && d.Link == in.Link && d.Hash == kept.Hash && d.Item == in.Item {
				return nil // a repeated form post
			}
		}
		if len(m.Documents) >= MaxDocuments {
			return invalid("doc_title", "meeting.too_many_documents", "Max", MaxDocuments)
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		m.Documents = append(slices.Clone(m.Documents), Document{ID: id, Title: in.Title, Lang: in.Lang, Link: in.Link, Item: in.Item,
			Hash: kept.Hash, Name: kept.Name, Type: kept.Type, Size: kept.Size, By: who.ID, Town: who.TownID(), Added: t.now})
		return meetings().put(t, m)
	})
}

// ReplaceDocument puts a newer file in a paper's place; the older one stays in its history: by those who may add one.
// The same file again changes nothing.
func (s *Store) ReplaceDocument(ctx context.Context, by Actor, meetingID, docID string, file Upload) error {
	err := s.view(ctx, func(t *tx) error {
		_, _, _, err := t.paper(by, meetingID, docID)
		return err
	})
	if err != nil {
		return err
	}
	kept, err := s.keep(ctx, file)
	if err != nil {
		return err
	}
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		m, at, who, err := t.paper(by, meetingID, docID)
		if err != nil {
			return err
		}
		d := m.Documents[at]
		if d.Hash == "" {
			return invalid("doc_file", "document.is_link")
		}
		if d.Hash == kept.Hash {
			return nil
		}
		if len(d.Replaced) >= MaxDocuments {
			return invalid("doc_file", "document.too_many_versions", "Max", MaxDocuments)
		}
		d.Replaced = append(slices.Clone(d.Replaced), DocumentVersion{Hash: d.Hash, Name: d.Name, Type: d.Type, Size: d.Size, By: d.By, Added: d.Added})
		d.Hash, d.Name, d.Type, d.Size, d.By, d.Town, d.Added = kept.Hash, kept.Name, kept.Type, kept.Size, who.ID, who.TownID(), t.now
		m.Documents = slices.Clone(m.Documents)
		m.Documents[at] = d
		return meetings().put(t, m)
	})
}

// RemoveDocument takes a paper off a meeting: by those who may add one. One that is gone already is no error.
func (s *Store) RemoveDocument(ctx context.Context, by Actor, meetingID, docID string) error {
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		t.lastRoom()
		m, at, _, err := t.paper(by, meetingID, docID)
		if KindOf(err) == NotFound && m.ID != "" {
			return nil
		}
		if err != nil {
			return err
		}
		removed := m.Documents[at]
		m.Documents = slices.Delete(slices.Clone(m.Documents), at, at+1)
		if err := meetings().put(t, m); err != nil {
			return err
		}
		return t.audit(by, "audit.document_removed", meetingID, map[string]string{"title": removed.Title})
	})
}

// paperWriter loads a meeting for somebody who may add papers to it, or to one of its items.
func (t *tx) paperWriter(by Actor, meetingID, itemID string) (Meeting, Member, error) {
	who, err := t.require(by, Take)
	if err != nil {
		return Meeting{}, who, err
	}
	m, err := meetings().get(t, meetingID)
	if err != nil {
		return m, who, err
	}
	organiser := by.system || may(who, Organise)
	if !organiser && !visible(m, who) {
		return Meeting{}, who, notFound()
	}
	if itemID == "" {
		if !organiser {
			return m, who, denied("error.not_allowed.organise")
		}
		return m, who, nil
	}
	item, ok, err := items().find(t, itemID)
	switch {
	case err != nil:
		return m, who, err
	case !ok || item.Meeting != meetingID:
		return m, who, invalid("doc_item", "document.no_item")
	case organiser:
		return m, who, nil
	case !item.of(who):
		return m, who, denied("error.not_allowed.organise")
	case !m.Open(t.now):
		return m, who, conflict("agenda.closed")
	}
	return m, who, nil
}

// paper finds a paper for somebody who may change it.
func (t *tx) paper(by Actor, meetingID, docID string) (Meeting, int, Member, error) {
	m, err := meetings().get(t, meetingID)
	if err != nil {
		return m, 0, Member{}, err
	}
	at := slices.IndexFunc(m.Documents, func(d Document) bool { return d.ID == docID })
	item := ""
	if at >= 0 {
		item = m.Documents[at].Item
	}
	m, who, err := t.paperWriter(by, meetingID, item)
	if err == nil && at < 0 {
		err = notFound()
	}
	return m, at, who, err
}

// keep checks a file and puts it on the shelf, before any record names it.
func (s *Store) keep(ctx context.Context, file Upload) (DocumentVersion, error) {
	if s.space() != SpacePlenty {
		return DocumentVersion{}, fromShelf(shelf.ErrNoSpace)
	}
	if s.shelf == nil {
		return DocumentVersion{}, errors.New("this store was opened without a shelf for papers")
	}
	name := fileName(file.Name)
	in, err := s.shelf.Receive(ctx, file.Body, MaxFile)
	if err != nil {
		return DocumentVersion{}, fromShelf(err)
	}
	defer in.Drop()
	if in.Size == 0 {
		return DocumentVersion{}, invalid("doc_file", "document.empty_file")
	}
	media, err := shelf.Kind(in, in.Size, name)
	if err != nil {
		return DocumentVersion{}, fromShelf(err)
	}
	if err := in.Keep(s.Now()); err != nil {
		return DocumentVersion{}, fromShelf(err)
	}
	return DocumentVersion{Hash: in.Hash, Size: in.Size, Type: media, Name: name}, nil
}

// DocumentEndings are the file name endings taken.
func DocumentEndings() []string { return shelf.Endings() }

// fileName keeps of a name what a person would recognise and no system could misread: no folders, no control or
// direction characters, at most 120 characters with its ending.
func fileName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune(`"<>|:*?`, r) {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(name, ". ")
	ending := path.Ext(name)
	stem := []rune(strings.TrimSuffix(name, ending))
	if len(stem) == 0 {
		stem = []rune("document")
	}
	return string(stem[:min(len(stem), MaxName)]) + ending
}

// fromShelf turns the shelf's refusals into problems of the file field.
func fromShelf(err error) error {
	var kind *shelf.KindError
	var picture *shelf.PictureError
	switch {
	case errors.Is(err, shelf.ErrTooLarge):
		return invalid("doc_file", "document.too_large", "Max", MaxFile>>20)
	case errors.Is(err, shelf.ErrNoSpace):
		return &Error{Kind: Unavailable, Problems: []Problem{{Field: "doc_file", Key: "error.disk_full"}}, cause: err}
	case errors.As(err, &kind):
		return invalid("doc_file", "document.kind", "Found", kind.Found, "Name", kind.Name)
	case errors.As(err, &picture):
		return invalid("doc_file", "document.picture", "Width", picture.Width, "Height", picture.Height, "Max", shelf.MaxPixels/1_000_000)
	}
	return err
}

// OpenDocument is a paper's file, opened for reading, and what it is. Version 0 is the newest, 1 the oldest. NotFound
// when the reader may not know of it.
func (s *Store) OpenDocument(ctx context.Context, by Actor, meetingSlug, docID string, version int) (DocumentVersion, fs.File, error) {
	var found DocumentVersion
	err := s.view(ctx, func(t *tx) error {
		m, err := meetings().lookup(t, famMeetingSlug, meetingSlug)
		if err != nil {
			return err
		}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		if !visible(m, reader) {
			return notFound()
		}
		at := slices.IndexFunc(m.Documents, func(d Document) bool { return d.ID == docID })
		if at < 0 || m.Documents[at].Hash == "" || version < 0 || version > len(m.Documents[at].Replaced) {
			return notFound()
		}
		d := m.Documents[at]
		shown, err := t.shownDocuments([]Document{d}, reader)
		if err != nil || len(shown) == 0 {
			return errors.Join(err, notFound())
		}
		found = DocumentVersion{Hash: d.Hash, Name: d.Name, Type: d.Type, Size: d.Size, By: d.By, Added: d.Added}
		if version > 0 {
			found = d.Replaced[version-1]
		}
		return nil
	})
	if err != nil {
		return found, nil, err
	}
	file, _, err := s.shelf.Open(found.Hash)
	if err != nil {
		return found, nil, err
	}
	return found, file, nil
}

// shownDocuments leaves out the papers of items that the reader does not see: those for members only, and those that
// wait for an organiser.
func (t *tx) shownDocuments(all []Document, reader Member) ([]Document, error) {
	if may(reader, Organise) {
		return all, nil
	}
	var shown []Document
	for _, d := range all {
		item, _, err := items().find(t, d.Item)
		if err != nil {
			return nil, err
		}
		if (!item.Members || may(reader, Take)) && (item.State != ItemProposed || item.of(reader)) {
			shown = append(shown, d)
		}
	}
	return shown, nil
}

// hashes are the files that records name, each with a place that names it.
func (s *Store) hashes(ctx context.Context) (map[string]string, error) {
	named := map[string]string{}
	err := s.view(ctx, func(t *tx) error {
		return meetings().each(t, func(m Meeting) error {
			for _, d := range m.Documents {
				for _, v := range append(slices.Clone(d.Replaced), DocumentVersion{Hash: d.Hash}) {
					if v.Hash != "" {
						named[v.Hash] = string(famMeeting) + "/" + m.ID + " " + d.Title
					}
				}
			}
			return nil
		})
	})
	return named, err
}

// SweepDocuments removes files that no record names any more, a day after they were put there.
func (s *Store) SweepDocuments(ctx context.Context) (removed int, err error) {
	if s.shelf == nil {
		return 0, nil
	}
	kept, err := s.hashes(ctx)
	if err != nil {
		return 0, err
	}
	named := make(map[string]bool, len(kept))
	for hash := range kept {
		named[hash] = true
	}
	return s.shelf.Sweep(ctx, named, s.Now(), sweepAfter)
}

// VerifyDocuments reads every file a record names, compares it with its hash, and says how many there are.
func (s *Store) VerifyDocuments(ctx context.Context, report func(Fault)) (files int, err error) {
	named, err := s.hashes(ctx)
	if err != nil {
		return 0, err
	}
	for hash, place := range named {
		files++
		err := s.shelf.Verify(ctx, hash)
		if ctx.Err() != nil {
			return files, ctx.Err()
		}
		if errors.Is(err, shelf.ErrMissing) {
			report(Fault{"document", hash, "is missing; named by " + place})
		} else if err != nil {
			report(Fault{"document", hash, err.Error() + "; named by " + place})
		}
	}
	return files, nil
}
