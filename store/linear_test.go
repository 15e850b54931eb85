package store_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// seatAsked is one operation on the seats of a meeting: somebody comes, or does not come any more, or there are so many
// seats from now on.
type seatAsked struct {
	who   int
	comes bool
	seats int // 0 unless their number changes
}

// seatsModel is what the seats of a meeting do when one thing happens after the other: who comes has a seat while one is
// free and nobody waits; who goes, or a seat more, lets the first of the queue in; nobody is sent out for a seat less. A
// state is the number of seats, the members inside and the queue, with bars between.
func seatsModel(seats int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return strconv.Itoa(seats) + "||" },
		Step: func(state, input, output any) (bool, any) {
			parts := strings.Split(state.(string), "|")
			seats, _ := strconv.Atoi(parts[0])
			in, waiting := strings.Fields(parts[1]), strings.Fields(parts[2])
			op, who := input.(seatAsked), strconv.Itoa(input.(seatAsked).who)
			gone := func(one string) bool { return one == who }
			if op.seats > 0 {
				seats = op.seats
			} else if !op.comes {
				in, waiting = slices.DeleteFunc(in, gone), slices.DeleteFunc(waiting, gone)
			} else if !slices.Contains(in, who) && !slices.Contains(waiting, who) {
				waiting = append(waiting, who)
			}
			for len(waiting) > 0 && len(in) < seats {
				in, waiting = append(in, waiting[0]), waiting[1:]
			}
			slices.Sort(in) // who sits where does not matter
			right := op.seats > 0 || output.(bool) == slices.Contains(in, who)
			return right, strconv.Itoa(seats) + "|" + strings.Join(in, " ") + "|" + strings.Join(waiting, " ")
		},
		Equal: func(a, b any) bool { return a == b },
	}
}

// record lets several clients do things at once and notes when each began and ended.
func record(t *testing.T, clients, each int, next func(rnd *rand.Rand, client, turn int) seatAsked, do func(seatAsked) (seated bool, err error)) []porcupine.Operation {
	t.Helper()
	var mu sync.Mutex // guards history
	var history []porcupine.Operation
	var clock atomic.Int64 // every reading is later than the one before
	var all sync.WaitGroup
	for c := range clients {
		rnd := rand.New(rand.NewPCG(3, uint64(c)))
		all.Go(func() {
			for turn := range each {
				in := next(rnd, c, turn)
				began := clock.Add(1)
				seated, err := do(in)
				ended := clock.Add(1)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: c, Input: in, Output: seated, Call: began, Return: ended})
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return history
}

// TestT22SeatsAreLinearizable: what clients are told about seats, all at once, could have happened one after the other.
func TestT22SeatsAreLinearizable(t *testing.T) {
	const seats, people = 3, 6
	operations, began := 0, time.Now()
	var changes atomic.Int64
	for range rounds(10) {
		h := storetest.Open(t)
		var members []store.Member
		for i := range people {
			members = append(members, h.Join(t, "Exemple "+strconv.Itoa(i), "BE-92094"))
		}
		m := h.Meeting(t, seats)
		anything := func(rnd *rand.Rand, _, _ int) seatAsked {
			if rnd.IntN(10) == 0 {
				return seatAsked{seats: 2 + rnd.IntN(3)}
			}
			return seatAsked{who: rnd.IntN(people), comes: rnd.IntN(3) > 0}
		}
		history := record(t, 6, 8, anything, func(op seatAsked) (bool, error) {
			if op.seats > 0 {
				changes.Add(1)
				_, err := h.ChangeMeeting(ctx, store.System(), m.ID, store.MeetingInput{Title: m.Title, Lang: m.Lang, Date: m.Date, Clock: m.Clock, Zone: m.Zone,
					Minutes: m.Minutes, Venue: m.Venue, Online: m.Online, Seats: op.seats})
				return true, err
			}
			in := store.AnswerInput{Answer: store.No}
			if op.comes {
				in.Answer = store.OnSite
			}
			out, err := h.AnswerMeeting(ctx, store.As(members[op.who].ID), m.ID, in)
			return out.RSVP.Seated(), err
		})
		if result := porcupine.CheckOperationsTimeout(seatsModel(seats), history, 20*time.Second); result != porcupine.Ok {
			t.Fatalf("%d operations: %s", len(history), result)
		}
		operations += len(history)
	}
	t.Logf("TORTURE: T22 histories of seats judged by porcupine%s | %d | %d operations, %d changes of the seats, in %v | 0", engineName(), rounds(10), operations, changes.Load(), time.Since(began).Round(time.Millisecond))
	if changes.Load() == 0 {
		t.Error("the seats never changed")
	}
}

// TestT22TheModelCatchesABrokenBuild is the negative control: seats over the same engine, with the free ones counted in one
// transaction and taken in another. One client alone is right; several at once overbook, and the model must see it.
func TestT22TheModelCatchesABrokenBuild(t *testing.T) {
	const seats, each = 3, 6
	run := func(clients int) porcupine.CheckResult {
		h := storetest.Open(t)
		ask := func(_ *rand.Rand, client, turn int) seatAsked { return seatAsked{who: client*each + turn, comes: true} }
		history := record(t, clients, each, ask, func(op seatAsked) (bool, error) {
			taken := 0
			err := h.DB.View(ctx, func(r kv.Reader) error {
				pairs, err := r.Scan(kv.Prefix([]byte("broken/")), seats)
				taken = len(pairs)
				return err
			})
			if err != nil || taken == seats {
				return false, err
			}
			runtime.Gosched()
			return true, h.DB.Update(ctx, "broken", func(tx kv.Tx) error {
				tx.Put([]byte("broken/"+strconv.Itoa(op.who)), []byte("in"))
				return nil
			})
		})
		return porcupine.CheckOperationsTimeout(seatsModel(seats), history, 20*time.Second)
	}
	if result := run(1); result != porcupine.Ok {
		t.Fatalf("one client alone: %s", result)
	}
	for range 50 {
		if run(8) == porcupine.Illegal {
			return
		}
	}
	t.Error("the overbooking was never seen")
}
