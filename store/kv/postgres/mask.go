package postgres

import (
	"net/url"
	"regexp"
	"strings"
)

// hidden stands for a password.
const hidden = "…"

// secret are the settings behind the ? of an address that nobody else should read.
var secret = regexp.MustCompile(`([?&](?:password|sslpassword)=)([^&#]+)`)

// Mask takes the passwords of an address out of a text: of the address itself nothing else.
func Mask(text, address string) string {
	shown, passwords := masked(address)
	parts := []string{text}
	if address != "" {
		parts = strings.Split(text, address)
	}
	for i := range parts {
		for _, password := range passwords { // errors of other libraries may show it alone
			parts[i] = strings.ReplaceAll(parts[i], password, hidden)
		}
	}
	return strings.Join(parts, shown)
}

// masked is an address without its passwords, and these, as they are written and as they are meant.
func masked(address string) (shown string, passwords []string) {
	note := func(password string) {
		passwords = append(passwords, password)
		if plain, err := url.QueryUnescape(password); err == nil && plain != password {
			passwords = append(passwords, plain)
		}
	}
	shown = address
	if scheme, after, ok := strings.Cut(address, "://"); ok {
		end := len(after)
		if _, err := url.Parse(address); err == nil {
			end = strings.IndexAny(after+"/", "/?")
		}
		if at := strings.LastIndex(after[:end], "@"); at >= 0 {
			if user, password, ok := strings.Cut(after[:at], ":"); ok && password != "" {
				note(password)
				shown = scheme + "://" + user + ":" + hidden + after[at:]
			}
		}
	}
	for _, found := range secret.FindAllStringSubmatch(shown, -1) {
		note(found[2])
	}
	return secret.ReplaceAllString(shown, "${1}"+hidden), passwords
}
