package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed letter.html
var letterHTML string

// Link is a place and its words. Button and stop link are left out when URL is empty.
type Link struct{ Label, URL string }

// Fact is a line of details: when, where, who.
type Fact struct{ Label, Value string }

// Letter is what a letter says, in the words and the language of its reader. All fields are plain text.
type Letter struct {
	Lang       string
	Subject    string
	Preheader  string // what an inbox shows after the subject
	Greeting   string
	Heading    string
	Paragraphs []string
	Code       string // to be typed by hand
	Facts      []Fact
	Button     Link
	Reason     string // why the reader gets this
	Stop       Link   // how to get no more of it
}

// Layout turns letters into messages. It may be used by many goroutines at once.
type Layout struct {
	hub  string
	html *template.Template
}

// NewLayout makes the layout of a hub with this name.
func NewLayout(hub string) (*Layout, error) {
	t, err := template.New("letter").Option("missingkey=error").Parse(letterHTML)
	if err != nil {
		return nil, fmt.Errorf("mail: template: %w", err)
	}
	return &Layout{hub: hub, html: t}, nil
}

// Message fills in Lang, Subject, Text and HTML of a message, and nothing else. Whatever the letter contains is shown
// as text. A link that does not lead to http or https is an *InputError.
func (l *Layout) Message(letter Letter) (Message, error) {
	for field, link := range map[string]Link{"button": letter.Button, "stop": letter.Stop} {
		if link.URL == "" {
			continue
		}
		if err := webURL(field, link.URL); err != nil {
			return Message{}, err
		}
	}
	var out bytes.Buffer
	if err := l.html.Execute(&out, l.view(letter)); err != nil {
		return Message{}, fmt.Errorf("mail: letter: %w", err)
	}
	return Message{Lang: letter.Lang, Subject: letter.Subject, Text: letter.text(), HTML: out.String()}, nil
}

type view struct {
	Letter
	Hub string

	OfficeHead, OfficeOpen, OfficeClose, OfficeButton, NotOffice, NotOfficeEnd template.HTML
}

// view adds what the template cannot hold: html/template removes comments, and Outlook on Windows reads its own markup
// from comments.
func (l *Layout) view(letter Letter) view {
	v := view{
		Letter: letter, Hub: l.hub,
		OfficeHead: `<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch>` +
			`</o:OfficeDocumentSettings></xml></noscript><style>table{border-collapse:collapse} ` +
			`td,p,a,h1{font-family:Arial,sans-serif !important}</style><![endif]-->`,
		OfficeOpen: `<!--[if mso]><table role="presentation" width="600" align="center" border="0" cellpadding="0" ` +
			`cellspacing="0"><tr><td><![endif]-->`,
		OfficeClose:  `<!--[if mso]></td></tr></table><![endif]-->`,
		NotOffice:    `<!--[if !mso]><!-->`,
		NotOfficeEnd: `<!--<![endif]-->`,
	}
	if letter.Button.URL != "" {
		v.OfficeButton = officeButton(letter.Button)
	}
	return v
}

// officeButton is the button as a drawing. Inside a comment "--" would end it, so hyphens are written as references.
func officeButton(b Link) template.HTML {
	escape := func(s string) string {
		return strings.ReplaceAll(template.HTMLEscapeString(s), "-", "&#45;")
	}
	width := 64 + 10*len([]rune(b.Label))
	// #nosec G203 -- both texts are escaped
	return template.HTML(fmt.Sprintf(`<!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" href="%s" `+
		`style="height:46px;v-text-anchor:middle;width:%dpx;" arcsize="9%%" strokecolor="#11645A" fillcolor="#11645A">`+
		`<w:anchorlock/><center style="color:#FFFFFF;font-family:Arial,sans-serif;font-size:16px;font-weight:bold;">%s`+
		`</center></v:roundrect><![endif]-->`, escape(b.URL), width, escape(b.Label)))
}

// text is the same letter for those who read mail without HTML.
func (l Letter) text() string {
	var parts []string
	add := func(lines ...string) {
		if part := strings.TrimSpace(strings.Join(lines, "\n")); part != "" {
			parts = append(parts, part)
		}
	}
	add(l.Greeting)
	add(l.Heading)
	for _, p := range l.Paragraphs {
		add(p)
	}
	add(l.Code)
	var facts []string
	for _, f := range l.Facts {
		facts = append(facts, f.Label+colon(l.Lang)+f.Value)
	}
	add(facts...)
	if l.Button.URL != "" {
		add(strings.TrimRight(l.Button.Label+colon(l.Lang), " "), l.Button.URL)
	}
	if l.Reason != "" || l.Stop.URL != "" {
		// The space belongs to the mark: programs fold away what follows it.
		parts = append(parts, "-- \n"+strings.TrimSpace(l.Reason+"\n"+l.stop()))
	}
	return strings.Join(parts, "\n\n") + "\n"
}

func (l Letter) stop() string {
	if l.Stop.URL == "" {
		return ""
	}
	return l.Stop.Label + colon(l.Lang) + l.Stop.URL
}

// colon is set as the language sets it: after a no-break space in French.
func colon(lang string) string {
	if strings.HasPrefix(lang, "fr") {
		return "\u00a0: "
	}
	return ": "
}
