package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Frame is what a client sends, see PROTOCOL.md. Which fields a type has is in kinds.
type Frame struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Room     string    `json:"room"`
	Ref      string    `json:"ref"`
	Text     string    `json:"text"`
	Reason   string    `json:"reason"`
	Kind     string    `json:"kind"`
	Mark     string    `json:"mark"`
	Subject  string    `json:"subject"`
	On       bool      `json:"on"`
	Away     bool      `json:"away"`
	Number   int       `json:"number"`
	Revision int       `json:"revision"`
	Reply    int       `json:"reply"`
	After    *int      `json:"after"`
	Changes  int       `json:"changes"`
	Before   int       `json:"before"`
	Around   int       `json:"around"`
	From     time.Time `json:"from"`
}

const (
	maxID      = 64
	maxNumber  = 1 << 40
	maxAddress = 200
	maxFields  = 8
)

var errFrame = errors.New("live: not a frame")

// parse reads a frame of one of these kinds. What is no JSON object, has a field that is not of its kind, twice, or of the
// wrong sort or size, is errFrame; what it is an answer to is then known by its id alone, if it has one.
func parse(message []byte, kinds map[string]kind) (Frame, error) {
	var f Frame
	names, err := fieldsOf(message)
	if err != nil || json.Unmarshal(message, &f) != nil {
		return Frame{}, errFrame
	}
	one, known := kinds[f.Type]
	foreign := func(name string) bool { return name != "type" && name != "id" && !slices.Contains(one.fields, name) }
	if !known || len(f.ID) > maxID || slices.ContainsFunc(names, foreign) || !f.bounded() {
		if len(f.ID) > maxID {
			f.ID = ""
		}
		return Frame{ID: f.ID}, errFrame
	}
	return f, nil
}

// bounded says whether no field is larger than any that means something.
func (f Frame) bounded() bool {
	for _, n := range []int{f.Number, f.Revision, f.Reply, f.Changes, f.Before, f.Around} {
		if n < 0 || n > maxNumber {
			return false
		}
	}
	return len(f.Ref) <= maxID && len(f.Room) <= maxAddress && len(f.Subject) <= maxAddress && (f.After == nil || *f.After >= -1 && *f.After <= maxNumber)
}

// fieldsOf lists the fields of a JSON object. One that is there twice, or holds nothing, is an error.
func fieldsOf(message []byte) ([]string, error) {
	in := json.NewDecoder(bytes.NewReader(message))
	if begin, err := in.Token(); err != nil || begin != json.Delim('{') {
		return nil, errFrame
	}
	var names []string
	var value json.RawMessage
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, err
		}
		if err := in.Decode(&value); err != nil || string(value) == "null" || slices.Contains(names, name.(string)) || len(names) == maxFields {
			return nil, errFrame
		}
		names = append(names, name.(string))
	}
	return names, nil
}

// Problem is why something was not done: a code of PROTOCOL.md, a sentence for people, and for what may be tried again,
// when.
type Problem struct {
	Code  string
	Text  string
	Retry time.Duration
}

func (p *Problem) Error() string { return "live: " + p.Code + ": " + p.Text }

// Codes of problems.
const (
	CodeFrame       = "frame"
	CodeNotFound    = "not_found"
	CodeDenied      = "denied"
	CodeInvalid     = "invalid"
	CodeConflict    = "conflict"
	CodeLimited     = "limited"
	CodeUnavailable = "unavailable"
	CodeInternal    = "internal"
)

// Types of the frames that the server sends.
type (
	helloFrame struct {
		Type      string     `json:"type"`
		Version   int        `json:"version"`
		Server    string     `json:"server,omitempty"`
		Heartbeat int        `json:"heartbeat"`
		Page      int        `json:"page"`
		Limits    limits     `json:"limits"`
		Member    *namedFull `json:"member,omitempty"`
	}
	limits struct {
		Frame int `json:"frame"`
		Text  int `json:"text"`
		Rooms int `json:"rooms"`
	}
	namedFull struct {
		ID     string `json:"id"`
		Handle string `json:"handle"`
		Name   string `json:"name"`
		Town   string `json:"town,omitempty"`
	}
	pageFrame struct {
		Type     string            `json:"type"` // subscribed or resync
		Room     string            `json:"room"`
		Last     int               `json:"last"`
		Changes  int               `json:"changes"`
		Read     int               `json:"read"`
		Messages []json.RawMessage `json:"messages"`
		Changed  []json.RawMessage `json:"changed,omitempty"`
	}
	messageFrame struct {
		Type    string          `json:"type"` // message or changed
		Room    string          `json:"room"`
		Change  int             `json:"change,omitempty"`
		Message json.RawMessage `json:"message"`
	}
	roomFrame struct {
		Type   string `json:"type"`
		Room   string `json:"room"`
		Reason string `json:"reason,omitempty"`
	}
	errorFrame struct {
		Type  string  `json:"type"`
		ID    string  `json:"id,omitempty"`
		Room  string  `json:"room,omitempty"`
		Code  string  `json:"code"`
		Text  string  `json:"text,omitempty"`
		Retry float64 `json:"retry,omitempty"` // seconds
	}
	// Ack answers a frame that changed something.
	Ack struct {
		Type   string `json:"type"`
		ID     string `json:"id"`
		Room   string `json:"room"`
		Number int    `json:"number"`
	}
	// History answers a question for a part of a room.
	History struct {
		Type     string            `json:"type"`
		Room     string            `json:"room"`
		Ref      string            `json:"ref,omitempty"`
		Messages []json.RawMessage `json:"messages"`
		Earlier  bool              `json:"earlier,omitempty"`
		Later    bool              `json:"later,omitempty"`
		Last     int               `json:"last"`
	}
	presenceFrame struct {
		Type  string      `json:"type"`
		Room  string      `json:"room"`
		Count int         `json:"count"`
		Here  []namedFull `json:"here,omitempty"`
		Away  []namedFull `json:"away,omitempty"`
	}
	typingFrame struct {
		Type    string   `json:"type"`
		Room    string   `json:"room"`
		Names   []string `json:"names"`
		Members []string `json:"members"` // their ids, in the same order
	}
	readFrame struct {
		Type   string    `json:"type"`
		Room   string    `json:"room"`
		Member namedFull `json:"member"`
		Number int       `json:"number"`
	}
	touchedFrame struct {
		Type    string `json:"type"`
		Subject string `json:"subject"`
		Unread  string `json:"unread,omitempty"`
	}
)

func (p Person) named() namedFull {
	return namedFull{ID: p.ID, Handle: p.Handle, Name: p.Name, Town: p.Town}
}
