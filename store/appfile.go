package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"belfry/store/publiccode"
)

// AppFile is a publiccode.yml that was good, as it was given. They are kept, the last one is the application's.
type AppFile struct {
	App    string    `json:"app"`
	Number int       `json:"number"` // from 1
	Source string    `json:"source"`
	By     string    `json:"by,omitzero"`
	At     time.Time `json:"at"`
}

func appFiles() *table[AppFile] {
	return &table[AppFile]{family: famAppFile, key: func(f *AppFile) []string { return []string{f.App, fileNumber(f.Number)} }}
}

func fileNumber(n int) string { return fmt.Sprintf("%06d", n) }

// maxAppFiles is how many files of one application are kept.
const maxAppFiles = 50

// AppFileInput is a publiccode.yml for the catalogue.
type AppFileInput struct {
	App    string // id; "" finds the application by its repository, else enters a new one
	Source []byte
	Partly bool // of a new application take what can be read of a file with faults
}

// AppFileRead is what became of a file.
type AppFileRead struct {
	App     App
	New     bool      // the application was not in the catalogue
	Changed bool      // false when the file is the one that is there
	Notes   []Problem // that the file is good all the same
	Faults  []Problem // of a file that was taken partly
}

// ReadAppFile takes a publiccode.yml into the catalogue: by those who look after the application, or who may enter one.
// What is wrong with the file is Invalid with the line of each fault, in field "source"; the last good file then stays.
func (s *Store) ReadAppFile(ctx context.Context, by Actor, in AppFileInput) (AppFileRead, error) {
	software, problems := publiccode.Read(in.Source)
	notes, faults := problemsOf(problems)
	if len(faults) > 0 && (!in.Partly || software.Name == "") {
		return AppFileRead{Notes: notes}, &Error{Kind: Invalid, Problems: faults}
	}
	read := AppFileRead{Notes: notes, Faults: faults}
	err := s.update(ctx, "apps", func(t *tx) error {
		app, known, err := t.appOfFile(by, in.App, software)
		if err != nil {
			return err
		}
		if known && len(faults) > 0 {
			return &Error{Kind: Invalid, Problems: faults}
		}
		read.App, read.New, read.Changed = app, !known, true
		if known {
			return t.takeFile(by, in, software, &read)
		}
		app = App{Software: software, Domain: domainOf(software.Categories), By: by.MemberID, Partly: len(faults) > 0}
		if len(faults) == 0 {
			app.File = 1
		}
		if read.App, err = t.addApp(by, app); err != nil || len(faults) > 0 {
			return err
		}
		return appFiles().put(t, AppFile{App: read.App.ID, Number: 1, Source: string(in.Source), By: by.MemberID, At: t.now})
	})
	return read, err
}

// problemsOf sorts what a file says into notes and faults.
func problemsOf(all []publiccode.Problem) (notes, faults []Problem) {
	for _, p := range all {
		one := Problem{Field: "source", Key: p.Key, Args: p.Args}
		if p.Note {
			notes = append(notes, one)
		} else {
			faults = append(faults, one)
		}
	}
	return notes, faults
}

// appOfFile finds the application a file is about, which the acting member must be allowed to change, or asks whether they
// may enter one.
func (t *tx) appOfFile(by Actor, id string, software Software) (app App, known bool, err error) {
	if id != "" {
		app, err = t.keptApp(by, id)
		return app, true, err
	}
	if _, err := t.addsApp(by); err != nil {
		return app, false, err
	}
	err = apps().each(t, func(a App) error {
		if software.URL != "" && sameRepository(a.Software.URL, software.URL) {
			app, known = a, true
		}
		return nil
	})
	if err == nil && known {
		app, err = t.keptApp(by, app.ID)
	}
	return app, known, err
}

func sameRepository(a, b string) bool {
	bare := func(url string) string {
		url = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(url), "https://"), "http://")
		return strings.TrimSuffix(strings.TrimSuffix(url, "/"), ".git")
	}
	return bare(a) == bare(b)
}

// takeFile puts a good file in the place of the one before.
func (t *tx) takeFile(by Actor, in AppFileInput, software Software, read *AppFileRead) error {
	app := read.App
	if app.File > 0 {
		last, err := appFiles().get(t, app.ID, fileNumber(app.File))
		if err != nil {
			return err
		}
		if last.Source == string(in.Source) {
			read.Changed = false
			return nil
		}
	}
	was := app.Name()
	app.Software, app.Partly, app.Changed = software, false, t.now
	if err := t.renameApp(&app, was); err != nil {
		return err
	}
	app.File++
	if err := appFiles().put(t, AppFile{App: app.ID, Number: app.File, Source: string(in.Source), By: by.MemberID, At: t.now}); err != nil {
		return err
	}
	if app.File > maxAppFiles {
		if err := appFiles().remove(t, app.ID, fileNumber(app.File-maxAppFiles)); err != nil {
			return err
		}
	}
	read.App = app
	if err := apps().put(t, app); err != nil {
		return err
	}
	return t.audit(by, "audit.app_changed", app.ID, map[string]string{"app": app.Name()})
}

// domainOf guesses what part of a town's work software serves from the standard's categories.
func domainOf(categories []string) AppDomain {
	for _, one := range []struct {
		domain AppDomain
		words  []string
	}{
		{DomainDemocracy, []string{"digital-citizenship", "survey", "whistleblowing", "feedback-and-reviews-management", "online-community"}},
		{DomainFinance, []string{"accounting", "billing-and-invoicing", "budgeting", "financial-reporting", "grant-management", "payment-gateway", "taxes-management", "procurement", "mobile-payment"}},
		{DomainTerritory, []string{"geographic-information-systems", "property-management", "real-estate-management", "facility-management", "fleet-management", "cad"}},
		{DomainCounter, []string{"appointment-scheduling", "online-booking", "customer-service-and-support", "call-center-management", "crm", "e-signature", "visitor-management", "help-desk", "service-desk"}},
		{DomainCulture, []string{"event-management", "blog", "educational-content", "learning-management-system", "social-media-management", "website-builder", "content-management"}},
	} {
		if slices.ContainsFunc(categories, func(c string) bool { return slices.Contains(one.words, c) }) {
			return one.domain
		}
	}
	return DomainInternal
}

// WriteApp writes an application out as a publiccode.yml. What it lacks to be a valid one is Invalid, in field "source". It
// is public.
func (s *Store) WriteApp(ctx context.Context, slug string) ([]byte, App, error) {
	app, _, err := s.AppBySlug(ctx, slug)
	if err != nil {
		return nil, app, err
	}
	written, err := writeApp(app)
	return written, app, err
}

func writeApp(app App) ([]byte, error) {
	software := app.Software
	whole := map[string]publiccode.Description{} // of a hand-made entry, the languages that say all that a file has to
	for tag, one := range software.Description {
		if one.Long != "" && len(one.Features) > 0 {
			whole[tag] = one
		}
	}
	if len(whole) > 0 {
		software.Description = whole
	}
	written, problems, err := publiccode.Write(software)
	if err != nil {
		return nil, err
	}
	if _, faults := problemsOf(problems); len(faults) > 0 {
		return nil, &Error{Kind: Invalid, Problems: faults}
	}
	return written, nil
}

// AppFiles lists the good files of an application, the newest first. It is public.
func (s *Store) AppFiles(ctx context.Context, appID string) ([]AppFile, error) {
	var all []AppFile
	err := s.view(ctx, func(t *tx) error {
		var err error
		all, err = appFiles().under(t, window{Under: []string{appID}, Reverse: true, Limit: maxAppFiles})
		return err
	})
	return all, err
}
