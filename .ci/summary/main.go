// Command summary reads go test -json on its standard input and prints what a person wants of it: the closing line of every
// package, the whole output of what failed, and the counts. Lines with "NOT RUN:" go to a file, so that they can be repeated
// at the very end. With -table what tests say of faults, "TORTURE: what | rounds | what happened | lost", becomes a table.
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
	"text/tabwriter"
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
	faults                  [][]string // what, rounds, what happened, lost; of tests that passed
}

func main() {
	notRun := flag.String("notrun", "", "file that gets what could not run, a line each")
	counts := flag.String("counts", "", "file that gets the line of counts")
	table := flag.Bool("table", false, "print what tests say of faults as a table")
	flag.Parse()
	s := &summary{out: os.Stdout, output: map[string]map[string][]string{}, failedIn: map[string]bool{}}
	err := s.read(os.Stdin)
	line := fmt.Sprintf("%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	fmt.Print(line)
	if *table {
		s.printFaults()
	}
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
		s.noteFaults(s.output[e.Package][e.Test])
	case "skip":
		s.skipped++
	case "fail":
		s.failed++
		s.failedIn[e.Package] = true
		fmt.Fprint(s.out, strings.Join(s.output[e.Package][e.Test], ""))
	}
	delete(s.output[e.Package], e.Test)
}

// noteFaults keeps what a test says of the faults that happened in it.
func (s *summary) noteFaults(lines []string) {
	for _, line := range lines {
		if _, row, ok := strings.Cut(line, "TORTURE:"); ok {
			cells := strings.Split(row, "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			s.faults = append(s.faults, cells)
		}
	}
}

// printFaults prints them as a table.
func (s *summary) printFaults() {
	slices.SortFunc(s.faults, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	out := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\nwhat\trounds\tlost\tfaults that happened")
	for _, row := range s.faults {
		if len(row) == 4 {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", row[0], row[1], row[3], row[2])
		}
	}
	_ = out.Flush()
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
