// Command summary reads go test -json on its standard input and prints what a person wants of it: the closing line of every
// package, the whole output of what failed, and the counts. Lines with "NOT RUN:" go to a file, so that they can be repeated
// at the very end.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is one line of go test -json, see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
}

// summary is what was read so far.
type summary struct {
	out                     io.Writer
	output                  map[string]map[string][]string // package, test, lines; the package's own under ""
	failedIn                map[string]bool
	passed, failed, skipped int
	notRun                  []string
}

func main() {
	notRun := flag.String("notrun", "", "file that gets what could not run, a line each")
	counts := flag.String("counts", "", "file that gets the line of counts")
	flag.Parse()
	s := &summary{out: os.Stdout, output: map[string]map[string][]string{}, failedIn: map[string]bool{}}
	err := s.read(os.Stdin)
	line := fmt.Sprintf("%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	fmt.Print(line)
	err = first(err, appendTo(*notRun, strings.Join(s.notRun, "")), appendTo(*counts, line))
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
	}
	if err != nil || s.failed > 0 || s.passed == 0 {
		os.Exit(1)
	}
}

func (s *summary) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if len(line) > 0 && json.Unmarshal(line, &e) == nil {
			s.take(e)
		} else if len(line) > 0 {
			fmt.Fprint(s.out, string(line)) // the go command speaks for itself
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (s *summary) take(e event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "output":
		if s.output[e.Package] == nil {
			s.output[e.Package] = map[string][]string{}
		}
		s.output[e.Package][e.Test] = append(s.output[e.Package][e.Test], e.Output)
		if _, reason, ok := strings.Cut(e.Output, "NOT RUN:"); ok {
			s.notRun = append(s.notRun, "NOT RUN: "+strings.TrimSpace(reason)+"\n")
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e)
		} else {
			s.endTest(e)
		}
	}
}

func (s *summary) endTest(e event) {
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
	case "fail":
		s.failed++
		s.failedIn[e.Package] = true
		fmt.Fprint(s.out, strings.Join(s.output[e.Package][e.Test], ""))
	}
	delete(s.output[e.Package], e.Test)
}

// endPackage prints the closing line of a package that passed. Of one that failed it prints everything not yet printed:
// tests that a panic or the time limit cut short have no end of their own.
func (s *summary) endPackage(e event) {
	own := s.output[e.Package][""]
	if e.Action != "fail" {
		if len(own) > 0 {
			fmt.Fprint(s.out, own[len(own)-1])
		}
		return
	}
	if !s.failedIn[e.Package] {
		s.failed++ // it did not build, or broke outside a test
	}
	delete(s.output[e.Package], "")
	var cut []string
	for test := range s.output[e.Package] {
		cut = append(cut, test)
	}
	slices.Sort(cut)
	for _, test := range cut {
		fmt.Fprint(s.out, strings.Join(s.output[e.Package][test], ""))
	}
	fmt.Fprint(s.out, strings.Join(own, ""))
	if len(own) == 0 {
		fmt.Fprintf(s.out, "FAIL\t%s\n", e.Package)
	}
}

func appendTo(file, text string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return first(err, f.Close())
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
