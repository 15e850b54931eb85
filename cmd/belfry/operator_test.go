package main

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv/postgres/pgtest"
)

const stopped = "the move was stopped and nothing is lost: run the same command again"

// lacks asserts that a text is nowhere in what a command said.
func (s said) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(s.out+s.err, text) {
			t.Errorf("%q is in %q", text, s.out+s.err)
		}
	}
}

// inside runs a command to its end as belfry does, without a process of its own, which takes most of the time.
func inside(t *testing.T, args ...string) said {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, &out, &errs)
	return said{out: out.String(), err: errs.String(), code: code}
}

// either is belfry for what would serve, and else inside.
func either(t *testing.T, args ...string) said {
	t.Helper()
	if args[0] == "serve" {
		return belfry(t, args...)
	}
	return inside(t, args...)
}

// interrupted runs a command and presses Ctrl-C when held tells; free lets what is held go on then.
func interrupted(t *testing.T, held <-chan struct{}, free func(), args ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := program(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	ok(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-held:
		ok(t, cmd.Process.Signal(os.Interrupt))
		time.AfterFunc(50*time.Millisecond, free)
	case <-ended:
		free()
	}
	<-ended
	return said{out: out.String(), err: errs.String(), code: cmd.ProcessState.ExitCode()}
}

// TestAMoveThatIsInterruptedSaysSo presses Ctrl-C while either place is opened, while values are copied, while they are
// compared: one sentence each time.
func TestAMoveThatIsInterruptedSaysSo(t *testing.T) {
	c, address := newCommunity(t, 20, 1), pgtest.Database(t)
	proxy, through := pgtest.Between(t, address)
	held, free := proxy.HoldAfter(0)
	interrupted(t, held, free, "move", "--from", through, "--to", filepath.Join(t.TempDir(), "x")).refused(t, stopped)
	began := proxy.Asked()
	inside(t, "move", "--from", newCommunity(t, 20, 1).dir, "--to", through).ends(t, 0)
	all := proxy.Asked() - began
	base := func(address string) string { return address[strings.LastIndex(address, "/"):] }
	for later := int64(0); ; later += all / 4 {
		address := pgtest.Database(t)
		held, free := proxy.HoldAfter(later)
		said := interrupted(t, held, free, "move", "--from", c.dir, "--to", strings.Replace(through, base(through), base(address), 1))
		said.lacks(t, "context canceled", "outcome", "cannot be opened", " 0 of them")
		if said.code != 0 && !t.Failed() {
			said.ends(t, 1, stopped)
			continue
		}
		said.ends(t, 0, "every one compared") // too late
		inside(t, "check", "--store", address).ends(t, 0, "Nothing wrong")
		if later < all/2 {
			t.Errorf("only what comes before %d of %d bytes was interrupted", later, all)
		}
		break
	}
}

// cutter ends a context when a text is written to it.
type cutter struct {
	bytes.Buffer
	at  string
	end func()
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.at != "" && bytes.Contains(p, []byte(c.at)) {
		c.end()
	}
	return c.Buffer.Write(p)
}

// TestAMoveBetweenFoldersThatIsInterruptedSaysSo ends it at once, and in the middle.
func TestAMoveBetweenFoldersThatIsInterruptedSaysSo(t *testing.T) {
	c, to := newCommunity(t, 20, 1), filepath.Join(t.TempDir(), "to")
	for _, at := range []string{"at once", " copied"} {
		ctx, cancel := context.WithCancel(t.Context())
		errs := &cutter{at: at, end: cancel}
		if at == "at once" {
			cancel()
		}
		code := run(ctx, []string{"move", "--from", c.dir, "--to", to}, &bytes.Buffer{}, errs)
		cancel()
		if code != 1 || !strings.Contains(errs.String(), stopped) {
			t.Errorf("%s: %d %s", at, code, errs)
		}
	}
	inside(t, "move", "--from", c.dir, "--to", to).ends(t, 0, "every one compared")
	sound(t, to)
}

// TestAFileWithoutItsBeginningIsDamaged: it is not called something else, what is said to do works, and one of the two
// beginnings is enough to go on.
func TestAFileWithoutItsBeginningIsDamaged(t *testing.T) {
	c := newCommunity(t, 2, 1)
	backup, file := filepath.Join(t.TempDir(), "backup.zip"), filepath.Join(c.dir, "belfry.db")
	inside(t, "backup", "--data", c.dir, backup).ends(t, 0)
	whole, err := os.ReadFile(file)
	ok(t, err)
	for page := range 2 {
		b := bytes.Clone(whole)
		clear(b[4096*page:][:4096])
		ok(t, os.WriteFile(file, b, 0o600))
		inside(t, "check", "--data", c.dir).ends(t, 1, "one of its two first pages is damaged, so that the last change may be missing")
		for range 2 { // each writes one of them
			inside(t, append(admin(c.dir), "--public-url", "https://hub.example")...).ends(t, 0)
		}
		sound(t, c.dir)
	}
	ok(t, os.WriteFile(file, append(make([]byte, 8192), whole[8192:]...), 0o600))
	advice := "belfry restore --force --data " + c.dir + " BACKUP.zip"
	for _, command := range [][]string{{"check", "--data", c.dir}, {"serve", "--listen", "127.0.0.1:0", "--data", c.dir}, {"backup", "--data", c.dir, filepath.Join(t.TempDir(), "x.zip")},
		{"member", "--data", c.dir, "reset-password", "--email", "a@exemple.example"}, {"move", "--from", c.dir, "--to", t.TempDir()}, {"move", "--from", newCommunity(t, 1, 0).dir, "--to", c.dir}} {
		got := either(t, command...)
		got.refused(t, file, saysDamaged, advice)
		got.lacks(t, saysForeign, "the file is damaged")
	}
	inside(t, append(strings.Fields(advice)[1:5], backup)...).ends(t, 0, "Restored to")
	sound(t, c.dir)
	ok(t, os.WriteFile(file, []byte(strings.Repeat("Bonjour.\n", 2000)), 0o600))
	inside(t, "check", "--data", c.dir).refused(t, file, saysForeign)
	inside(t, "restore", "--force", "--data", c.dir, file).refused(t, "the backup cannot be used", "is no backup")
}

// TestWhatIsDamagedIsSaidOnce starts over files in which a member, or the schema, cannot be read, and over one that is cut off.
func TestWhatIsDamagedIsSaidOnce(t *testing.T) {
	whole := healthy(t)
	schema := regexp.MustCompile(`(?s)(meta/schema....).`).ReplaceAll(whole, []byte("${1}?")) // after the checksum
	for name, content := range map[string][]byte{"a member": bytes.ReplaceAll(whole, []byte("Personne Inv"), []byte("Personnf Inv")), "the schema": schema, "the end": whole[:len(whole)/2]} {
		dir := t.TempDir()
		ok(t, os.WriteFile(filepath.Join(dir, "belfry.db"), content, 0o600))
		for _, command := range [][]string{{"serve", "--listen", "127.0.0.1:0", "--data", dir}, {"move", "--from", dir, "--to", t.TempDir()}} {
			got := either(t, command...)
			got.ends(t, 1, "belfry.db "+saysDamaged)
			if n := strings.Count(got.err, "damaged and was"); n != 1 || strings.Contains(got.err, "the file is damaged") {
				t.Errorf("%s, %v: said %d times: %s", name, command, n, got.err)
			}
		}
	}
}

// TestWhatIsDamagedIsNamedWhereItIs, also when nobody said where that is.
func TestWhatIsDamagedIsNamedWhereItIs(t *testing.T) {
	whole := healthy(t)
	t.Chdir(t.TempDir())
	ok(t, os.Mkdir("data", 0o700))
	ok(t, os.WriteFile("data/belfry.db", bytes.ReplaceAll(whole, []byte("Personne Inv"), []byte("Personnf Inv")), 0o600))
	belfry(t, "serve", "--listen", "127.0.0.1:0").refused(t, "data/belfry.db "+saysDamaged, "--data data BACKUP.zip")
}

// TestMoveNamesWhatItWasGiven: a bad place is reported under its own flag, and no address becomes the name of a folder.
func TestMoveNamesWhatItWasGiven(t *testing.T) {
	c := newCommunity(t, 1, 0)
	t.Chdir(t.TempDir())
	for flag, args := range map[string][]string{
		"--to must look like":   {"--from", c.dir, "--to", "postgres://belfry:geheim@db.example/belfry"}, // no sslmode
		"--from must look like": {"--to", c.dir, "--from", "postgres://belfry:geheim@db.example:port/belfry"},
		"--to must be a folder": {"--from", c.dir, "--to", "mysql://belfry:geheim@db.example/belfry"},
	} {
		got := inside(t, append([]string{"move"}, args...)...)
		got.refused(t, flag)
		got.lacks(t, "--store", "geheim", "cannot be read")
	}
	if made, _ := filepath.Glob("*"); len(made) > 0 {
		t.Errorf("made %v", made)
	}
}

// TestABackupIntoAFolderThatIsMissingNamesIt, and restoring makes its folder.
func TestABackupIntoAFolderThatIsMissingNamesIt(t *testing.T) {
	c := newCommunity(t, 1, 0)
	missing := filepath.Join(t.TempDir(), "sauvegardes de 2026", "nuit")
	got := inside(t, "backup", "--data", c.dir, filepath.Join(missing, "x.zip"))
	got.refused(t, "there is no folder "+missing, "mkdir -p '"+missing+"'")
	got.lacks(t, ".belfry-", "no such file")
	file := filepath.Join(t.TempDir(), "x.zip")
	inside(t, "backup", "--data", c.dir, file).ends(t, 0)
	inside(t, "restore", "--data", missing, file).ends(t, 0, "Restored to")
}

// TestALinkOfTheCommandLineSaysWhatItBeginsWith, since the command does not know where the nodes are reached.
func TestALinkOfTheCommandLineSaysWhatItBeginsWith(t *testing.T) {
	c := newCommunity(t, 2, 0)
	reset := []string{"member", "--data", c.dir, "reset-password", "--email", "p001@exemple.example"}
	inside(t, reset...).ends(t, 0, "http://localhost:8080/link/", "give it with --public-url")
	got := inside(t, append(reset, "--public-url", "https://hub.example/")...)
	got.ends(t, 0, "https://hub.example/link/")
	got.lacks(t, "--public-url", "localhost")
	inside(t, append(reset, "--public-url", "hub.example")...).refused(t, "--public-url must look like")
	h := serve(t, c.dir, "--public-url", "https://hub.example")
	got = inside(t, reset...)
	got.ends(t, 0, "https://hub.example/link/")
	got.lacks(t, "--public-url", "localhost")
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
}

// printed is the command that a move says is the next.
var printed = regexp.MustCompile(`(?m)^  belfry serve (.*)$`)

// TestAfterAMoveTheOldPlaceIsNotServedByMistake moves to a database and back, and goes on at each; what was left is refused,
// can still be read, copied and restored, and is served only when that is meant.
func TestAfterAMoveTheOldPlaceIsNotServedByMistake(t *testing.T) {
	c, address := newCommunity(t, 1, 1), pgtest.Database(t)
	kept, _, err := openStore(t.Context(), c.dir, change, store.Options{})
	ok(t, err)
	shelf, err := kept.SaveCategory(t.Context(), store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	ok(t, kept.Close())
	h := serve(t, c.dir, "--demo")
	c.opens(t, h, shelf.Slug, "premierx") // the search index of the old place knows this
	h.stop()
	with := strings.Replace(address, "belfry:@", "belfry:geheim@", 1)
	if with == address {
		with = strings.Replace(address, "belfry@", "belfry:geheim@", 1)
	}
	early, late := filepath.Join(t.TempDir(), "early.zip"), filepath.Join(t.TempDir(), "late.zip")
	inside(t, "backup", "--data", c.dir, early).ends(t, 0)

	got := inside(t, "move", "--from", c.dir, "--to", with)
	node := c.dir + "-node"
	got.ends(t, 0, "belfry serve --store '"+strings.Replace(with, "geheim", "…", 1)+"' --data "+node, "PGPASSWORD")
	got.lacks(t, "geheim")
	content, err := os.ReadFile(filepath.Join(c.dir, "belfry.db"))
	ok(t, err)
	if bytes.Contains(content, []byte("geheim")) {
		t.Error("the password is in the old place")
	}
	old := []string{"serve", "--listen", "127.0.0.1:0", "--data", c.dir}
	got = belfry(t, old...)
	got.refused(t, "moved to postgres://", "belfry serve --store '", "belfry serve --data "+c.dir+" --force")
	got.lacks(t, "geheim")
	inside(t, admin(c.dir)...).refused(t, "moved to postgres://")
	inside(t, "move", "--from", c.dir, "--to", filepath.Join(t.TempDir(), "x")).refused(t, "moved to postgres://", "already; move it from there")
	inside(t, "check", "--data", c.dir).ends(t, 0, "Nothing wrong", "moved to postgres://")
	inside(t, "backup", "--data", c.dir, late).ends(t, 0, "Backup written", "moved to postgres://")
	for file, says := range map[string]string{early: "Restored to", late: "after its community had moved"} {
		dir := filepath.Join(t.TempDir(), "restored")
		inside(t, "restore", "--data", dir, file).ends(t, 0, says)
		inside(t, admin(dir)...).ends(t, 0, "/link/")
	}

	// It goes on in the database, then comes back by the same way, and what happened there is found.
	h = serve(t, node, "--demo", "--store", address)
	c.opens(t, h, shelf.Slug, "deuxiemex")
	h.stop()
	got = inside(t, "move", "--from", address, "--to", c.dir)
	got.ends(t, 0, "every one compared")
	next := printed.FindStringSubmatch(got.out)
	if next == nil || next[1] != "--data "+c.dir {
		t.Fatalf("the next command is %q in %s", next, got.out)
	}
	belfry(t, "serve", "--listen", "127.0.0.1:0", "--data", node, "--store", address).refused(t, "moved to "+c.dir)
	sound(t, c.dir)
	h = serve(t, c.dir, "--demo")
	h.finds("premierx")
	h.finds("deuxiemex")
	h.stop()

	// What was left in the database is taken up again on purpose; from then on nothing may replace it.
	h = serve(t, node, "--demo", "--store", address, "--force")
	h.stop()
	inside(t, append(admin(node), "--store", address)...).ends(t, 0, "/link/")
	inside(t, "move", "--from", c.dir, "--to", address).refused(t, "there is something at", "nothing was changed")
	inside(t, admin(c.dir)...).ends(t, 0, "/link/")
}

// admin changes something in a place.
func admin(dir string) []string {
	return []string{"member", "--data", dir, "create-admin", "--email", "a@exemple.example", "--name", "Ada"}
}

// opens starts a discussion that a search for a word finds.
func (c *community) opens(t *testing.T, h *hub, category, word string) {
	t.Helper()
	form := url.Values{"csrf": {h.token(c.sessions[0])}, "title": {"Fil " + word}, "category": {category}, "source": {"Un texte."}, "once": {"once-" + word}}
	if status, page, err := h.post("/discussions/new", c.sessions[0], form); status != 303 || err != nil {
		t.Fatalf("%d %v %.300s", status, err, page)
	}
	h.finds(word)
}

// TestTheSearchOfANodeIsMadeAnewWhereItIs: not in a folder from which no node serves; and every node counts all of them.
func TestTheSearchOfANodeIsMadeAnewWhereItIs(t *testing.T) {
	c := newCommunity(t, 1, 0)
	address := c.share(t)
	t.Chdir(t.TempDir())
	inside(t, "check", "--rebuild-search", "--store", address).refused(t, "no node has served from "+absolute("data"), "--data")
	if _, err := os.Stat("data"); err == nil {
		t.Error("a folder was made")
	}
	one := newHub(t, nil, "127.0.0.1:0", "--store", address, "--metrics", "127.0.0.1:0") // in ./data
	one.start()
	two := node(t, address, "--metrics", "127.0.0.1:0")
	for _, h := range []*hub{one, two} {
		for began := time.Now(); h.metric("belfry_nodes") != 2; time.Sleep(20 * time.Millisecond) {
			if time.Since(began) > patience {
				t.Fatalf("a node counts %v nodes, not 2", h.metric("belfry_nodes"))
			}
		}
	}
	inside(t, "check", "--rebuild-search", "--store", address).ends(t, 0, "The search index in "+absolute("data/search")+" was made anew")
	two.stop()
	one.stop()
	inside(t, "check", "--rebuild-search", "--store", address).ends(t, 0, "The search index in "+absolute("data/search")+" was made anew")
}
