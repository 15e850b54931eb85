package main

import (
	"context"
	"fmt"
	"strings"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// checkCommand verifies the data and says what is wrong.
type checkCommand struct{ dataFlags }

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
	var report checkReport
	running, err := askFor(t.ctx, c.Data, "/check", nil, &report)
	if err != nil {
		return err
	}
	if !running {
		hub, db, err := openStore(t.ctx, c.Data, examine, store.Options{})
		if err != nil {
			return err
		}
		defer hub.Close()
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
		fmt.Fprintf(t.err, "belfry: the community in %s is damaged: %d faults; what can be read was left as it is\n", c.Data, report.Found)
		return errReported
	}
	fmt.Fprintf(t.out, "Nothing wrong: %d values, %d records, %d documents.\n", report.Values, report.Records, report.Documents)
	return nil
}

// checkAll verifies every value, then every record with its indexes and references, then every document.
func checkAll(ctx context.Context, hub *store.Store, db *bolt.DB) (checkReport, error) {
	var report checkReport
	say := func(fault string) {
		if report.Found++; len(report.Faults) < maxFaults {
			report.Faults = append(report.Faults, fault)
		}
	}
	var err error
	report.Values, err = db.Verify(ctx, func(d kv.DamagedError) {
		if len(d.Key) == 0 {
			say("file: " + d.Reason)
			return
		}
		say(fmt.Sprintf("value %q: %s", strings.ReplaceAll(string(d.Key), "\x00", "/"), d.Reason))
	})
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
