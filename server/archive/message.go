package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"golang.org/x/net/html"
)

// Head is what threading needs of a message.
type Head struct {
	Place      Place
	ID         string
	References []string // oldest first, the parent last
	Subject    string
	Name       string // of the sender
	Address    string
	At         time.Time // zero when no date can be read
}

// Body is the text of a message as Markdown.
type Body struct {
	Text     string
	Attached []string // name, type and size of each attachment, which is not stored
}

// headerWords decodes the encoded words of a head (RFC 2047). What says a charset that does not exist stays as it is.
func headerWords() *mime.WordDecoder {
	return &mime.WordDecoder{CharsetReader: func(name string, r io.Reader) (io.Reader, error) {
		decoded, err := charset.Reader(name, r)
		if err != nil { // what is not UTF-8 is replaced later
			return r, nil
		}
		return decoded, nil
	}}
}

// ReadHead reads the head of a message. Nothing in it is an error: what is broken is left out or made up.
func ReadHead(raw []byte, p Place) Head {
	h := Head{Place: p}
	entity, _ := message.Read(bytes.NewReader(raw)) // an unknown charset is an error that still gives the entity
	if entity == nil {
		sum := sha256.Sum256(raw)
		h.ID, h.Subject, h.Name = hex.EncodeToString(sum[:16])+"@belfry.invalid", "", "?"
		return h
	}
	header := entity.Header
	h.Subject = decoded(header.Get("Subject"))
	h.Name, h.Address = sender(header.Get("From"))
	if ids := messageIDs(header.Get("Message-Id")); len(ids) > 0 {
		h.ID = ids[0]
	} else {
		sum := sha256.Sum256(raw) // stable, so that a second import finds it again
		h.ID = hex.EncodeToString(sum[:16]) + "@belfry.invalid"
	}
	h.References = messageIDs(header.Get("References"))
	if parents := messageIDs(header.Get("In-Reply-To")); len(parents) > 0 { // prose may stand around them
		if n := len(h.References); n == 0 || h.References[n-1] != parents[0] {
			h.References = append(h.References, parents[0])
		}
	}
	h.At = dateOf(&header, p)
	return h
}

var idPattern = regexp.MustCompile(`<([^<>\s@]+@[^<>\s]+)>`)

func messageIDs(text string) []string {
	var ids []string
	for _, m := range idPattern.FindAllStringSubmatch(text, 100) {
		if id := m[1]; len(id) <= 250 && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl) {
			ids = append(ids, id)
		}
	}
	return ids
}

// dateOf is when a message was sent, else received, else written to the archive.
func dateOf(h *message.Header, p Place) time.Time {
	if at, err := mail.ParseDate(h.Get("Date")); err == nil && plausible(at) {
		return at
	}
	received := h.Get("Received")
	if at, err := mail.ParseDate(strings.TrimSpace(received[strings.LastIndex(received, ";")+1:])); err == nil && plausible(at) {
		return at
	}
	if fields := strings.Fields(p.From); len(fields) >= 5 {
		for _, layout := range []string{"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04 2006"} {
			for n := 5; n >= 4; n-- {
				if len(fields) < n {
					continue
				}
				if at, err := time.Parse(layout, strings.Join(fields[len(fields)-n:], " ")); err == nil && plausible(at) {
					return at
				}
			}
		}
	}
	return time.Time{}
}

func plausible(at time.Time) bool { return at.Year() >= 1970 && at.Year() <= 2100 }

func decoded(text string) string {
	out, err := headerWords().DecodeHeader(text)
	if err != nil {
		out = text
	}
	return clean(strings.Join(strings.Fields(out), " "))
}

// pipermail writes addresses as "name at host (Name)".
var pipermail = regexp.MustCompile(`^(\S+) at (\S+)\s*(?:\((.*)\))?$`)

func sender(from string) (name, address string) {
	from = strings.TrimSpace(from)
	if m := pipermail.FindStringSubmatch(from); m != nil {
		name, address = decoded(m[3]), m[1]+"@"+m[2]
	} else {
		parser := mail.AddressParser{WordDecoder: headerWords()}
		if one, err := parser.Parse(from); err == nil {
			name, address = clean(one.Name), one.Address
		} else {
			text := decoded(from)
			if found := bareAddress.FindString(text); found != "" {
				address = found
			}
			name = strings.Trim(strings.ReplaceAll(text, address, ""), ` <>"()`)
		}
	}
	if name = strings.TrimSpace(name); name == "" || strings.Contains(name, "@") {
		name, _, _ = strings.Cut(address, "@")
	}
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100])
	}
	if name == "" {
		name = "?"
	}
	return name, clean(strings.ToLower(address))
}

