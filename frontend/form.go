package frontend

// Form is what a person typed and what is wrong with it, by field. A problem under "" belongs to the form as a whole.
type Form struct {
	Values   map[string]string
	Problems map[string]string
}

// Value is what was typed into a field.
func (f Form) Value(name string) string { return f.Values[name] }

// Problem is the sentence beside a field, "" when it is right.
func (f Form) Problem(name string) string { return f.Problems[name] }

// On says whether a box was ticked.
func (f Form) On(name string) bool { return f.Values[name] == "1" }
