package store_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// digest is one number for everything that is stored.
func digest(t *testing.T, h *storetest.Hub) [32]byte {
	t.Helper()
	sum := sha256.New()
	err := h.DB.View(ctx, func(r kv.Reader) error {
		for from := []byte("\x00"); ; {
			pairs, err := r.Scan(kv.Range{From: from}, 500)
			if err != nil || len(pairs) == 0 {
				return err
			}
			for _, p := range pairs {
				if strings.HasPrefix(string(p.Key), "stale/") { // a note to the search index, harmless by itself
					continue
				}
				fmt.Fprintf(sum, "%d %d %s%s", len(p.Key), len(p.Value), p.Key, p.Value)
			}
			from = append(slices.Clone(pairs[len(pairs)-1].Key), 0)
		}
	})
	ok(t, err)
	return [32]byte(sum.Sum(nil))
}

// refuses asks that an input is Invalid, names the field, and leaves everything stored as it was.
func refuses(t *testing.T, h *storetest.Hub, what, field string, try func() error) {
	t.Helper()
	before := digest(t, h)
	err := try()
	named := slices.ContainsFunc(store.ProblemsOf(err), func(p store.Problem) bool { return p.Field == field })
	if store.KindOf(err) != store.Invalid || !named {
		t.Errorf("%s: got %v, want a problem of %s", what, err, field)
	}
	if digest(t, h) != before {
		t.Errorf("%s: refused, but something was stored", what)
	}
}

// badLines are texts that no one-line field takes.
func badLines() map[string]string {
	return map[string]string{
		"5,000 characters": strings.Repeat("a", 5000), "5,000 emoji": strings.Repeat("🎉", 5000), "a zero byte": "Le\x00na",
		"invalid UTF-8": "Le\xffna", "a line break": "Lena\nBcc: x", "a carriage return": "Lena\rx", "right-to-left": "Lena\u202egnp.exe",
		"a mark": "Lena\u200f", "an escape": "Lena\x1b[2J", "a byte order mark": "\ufeffLena",
	}
}

// badTexts are texts that no field of several lines takes.
func badTexts() map[string]string {
	return map[string]string{"too long": strings.Repeat("a", store.MaxMinutes+1), "a zero byte": "a\x00b", "invalid UTF-8": "a\xc3\x28"}
}

// badNumbers are numbers that nothing has.
func badNumbers() []int { return []int{-1, math.MinInt, math.MaxInt, 1 << 40} }

// stage is a furnished hub and the intents that take typed words, by field.
type stage struct {
	*storetest.Hub
	t       *testing.T
	lena    store.Member
	meeting store.Meeting
	item    store.AgendaItem
	town    string
}

func newStage(t *testing.T) *stage {
	s := &stage{Hub: storetest.Open(t), t: t}
	s.lena = s.Join(t, "Lena Exemple", "BE-92094")
	s.With(t, s.lena, store.RoleOrganiser)
	s.town = s.lena.TownID()
	s.meeting = s.Meeting(t, 10)
	var err error
	s.item, err = s.ProposeItem(ctx, store.As(s.lena.ID), s.meeting.ID, point("Accueil", 10))
	ok(t, err)
	in := series()
	in.Title = "Série"
	_, err = s.StartSeries(ctx, store.As(s.lena.ID), in)
	ok(t, err)
	s.Clock.Set(s.meeting.Start.Add(time.Minute)) // minutes may be written, answers are still taken
	return s
}

func monthly() store.Recurrence {
	return store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: time.Thursday}
}

func series() store.SeriesInput {
	return store.SeriesInput{Title: "Réunion", Lang: "fr", Rule: monthly(), Zone: "Europe/Brussels", Start: "2026-04-01", Clock: "09:30",
		Template: store.Template{Minutes: 60, Venue: "Salle"}}
}

func single() store.MeetingInput {
	return store.MeetingInput{Title: "Réunion", Lang: "fr", Date: "2026-04-16", Clock: "09:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle"}
}

