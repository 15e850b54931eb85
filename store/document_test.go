package store_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func pdf(text string) *store.Upload {
	return &store.Upload{Name: "../../Note du 3.pdf", Body: strings.NewReader("%PDF-1.7\n" + text)}
}

func papers(t *testing.T, h *storetest.Hub, m store.Meeting) []store.Document {
	t.Helper()
	page, err := h.MeetingPage(ctx, store.System(), m.Slug)
	ok(t, err)
	return page.Meeting.Documents
}

func TestDocumentsKeepTheirHistory(t *testing.T) {
	h := storetest.Open(t)
	lena, otto := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Otto Beispiel", "BE-62063")
	organiser := h.With(t, otto, store.RoleOrganiser)
	m := h.Meeting(t, 10)
	in := store.DocumentInput{Lang: "fr"}
	for range 2 { // a repeated form post
		ok(t, h.AddDocument(ctx, organiser, m.ID, in, pdf("un")))
	}
	all := papers(t, h, m)
	if len(all) != 1 || all[0].Title != "Note du 3" || all[0].Name != "Note du 3.pdf" || all[0].Type != "application/pdf" || all[0].Size != 11 {
		t.Fatalf("kept as %+v", all)
	}
	ok(t, h.ReplaceDocument(ctx, organiser, m.ID, all[0].ID, *pdf("deux")))
	ok(t, h.ReplaceDocument(ctx, organiser, m.ID, all[0].ID, *pdf("deux")))
	if all = papers(t, h, m); len(all[0].Replaced) != 1 {
		t.Fatalf("history: %+v", all[0].Replaced)
	}
	for version, want := range []string{"%PDF-1.7\ndeux", "%PDF-1.7\nun"} {
		_, file, err := h.OpenDocument(ctx, store.Visitor(), m.Slug, all[0].ID, version)
		ok(t, err)
		got, err := io.ReadAll(file)
		ok(t, err)
		ok(t, file.Close())
		if string(got) != want {
			t.Errorf("version %d: %q", version, got)
		}
	}
	if _, _, err := h.OpenDocument(ctx, store.Visitor(), m.Slug, all[0].ID, 2); store.KindOf(err) != store.NotFound {
		t.Errorf("a version that is not there: %v", err)
	}
	h.Clock.Add(72 * time.Hour)
	if n, err := h.SweepDocuments(ctx); n != 0 || err != nil {
		t.Errorf("swept %d named files, %v", n, err)
	}
	for by, want := range map[store.Actor]store.Kind{store.As(lena.ID): store.Denied, store.Visitor(): store.Denied} {
		if err := h.AddDocument(ctx, by, m.ID, in, pdf("x")); store.KindOf(err) != want {
			t.Errorf("adding: %v", err)
		}
		if err := h.ReplaceDocument(ctx, by, m.ID, all[0].ID, *pdf("x")); store.KindOf(err) != want {
			t.Errorf("replacing: %v", err)
		}
		if err := h.RemoveDocument(ctx, by, m.ID, all[0].ID); store.KindOf(err) != want {
			t.Errorf("removing: %v", err)
		}
	}
	ok(t, h.RemoveDocument(ctx, organiser, m.ID, all[0].ID))
	ok(t, h.RemoveDocument(ctx, organiser, m.ID, all[0].ID))
	if n, err := h.SweepDocuments(ctx); n != 2 || err != nil {
		t.Errorf("swept %d files nobody names, %v", n, err)
	}
}

func TestDocumentsOfAnItem(t *testing.T) {
	h := storetest.Open(t)
	lena, nora := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Nora Voorbeeld", "BE-62063")
	m := h.Meeting(t, 10)
	item, err := h.ProposeItem(ctx, store.As(lena.ID), m.ID, store.ItemInput{Title: "Un point", Lang: "fr", Kind: store.ToDecide})
	ok(t, err)
	in := store.DocumentInput{Lang: "fr", Item: item.ID}
	ok(t, h.AddDocument(ctx, store.As(lena.ID), m.ID, in, pdf("un")))
	if err := h.AddDocument(ctx, store.As(nora.ID), m.ID, in, pdf("x")); store.KindOf(err) != store.Denied {
		t.Errorf("to an item of somebody else: %v", err)
	}
	in.Item = "0"
	if err := h.AddDocument(ctx, store.As(lena.ID), m.ID, in, pdf("x")); store.KindOf(err) != store.Invalid {
		t.Errorf("to no item: %v", err)
	}
	h.Clock.Set(m.End)
	if err := h.AddDocument(ctx, store.As(lena.ID), m.ID, store.DocumentInput{Lang: "fr", Item: item.ID}, pdf("x")); store.KindOf(err) != store.Conflict {
		t.Errorf("after the end: %v", err)
	}
}

func TestDocumentsRefused(t *testing.T) {
	h := storetest.Open(t)
	m := h.Meeting(t, 10)
	long := &store.Upload{Name: "long.pdf", Body: io.MultiReader(strings.NewReader("%PDF-1.7\n"), io.LimitReader(zeros{}, store.MaxFile))}
	for name, c := range map[string]struct {
		in    store.DocumentInput
		file  *store.Upload
		field string
	}{
		"nothing":     {store.DocumentInput{Title: "Note", Lang: "fr"}, nil, "doc_file"},
		"both":        {store.DocumentInput{Title: "Note", Lang: "fr", Link: "https://exemple.example"}, pdf("x"), "doc_link"},
		"language":    {store.DocumentInput{Title: "Note"}, pdf("x"), "doc_lang"},
		"script link": {store.DocumentInput{Title: "Note", Lang: "fr", Link: "javascript:alert(1)"}, nil, "doc_link"},
		"web page":    {store.DocumentInput{Lang: "fr"}, &store.Upload{Name: "note.pdf", Body: strings.NewReader("<!doctype html><script>")}, "doc_file"},
		"empty":       {store.DocumentInput{Lang: "fr"}, &store.Upload{Name: "note.txt", Body: strings.NewReader("")}, "doc_file"},
		"too large":   {store.DocumentInput{Lang: "fr"}, long, "doc_file"},
	} {
		err := h.AddDocument(ctx, store.System(), m.ID, c.in, c.file)
		if problems := store.ProblemsOf(err); store.KindOf(err) != store.Invalid || len(problems) == 0 || problems[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all := papers(t, h, m); len(all) > 0 {
		t.Errorf("kept: %+v", all)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
