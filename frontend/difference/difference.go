// Package difference compares two texts line by line and, where a line was changed, word by word, so that a person sees
// what was done to it.
package difference

import (
	"strings"
	"time"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Kind says what became of a stretch of text.
type Kind string

// What becomes of text.
const (
	Same  Kind = ""
	Added Kind = "ins"
	Gone  Kind = "del"
)

// Span is a stretch of one line.
type Span struct {
	Kind Kind
	Text string
}

// Line is one line of the comparison. Skipped counts the equal lines that were left out before it.
type Line struct {
	Kind    Kind // Added or Gone when the whole line is
	Spans   []Span
	Skipped int
}

// around is how many equal lines are shown before and after a change.
const around = 2

// bound ends the search for the shortest difference; what is found then is right, only longer.
const bound = 300 * time.Millisecond

// Lines compares two texts. Equal texts give no lines.
func Lines(before, after string) []Line {
	if before == after {
		return nil
	}
	d := diffmatchpatch.New()
	d.DiffTimeout = bound
	a, b, words := d.DiffLinesToChars(ended(before), ended(after))
	var all []Line
	steps := d.DiffCharsToLines(d.DiffMain(a, b, false), words)
	for i := 0; i < len(steps); i++ {
		if steps[i].Type == diffmatchpatch.DiffDelete && i+1 < len(steps) && steps[i+1].Type == diffmatchpatch.DiffInsert {
			all = append(all, changed(d, steps[i].Text, steps[i+1].Text)...)
			i++
			continue
		}
		kind := map[diffmatchpatch.Operation]Kind{diffmatchpatch.DiffInsert: Added, diffmatchpatch.DiffDelete: Gone}[steps[i].Type]
		all = append(all, whole(kind, steps[i].Text)...)
	}
	return folded(all)
}

func ended(text string) string { return strings.TrimRight(text, "\n") + "\n" }

func whole(kind Kind, text string) []Line {
	var all []Line
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		all = append(all, Line{Kind: kind, Spans: []Span{{kind, line}}})
	}
	return all
}

// changed pairs lines that were replaced by as many others and marks the words; else the lines stand below each other.
func changed(d *diffmatchpatch.DiffMatchPatch, before, after string) []Line {
	old, fresh := strings.Split(strings.TrimSuffix(before, "\n"), "\n"), strings.Split(strings.TrimSuffix(after, "\n"), "\n")
	if len(old) != len(fresh) {
		return append(whole(Gone, before), whole(Added, after)...)
	}
	var all []Line
	for i := range old {
		steps := d.DiffCleanupSemantic(d.DiffMain(old[i], fresh[i], false))
		var line Line
		for _, step := range steps {
			kind := map[diffmatchpatch.Operation]Kind{diffmatchpatch.DiffInsert: Added, diffmatchpatch.DiffDelete: Gone}[step.Type]
			line.Spans = append(line.Spans, Span{kind, step.Text})
		}
		all = append(all, line)
	}
	return all
}

func (l Line) same() bool {
	for _, span := range l.Spans {
		if span.Kind != Same {
			return false
		}
	}
	return true
}

// folded leaves out equal lines far from any change.
func folded(all []Line) []Line {
	near := make([]bool, len(all))
	for i, line := range all {
		if line.same() {
			continue
		}
		for k := max(0, i-around); k <= min(len(all)-1, i+around); k++ {
			near[k] = true
		}
	}
	var kept []Line
	skipped := 0
	for i, line := range all {
		if !near[i] {
			skipped++
			continue
		}
		line.Skipped, skipped = skipped, 0
		kept = append(kept, line)
	}
	return kept
}
