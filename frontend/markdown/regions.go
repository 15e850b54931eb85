package markdown

import (
	"bytes"
	"html"
	"regexp"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// regions writes what may be wider than the page (tables, code) as a region that the keyboard can reach and scroll.
type regions struct{ tableName, codeName string }

func (r regions) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(extast.KindTable, r.table)
	reg.Register(ast.KindFencedCodeBlock, r.code)
	reg.Register(ast.KindCodeBlock, r.code)
}

func (r regions) table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(`<div class="tablewrap" tabindex="0" role="group" aria-label="` +
			html.EscapeString(r.tableName) + `"><table>` + "\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}

var language = regexp.MustCompile(`^[a-zA-Z0-9+#-]{1,20}$`)

func (r regions) code(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, _ = w.WriteString("</code></pre></figure>\n")
		return ast.WalkContinue, nil
	}
	name, class := r.codeName, ""
	if f, ok := n.(*ast.FencedCodeBlock); ok {
		if lang := f.Language(src); language.Match(lang) {
			name += ": " + string(lang)
			class = ` class="language-` + string(bytes.ToLower(lang)) + `"`
		}
	}
	_, _ = w.WriteString(`<figure class="code" tabindex="0" role="group" aria-label="` + html.EscapeString(name) +
		`"><pre><code` + class + ">")
	if done, ok := n.AttributeString(highlightedKey); ok {
		_, _ = w.Write(done.([]byte))
		return ast.WalkContinue, nil
	}
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		_, _ = w.Write(util.EscapeHTML(line.Value(src)))
	}
	return ast.WalkContinue, nil
}
