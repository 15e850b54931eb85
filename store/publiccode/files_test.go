package publiccode_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"belfry/store/publiccode"
)

// TestRealFiles reads the collected files of public bodies, when they are there: each gives the outcome that is written
// down beside them, and what is good is written so that it reads the same.
func TestRealFiles(t *testing.T) {
	dir := "../../../shared/data/apps/"
	sources, err := os.ReadFile(dir + "SOURCES.md")
	if err != nil {
		t.Skip("the collection of files is not here")
	}
	faults := map[string]string{ // that must be among what is said
		"AI-Riksarkivet__htrflow": "required_when maintenance/contacts", "Aitema-gmbh__ratsinformationssystem": "version_type publiccodeYmlVersion",
		"CodeForBaltimore__Bmore-Responsive": "want_yes_no localisation/localisationReady, choice categories[0], choice developmentStatus",
		"maykinmedia__objects-api":           "required maintenance/contractors[0]/until", "open-zaak__open-zaak": "required maintenance/contractors[0]/until",
		"suitenumerique__docs": "version publiccodeYmlVersion",
	}
	seen := 0
	for _, row := range strings.Split(string(sources), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) < 8 || !strings.HasSuffix(strings.TrimSpace(cells[1]), ".yml") {
			continue
		}
		name := strings.TrimSpace(cells[1])
		valid := strings.HasPrefix(strings.TrimSpace(cells[7]), "valid")
		source, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		seen++
		s, problems := publiccode.Read(source)
		if publiccode.Good(problems) != valid || s.Name == "" {
			t.Errorf("%s: valid %v, wanted %v: %v", name, !valid, valid, problems)
		}
		said := keys(problems, false)
		if wanted := faults[strings.TrimSuffix(name, ".publiccode.yml")]; wanted != "" {
			for _, one := range strings.Split(wanted, ", ") {
				if !slices.Contains(said, one) {
					t.Errorf("%s: %q is not among %q", name, one, said)
				}
			}
		}
		if !valid {
			continue
		}
		written, again, err := publiccode.Write(s)
		if second, _ := publiccode.Read(written); err != nil || len(again) > 0 || !reflect.DeepEqual(s, second) {
			t.Errorf("%s: is not written as it was read: %v %v", name, err, again)
		}
	}
	if seen != 16 {
		t.Errorf("%d files", seen)
	}
}
