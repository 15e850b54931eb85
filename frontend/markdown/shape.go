package markdown

import (
	"bytes"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/text/unicode/norm"
)

const rel = "nofollow ugc noopener"

// shape makes the parsed tree what we show: headings moved down and named, links checked, images turned into links.
type shape struct{ firstLevel int }

func (s shape) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	g, ids, linked := guardOf(pc), newSlugs(), 0
	src := reader.Source()
	highest := highestHeading(doc)
	for n := range descend(doc) {
		g.tick()
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level-highest+s.firstLevel, 6)
			n.SetAttributeString("id", []byte(ids.take(plain(n, src))))
		case *ast.Link:
			linked += len(n.Destination)
			linkOrText(n, n.Destination)
		case *ast.Image:
			linked += len(n.Destination)
			imageToLink(n)
		case *ast.AutoLink:
			if !allowed(autoTarget(n, src)) {
				replace(n, ast.NewString(n.Label(src)))
				continue
			}
			n.SetAttributeString("rel", []byte(rel))
		case *extast.TableCell:
			if n.Parent().Kind() == extast.KindTableHeader {
				n.SetAttributeString("scope", []byte("col"))
			}
			if n.Alignment == extast.AlignRight {
				n.SetAttributeString("class", []byte("num"))
			}
		}
		if linked > maxLinked {
			g.refuse(0, "link definitions used too often")
		}
	}
}

// highestHeading is the level a text starts from: whether people begin with # or ##, the page's outline has no gap.
func highestHeading(doc ast.Node) int {
	highest := 6
	for n := range descend(doc) {
		if h, ok := n.(*ast.Heading); ok {
			highest = min(highest, h.Level)
		}
	}
	return highest
}

// descend goes through the tree, parents first. What is visited may be replaced, its children are then not visited
// unless they were moved to where the walk still comes by; so the nodes are listed before the first is handed out.
func descend(root ast.Node) iter.Seq[ast.Node] {
	return func(yield func(ast.Node) bool) {
		var all []ast.Node
		_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if entering {
				all = append(all, n)
			}
			return ast.WalkContinue, nil
		})
		for _, n := range all {
			if !yield(n) {
				return
			}
		}
	}
}

// linkOrText keeps a link to a place we allow and leaves only the words of any other.
func linkOrText(n *ast.Link, destination []byte) {
	n.Title = nil
	if !allowed(string(destination)) {
		unwrap(n)
		return
	}
	if !bytes.HasPrefix(destination, []byte{'#'}) {
		n.SetAttributeString("rel", []byte(rel))
	}
}

// imageToLink shows the words of an image, as a link to it. A picture that loads by itself would tell its host who
// reads the text. Within a link only the words stay.
func imageToLink(n *ast.Image) {
	within := false
	for p := n.Parent(); p != nil; p = p.Parent() {
		within = within || p.Kind() == ast.KindLink
	}
	if within || !allowed(string(n.Destination)) || bytes.HasPrefix(n.Destination, []byte{'#'}) {
		unwrap(n)
		return
	}
	link := ast.NewLink()
	link.Destination = n.Destination
	link.SetAttributeString("rel", []byte(rel))
	if n.FirstChild() == nil {
		link.AppendChild(link, ast.NewString(n.Destination))
	}
	moveChildren(n, link)
	replace(n, link)
}

// unwrap puts the children of n in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for c := n.FirstChild(); c != nil; c = n.FirstChild() {
		n.RemoveChild(n, c)
		parent.InsertBefore(parent, n, c)
	}
	parent.RemoveChild(parent, n)
}

func moveChildren(from, to ast.Node) {
	for c := from.FirstChild(); c != nil; c = from.FirstChild() {
		from.RemoveChild(from, c)
		to.AppendChild(to, c)
	}
}

func replace(old, next ast.Node) { old.Parent().ReplaceChild(old.Parent(), old, next) }

func autoTarget(n *ast.AutoLink, src []byte) string {
	target := string(n.URL(src))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(target), "mailto:") {
		return "mailto:" + target
	}
	return target
}

// allowed says whether a link may lead there: the web, a mail address, or an anchor made by this package.
func allowed(destination string) bool {
	if len(destination) > maxDestination {
		return false
	}
	destination = string(util.UnescapePunctuations([]byte(destination)))
	destination = string(util.ResolveNumericReferences([]byte(destination)))
	destination = string(util.ResolveEntityNames([]byte(destination)))
	if strings.ContainsFunc(destination, unicode.IsControl) {
		return false
	}
	if strings.HasPrefix(destination, "#p-") {
		return anchor.MatchString(destination)
	}
	u, err := url.Parse(string(util.URLEscape([]byte(destination), true)))
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != "" && u.User == nil
	case "mailto":
		return u.Opaque != ""
	}
	return false
}

// plain is the text of a node without any markup.
func plain(n ast.Node, src []byte) string {
	var out strings.Builder
	for c := range descend(n) {
		switch c := c.(type) {
		case *ast.Text:
			out.Write(util.UnescapePunctuations(c.Value(src)))
			if c.SoftLineBreak() || c.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(c.Value)
		case *ast.AutoLink:
			out.Write(c.Label(src))
		}
	}
	resolved := util.ResolveEntityNames(util.ResolveNumericReferences([]byte(out.String())))
	return strings.Join(strings.Fields(string(resolved)), " ")
}

// slugs gives every heading of one text an anchor of its own.
type slugs struct {
	taken map[string]bool
	next  map[string]int
}

func newSlugs() *slugs { return &slugs{taken: map[string]bool{}, next: map[string]int{}} }

func (s *slugs) take(words string) string {
	base := "p-" + slug(words)
	id := base
	for s.taken[id] {
		s.next[base]++
		id = base + "-" + strconv.Itoa(s.next[base]+1)
	}
	s.taken[id] = true
	return id
}

// slug writes words in a-z, 0-9 and hyphens: accents fall away, other scripts leave "section".
func slug(words string) string {
	var out strings.Builder
	hyphen := false
	for _, c := range norm.NFKD.String(strings.ToLower(words)) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			if hyphen && out.Len() > 0 {
				out.WriteByte('-')
			}
			hyphen = false
			out.WriteRune(c)
		case unicode.Is(unicode.Mn, c):
		default:
			hyphen = true
		}
		if out.Len() >= 60 {
			break
		}
	}
	if out.Len() == 0 {
		return "section"
	}
	return out.String()
}
