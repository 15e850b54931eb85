package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// record is a word of a text that names a person, a town or a record: it becomes a link.
type record struct {
	ast.BaseInline
	class, code, href, label string
}

var kindRecord = ast.NewNodeKind("Record")

func (n *record) Kind() ast.NodeKind { return kindRecord }

func (n *record) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// Classes of the links that records become.
const (
	classMention = "mention" // a person or a town
	classRef     = "ref"     // a record, see Refer
	classPost    = "postref" // one post of a thread
)

// knownKey holds which words after @ are somebody: word → address.
var knownKey = parser.NewContextKey()

var (
	mentionWord  = regexp.MustCompile(`^@([a-zA-Z0-9][a-zA-Z0-9-]{0,59})`)
	threadCode   = regexp.MustCompile(`^#([1-9][0-9]{0,8})(?:/([1-9][0-9]{0,6}))?`)
	decisionCode = regexp.MustCompile(`^(?:19|20)[0-9]{2}-[0-9]{3,6}`)
	actionCode   = regexp.MustCompile(`^A-(?:19|20)[0-9]{2}-[0-9]{3,6}`)
	appCode      = regexp.MustCompile(`^\[\[app/([a-z0-9-]*[a-z][a-z0-9-]*)\]\]`)
	meetingCode  = regexp.MustCompile(`^\[\[([a-z0-9][a-z0-9-]{0,79})(?:/([1-9][0-9]{0,2}))?\]\]`)
)

// records parses mentions and short codes. They stand free: neither letters, digits nor what joins words touch them.
type records struct{}

func (records) Trigger() []byte { return []byte{'@', '#', '['} }

func (records) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if before := block.PrecendingCharacter(); joins(before) {
		return nil
	}
	n, length := recordAt(line, pc)
	if n == nil {
		return nil
	}
	if !ends(line[length:]) {
		return nil
	}
	block.Advance(length)
	return n
}

// ends says whether a word ends where the rest of a line begins.
func ends(line []byte) bool {
	rest := bytes.Runes(line[:min(len(line), 8)])
	word := func(i int) bool { return i < len(rest) && (unicode.IsLetter(rest[i]) || unicode.IsDigit(rest[i])) }
	return !word(0) && !(len(rest) > 0 && (rest[0] == '_' || rest[0] == '-' && word(1)))
}

// joins says whether a character makes one word with what follows it.
func joins(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_/@#.=&+", r)
}

func recordAt(line []byte, pc parser.Context) (*record, int) {
	switch line[0] {
	case '@':
		if m := mentionWord.FindSubmatch(line); m != nil {
			word := strings.TrimRight(strings.ToLower(string(m[1])), "-")
			known, _ := pc.Get(knownKey).(map[string]string)
			return &record{class: classMention, code: word, href: known[word], label: "@" + string(m[1][:len(word)])}, 1 + len(word)
		}
	case '#':
		if m := threadCode.FindSubmatch(line); m != nil {
			if len(m[2]) > 0 {
				return &record{class: classPost, code: "thread:" + string(m[1]), href: "/t/" + string(m[1]) + "/-/" + string(m[2]), label: string(m[0])}, len(m[0])
			}
			return &record{class: classRef, code: "thread:" + string(m[1]), href: "/t/" + string(m[1]), label: string(m[0])}, len(m[0])
		}
	case '[':
		if m := appCode.FindSubmatch(line); m != nil {
			return &record{class: classRef, code: "app:" + string(m[1]), href: "/apps/" + string(m[1]), label: string(m[1])}, len(m[0])
		}
		if m := meetingCode.FindSubmatch(line); m != nil {
			if len(m[2]) > 0 {
				return &record{class: classRef, code: "item:" + string(m[1]) + "/" + string(m[2]), href: "/meetings/" + string(m[1]) + "#agenda-" + string(m[2]), label: string(m[1]) + "/" + string(m[2])}, len(m[0])
			}
			return &record{class: classRef, code: "meeting:" + string(m[1]), href: "/meetings/" + string(m[1]), label: string(m[1])}, len(m[0])
		}
	}
	return nil, 0
}

// codes parses the numbers of decisions and actions. goldmark asks no parser in the middle of a line unless a space or a
// sign stands there, so these begin with the space or the bracket before them.
type codes struct{}

