package markdown

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Posts makes a Renderer for what people write to each other: headings stand below those of the page, mentions and
// short codes become links, code is highlighted.
func Posts() *Renderer {
	return New(FirstLevel(4), withRecords())
}

// Words are what a text names, outside of code.
type Words struct {
	Mentions []string // words after @, without it
	Refs     []string // codes of records, see Refer
	Links    int      // addresses that lead outside
}

// Post renders one post. known has the addresses of the words after @ that are somebody; the others stay text. Anchors get a prefix made of
// the source, so that many posts share a page. It fails as Render does.
func (r *Renderer) Post(ctx context.Context, source string, known map[string]string) (string, error) {
	html, err := r.render(ctx, source, known)
	if err != nil {
		return "", err
	}
	return apart(source, html), nil
}

// apart gives the anchors of a text a prefix made of it.
func apart(source, html string) string {
	if !strings.Contains(html, `"p-`) && !strings.Contains(html, `"#p-`) {
		return html
	}
	sum := sha256.Sum256([]byte(source))
	own := "p-" + hex.EncodeToString(sum[:4]) + "-"
	return strings.NewReplacer(`id="p-`, `id="`+own, `href="#p-`, `href="#`+own).Replace(html)
}

// Text is all that is asked of one text, see Read.
type Text struct {
	HTML  string
	Words Words
	Lang  string // a guess, see Language
	Sure  bool
}

// Read gives what Post, Words and, when guess is set, Language give of a text, and parses it only once. resolve is
// asked for the addresses of the words after @ when there are any; its error ends the reading.
func (r *Renderer) Read(ctx context.Context, source string, guess bool, resolve func(words []string) (map[string]string, error)) (Text, error) {
	var t Text
	err := r.run(ctx, source, nil, func(src []byte, root ast.Node) error {
		t.Words = wordsOf(src, root)
		if guess {
			t.Lang, t.Sure = languageOf(src, root)
		}
		if len(t.Words.Mentions) > 0 {
			known, err := resolve(t.Words.Mentions)
			if err != nil {
				return err
			}
			for n := range descend(root) {
				if n, ok := n.(*record); ok && n.class == classMention {
					n.href = known[n.code]
				}
			}
		}
		var err error
		t.HTML, err = r.write(src, root)
		return err
	})
	if err != nil {
		return Text{}, err // t may still be written to, see run
	}
	t.HTML = apart(source, t.HTML)
	return t, nil
}

// Words finds what a text names outside of code, and how many addresses lead elsewhere. Of a text that cannot be
// rendered it finds nothing.
func (r *Renderer) Words(source string) Words {
	var w Words
	if !strings.ContainsAny(source, "@#[:0123456789") && !strings.Contains(source, "www.") {
		return w
	}
	err := r.run(context.Background(), source, nil, func(src []byte, root ast.Node) error {
		w = wordsOf(src, root)
		return nil
	})
	if err != nil { // Post reports the same
		return Words{}
	}
	return w
}

func wordsOf(src []byte, root ast.Node) (w Words) {
	for n := range descend(root) {
		switch n := n.(type) {
		case *record:
			if n.class == classMention {
				w.Mentions = append(w.Mentions, n.code)
			} else if n.class == classRef {
				w.Refs = append(w.Refs, n.code)
			}
		case *ast.Link:
			if strings.HasPrefix(string(n.Destination), "http") {
				w.Links++
			}
		case *ast.AutoLink:
			if strings.HasPrefix(string(n.URL(src)), "http") {
				w.Links++
			}
		}
	}
	return w
}
