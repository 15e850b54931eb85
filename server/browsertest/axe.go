package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// Violation is a rule of accessibility that the page breaks, with every place where it does.
type Violation struct {
	ID, Impact, Help string
	Nodes            []Place
}

// Place is an element that breaks a rule, and what would mend it.
type Place struct {
	Target         []any
	HTML           string
	FailureSummary string
}

// String is one line for the rule and one or more for each place.
func (v Violation) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s): %s", v.ID, v.Impact, v.Help)
	for _, place := range v.Nodes {
		fmt.Fprintf(&text, "\n\t%v %s\n\t\t%s", place.Target, short(place.HTML), strings.ReplaceAll(place.FailureSummary, "\n", "\n\t\t"))
	}
	return text.String()
}

// Axe checks the page by the rules with the given tags, by default WCAG 2.0 to 2.2, A and AA, and best practice. Without
// axe-core in .cache/node it finds nothing and says so with a line that begins "NOT RUN:". It needs scripts.
func (b *Tab) Axe(tags ...string) []Violation {
	b.t.Helper()
	if len(tags) == 0 {
		tags = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}
	}
	script, err := os.ReadFile(filepath.Join(NodeModules(), "axe-core", "axe.min.js"))
	if err != nil {
		b.t.Log("NOT RUN: axe on the pages (npm install --prefix .cache/node axe-core)")
		return nil
	}
	ctx, cancel := context.WithTimeout(b.ctx, 2*patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("window.axe ? true : ("+asExpression(script)+")")); err != nil {
		b.fail("bringing in axe", err)
	}
	list, _ := json.Marshal(tags) // strings always can
	// preload would fetch every stylesheet once more, for rules about media, of which there are none
	return Eval[[]Violation](b, `axe.run(document, {preload: false, resultTypes: ["violations"], runOnly: {type: "tag", values: `+string(list)+`}}).then(r => r.violations)`)
}

// NoViolations fails the test with everything that Axe finds; where names the page, theme and width in the report.
func (b *Tab) NoViolations(where string) {
	b.t.Helper()
	for _, violation := range b.Axe() {
		b.t.Errorf("%s: %s", where, violation)
	}
}

// NodeModules is the folder of the npm packages that the tests use, .cache/node/node_modules of the repository.
func NodeModules() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	return filepath.Join(dir, ".cache", "node", "node_modules")
}

// asExpression wraps a script so that it can stand where a value is wanted.
func asExpression(script []byte) string { return "(() => {" + string(script) + "\nreturn true })()" }
