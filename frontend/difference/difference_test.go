package difference_test

import (
	"fmt"
	"strings"
	"testing"

	"belfry/frontend/difference"
)

func drawn(lines []difference.Line) string {
	var b strings.Builder
	for _, line := range lines {
		if line.Skipped > 0 {
			fmt.Fprintf(&b, "…%d\n", line.Skipped)
		}
		for _, span := range line.Spans {
			if span.Kind == difference.Same {
				b.WriteString(span.Text)
			} else {
				fmt.Fprintf(&b, "<%s>%s</%s>", span.Kind, span.Text, span.Kind)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"a\nb", "a\nb", ""},
		{"a\nb", "a\nb\nc", "a\nb\n<ins>c</ins>\n"},
		{"a\nb\nc", "a\nc", "a\n<del>b</del>\nc\n"},
		{"1\n2\n3\n4\n5\n6\nLe texte ancien", "1\n2\n3\n4\n5\n6\nLe texte nouveau", "…4\n5\n6\nLe texte <del>ancien</del><ins>nouveau</ins>\n"},
		{"", "neuf", "<del></del><ins>neuf</ins>\n"},
	} {
		got := drawn(difference.Lines(c.before, c.after))
		if strings.ReplaceAll(got, "<del></del>", "") != strings.ReplaceAll(c.want, "<del></del>", "") {
			t.Errorf("%q → %q:\n%s", c.before, c.after, got)
		}
	}
}

// What is shown as same and gone is the old text, what is shown as same and added the new one.
func FuzzLines(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nc\nd")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, line := range difference.Lines(before, after) {
			for _, span := range line.Spans {
				in := after
				if span.Kind == difference.Gone {
					in = before
				}
				if strings.ToValidUTF8(before+after, "") == before+after && !strings.Contains(in, span.Text) {
					t.Errorf("%q is not in %q", span.Text, in)
				}
			}
		}
	})
}
