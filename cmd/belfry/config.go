package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// dataFlags say where the community's data is. Every flag can be given as a variable too.
type dataFlags struct {
	Data  string `help:"Folder of the data." default:"data" env:"BELFRY_DATA" placeholder:"DIR"`
	Store string `help:"Database of a hub on several machines, instead of a folder." env:"BELFRY_STORE" placeholder:"postgres://…"`
}

func (d dataFlags) home() home { return home{d.Data, d.Store} }

func (d dataFlags) file() string { return d.Data + string(os.PathSeparator) + "belfry.db" }

// serveCommand holds every setting of a server.
type serveCommand struct {
	Listen    string        `help:"Address to listen on." default:"127.0.0.1:8080" env:"BELFRY_LISTEN"`
	Data      string        `help:"Folder of the data. With --demo, a throw-away folder unless given." env:"BELFRY_DATA" placeholder:"DIR"`
	Store     string        `help:"Database that several nodes share. The folder then holds only what is this node's own." env:"BELFRY_STORE" placeholder:"postgres://…"`
	PublicURL string        `help:"What people type to reach the hub, for links in mail and calendars." name:"public-url" env:"BELFRY_PUBLIC_URL" placeholder:"URL"`
	Proxies   []string      `help:"Addresses of reverse proxies whose X-Forwarded-For counts." env:"BELFRY_PROXIES"`
	Drain     time.Duration `help:"How long /readyz says no before the server stops, when a balancer asks it." default:"7s" env:"BELFRY_DRAIN"`
	KeepFree  int64         `help:"MiB of the disk that are kept for deleting: below, nothing else is taken, and papers not below four times as much. 0 for none." name:"keep-free" default:"64" env:"BELFRY_KEEP_FREE"`
	Patience  time.Duration `help:"How long a connection may stand still in the middle of a request or an answer before it is cut." default:"9s" env:"BELFRY_PATIENCE"`
	Demo      bool          `help:"Serve a community of real towns and invented people." env:"BELFRY_DEMO"`
	Force     bool          `help:"Serve what a move has left in this place, once: it is the community again, and what happened where it went is not in it."`

	SMTPHost     string `help:"Mail server. Without one, administrators read the mail at /admin/mail." name:"smtp-host" env:"BELFRY_SMTP_HOST"`
	SMTPPort     int    `help:"Port of the mail server." name:"smtp-port" default:"587" env:"BELFRY_SMTP_PORT"`
	SMTPUser     string `help:"Name to sign in to the mail server." name:"smtp-user" env:"BELFRY_SMTP_USER"`
	SMTPPassword string `help:"Password for the mail server." name:"smtp-password" env:"BELFRY_SMTP_PASSWORD"`
	SMTPTLS      string `help:"How the connection is protected: starttls, tls or none." name:"smtp-tls" default:"starttls" enum:"starttls,tls,none" env:"BELFRY_SMTP_TLS"`
	MailFrom     string `help:"Address that letters come from." name:"mail-from" env:"BELFRY_MAIL_FROM"`
	MailName     string `help:"Name that letters come from." name:"mail-name" default:"Belfry" env:"BELFRY_MAIL_NAME"`

	Metrics      string `help:"Address that answers /metrics for Prometheus: on this machine, or anywhere with a token." env:"BELFRY_METRICS" placeholder:"ADDRESS"`
	MetricsToken string `help:"Token that Prometheus has to show." name:"metrics-token" env:"BELFRY_METRICS_TOKEN"`

	Log      string `help:"Form of the log: text or json." default:"text" enum:"text,json" env:"BELFRY_LOG"`
	LogLevel string `help:"What is logged: debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"BELFRY_LOG_LEVEL"`
}

// validate refuses settings that cannot work before anything is opened.
func (s *serveCommand) validate() error {
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		return fmt.Errorf("--listen must look like 127.0.0.1:8080, not %q", s.Listen)
	}
	if _, err := s.publicURL(placeholder(s.Listen)); err != nil {
		return err
	}
	if s.KeepFree < 0 {
		return fmt.Errorf("--keep-free is MiB, 0 or more, not %d", s.KeepFree)
	}
	if s.Patience < 100*time.Millisecond {
		return fmt.Errorf("--patience must be some seconds, not %v", s.Patience)
	}
	for _, proxy := range s.Proxies {
		_, err := netip.ParseAddr(proxy)
		if _, err2 := netip.ParsePrefix(proxy); err != nil && err2 != nil {
			return fmt.Errorf("--proxies takes addresses such as 10.0.0.1 or 10.0.0.0/8, not %q", proxy)
		}
	}
	if err := s.validMetrics(); err != nil || s.SMTPHost == "" {
		return err
	}
	if from, err := mail.ParseAddress(s.MailFrom); err != nil || from.Address != s.MailFrom {
		return fmt.Errorf("--mail-from must be the plain address that letters come from, not %q", s.MailFrom)
	}
	if s.SMTPPort < 1 || s.SMTPPort > 65535 {
		return fmt.Errorf("--smtp-port must be a port, not %d", s.SMTPPort)
	}
	return nil
}

// validMetrics refuses to show anybody what only the operator should see.
func (s *serveCommand) validMetrics() error {
	switch _, _, err := net.SplitHostPort(s.Metrics); {
	case s.Metrics == "":
		return nil
	case err != nil:
		return fmt.Errorf("--metrics must look like 127.0.0.1:9100, not %q", s.Metrics)
	case s.MetricsToken == "" && !loopback(s.Metrics):
		return errors.New("--metrics on an address that others can reach needs BELFRY_METRICS_TOKEN")
	case s.MetricsToken != "" && len(s.MetricsToken) < 16:
		return errors.New("BELFRY_METRICS_TOKEN must have 16 characters or more")
	}
	return nil
}

// placeholder is an address that is asked for and not listened on yet.
type placeholder string

func (placeholder) Network() string  { return "tcp" }
func (p placeholder) String() string { return string(p) }

// loopback says whether the server can be reached from this machine only.
func (s *serveCommand) loopback() bool { return loopback(s.Listen) }

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// publicURL is the address links begin with: as configured, else this machine's own name and the real port.
func (s *serveCommand) publicURL(listening net.Addr) (string, error) {
	if s.PublicURL != "" {
		u, err := url.Parse(s.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
			return "", fmt.Errorf("--public-url must look like https://hub.example, not %q", s.PublicURL)
		}
		return u.Scheme + "://" + u.Host, nil
	}
	_, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return "", err
	}
	if s.loopback() {
		return "http://localhost:" + port, nil
	}
	return "", errors.New("--public-url is needed when others can reach the server: it is what links in mail begin with")
}

func (s *serveCommand) logger(t *terminal) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // one of four names, checked by the parser
	options := &slog.HandlerOptions{Level: level}
	if s.Log == "json" {
		return slog.New(slog.NewJSONHandler(t.err, options))
	}
	return slog.New(slog.NewTextHandler(t.err, options))
}
