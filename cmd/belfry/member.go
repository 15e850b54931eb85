package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"belfry/store"
)

// memberCommand helps people in from the command line.
type memberCommand struct {
	dataFlags
	PublicURL     string               `help:"What the printed link begins with when no server runs." name:"public-url" default:"http://localhost:8080" env:"BELFRY_PUBLIC_URL"`
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
		link = strings.TrimSuffix(m.PublicURL, "/") + "/link/" + token
	}
	fmt.Fprintf(t.out, "One-time link, good for a day:\n%s\n", link)
	return nil
}

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
