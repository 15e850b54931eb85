package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
)

// TestT10TwoProcessesOneFile starts a second server over the same data: it is told why it may not, the first goes on, and
// the other commands reach the data through it. While something that does not serve has the file, a nightly backup is told
// so too; when it is done, which is the control, the same backup works.
func TestT10TwoProcessesOneFile(t *testing.T) {
	c := newCommunity(t, 1, 1)
	start := belfry(t, "version").took
	held := func(what string, s said) {
		t.Helper()
		s.refused(t, "is in use by another belfry process")
		t.Logf("%s refused after %v", what, s.took)
		if s.took > 2*time.Second+start {
			t.Errorf("%s: that is late", what)
		}
	}
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	ok(t, err)
	nightly := []string{"backup", "--data", c.dir, filepath.Join(t.TempDir(), "nightly.zip")}
	held("a backup", belfry(t, nightly...))
	held("a server", belfry(t, "serve", "--listen", "127.0.0.1:0", "--data", c.dir))
	ok(t, hub.Close())
	belfry(t, nightly...).ends(t, 0, "Backup written")
	h := serve(t, c.dir, "--demo")
	held("a second server", belfry(t, "serve", "--listen", "127.0.0.1:0", "--data", c.dir))
	belfry(t, "backup", "--data", c.dir, filepath.Join(t.TempDir(), "served.zip")).ends(t, 0, "Backup written")
	belfry(t, "restore", "--force", "--data", c.dir, filepath.Join(c.dir, "belfry.db")).refused(t, "a server is running")
	sound(t, c.dir)
	if status, _, err := h.get("/meetings", ""); status != 200 || err != nil {
		t.Errorf("the first server: %d %v", status, err)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	if left, _ := filepath.Glob(filepath.Join(c.dir, "*")); len(left) != 2 { // the database and the search index
		t.Errorf("left behind: %v", left)
	}
}

// between is how many answers a writer gives from one message to the next.
const between = 5

// written is what a copy holds of each writer: the number of the last answer, and that of the last message, which is sent
// after every fifth answer and names it.
type written struct{ answer, message [40]int }

// torn says what in a copy cannot have been so at any moment; "" when it is a beginning of what was written.
func (w written) torn() string {
	for i := range w.answer {
		if w.answer[i] < w.message[i] || w.answer[i] > w.message[i]+between {
			return fmt.Sprintf("writer %d: answer %d beside message %d", i, w.answer[i], w.message[i])
		}
	}
	return ""
}

// writtenAt reads a folder.
func (c *community) writtenAt(t *testing.T, dir string) (w written) {
	t.Helper()
	for at, r := range c.answers(t, dir) {
		w.answer[at.member] = serial(r.Note)
	}
	hub, _, err := openStore(t.Context(), dir, examine, store.Options{})
	ok(t, err)
	defer hub.Close()
	page, err := hub.RoomPage(t.Context(), store.As(c.members[0].ID), store.LoungeID, store.MessageQuery{Limit: 1_000_000})
	ok(t, err)
	for n, row := range page.Rows {
		if row.Message.Number != n+1 {
			t.Fatalf("message %d at place %d", row.Message.Number, n+1)
		}
		var member, of int
		_, err := fmt.Sscanf(row.Message.Source, "parole %d de %d", &of, &member)
		ok(t, err)
		w.message[member] = max(w.message[member], of)
	}
	return w
}

// pen lets forty members write two hundred times a second together.
type pen struct {
	h            *hub
	c            *community
	tokens       []string
	stop         chan struct{}
	all          sync.WaitGroup
	sent, thanks [40]atomic.Int64
	copying      atomic.Bool
	mu           sync.Mutex         // guards took
	took         [2][]time.Duration // without and during a backup
}

func (p *pen) write(member int) {
	time.Sleep(time.Duration(member) * 5 * time.Millisecond) // one after the other, not all at once
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		p.sent[member].Store(int64(n))
		p.post(member, "/meetings/"+p.c.meetings[0].Slug+"/rsvp", url.Values{"answer": {"online"}, "note": {fmt.Sprint("try ", n)}})
		p.thanks[member].Store(int64(n))
		if n%between == member%between {
			text := fmt.Sprintf("parole %d de %d", n, member)
			p.post(member, "/chat/lounge", url.Values{"source": {text}, "once": {text}})
		}
	}
}

