package publiccode

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Problem is something about a place of a file. Key and Args say it as a text; Args name the line, the column and the
// path too. With Note the file is good all the same.
type Problem struct {
	Line, Column int // from 1
	Path         string
	Key          string
	Args         []any // name, value pairs
	Note         bool
}

// Limits of a file. What is larger is refused before it costs anything.
const (
	MaxFile  = 200_000 // bytes
	maxDepth = 12
	maxNodes = 20_000 // looked at, keys and those that an alias repeats included
	maxList  = 200
	maxSaid  = 500 // problems; those that make a file invalid go before notes
)

// Good says whether none of the problems makes a file invalid.
func Good(problems []Problem) bool {
	return !slices.ContainsFunc(problems, func(p Problem) bool { return !p.Note })
}

// Read takes from a publiccode.yml what can be taken, and says what is wrong with it, in the order of its lines; where that
// is very much, a last problem says that there is more. It never fails otherwise: of a file that is no YAML the Software is
// empty.
func Read(source []byte) (Software, []Problem) {
	r := &reader{left: maxNodes}
	root := r.parse(source)
	if root == nil {
		return Software{}, r.problems()
	}
	var s Software
	r.software(r.section(root, root, "", 0), &s)
	return s, r.problems()
}

// reader gathers the problems of one file.
type reader struct {
	faults, notes []Problem // at most maxSaid of each
	more          bool      // there were others
	left          int       // nodes that may still be looked at
	deep          bool
}

func (r *reader) say(note bool, line, column int, path, key string, args ...any) {
	said := &r.faults
	if note {
		said = &r.notes
	}
	if len(*said) >= maxSaid {
		r.more = true
		return
	}
	args = append([]any{"Line", line, "Column", column, "Path", path}, args...)
	*said = append(*said, Problem{Line: line, Column: column, Path: path, Key: key, Args: args, Note: note})
}

// problems are what was said, in the order of the lines, as much as is kept.
func (r *reader) problems() []Problem {
	kept := r.notes[:min(len(r.notes), maxSaid-len(r.faults))]
	all := slices.Concat(r.faults, kept)
	slices.SortStableFunc(all, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if r.more || len(kept) < len(r.notes) {
		last := all[len(all)-1]
		all = append(all, Problem{Line: last.Line, Column: last.Column, Key: "publiccode.more", Args: []any{"Max", maxSaid}, Note: len(r.faults) < maxSaid})
	}
	return all
}

func (r *reader) wrong(at *yaml.Node, path, key string, args ...any) {
	r.say(false, at.Line, max(at.Column, 1), path, key, args...)
}

func (r *reader) note(at *yaml.Node, path, key string, args ...any) {
	r.say(true, at.Line, max(at.Column, 1), path, key, args...)
}

// tabbed is a line that is set in with a tab, which YAML does not allow.
var tabbed = regexp.MustCompile(`(?m)^ *\t+\S`)

var yamlLine = regexp.MustCompile(`line (\d+)`)

// parse reads the YAML into nodes; aliases are not followed here.
func (r *reader) parse(source []byte) *yaml.Node {
	switch {
	case len(source) > MaxFile:
		r.say(false, 1, 1, "", "publiccode.too_large", "Max", MaxFile/1000, "Have", (len(source)+999)/1000)
		return nil
	case !utf8.Valid(source):
		r.say(false, 1+bytes.Count(source[:invalidAt(source)], []byte("\n")), 1, "", "publiccode.encoding")
		return nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		if at := tabbed.FindIndex(source); at != nil {
			r.say(false, 1+bytes.Count(source[:at[0]], []byte("\n")), 1, "", "publiccode.tab")
			return nil
		}
		line := 1
		if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
			line, _ = strconv.Atoi(found[1])
		}
		r.say(false, max(line, 1), 1, "", "publiccode.syntax")
		return nil
	}
	if len(document.Content) == 0 {
		r.say(false, 1, 1, "", "publiccode.empty")
		return nil
	}
	return document.Content[0]
}

// invalidAt is where a text stops being UTF-8.
func invalidAt(source []byte) int {
	for i := 0; i < len(source); {
		c, size := utf8.DecodeRune(source[i:])
		if c == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return len(source)
}

// follow is a node, or what its alias stands for. It counts what is looked at, so that no anchor is worth more than the
// lines it saves.
func (r *reader) follow(node *yaml.Node, depth int) (*yaml.Node, bool) {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		node = node.Alias
	}
	ok := r.spend(node) && depth <= maxDepth
	if !ok {
		r.tooDeep(node)
	}
	return node, ok
}

// spend counts one node or key that is looked at, and says so once when there were too many.
func (r *reader) spend(at *yaml.Node) bool {
	if r.left--; r.left < 0 {
		r.tooDeep(at)
	}
	return r.left >= 0
}

func (r *reader) tooDeep(at *yaml.Node) {
	if !r.deep {
		r.deep = true
		r.wrong(at, "", "publiccode.too_deep")
	}
}

// section is a block of keys. A nil one has nothing and says nothing.
type section struct {
	r      *reader
	at     *yaml.Node // where it begins, for what is missing in it
	path   string
	depth  int
	keys   map[string]*yaml.Node // the keys themselves
	values map[string]*yaml.Node
	order  []string
	read   map[string]bool
}

