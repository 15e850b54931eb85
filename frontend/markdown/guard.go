package markdown

import (
	"bytes"
	"context"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// goldmark is quadratic in the length of one block for some shapes (open emphasis, brackets, "~"), in the number of
// lines for others (link definitions, tables), and cannot be cancelled. These limits keep each of them small; no text
// written by a person comes near. Where a limit is met the text is refused with the line, never cut.
const (
	maxBlock       = 20_000 // bytes of one paragraph, heading, list item or cell
	maxMarks       = 1_000  // delimiters, brackets and backtick runs in one block
	maxDepth       = 16     // containers within each other; a deeper marker is plain text
	maxColumns     = 50     // of one table
	maxCells       = 10_000 // of all tables
	maxPipes       = 1_000  // escaped pipes in all tables
	maxFootnotes   = 300
	maxNoteRefs    = 3_000
	maxDestination = 2_000   // bytes of one address; a link with a longer one is plain text
	maxLinked      = 500_000 // bytes of all addresses: a definition can be used many times
)

var guardKey = parser.NewContextKey()

// guard counts the work of one rendering. It is used by one goroutine.
type guard struct {
	ctx    context.Context // of this rendering only: the parser gives no other way in
	source []byte
	ticks  int

	block ast.Node // the one whose inline content is being parsed
	marks int

	cells, pipes, footnotes, noteRefs int
}

// stop is thrown through goldmark, which has no error path, and caught in Renderer.work.
type stop struct{ err error }

func guardOf(pc parser.Context) *guard { return pc.Get(guardKey).(*guard) }

func (g *guard) refuse(offset int, what string) {
	offset = min(max(offset, 0), len(g.source))
	panic(stop{&ComplexError{Line: 1 + bytes.Count(g.source[:offset], []byte{'\n'}), What: what}})
}

// tick ends a rendering that nobody waits for any more.
func (g *guard) tick() {
	if g.ticks++; g.ticks&255 == 0 && g.ctx.Err() != nil {
		panic(stop{context.Cause(g.ctx)})
	}
}

// enter is called with every piece of inline syntax, before goldmark looks at it.
func (g *guard) enter(block ast.Node, offset, marks int) {
	g.tick()
	if block != g.block {
		g.block, g.marks = block, 0
		if size(block.Lines()) > maxBlock {
			g.refuse(block.Lines().At(0).Start, "block too long")
		}
	}
	if g.marks += marks; g.marks > maxMarks {
		g.refuse(offset, "too many marks in one block")
	}
}

func size(lines *text.Segments) int {
	n := 0
	for i := range lines.Len() {
		segment := lines.At(i)
		n += segment.Len()
	}
	return n
}

// inline counts what an inline parser is asked. cost is 1 for syntax that opens or closes something.
type inline struct {
	parser.InlineParser
	cost int
}

func (p inline) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	_, segment := block.PeekLine()
	guardOf(pc).enter(parent, segment.Start, p.cost)
	return p.InlineParser.Parse(parent, block, pc)
}

// CloseBlock is part of the parsers that keep a stack; goldmark asks every inline parser whether it has one.
func (p inline) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if c, ok := p.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}

// noteRef counts references to footnotes: each is looked for in the list of all.
type noteRef struct{ parser.InlineParser }

func (p noteRef) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	_, segment := block.PeekLine()
	n := p.InlineParser.Parse(parent, block, pc)
	if n != nil {
		g := guardOf(pc)
		if g.noteRefs++; g.noteRefs > maxNoteRefs {
			g.refuse(segment.Start, "too many references to footnotes")
		}
	}
	return n
}

// container leaves the markers of blocks that are nested too deep as text.
type container struct{ parser.BlockParser }

func (p container) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	guardOf(pc).tick()
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if n.Kind() != ast.KindListItem {
			depth++
		}
	}
	if depth > maxDepth {
		return nil, parser.NoChildren
	}
	return p.BlockParser.Open(parent, reader, pc)
}

// noteBlock counts footnotes.
type noteBlock struct{ parser.BlockParser }

func (p noteBlock) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	n, state := p.BlockParser.Open(parent, reader, pc)
	if n != nil {
		g := guardOf(pc)
		if g.footnotes++; g.footnotes > maxFootnotes {
			_, at := reader.Position()
			g.refuse(at.Start, "too many footnotes")
		}
	}
	return n, state
}

// paragraphs stands before the transformers that take link definitions and tables out of a paragraph.
type paragraphs struct{}

func (paragraphs) Transform(node *ast.Paragraph, _ text.Reader, pc parser.Context) {
	g, lines := guardOf(pc), node.Lines()
	g.tick()
	columns, pipes, delimiter := 0, 0, -1
	for i := range lines.Len() {
		line := lines.At(i)
		value := line.Value(g.source)
		pipes += bytes.Count(value, []byte(`\|`))
		if n := delimiterColumns(value); n > 0 {
			columns = max(columns, n)
			if delimiter < 0 {
				delimiter = i
			}
		}
	}
	start := lines.At(0).Start
	if delimiter > 0 && (delimiter == 1 || columns > 1) {
		g.table(start, columns, columns*lines.Len(), pipes)
	}
	first := lines.At(0)
	mayDefine := bytes.HasPrefix(bytes.TrimSpace(first.Value(g.source)), []byte{'['})
	if size(lines) > maxBlock && (delimiter != 1 || mayDefine) {
		g.refuse(start, "paragraph too long")
	}
}

// table counts what a paragraph becomes if it is one. goldmark fills every row up to the width of the head, and looks
// up each escaped pipe in the list of all.
func (g *guard) table(start, columns, cells, pipes int) {
	g.cells += cells
	g.pipes += pipes
	switch {
	case columns > maxColumns:
		g.refuse(start, "table too wide")
	case g.cells > maxCells:
		g.refuse(start, "table too large")
	case g.pipes > maxPipes:
		g.refuse(start, "too many escaped pipes in tables")
	}
}

// delimiterColumns is the number of columns if line could be the one below the head of a table, otherwise 0.
func delimiterColumns(line []byte) int {
	columns, dashes := 1, false
	for _, c := range line {
		switch c {
		case '|':
			columns++
		case '-':
			dashes = true
		case ':', ' ', '\t', '\n':
		default:
			return 0
		}
	}
	if !dashes {
		return 0
	}
	return columns
}