func (p *pen) post(member int, path string, form url.Values) {
	form.Set("csrf", p.tokens[member])
	began, during := time.Now(), 0
	if p.copying.Load() {
		during = 1
	}
	status, page, err := p.h.post(path, p.c.sessions[member], form)
	if status != 303 || err != nil {
		p.h.t.Errorf("%s: status %d, %v: %.300s", path, status, err, page)
	}
	p.mu.Lock()
	p.took[during] = append(p.took[during], time.Since(began))
	p.mu.Unlock()
}

func nearest(took []time.Duration, percent int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)*percent/100].Round(100 * time.Microsecond)
}

// TestT09BackupWhileWriting copies a community that is written to two hundred times a second. Each copy, restored, is a
// beginning of what was written: all that was acknowledged before is in it, nothing of later, and nothing without what
// came before it. The control is a copy whose parts are of two moments.
func TestT09BackupWhileWriting(t *testing.T) {
	c := newCommunity(t, 40, 1)
	p := &pen{h: serve(t, c.dir, "--demo"), c: c, stop: make(chan struct{})}
	p.tokens = c.tokens(p.h)
	for member := range c.members {
		p.all.Go(func() { p.write(member) })
	}
	var first written
	for round := range rounds(1) {
		time.Sleep(900 * time.Millisecond) // writing without a backup, to compare
		var before [40]int64
		for i := range before {
			before[i] = p.thanks[i].Load()
		}
		file := filepath.Join(t.TempDir(), "backup.db")
		p.copying.Store(true)
		belfry(t, "backup", "--data", c.dir, file).ends(t, 0, "Backup written to "+file)
		p.copying.Store(false)
		var after [40]int64
		for i := range after {
			after[i] = p.sent[i].Load()
		}
		other := filepath.Join(t.TempDir(), "restored")
		belfry(t, "restore", "--data", other, file).ends(t, 0, "Restored to")
		sound(t, other)
		kept := c.writtenAt(t, other)
		if torn := kept.torn(); torn != "" {
			t.Errorf("round %d: %s", round, torn)
		}
		for i := range before {
			if n := int64(kept.answer[i]); n < before[i] || n > after[i] {
				t.Errorf("round %d: writer %d had %d before and %d after, kept is %d", round, i, before[i], after[i], n)
			}
		}
		if round == 0 {
			first = kept
			content, _ := os.ReadFile(file)
			belfry(t, "backup", "--data", c.dir, file).refused(t, "is there already")
			if again, _ := os.ReadFile(file); !bytes.Equal(again, content) {
				t.Error("the backup was overwritten")
			}
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
			t.Errorf("left beside the backup: %v", left)
		}
	}
	for end := time.Now().Add(patience); p.thanks[0].Load() <= int64(first.message[0]+between) && time.Now().Before(end); { // for the control
		time.Sleep(10 * time.Millisecond)
	}
	close(p.stop)
	p.all.Wait()
	if code := p.h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.h.log)
	}
	last := c.writtenAt(t, c.dir)
	last.message = first.message
	if last.torn() == "" {
		t.Error("the control: a copy of two moments is not seen")
	}
	t.Logf("TORTURE: T09 backups of what is written to | %d | all restored; %d writes beside no backup: middle %v, 99 of 100 under %v; %d while one was made: %v, %v | 0", rounds(1), len(p.took[0]), nearest(p.took[0], 50), nearest(p.took[0], 99),
		len(p.took[1]), nearest(p.took[1], 50), nearest(p.took[1], 99))
	if len(p.took[1]) == 0 {
		t.Error("nothing was written while the backup was made")
	}
}

