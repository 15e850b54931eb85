//go:build bench

package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/storetest"
)

// process is the program itself, serving: its memory is the server's alone.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
	metrics string
	began   time.Time
	first   float64 // seconds to its first page
}

// built is the program.
func built(t *testing.T) string {
	binary := filepath.Join(t.TempDir(), "belfry")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "../cmd/belfry").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

func freeAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// serve starts the program and waits for its first page.
func serve(t *testing.T, binary string, args ...string) *process {
	p := &process{t: t, address: freeAddress(t), metrics: freeAddress(t)}
	p.cmd = exec.CommandContext(ctx, binary, append([]string{"serve", "--listen", p.address, "--metrics", p.metrics}, args...)...)
	p.began = time.Now()
	ok(t, p.cmd.Start())
	t.Cleanup(p.stop) // or it would hold the data
	for time.Since(p.began) < time.Minute {
		res, err := http.Get("http://" + p.address + "/")
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK { // while it opens its data it answers that it does
				p.first = time.Since(p.began).Seconds()
				return p
			}
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("no answer")
	return nil
}

func (p *process) stop() { _ = p.cmd.Process.Signal(os.Interrupt); _ = p.cmd.Wait() }

// memory is what the process holds of its own, and of files: the program and the database, which the system takes back
// when it needs room. In MiB.
func (p *process) memory() (own, files float64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	ok(p.t, err)
	read := func(name string) float64 {
		_, rest, _ := strings.Cut(string(status), name+":")
		kib, err := strconv.Atoi(strings.Fields(rest)[0])
		ok(p.t, err)
		return float64(kib) / 1024
	}
	return read("RssAnon"), read("RssFile") + read("RssShmem")
}

// settled waits until what the start took was given back, 10 s after it, and for so long more.
func (p *process) settled(more time.Duration) {
	time.Sleep(time.Until(p.began.Add(12*time.Second + more)))
}

// number reads one of the metrics.
func (p *process) number(name string) float64 {
	res, err := http.Get("http://" + p.metrics + "/metrics")
	ok(p.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	ok(p.t, err)
	_, rest, found := strings.Cut("\n"+string(text), "\n"+name+" ")
	if !found {
		p.t.Fatalf("no %s", name)
	}
	line, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(line, 64)
	ok(p.t, err)
	return value
}

// startRows measures a real process: an empty hub to its first answer, and the demo at rest.
func startRows(t *testing.T, a *table) {
	binary := built(t)
	var took []float64
	for range rounds() {
		p := serve(t, binary, "--data", filepath.Join(t.TempDir(), "data"))
		p.stop()
		took = append(took, p.first*1000)
	}
	a.figure("start: empty hub to its first page", "150 ms", "ms", took...)
	p := serve(t, binary, "--demo")
	defer p.stop()
	a.figure("start: demo to its first page", "3 s", "s", p.first)
	p.settled(8 * time.Second)
	own, files := p.memory()
	a.figure("memory: demo, resident 20 s after its start", "60 MiB", "MiB", own+files)
	a.figure("memory: of that its own, without files", "", "MiB", own)
}

// grownFolder is a data folder of a hub of so many posts with its search index, and the cookie of a member that a process
// takes. It says how long the index took, 0 when it was there.
func grownFolder(t *testing.T, posts int) (folder, cookie string, indexing time.Duration) {
	hub := storetest.Grown(t, posts, server.Renderer())
	defer hub.Close()
	folder = filepath.Dir(hub.Path)
	index, err := search.Open(filepath.Join(folder, "search"))
	ok(t, err)
	defer index.Close()
	hub.Clock.Set(time.Now()) // the process has no other clock
	hub.Handled(t)
	begun, made := time.Now(), index.Building()
	ok(t, (&search.Follower{Store: hub.Store, Index: index}).CatchUp(ctx))
	if made {
		indexing = time.Since(begun)
	}
	reader, err := hub.MemberByHandle(ctx, storetest.GrownMember)
	ok(t, err)
	ok(t, hub.RequestSignIn(ctx, reader.Email, "fr", store.Client{Address: reader.ID}))
	in, err := hub.UseTicket(ctx, hub.Token(t, store.EventSignInLink, reader.Email), "", store.Client{})
	ok(t, err)
	hub.Handled(t)
	return folder, in.Token, indexing
}

// largeRows measure the start and the memory of a process over a small and a large hub, before and after three thousand
// pages of all ages and a hundred searches.
func largeRows(t *testing.T, a *table) {
	binary := built(t)
	few, many := sizes()
	type state struct{ rest, used float64 }
	var held [2]state
	for i, posts := range []int{few, many} {
		folder, _, indexing := grownFolder(t, posts)
		if indexing > 0 && posts == many {
			a.figure(fmt.Sprintf("search: %d posts indexed in", posts), map[bool]string{true: "120 s"}[posts == 100_000], "s", indexing.Seconds())
		}
		var took []float64
		for range rounds() - 1 {
			p := serve(t, binary, "--data", folder)
			p.stop()
			took = append(took, p.first*1000)
		}
		p := serve(t, binary, "--data", folder)
		took = append(took, p.first*1000)
		a.figure(fmt.Sprintf("start: %d posts to the first page", posts), map[bool]string{true: "800 ms"}[posts == many], "ms", took...)
		p.settled(0)
		own, files := p.memory()
		held[i].rest = own
		a.figure(fmt.Sprintf("memory: %d posts, own at rest", posts), "", "MiB", own)
		a.figure(fmt.Sprintf("memory: %d posts, pages of files at rest", posts), "", "MiB", files)
		browse(t, p.address, posts)
		time.Sleep(5 * time.Second)
		own, files = p.memory()
		held[i].used = own
		a.figure(fmt.Sprintf("memory: %d posts, own after 3,000 pages, 100 searches", posts), "", "MiB", own)
		a.figure(fmt.Sprintf("memory: %d posts, pages of files then", posts), "", "MiB", files)
		p.stop()
	}
	a.figure(fmt.Sprintf("memory: own at rest, %d posts times %d", many, few), "1.0 (does not grow)", "", held[1].rest/held[0].rest)
	a.figure("memory: own after use, the same", "1.0 (does not grow)", "", held[1].used/held[0].used)
}

// browse reads threads of all ages and searches.
func browse(t *testing.T, address string, posts int) {
	threads, words := posts/storetest.PostsPerThread, storetest.NewLexicon()
	for n := range 3_000 {
		res, err := http.Get(fmt.Sprintf("http://%s/t/%d", address, 1+(n*max(1, threads/3_000))%threads))
		ok(t, err)
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	c := dial(t, address, nil)
	for range 100 {
		c.request = [][]byte{requestFor(c, "/search?q="+strings.TrimSpace(words.Text(1)))}
		_, err := c.ask(0)
		ok(t, err)
	}
}
