package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"belfry/locales"
	"belfry/store"
)

type importPubliccodeCommand struct {
	dataFlags
	Dir    string `arg:"" type:"path" help:"A file, or a folder whose .yml and .yaml files are read, those in folders below too."`
	Partly bool   `help:"Take of a new application what can be read of a file with faults."`
	Lang   string `default:"en" enum:"fr,nl,de,en" help:"Language of the report."`
}

// filed says what became of one file.
type filed struct {
	File  string
	App   string // address of the application, "" when nothing was taken
	State string // new, changed, same, partly or refused
	Said  []remark
}

// remark is one thing about a file, in words of every language.
type remark struct {
	Note bool
	Key  string
	Args []any
}

// Run imports through the running server, or opens the data itself. The same files again change nothing.
func (c *importPubliccodeCommand) Run(t *terminal) error {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	form := map[string]string{"dir": dir}
	if c.Partly {
		form["partly"] = "1"
	}
	var all []filed
	running, err := askFor(t.ctx, c.home(), "/publiccode", form, &all)
	if err == nil && !running {
		var hub *store.Store
		if hub, _, err = c.home().open(t.ctx, change, store.Options{}); err != nil {
			return err
		}
		defer hub.Close()
		all, err = importPubliccode(t.ctx, hub, dir, c.Partly)
	}
	if err != nil {
		return err
	}
	return c.say(t.out, all)
}

// maxPubliccodeFiles bounds one import.
const maxPubliccodeFiles = 2_000

// importPubliccode reads every file there is. A file with faults is reported and the next one read.
func importPubliccode(ctx context.Context, hub *store.Store, dir string, partly bool) ([]filed, error) {
	var all []filed
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		ext := strings.ToLower(filepath.Ext(path))
		if !entry.Type().IsRegular() || path != dir && ext != ".yml" && ext != ".yaml" {
			return nil
		}
		if len(all) == maxPubliccodeFiles {
			return fmt.Errorf("more than %d files: import a part of the folder at a time", maxPubliccodeFiles)
		}
		one, err := importOne(ctx, hub, path, partly)
		if name, relErr := filepath.Rel(dir, path); relErr == nil && name != "." {
			one.File = name
		}
		all = append(all, one)
		return err
	})
	return all, err
}

// maxRead bounds what is read of one file: one byte more than the largest that is taken.
const maxRead = 1 << 20

func importOne(ctx context.Context, hub *store.Store, path string, partly bool) (filed, error) {
	one := filed{File: filepath.Base(path), State: "refused"}
	file, err := os.Open(path) // #nosec G304 -- in the folder that the operator names
	if err != nil {
		return one, err
	}
	defer file.Close()
	source, err := io.ReadAll(io.LimitReader(file, maxRead))
	if err != nil {
		return one, err
	}
	read, err := hub.ReadAppFile(ctx, store.System(), store.AppFileInput{Source: source, Partly: partly})
	for _, p := range append(store.ProblemsOf(err), read.Faults...) {
		one.Said = append(one.Said, remark{Key: p.Key, Args: p.Args})
	}
	for _, p := range read.Notes {
		one.Said = append(one.Said, remark{Note: true, Key: p.Key, Args: p.Args})
	}
	switch {
	case store.KindOf(err) == store.Invalid:
		return one, nil
	case err != nil:
		return one, err
	case len(read.Faults) > 0:
		one.State = "partly"
	case !read.Changed:
		one.State = "same"
	case read.New:
		one.State = "new"
	default:
		one.State = "changed"
	}
	one.App = "/apps/" + read.App.Slug
	return one, nil
}

// say prints what became of the files.
func (c *importPubliccodeCommand) say(out io.Writer, all []filed) error {
	catalogue, err := locales.Load()
	if err != nil {
		return err
	}
	lang, _ := catalogue.Language(c.Lang)
	counts := map[string]int{}
	for _, one := range all {
		counts[one.State]++
		fmt.Fprintf(out, "%s: %s %s\n", one.File, lang.T("publiccode.state."+one.State), one.App)
		for _, about := range one.Said {
			mark := "!"
			if about.Note {
				mark = "-"
			}
			for i, arg := range about.Args {
				if n, ok := arg.(float64); ok { // came as JSON from the server
					about.Args[i] = int(n)
				}
			}
			fmt.Fprintf(out, "  %s %s\n", mark, lang.T(about.Key, about.Args...))
		}
	}
	fmt.Fprintln(out, lang.T("publiccode.counts", "Files", len(all), "New", counts["new"], "Changed", counts["changed"], "Same", counts["same"],
		"Partly", counts["partly"], "Refused", counts["refused"]))
	return nil
}
