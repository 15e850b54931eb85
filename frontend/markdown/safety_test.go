package markdown

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// permitted is the allow-list as a reader of the HTML would write it. It stands beside policy.go on purpose: letting
// something new through means changing both.
var permitted = map[string][]string{
	"p": nil, "br": nil, "hr": nil, "blockquote": nil, "ul": nil, "strong": nil, "em": nil, "del": nil, "pre": nil,
	"table": nil, "thead": nil, "tbody": nil, "tr": nil,
	"h1": {"id"}, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "h5": {"id"}, "h6": {"id"},
	"a": {"href", "rel", "role"}, "ol": {"start"}, "li": {"id"}, "sup": {"id"}, "code": {"class"},
	"th": {"class", "scope"}, "td": {"class"}, "input": {"type", "checked", "disabled"},
	"div": {"class", "tabindex", "role", "aria-label"}, "figure": {"class", "tabindex", "role", "aria-label"},
}

// faults reads HTML as a browser would and lists what is not permitted.
func faults(source string) []string {
	var found []string
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.CommentToken, html.DoctypeToken:
			found = append(found, "comment or doctype")
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			attributes, ok := permitted[t.Data]
			if !ok {
				found = append(found, "element "+t.Data)
			}
			for _, a := range t.Attr {
				if !slices.Contains(attributes, a.Key) || a.Namespace != "" {
					found = append(found, "attribute "+t.Data+" "+a.Key)
				}
				found = append(found, wrongValue(a)...)
			}
		}
	}
}

func wrongValue(a html.Attribute) []string {
	ok := true
	switch a.Key {
	case "href":
		ok = strings.HasPrefix(a.Val, "#p-")
		for _, scheme := range []string{"http://", "https://", "mailto:"} {
			ok = ok || strings.HasPrefix(strings.ToLower(a.Val), scheme)
		}
	case "id":
		ok = strings.HasPrefix(a.Val, "p-")
	case "class":
		ok = slices.Contains([]string{"num", "code", "tablewrap", "footnotes"}, a.Val) ||
			strings.HasPrefix(a.Val, "language-")
	}
	if ok {
		return nil
	}
	return []string{fmt.Sprintf("value %s=%q", a.Key, a.Val)}
}

var payloads = []string{
	"<script>alert(1)</script>", "<ScRiPt src=//x.example></sCrIpT>", "<img src=x onerror=alert(1)>",
	"<svg/onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<math><mi xlink:href=\"javascript:alert(1)\">",
	"<style>*{background:url(//x.example)}</style>", "<style><option></style><img src=x onerror=alert(1)>",
	"<a href=\"javascript:alert(1)\" onclick=alert(1) onclick=alert(2)>x</a>", "<p style=color:red id=main class=btn>x</p>",
	"<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<object data=data:text/html,x></object>",
	"<form action=//x.example><input name=password></form>", "<base href=//x.example>", "<meta http-equiv=refresh content=0>",
	"<!--><script>alert(1)</script>-->", "<![CDATA[<script>alert(1)</script>]]>", "<?php echo 1 ?>", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
	"<details open ontoggle=alert(1)>", "<template><script>alert(1)</script></template>", "<textarea></textarea><script>1</script>",
	"<div\n\nonclick=alert(1)>", "<a\x00b onclick=1>", "<\x00script>alert(1)</script>", "<xmp><script>alert(1)</script></xmp>",
	"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](&#106;avascript:alert(1))", "[x](java&Tab;script:alert(1))",
	"[x](java&NewLine;script:alert(1))", "[x](javascript&colon;alert(1))", "[x](\\javascript:alert(1))", "[x](%6aavascript:alert(1))",
	"[x](<java\tscript:alert(1)>)", "[x](\x01javascript:alert(1))", "[x](vbscript:msgbox(1))", "[x](data:text/html,<script>alert(1)</script>)",
	"[x](data:image/svg+xml;base64,AAAA)", "[x](blob:https://x.example/1)", "[x](file:///etc/passwd)", "[x](ftp://x.example)",
	"[x](intent://x#Intent;scheme=javascript;end)", "[x](//x.example)", "[x](/sign-out)", "[x](../x)", "[x](?a=b)", "[x](#main)",
	"[x](#p-\"onclick=1)", "[x](https://user:secret@x.example)", "[x](http:javascript)", "[x](https:///x)", "[x](feed:javascript:alert(1))",
	"[x](https://x.example\"onmouseover=alert(1))", "[x](https://x.example 'a\" onmouseover=alert(1)')", "[x](<https://x.example/\"><script>alert(1)</script>>)",
	"<javascript:alert(1)>", "<data:text/html,x>", "<vbscript:x>", "<x:y>", "<https://x.example/\"onclick=alert(1)>",
	"![x](javascript:alert(1))", "![x\" onerror=alert(1)](https://x.example)", "![<script>alert(1)</script>](https://x.example)",
	"![x](data:image/png;base64,AAAA)", "![x](https://x.example/p.gif \"a\\\"onload=1\")",
	"[x]\n\n[x]: javascript:alert(1)", "[x]\n\n[x]: https://x.example \"a\\\" onclick=alert(1) b\"",
	"# x {#main .btn onclick=alert(1)}", "# <script>alert(1)</script>", "x\n{: onclick=alert(1)}",
	"```\" onclick=alert(1)\nx\n```", "```go\"><script>alert(1)</script>\nx\n```", "~~~ a&quot;b\n</code></pre><script>alert(1)</script>\n~~~",
	"    </code></pre><script>alert(1)</script>", "`</code><script>alert(1)</script>`",
	"|<script>|\n|-|\n|<img src=x onerror=alert(1)>|", "a[^\"onclick=1]\n\n[^\"onclick=1]: <script>alert(1)</script>",
	"- [x<script>] y", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;",
	"www.x.example/\"onclick=alert(1)", "https://x.example/<script>alert(1)</script>", "a@x.example\"onclick=1",
	"[x](mailto:a@x.example?subject=\"><script>alert(1)</script>)", "**<script>**alert(1)</script>", "\u2028<script>\u2029", "[a](https://x.example/\u202egpj.exe)",
}

