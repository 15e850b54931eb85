package live

// kind is what clients may ask for by one type of frame: the fields it has beside type and id, and what is done.
type kind struct {
	fields []string
	do     func(*Hub, *Socket, Frame) error
}

// kinds are all types of frames that a hub takes, see PROTOCOL.md.
func kinds() map[string]kind {
	return map[string]kind{
		"subscribe":   {[]string{"room", "after", "changes"}, (*Hub).subscribe},
		"unsubscribe": {[]string{"room"}, (*Hub).letGo},
		"typing":      {[]string{"room"}, func(h *Hub, s *Socket, f Frame) error { h.types(s, f.Room); return nil }},
		"away":        {[]string{"away"}, func(h *Hub, s *Socket, f Frame) error { h.looksAway(s, f.Away); return nil }},
		"watch":       {[]string{"subject"}, func(h *Hub, s *Socket, f Frame) error { return h.watch(s, f.Subject) }},
		"send":        {[]string{"room", "text", "reply"}, (*Hub).desk},
		"edit":        {[]string{"room", "number", "revision", "text"}, (*Hub).desk},
		"delete":      {[]string{"room", "number", "reason"}, (*Hub).desk},
		"react":       {[]string{"room", "number", "kind", "on"}, (*Hub).desk},
		"mark":        {[]string{"room", "number", "mark"}, (*Hub).desk},
		"read":        {[]string{"room", "number"}, (*Hub).desk},
		"history":     {[]string{"room", "ref", "before", "after", "around", "from"}, (*Hub).desk},
	}
}

// Kinds are the types of frames that clients send, each with the fields it has beside type and id.
func Kinds() map[string][]string {
	all := map[string][]string{}
	for name, one := range kinds() {
		all[name] = one.fields
	}
	return all
}

// letGo lets a connection go from a room by its own wish.
func (h *Hub) letGo(s *Socket, f Frame) error {
	h.unsubscribe(s, f.Room)
	h.send(s, roomFrame{Type: "unsubscribed", Room: f.Room})
	return nil
}

// desk lets the desk do what a frame asks for, and hands on its answer.
func (h *Hub) desk(s *Socket, f Frame) error {
	answer, err := h.Desk.Do(h.ctx, s.Person, f)
	if err != nil {
		return err
	}
	if read, ok := answer.(ReadTo); ok {
		h.readTo(s, f.Room, read)
		return nil
	}
	if f.Type == "send" {
		h.wrote(s, f.Room)
	}
	if answer != nil {
		h.send(s, answer)
	}
	return nil
}
