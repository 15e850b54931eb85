package store

import (
	"context"
	"slices"
	"time"
)

// Wrote is a post of somebody, as their page lists it.
type Wrote struct {
	Thread Thread
	Seq    int
	At     time.Time
}

// wroteShown is how many of somebody's posts their page lists.
const wroteShown = 10

// PersonPage is what a person's page shows. The address is left out for everybody but the person and administrators. Of
// somebody who is hidden, most readers are shown the name alone, since the record names them.
type PersonPage struct {
	Member   Member
	Moved    bool
	Bare     bool            // hidden from this reader: Member holds name, handle and state only
	Towns    map[string]Town // of the places
	Roles    []RoleChange
	Names    map[string]Member
	Skills   map[string]Skill
	Wrote    []Wrote // newest first, what the reader may see
	Mine     bool
	MayWrite bool // the reader may send them a letter through the hub
	Reader   Member
}

// PersonPage reads a person's page by handle.
func (s *Store) PersonPage(ctx context.Context, by Actor, handle string) (PersonPage, error) {
	var p PersonPage
	err := s.view(ctx, func(t *tx) error {
		m, err := members().lookup(t, famMemberHandle, handle)
		if err != nil {
			return err
		}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		p = PersonPage{Member: m, Moved: m.Handle != handle, Mine: by.MemberID == m.ID, Reader: reader}
		if !p.Mine && !may(reader, Administer) {
			p.Member.Email = ""
		}
		if !seesPerson(reader, m) {
			p.Bare, p.Member = true, Member{ID: m.ID, Handle: m.Handle, Name: m.Name, State: m.State}
			return nil
		}
		p.MayWrite = !p.Mine && mayWriteTo(reader, m)
		return p.fill(t, reader)
	})
	return p, err
}

// seesPerson says whether a reader is shown more of somebody than the name: those who are hidden are seen by themselves,
// the coordinators who look after their place in the town, and stewards.
func seesPerson(reader, m Member) bool {
	return !m.Hidden || reader.ID == m.ID || mayEditTown(reader, m.TownID())
}

func (p *PersonPage) fill(t *tx, reader Member) error {
	var ids []string
	for _, place := range p.Member.Places {
		ids = append(ids, place.Town)
	}
	var err error
	if p.Towns, err = towns().many(t, ids); err != nil {
		return err
	}
	p.Roles, err = roleChanges().list(t, famRoleMember, window{Under: []string{p.Member.ID}, Reverse: true, Limit: 50})
	if err != nil {
		return err
	}
	if p.Names, err = t.named(p.Roles); err != nil {
		return err
	}
	if p.Skills, err = t.skillNames(p.Member.Skills); err != nil {
		return err
	}
	p.Wrote, err = t.writings(p.Member.ID, reader)
	return err
}

// writings are the newest posts of somebody that a reader may see, one of each thread.
func (t *tx) writings(memberID string, reader Member) ([]Wrote, error) {
	shelves, err := t.shelves()
	if err != nil {
		return nil, err
	}
	var found []Wrote
	for _, look := range []int{2 * wroteShown, 20 * wroteShown} { // mostly the newest are enough
		own, err := posts().list(t, famPostAuthor, window{Under: []string{memberID}, Reverse: true, Limit: look})
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, p := range own {
			ids = append(ids, p.Thread)
		}
		in, err := threads().many(t, ids)
		if err != nil {
			return nil, err
		}
		found = found[:0]
		for _, p := range own {
			d := in[p.Thread]
			if len(found) == wroteShown || p.Hidden != nil || !d.shown(reader, shelves) || slices.ContainsFunc(found, func(w Wrote) bool { return w.Thread.ID == d.ID }) {
				continue
			}
			found = append(found, Wrote{Thread: d, Seq: p.Seq, At: p.At})
		}
		if len(found) == wroteShown || len(own) < look {
			break
		}
	}
	return found, nil
}

// mayWriteTo: members who were welcomed, and those with duties, write to members who can be reached and want letters.
func mayWriteTo(from, to Member) bool {
	able := welcomed(from) || may(from, Organise) || may(from, Moderate)
	return able && from.ID != to.ID && to.State == MemberActive && to.Email != "" && !to.NoNotice && !to.Hidden
}

// Letters one member may send through the hub, and get, in a day.
func lettersSent() (sent, got limit) {
	return limit{"contact", 10, 24 * time.Hour}, limit{"contact.to", 40, 24 * time.Hour}
}

// ContactInput is a letter to a member.
type ContactInput struct {
	Subject, Text string
	Reply         bool // give them my address, so that they can answer
}

// Contact sends somebody a letter without telling either address: by members who were welcomed. With Reply the writer's
// own address is in the letter, because they said so. Denied to those who take no letters.
func (s *Store) Contact(ctx context.Context, by Actor, memberID string, in ContactInput) error {
	var c check
	in.Subject = c.required("subject", in.Subject, MaxTitle)
	if in.Text = c.text("text", in.Text, MaxText); in.Text == "" && c.err() == nil {
		c.add("text", "invalid.required")
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "contact/"+by.MemberID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		from, err := t.require(by, Take)
		if err != nil {
			return err
		}
		to, err := members().get(t, memberID)
		if err != nil {
			return err
		}
		if !mayWriteTo(from, to) {
			return denied("person.no_letters")
		}
		sent, got := lettersSent()
		if err := t.spend(sent, from.ID); err != nil {
			return err
		}
		if err := t.spend(got, to.ID); err != nil {
			return err
		}
		data := map[string]string{"subject": in.Subject, "text": in.Text}
		if in.Reply {
			data["reply"] = from.Email
		}
		return t.emit(Event{Kind: EventContact, Subject: to.ID, Member: to.ID, By: from.ID, Data: data})
	})
}

// skillWords are the names of skills in every language, to be found by.
func (t *tx) skillWords(ids []string) (string, error) {
	names, err := t.skillNames(ids)
	words := ""
	for _, id := range ids {
		for _, lang := range Languages() {
			if name := names[id].Names[lang]; name != "" {
				words += "\n" + name
			}
		}
	}
	return words, err
}
