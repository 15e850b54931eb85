package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"belfry/server/search"
	"belfry/store"
	"belfry/store/kv"
)

// checkCommand verifies the data and says what is wrong.
type checkCommand struct {
	dataFlags
	RebuildSearch bool `help:"Make the search index anew, while the hub is served or not."`
}

// searchReport is how large the search index is now.
type searchReport struct{ Entries int }

// checkReport is what was found.
type checkReport struct {
	Values, Records, Documents int
	Found                      int      // how many faults
	Faults                     []string // the first of them, in sentences
}

// maxFaults bounds what is said about a file that is damaged all over.
const maxFaults = 200

// Run asks the running server, or opens the file itself.
func (c *checkCommand) Run(t *terminal) error {
	if c.RebuildSearch {
		return c.rebuild(t)
	}
	var report checkReport
	running, err := askFor(t.ctx, c.home(), "/check", nil, &report)
	if err != nil {
		return err
	}
	if !running {
		hub, db, err := c.home().open(t.ctx, examine, store.Options{})
		if err != nil {
			return err
		}
		defer hub.Close()
		if err := remindLeft(t, c.home(), db); err != nil {
			return err
		}
		if report, err = checkAll(t.ctx, hub, db); err != nil {
			return err
		}
	}
	for _, fault := range report.Faults {
		fmt.Fprintln(t.out, fault)
	}
	if report.Found > len(report.Faults) {
		fmt.Fprintf(t.out, "and %d more\n", report.Found-len(report.Faults))
	}
	if report.Found > 0 {
		fmt.Fprintf(t.err, "belfry: the community in %s is damaged: %d faults; what can be read was left as it is\n", c.where(), report.Found)
		return errReported
	}
	fmt.Fprintf(t.out, "Nothing wrong: %d values, %d records, %d documents.\n", report.Values, report.Records, report.Documents)
	return nil
}

// where names the data as the operator did.
func (d dataFlags) where() string {
	if d.home().shared() {
		return d.home().String()
	}
	return d.Data
}

// remindLeft says of a place, if it is so, that its community goes on elsewhere.
func remindLeft(t *terminal, at home, db engine) error {
	left, err := store.LeftFor(t.ctx, db)
	if err == nil && left != nil {
		fmt.Fprintf(t.err, "belfry: the community of %s moved to %s on %s and goes on there; this is what was left\n", at, left.To, left.At.Format(time.DateOnly))
	}
	if err != nil {
		return sentence(at.String(), err)
	}
	return nil
}

// rebuild makes the search index anew: in the running server, or here. The index of a hub on several machines is each
// node's own, in its folder: one that no node has served from is not filled by mistake.
func (c *checkCommand) rebuild(t *terminal) error {
	folder := filepath.Join(absolute(c.Data), searchFolder)
	if _, err := os.Stat(filepath.Join(c.Data, nodeFile)); c.home().shared() && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no node has served from %s; say with --data which folder the node has that is to search anew", absolute(c.Data))
	}
	var report searchReport
	running, err := askNode(t.ctx, c.Data, "/rebuild-search", nil, &report)
	if err != nil {
		return err
	}
	if !running {
		release, err := c.home().hold()
		if err != nil {
			return err
		}
		defer release()
		hub, _, err := c.home().open(t.ctx, change, store.Options{})
		if err != nil {
			return err
		}
		defer hub.Close()
		index, err := search.Open(filepath.Join(c.Data, searchFolder))
		if err != nil {
			return err
		}
		defer index.Close()
		if err := index.Clear(); err != nil {
			return err
		}
		follower := &search.Follower{Store: hub, Index: index}
		if err := follower.Rebuild(t.ctx); err != nil {
			return err
		}
		n, err := index.Count()
		if err != nil {
			return err
		}
		report.Entries = int(n)
	}
	fmt.Fprintf(t.out, "The search index in %s was made anew: %d entries.\n", folder, report.Entries)
	return nil
}

// checkAll verifies every value, then every record with its indexes and references, then every document.
func checkAll(ctx context.Context, hub *store.Store, db engine) (checkReport, error) {
	var report checkReport
	say := func(fault string) {
		if report.Found++; len(report.Faults) < maxFaults {
			report.Faults = append(report.Faults, fault)
		}
	}
	var err error
	report.Values, err = db.Verify(ctx, func(d kv.DamagedError) { say(faultSentence(d)) })
	if err != nil {
		return report, err
	}
	if report.Found > 0 {
		return report, nil // records cannot be read over damaged values
	}
	if report.Records, err = hub.Verify(ctx, func(f store.Fault) { say(f.String()) }); err != nil {
		return report, err
	}
	report.Documents, err = hub.VerifyDocuments(ctx, func(f store.Fault) { say(f.String()) })
	return report, err
}