// TestDocumentsTravelWithTheBackup keeps a paper in a backup that a running server writes, restores it elsewhere, and
// lets check find one that is damaged or gone.
func TestDocumentsTravelWithTheBackup(t *testing.T) {
	c := newCommunity(t, 1, 1)
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{})
	ok(t, err)
	paper := "%PDF-1.7\n" + strings.Repeat("papier ", 10_000)
	ok(t, hub.AddDocument(t.Context(), store.System(), c.meetings[0].ID, store.DocumentInput{Lang: "fr"},
		&store.Upload{Name: "note.pdf", Body: strings.NewReader(paper)}))
	ok(t, hub.Close())
	h := serve(t, c.dir, "--demo")
	file := filepath.Join(t.TempDir(), "backup.zip")
	belfry(t, "backup", "--data", c.dir, file).ends(t, 0, "Backup written to "+file)
	h.stop()
	other := filepath.Join(t.TempDir(), "restored")
	belfry(t, "restore", "--data", other, file).ends(t, 0, "Restored to")
	belfry(t, "check", "--data", other).ends(t, 0, "1 documents")
	kept, _ := filepath.Glob(filepath.Join(other, "documents", "*", "*"))
	if len(kept) != 1 {
		t.Fatalf("restored %v", kept)
	}
	if content, err := os.ReadFile(kept[0]); string(content) != paper || err != nil {
		t.Errorf("the paper came back as %d bytes, %v", len(content), err)
	}
	ok(t, os.WriteFile(kept[0], []byte(paper[1:]), 0o600))
	belfry(t, "check", "--data", other).ends(t, 1, "its bytes have the SHA-256")
	ok(t, os.Remove(kept[0]))
	belfry(t, "check", "--data", other).ends(t, 1, "is missing")
	belfry(t, "backup", "--data", other, filepath.Join(t.TempDir(), "incomplete.zip")).ends(t, 0)

	content, _ := os.ReadFile(file)
	at := bytes.Index(content, []byte("papier papier"))
	content[at] ^= 1
	ok(t, os.WriteFile(file, content, 0o600))
	third := filepath.Join(t.TempDir(), "third")
	belfry(t, "restore", "--data", third, file).refused(t, "the backup cannot be used")
	if left, _ := filepath.Glob(filepath.Join(third, "*")); len(left) > 0 {
		t.Errorf("a damaged backup left %v", left)
	}
}

func TestRestoreNeverLosesWhatIsThere(t *testing.T) {
	c := newCommunity(t, 2, 1)
	file := filepath.Join(t.TempDir(), "backup.db")
	belfry(t, "backup", "--data", c.dir, file).ends(t, 0) // no server runs
	belfry(t, "member", "--data", c.dir, "create-admin", "--email", "anna@exemple.example", "--name", "Anna Exemple").ends(t, 0, "/link/")
	belfry(t, "restore", "--data", c.dir, file).refused(t, "is there already; with --force")

	alone := t.TempDir()
	ok(t, unpack(t.Context(), file, alone))
	bare := filepath.Join(t.TempDir(), "bare")
	belfry(t, "restore", "--data", bare, filepath.Join(alone, archivedData)).ends(t, 0, "Restored to") // as older versions wrote it
	sound(t, bare)

	broken := filepath.Join(t.TempDir(), "broken.db")
	content, _ := os.ReadFile(file)
	ok(t, os.WriteFile(broken, content[:len(content)/3], 0o600))
	belfry(t, "restore", "--force", "--data", c.dir, broken).refused(t, "the backup cannot be used", broken, "damaged")
	sound(t, c.dir)

	belfry(t, "restore", "--force", "--data", c.dir, file).ends(t, 0, "is kept as", "Restored to")
	sound(t, c.dir)
	belfry(t, "member", "--data", c.dir, "reset-password", "--email", "anna@exemple.example").refused(t, "no member has this address")
	kept, _ := filepath.Glob(filepath.Join(c.dir, "belfry.db.*.old"))
	if len(kept) != 1 {
		t.Fatalf("kept: %v", kept)
	}
	older := filepath.Join(t.TempDir(), "older")
	belfry(t, "restore", "--data", older, kept[0]).ends(t, 0)
	belfry(t, "member", "--data", older, "reset-password", "--email", "anna@exemple.example").ends(t, 0, "/link/")
}

