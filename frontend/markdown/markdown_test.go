package markdown

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func render(t *testing.T, source string) string {
	t.Helper()
	html, err := New().Render(t.Context(), source)
	if err != nil {
		t.Fatalf("render %.60q: %v", source, err)
	}
	return html
}

func TestRenderKnowsTheDialect(t *testing.T) {
	for source, wanted := range map[string]string{
		"# One":                 `<h2 id="p-one">One</h2>`,
		"###### Six":            `<h2 id="p-six">Six</h2>`,
		"Title\n===":            `<h2 id="p-title">Title</h2>`,
		"# Été, à Mons !":       `<h2 id="p-ete-a-mons">Été, à Mons !</h2>`,
		"# 会議":                  `<h2 id="p-section">会議</h2>`,
		"**a** *b* ~~c~~ `d`":   "<strong>a</strong> <em>b</em> <del>c</del> <code>d</code>",
		"- [x] done\n- [ ] not": `<li><input checked="" disabled="" type="checkbox"> done</li>`,
		"3. a\n4. b":            `<ol start="3">`,
		"a  \nb":                "a<br>",
		"see https://x.example/a_b.": `see <a href="https://x.example/a_b" rel="nofollow ugc noopener">` +
			`https://x.example/a_b</a>.`,
		"write to a.b@x.example":           `<a href="mailto:a.b@x.example" rel="nofollow ugc noopener">a.b@x.example</a>`,
		"[a](https://x.example \"title\")": `<p><a href="https://x.example" rel="nofollow ugc noopener">a</a></p>`,
		"[a]\n\n[a]: https://x.example":    `<p><a href="https://x.example" rel="nofollow ugc noopener">a</a></p>`,
		"![map](https://x.example/m.png)": `<p><a href="https://x.example/m.png" rel="nofollow ugc noopener">` +
			`map</a></p>`,
		"![](https://x.example/m.png)":                      `>https://x.example/m.png</a>`,
		"[![map](https://i.example/m)](https://x.example/)": `<a href="https://x.example/" rel="nofollow ugc noopener">map</a>`,
		"# A\n\n[up](#p-a)":                                 `<a href="#p-a">up</a>`,
		"|a|b|\n|-|-:|\n|1|2|":                              `<td class="num">2</td>`,
		"a[^1]\n\n[^1]: note":                               `<a href="#p-fn:1" role="doc-noteref">1</a>`,
		"```Go\na<b\n```": `<figure class="code" tabindex="0" role="group" aria-label="Code: Go"><pre>` +
			`<code class="language-go">a&lt;b`,
		"a & b < c &eacute; \\*": "<p>a &amp; b &lt; c é *</p>",
		"a\r\nb\r\n\r\n# c\r\n":  "<p>a\nb</p>\n<h2 id=\"p-c\">c</h2>",
		"nul\x00 and bad\xff":    "<p>nul\uFFFD and bad\uFFFD</p>",
		"مرحبا **بكم** 👩‍🏫 שלום": "<p>مرحبا <strong>بكم</strong> 👩‍🏫 שלום</p>",
		"": "",
	} {
		if got := render(t, source); !strings.Contains(got, wanted) {
			t.Errorf("%q gave\n%s\nwithout\n%s", source, got, wanted)
		}
	}
}

func TestTablesAreNamedRegions(t *testing.T) {
	html, err := New(RegionNames(`Tableau "1"`, "Code"), FirstLevel(3), FootnotePrefix("p-x-")).
		Render(t.Context(), "# a[^n]\n\n|a|\n|-|\n\n[^n]: b")
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{
		`<div class="tablewrap" tabindex="0" role="group" aria-label="Tableau &#34;1&#34;"><table>`,
		`<h3 id="p-a">`, `id="p-x-fn:1"`, `href="#p-x-fn:1"`,
	} {
		if !strings.Contains(html, wanted) {
			t.Errorf("%s not in\n%s", wanted, html)
		}
	}
}

func TestHeadingsMatchTheHTML(t *testing.T) {
	source := "# Order of *the* day\n\n## Vote\n\n### `a` & b\n\n## Vote\n\n## Vote 2\n\n- # in a list\n\n```\n# code\n```\n"
	html := render(t, source)
	found, err := New().Headings(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	want := []Heading{
		{2, "Order of the day", "p-order-of-the-day"}, {3, "Vote", "p-vote"}, {4, "a & b", "p-a-b"},
		{3, "Vote", "p-vote-2"}, {3, "Vote 2", "p-vote-2-2"}, {2, "in a list", "p-in-a-list"},
	}
	if len(found) != len(want) {
		t.Fatalf("got %v", found)
	}
	for i, h := range found {
		if h != want[i] {
			t.Errorf("heading %d is %v, want %v", i, h, want[i])
		}
		if strings.Count(html, `id="`+h.ID+`"`) != 1 {
			t.Errorf("anchor %s is not there once", h.ID)
		}
	}
}

// The golden file shows at a glance what a change of the renderer does to a whole set of minutes. Version grows
// with it.
func TestMinutesGolden(t *testing.T) {
	source, err := os.ReadFile("testdata/minutes.md")
	if err != nil {
		t.Fatal(err)
	}
	got := render(t, string(source))
	if os.Getenv("GOLDEN") != "" {
		if err := os.WriteFile("testdata/minutes.html", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/minutes.html")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("testdata/minutes.html is not what is rendered now:\n%s", got)
	}
}

func TestTooLong(t *testing.T) {
	if _, err := New().Render(t.Context(), strings.Repeat("é", MaxCharacters+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
	r := New()
	r.bound = time.Minute // under the race detector, beside other tests
	if _, err := r.Render(t.Context(), strings.Repeat(strings.Repeat("été ", 999)+"\n\n\n\n", MaxCharacters/4_000)); err != nil {
		t.Error(err)
	}
}

func TestWaitsForItsTurnAndObeysTheContext(t *testing.T) {
	r := New()
	for range rendersAtOnce {
		r.turns <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Render(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-r.turns
	if _, err := r.Render(t.Context(), "a"); err != nil {
		t.Errorf("a free turn was not used: %v", err)
	}
}