// TestA18PayloadsAreInert is case A18.
func TestA18PayloadsAreInert(t *testing.T) {
	r := New()
	for _, p := range payloads {
		for _, source := range []string{p, "a " + p + " b", "> " + p, "- " + p, "# " + p, "|" + p + "|\n|-|\n", "[" + p + "](https://x.example)"} {
			html, err := r.Render(t.Context(), source)
			if err != nil {
				t.Errorf("%q: %v", source, err)
			}
			for _, f := range faults(html) {
				t.Errorf("%q let through %s in\n%s", source, f, html)
			}
		}
	}
}

// The second line of defence has to hold alone.
func TestPolicyAlone(t *testing.T) {
	policy := newPolicy()
	for _, p := range append(slices.Clone(payloads), `<h2 id="main">a</h2>`, `<a href="#main" class="btn">a</a>`,
		`<li id="p-a" onclick="x">a</li>`, `<div class="modal" role="dialog" tabindex="5">a</div>`, `<input type="text" name="a">`,
		`<code class="language-a b">`, `<a href="https://u:p@x.example">a</a>`, `<a href="https://x.example" target="_blank">a</a>`) {
		for _, f := range faults(policy.Sanitize(p)) {
			t.Errorf("%q let through %s: %s", p, f, policy.Sanitize(p))
		}
	}
}

func TestSanitisingTwiceChangesNothing(t *testing.T) {
	r, policy := New(), newPolicy()
	for _, p := range payloads {
		html, err := r.Render(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if again := policy.Sanitize(html); again != html {
			t.Errorf("%q: %s became %s", p, html, again)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, p := range payloads {
		f.Add(p)
	}
	for _, s := range costly {
		f.Add(s.text(300))
	}
	r, policy := New(), newPolicy()
	f.Fuzz(func(t *testing.T, source string) {
		html, err := r.Render(t.Context(), source)
		if err != nil {
			if errors.Is(err, ErrTooLong) || errors.Is(err, ErrTooComplex) {
				return
			}
			t.Fatalf("%q: %v", source, err)
		}
		if found := faults(html); found != nil {
			t.Fatalf("%q: %v in\n%s", source, found, html)
		}
		if again, err := r.Render(t.Context(), source); err != nil || again != html {
			t.Fatalf("%q renders differently the second time: %v", source, err)
		}
		if again := policy.Sanitize(html); again != html {
			t.Fatalf("%q is not stable under the policy:\n%s\n%s", source, html, again)
		}
	})
}
