package markdown

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

type costShape struct{ name, unit string }

// text repeats the shape up to n characters. %d in the unit counts up; a unit that starts with "blocks:" is cut into
// paragraphs just under the limit of one block.
func (s costShape) text(n int) string {
	var out strings.Builder
	unit, blocks := strings.CutPrefix(s.unit, "blocks:")
	block, marks := 0, 0
	for i := 0; out.Len() < n; i++ {
		piece := strings.ReplaceAll(unit, "%d", fmt.Sprint(i))
		marks += strings.Count(piece, "*") + strings.Count(piece, "_") + strings.Count(piece, "[") +
			strings.Count(piece, "]") + strings.Count(piece, "`") + strings.Count(piece, "~") + strings.Count(piece, "<")
		if blocks && (block+len(piece) > maxBlock-10 || marks > maxMarks-10) {
			out.WriteString("\n\n")
			block, marks = 0, 0
		}
		block += len(piece)
		out.WriteString(piece)
	}
	return strings.ToValidUTF8(out.String()[:min(n, out.Len())], "")
}

var costly = []costShape{
	{"open emphasis", "*a_ "}, {"open emphasis in blocks", "blocks:*a_ "}, {"closing", "blocks:a* "}, {"intraword", "a_"}, {"intraword in blocks", "blocks:a_"},
	{"thirds", "blocks:a**b* "}, {"strikes", "blocks:~~~a"}, {"tildes", "~~~a"}, {"emphasis runs", "blocks:*a **a _a "}, {"emphasis lines", "*a\n"},
	{"open brackets", "["}, {"open brackets in blocks", "blocks:["}, {"closed brackets", "blocks:[]"}, {"nested links", "blocks:[a]("}, {"deep brackets", "blocks:[a"},
	{"links open", "blocks:[a](b"}, {"link titles", "blocks:[a](b \""}, {"links", "blocks:[a](https://x.example/%d) "}, {"images", "blocks:![a](b"}, {"bang brackets", "!["},
	{"references", "[a%d]: b\n"}, {"references apart", "[a%d]: b\n\n"}, {"open references", "[a%d\n"}, {"reference titles", "[a]: b \"\n"}, {"closing brackets", "]"},
	{"backticks", "`"}, {"backtick runs", "blocks:`a``b"}, {"backtick ladder", "blocks:`%d``"}, {"autolinks open", "<a:"}, {"autolinks in blocks", "blocks:<a:"}, {"angles", "<"},
	{"mails", "a@"}, {"mails in blocks", "blocks:a@b "}, {"long words", "aaaaaaaaaa"}, {"bare links", "www.a.b/(("}, {"bare links apart", "blocks:http://a.b/; "}, {"entities", "&amp"},
	{"quotes", ">"}, {"quotes spaced", "> "}, {"quote lines", "> > > > > > > > > > > > > > > > > > a\n"}, {"quote lazy", ">>>>>>>>>>>>>>>>>>>>a\nb\n"},
	{"lists", "- "}, {"list lines", "- - - - - - - - - - - - - - - - - - - a\n"}, {"items", "- a\n"}, {"items apart", "- a\n\n"}, {"items blank", "-\n"}, {"numbers", "1. "},
	{"mixed containers", "> - "}, {"tables", "|a|b|\n|-|-|\n"}, {"table rows", "|a|b\n"}, {"table delimiters", "-|"}, {"delimiter lines", "-|-\n"}, {"code cells", "`\\|`|"},
	{"headings", "# a\n"}, {"same headings", "#\n"}, {"underlined", "a\n=\n"}, {"rules", "---\n"}, {"fences", "```\n"}, {"fences open", "~~~~~ a\n"}, {"indented", "    a\n"},
	{"notes", "[^%d]: a\n"}, {"note references", "[^a]"}, {"open notes", "[^"}, {"blanks", "\n"}, {"spaces", " "}, {"tabs", "\t"}, {"returns", "\r"}, {"nul", "\x00"},
	{"backslashes", "\\"}, {"escapes", "\\*"}, {"hard breaks", "a  \n"}, {"html", "<a href=\"b\">"}, {"html comments", "<!--"}, {"html blocks", "<div>\n"}, {"wide", "漢字"}, {"emoji", "👩‍🏫"},
	{"task items", "- [x] a\n"}, {"plain", "Un mot et puis un autre mot. "}, {"plain in blocks", "blocks:Un mot et puis *un* autre. "},
}

