package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
)

// powerless is an engine that takes no more writes from some moment on.
type powerless struct {
	kv.DB
	gone func() bool
}

var errPower = errors.New("the power is gone")

func (p powerless) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if p.gone() {
		return errPower
	}
	return p.DB.Update(ctx, scope, fn)
}

// TestAMoveThatEndsBetweenTheTwoPlacesLeavesNoneToServe cuts the power when the old place knows that it is left and the new
// one not yet that it is whole: neither is served, no other move begins, and the same one goes on.
func TestAMoveThatEndsBetweenTheTwoPlacesLeavesNoneToServe(t *testing.T) {
	c, to, other := newCommunity(t, 5, 1), filepath.Join(t.TempDir(), "to"), filepath.Join(t.TempDir(), "other")
	m := &moveCommand{}
	at := &terminal{ctx: t.Context()}
	source, _, err := m.source(at, home{dir: c.dir}, t.TempDir())
	ok(t, err)
	target, _, err := m.target(at, home{dir: to}, t.TempDir())
	ok(t, err)
	cut := powerless{target, func() bool {
		left, err := store.LeftFor(t.Context(), source)
		ok(t, err)
		return left != nil
	}}
	_, err = store.Move(t.Context(), source, cut, store.Left{To: to, At: time.Now()}, func() error { return nil }, func(store.MoveReport) {})
	if !errors.Is(err, errPower) {
		t.Fatal(err)
	}
	ok(t, errors.Join(source.Close(), target.Close()))
	serve := []string{"serve", "--listen", "127.0.0.1:0", "--data"}
	belfry(t, append(serve, c.dir)...).refused(t, "moved to "+to)
	belfry(t, append(serve, to)...).refused(t, "was begun and not finished")
	inside(t, "move", "--from", c.dir, "--to", other).refused(t, "already; move it from there")
	inside(t, "move", "--from", c.dir, "--to", to).ends(t, 0, "every one compared")
	sound(t, to)
}

// TestAMoveOfAnotherCommunityReplacesNothing: only who has left a place may come back to it.
func TestAMoveOfAnotherCommunityReplacesNothing(t *testing.T) {
	c, other := newCommunity(t, 1, 0), newCommunity(t, 1, 0)
	inside(t, "move", "--from", c.dir, "--to", filepath.Join(t.TempDir(), "to")).ends(t, 0)
	inside(t, "move", "--from", other.dir, "--to", c.dir).refused(t, "there is something at", "nothing was changed")
	sound(t, c.dir)
}

// TestAMoveFromWhereNothingCanBeWritten is made, and says that no note could be left.
func TestAMoveFromWhereNothingCanBeWritten(t *testing.T) {
	c, to := newCommunity(t, 2, 1), filepath.Join(t.TempDir(), "to")
	script := `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"`
	if out, err := exec.Command("unshare", "-m", "sh", "-c", script, "sh", c.dir, "true").CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: a move from a folder that can only be read (mounting it so needs root): %v %s", err, out)
	}
	cmd := program(t.Context(), "move", "--from", c.dir, "--to", to)
	cmd.Path, cmd.Args = "/usr/bin/env", append([]string{"env", "unshare", "-m", "sh", "-c", script, "sh", c.dir, cmd.Path}, cmd.Args[1:]...)
	before, err := os.ReadFile(filepath.Join(c.dir, "belfry.db"))
	ok(t, err)
	out, err := cmd.CombinedOutput()
	ok(t, err)
	got := said{out: string(out)}
	got.ends(t, 0, "every one compared", "belfry serve --data "+to, "no note could be left in "+c.dir, "make sure that nobody serves it")
	got.lacks(t, "with a note")
	after, err := os.ReadFile(filepath.Join(c.dir, "belfry.db"))
	ok(t, err)
	if string(before) != string(after) {
		t.Error("it was written to")
	}
	sound(t, to)
}

// TestAMoveFromWhereANodeBeganToServeFails: what people write there meanwhile would be lost. With the node stopped it goes on.
func TestAMoveFromWhereANodeBeganToServeFails(t *testing.T) {
	address, to := newCommunity(t, 1, 0).share(t), filepath.Join(t.TempDir(), "to")
	m, at := &moveCommand{}, &terminal{ctx: t.Context()}
	source, _, err := m.source(at, home{address: address}, t.TempDir())
	ok(t, err)
	target, _, err := m.target(at, home{dir: to}, t.TempDir())
	ok(t, err)
	var h *hub
	_, err = store.Move(t.Context(), source, target, store.Left{To: to, At: time.Now()}, func() error {
		h = node(t, address, "--drain", "0s")
		for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) {
			if status, _, err := h.get("/readyz", ""); status == 200 { // it lives among the nodes
				return err
			}
		}
		return errors.New("it is never ready")
	}, func(store.MoveReport) {})
	if !errors.Is(err, store.ErrServed) {
		t.Errorf("got %v", err)
	}
	ok(t, errors.Join(source.Close(), target.Close()))
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	inside(t, "move", "--from", address, "--to", to).ends(t, 0, "every one compared")
}
