package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Config says how to reach the mail server and who writes.
type Config struct {
	Host               string
	Port               int // 0: 587, 465 or 25, as TLS says
	Username, Password string
	TLS                string // "starttls" (also when empty), "tls", or "none" for a server on this machine
	From               string // address; its domain also stands in every Message-ID
	FromName           string
	Timeout            time.Duration // for each step of the conversation; 0: 30 s

	Clock func() time.Time // for the Date header
	Roots *x509.CertPool   // trusted instead of the system's authorities, may be nil
}

// DeliveryError says that a message was not taken. Permanent means that trying again cannot help: the server refused
// this recipient or this content, or the message is not one that can be sent. Code is the server's, 0 when it did
// not answer.
type DeliveryError struct {
	Permanent bool
	Code      int
	Cause     error
}

func (e *DeliveryError) Error() string {
	return fmt.Sprintf("mail: not delivered (code %d, permanent %t): %v", e.Code, e.Permanent, e.Cause)
}

func (e *DeliveryError) Unwrap() error { return e.Cause }

// Sender delivers messages over SMTP, each over a connection of its own. It may be used by many goroutines at once.
type Sender struct {
	config Config
	domain string
}

// NewSender checks the configuration; it does not connect.
func NewSender(c Config) (*Sender, error) {
	from, err := address("from", c.From)
	if err != nil {
		return nil, err
	}
	if err := oneLine("from_name", c.FromName, maxName); err != nil {
		return nil, err
	}
	ports := map[string]int{"starttls": gomail.DefaultPortTLS, "tls": gomail.DefaultPortSSL, "none": gomail.DefaultPort}
	if c.TLS == "" {
		c.TLS = "starttls"
	}
	port, ok := ports[c.TLS]
	if !ok {
		return nil, &InputError{"tls", "neither starttls, tls nor none"}
	}
	if c.Port == 0 {
		c.Port = port
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.From = from
	s := &Sender{config: c, domain: domainOf(from)}
	if _, err := s.client(nil); err != nil {
		return nil, fmt.Errorf("mail: configuration: %w", err)
	}
	return s, nil
}

// Send delivers one message and returns when the server has taken it. Any error is a *DeliveryError. When ctx ends
// while the server is about to answer, the message may have been taken all the same.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return &DeliveryError{Permanent: true, Cause: err}
	}
	msg, err := s.build(m)
	if err != nil {
		return &DeliveryError{Permanent: true, Cause: err}
	}
	var line connection
	defer line.close()
	client, err := s.client(&line)
	if err != nil {
		return &DeliveryError{Cause: err}
	}
	stop := context.AfterFunc(ctx, line.close)
	defer stop()
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		// After the server has taken the message the library still reports trouble with RSET and QUIT; trying
		// again because of it would send the letter twice.
		return nil
	}
	return failure(err)
}

// failure tells what concerns the recipient from what concerns the way there. A wrong password or a refused sender is
// for the operator to mend; the letters wait meanwhile.
func failure(err error) *DeliveryError {
	e := &DeliveryError{Cause: err}
	var refused *gomail.SendError
	if errors.As(err, &refused) {
		e.Code = refused.ErrorCode()
		switch refused.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			e.Permanent = e.Code >= 500 && e.Code <= 599
		}
	}
	return e
}

func (s *Sender) client(line *connection) (*gomail.Client, error) {
	c := s.config
	trust := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots}
	opts := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(c.Timeout), gomail.WithHELO(s.domain),
		gomail.WithTLSConfig(trust), gomail.WithoutSMTPUTF8(), gomail.WithoutNoop(),
	}
	if line != nil {
		line.trust = trust
		opts = append(opts, gomail.WithDialContextFunc(line.dial))
	}
	switch c.TLS {
	case "tls":
		opts = append(opts, gomail.WithSSL())
		if line != nil {
			line.encrypted = true
		}
	case "none":
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.Username != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(c.Username), gomail.WithPassword(c.Password))
	}
	return gomail.NewClient(c.Host, opts...)
}

func (s *Sender) build(m Message) (*gomail.Msg, error) {
	to, err := address("address", m.Address)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: s.config.FromName, Address: s.config.From})
	msg.AddToMailAddress(&netmail.Address{Name: m.Name, Address: to})
	if m.ReplyTo != "" {
		reply, err := address("reply_to", m.ReplyTo)
		if err != nil {
			return nil, err
		}
		msg.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, &netmail.Address{Address: reply})
	}
	msg.Subject(strings.TrimSpace(m.Subject))
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetDateWithValue(s.config.Clock())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Lang != "" {
		msg.SetGenHeader("Content-Language", m.Lang)
	}
	if m.Thread != "" && m.Thread != m.ID {
		msg.SetGenHeader(gomail.HeaderInReplyTo, "<"+m.Thread+"@"+s.domain+">")
		msg.SetGenHeader(gomail.HeaderReferences, "<"+m.Thread+"@"+s.domain+">")
	}
	if m.ListHeaders {
		msg.SetGenHeader("List-Id", "<notices."+s.domain+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.UnsubscribeURL+">")
		if strings.HasPrefix(m.UnsubscribeURL, "https://") { // RFC 8058 knows one click over https only
			msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
		}
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// connection remembers what was dialled: the library leaves a connection open when the greeting, TLS or the password
// fails, and does not listen to a context once connected.
type connection struct {
	trust     *tls.Config
	encrypted bool

	mu     sync.Mutex // guards what follows
	conn   net.Conn
	closed bool
}

func (l *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	var err error
	if l.encrypted {
		conn, err = (&tls.Dialer{Config: l.trust}).DialContext(ctx, network, address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed { // ctx ended while dialling
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	l.conn = conn
	return conn, nil
}

func (l *connection) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}