// special shapes that are not one unit repeated.
func specials() map[string]string {
	nested := func(unit string) string {
		var out strings.Builder
		for depth := 0; out.Len() < MaxCharacters-2_000; depth++ {
			out.WriteString(strings.Repeat(" ", depth*len(unit)) + unit + "a\n")
		}
		return out.String()
	}
	wide := strings.Repeat("a|", 5_000) + "\n" + strings.Repeat("-|", 5_000) + "\n"
	long := strings.Repeat("a", 1_900)
	note := "[^a]: b\n\n"
	escaped := "|a|\n|-|\n" + strings.Repeat("|"+strings.Repeat("`\\|` ", 400)+"|\n", 90)
	return map[string]string{
		"list in list":         nested("- "),
		"number in number":     nested("1. "),
		"wide table":           wide + strings.Repeat("a\n", 80_000),
		"wide table in blocks": strings.Repeat(strings.Repeat("a|", 2_000)+"\n"+strings.Repeat("-|", 2_000)+"\n"+strings.Repeat("b\n", 2_000)+"\n", 16),
		"late table":           strings.Repeat("text\n"+strings.Repeat("a|", 49)+"\n"+strings.Repeat("-|", 49)+"\n"+strings.Repeat("b\n", 150)+"\n", 300),
		"long rows":            "|a|\n|-|\n" + strings.Repeat("|"+strings.Repeat("*a_ ", 240)+"|\n", 200),
		"escaped pipes":        escaped[:min(len(escaped), MaxCharacters)],
		"escaped pipes spread": "|a|\n|-|\n" + strings.Repeat("|`\\|a`|\n", 9_900),
		"long definition":      "[a]: https://x.example/" + long + "\n\n" + strings.Repeat("[a] ", 40_000),
		"huge definition":      "[a]: https://x.example/" + strings.Repeat("a", 100_000) + "\n\n" + strings.Repeat("[a] ", 20_000),
		"notes and references": strings.Repeat(note, 1) + strings.Repeat("[^a] ", 2_900),
		"many notes":           strings.Repeat("[^%d]: b\n", 1) + manyNotes(),
		"brackets of 999":      strings.Repeat("["+strings.Repeat("a", 990)+"]\n\n", 200),
		"brackets in brackets": strings.Repeat(strings.Repeat("[", 480)+strings.Repeat("a", 900)+strings.Repeat("]", 480)+"\n\n", 100),
		"links in brackets":    strings.Repeat(strings.Repeat("[", 300)+strings.Repeat("[a](#p-b)", 30)+strings.Repeat("]", 300)+"\n\n", 200),
		"setext long":          strings.Repeat(strings.Repeat("*a_ ", 240)+"\n===\n\n", 200),
	}
}

func manyNotes() string {
	var out strings.Builder
	for i := range 290 {
		fmt.Fprintf(&out, "[^n%d]: b\n\n", i)
	}
	for i := range 2_900 {
		fmt.Fprintf(&out, "[^n%d] ", i%290)
		if i%200 == 0 {
			out.WriteString("\n\n")
		}
	}
	return out.String()
}

// Each shape at full length is rendered or refused with a line, long before the bound. The times are for the log; what
// is asserted is generous enough for a slow machine. The race detector makes it ten times slower and finds
// nothing here, so it gets a tenth of each shape.
func TestCostlyShapesEnd(t *testing.T) {
	texts, length := specials(), MaxCharacters
	if raceDetector {
		texts, length = map[string]string{}, MaxCharacters/10
	}
	for _, s := range costly {
		texts[s.name] = s.text(length)
	}
	r := New()
	r.bound = time.Minute
	for name, source := range texts {
		start := time.Now()
		_, err := r.Render(t.Context(), source)
		took := time.Since(start)
		var complex *ComplexError
		switch {
		case err == nil, errors.Is(err, ErrTooLong):
		case !errors.As(err, &complex):
			t.Errorf("%s: %v", name, err)
		case complex.Line < 1:
			t.Errorf("%s: no line", name)
		}
		t.Logf("%7.0f ms  %-24s %v", float64(took.Microseconds())/1000, name, err)
		if took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestRefusalNamesTheLine(t *testing.T) {
	source := "# Title\n\nfine\n\n" + strings.Repeat("*a_ ", 2_000) + "\n\nfine\n"
	_, err := New().Render(t.Context(), source)
	var complex *ComplexError
	if !errors.As(err, &complex) || complex.Line != 5 || !errors.Is(err, ErrTooComplex) {
		t.Errorf("got %v", err)
	}
}

func TestBoundEndsTheWork(t *testing.T) {
	r := New()
	r.bound = time.Nanosecond
	if _, err := r.Render(t.Context(), strings.Repeat("- a\n", 40_000)); !errors.Is(err, ErrTooComplex) {
		t.Errorf("got %v", err)
	}
	for range rendersAtOnce { // both turns come back
		r.turns <- struct{}{}
	}
}
