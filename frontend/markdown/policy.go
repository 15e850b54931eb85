package markdown

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

var (
	anchor      = regexp.MustCompile(`^#p-[a-z0-9:-]{1,100}$`)
	headingID   = regexp.MustCompile(`^p-[a-z0-9-]{1,100}$`)
	footnoteID  = regexp.MustCompile(`^p-[a-z0-9-]*fn(ref[0-9]*)?:[0-9]{1,4}$`)
	destination = regexp.MustCompile(`(?i)^(https?://[^/?#@\s]+([/?#].*)?|mailto:.+)$|^#p-[a-z0-9:-]{1,100}$|^/(people|towns|t|decisions|actions|meetings)/[a-zA-Z0-9/-]{1,120}(#agenda-[0-9]{1,3})?$`)
)

// newPolicy is the whole of what may leave this package: the second line of defence after goldmark. It is written
// out, not taken from a ready-made policy, which would let any id through.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li",
		"strong", "em", "del", "sup", "code", "pre", "table", "thead", "tbody", "tr", "th", "td")
	exactly := func(words string) *regexp.Regexp { return regexp.MustCompile("^(" + words + ")$") }
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.AllowAttrs("href").Matching(destination).OnElements("a")
	p.AllowAttrs("class").Matching(exactly(classMention + "|" + classRef + "|" + classPost)).OnElements("a")
	p.AllowAttrs("class").Matching(exactly("[ksnc]")).OnElements("span")
	p.AllowAttrs("rel").Matching(exactly(rel)).OnElements("a")
	p.AllowAttrs("role").Matching(exactly("doc-noteref|doc-backlink")).OnElements("a")
	p.AllowAttrs("id").Matching(headingID).OnElements("h1", "h2", "h3", "h4", "h5", "h6")
	p.AllowAttrs("id").Matching(footnoteID).OnElements("li", "sup")
	p.AllowAttrs("start").Matching(exactly("[0-9]{1,9}")).OnElements("ol")
	p.AllowAttrs("class").Matching(exactly("num")).OnElements("td", "th")
	p.AllowAttrs("scope").Matching(exactly("col")).OnElements("th")
	p.AllowAttrs("class").Matching(exactly("language-[a-z0-9+#-]{1,20}")).OnElements("code")
	p.AllowAttrs("class").Matching(exactly("tablewrap|footnotes")).OnElements("div")
	p.AllowAttrs("class").Matching(exactly("code")).OnElements("figure")
	p.AllowAttrs("role").Matching(exactly("group|doc-endnotes")).OnElements("div", "figure")
	p.AllowAttrs("tabindex").Matching(exactly("0")).OnElements("div", "figure")
	p.AllowAttrs("aria-label").OnElements("div", "figure")
	p.AllowAttrs("type").Matching(exactly("checkbox")).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(exactly("")).OnElements("input")
	return p
}