// section reads the block of keys that node is; at is its key.
func (r *reader) section(node, at *yaml.Node, path string, depth int) *section {
	node, ok := r.follow(node, depth)
	if !ok {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		r.wrong(node, path, "publiccode.want_block")
		return nil
	}
	s := &section{r: r, at: at, path: path, depth: depth, keys: map[string]*yaml.Node{}, values: map[string]*yaml.Node{}, read: map[string]bool{}}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if !r.spend(key) {
			break
		}
		if _, twice := s.keys[key.Value]; twice {
			r.wrong(key, s.under(key.Value), "publiccode.twice")
			continue
		}
		if value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null" {
			continue // as if it were not there
		}
		s.keys[key.Value], s.values[key.Value] = key, value
		s.order = append(s.order, key.Value)
	}
	return s
}

func (s *section) under(key string) string {
	if runes := []rune(key); len(runes) > 60 {
		key = string(runes[:60]) + "…"
	}
	if s.path == "" {
		return key
	}
	return s.path + "/" + key
}

// get is the value of a key; nil when there is none.
func (s *section) get(key string) *yaml.Node {
	if s == nil {
		return nil
	}
	s.read[key] = true
	return s.values[key]
}

// must says that a key is missing.
func (s *section) must(key string) {
	if s != nil && s.values[key] == nil {
		s.r.wrong(s.at, s.under(key), "publiccode.required")
	}
}

// sub is a block below a key; nil when there is none.
func (s *section) sub(key string) *section {
	value := s.get(key)
	if value == nil {
		return nil
	}
	return s.r.section(value, s.keys[key], s.under(key), s.depth+1)
}

// old notes keys that the standard gave up.
func (s *section) old(keys ...string) {
	for _, key := range keys {
		if s.get(key) != nil {
			s.r.note(s.keys[key], s.under(key), "publiccode.old")
		}
	}
}

// rest notes keys that nobody asked for.
func (s *section) rest() {
	if s == nil {
		return
	}
	for _, key := range s.order {
		if !s.read[key] {
			s.r.note(s.keys[key], s.under(key), "publiccode.unknown")
		}
	}
}

// text is the text of a key, at most max characters.
func (s *section) text(key string, max int) string {
	value := s.get(key)
	if value == nil {
		return ""
	}
	text, _ := s.r.scalar(value, s.under(key), max, s.depth+1)
	return text
}

// scalar is a node's text. A number is taken as it is written.
func (r *reader) scalar(node *yaml.Node, path string, max, depth int) (string, bool) {
	node, ok := r.follow(node, depth)
	if !ok {
		return "", false
	}
	if node.Kind != yaml.ScalarNode {
		r.wrong(node, path, "publiccode.want_text")
		return "", false
	}
	switch node.ShortTag() {
	case "!!str", "!!timestamp":
	case "!!int", "!!float":
		r.note(node, path, "publiccode.number")
	default:
		r.wrong(node, path, "publiccode.want_text")
		return "", false
	}
	text := clean(node.Value)
	if n := utf8.RuneCountInString(text); n > max {
		r.wrong(node, path, "publiccode.too_long", "Max", max, "Have", n)
		return string([]rune(text)[:max]), true
	}
	return text, true
}

// listed is one text of a list, with its place.
type listed struct {
	text, path string
	at         *yaml.Node
}

// each is the texts of a key; one text alone counts as a list of one where single allows it.
func (s *section) each(key string, max int, single bool) []listed {
	value := s.get(key)
	if value == nil {
		return nil
	}
	items, ok := s.items(key, value, single)
	if !ok {
		return nil
	}
	var all []listed
	for i, item := range items {
		if text, ok := s.r.scalar(item, s.place(key, i), max, s.depth+2); ok && text != "" {
			all = append(all, listed{text, s.place(key, i), item})
		}
	}
	return all
}

// list is each without the places.
func (s *section) list(key string, max int, single bool) []string {
	var all []string
	for _, one := range s.each(key, max, single) {
		all = append(all, one.text)
	}
	return all
}

func (s *section) place(key string, i int) string { return s.under(key) + "[" + strconv.Itoa(i) + "]" }

// items are the nodes of a list.
func (s *section) items(key string, value *yaml.Node, single bool) ([]*yaml.Node, bool) {
	node, ok := s.r.follow(value, s.depth+1)
	if !ok {
		return nil, false
	}
	if node.Kind == yaml.ScalarNode && single {
		return []*yaml.Node{node}, true
	}
	if node.Kind != yaml.SequenceNode {
		s.r.wrong(node, s.under(key), "publiccode.want_list")
		return nil, false
	}
	if len(node.Content) > maxList {
		s.r.wrong(node, s.under(key), "publiccode.too_many", "Max", maxList)
		return node.Content[:maxList], true
	}
	return node.Content, true
}

// blocks are the blocks of a list.
func (s *section) blocks(key string) []*section {
	value := s.get(key)
	if value == nil {
		return nil
	}
	items, ok := s.items(key, value, false)
	if !ok {
		return nil
	}
	var all []*section
	for i, item := range items {
		if one := s.r.section(item, item, s.place(key, i), s.depth+2); one != nil {
			all = append(all, one)
		}
	}
	return all
}

// yes is a yes or no; set says whether it was there.
func (s *section) yes(key string) (yes, set bool) {
	value := s.get(key)
	if value == nil {
		return false, false
	}
	node, ok := s.r.follow(value, s.depth+1)
	if !ok {
		return false, false
	}
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" {
		s.r.wrong(node, s.under(key), "publiccode.want_yes_no")
		return false, false
	}
	return strings.EqualFold(node.Value, "true"), true
}
