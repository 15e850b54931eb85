package pages

// ConfirmPage asks once more before something that cannot be taken back. Its form posts Fields to Action.
type ConfirmPage struct {
	Title, Text string
	Action      string
	Fields      []HiddenField
	Button      string // names the effect: "Cancel the meeting"
	Back        string // where somebody goes who does not want it
	BackText    string // "Cancel" unless said
}

// HiddenField is a value that a form carries along.
type HiddenField struct{ Name, Value string }
