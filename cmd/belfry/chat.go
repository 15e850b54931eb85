package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"belfry/server/live/client"
)

// chatCommand talks in a hub's rooms from the command line, by the protocol that server/live/PROTOCOL.md describes.
type chatCommand struct {
	Hub      string          `default:"http://127.0.0.1:8080" env:"BELFRY_HUB" help:"Address of the hub."`
	Session  string          `env:"BELFRY_SESSION" help:"Session to talk with, as sign-in printed it. Without one you are a visitor, who only reads public rooms."`
	SignIn   chatSignIn      `cmd:"" name:"sign-in" help:"Sign in, and print the session for BELFRY_SESSION."`
	Join     chatJoinCommand `cmd:"" help:"Read a room and write in it, a line a message."`
	Send     chatSendCommand `cmd:"" help:"Say one thing, and end when it is stored."`
	Tail     chatTailCommand `cmd:"" help:"Print a room as it goes on, one line a message."`
	LoadTest chatLoadCommand `cmd:"" name:"load-test" help:"Let many connections talk, and say how long that took."`
}

type chatSignIn struct {
	Email  string `help:"Your address: the password is asked for, or else a code is mailed."`
	DemoAs string `name:"demo-as" help:"In a demo, the handle of the person to be."`
}

type chatRoom struct {
	Room string `default:"lounge" help:"Address of the room: what stands behind /chat/."`
}

type chatJoinCommand struct{ chatRoom }

type chatSendCommand struct {
	chatRoom
	Text string `arg:"" help:"What to say."`
}

type chatTailCommand struct {
	chatRoom
	Last int           `default:"-1" help:"Number of the last message you have; those after it are printed first."`
	For  time.Duration `help:"How long; without end unless given."`
}

// connection is a client of the hub that prints why it has to come back.
func (c *chatCommand) connection(t *terminal, name string) (*client.Client, error) {
	address, ok := strings.CutPrefix(c.Hub, "http")
	if !ok {
		return nil, errors.New("the hub's address begins with http:// or https://")
	}
	header := http.Header{}
	if c.Session != "" {
		header.Set("Cookie", cookieOf(c.Hub)+"="+c.Session)
	}
	return client.New(client.Options{URL: "ws" + strings.TrimSuffix(address, "/") + "/live", Header: header, Name: name,
		OnError: func(err error) { fmt.Fprintln(t.err, "connection lost, coming back:", err) }}), nil
}

// cookieOf is the name of the session's cookie: behind TLS it is tied to its host.
func cookieOf(hub string) string {
	if strings.HasPrefix(hub, "https:") {
		return "__Host-belfry_session"
	}
	return "belfry_session"
}

// runName begins the ids of what one run sends.
func runName() string { return fmt.Sprintf("belfry-%d-%d", os.Getpid(), time.Now().UnixNano()) }

// Run prints a room and sends what is typed.
func (j *chatJoinCommand) Run(t *terminal, all *command) error {
	c, err := all.Chat.connection(t, runName())
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(t.ctx)
	defer stop()
	c.Follow(j.Room, -1, 0, printing(t, stop))
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(t.in); in.Scan(); {
			lines <- in.Text()
		}
	}()
	for {
		select {
		case err := <-ended:
			return finished(t.ctx, err)
		case line, more := <-lines:
			if !more {
				return nil
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			if _, err := c.Send(ctx, j.Room, line); err != nil {
				fmt.Fprintln(t.err, "not sent:", err)
			}
		}
	}
}

// Run says one thing.
func (s *chatSendCommand) Run(t *terminal, all *command) error {
	c, err := all.Chat.connection(t, runName())
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(t.ctx)
	defer stop()
	sent := make(chan error, 1)
	go func() {
		number, err := c.Send(ctx, s.Room, s.Text)
		if err == nil {
			fmt.Fprintf(t.out, "stored as message %d of %s\n", number, s.Room)
		}
		sent <- err
	}()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	select {
	case err := <-sent:
		return err
	case err := <-ended:
		return finished(t.ctx, err)
	}
}

// Run prints a room.
func (s *chatTailCommand) Run(t *terminal, all *command) error {
	c, err := all.Chat.connection(t, runName())
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(t.ctx)
	defer stop()
	if s.For > 0 {
		time.AfterFunc(s.For, stop)
	}
	h, unknown := printing(t, stop), false
	h.Unknown = func(why string) { fmt.Fprintln(t.err, "belfry:", why); unknown = true; stop() }
	c.Follow(s.Room, s.Last, 0, h)
	if err := finished(ctx, c.Run(ctx)); err != nil || !unknown {
		return err
	}
	return errReported
}

// finished makes the end that was asked for no error.
func finished(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// printing prints what happens in a room.
func printing(t *terminal, stop func()) client.Handlers {
	one := func(m client.Message) {
		words := strings.ReplaceAll(m.Text, "\n", "\n    ")
		if m.Deleted {
			words = "(deleted)"
		}
		fmt.Fprintf(t.out, "%d %s %s: %s\n", m.Number, m.At.Local().Format("2006-01-02 15:04"), m.Author.Name, words)
	}
	return client.Handlers{Message: one, Changed: func(m client.Message) { fmt.Fprint(t.out, "changed: "); one(m) },
		Reset: func(latest []client.Message) {
			for _, m := range latest {
				one(m)
			}
		},
		Denied:  func() { fmt.Fprintln(t.err, "you may not read this room any more"); stop() },
		Unknown: func(why string) { fmt.Fprintln(t.err, "belfry:", why); stop() }}
}
