package pages

import (
	"slices"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/parts"
)

// AgainPage answers a form that could not be kept because the data is away, full or busy: it says so, and holds what was sent,
// to be sent again. Without Form it says to go one step back.
type AgainPage struct {
	Status      int
	Title, Text string // those of the status unless said
	Request     string // reference under which the operator finds the incident
	Form        *SentForm
}

// SentForm is a form as it was sent.
type SentForm struct {
	Action string // path and query on this site
	CSRF   string // "" for a visitor
	Fields []SentField
	Files  []SentField // their values are the names of the files; none can be kept
}

// SentField is a field of it, as often as it was sent.
type SentField struct{ Name, Value string }

// error is the page as one of those for errors, which has the words of its status.
func (a AgainPage) error() ErrorPage {
	return ErrorPage{Status: a.Status, Title: a.Title, Text: a.Text}
}

func (f *SentForm) enctype() string {
	if len(f.Files) > 0 {
		return "multipart/form-data"
	}
	return "application/x-www-form-urlencoded"
}

// Withheld says whether a field is never sent back, whatever it holds: a password, or a code that is good once.
func (f *SentForm) Withheld(name string) bool {
	name = strings.ToLower(name)
	switch {
	case strings.Contains(name, "password"), name == "current":
		return true
	case name == "code": // the form that gives a thread to somebody has a field for their handle
		path, _, _ := strings.Cut(f.Action, "?")
		return !strings.HasSuffix(path, "/do/assign")
	}
	return false
}

// hidden are the fields that nobody typed, or that are too short to be told from those.
func (f *SentForm) hidden() []SentField {
	return slices.DeleteFunc(slices.Clone(f.Fields), func(one SentField) bool { return f.Withheld(one.Name) || sentLabel(one) != "" })
}

// shown are the controls of what was typed, and of what is to be typed or chosen again.
func (f *SentForm) shown(p *frontend.Page) []parts.Field {
	var all []parts.Field
	add := func(field parts.Field) {
		field.ID = "sent-" + strconv.Itoa(len(all))
		all = append(all, field)
	}
	for _, one := range f.Fields {
		field := parts.Field{Name: one.Name, Value: one.Value}
		switch label := sentLabel(one); {
		case f.Withheld(one.Name):
			if one.Value != "" {
				add(withheld(p, one.Name))
			}
			continue
		case label == "":
			continue
		default:
			field.Label = p.T(label)
		}
		if lines := strings.Count(one.Value, "\n") + strings.Count(one.Value, "\r") + len(one.Value)/70; lines > 0 {
			field = area(field, min(3+lines, 14))
		}
		add(optionalQuiet(field))
	}
	for _, one := range f.Files {
		add(typed(hinted(parts.Field{Name: one.Name, Label: p.T("again.file", "Name", one.Value)}, p.T("again.file_hint")), "file"))
	}
	return all
}

// withheld is an empty control for what is never sent back.
func withheld(p *frontend.Page, name string) parts.Field {
	field := hinted(parts.Field{Name: name, Label: p.T("field.password"), Type: "password", Autocomplete: "current-password"}, p.T("again.secret"))
	switch name {
	case "current":
		field.Label = p.T("settings.password.current")
	case "code":
		field.Label, field.Type, field.Autocomplete, field.Inputmode, field.Short = p.T("sign_in.code"), "", "one-time-code", "numeric", true
	}
	return field
}

// longText is from when a value with several words is shown, whatever its field is called.
const longText = 40

// sentLabel is the text key of the label of what somebody typed, "" for a field that is better not shown. The same name
// means something else in another form, so that the words are general.
func sentLabel(f SentField) string {
	if f.Value == "" || f.Name == frontend.CSRFField {
		return ""
	}
	switch f.Name {
	case "title", "doc_title", "item_title", "meeting_title":
		return "field.title"
	case "subject":
		return "person.subject"
	case "name", "other_name":
		return "app.name"
	case "email":
		return "field.email"
	case "about":
		return "field.about"
	case "date":
		return "field.date"
	case "clock":
		return "field.clock"
	case "venue":
		return "field.venue"
	case "address":
		return "field.address"
	case "guests":
		return "rsvp.guests"
	case "tags":
		return "tag.title"
	case "note":
		return "actions.note"
	case "reason", "why":
		return "meeting.cancel_reason"
	case "source", "text", "message", "item_text", "erratum":
		return "again.text"
	}
	if strings.Contains(f.Value, "\n") || len(f.Value) > longText && strings.Contains(f.Value, " ") {
		return "again.text"
	}
	return ""
}
