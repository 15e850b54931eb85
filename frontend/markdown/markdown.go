package markdown

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
)

// Version grows when the same source gives other HTML than before, so that stored HTML can be made anew.
const Version = 2

// MaxCharacters is the longest text that is rendered.
const MaxCharacters = 200_000

const (
	rendersAtOnce = 2
	renderBound   = 2 * time.Second
)

// ErrTooLong says that the text has more than MaxCharacters characters.
var ErrTooLong = errors.New("markdown: text too long")

// ErrTooComplex says that the text would take too long to render. When one place is to blame the error is a
// *ComplexError, which names the line.
var ErrTooComplex = errors.New("markdown: text too complex")

// ComplexError is an ErrTooComplex with the line that holds the shape, counted from 1, and what it is, for logs.
type ComplexError struct {
	Line int
	What string
}

func (e *ComplexError) Error() string {
	return fmt.Sprintf("%v: line %d: %s", ErrTooComplex, e.Line, e.What)
}

// Is makes errors.Is(err, ErrTooComplex) hold.
func (e *ComplexError) Is(target error) bool { return target == ErrTooComplex }

// Heading is one entry of a contents list. Level is the level shown (2 to 6), ID the anchor in the HTML.
type Heading struct {
	Level int
	Text  string
	ID    string
}

// Renderer renders Markdown. It may be used by many goroutines at once; at most two texts are rendered at a time,
// the others wait for their turn or for their context to end.
type Renderer struct {
	parser parser.Parser
	html   renderer.Renderer
	policy *bluemonday.Policy
	turns  chan struct{}
	bound  time.Duration
}

type options struct {
	firstLevel          int
	records             bool
	tableName, codeName string
	footnoteID          string
}

// Option changes how a Renderer writes.
type Option func(*options)

// FirstLevel is the level at which a text's highest headings are shown, 2 unless told; deeper ones follow, down to 6.
func FirstLevel(level int) Option { return func(o *options) { o.firstLevel = min(max(level, 1), 6) } }

// RegionNames names the scrolling regions around tables and code for those who cannot see them.
func RegionNames(table, code string) Option {
	return func(o *options) { o.tableName, o.codeName = table, code }
}

// FootnotePrefix goes before the anchors of footnotes, so that two texts on one page keep theirs apart. It is made of
// small letters, digits and hyphens and begins with p-, as it does unless told.
func FootnotePrefix(prefix string) Option { return func(o *options) { o.footnoteID = prefix } }

// withRecords lets mentions and short codes become links.
func withRecords() Option { return func(o *options) { o.records = true } }

// New makes a Renderer.
func New(opts ...Option) *Renderer {
	o := options{firstLevel: 2, tableName: "Table", codeName: "Code", footnoteID: "p-"}
	for _, set := range opts {
		set(&o)
	}
	return &Renderer{
		parser: newParser(o), html: newHTML(o), policy: newPolicy(),
		turns: make(chan struct{}, rendersAtOnce), bound: renderBound,
	}
}

// Render turns source into HTML. The same source gives the same HTML. It fails with ErrTooLong, ErrTooComplex or the
// error of ctx.
func (r *Renderer) Render(ctx context.Context, source string) (string, error) {
	return r.render(ctx, source, nil)
}

func (r *Renderer) render(ctx context.Context, source string, known map[string]string) (string, error) {
	var html string
	err := r.run(ctx, source, known, func(src []byte, root ast.Node) (err error) {
		html, err = r.write(src, root)
		return err
	})
	if err != nil {
		return "", err
	}
	return html, nil
}

// write gives the HTML of a tree.
func (r *Renderer) write(src []byte, root ast.Node) (string, error) {
	var out bytes.Buffer
	out.Grow(len(src) * 2)
	if err := r.html.Render(&out, src, root); err != nil {
		return "", fmt.Errorf("markdown: render: %w", err)
	}
	return r.policy.SanitizeReader(&out).String(), nil
}

// Headings lists the headings of source in order, with the anchors Render gives them. It fails as Render does.
func (r *Renderer) Headings(ctx context.Context, source string) ([]Heading, error) {
	var found []Heading
	err := r.run(ctx, source, nil, func(src []byte, root ast.Node) error {
		for n := range descend(root) {
			if h, ok := n.(*ast.Heading); ok {
				id, _ := h.AttributeString("id")
				found = append(found, Heading{Level: h.Level, Text: plain(h, src), ID: fmt.Sprintf("%s", id)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// run parses source and gives the tree to use, within the bound. goldmark cannot be cancelled: when the bound passes
// the caller goes on, and the work keeps its turn until the guard or the end of the text stops it. After an error use may
// therefore still be at work: nothing that it writes may be touched.
func (r *Renderer) run(ctx context.Context, source string, known map[string]string, use func([]byte, ast.Node) error) error {
	if utf8.RuneCountInString(source) > MaxCharacters {
		return ErrTooLong
	}
	select {
	case r.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	bounded, cancel := context.WithTimeoutCause(ctx, r.bound, ErrTooComplex)
	done := make(chan error, 1)
	go func() {
		defer func() { <-r.turns }()
		done <- r.work(bounded, source, known, use)
	}()
	defer cancel()
	select {
	case err := <-done:
		return err
	case <-bounded.Done():
		return context.Cause(bounded)
	}
}

func (r *Renderer) work(ctx context.Context, source string, known map[string]string, use func([]byte, ast.Node) error) (err error) {
	src := clean(source)
	defer func() {
		switch p := recover().(type) {
		case nil:
		case stop:
			err = p.err
		default:
			err = fmt.Errorf("markdown: panic: %v\n%s", p, debug.Stack())
		}
	}()
	pc := parser.NewContext()
	pc.Set(guardKey, &guard{ctx: ctx, source: src})
	pc.Set(knownKey, known)
	root := r.parser.Parse(text.NewReader(src), parser.WithContext(pc))
	return use(src, root)
}

// clean makes the source valid UTF-8 with plain newlines and without NUL.
func clean(source string) []byte {
	source = strings.ToValidUTF8(source, "\uFFFD")
	if !strings.ContainsAny(source, "\x00\r") {
		return []byte(source)
	}
	return []byte(strings.NewReplacer("\x00", "\uFFFD", "\r\n", "\n", "\r", "\n").Replace(source))
}
