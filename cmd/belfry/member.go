package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"belfry/store"
)

// memberCommand helps people in from the command line.
type memberCommand struct {
	dataFlags
	PublicURL     string               `help:"What the printed link begins with when no server runs in the folder: what people type to reach the hub." name:"public-url" env:"BELFRY_PUBLIC_URL" placeholder:"URL"`
	CreateAdmin   createAdminCommand   `cmd:"" help:"Make somebody an administrator; prints a one-time link to sign in."`
	ResetPassword resetPasswordCommand `cmd:"" help:"Take a password away; prints a one-time link to sign in."`
}

type createAdminCommand struct {
	Email string `required:"" help:"Address of the administrator."`
	Name  string `required:"" help:"Name of the administrator."`
	Lang  string `default:"fr" enum:"fr,nl,de,en" help:"Language."`
}

type resetPasswordCommand struct {
	Email string `required:"" help:"Address of the member."`
}

// Run makes an administrator.
func (c *createAdminCommand) Run(t *terminal, all *command) error {
	return all.Member.ticket(t, map[string]string{"do": "admin", "email": c.Email, "name": c.Name, "lang": c.Lang})
}

// Run resets a password.
func (c *resetPasswordCommand) Run(t *terminal, all *command) error {
	return all.Member.ticket(t, map[string]string{"do": "reset", "email": c.Email})
}

// ticket asks the running server, or opens the file itself, and prints the link.
func (m *memberCommand) ticket(t *terminal, form map[string]string) error {
	public, err := (&serveCommand{PublicURL: cmp.Or(m.PublicURL, unknownURL)}).publicURL(nil)
	if err != nil {
		return err
	}
	var link string
	running, err := askFor(t.ctx, m.home(), "/member", form, &link)
	if err != nil {
		return err
	}
	if !running {
		hub, _, err := m.home().open(t.ctx, change, store.Options{})
		if err != nil {
			return err
		}
		defer hub.Close()
		token, err := memberTicket(t.ctx, hub, form["do"], form["email"], form["name"], form["lang"])
		if err != nil {
			return err
		}
		link = public + "/link/" + token
	}
	fmt.Fprintf(t.out, "One-time link, good for a day:\n%s\n", link)
	if !running && m.PublicURL == "" {
		fmt.Fprintf(t.out, "How the hub is reached is not known here: put that in the place of %s, or give it with --public-url as belfry serve has it.\n", unknownURL)
	}
	return nil
}

// unknownURL is what a link begins with when nobody has said how the hub is reached.
const unknownURL = "http://localhost:8080"

func memberTicket(ctx context.Context, hub *store.Store, do, email, name, lang string) (string, error) {
	var token string
	var err error
	if do == "reset" {
		token, err = hub.ResetPassword(ctx, email)
	} else {
		token, err = hub.MakeAdministrator(ctx, email, name, lang)
	}
	switch {
	case store.KindOf(err) == store.NotFound:
		return "", errors.New("no member has this address")
	case store.KindOf(err) == store.Invalid:
		return "", fmt.Errorf("the %s is not right", store.ProblemsOf(err)[0].Field)
	}
	return token, err
}
