package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"
)

// community is a demo on disk that no process has open: members with sessions, and meetings with few seats.
type community struct {
	dir       string
	members   []store.Member
	sessions  []string // one for each member
	meetings  []store.Meeting
	organiser store.Actor // the first member
}

const seats = 20

// newCommunity makes a community of so many members and meetings.
func newCommunity(t *testing.T, people, gatherings int) *community {
	t.Helper()
	ctx := t.Context()
	c := &community{dir: filepath.Join(t.TempDir(), "data"), members: make([]store.Member, people), sessions: make([]string, people)}
	hub, _, err := openStore(ctx, c.dir, found, store.Options{Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	for i := range people {
		join := store.JoinInput{Name: fmt.Sprintf("Personne Inventée %03d", i), Email: fmt.Sprintf("p%03d@exemple.example", i),
			TownCode: "BE-92094", Language: "fr", From: store.Client{Address: fmt.Sprint("test ", i)}}
		if err := hub.Join(ctx, join); err != nil {
			t.Fatal(err)
		}
	}
	due, err := hub.DueEvents(ctx, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range due {
		var i int
		if _, err := fmt.Sscanf(event.Data["address"], "p%03d@", &i); err != nil || event.Kind != store.EventConfirmAddress {
			continue
		}
		in, err := hub.UseTicket(ctx, event.Data["token"], "", store.Client{})
		if err != nil {
			t.Fatal(err)
		}
		c.members[i], c.sessions[i] = in.Member, in.Token
	}
	c.organiser = store.As(c.members[0].ID)
	if err := hub.SetRole(ctx, store.System(), c.members[0].ID, store.RoleOrganiser, true); err != nil {
		t.Fatal(err)
	}
	for n := range gatherings {
		m, err := hub.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: fmt.Sprint("Réunion ", n), Lang: "fr",
			Date: time.Now().AddDate(0, 1, n).Format(time.DateOnly), Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60,
			Venue: "Hôtel de ville", Online: true, Seats: seats})
		if err != nil {
			t.Fatal(err)
		}
		c.meetings = append(c.meetings, m)
	}
	return c
}

// tokens reads every member's form token.
func (c *community) tokens(h *hub) []string {
	h.t.Helper()
	tokens := make([]string, len(c.sessions))
	var wg sync.WaitGroup
	next := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range next {
				_, page, err := h.get("/settings", c.sessions[i])
				if field := tokenField.FindStringSubmatch(page); err == nil && field != nil {
					tokens[i] = field[1]
				}
			}
		})
	}
	for i := range c.sessions {
		next <- i
	}
	close(next)
	wg.Wait()
	for i, token := range tokens {
		if token == "" {
			h.t.Fatalf("member %d has no form token", i)
		}
	}
	return tokens
}

// chair is where an answer belongs: which member, which meeting.
type chair struct{ member, meeting int }

// answers reads what is on disk while no process has it open, and asserts that no room is over its seats.
func (c *community) answers(t *testing.T, dir string) map[chair]store.RSVP {
	t.Helper()
	hub, _, err := openStore(context.Background(), dir, examine, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	return c.read(t, hub)
}

// read is answers of an opened store.
func (c *community) read(t *testing.T, hub *store.Store) map[chair]store.RSVP {
	t.Helper()
	all, err := c.seated(hub)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// seated is read, with an error for a room that is over its seats.
func (c *community) seated(hub *store.Store) (map[chair]store.RSVP, error) {
	number := map[string]int{}
	for i, m := range c.members {
		number[m.ID] = i
	}
	all := map[chair]store.RSVP{}
	var wrong []error
	for n, m := range c.meetings {
		page, err := hub.MeetingPage(context.Background(), c.organiser, m.Slug)
		if err != nil {
			return nil, err
		}
		seated := 0
		for _, town := range page.Attendance.Towns {
			for _, who := range town.People {
				all[chair{number[who.Member.ID], n}] = who.RSVP
				if who.RSVP.Seated() {
					seated += who.RSVP.Party()
				}
			}
		}
		if seated > seats || seated != page.Attendance.Tally.OnSite {
			wrong = append(wrong, fmt.Errorf("%s: %d seated on %d seats, %d counted", m.Title, seated, seats, page.Attendance.Tally.OnSite))
		}
	}
	return all, errors.Join(wrong...)
}

// sound runs belfry check.
func sound(t *testing.T, dir string) {
	t.Helper()
	belfry(t, "check", "--data", dir).ends(t, 0, "Nothing wrong")
}

func serial(note string) (n int) {
	_, _ = fmt.Sscanf(strings.TrimPrefix(note, "try "), "%d", &n)
	return n
}
