package demo

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"belfry/store"
)

//go:embed talk/*.txt
var spoken embed.FS

// utterance is one line of talk: who speaks, what they answer, and what becomes of it.
type utterance struct {
	author store.Member
	text   string
	reply  int
	mark   store.MarkKind
	thanks bool
}

// chatter lets people talk in rooms during the last two days.
func (s *story) chatter() error {
	s.reach(s.now.Add(-30 * time.Hour))
	newcomers, err := s.hub.OpenRoom(s.ctx, s.steward, store.RoomInput{Name: "Premiers pas", Purpose: "Pour les communes qui arrivent : aucune question n’est trop simple.",
		Lang: "fr", Access: store.AccessPublic})
	if err != nil {
		return err
	}
	dutch, err := s.hub.OpenRoom(s.ctx, store.As(s.writer("nl", 0).ID), store.RoomInput{Name: "Nederlandstalig", Purpose: "Voor wie liever in het Nederlands praat.",
		Lang: "nl", Access: store.AccessMembers})
	if err != nil {
		return err
	}
	closed, err := s.hub.OpenRoom(s.ctx, store.As(s.hugo().ID), store.RoomInput{Name: "Préparation de la réunion", Purpose: "Entre celles et ceux qui préparent la prochaine réunion.",
		Lang: "fr", Access: store.AccessPrivate})
	if err != nil {
		return err
	}
	elise, err := s.hub.MemberByHandle(s.ctx, Persons()[1].Handle)
	if err != nil {
		return err
	}
	thomas, err := s.hub.MemberByHandle(s.ctx, Persons()[3].Handle)
	if err != nil {
		return err
	}
	for _, id := range []string{elise.ID, thomas.ID} {
		if err := s.hub.Invite(s.ctx, store.As(s.hugo().ID), closed.ID, id); err != nil {
			return err
		}
	}
	direct, err := s.hub.OpenDirect(s.ctx, store.As(thomas.ID), []string{elise.ID})
	if err != nil {
		return err
	}
	rooms := []struct{ file, room string }{{"dutch", dutch.ID}, {"newcomers", newcomers.ID}, {"private", closed.ID}, {"lounge", store.LoungeID}}
	near, err := s.hub.MeetingRooms(s.ctx, store.As(elise.ID))
	if err != nil {
		return err
	}
	if len(near) > 0 {
		rooms = append(rooms, struct{ file, room string }{"meeting", near[len(near)-1].ID})
	}
	rooms = append(rooms, struct{ file, room string }{"direct", direct.ID})
	for _, one := range rooms {
		if err := s.speak(one.file, one.room); err != nil {
			return fmt.Errorf("demo: talk %s: %w", one.file, err)
		}
	}
	_, err = s.hub.ReadRoom(s.ctx, store.As(elise.ID), store.LoungeID, 6)
	if err != nil {
		return err
	}
	return s.carryOver(newcomers.ID)
}

// speak lets a file of talk be said in a room.
func (s *story) speak(file, room string) error {
	raw, err := spoken.ReadFile("talk/" + file + ".txt")
	if err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		one, err := s.utterance(line)
		if err != nil {
			return err
		}
		s.reach(s.clock.Now().Add(time.Duration(40+(i*97)%700) * time.Second))
		text := one.text
		if one.author.Language == "fr" {
			text = typeset(text)
		}
		m, err := s.hub.Send(s.ctx, store.As(one.author.ID), room, store.MessageInput{Source: text, Reply: one.reply})
		if err != nil {
			return err
		}
		if one.mark != "" {
			if _, err := s.hub.MarkMessage(s.ctx, store.As(one.author.ID), room, m.Number, one.mark); err != nil {
				return err
			}
		}
		if one.thanks {
			if err := s.thank(room, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// thank lets two of those who spoke in a room say a word about a message.
func (s *story) thank(room string, m store.Message) error {
	page, err := s.hub.RoomPage(s.ctx, store.As(m.Author), room, store.MessageQuery{})
	if err != nil {
		return err
	}
	said := map[string]bool{m.Author: true}
	for _, row := range page.Rows {
		if id := row.Message.Author; !said[id] && len(said) < 3 {
			said[id] = true
			if _, err := s.hub.ReactMessage(s.ctx, store.As(id), room, m.Number, store.Thanks, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// utterance reads a line: "who | what | flags". Who is a handle, or a language and a number.
func (s *story) utterance(line string) (utterance, error) {
	parts := strings.SplitN(line, "|", 3)
	if len(parts) < 2 {
		return utterance{}, fmt.Errorf("%q says nothing", line)
	}
	one := utterance{text: strings.TrimSpace(parts[1])}
	who := strings.Fields(parts[0])
	if len(who) == 2 {
		n, err := strconv.Atoi(who[1])
		if err != nil {
			return one, err
		}
		one.author = s.writer(who[0], n)
	} else {
		m, err := s.hub.MemberByHandle(s.ctx, strings.TrimSpace(parts[0]))
		if err != nil {
			return one, err
		}
		one.author = m
	}
	if len(parts) < 3 {
		return one, nil
	}
	for _, flag := range strings.Fields(parts[2]) {
		switch {
		case flag == "thanks":
			one.thanks = true
		case flag == "decision" || flag == "action":
			one.mark = store.MarkKind(flag)
		default:
			n, err := strconv.Atoi(strings.TrimPrefix(flag, "re"))
			if err != nil {
				return one, err
			}
			one.reply = n
		}
	}
	return one, nil
}

// carryOver moves what became a discussion of its own to where it can be found again.
func (s *story) carryOver(room string) error {
	_, _, err := s.hub.MoveMessages(s.ctx, s.steward, room, store.MoveInput{Numbers: []int{5, 6, 7}, Title: "Reprendre les délibérations d’un ancien serveur",
		Category: s.shelf["help"].Slug})
	return err
}
