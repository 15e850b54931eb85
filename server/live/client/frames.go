package client

import (
	"encoding/json"
	"time"
)

type frame struct {
	Type     string    `json:"type"`
	Room     string    `json:"room"`
	ID       string    `json:"id"`
	Code     string    `json:"code"`
	Text     string    `json:"text"`
	Reason   string    `json:"reason"`
	Retry    float64   `json:"retry"`
	Number   int       `json:"number"`
	Last     int       `json:"last"`
	Change   int       `json:"change"`
	Changes  int       `json:"changes"`
	Message  Message   `json:"message"`
	Messages []Message `json:"messages"`
	Changed  []Message `json:"changed"`
}

// take does what a frame says.
func (c *Client) take(raw []byte) {
	var in frame
	if json.Unmarshal(raw, &in) != nil {
		return
	}
	switch in.Type {
	case "ack":
		c.settle(in.ID, result{number: in.Number})
		return
	case "error":
		c.refused(in)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.rooms[in.Room]
	if f == nil {
		return
	}
	switch in.Type {
	case "subscribed":
		if f.last < 0 && f.Reset != nil {
			f.Reset(in.Messages)
		} else {
			for _, m := range in.Messages {
				f.fresh(m)
			}
		}
		for _, m := range in.Changed {
			f.changed(m)
		}
		f.last, f.changes = max(f.last, in.Last), max(f.changes, in.Changes)
	case "resync":
		if f.Reset != nil {
			f.Reset(in.Messages)
		}
		f.last, f.changes = in.Last, in.Changes
	case "message":
		f.fresh(in.Message)
	case "changed":
		f.changed(in.Message)
		f.changes = max(f.changes, in.Change)
	case "unsubscribed":
		if in.Reason != "" && f.Denied != nil {
			f.Denied()
		}
	default:
		if f.Raw != nil {
			f.Raw(raw)
		}
	}
}

func (f *following) fresh(m Message) {
	f.last = max(f.last, m.Number)
	f.changes = max(f.changes, m.Change)
	if f.Message != nil {
		f.Message(m)
	}
}

func (f *following) changed(m Message) {
	if f.Changed != nil {
		f.Changed(m)
	}
}

// refused settles what was refused for good; what may be tried again is, later.
func (c *Client) refused(in frame) {
	if in.Code == "limited" || in.Code == "unavailable" || in.Code == "internal" {
		wait := max(time.Duration(in.Retry*float64(time.Second)), time.Second)
		time.AfterFunc(wait, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if p := c.waiting[in.ID]; p != nil {
				c.write(p.frame)
			}
		})
		return
	}
	c.mu.Lock()
	if f := c.rooms[in.Room]; f != nil && f.Unknown != nil && in.ID == "" {
		f.Unknown(in.Text)
	}
	c.mu.Unlock()
	c.settle(in.ID, result{err: &Refused{in.Code, in.Text, time.Duration(in.Retry * float64(time.Second))}})
}

// settle ends the waiting for an answer.
func (c *Client) settle(id string, r result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.waiting[id]
	if p == nil {
		return
	}
	delete(c.waiting, id)
	for i, one := range c.order {
		if one == id {
			c.order = append(c.order[:i:i], c.order[i+1:]...)
			break
		}
	}
	p.done <- r
}