func (codes) Trigger() []byte { return []byte{' ', '('} }

func (codes) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	lead := 0
	if line[0] == ' ' || line[0] == '(' {
		lead = 1
	}
	if lead == len(line) {
		return nil
	}
	n, length := codeAt(line[lead:])
	if n == nil || !ends(line[lead+length:]) {
		return nil
	}
	if lead > 0 {
		ast.MergeOrAppendTextSegment(parent, segment.WithStop(segment.Start+lead))
	}
	block.Advance(lead + length)
	return n
}

func codeAt(line []byte) (*record, int) {
	switch line[0] {
	case 'A':
		if m := actionCode.Find(line); m != nil {
			return &record{class: classRef, code: "action:" + string(m), href: "/actions/" + string(m), label: string(m)}, len(m)
		}
	case '1', '2':
		if m := decisionCode.Find(line); m != nil {
			return &record{class: classRef, code: "decision:" + string(m), href: "/decisions/" + string(m), label: string(m)}, len(m)
		}
	}
	return nil, 0
}

// recordLinks writes records. Within a link, and where a word after @ is nobody, they stay text.
type recordLinks struct{}

func (recordLinks) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(kindRecord, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		n := node.(*record)
		switch {
		case !entering:
		case n.href == "" || inLink(n):
			_, _ = w.WriteString(html.EscapeString(n.label))
		default:
			_, _ = w.WriteString(`<a class="` + n.class + `" href="` + html.EscapeString(n.href) + `">` + html.EscapeString(n.label) + `</a>`)
		}
		return ast.WalkSkipChildren, nil
	})
}

func inLink(n ast.Node) bool {
	for p := n.Parent(); p != nil; p = p.Parent() {
		if p.Kind() == ast.KindLink {
			return true
		}
	}
	return false
}

// Ref is what is shown of a record that a text names: its title, the language of the title, its state in a word. Href
// leads there when the record has a better address than its code.
type Ref struct{ Title, Lang, State, Href string }

const refStart = `<a class="ref" href="`

// Refer fills titles and states into the short codes of HTML that Post wrote: lookup is asked for each code ("thread:12",
// "decision:2026-014", "action:A-2026-031", "meeting:slug", "item:slug/3", "app:slug"). A code it does not know stays a bare link.
// Nothing a person writes can look like one, because "<" is never passed through.
func Refer(source string, lookup func(code string) (Ref, bool)) string {
	if !strings.Contains(source, refStart) {
		return source
	}
	var b strings.Builder
	b.Grow(len(source) + 200)
	for {
		before, rest, found := strings.Cut(source, refStart)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		href, rest, _ := strings.Cut(rest, `"`)
		label, rest, _ := strings.Cut(rest, `</a>`)
		label = strings.TrimPrefix(label, ">")
		source = rest
		ref, ok := lookup(codeOf(href))
		if !ok {
			b.WriteString(refStart + href + `">` + label + `</a>`)
			continue
		}
		if ref.Href != "" {
			href = html.EscapeString(ref.Href)
		}
		b.WriteString(refStart + href + `">` + label + ` <span`)
		if ref.Lang != "" {
			b.WriteString(` lang="` + html.EscapeString(ref.Lang) + `"`)
		}
		b.WriteString(`>` + html.EscapeString(ref.Title) + `</span>`)
		if ref.State != "" {
			b.WriteString(` <span class="badge">` + html.EscapeString(ref.State) + `</span>`)
		}
		b.WriteString(`</a>`)
	}
}

// codeOf is the code behind an address that a record was given.
func codeOf(href string) string {
	switch {
	case strings.HasPrefix(href, "/t/"):
		return "thread:" + href[len("/t/"):]
	case strings.HasPrefix(href, "/decisions/"):
		return "decision:" + href[len("/decisions/"):]
	case strings.HasPrefix(href, "/actions/"):
		return "action:" + href[len("/actions/"):]
	case strings.HasPrefix(href, "/apps/"):
		return "app:" + href[len("/apps/"):]
	}
	slug, item, ok := strings.Cut(strings.TrimPrefix(href, "/meetings/"), "#agenda-")
	if ok {
		return "item:" + slug + "/" + item
	}
	return "meeting:" + slug
}
