package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"belfry/server/archive"
	"belfry/store"
)

// importCommand brings in what other programs kept.
type importCommand struct {
	Mbox       importMboxCommand       `cmd:"" help:"Make discussions of a mailing list's archive (mbox files or single messages)."`
	Publiccode importPubliccodeCommand `cmd:"" help:"Take publiccode.yml files into the catalogue of applications."`
}

type importMboxCommand struct {
	dataFlags
	Files    []string `arg:"" type:"existingfile" help:"Archives, in mbox form, or single messages."`
	Category string   `required:"" help:"Category of the discussions: the end of its address."`
	DryRun   bool     `help:"Only say what would be imported."`
	Report   string   `help:"Write the report to this file too." type:"path"`
}

// Run imports through the running server, or opens the data itself. It can be broken off and run again.
func (c *importMboxCommand) Run(t *terminal) error {
	files := make([]string, len(c.Files))
	for i, name := range c.Files {
		var err error
		if files[i], err = filepath.Abs(name); err != nil {
			return err
		}
	}
	form := map[string]string{"files": strings.Join(files, "\n"), "category": c.Category}
	if c.DryRun {
		form["dry"] = "1"
	}
	var report archive.Report
	running, err := askFor(t.ctx, c.home(), "/import", form, &report)
	if err == nil && !running {
		report, err = c.offline(t, files)
	}
	if err != nil {
		return err
	}
	return c.say(t, report)
}

func (c *importMboxCommand) offline(t *terminal, files []string) (archive.Report, error) {
	hub, _, err := c.home().open(t.ctx, change, store.Options{})
	if err != nil {
		return archive.Report{}, err
	}
	defer hub.Close()
	report, err := importArchives(t.ctx, hub, files, c.Category, c.DryRun, bar(t.err))
	fmt.Fprintln(t.err)
	return report, err
}

// importArchives checks that the category is there before the first message is read.
func importArchives(ctx context.Context, hub *store.Store, files []string, category string, dry bool, progress func(done, all int)) (archive.Report, error) {
	shelf, _, err := hub.CategoryBySlug(ctx, store.System(), category)
	if store.KindOf(err) == store.NotFound {
		return archive.Report{}, fmt.Errorf("there is no category %q: make it first, on the page of the discussions", category)
	}
	if err != nil {
		return archive.Report{}, err
	}
	return archive.Import(ctx, hub, files, shelf.Slug, dry, progress)
}

// bar draws how far the import is, on one line.
func bar(w io.Writer) func(done, all int) {
	last := -1
	return func(done, all int) {
		percent := 100 * done / max(all, 1)
		if percent == last {
			return
		}
		last = percent
		fmt.Fprintf(w, "\r[%-40s] %3d %%  %d of %d messages", strings.Repeat("#", percent*40/100), percent, done, all)
	}
}

// say prints what became of the archives.
func (c *importMboxCommand) say(t *terminal, report archive.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages in %d discussions: %d posts are new, %d were there already, %d were skipped.\n",
		report.Messages, report.Threads, report.Stored, report.Had, len(report.Skipped))
	for _, line := range report.Skipped {
		fmt.Fprintln(&b, "skipped:", line)
	}
	for _, line := range report.Notes {
		fmt.Fprintln(&b, "note:", line)
	}
	fmt.Fprint(t.out, b.String())
	if c.Report == "" {
		return nil
	}
	return os.WriteFile(c.Report, []byte(b.String()), 0o600)
}