// lines are the one-line fields: the intent with one text in it.
func (s *stage) lines() map[string]func(string) error {
	me := store.As(s.lena.ID)
	join := func(set func(*store.JoinInput)) error {
		in := store.JoinInput{Name: "Jef", Email: "jef@exemple.example", TownCode: "BE-92094", Language: "fr"}
		set(&in)
		return s.Store.Join(ctx, in)
	}
	profile := func(set func(*store.ProfileInput)) error {
		in := store.ProfileInput{Name: "Lena", Language: "fr"}
		set(&in)
		return s.ChangeProfile(ctx, me, in)
	}
	begin := func(set func(*store.SeriesInput)) error {
		in := series()
		set(&in)
		_, err := s.StartSeries(ctx, me, in)
		return err
	}
	meet := func(set func(*store.MeetingInput)) error {
		in := single()
		set(&in)
		_, err := s.ScheduleMeeting(ctx, me, in)
		return err
	}
	change := func(set func(*store.MeetingInput)) error {
		in := typed(s.meeting)
		set(&in)
		_, err := s.ChangeMeeting(ctx, me, s.meeting.ID, in)
		return err
	}
	begun, _, err := s.SeriesBySlug(ctx, "serie")
	ok(s.t, err)
	rework := func(set func(*store.SeriesInput)) error {
		in := series()
		set(&in)
		_, err := s.ChangeSeries(ctx, me, begun.ID, in)
		return err
	}
	return map[string]func(string) error{
		"join name":     func(v string) error { return join(func(in *store.JoinInput) { in.Name = v }) },
		"join email":    func(v string) error { return join(func(in *store.JoinInput) { in.Email = v + "@exemple.example" }) },
		"join language": func(v string) error { return join(func(in *store.JoinInput) { in.Language = v }) },
		"join zone":     func(v string) error { return join(func(in *store.JoinInput) { in.Zone = v }) },
		"join town":     func(v string) error { return join(func(in *store.JoinInput) { in.TownCode = v }) },
		"join town id":  func(v string) error { return join(func(in *store.JoinInput) { in.TownCode, in.TownID = "", v }) },
		"join other_name": func(v string) error {
			return join(func(in *store.JoinInput) { in.TownCode, in.OtherName, in.OtherLand = "", v, "BE" })
		},
		"join other_land": func(v string) error {
			return join(func(in *store.JoinInput) { in.TownCode, in.OtherName, in.OtherLand = "", "Ville", v })
		},
		"move other_name": func(v string) error { return s.MoveTo(ctx, me, store.JoinInput{OtherName: v, OtherLand: "BE"}) },
		"move other_land": func(v string) error { return s.MoveTo(ctx, me, store.JoinInput{OtherName: "Ville", OtherLand: v}) },
		"move town":       func(v string) error { return s.MoveTo(ctx, me, store.JoinInput{TownCode: v}) },
		"move town id":    func(v string) error { return s.MoveTo(ctx, me, store.JoinInput{TownID: v}) },

		"profile name":     func(v string) error { return profile(func(in *store.ProfileInput) { in.Name = v }) },
		"profile duty":     func(v string) error { return profile(func(in *store.ProfileInput) { in.Duty = v }) },
		"profile language": func(v string) error { return profile(func(in *store.ProfileInput) { in.Language = v }) },
		"profile zone":     func(v string) error { return profile(func(in *store.ProfileInput) { in.Zone = v }) },
		"town website": func(v string) error {
			return s.EditTown(ctx, store.System(), s.town, store.TownInput{Website: "https://exemple.example/" + v})
		},
		"town name": func(v string) error { return s.EditTown(ctx, store.System(), s.town, store.TownInput{Name: v}) },
		"town staff": func(v string) error {
			return s.EditTown(ctx, store.System(), s.town, store.TownInput{Staff: store.Staff(v)})
		},

		"series title": func(v string) error { return begin(func(in *store.SeriesInput) { in.Title = v }) },
		"series lang":  func(v string) error { return begin(func(in *store.SeriesInput) { in.Lang = v }) },
		"series zone":  func(v string) error { return begin(func(in *store.SeriesInput) { in.Zone = v }) },
		"series start": func(v string) error { return begin(func(in *store.SeriesInput) { in.Start = v }) },
		"series clock": func(v string) error { return begin(func(in *store.SeriesInput) { in.Clock = v }) },
		"series until": func(v string) error { return begin(func(in *store.SeriesInput) { in.Rule.Until = v }) },
		"series frequency": func(v string) error {
			return begin(func(in *store.SeriesInput) { in.Rule.Frequency = store.Frequency(v) })
		},
		"series meeting_title": func(v string) error { return begin(func(in *store.SeriesInput) { in.Template.Title = v }) },
		"series venue":         func(v string) error { return begin(func(in *store.SeriesInput) { in.Template.Venue = v }) },
		"series address":       func(v string) error { return begin(func(in *store.SeriesInput) { in.Template.Address = v }) },
		"series link": func(v string) error {
			return begin(func(in *store.SeriesInput) { in.Template.Link = "https://exemple.example/" + v })
		},
		"series host": func(v string) error { return begin(func(in *store.SeriesInput) { in.Template.HostTown = v }) },
		"series standing": func(v string) error {
			return begin(func(in *store.SeriesInput) {
				in.Template.Standing = []store.StandingItem{{Title: v, Kind: store.ToInform}}
			})
		},
		"meeting title":   func(v string) error { return meet(func(in *store.MeetingInput) { in.Title = v }) },
		"meeting lang":    func(v string) error { return meet(func(in *store.MeetingInput) { in.Lang = v }) },
		"meeting date":    func(v string) error { return meet(func(in *store.MeetingInput) { in.Date = v }) },
		"meeting clock":   func(v string) error { return meet(func(in *store.MeetingInput) { in.Clock = v }) },
		"meeting zone":    func(v string) error { return meet(func(in *store.MeetingInput) { in.Zone = v }) },
		"meeting host":    func(v string) error { return meet(func(in *store.MeetingInput) { in.HostTown = v }) },
		"meeting venue":   func(v string) error { return meet(func(in *store.MeetingInput) { in.Venue = v }) },
		"meeting address": func(v string) error { return meet(func(in *store.MeetingInput) { in.Address = v }) },
		"meeting link": func(v string) error {
			return meet(func(in *store.MeetingInput) { in.Link = "https://exemple.example/" + v })
		},
		"change title":  func(v string) error { return change(func(in *store.MeetingInput) { in.Title = v }) },
		"change host":   func(v string) error { return change(func(in *store.MeetingInput) { in.HostTown = v }) },
		"cancel reason": func(v string) error { return s.CancelMeeting(ctx, me, s.meeting.ID, v) },
		"document doc_title": func(v string) error {
			return s.AddDocument(ctx, me, s.meeting.ID, store.DocumentInput{Title: v, Lang: "fr", Link: "https://exemple.example/"}, nil)
		},
		"document doc_link": func(v string) error {
			return s.AddDocument(ctx, me, s.meeting.ID, store.DocumentInput{Title: "Note", Lang: "fr", Link: "https://exemple.example/" + v}, nil)
		},
		"item item_title": func(v string) error {
			_, err := s.ProposeItem(ctx, me, s.meeting.ID, point(v, 0))
			return err
		},
		"reword item_title": func(v string) error { return s.ChangeItem(ctx, me, s.item.ID, point(v, 0)) },
		"answer answer":     func(v string) error { return s.answers(store.AnswerInput{Answer: store.Answer(v)}) },
		"answer guests":     func(v string) error { return s.answers(store.AnswerInput{Answer: store.OnSite, Guests: []string{v}}) },
		"minutes summary": func(v string) error {
			_, err := s.SaveMinutes(ctx, me, s.meeting.ID, store.MinutesDraft{Source: "x", Lang: "fr", Summary: v})
			return err
		},
		"minutes lang": func(v string) error {
			_, err := s.SaveMinutes(ctx, me, s.meeting.ID, store.MinutesDraft{Source: "x", Lang: v})
			return err
		},
		"feed label": func(v string) error {
			_, err := s.NewFeedLink(ctx, me, v)
			return err
		},
		"change venue":   func(v string) error { return change(func(in *store.MeetingInput) { in.Venue = v }) },
		"change address": func(v string) error { return change(func(in *store.MeetingInput) { in.Address = v }) },
		"change lang":    func(v string) error { return change(func(in *store.MeetingInput) { in.Lang = v }) },
		"change date":    func(v string) error { return change(func(in *store.MeetingInput) { in.Date = v }) },
		"change clock":   func(v string) error { return change(func(in *store.MeetingInput) { in.Clock = v }) },
		"change zone":    func(v string) error { return change(func(in *store.MeetingInput) { in.Zone = v }) },
		"change link": func(v string) error {
			return change(func(in *store.MeetingInput) { in.Link = "https://exemple.example/" + v })
		},
		"rework title": func(v string) error { return rework(func(in *store.SeriesInput) { in.Title = v }) },
		"rework lang":  func(v string) error { return rework(func(in *store.SeriesInput) { in.Lang = v }) },
		"rework clock": func(v string) error { return rework(func(in *store.SeriesInput) { in.Clock = v }) },
		"rework venue": func(v string) error { return rework(func(in *store.SeriesInput) { in.Template.Venue = v }) },
		"rework host":  func(v string) error { return rework(func(in *store.SeriesInput) { in.Template.HostTown = v }) },
		"address email": func(v string) error {
			return s.ChangeEmail(ctx, me, v+"@exemple.example", "", store.Session{Member: s.lena.ID, Proved: s.Now()})
		},
		"person member": func(v string) error {
			_, err := s.PersonNamed(ctx, me, v)
			return err
		},
		"found name": func(v string) error {
			_, err := s.Found(ctx, "token", store.JoinInput{Name: v, Email: "a@exemple.example", Language: "fr", Password: "un-mot-de-passe-long"})
			return err
		},
		"found email": func(v string) error {
			_, err := s.Found(ctx, "token", store.JoinInput{Name: "Ada", Email: v + "@exemple.example", Language: "fr", Password: "un-mot-de-passe-long"})
			return err
		},
		"role role": func(v string) error { return s.SetRole(ctx, store.System(), s.lena.ID, store.Role(v), true) },
	}
}

