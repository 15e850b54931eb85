package store_test

import (
	"context"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func TestCareShowsWhoFellSilent(t *testing.T) {
	ctx, h := context.Background(), storetest.Open(t)
	town, boss, colleague, steward := cared(t, h)
	if _, err := h.AddSkill(ctx, colleague, store.SkillInput{Names: map[string]string{"fr": "Ruches"}, Group: "data"}); err != nil {
		t.Fatal(err)
	}
	care := func() store.Care {
		c, err := h.Care(ctx, steward)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := care(); len(c.Silent)+len(c.Confirm) > 0 || len(c.NewSkills) != 1 || c.NewSkills[0].ID != "ruches" {
		t.Errorf("on the first day: %+v", c)
	}
	h.Clock.Add(200 * 24 * time.Hour)
	if c := care(); len(c.Silent) != 1 || c.Silent[0].ID != town.ID || len(c.Confirm) != 0 {
		t.Errorf("after half a year: %+v, %+v", c.Silent, c.Confirm)
	}
	m, err := h.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: "Réunion", Lang: "fr", Date: "2026-10-18", Clock: "09:30", Zone: "Europe/Brussels", Minutes: 60, Online: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AnswerMeeting(ctx, colleague, m.ID, store.AnswerInput{Answer: store.Online}); err != nil {
		t.Fatal(err)
	}
	if c := care(); len(c.Silent) != 0 {
		t.Error("answers a meeting, and counts as silent")
	}
	h.Clock.Add(170 * 24 * time.Hour)
	if c := care(); len(c.Confirm) != 1 {
		t.Errorf("after a year %d profiles wait", len(c.Confirm))
	}
	if err := h.ConfirmTown(ctx, boss, town.ID); err != nil {
		t.Fatal(err)
	}
	if c := care(); len(c.Confirm)+len(c.Silent) != 0 {
		t.Errorf("confirmed: %+v", c)
	}
}
