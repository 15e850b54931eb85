//go:build linux

package search_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"belfry/server"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/storetest"
)

// TestT05TheIndexOutlivesAFullDisk fills the disk under an index: what it cannot take it says, again and again, it does not
// end the process, it can be searched meanwhile, and it is complete when there is room again.
func TestT05TheIndexOutlivesAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("NOT RUN: a disk that is full under the search index (mounting a small file system needs root: %v)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	hub := storetest.OpenRendering(t, server.Renderer())
	index, err := search.Open(filepath.Join(dir, "search"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = index.Close() })
	l := &library{Hub: hub, index: index, follower: &search.Follower{Store: hub.Store, Index: index, Log: slog.New(slog.DiscardHandler)}, t: t}
	if l.public, err = hub.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}}); err != nil {
		t.Fatal(err)
	}
	l.alma = hub.Join(t, "Alma Testeuse", "BE-92094")
	l.thread(store.ThreadInput{Title: "Premier", PostInput: store.PostInput{Source: "quadrilobe"}})
	if err := l.follower.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	_ = f.Close()
	refused := 0
	for n := range 6 {
		l.thread(store.ThreadInput{Title: fmt.Sprint("Fil ", n), PostInput: store.PostInput{Source: strings.Repeat("mot ", 1000) + fmt.Sprint("ogive", n)}})
		if err := l.follower.CatchUp(ctx); err != nil {
			refused++
		}
		if got, err := index.Search(ctx, search.Query{Words: "quadrilobe", Limit: 5, Now: l.Clock.Now()}); err != nil || got.Total != 1 {
			t.Errorf("on a full disk: %v %v", got, err)
		}
	}
	if refused == 0 {
		t.Error("the test shows nothing: the disk was never full")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := l.follower.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		l.want(fmt.Sprint("ogive", n), fmt.Sprintf("%d/1", n+2))
	}
	t.Logf("refused %d times", refused)
}
