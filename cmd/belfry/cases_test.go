package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"belfry/store"
)

// cases is how many cases of known weaknesses there are: A01, A02, …
const cases = 45

// TestEveryCaseIsShownOrExplained: each is the name of a test, or of a part of one, and stands in SECURITY.md with that test
// or with the reason why it does not apply here; and every test named there is in the tree.
func TestEveryCaseIsShownOrExplained(t *testing.T) {
	text, err := os.ReadFile(root + "/SECURITY.md")
	ok(t, err)
	tests, shown := namesOfTests(t)
	if wrong := explained(string(text), tests, shown); len(wrong) > 0 {
		t.Error(strings.Join(wrong, "\n"))
	}
	without := regexp.MustCompile(`(?m)^\| A07 .*\n`).ReplaceAllString(string(text), "") + "\n| A03 | x | `TestThatIsNotThere` |\n"
	if wrong := explained(without, tests, shown); len(wrong) < 2 {
		t.Errorf("the judge does not see a case that is missing: %v", wrong)
	}
}

// explained says what is missing in the table of cases, given the names of all tests and the cases that names of tests show.
func explained(text string, tests, shown map[string]bool) (wrong []string) {
	lines := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) == 5 && regexp.MustCompile(`^ A\d\d $`).MatchString(cells[1]) {
			lines[strings.TrimSpace(cells[1])] = cells[3]
		}
	}
	for n := 1; n <= cases; n++ {
		id := fmt.Sprintf("A%02d", n)
		said := strings.TrimSpace(lines[id])
		why, excused := strings.CutPrefix(said, "does not apply:")
		switch {
		case said == "":
			wrong = append(wrong, id+" is not in SECURITY.md")
		case excused && len(strings.TrimSpace(why)) < 20:
			wrong = append(wrong, id+" is left out without a reason")
		case !excused && !shown[id]:
			wrong = append(wrong, id+" is the name of no test")
		}
		for _, name := range regexp.MustCompile("`(Test\\w+)").FindAllStringSubmatch(said, -1) {
			if !tests[name[1]] {
				wrong = append(wrong, id+" names "+name[1]+", which is not there")
			}
		}
	}
	return wrong
}

// namesOfTests are the names of all tests, and the cases that names of tests and of their parts begin with.
func namesOfTests(t *testing.T) (tests, shown map[string]bool) {
	tests, shown = map[string]bool{}, map[string]bool{}
	part := regexp.MustCompile(`^A\d\d[ :]`)
	for _, file := range sources(t) {
		if !strings.HasSuffix(file.path, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file.path, file.text, parser.SkipObjectResolution)
		ok(t, err)
		ast.Inspect(tree, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				if name, is := strings.CutPrefix(node.Name.Name, "Test"); is && node.Recv == nil {
					tests[node.Name.Name] = true
					if regexp.MustCompile(`^A\d\d`).MatchString(name) {
						shown[name[:3]] = true
					}
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(node.Value); err == nil && node.Kind == token.STRING && part.MatchString(text) {
					shown[text[:3]] = true
				}
			}
			return true
		})
	}
	return tests, shown
}

// TestA32OneWayOut: nothing but the reader of sister communities calls an address that somebody typed. Who else opens a
// connection is named here, with whose address it is.
func TestA32OneWayOut(t *testing.T) {
	allowed := map[string]string{
		"server/sister/client.go":      "the guarded one: resolves, checks, pins",
		"server/mail/sender.go":        "the operator's mail server",
		"store/kv/postgres/open.go":    "the operator's database",
		"cmd/belfry/control.go":        "the socket of this machine's own server",
		"cmd/belfry/chatsession.go":    "a program that plays visitors of a hub the operator names",
		"server/live/client/client.go": "the same",
	}
	calls := regexp.MustCompile(`http\.(Get|Post|PostForm|Head)\(|http\.Client\{|http\.Transport\{|http\.Default(Client|Transport)|net\.Dial|tls\.Dial|Dialer\{|fasthttp\.(Client|HostClient|Do|Get|Post)|fiber\.(Get|Post|AcquireAgent)|net\.Lookup|exec\.Command`)
	found := map[string]bool{}
	for _, file := range sources(t) {
		path := strings.TrimPrefix(file.path, root+"/")
		if strings.HasSuffix(path, "_test.go") || regexp.MustCompile(`\w+test/`).MatchString(path) || strings.HasPrefix(path, ".ci/") {
			continue
		}
		for n, line := range bytes.Split(file.text, []byte("\n")) {
			if !calls.Match(line) || bytes.HasPrefix(bytes.TrimSpace(line), []byte("//")) {
				continue
			}
			found[path] = true
			if allowed[path] == "" {
				t.Errorf("%s:%d opens a connection of its own: %s", path, n+1, bytes.TrimSpace(line))
			}
		}
	}
	if !found["server/sister/client.go"] || !found["server/mail/sender.go"] {
		t.Error("nothing is found where connections are opened")
	}
}

// TestA36ABackupBringsNothingElse: what is no part of a backup, or lies elsewhere, or is not what its name says, is refused,
// and nothing is written outside.
func TestA36ABackupBringsNothingElse(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	for name, entries := range map[string][]string{
		"a file above":          {"../evil", "x"},
		"a file above, twice":   {"documents/../../evil", "x"},
		"a whole path":          {"/tmp/belfry-evil", "x"},
		"a path of Windows":     {`documents\..\..\evil`, "x"},
		"another file":          {"belfry.db.sh", "x"},
		"a name that is none":   {"documents/evil", "x"},
		"a name with more":      {"documents/" + hash + "/../../../evil", "x"},
		"a name in capitals":    {"documents/" + strings.ToUpper(hash), "x"},
		"not what it is called": {"documents/" + hash, "x"},
		"larger than any":       {"documents/" + hash, strings.Repeat("x", store.MaxFile+1)},
	} {
		var packed bytes.Buffer
		z := zip.NewWriter(&packed)
		f, err := z.Create(entries[0])
		ok(t, err)
		_, err = f.Write([]byte(entries[1]))
		ok(t, err)
		ok(t, z.Close())
		above := t.TempDir()
		dir, file := filepath.Join(above, "a", "b", "data"), filepath.Join(above, "hostile.zip")
		ok(t, os.MkdirAll(dir, 0o700))
		ok(t, os.WriteFile(file, packed.Bytes(), 0o600))
		if err := unpack(t.Context(), file, dir); err == nil {
			t.Errorf("%s is taken", name)
		}
		ok(t, filepath.WalkDir(above, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && path != file && !strings.HasPrefix(path, dir+"/") {
				t.Errorf("%s leaves %s", name, path)
			}
			return err
		}))
	}
	if _, err := os.Stat("/tmp/belfry-evil"); err == nil {
		t.Error("a whole path was written to")
	}
}