// TestRequestsUnderWayFinish stops the server while it has read half of a form: the form is answered, exit code 0.
func TestRequestsUnderWayFinish(t *testing.T) {
	c := newCommunity(t, 1, 1)
	h := serve(t, c.dir, "--demo")
	form := url.Values{"csrf": {h.token(c.sessions[0])}, "answer": {"on_site"}, "note": {"try 7"}}.Encode()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	ok(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /meetings/%s/rsvp HTTP/1.1\r\nHost: %s\r\nCookie: belfry_session=%s\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		c.meetings[0].Slug, strings.TrimPrefix(h.url, "http://"), c.sessions[0], len(form))
	ok(t, err)
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n') // the server has taken the request up
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = reader.ReadString('\n')
	exit := make(chan int)
	go func() { exit <- h.stop() }()
	h.log.await(t, "stopping")
	_, err = fmt.Fprint(conn, form)
	ok(t, err)
	res, err := http.ReadResponse(reader, nil)
	ok(t, err)
	res.Body.Close()
	if res.StatusCode != 303 {
		t.Errorf("status %d", res.StatusCode)
	}
	if code := <-exit; code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	if got := c.answers(t, c.dir)[chair{0, 0}]; got.Answer != store.OnSite || got.Note != "try 7" {
		t.Errorf("kept: %+v", got)
	}
}

// TestTheFirstAdministratorEnters follows the printed link of an empty hub, in a folder whose name is too long for a
// socket, after a server there was killed.
func TestTheFirstAdministratorEnters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long-", 24), "data")
	serve(t, dir).kill()
	h := serve(t, dir)
	h.stop()
	h = serve(t, dir)
	h.log.await(t, "/link/")
	link := regexp.MustCompile(`http://localhost:\d+(/link/\S+)`).FindStringSubmatch(h.log.String())
	for range 2 { // a scanner of links changes nothing
		if status, page, err := h.get(link[1], ""); err != nil || status != 200 || !strings.Contains(page, `name="email"`) {
			t.Fatalf("%d %v: %.300s", status, err, page)
		}
	}
	status, _, err := h.post(link[1], "", url.Values{"name": {"Anna Exemple"}, "email": {"anna@exemple.example"}, "language": {"fr"},
		"password": {"cloche-moulin-rivière-1830"}})
	if status != 303 || err != nil {
		t.Fatalf("%d %v", status, err)
	}
	belfry(t, "member", "--data", dir, "create-admin", "--email", "pas une adresse", "--name", "X").refused(t, "the email is not right")
	belfry(t, "member", "--data", dir, "create-admin", "--email", "bert@exemple.example", "--name", "Bert & Cie").ends(t, 0, h.public+"/link/")
	sound(t, dir)
	belfry(t, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--demo").refused(t, "in use")
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	belfry(t, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--demo").refused(t, "is a community that is not a demo")
	sound(t, dir)
	if h = serve(t, dir); strings.Contains(h.log.String(), "Nobody has joined") {
		t.Error("the hub is not empty any more")
	}
}

func TestTheDemoLeavesNothingBehind(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	h := serve(t, "", "--demo") // an empty --data is none
	if status, page, err := h.get("/demo", ""); status != 200 || err != nil || strings.Count(page, `name="handle"`) < 5 {
		t.Errorf("%d %v: not five people to be", status, err)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
