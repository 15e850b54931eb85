package markdown

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/abadojack/whatlanggo"
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
	if err != nil || !strings.Contains(html, `"p-`) && !strings.Contains(html, `"#p-`) {
		return html, err
	}
	sum := sha256.Sum256([]byte(source))
	own := "p-" + hex.EncodeToString(sum[:4]) + "-"
	return strings.NewReplacer(`id="p-`, `id="`+own, `href="#p-`, `href="#`+own).Replace(html), nil
}

// Words finds what a text names outside of code, and how many addresses lead elsewhere. Of a text that cannot be
// rendered it finds nothing.
func (r *Renderer) Words(source string) Words {
	var w Words
	if !strings.ContainsAny(source, "@#[:0123456789") && !strings.Contains(source, "www.") {
		return w
	}
	_ = r.run(context.Background(), source, nil, func(src []byte, root ast.Node) error { // Post reports the same error
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
		return nil
	})
	return w
}

// minLetters is how many letters a language is guessed from; fewer say nothing sure.
const minLetters = 24

// maxGuessed is how much of a text a language is guessed from, in bytes: more makes it slower, not surer.
const maxGuessed = 800

// Language guesses which of the four languages a text is written in, and whether that is sure. Code, quotes and links
// are left out.
func (r *Renderer) Language(source string) (tag string, sure bool) {
	var b strings.Builder
	err := r.run(context.Background(), source, nil, func(src []byte, root ast.Node) error {
		return ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Blockquote, *ast.CodeSpan, *ast.FencedCodeBlock, *ast.CodeBlock, *ast.AutoLink, *record:
				return ast.WalkSkipChildren, nil
			case *ast.Text:
				if b.Len() > maxGuessed {
					return ast.WalkStop, nil
				}
				b.Write(n.Value(src))
				b.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		})
	})
	if err != nil || len(b.String()) < minLetters {
		return "", false
	}
	tags := map[whatlanggo.Lang]string{whatlanggo.Fra: "fr", whatlanggo.Nld: "nl", whatlanggo.Deu: "de", whatlanggo.Eng: "en"}
	listed := map[whatlanggo.Lang]bool{}
	for lang := range tags {
		listed[lang] = true
	}
	info := whatlanggo.DetectWithOptions(b.String(), whatlanggo.Options{Whitelist: listed})
	return tags[info.Lang], info.Confidence > 0.3 && tags[info.Lang] != ""
}
