package store

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MarkKind says what a block of the minutes' notation becomes.
type MarkKind string

const (
	MarkDecision MarkKind = "decision" // !D
	MarkAction   MarkKind = "action"   // !A
	MarkResult   MarkKind = "result"   // !R: the outcome of the item whose section it stands in
)

// Mark is one block of the notation in the text of minutes: a line that begins with !D, !A or !R, and the indented
// lines that follow.
//
//	!D The text of the decision, which may go on
//	   on indented lines.
//	   vote: 24 / 0 / 2
//	!A The text of the action
//	   @elise.delvaux  town: Seneffe  due: 2027-03-15  app: delib
//	!A Seneffe, @elise.delvaux, 2027-03-15: the same on one line
//	!R accepted
//
// The words before a colon, and those of a result, are known in four languages. Since its publication a block has
// its permanent number behind the marker: "!D 2026-014 …", "!A A-2026-031 …".
type Mark struct {
	Kind     MarkKind
	Line     int    // of the marker, from 1
	Lines    int    // how many lines the block has
	Number   string // as written, "" before the publication
	Title    string
	Handle   string // without @
	Place    string // the town as written
	Due      string // civil date, "" without one
	AppSlug  string // the application it is about, as written
	Vote     Vote
	Outcome  ItemOutcome
	Section  string // heading of level 2 that it stands under
	Person   Member // found by Handle
	Town     Town   // found by Place, or the person's
	App      App    // found by AppSlug
	Problems []Problem
	said     []string // attributes it has, each once
}

const (
	markOpen, markClose = "\ue000", "\ue001" // what stands in a text for its n-th block; people's own are taken out
	maxMarks            = 2000               // in one text: twice what the longest agenda needs
)

var (
	markLine   = regexp.MustCompile(`^!([DAR])(?:[ \t]+(.*))?$`)
	markNumber = regexp.MustCompile(`^(A-)?(\d{4}-\d{3,})(?:[ \t]+|$)`)
	attribute  = regexp.MustCompile(`(?i)(?:^|[\s,;])(?:@([a-z0-9][a-z0-9.-]*)|(\p{L}+)[ \t\x{00a0}\x{202f}]?:)`)
	votes      = regexp.MustCompile(`^(\d{1,4})\s*[/–-]\s*(\d{1,4})(?:\s*[/–-]\s*(\d{1,4}))?$`)
)

// attributeOf is what a word before a colon says, in any of the four languages; "" for another word.
func attributeOf(word string) string {
	switch fold(word) {
	case "vote", "votes", "stemming", "abstimmung":
		return "vote"
	case "town", "commune", "ville", "gemeente", "stad", "gemeinde", "stadt":
		return "town"
	case "due", "by", "pour", "avant", "echeance", "voor", "tegen", "bis", "frist", "termijn":
		return "due"
	case "app", "appli":
		return "app"
	}
	return ""
}

// outcomeOf reads a result in any of the four languages; "" for other words.
func outcomeOf(words string) ItemOutcome {
	for outcome, all := range map[ItemOutcome][]string{
		OutcomeAccepted:  {"accepted", "adopte", "adoptee", "accepte", "acceptee", "approuve", "approuvee", "aangenomen", "goedgekeurd", "angenommen"},
		OutcomeChanged:   {"changed", "accepted with changes", "adopte avec modifications", "adoptee avec modifications", "amende", "amendee", "aangenomen met wijzigingen", "gewijzigd aangenomen", "angenommen mit anderungen", "mit anderungen angenommen"},
		OutcomeRefused:   {"refused", "rejected", "refuse", "refusee", "rejete", "rejetee", "verworpen", "afgewezen", "abgelehnt"},
		OutcomePostponed: {"postponed", "reporte", "reportee", "uitgesteld", "verdaagd", "vertagt", "verschoben"},
		OutcomeNoted:     {"noted", "pris acte", "prise d'acte", "il est pris acte", "ter kennisgeving", "genoteerd", "kennisgenomen", "zur kenntnis genommen", "zur kenntnis"},
	} {
		if slices.Contains(all, strings.Trim(strings.ReplaceAll(fold(words), "’", "'"), " .")) {
			return outcome
		}
	}
	return ""
}

