package markdown

import (
	"bytes"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxHighlighted bounds the code of one text that is highlighted, in bytes; more is shown plain.
const maxHighlighted = 20_000

// highlighted are the languages that code is highlighted in, by the name after the fence. What is not named is never
// guessed.
var highlighted = map[string]string{
	"go": "go", "golang": "go", "python": "python", "py": "python", "php": "php", "javascript": "javascript", "js": "javascript",
	"typescript": "typescript", "ts": "typescript", "sql": "sql", "xml": "xml", "html": "html", "css": "css", "yaml": "yaml", "yml": "yaml",
	"bash": "bash", "sh": "bash", "shell": "bash", "console": "console", "diff": "diff", "patch": "diff", "json": "json", "toml": "toml",
	"ini": "ini", "dockerfile": "docker", "docker": "docker", "java": "java", "c": "c", "ruby": "ruby", "perl": "perl", "nginx": "nginx",
}

const highlightedKey = "highlighted"

// highlight colours fenced code while the tree is made, where the guard can stop it.
type highlight struct{}

func (highlight) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	g, budget, src := guardOf(pc), maxHighlighted, reader.Source()
	for n := range descend(doc) {
		block, ok := n.(*ast.FencedCodeBlock)
		if !ok {
			continue
		}
		name := highlighted[strings.ToLower(string(block.Language(src)))]
		if budget -= size(block.Lines()); name == "" || budget < 0 {
			continue
		}
		if out, ok := colour(g, name, string(block.Lines().Value(src))); ok {
			block.SetAttributeString(highlightedKey, out)
		}
	}
}

// colour writes code with its words in spans of four classes: k for what the language says itself, s for strings, n for
// numbers, c for comments.
func colour(g *guard, name, code string) ([]byte, bool) {
	lexer := lexers.Get(name)
	if lexer == nil {
		return nil, false
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, code)
	if err != nil {
		return nil, false
	}
	var b bytes.Buffer
	for token := tokens(); token != chroma.EOF; token = tokens() {
		g.ticks |= 255 // a token may have taken long: look at the clock after each
		g.tick()
		class := classOf(token.Type)
		if class == "" || strings.TrimSpace(token.Value) == "" {
			b.Write(util.EscapeHTML([]byte(token.Value)))
			continue
		}
		b.WriteString(`<span class="` + class + `">`)
		b.Write(util.EscapeHTML([]byte(token.Value)))
		b.WriteString(`</span>`)
	}
	return b.Bytes(), true
}

func classOf(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment) && t != chroma.CommentPreproc:
		return "c"
	case t.InCategory(chroma.Keyword), t == chroma.NameTag, t == chroma.GenericSubheading, t == chroma.GenericHeading, t == chroma.CommentPreproc:
		return "k"
	case t.InSubCategory(chroma.LiteralString), t == chroma.GenericInserted, t == chroma.NameAttribute:
		return "s"
	case t.InSubCategory(chroma.LiteralNumber), t == chroma.GenericDeleted:
		return "n"
	}
	return ""
}
