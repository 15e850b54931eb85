package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"
)

// Run signs in as a browser would, and prints the session.
func (s *chatSignIn) Run(t *terminal, all *command) error {
	hub, err := url.Parse(strings.TrimSuffix(all.Chat.Hub, "/"))
	if err != nil || hub.Host == "" {
		return errors.New("the hub's address begins with http:// or https://")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v := visitor{ctx: t.ctx, hub: hub, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	switch {
	case s.DemoAs != "":
		err = v.post("/demo", url.Values{"handle": {s.DemoAs}})
	case s.Email == "":
		return errors.New("say --email, or in a demo --demo-as")
	case os.Getenv("BELFRY_PASSWORD") != "":
		err = v.post("/sign-in", url.Values{"email": {s.Email}, "password": {os.Getenv("BELFRY_PASSWORD")}})
	default:
		err = s.byCode(t, v)
	}
	if err != nil {
		return err
	}
	for _, cookie := range jar.Cookies(hub) {
		if cookie.Name == cookieOf(all.Chat.Hub) && cookie.Value != "" {
			fmt.Fprintln(t.out, cookie.Value)
			return nil
		}
	}
	return errors.New("the hub did not let you in")
}

// byCode asks for a mailed code and uses it.
func (s *chatSignIn) byCode(t *terminal, v visitor) error {
	if err := v.post("/sign-in/link", url.Values{"email": {s.Email}}); err != nil {
		return err
	}
	fmt.Fprint(t.err, "A code was mailed to you: ")
	in := bufio.NewScanner(t.in)
	if !in.Scan() {
		return errors.New("no code")
	}
	return v.post("/sign-in/code", url.Values{"email": {s.Email}, "code": {strings.TrimSpace(in.Text())}})
}

// visitor sends forms as a page of the hub would.
type visitor struct {
	ctx    context.Context //nolint:containedctx // of one command
	hub    *url.URL
	client *http.Client
}

func (v visitor) post(path string, form url.Values) error {
	req, err := http.NewRequestWithContext(v.ctx, http.MethodPost, v.hub.String()+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.hub.Scheme+"://"+v.hub.Host)
	answer, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the hub answers %s with %d", path, answer.StatusCode)
	}
	return nil
}