// Notation finds the blocks in a text. It returns the text with a paragraph of its own in the place of each, "n" in
// private-use characters, so that they can be rendered apart, and the blocks in order. Date is the meeting's civil
// date: a day without a year is the next one after it. Blocks in fenced code are code.
func Notation(source, date string) (text string, marks []Mark) {
	source = strings.NewReplacer(markOpen, "", markClose, "").Replace(strings.ToValidUTF8(source, "\ufffd")) // half a character could complete one
	lines := strings.Split(source, "\n")
	var out []string
	fence, section := "", ""
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		fence = fenced(fence, line)
		if heading, ok := strings.CutPrefix(line, "## "); ok && fence == "" {
			section = strings.TrimSpace(heading)
		}
		found := markLine.FindStringSubmatch(line)
		if found != nil && fence == "" && len(marks) == maxMarks {
			marks[maxMarks-1].tooMany(i + 1)
			found = nil
		}
		if found == nil || fence != "" {
			out = append(out, line)
			continue
		}
		block := []string{found[2]}
		for i+1 < len(lines) && indented(lines[i+1]) {
			i++
			block = append(block, strings.TrimSpace(lines[i]))
		}
		m := Mark{Line: i + 2 - len(block), Lines: len(block), Section: section}
		m.read(found[1], block, date)
		out = append(out, "", markOpen+strconv.Itoa(len(marks))+markClose, "")
		marks = append(marks, m)
	}
	return strings.Join(out, "\n"), marks
}

// fenced follows fenced code: the fence that is open after this line, "" for none.
func fenced(open, line string) string {
	trimmed := strings.TrimLeft(line, " ")
	if len(line)-len(trimmed) > 3 {
		return open
	}
	for _, mark := range []string{"`", "~"} {
		if n := len(trimmed) - len(strings.TrimLeft(trimmed, mark)); n >= 3 {
			run := strings.Repeat(mark, n)
			switch {
			case open == "" && mark == "`" && strings.Contains(trimmed[n:], mark): // code within a line
				return ""
			case open == "":
				return run
			case strings.HasPrefix(run, open) && strings.Trim(trimmed, mark+" \t") == "":
				return ""
			}
		}
	}
	return open
}

func indented(line string) bool {
	return strings.TrimSpace(line) != "" && (strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t"))
}

// SplitMarks cuts rendered HTML at its blocks: texts has one more part than there are blocks, at says which block
// stands between two parts.
func SplitMarks(html string) (texts []string, at []int) {
	for {
		before, rest, ok := strings.Cut(html, "<p>"+markOpen)
		n, after, closed := strings.Cut(rest, markClose+"</p>")
		index, err := strconv.Atoi(n)
		if !ok || !closed || err != nil {
			return append(texts, html), at
		}
		texts, at, html = append(texts, before), append(at, index), after
	}
}

func (m *Mark) problem(key string, args ...any) {
	m.Problems = append(m.Problems, Problem{Field: "source", Key: key, Args: append([]any{"Line", m.Line}, args...)})
}

// tooMany says once that blocks from this line on are not read.
func (m *Mark) tooMany(line int) {
	if !slices.Contains(m.said, "many") {
		m.said = append(m.said, "many")
		m.Problems = append(m.Problems, Problem{Field: "source", Key: "notation.too_many", Args: []any{"Line", line, "Max", maxMarks}})
	}
}

// once notes that a block names its person, town, date or vote; a second one would have to be guessed between.
func (m *Mark) once(what, words string) {
	if slices.Contains(m.said, what) {
		m.problem("notation.twice", "Words", cut(words))
	}
	m.said = append(m.said, what)
}

// read fills a mark from its marker and lines.
func (m *Mark) read(marker string, block []string, date string) {
	m.Kind = map[string]MarkKind{"D": MarkDecision, "A": MarkAction, "R": MarkResult}[marker]
	if m.Kind == MarkResult {
		words := strings.Join(block, " ")
		if m.Outcome = outcomeOf(words); m.Outcome == "" {
			m.problem("notation.result", "Words", cut(words))
		}
		return
	}
	if number := markNumber.FindStringSubmatch(block[0]); number != nil {
		m.Number, block[0] = number[1]+number[2], block[0][len(number[0]):]
	}
	if m.Kind == MarkAction {
		block[0] = m.prefix(block[0], date)
	}
	var title []string
	for i, line := range block {
		if at := attribute.FindStringSubmatchIndex(line); i > 0 && at != nil && at[0] == 0 && (at[2] >= 0 || attributeOf(line[at[4]:at[5]]) != "") {
			m.attributes(line, date)
			continue
		}
		title = append(title, line)
	}
	m.Title = strings.Join(strings.Fields(strings.Join(title, " ")), " ")
	m.inside(date)
	switch n := len([]rune(m.Title)); {
	case n == 0:
		m.problem("notation.empty")
	case n > MaxLine:
		m.problem("notation.too_long", "Max", MaxLine, "Have", n)
	}
}

// inside points out a person, a date or a vote among the words, where it says nothing to the register.
func (m *Mark) inside(date string) {
	for _, at := range attribute.FindAllStringSubmatchIndex(m.Title, -1) {
		words, what := strings.TrimLeft(m.Title[at[0]:], " ,;"), "person"
		first := ""
		if at[2] < 0 {
			what = attributeOf(m.Title[at[4]:at[5]])
			first, _, _ = strings.Cut(strings.TrimSpace(m.Title[at[1]:]), " ")
		}
		if slices.Contains(m.said, what) {
			continue
		}
		switch {
		case what == "person" && m.Kind == MarkAction, what == "due" && m.Kind == MarkAction && dayOf(strings.Trim(first, ",;"), date) != "",
			what == "vote" && m.Kind == MarkDecision && votes.MatchString(strings.Trim(strings.TrimSpace(m.Title[at[1]:]), ".")):
			m.problem("notation.inside", "Words", cut(words))
		}
	}
}

// attributes reads a line of @person and word: value pairs.
func (m *Mark) attributes(line, date string) {
	all := attribute.FindAllStringSubmatchIndex(line, -1)
	all = slices.DeleteFunc(all, func(at []int) bool { return at[2] < 0 && attributeOf(line[at[4]:at[5]]) == "" })
	for i, at := range all {
		end := len(line)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		if at[2] >= 0 {
			m.Handle = strings.TrimRight(line[at[2]:at[3]], ".-")
			m.once("person", "@"+m.Handle)
			if rest := strings.Trim(line[at[1]:end], " \t,;."); rest != "" {
				m.problem("notation.leftover", "Words", cut(rest))
			}
			continue
		}
		m.set(attributeOf(line[at[4]:at[5]]), strings.Trim(line[at[1]:end], " \t,;"), date)
	}
}

func (m *Mark) set(what, value, date string) {
	m.once(what, value)
	switch what {
	case "town":
		m.Place = value
	case "due":
		if m.Due = dayOf(value, date); m.Due == "" {
			m.problem("notation.date", "Words", cut(value))
		}
	case "app":
		m.AppSlug = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(value), "[[app/"), "]]")
	case "vote":
		counted := votes.FindStringSubmatch(value)
		if counted == nil {
			m.problem("notation.vote", "Words", cut(value))
			return
		}
		m.Vote.For, _ = strconv.Atoi(counted[1])
		m.Vote.Against, _ = strconv.Atoi(counted[2])
		m.Vote.Abstain, _ = strconv.Atoi(counted[3])
	}
}

