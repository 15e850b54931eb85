package publiccode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"belfry/store/publiccode"
)

// One block of many keys, meant again and again, is looked at once: each key counts, and what is said of them is bounded.
func TestRepeatedBlocksCostTheirKeys(t *testing.T) {
	var source strings.Builder
	source.WriteString("publiccodeYmlVersion: \"0.5\"\nx: &x {")
	for i := range 20_000 {
		fmt.Fprintf(&source, "k%d: 1,", i)
	}
	source.WriteString("}\n")
	list := "[" + strings.Repeat("*x,", 200) + "]"
	fmt.Fprintf(&source, "fundedBy: %s\nmaintenance: {contractors: %s, contacts: %s}\ndependsOn: {open: %s, proprietary: %s, hardware: %s}\n", list, list, list, list, list, list)
	start := time.Now()
	_, problems := publiccode.Read([]byte(source.String()))
	if publiccode.Good(problems) || len(problems) != 501 {
		t.Fatalf("%d problems", len(problems))
	}
	if last := problems[500]; last.Key != "publiccode.more" || last.Line < 1 {
		t.Error(last)
	}
	if got := strings.Join(keys(problems, false), "\n"); !strings.Contains(got, "too_deep") || !strings.Contains(got, "required name") {
		t.Errorf("what makes it invalid has to be said before what is only noted: %s", got)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}
