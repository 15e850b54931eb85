package parts

import (
	"strconv"
	"strings"

	"belfry/frontend"

	"github.com/a-h/templ"
)

// Kind is the weight of a button or the colour of a badge.
type Kind string

// Buttons know Primary (one per view), Plain, Quiet and Danger; badges the others and Plain.
const (
	Plain   Kind = ""
	Primary Kind = "primary"
	Quiet   Kind = "quiet"
	Danger  Kind = "danger"

	BadgeOK    Kind = "ok"
	BadgeWait  Kind = "wait"
	BadgeInfo  Kind = "info"
	BadgeBad   Kind = "bad"
	BadgeBrick Kind = "brick"
	BadgeLine  Kind = "line"
	BadgeNew   Kind = "new"
)

// Button does something when it has no Href, and goes somewhere when it has one. Its label names the effect.
type Button struct {
	Label        string
	Hidden       string // more of the label for screen readers, when the same word stands in every row
	Icon         string
	Kind         Kind
	Href         string
	Name, Value  string
	Form, Action string // of a button that stands outside its form: its id, and where this button sends it
	Small        bool
	Block        bool
}

// elsewhere ties a button to a form that it does not stand in.
func (b Button) elsewhere() templ.Attributes {
	if b.Form == "" {
		return nil
	}
	return templ.Attributes{"form": b.Form, "formaction": b.Action}
}

func (b Button) class() string {
	class := "btn"
	if b.Kind != Plain {
		class += " btn--" + string(b.Kind)
	}
	if b.Small {
		class += " btn--sm"
	}
	if b.Block {
		class += " btn--block"
	}
	return class
}

// Badge is a state in a word. It is never a link.
type Badge struct {
	Label string
	Kind  Kind
	Icon  string
}

func (b Badge) class() string {
	if b.Kind == Plain {
		return "badge"
	}
	return "badge badge--" + string(b.Kind)
}

// Option is one choice of a select or a set of radio buttons.
type Option struct {
	Value, Label string
	Hint         string // radio buttons only
	Lang         string // of the label, when it is not that of the page
}

// Field is one labelled control: an input of the given Type, "textarea", "select", or with Choices radio buttons.
// It is required unless it says Optional. Error is a sentence, not a key.
type Field struct {
	Name         string
	ID           string // the name unless said; needed when a page has the same field twice
	Label        string
	Hint, Error  string
	Type         string // text unless said
	Value        string // as it was typed
	Options      []Option
	Optional     bool
	Filter       bool // may stay empty, without saying so
	Short        bool
	Autocomplete string
	Inputmode    string
	Min, Max     string
	Step         string
	Rows         int // textarea
	Lang         string
	List         string // id of a datalist
}

// Identity is the id of the control, which error summaries link to.
func (f Field) Identity() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

func (f Field) class() string {
	if f.Error != "" {
		return "field field--error"
	}
	return "field"
}

func (f Field) inputClass() string {
	if f.Short {
		return "input input--short"
	}
	return "input"
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) value() string {
	if f.Type == "password" {
		return "" // a password is typed again, never sent back
	}
	return f.Value
}

func (f Field) attributes() templ.Attributes {
	attributes := templ.Attributes{"required": !f.Optional && !f.Filter}
	for name, value := range map[string]string{
		"autocomplete": f.Autocomplete, "inputmode": f.Inputmode, "min": f.Min, "max": f.Max, "step": f.Step,
		"lang": f.Lang, "list": f.List, "aria-describedby": f.describedBy(),
	} {
		if value != "" {
			attributes[name] = value
		}
	}
	if f.Error != "" {
		attributes["aria-invalid"] = "true"
	}
	return attributes
}

func (f Field) describedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Identity()+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.Identity()+"-error")
	}
	return strings.Join(ids, " ")
}

func describedAttr(f Field) templ.Attributes {
	if by := f.describedBy(); by != "" {
		return templ.Attributes{"aria-describedby": by}
	}
	return nil
}

func (f Field) rows() string {
	if f.Rows == 0 {
		return "4"
	}
	return strconv.Itoa(f.Rows)
}

func (f Field) optionID(i int) string { return f.Identity() + "-" + strconv.Itoa(i) }

// Check is one box to tick; its value is "1".
type Check struct {
	Name, ID, Label, Hint string
	On                    bool
}

// Identity is the id of the box.
func (c Check) Identity() string { return Field{Name: c.Name, ID: c.ID}.Identity() }

// Problem is a sentence about one field, for the summary above a form.
type Problem struct {
	Field string // id of the control; "" for a problem of the form as a whole
	Text  string
}

// toCorrect counts the problems that a field can be corrected for.
func toCorrect(problems []Problem) (n int) {
	for _, problem := range problems {
		if problem.Field != "" {
			n++
		}
	}
	return n
}

// Problems collects those of the fields that have one.
func Problems(fields ...Field) []Problem {
	var problems []Problem
	for _, field := range fields {
		if field.Error != "" {
			problems = append(problems, Problem{field.Identity(), field.Error})
		}
	}
	return problems
}

func noticeClass(kind frontend.NoticeKind) string {
	if kind == frontend.Info {
		return "notice"
	}
	return "notice notice--" + string(kind)
}

func noticeIcon(kind frontend.NoticeKind) string {
	switch kind {
	case frontend.OK:
		return "check"
	case frontend.Wait:
		return "clock"
	case frontend.Bad:
		return "alert"
	}
	return "info"
}