func (s *stage) answers(in store.AnswerInput) error {
	_, err := s.AnswerMeeting(ctx, store.As(s.lena.ID), s.meeting.ID, in)
	return err
}

func TestBadLinesAreRefusedWithTheirField(t *testing.T) {
	s := newStage(t)
	all := s.lines()
	maps.Copy(all, s.discussionLines(t))
	for name, try := range all {
		field := strings.Fields(name)[1]
		for what, value := range badLines() {
			refuses(t, s.Hub, name+" with "+what, field, func() error { return try(value) })
		}
	}
}

func TestBadTextsAreRefusedWithTheirField(t *testing.T) {
	s := newStage(t)
	me := store.As(s.lena.ID)
	for what, value := range badTexts() {
		for name, try := range map[string]func() error{
			"profile about": func() error {
				return s.ChangeProfile(ctx, me, store.ProfileInput{Name: "Lena", Language: "fr", About: value})
			},
			"town about": func() error { return s.EditTown(ctx, store.System(), s.town, store.TownInput{About: value}) },
			"series about": func() error {
				in := series()
				in.About = value
				_, err := s.StartSeries(ctx, me, in)
				return err
			},
			"meeting about": func() error {
				in := single()
				in.About = value
				_, err := s.ScheduleMeeting(ctx, me, in)
				return err
			},
			"item item_text": func() error {
				in := point("x", 0)
				in.Text = value
				_, err := s.ProposeItem(ctx, me, s.meeting.ID, in)
				return err
			},
			"answer note": func() error { return s.answers(store.AnswerInput{Answer: store.Maybe, Note: value}) },
			"minutes source": func() error {
				_, err := s.SaveMinutes(ctx, me, s.meeting.ID, store.MinutesDraft{Source: value, Lang: "fr"})
				return err
			},
			"preview source": func() error {
				_, err := s.Preview(ctx, me, value)
				return err
			},
		} {
			refuses(t, s.Hub, name+" "+what, strings.Fields(name)[1], try)
		}
	}
}

