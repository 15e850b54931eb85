package bolt

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/store/kv"
)

// childVariable makes the test binary play the hub that is killed or that holds the file.
const childVariable = "BELFRY_TEST_CHILD"

// compactVariable makes it compact the file all the time too.
const compactVariable = "BELFRY_TEST_COMPACT"

// carelessVariable makes it not wait for the disk.
const carelessVariable = "BELFRY_TEST_CARELESS"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		writeForEver(path)
	}
	os.Exit(m.Run())
}

// writeForEver has 16 writers put pairs of keys and print the name of each pair once it is acknowledged.
func writeForEver(path string) {
	db, err := Open(path, Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	db.at.Load().bolt.NoSync = os.Getenv(carelessVariable) != ""
	fmt.Println("ready")
	if os.Getenv(compactVariable) != "" {
		go func() {
			for {
				fmt.Println("compacting")
				if err := db.Compact(context.Background(), time.Now()); err != nil {
					fmt.Println("error", err)
				} else {
					fmt.Println("compacted")
				}
			}
		}()
	}
	for w := range 16 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d/%d/%d", os.Getpid(), w, i)
				err := db.Update(context.Background(), "", func(tx kv.Tx) error {
					tx.Put([]byte("a/"+name), []byte(strings.Repeat(name, i%50)))
					tx.Put([]byte("b/"+name), []byte(name))
					return nil
				})
				if err == nil {
					_, err = os.Stdout.WriteString(name + "\n")
				}
				if err != nil {
					os.Exit(1)
				}
			}
		}()
	}
	select {}
}

// startChild runs a writing child and returns once it has the file open.
func startChild(t *testing.T, path string, more ...string) (child *exec.Cmd, lines *bufio.Scanner) {
	t.Helper()
	child = exec.Command(os.Args[0])
	child.Env = append(append(os.Environ(), childVariable+"="+path), more...)
	out, err := child.StdoutPipe()
	want(t, err, nil)
	want(t, child.Start(), nil)
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	lines = bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatal("the child did not start: ", lines.Text())
	}
	return child, lines
}

// tale is what a child has said: the pairs that it acknowledged, how often it compacted, and what else went wrong.
type tale struct {
	acknowledged []string
	compactions  int
	errors       []string
}

// hear listens to a child until it is gone. It calls then once the child has acknowledged and compacted that often.
func hear(t *testing.T, lines *bufio.Scanner, acknowledged, compactions int, then func()) (told tale) {
	t.Helper()
	called := false
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "compacting":
		case line == "compacted":
			told.compactions++
		case strings.Count(line, "/") == 2 && !strings.Contains(line, " "):
			told.acknowledged = append(told.acknowledged, line)
		default:
			told.errors = append(told.errors, line)
		}
		if !called && len(told.acknowledged) >= acknowledged && told.compactions >= compactions {
			called = true
			then()
		}
	}
	if !called {
		t.Fatalf("the child ended by itself: %d writes, %d compactions, %q", len(told.acknowledged), told.compactions, told.errors)
	}
	return told
}

// TestKill ends a writing process at a random moment, again and again: what it acknowledged is there, whole.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	rnd := rand.New(rand.NewPCG(1, 1))
	acknowledged := map[string]bool{}
	for range 10 {
		child, lines := startChild(t, path)
		told := hear(t, lines, 16+rnd.IntN(200), 0, func() {
			time.AfterFunc(time.Duration(rnd.IntN(10))*time.Millisecond, func() { _ = child.Process.Kill() })
		})
		for _, name := range told.acknowledged {
			acknowledged[name] = true
		}
		_ = child.Wait()

		db := openAt(t, path)
		records, err := db.Verify(context.Background(), func(p kv.DamagedError) { t.Error(p) })
		want(t, err, nil)
		want(t, records%2, 0) // pairs are never half there
		for name := range acknowledged {
			if value, err := get(db, "b/"+name); value != name || err != nil {
				t.Fatalf("%s was acknowledged and is lost: %q %v", name, value, err)
			}
		}
		want(t, db.Close(), nil)
	}
	if len(acknowledged) < 100 {
		t.Fatalf("only %d writes: the test shows nothing", len(acknowledged))
	}
	t.Logf("%d acknowledged writes, all there", len(acknowledged))
}
