package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// Where somebody is found to be.
const (
	isOut, isWaiting, isInside = "out", "waiting", "inside"
)

// partyAsked is one request about the seats of a meeting: a party comes, does not come any more, or looks where it is.
type partyAsked struct {
	who        int
	look, come bool
}

// partiesModel is what parties of one size do when one request happens after the other: who comes is inside while there is
// room and nobody waits; who goes lets the first of the queue in. A state is who is inside, a bar, and the queue. What was
// asked for and not answered may have happened at any time since, or never: its end is the end of time.
func partiesModel(room int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "|" },
		Step: func(state, input, output any) (bool, any) {
			inside, queue, _ := strings.Cut(state.(string), "|")
			in, waiting := strings.Fields(inside), strings.Fields(queue)
			op, who := input.(partyAsked), strconv.Itoa(input.(partyAsked).who)
			if op.look {
				where := isOut
				if slices.Contains(in, who) {
					where = isInside
				} else if slices.Contains(waiting, who) {
					where = isWaiting
				}
				return output == where, state
			}
			gone := func(one string) bool { return one == who }
			if !op.come {
				in, waiting = slices.DeleteFunc(in, gone), slices.DeleteFunc(waiting, gone)
			} else if !slices.Contains(in, who) && !slices.Contains(waiting, who) {
				waiting = append(waiting, who)
			}
			for len(waiting) > 0 && len(in) < room {
				in, waiting = append(in, waiting[0]), waiting[1:]
			}
			slices.Sort(in)
			return true, strings.Join(in, " ") + "|" + strings.Join(waiting, " ")
		},
		Equal: func(a, b any) bool { return a == b },
	}
}

// witness writes down what members ask of one meeting and what they are told, while the hub is killed.
type witness struct {
	*community
	h       *hub
	tokens  []string
	meeting int

	clock             atomic.Int64 // every reading is later than the one before
	mu                sync.Mutex   // guards history
	history           []porcupine.Operation
	answered, unknown atomic.Int64
}

// party is how many come together: three such parties fill the seats.
const party, parties = 6, seats / 6

// do asks for one thing. False says that no answer came.
func (w *witness) do(client int, op partyAsked) bool {
	path := "/meetings/" + w.meetings[w.meeting].Slug
	one := porcupine.Operation{ClientId: client, Input: op, Call: w.clock.Add(1)}
	known := true
	if op.look {
		status, page, err := w.h.get(path, w.sessions[op.who])
		if err != nil || status != 200 {
			return false // who was told nothing saw nothing
		}
		one.Output = isOut
		if strings.Contains(page, "Liste d’attente, n°") {
			one.Output = isWaiting
		} else if strings.Contains(page, "Participation confirmée, sur place") {
			one.Output = isInside
		}
	} else {
		form := url.Values{"csrf": {w.tokens[op.who]}, "answer": {"no"}}
		if op.come {
			form = url.Values{"csrf": {w.tokens[op.who]}, "answer": {"on_site"}, "guests": {strings.Repeat("Gast\n", party-1)}}
		}
		status, page, err := w.h.post(path+"/rsvp", w.sessions[op.who], form)
		known = err == nil && status == 303
		if err == nil && status != 303 && status < 500 {
			w.h.t.Errorf("status %d: %.300s", status, page)
		}
	}
	if one.Return = w.clock.Add(1); known {
		w.answered.Add(1)
	} else {
		one.Return = math.MaxInt64
		w.unknown.Add(1)
	}
	w.mu.Lock()
	w.history = append(w.history, one)
	w.mu.Unlock()
	return known
}

// killed lets everybody ask for things at once, kills the hub in the middle, does something to the data, starts the hub
// again, and lets them go on and look in the end.
func (w *witness) killed(meanwhile func()) {
	w.history, w.answered, w.unknown = nil, atomic.Int64{}, atomic.Int64{}
	const each = 12
	back, target := make(chan struct{}), int64(10+rand.IntN(30))
	var all sync.WaitGroup
	for client := range w.members {
		all.Go(func() {
			for turn := range each {
				op := partyAsked{who: client, come: true}
				if turn > 0 {
					op = partyAsked{who: rand.IntN(len(w.members)), look: rand.IntN(2) == 0, come: rand.IntN(3) > 0}
				}
				if !w.do(client, op) {
					<-back
				}
			}
		})
	}
	for end := time.Now().Add(patience); w.answered.Load() < target && time.Now().Before(end); {
		time.Sleep(100 * time.Microsecond)
	}
	w.h.kill()
	meanwhile()
	w.h.start()
	for who := range w.members { // before anybody asks for more
		w.do(len(w.members), partyAsked{who: who, look: true})
	}
	close(back)
	all.Wait()
	for who := range w.members {
		w.do(len(w.members), partyAsked{who: who, look: true})
	}
}

func (w *witness) judge() porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(partiesModel(parties), w.history, 20*time.Second)
}

// TestT22SeatsAreLinearizableWhenTheHubIsKilled: what members are told about seats by a hub that is killed meanwhile and
// started again could have happened one after the other; what was not answered happened once or never. The control is a
// hub that comes back with the data of before: what it had said does not fit.
func TestT22SeatsAreLinearizableWhenTheHubIsKilled(t *testing.T) {
	const controls = 5
	histories := rounds(2)
	c := newCommunity(t, 6, histories+controls)
	file := filepath.Join(c.dir, "belfry.db")
	before, err := os.ReadFile(file)
	ok(t, err)
	w := &witness{community: c, h: newHub(t, nil, freePort(t), "--data", c.dir, "--demo")}
	w.h.start()
	w.tokens = c.tokens(w.h)
	operations, unknown, seen := 0, int64(0), map[any]int{}
	for range histories {
		w.killed(func() {})
		if result := w.judge(); result != porcupine.Ok {
			t.Fatalf("history %d, %d operations: %s\n%s", w.meeting, len(w.history), result, w)
		}
		operations, unknown = operations+len(w.history), unknown+w.unknown.Load()
		for _, one := range w.history {
			seen[one.Output]++
		}
		w.meeting++
	}
	caught := 0
	for caught == 0 && w.meeting < histories+controls {
		w.killed(func() { ok(t, os.WriteFile(file, before, 0o600)) })
		if w.judge() == porcupine.Illegal {
			caught = w.meeting - histories + 1
		}
		w.meeting++
	}
	if caught == 0 {
		t.Error("the control: a hub that forgets what it said is not seen")
	}
	if seen[isInside] == 0 || seen[isWaiting] == 0 || seen[isOut] == 0 {
		t.Errorf("not everything was seen: %v", seen)
	}
	if unknown == 0 {
		t.Error("no kill hit a request: nothing was in doubt")
	}
	t.Logf("TORTURE: T22 histories of seats over HTTP with the hub killed | %d | %d operations, %d kills, %d requests of unknown outcome; the control caught in history %d | 0", histories, operations, histories, unknown, caught)
}

// String is the history, in the order in which things were asked.
func (w *witness) String() string {
	slices.SortFunc(w.history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var text strings.Builder
	for _, one := range w.history {
		fmt.Fprintf(&text, "%d–%d %+v %v\n", one.Call, one.Return, one.Input, one.Output)
	}
	return text.String()
}
