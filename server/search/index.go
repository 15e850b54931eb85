// Package search finds records by the words in them. It keeps a full-text index in a folder beside the database, which
// is never part of the truth: it follows the store's list of what changed, and is made anew when it is missing, damaged
// or older than the program.
//
// It knows neither HTTP nor who is asking: what a reader may not find is named in the query and left out inside it, and
// whoever shows results reads them again from the store.
package search

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"belfry/store"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/analysis/char/asciifolding"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/fr"
	"github.com/blevesearch/bleve/v2/analysis/lang/nl"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/token/porter"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/whitespace"
	"github.com/blevesearch/bleve/v2/mapping"
)

// version is of the way documents are indexed; an index of another one is made anew.
const version = "6"

// Index is open for searching and changing at once.
type Index struct {
	folder  string
	id      string // under which the store marks what it has to read again
	recency recency

	mu       sync.RWMutex // guards what follows; the index is replaced when it is made anew
	index    bleve.Index
	building bool
	spoiled  bool // something failed since it was opened

	done, all atomic.Int64 // how far the making is
}

// Open opens the index in a folder. One that is missing, damaged or of another version is begun anew; Building says so.
func Open(folder string) (*Index, error) {
	x := &Index{folder: folder, id: rand.Text(), recency: usualRecency()}
	index, err := open(folder)
	if err == nil {
		if have, readErr := index.GetInternal([]byte("version")); readErr == nil && string(have) == version {
			if id, _ := index.GetInternal([]byte("searcher")); len(id) > 0 { // versions with a single index had none
				x.id = string(id)
			}
			x.index = index
			done, _ := index.GetInternal([]byte("whole")) // absent while it was never finished
			x.building = len(done) == 0
			return x, nil
		}
		if err := index.Close(); err != nil {
			return nil, err
		}
	}
	return x, x.Clear()
}

// Clear begins an empty index; searches find little until it is whole again.
func (x *Index) Clear() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.clear()
}

// clear is Clear, by who holds the lock.
func (x *Index) clear() error {
	if x.index != nil {
		if err := x.index.Close(); err != nil {
			return err
		}
		x.index = nil
	}
	if err := os.RemoveAll(x.folder); err != nil {
		return fmt.Errorf("remove the search index: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(x.folder), 0o700); err != nil {
		return fmt.Errorf("make the folder of the search index: %w", err)
	}
	index, err := bleve.New(x.folder, documents())
	if err != nil {
		return fmt.Errorf("begin the search index: %w", err)
	}
	x.index, x.building = index, true
	if err := index.SetInternal([]byte("searcher"), []byte(x.id)); err != nil {
		return err
	}
	return index.SetInternal([]byte("version"), []byte(version))
}

// ID is the index's own name. It keeps it when it is made anew.
func (x *Index) ID() string { return x.id }

// Building says whether the index is still being made.
func (x *Index) Building() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.building
}

// Progress is how many records of how many are in an index that is being made; zero of zero before they are counted.
func (x *Index) Progress() (done, all int) { return int(x.done.Load()), int(x.all.Load()) }

// finish notes that everything of a community is in the index.
func (x *Index) finish(community []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.index == nil {
		return errClosed
	}
	x.building = false
	return x.index.SetInternal([]byte("whole"), community)
}

// of says whether the index was made of this community.
func (x *Index) of(community []byte) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.index == nil {
		return false
	}
	have, err := x.index.GetInternal([]byte("whole"))
	return err == nil && bytes.Equal(have, community)
}

// Close closes the index.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.spoiled = false; x.index == nil {
		return nil
	}
	index := x.index
	x.index = nil
	return index.Close()
}

// Count is how many documents there are.
func (x *Index) Count() (uint64, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.index == nil {
		return 0, errClosed
	}
	return x.index.DocCount()
}

var errClosed = errors.New("the search index is closed")

// languages are the languages texts are analysed in.
func languages() []string { return []string{"fr", "nl", "de", "en"} }