var bareAddress = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`)

// maxParts bounds the nesting and number of parts that are looked at.
const maxParts = 200

// ReadBody makes Markdown of the text of a message. Addresses in it are masked: archives become public pages.
func ReadBody(raw []byte) Body {
	var b Body
	entity, _ := message.Read(bytes.NewReader(raw))
	if entity == nil {
		b.Text = markdown(clean(string(raw)))
		return b
	}
	plain, markup, parts := "", "", 0
	_ = entity.Walk(func(_ []int, part *message.Entity, err error) error { // what cannot be read is left out
		if parts++; part == nil || parts > maxParts {
			return nil
		}
		kind, params, _ := part.Header.ContentType()
		if strings.HasPrefix(kind, "multipart/") {
			return nil
		}
		disposition, file, _ := part.Header.ContentDisposition()
		name := file["filename"]
		if name == "" {
			name = params["name"]
		}
		body, _ := io.ReadAll(io.LimitReader(part.Body, maxMessage))
		switch {
		case disposition == "attachment" || name != "" && kind != "text/plain" || !strings.HasPrefix(kind, "text/") && kind != "":
			b.Attached = append(b.Attached, clean(fmt.Sprintf("%s (%s, %d bytes)", decoded(orName(name)), kind, len(body))))
		case kind == "text/html":
			markup += string(body) + "\n"
		default:
			plain += string(body) + "\n"
		}
		return nil
	})
	if strings.TrimSpace(plain) == "" && markup != "" {
		plain = textOf(markup)
	}
	b.Text = markdown(clean(plain))
	for _, one := range b.Attached {
		b.Text += "\n\n📎 " + one
	}
	return b
}

func orName(name string) string {
	if name == "" {
		return "?"
	}
	return name
}

// clean makes text that can be stored: valid UTF-8 without control characters.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\uFEFF':
			return -1
		case r == utf8.RuneError:
			return '?'
		}
		return r
	}, text)
}

// markdown keeps the lines of a plain text readable as Markdown: patches become code, addresses are masked.
func markdown(text string) string {
	text = bareAddress.ReplaceAllStringFunc(text, func(address string) string {
		name, _, _ := strings.Cut(address, "@")
		return name + "@…"
	})
	var b strings.Builder
	inPatch := false
	lines := strings.Split(strings.TrimRight(text, "\n \t"), "\n")
	for i, line := range lines {
		if !inPatch && beginsPatch(lines, i) {
			b.WriteString("\n~~~~diff\n")
			inPatch = true
		} else if inPatch && !continuesPatch(line) {
			b.WriteString("~~~~\n\n")
			inPatch = false
		}
		switch {
		case !inPatch && strings.TrimRight(line, " ") == "--":
			line = "\n---\n" // the signature
		case !inPatch && line != "" && !strings.HasPrefix(line, ">") && i+1 < len(lines) && len(line) < 60:
			line += "  " // a short line was broken on purpose
		}
		b.WriteString(line + "\n")
	}
	if inPatch {
		b.WriteString("~~~~\n")
	}
	return strings.TrimSpace(b.String())
}

func beginsPatch(lines []string, i int) bool {
	return strings.HasPrefix(lines[i], "diff --git ") || strings.HasPrefix(lines[i], "--- ") && i+1 < len(lines) && strings.HasPrefix(lines[i+1], "+++ ")
}

func continuesPatch(line string) bool {
	for _, begin := range []string{"diff ", "index ", "--- ", "+++ ", "@@", " ", "+", "-", "new file", "deleted file", "similarity", "rename ", "old mode", "new mode", "\\"} {
		if strings.HasPrefix(line, begin) {
			return strings.TrimRight(line, " ") != "--"
		}
	}
	return false
}

// textOf is the text of an HTML message, with its paragraphs.
func textOf(source string) string {
	var b strings.Builder
	tokens, skip := html.NewTokenizer(strings.NewReader(source)), 0
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return manyBreaks.ReplaceAllString(b.String(), "\n\n")
		case html.StartTagToken, html.SelfClosingTagToken:
			switch name, _ := tokens.TagName(); string(name) {
			case "style", "script", "head", "title":
				skip++
			case "br":
				b.WriteString("\n")
			case "li":
				b.WriteString("\n- ")
			}
		case html.EndTagToken:
			switch name, _ := tokens.TagName(); string(name) {
			case "style", "script", "head", "title":
				skip = max(skip-1, 0)
			case "p", "div", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "blockquote", "table":
				b.WriteString("\n\n")
			case "td", "th":
				b.WriteString(" ")
			}
		case html.TextToken:
			if skip == 0 {
				b.WriteString(strings.Join(strings.Fields(string(tokens.Text())), " "))
				b.WriteString(" ")
			}
		}
	}
}

var manyBreaks = regexp.MustCompile(`\s*\n\s*\n\s*`)
