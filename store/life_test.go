package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// lives are meetings in every state, made by what people do.
func lives(t *testing.T, h *storetest.Hub) map[store.MeetingState]store.Meeting {
	t.Helper()
	all := map[store.MeetingState]store.Meeting{}
	make := func(state store.MeetingState, date string, draft bool) store.Meeting {
		in := single()
		in.Title, in.Date, in.Draft = string(state), date, draft
		m, err := h.ScheduleMeeting(ctx, store.System(), in)
		ok(t, err)
		all[state] = m
		return m
	}
	make(store.MeetingDraft, "2026-05-04", true)
	make(store.MeetingScheduled, "2026-05-05", false)
	frozen := make(store.MeetingFrozen, "2026-05-06", false)
	_, err := h.StepMeeting(ctx, store.System(), frozen.ID, store.MeetingFrozen)
	ok(t, err)
	cancelled := make(store.MeetingCancelled, "2026-05-07", false)
	ok(t, h.CancelMeeting(ctx, store.System(), cancelled.ID, "grève"))
	held := make(store.MeetingHeld, "2026-03-04", false) // runs now
	minuted := make(store.MeetingMinuted, "2026-03-04", false)
	approved := make(store.MeetingApproved, "2026-03-04", false)
	h.Clock.Set(held.Start.Add(10 * time.Minute))
	_, err = h.StepMeeting(ctx, store.System(), held.ID, store.MeetingHeld)
	ok(t, err)
	for _, m := range []store.Meeting{minuted, approved} {
		_, err := publish(t, h, m, 0, "Texte")
		ok(t, err)
	}
	later := single()
	later.Date, later.Clock = "2026-03-04", "10:00"
	next, err := h.ScheduleMeeting(ctx, store.System(), later)
	ok(t, err)
	h.Clock.Set(next.Start.Add(time.Minute))
	_, err = h.ApproveMinutes(ctx, store.System(), approved.ID, next.ID)
	ok(t, err)
	h.Clock.Set(held.Start.Add(40 * time.Minute))
	return all
}

// TestEveryStepOfEveryRole walks every transition as everybody: only organisers may, only along the table, and what is
// refused changes nothing.
func TestEveryStepOfEveryRole(t *testing.T) {
	states := []store.MeetingState{store.MeetingDraft, store.MeetingScheduled, store.MeetingFrozen, store.MeetingHeld, store.MeetingMinuted, store.MeetingApproved, store.MeetingCancelled}
	allowed := []string{"draft→scheduled", "scheduled→draft", "scheduled→frozen", "frozen→scheduled", "held→frozen", "cancelled→scheduled"}
	for _, role := range []store.Role{"", "visitor", store.RoleCoordinator, store.RoleModerator, store.RoleOrganiser, store.RoleSteward, store.RoleAdministrator} {
		may := slices.Contains([]store.Role{store.RoleOrganiser, store.RoleSteward, store.RoleAdministrator}, role)
		for _, to := range states {
			h := storetest.Open(t)
			member := h.Join(t, "Lena Exemple", "BE-92094")
			by := store.As(member.ID)
			switch role {
			case "", store.RoleCoordinator:
			case "visitor":
				by = store.Visitor()
			default:
				h.With(t, member, role)
			}
			if role == store.RoleCoordinator {
				ok(t, h.WelcomeTown(ctx, store.System(), member.TownID()))
			}
			for from, m := range lives(t, h) {
				step := fmt.Sprintf("%s→%s", from, to)
				before := digest(t, h)
				after, err := h.StepMeeting(ctx, by, m.ID, to)
				switch {
				case !may:
					if store.KindOf(err) != store.Denied {
						t.Errorf("%s as %q: %v", step, role, err)
					}
				case from == to || slices.Contains(allowed, step):
					if err != nil || after.State != to {
						t.Errorf("%s as %q: %v, now %s", step, role, err, after.State)
					}
				default:
					if store.KindOf(err) != store.Conflict {
						t.Errorf("%s as %q: %v", step, role, err)
					}
				}
				if err != nil && digest(t, h) != before {
					t.Errorf("%s as %q: refused, but something was stored", step, role)
				}
			}
		}
	}
}

func TestDeadlinesComeByThemselves(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		in := single()
		in.Propose, in.Freeze, in.Remind = 7, 2, []int{7, 1}
		m, err := h.ScheduleMeeting(ctx, store.System(), in)
		ok(t, err)
		_, err = h.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
		late := func(title string) bool {
			item, err := h.ProposeItem(ctx, store.As(lena.ID), m.ID, point(title, 5))
			ok(t, err)
			return item.Late
		}
		want(t, late("tôt"), false)
		h.Clock.Set(m.Before(7).Add(time.Minute))
		want(t, late("après le délai"), true)
		for range 2 {
			_, err := h.Advance(ctx)
			ok(t, err)
		}
		want(t, told(t, h, store.EventReminder, lena.ID), 1)
		h.Clock.Set(m.Before(2))
		for range 2 {
			_, err := h.Advance(ctx)
			ok(t, err)
		}
		after, _, err := h.MeetingByID(ctx, m.ID)
		ok(t, err)
		want(t, after.State, store.MeetingFrozen)
		want(t, late("après la clôture"), true)
		_, err = h.StepMeeting(ctx, store.System(), m.ID, store.MeetingScheduled)
		ok(t, err)
		_, err = h.Advance(ctx)
		ok(t, err)
		after, _, err = h.MeetingByID(ctx, m.ID)
		ok(t, err)
		want(t, after.State, store.MeetingScheduled) // opened by hand, it stays open
		h.Clock.Set(m.End)
		_, err = h.Advance(ctx)
		ok(t, err)
		after, _, err = h.MeetingByID(ctx, m.ID)
		ok(t, err)
		want(t, after.State, store.MeetingHeld)
		_, err = h.ProposeItem(ctx, store.As(lena.ID), m.ID, point("trop tard", 5))
		wantKind(t, err, store.Conflict, "agenda.closed")
	})
}

func TestANudgeGoesOnlyToTheSilent(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, otto, nora := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Otto Beispiel", "BE-62063"), h.Join(t, "Nora Voorbeeld", "BE-34022")
		for _, m := range []store.Member{lena, otto} { // nora waits for a welcome
			ok(t, h.WelcomeTown(ctx, store.System(), m.TownID()))
		}
		m := h.Meeting(t, 10)
		_, err := h.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.No})
		ok(t, err)
		_, err = h.NudgeMeeting(ctx, store.As(nora.ID), m.ID)
		wantKind(t, err, store.Denied, "error.not_allowed.organise")
		asked, err := h.NudgeMeeting(ctx, store.System(), m.ID)
		ok(t, err)
		want(t, asked, 1)
		want(t, told(t, h, store.EventNudge, otto.ID), 1)
		_, err = h.NudgeMeeting(ctx, store.System(), m.ID)
		wantKind(t, err, store.Conflict, "meeting.nudged_already")
	})
}
