package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"belfry/server"
	"belfry/server/archive"
	"belfry/store"
	"belfry/store/storetest"
)

var ctx = context.Background()

const list = `From lena.exemple at ville.example  Tue Mar  3 10:00:00 2026
From: lena.exemple at ville.example (=?ISO-8859-1?Q?L=E9na_Exemple?=)
Date: Tue, 3 Mar 2026 10:00:00 +0100
Subject: [commune] Sauvegardes
Message-ID: <a@ville.example>

Comment faites-vous ?
Écrivez-moi : lena@ville.example
>From là, tout va bien.

From jef at stad.example  Tue Mar  3 11:00:00 2026
From: "Jef Voorbeeld" <jef@stad.example>
Date: Tue, 3 Mar 2026 11:00:00 +0100
Subject: Re: [commune] Sauvegardes
In-Reply-To: Your message of Tuesday <a@ville.example>
Message-ID: <b@stad.example>
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Chaque nuit, =E0 3 heures.

diff --git a/x b/x
--- a/x
+++ b/x
@@ -1 +1 @@
-un
+deux
-- 
Jef

From otto at gemeinde.example  Tue Mar  3 12:00:00 2026
From: Otto Beispiel <otto@gemeinde.example>
Date: kaputt
Subject: AW: Sauvegardes
Message-ID: <c@gemeinde.example>
Content-Type: text/html; charset=does-not-exist

<html><head><style>p{}</style></head><body><p>Danke!</p><script>alert(1)</script><ul><li>eins</li></ul></body></html>

From jef at stad.example  Tue Mar  3 11:00:00 2026
From: "Jef Voorbeeld" <jef@stad.example>
Subject: double
Message-ID: <b@stad.example>

encore
From la commune, sans ligne vide.
`

func read(t *testing.T, text string) []archive.Head {
	t.Helper()
	places, err := archive.Split("test.mbox", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var heads []archive.Head
	for _, p := range places {
		raw, err := archive.Raw(strings.NewReader(text), p)
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, archive.ReadHead(raw, p))
	}
	return heads
}

// TestA36AnArchiveIsSplitDecodedAndThreaded is case A36.
func TestA36AnArchiveIsSplitDecodedAndThreaded(t *testing.T) {
	heads := read(t, list)
	if len(heads) != 4 {
		t.Fatalf("%d messages", len(heads))
	}
	if heads[0].Name != "Léna Exemple" || heads[0].Address != "lena.exemple@ville.example" {
		t.Errorf("%+v", heads[0])
	}
	found, doubles := archive.Conversations(heads)
	if len(found) != 1 || len(doubles) != 1 || found[0].Title != "Sauvegardes" || len(found[0].Messages) != 3 {
		t.Fatalf("%d conversations, %d doubles: %+v", len(found), len(doubles), found)
	}
	if got := found[0].Messages[2].At.Format("15:04"); got != "12:00" { // of the line before it, the date is broken
		t.Errorf("date %s", got)
	}
	body := func(i int) string {
		raw, err := archive.Raw(strings.NewReader(list), heads[i].Place)
		if err != nil {
			t.Fatal(err)
		}
		return archive.ReadBody(raw).Text
	}
	for i, parts := range [][]string{{"lena@…", "From là, tout"}, {"à 3 heures", "~~~~diff\ndiff --git", "+deux\n~~~~", "---"}, {"Danke!", "- eins"}} {
		for _, part := range parts {
			if text := body(i); !strings.Contains(text, part) {
				t.Errorf("message %d: %q is not in %q", i, part, text)
			}
		}
	}
	if text := body(2); strings.Contains(text, "alert") || strings.Contains(text, "{}") {
		t.Errorf("script or style in %q", text)
	}
}

func TestCirclesAndSubjectsEnd(t *testing.T) {
	found, _ := archive.Conversations(read(t, "From a at b  Tue Mar  3 10:00:00 2026\nMessage-ID: <1@x>\nIn-Reply-To: <2@x>\nSubject: un\n\nx\n\nFrom a at b  Tue Mar  3 10:00:01 2026\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\nSubject: Re: un\n\nx\n"))
	if len(found) != 1 || len(found[0].Messages) != 2 {
		t.Errorf("%+v", found)
	}
	for subject, title := range map[string]string{"Re: [liste] AW: Re[2]: Titre": "Titre", "[liste] Re: [liste] Titre": "Titre", "": "", "Re:": "", "RE : Reprise": "Reprise"} {
		if got := archive.Title(subject); got != title {
			t.Errorf("%q becomes %q", subject, got)
		}
	}
}

// open is a hub with a category to import into.
func open(t *testing.T) *storetest.Hub {
	t.Helper()
	hub := storetest.OpenRendering(t, server.Renderer())
	if _, err := hub.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Archive"}}); err != nil {
		t.Fatal(err)
	}
	return hub
}

