package pages

import (
	"sort"

	"belfry/frontend"
	"belfry/frontend/parts"
)

// field is a control filled from a form, with its label's text key.
func field(p *frontend.Page, f frontend.Form, name, label string) parts.Field {
	return parts.Field{Name: name, Label: p.T(label), Value: f.Value(name), Error: f.Problem(name)}
}

// summary lists a form's problems for the box above it, in a fixed order.
func summary(f frontend.Form) []parts.Problem {
	var names []string
	for name := range f.Problems {
		names = append(names, name)
	}
	sort.Strings(names)
	var all []parts.Problem
	for _, name := range names {
		all = append(all, parts.Problem{Field: name, Text: f.Problems[name]})
	}
	return all
}

// languageOptions are the four languages, each in its own name.
func languageOptions(p *frontend.Page) []parts.Option {
	var options []parts.Option
	for _, l := range p.Languages {
		options = append(options, parts.Option{Value: l.Tag(), Label: l.Name(), Lang: l.Tag()})
	}
	return options
}

func with(f parts.Field, change func(*parts.Field)) parts.Field {
	change(&f)
	return f
}

func optional(f parts.Field) parts.Field {
	f.Optional = true
	return f
}

func hinted(f parts.Field, hint string) parts.Field {
	f.Hint = hint
	return f
}

func typed(f parts.Field, kind string) parts.Field {
	f.Type = kind
	return f
}

func chosen(f parts.Field, options []parts.Option) parts.Field {
	f.Type, f.Options = "select", options
	return f
}

func area(f parts.Field, rows int) parts.Field {
	f.Type, f.Rows = "textarea", rows
	return f
}

// optionalQuiet is a filter: it may stay empty, and need not say so.
func optionalQuiet(f parts.Field) parts.Field {
	f.Filter = true
	return f
}