// documents says how a document is indexed: title and text by the stems of its language, and once more as written for
// names and beginnings of words; codes and filters exactly.
func documents() mapping.IndexMapping {
	m := bleve.NewIndexMapping()
	define := func(name, tokenizer string, filters ...string) {
		all := make([]any, len(filters))
		for i, filter := range filters {
			all[i] = filter
		}
		err := m.AddCustomAnalyzer(name, map[string]any{"type": custom.Name, "tokenizer": tokenizer,
			"char_filters": []any{asciifolding.Name}, "token_filters": all})
		if err != nil {
			panic(err) // a name in this function is wrong
		}
	}
	define("fr", unicode.Name, fr.ElisionName, lowercase.Name, fr.StopName, fr.LightStemmerName)
	define("nl", unicode.Name, lowercase.Name, nl.StopName, nl.SnowballStemmerName)
	define("de", unicode.Name, lowercase.Name, de.StopName, de.NormalizeName, de.LightStemmerName)
	define("en", unicode.Name, en.PossessiveName, lowercase.Name, en.StopName, porter.Name)
	define("words", unicode.Name, fr.ElisionName, lowercase.Name)
	define("codes", whitespace.Name, lowercase.Name)

	text := func(analyzer string, vectors bool) *mapping.FieldMapping {
		f := bleve.NewTextFieldMapping()
		f.Analyzer, f.Store, f.IncludeInAll, f.IncludeTermVectors, f.DocValues = analyzer, false, false, vectors, false
		return f
	}
	d := bleve.NewDocumentStaticMapping()
	for _, lang := range languages() {
		d.AddFieldMappingsAt("title_"+lang, text(lang, false))
		d.AddFieldMappingsAt("text_"+lang, text(lang, false))
	}
	d.AddFieldMappingsAt("title", text("words", true))
	d.AddFieldMappingsAt("text", text("words", true))
	d.AddFieldMappingsAt("code", text("codes", false))
	for _, name := range []string{"kind", "category", "town", "person", "lang", "mark", "month"} {
		d.AddFieldMappingsAt(name, text(keyword.Name, false))
	}
	at := bleve.NewDateTimeFieldMapping()
	at.Store, at.IncludeInAll, at.DocValues = false, false, false
	d.AddFieldMappingsAt("at", at)
	m.DefaultMapping, m.DefaultAnalyzer = d, "words"
	m.StoreDynamic, m.IndexDynamic, m.DocValuesDynamic = false, false, false
	return m
}

// maxText is how much of a text is indexed, in bytes.
const maxText = 400_000

// entry is a document as it is indexed. mark holds "members", "private", "solved", "open" and "answer".
func entry(d store.SearchDocument) map[string]any {
	body := d.Text
	if len(body) > maxText {
		body = strings.ToValidUTF8(body[:maxText], "")
	}
	fields := map[string]any{"kind": d.Kind, "category": d.Category, "town": d.Town, "person": d.Person, "lang": d.Lang,
		"title": d.Title, "text": body, "code": d.Number}
	if fields["month"] = undated; !d.At.IsZero() {
		fields["at"], fields["month"] = d.At.UTC().Format(time.RFC3339), month(d.At)
	}
	if d.Lang != "" {
		fields["title_"+d.Lang], fields["text_"+d.Lang] = d.Title, body
	}
	if len(d.Translations) > 0 {
		langs, texts := []string{d.Lang}, []string{body}
		for _, tr := range d.Translations {
			langs, texts = append(langs, tr.Lang), append(texts, tr.Source)
			fields["text_"+tr.Lang] = tr.Source
		}
		fields["lang"], fields["text"] = langs, texts
	}
	var marks []string
	for mark, on := range map[string]bool{"members": d.Members, "private": d.Private, "solved": d.Question && d.Solved, "open": d.Question && !d.Solved, "answer": d.Answer} {
		if on {
			marks = append(marks, mark)
		}
	}
	fields["mark"] = marks
	return fields
}

// name is a document's name in the index.
func name(one store.Stale) string { return one.Kind + "/" + one.ID }

// Put brings documents up to date: those in found are indexed, the others of wanted are taken out. After an error it opens
// the index again: the library goes on with parts that it has closed when a disk was full, and panics on them.
func (x *Index) Put(_ context.Context, wanted []store.Stale, found map[store.Stale]store.SearchDocument) error {
	err := x.put(wanted, found)
	if err == nil || errors.Is(err, errClosed) {
		return err
	}
	x.mu.Lock()
	x.spoiled = true
	x.mu.Unlock()
	return errors.Join(err, x.mend())
}

func (x *Index) put(wanted []store.Stale, found map[store.Stale]store.SearchDocument) (err error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.index == nil {
		return errClosed
	}
	defer recovered(&err)
	batch := x.index.NewBatch()
	for _, one := range wanted {
		d, ok := found[store.Stale{Kind: one.Kind, ID: one.ID}]
		if !ok {
			batch.Delete(name(one))
			continue
		}
		if err := batch.Index(name(one), entry(d)); err != nil {
			return fmt.Errorf("index %s: %w", name(one), err)
		}
	}
	return x.index.Batch(batch)
}

// recovered makes an error of a panic of the library: the index is not the truth, and must not end the hub.
func recovered(err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("the search index failed: %v", fault)
	}
}

// mend opens an index anew in which something failed, as a start does; one that cannot be opened is begun anew.
func (x *Index) mend() (err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.spoiled {
		return nil
	}
	defer recovered(&err)
	if old := x.index; old != nil {
		x.index = nil
		if err := old.Close(); err != nil {
			return err
		}
	}
	if index, err := open(x.folder); err == nil {
		x.index, x.spoiled = index, false
		return nil
	}
	if err := x.clear(); err != nil {
		return err
	}
	x.spoiled = false
	return nil
}

// open opens what is in a folder.
func open(folder string) (bleve.Index, error) {
	return bleve.OpenUsing(folder, map[string]any{"bolt_timeout": "2s"})
}