func TestImportTwiceMakesNoDoubleAndIsNoNews(t *testing.T) {
	hub := open(t)
	reader := hub.Join(t, "Basile Essai", "BE-52011")
	file := filepath.Join(t.TempDir(), "list.mbox")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	dry, err := archive.Import(ctx, hub.Store, []string{file}, "archive", true, func(int, int) {})
	if err != nil || dry.Threads != 1 || dry.Stored != 0 {
		t.Fatalf("%+v %v", dry, err)
	}
	for round, stored := range []int{3, 0} {
		report, err := archive.Import(ctx, hub.Store, []string{file}, "archive", false, func(int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		if report.Stored != stored || report.Had != 3-stored || len(report.Skipped) != 1 {
			t.Errorf("round %d: %+v", round, report)
		}
	}
	page, err := hub.ThreadPage(ctx, store.Visitor(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Posts) != 3 || page.Posts[0].Author.Name != "Léna Exemple" || page.Posts[0].Author.State != store.MemberPlaceholder || page.Posts[0].Author.Email != "" {
		t.Errorf("%+v", page.Posts)
	}
	if page.Thread.Opened.Year() != 2026 || page.Thread.Opened.Month() != 3 {
		t.Errorf("opened %v", page.Thread.Opened)
	}
	news, err := hub.Unread(ctx, store.As(reader.ID), store.UnreadQuery{Limit: 10})
	if err != nil || len(news.News) != 0 {
		t.Errorf("news: %+v %v", news, err)
	}
	due, err := hub.DueEvents(ctx, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range due {
		if e.Kind == store.EventPosted {
			t.Error("somebody would be told by mail")
		}
	}
	if _, err := hub.Verify(ctx, func(f store.Fault) { t.Error(f) }); err != nil {
		t.Fatal(err)
	}
}

func TestAnImportThatWasBrokenOffGoesOn(t *testing.T) {
	hub := open(t)
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "From a at b.example  Tue Mar  3 10:00:00 2026\nFrom: N%d <n%d@b.example>\nMessage-ID: <%d@b.example>\nSubject: Sujet %d\nDate: Tue, 3 Mar 2026 10:00:00 +0100\n\nTexte\n\n", i, i%7, i, i/10)
	}
	file := filepath.Join(t.TempDir(), "list.mbox")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	half, stop := context.WithCancel(ctx)
	if _, err := archive.Import(half, hub.Store, []string{file}, "archive", false, func(done, all int) {
		if done > all/3 {
			stop()
		}
	}); err == nil {
		t.Fatal("it was not broken off")
	}
	report, err := archive.Import(ctx, hub.Store, []string{file}, "archive", false, func(int, int) {})
	if err != nil || report.Stored+report.Had != 300 || report.Had == 0 || report.Stored == 0 {
		t.Fatalf("%+v %v", report, err)
	}
	list, err := hub.Threads(ctx, store.Visitor(), store.ThreadQuery{Limit: 1000})
	if err != nil || len(list.Rows) != 300 {
		t.Errorf("%d threads: subjects without an answer do not join: %v", len(list.Rows), err)
	}
}

// TestRealArchives reads every real message that lies beside the project; without them the summary says so.
func TestRealArchives(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/mail/*.[me][bm][ol]*")
	if len(files) == 0 {
		t.Skip("NOT RUN: the real mail archives (they are not part of the project)")
	}
	hub := open(t)
	report, err := archive.Import(ctx, hub.Store, files, "archive", false, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d messages, %d threads, %d posts", report.Messages, report.Threads, report.Stored)
	for _, line := range append(report.Skipped, report.Notes...) {
		t.Log(filepath.Base(line))
	}
	again, err := archive.Import(ctx, hub.Store, files, "archive", false, func(int, int) {})
	if err != nil || again.Stored != 0 || again.Had != report.Stored {
		t.Errorf("%+v %v", again, err)
	}
	if _, err := hub.Verify(ctx, func(f store.Fault) { t.Error(f) }); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= report.Threads; n++ {
		page, err := hub.ThreadPage(ctx, store.Visitor(), n, 1)
		if err != nil {
			t.Fatal(n, err)
		}
		for _, row := range page.Posts {
			if strings.Contains(row.Post.HTML, "<script") || strings.ContainsRune(row.Post.Source, 0) {
				t.Errorf("thread %d post %d", n, row.Post.Seq)
			}
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add(list)
	f.Add("From x  Tue Mar  3 10:00:00 2026\nContent-Type: multipart/mixed; boundary=a\n\n--a\n--a--\n")
	f.Fuzz(func(t *testing.T, text string) {
		places, err := archive.Split("x", strings.NewReader(text))
		if err != nil {
			t.Skip()
		}
		for _, p := range places {
			raw, err := archive.Raw(strings.NewReader(text), p)
			if err != nil {
				continue
			}
			archive.ReadHead(raw, p)
			if body := archive.ReadBody(raw); strings.ContainsRune(body.Text, 0) {
				t.Error("a zero byte")
			}
		}
	})
}
