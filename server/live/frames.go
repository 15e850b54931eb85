package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Frame is what a client sends, see PROTOCOL.md. Fields that a type does not use are ignored.
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
)

var errFrame = errors.New("live: not a frame")

// parse reads a frame. What is no JSON object, or has a field of the wrong kind or size, is errFrame.
func parse(message []byte) (Frame, error) {
	var f Frame
	in := json.NewDecoder(bytes.NewReader(message))
	if trimmed := bytes.TrimLeft(message, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' || in.Decode(&f) != nil {
		return Frame{}, errFrame
	}
	if _, err := in.Token(); err != io.EOF {
		return Frame{}, errFrame
	}
	if f.Type == "" || len(f.ID) > maxID || len(f.Ref) > maxID || len(f.Room) > maxAddress || len(f.Subject) > maxAddress {
		return Frame{}, errFrame
	}
	for _, n := range []int{f.Number, f.Revision, f.Reply, f.Changes, f.Before, f.Around} {
		if n < 0 || n > maxNumber {
			return Frame{}, errFrame
		}
	}
	if f.After != nil && (*f.After < -1 || *f.After > maxNumber) {
		return Frame{}, errFrame
	}
	return f, nil
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