func TestBadNumbersAreRefusedWithTheirField(t *testing.T) {
	s := newStage(t)
	me := store.As(s.lena.ID)
	for _, n := range badNumbers() {
		for field, set := range map[string]func(*store.SeriesInput){
			"minutes":     func(in *store.SeriesInput) { in.Template.Minutes = n },
			"seats":       func(in *store.SeriesInput) { in.Template.Seats = n },
			"next_number": func(in *store.SeriesInput) { in.NextNumber = n },
			"interval":    func(in *store.SeriesInput) { in.Rule.Interval = n },
			"nth":         func(in *store.SeriesInput) { in.Rule.Nth = n - 1 }, // -1 is the last one
			"weekday":     func(in *store.SeriesInput) { in.Rule.Weekday = time.Weekday(n) },
			"day":         func(in *store.SeriesInput) { in.Rule.Frequency, in.Rule.Day = store.MonthlyDate, n-1 },
			"count":       func(in *store.SeriesInput) { in.Rule.Count = n },
			"skip":        func(in *store.SeriesInput) { in.Rule.SkipMonths = []time.Month{time.Month(n)} },
			"standing": func(in *store.SeriesInput) {
				in.Template.Standing = []store.StandingItem{{Title: "x", Kind: store.ToDecide, Minutes: n}}
			},
		} {
			in := series()
			set(&in)
			refuses(t, s.Hub, fmt.Sprint("series ", field, n), field, func() error { _, err := s.StartSeries(ctx, me, in); return err })
		}
		for field, set := range map[string]func(*store.MeetingInput){
			"minutes": func(in *store.MeetingInput) { in.Minutes = n },
			"seats":   func(in *store.MeetingInput) { in.Seats = n },
		} {
			in := typed(s.meeting)
			set(&in)
			refuses(t, s.Hub, fmt.Sprint("meeting ", field, n), field, func() error { _, err := s.ScheduleMeeting(ctx, me, in); return err })
			refuses(t, s.Hub, fmt.Sprint("change ", field, n), field, func() error { _, err := s.ChangeMeeting(ctx, me, s.meeting.ID, in); return err })
		}
		refuses(t, s.Hub, fmt.Sprint("item ", n), "item_minutes", func() error { _, err := s.ProposeItem(ctx, me, s.meeting.ID, point("x", n)); return err })
	}
	many := make([]string, 10_000)
	refuses(t, s.Hub, "10,000 guests", "guests", func() error { return s.answers(store.AnswerInput{Answer: store.OnSite, Guests: many}) })
	in := series()
	in.Template.Standing = make([]store.StandingItem, 10_000)
	refuses(t, s.Hub, "10,000 standing items", "standing", func() error { _, err := s.StartSeries(ctx, me, in); return err })
}

// What people are really called is taken as it is.
func TestNamesOfTheWorldAreTaken(t *testing.T) {
	h := storetest.Open(t)
	me := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
	for _, name := range []string{"Zoé 🎉", "Þórður Ægisson", "مريم", "Nguyễn Thị Ví Dụ", "O’Exemple-d'Exemple", "👩‍💻", "李"} {
		ok(t, h.ChangeProfile(ctx, me, store.ProfileInput{Name: "  " + name + "  ", Language: "fr"}))
		m, err := h.MemberByID(ctx, me.MemberID)
		ok(t, err)
		want(t, m.Name, name)
	}
}
