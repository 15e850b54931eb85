// Command belfry serves a community of towns and takes care of its data.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a bare container has no time zones of its own

	"github.com/alecthomas/kong"
)

// command is everything the program can be asked to do, one file each.
type command struct {
	Serve   serveCommand   `cmd:"" help:"Serve the community."`
	Member  memberCommand  `cmd:"" help:"Make an administrator, or help somebody who cannot sign in."`
	Backup  backupCommand  `cmd:"" help:"Write a consistent copy of the data, while serving or not."`
	Restore restoreCommand `cmd:"" help:"Put a backup in place."`
	Move    moveCommand    `cmd:"" help:"Move a community between a folder and a database."`
	Import  importCommand  `cmd:"" help:"Bring in the archive of a mailing list."`
	Check   checkCommand   `cmd:"" help:"Verify every value, record, index and reference."`
	Compact compactCommand `cmd:"" help:"Take what was deleted out of the file at once, while serving or not."`
	Chat    chatCommand    `cmd:"" help:"Talk in a hub's rooms."`
	Version versionCommand `cmd:"" help:"Say which version this is."`
}

// terminal is where a command writes and how long it may run.
type terminal struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
}

// errReported ends with exit code 1 after everything was said.
var errReported = errors.New("already said")

// errStopped is of a command that was interrupted.
var errStopped = errors.New("stopped before it was done")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the arguments ask: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var c command
	exit := -1
	parser, err := kong.New(&c, kong.Name("belfry"), kong.Description("The hub where towns that build software together meet."),
		kong.Writers(out, errs), kong.Exit(func(code int) { exit = code }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(errs, "belfry:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintln(errs, "belfry:", err)
		return 2
	}
	err = parsed.Run(&terminal{ctx: ctx, in: os.Stdin, out: out, err: errs})
	if errors.Is(err, context.Canceled) && ctx.Err() != nil && !errors.As(err, new(*toldError)) {
		err = errStopped
	}
	if err != nil && !errors.Is(err, errReported) {
		fmt.Fprintln(errs, "belfry:", err)
	}
	if err != nil {
		return 1
	}
	return 0
}
