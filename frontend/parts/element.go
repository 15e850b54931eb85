package parts

import "strings"

// TownSearch is a field for a town that suggests as one types. Without scripts it is a plain field whose form leads to
// a search page; then the code stays empty.
type TownSearch struct {
	Field    Field
	CodeName string // name of the hidden field for the official code; "" for none
	Code     string
	Go       bool // a choice opens the town's page
}

// TownSearchPath answers a town search with JSON for the parameter q.
const TownSearchPath = "/towns/search.json"

// Copy is a button that copies the value or text of the element with the id From. It shows only with scripts.
type Copy struct {
	From  string
	Label string // "Copy" unless said
}

// Preview shows beside a textarea what the server makes of it. It shows only with scripts.
type Preview struct {
	Source string // id of the textarea
	Action string // address that answers a post of "source" with HTML
}

// Draft keeps a textarea on the device while it is written. Key names the text, and must name the person too where
// several may use one device.
type Draft struct {
	Key   string
	Field Field
}

func (d Draft) key() string { return strings.TrimSpace(d.Key) }