// prefix reads "Town, @person, date:" in front of an action's words, and returns the words. It is one only when a
// person or a date is in it, since a sentence may have a colon too.
func (m *Mark) prefix(line, date string) string {
	before, after, ok := strings.Cut(line, ": ")
	if !ok {
		return line
	}
	var handle, place, due string
	for _, part := range strings.Split(before, ",") {
		part = strings.TrimSpace(part)
		switch name, person := strings.CutPrefix(part, "@"); {
		case person && handle == "":
			handle = name
		case !person && due == "" && dayOf(part, date) != "":
			due = dayOf(part, date)
		case !person && place == "":
			place = part
		default:
			return line
		}
	}
	if handle == "" && due == "" {
		return line
	}
	m.Handle, m.Place, m.Due = handle, place, due
	for what, words := range map[string]string{"person": handle, "town": place, "due": due} {
		if words != "" {
			m.once(what, words)
		}
	}
	return after
}

// dayOf reads 2027-03-15, 15/03/2027, 15.3.2027 or 15/03, which is the next such day after date; "" when it is none.
func dayOf(text, date string) string {
	text = strings.TrimRight(strings.TrimSpace(text), ".")
	for _, layout := range []string{civilDate, "2/1/2006", "2.1.2006"} {
		if day, err := time.Parse(layout, text); err == nil && day.Year() > 1990 && day.Year() < 2200 {
			return day.Format(civilDate)
		}
	}
	from, err := time.Parse(civilDate, date)
	if err != nil {
		return ""
	}
	for _, layout := range []string{"2/1", "2.1"} {
		for year := from.Year(); year <= from.Year()+4; year++ { // 29 February comes every four years
			day, err := time.Parse(layout+"/2006", text+"/"+strconv.Itoa(year))
			if err == nil && day.After(from) {
				return day.Format(civilDate)
			}
		}
	}
	return ""
}

// cut shortens what is quoted in a problem.
func cut(words string) string {
	if runes := []rune(words); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return words
}

// numbered writes a number behind the marker of a block that has none. Marks are those of this very source.
func numbered(source string, marks []Mark, numbers map[int]string) string {
	lines := strings.Split(source, "\n")
	for i, number := range numbers {
		at := marks[i].Line - 1
		lines[at] = lines[at][:2] + " " + number + " " + strings.TrimLeft(lines[at][2:], " \t")
	}
	return strings.Join(lines, "\n")
}
