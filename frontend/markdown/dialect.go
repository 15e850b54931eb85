package markdown

import (
	"bytes"
	"regexp"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// email is bounded where goldmark's own search is not: that one reads the rest of the line at every word.
var email = regexp.MustCompile(`^[a-zA-Z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,200}[a-zA-Z0-9])?`)

// bareLinks looks before the search for links, which is slow and begins at every word: without an @ near, and without one
// of these beginnings, there is none.
type bareLinks struct{ parser.InlineParser }

func (p bareLinks) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	word := line[min(len(line), 1):] // behind what triggered, or not: either may be where the link begins
	near := line[:min(len(line), maxLocal+2)]
	if bytes.IndexByte(near, '@') < 0 && !bytes.HasPrefix(line, []byte("http")) && !bytes.HasPrefix(word, []byte("http")) &&
		!bytes.HasPrefix(line, []byte("www.")) && !bytes.HasPrefix(word, []byte("www.")) {
		return nil
	}
	return p.InlineParser.Parse(parent, block, pc)
}

// maxLocal is how long the part of an address before the @ may be.
const maxLocal = 64

// newParser puts goldmark's parsers together one by one, each behind the guard. The two for raw HTML are left out:
// it is text like any other.
func newParser(o options) parser.Parser {
	linkify := extension.NewLinkifyParser(extension.WithLinkifyEmailRegexp(email),
		extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"}))
	all := []parser.Option{
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(container{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(container{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(container{noteBlock{extension.NewFootnoteBlockParser()}}, 999),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(paragraphs{}, 1),
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200),
		),
		parser.WithInlineParsers(
			util.Prioritized(inline{extension.NewTaskCheckBoxParser(), 0}, 0),
			util.Prioritized(inline{parser.NewCodeSpanParser(), 1}, 100),
			util.Prioritized(noteRef{extension.NewFootnoteParser()}, 101),
			util.Prioritized(inline{parser.NewLinkParser(), 1}, 200),
			util.Prioritized(inline{parser.NewAutoLinkParser(), 1}, 300),
			util.Prioritized(inline{parser.NewEmphasisParser(), 1}, 500),
			util.Prioritized(inline{extension.NewStrikethroughParser(), 1}, 500),
			util.Prioritized(inline{bareLinks{linkify}, 0}, 999),
		),
		parser.WithASTTransformers(
			util.Prioritized(extension.NewTableASTTransformer(), 0),
			util.Prioritized(extension.NewFootnoteASTTransformer(), 999),
			util.Prioritized(shape{firstLevel: o.firstLevel}, 1000),
			util.Prioritized(highlight{}, 1001),
		),
	}
	if o.records {
		all = append(all, parser.WithInlineParsers(util.Prioritized(inline{records{}, 0}, 150),
			util.Prioritized(inline{codes{}, 0}, 998)))
	}
	return parser.NewParser(all...)
}

func newHTML(o options) renderer.Renderer {
	return renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(regions{tableName: o.tableName, codeName: o.codeName}, 100),
		util.Prioritized(extension.NewTableHTMLRenderer(
			extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), 500),
		util.Prioritized(extension.NewTaskCheckBoxHTMLRenderer(), 500),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(extension.NewFootnoteHTMLRenderer(
			extension.WithFootnoteIDPrefix(o.footnoteID),
			extension.WithFootnoteBacklinkHTML("↩")), 500),
		util.Prioritized(recordLinks{}, 500),
		util.Prioritized(html.NewRenderer(), 1000),
	))
}
