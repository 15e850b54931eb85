package mail

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Message is one letter to one person. There is no field for a second recipient, on purpose.
type Message struct {
	ID      string // stable: becomes the Message-ID, so a letter that went out twice is recognised as one
	Name    string // of the recipient, may be empty
	Address string
	ReplyTo string // an address, may be empty
	Lang    string
	Subject string
	Text    string
	HTML    string // may be empty
	Thread  string // ID of the first letter on the same matter, may be empty

	ListHeaders    bool   // a notice one can stop; letters about the account carry no list headers
	UnsubscribeURL string // for ListHeaders: one POST to it ends this kind of notice
}

// InputError says that a field of a Message cannot be sent as it is. Nothing was sent, and trying again is useless.
type InputError struct{ Field, Reason string }

func (e *InputError) Error() string { return fmt.Sprintf("mail: %s: %s", e.Field, e.Reason) }

const (
	maxSubject = 400
	maxName    = 200
)

var (
	idShape     = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$`)
	localShape  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
	domainShape = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$`)
	langShape   = regexp.MustCompile(`^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})*$`)
)

// Check finds the first field that must not reach a mail server: a line break would end a header and begin another
// one, or an SMTP command. The error is an *InputError.
func (m Message) Check() error {
	if !idShape.MatchString(m.ID) {
		return &InputError{"id", "not an identifier"}
	}
	if m.Thread != "" && !idShape.MatchString(m.Thread) {
		return &InputError{"thread", "not an identifier"}
	}
	if _, err := address("address", m.Address); err != nil {
		return err
	}
	if m.ReplyTo != "" {
		if _, err := address("reply_to", m.ReplyTo); err != nil {
			return err
		}
	}
	if err := oneLine("name", m.Name, maxName); err != nil {
		return err
	}
	if strings.TrimSpace(m.Subject) == "" {
		return &InputError{"subject", "empty"}
	}
	if err := oneLine("subject", m.Subject, maxSubject); err != nil {
		return err
	}
	if m.Lang != "" && !langShape.MatchString(m.Lang) {
		return &InputError{"lang", "not a language"}
	}
	if m.Text == "" {
		return &InputError{"text", "empty"}
	}
	if !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML) {
		return &InputError{"text", "not UTF-8"}
	}
	if m.ListHeaders {
		return webURL("unsubscribe_url", m.UnsubscribeURL)
	}
	return nil
}

// address checks an address and returns it as it goes over the wire, with the domain in ASCII. Quoted local parts
// and those beyond ASCII are refused: hardly a server takes them, and the first hide separators.
func address(field, s string) (string, error) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 || !localShape.MatchString(s[:at]) {
		return "", &InputError{field, "not an address"}
	}
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	domain = strings.ToLower(domain)
	if err != nil || len(domain) > 253 || !domainShape.MatchString(domain) {
		return "", &InputError{field, "not a domain"}
	}
	return s[:at+1] + domain, nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

func oneLine(field, s string, most int) error {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > most {
		return &InputError{field, "too long or not UTF-8"}
	}
	breaks := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	if strings.ContainsFunc(s, breaks) {
		return &InputError{field, "control character"}
	}
	return nil
}

// webURL checks that s is a whole http or https address that can stand in a header.
func webURL(field, s string) error {
	u, err := url.Parse(s)
	plain := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"`", r) }
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") ||
		len(s) > 2_000 || strings.ContainsFunc(s, plain) {
		return &InputError{field, "not a web address"}
	}
	return nil
}
