// Command summary reads the output of go test -json: it prints one line a package, the whole output of what failed,
// and counts at the end. Lines that begin with "NOT RUN:" go to a file too.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func main() {
	file := flag.String("notrun", "", "file for what could not run")
	flag.Parse()
	output := map[string][]string{}
	passed, failed, skipped := 0, 0, 0
	var notRun []string
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			output[key] = append(output[key], e.Output)
			if at := strings.Index(e.Output, "NOT RUN:"); at >= 0 {
				notRun = append(notRun, strings.TrimSpace(e.Output[at:]))
			}
		case "build-output":
			fmt.Print(e.Output)
		case "pass", "fail", "skip":
			if e.Test == "" {
				fmt.Printf("%-4s %s %.1fs\n", map[string]string{"pass": "ok", "fail": "FAIL", "skip": "-"}[e.Action], e.Package, e.Elapsed)
				if e.Action == "fail" {
					fmt.Print(strings.Join(output[key], ""))
					failed += boolInt(failed == 0)
				}
				continue
			}
			switch e.Action {
			case "pass":
				passed++
			case "skip":
				skipped++
			default:
				failed++
				fmt.Print(strings.Join(output[key], ""))
			}
			delete(output, key)
		}
	}
	if *file != "" && len(notRun) > 0 {
		if f, err := os.OpenFile(*file, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644); err == nil {
			fmt.Fprintln(f, strings.Join(notRun, "\n"))
			_ = f.Close()
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
