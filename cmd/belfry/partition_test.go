package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/postgres/pgtest"
)

// trouble is one way in which a network fails: between machine from and machines to of a scene.
type trouble struct {
	fault  pgtest.Fault
	from   int
	to     []int
	within time.Duration // it must be over when the fault is
}

// troubles are the partition matrix: a node and both servers, the primary and its standby, in every way a packet filter knows.
func troubles() (all []trouble) {
	for _, fault := range []pgtest.Fault{pgtest.Cut, pgtest.CutThere, pgtest.CutBack, pgtest.Lossy, pgtest.Resetting, pgtest.Narrow} {
		all = append(all, trouble{fault, 0, []int{3, 4}, 10 * time.Second}, trouble{fault, 3, []int{4}, 10 * time.Second})
	}
	return all
}

// suffer lets the network fail for a while: who is not concerned goes on, what the standby does not have is not
// acknowledged, and soon after the end all is well.
func (s *scene) suffer(one trouble, long time.Duration) {
	s.t.Helper()
	what := fmt.Sprintf("%d–%v %s", one.from, one.to, one.fault)
	var others []*pgtest.Machine
	for _, i := range one.to {
		others = append(others, s.machines[i])
	}
	s.crowd.more(20)
	heal := s.machines[one.from].Break(s.t, one.fault, others...)
	said := make(chan struct{})
	go func() { s.talk(s.running, "pendant "+what, 1); close(said) }()
	silent := one.fault != pgtest.Lossy && one.fault != pgtest.Narrow
	time.Sleep(500 * time.Millisecond) // what was under way
	from := s.crowd.done.Load()
	if one.from == 0 {
		s.ask()
		s.crowd.more(20) // through the other nodes
	}
	time.Sleep(long)
	acknowledged := s.crowd.done.Load() - from
	hit, healed := heal(), time.Now()
	<-said
	s.recovered(what, healed, one.within, 0, 1, 2)
	s.note("T21 the network fails between nodes, primary and standby", hit, healed)
	s.ask()
	s.t.Logf("%s: %d packets, %d answers acknowledged meanwhile", what, hit, acknowledged)
	switch {
	case hit == 0:
		s.t.Errorf("%s: nothing happened", what)
	case one.from == 3 && silent && acknowledged > 0:
		s.t.Errorf("%s: %d answers acknowledged that the standby does not have", what, acknowledged)
	}
}

// TestT17T18T19T21NodesServersAndNetworkFail lets three nodes serve over a primary with a synchronous standby, behind
// nothing sticky, while people answer, post, talk and ask for letters. The network between them fails (T21), the standby
// stops (T19), nodes are killed (T17), the primary is killed, its standby promoted and the old primary started again
// (T18). Nothing acknowledged is lost, no seat is given twice, everybody hears every message once in order, every letter
// is written; afterwards all is well within seconds. What the old primary has is the control: on it all of that is missed.
func TestT17T18T19T21NodesServersAndNetworkFail(t *testing.T) {
	long, kills, pause := rounds(1) > 1, 1, time.Second
	if long {
		kills = 2
	}
	for round := range max(1, rounds(1)/10) {
		began := time.Now()
		c := newCommunity(t, seats+8, 2)
		s := newScene(t, c, c.threads(t, 1))
		s.begin()
		t.Logf("set up in %v", time.Since(began).Round(time.Millisecond))
		all := troubles()
		switch {
		case !s.networked():
			all = nil
		case !long:
			all = all[:1]
		case round > 0:
			rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
			all = all[:2]
		}
		for _, one := range all {
			if long {
				pause = 6 * time.Second
				if one.from == 0 && one.fault != pgtest.Resetting {
					pause = 12 * time.Second // longer than anybody waits
				}
			}
			s.suffer(one, pause)
		}
		s.standbyStops(long && round == 0)
		for range kills {
			s.crowd.more(20)
			at := rand.IntN(3)
			s.nodes[at].kill()
			killed := time.Now()
			s.ask()
			s.recovered(fmt.Sprintf("node %d killed", at), killed, 5*time.Second, (at+1)%3, (at+2)%3)
			s.note("T17 a node killed", 0, killed)
			s.nodes[at].start()
			s.recovered("and started again", time.Now(), 5*time.Second, at)
		}
		old := s.failOver()
		s.end()
		if s.crowd.failed.Load() == 0 {
			t.Error("no answer failed: did anything happen?")
		}
		t.Logf("done after %v", time.Since(began).Round(time.Millisecond))
		for kind, wrong := range s.missing(s.address) {
			for _, one := range wrong {
				t.Errorf("%s: %s", kind, one)
			}
		}
		control := s.missing(old)
		t.Logf("the control: on the old primary %d answers, %d posts, %d messages and %d counts of letters are wrong", len(control["answers"]), len(control["posts"]), len(control["messages"]), len(control["letters"]))
		for _, kind := range []string{"answers", "messages", "letters"} {
			if len(control[kind]) == 0 {
				t.Errorf("the old primary has none of the %s, and none is missed", kind)
			}
		}
		belfry(t, "check", "--store", s.address).ends(t, 0, "Nothing wrong")
		for _, h := range s.nodes {
			if code := h.stop(); code != 0 {
				t.Errorf("exit code %d: %s", code, h.log)
			}
		}
		ok(t, s.look.Close())
		s.standby.Stop()
		s.primary.Stop()
		if t.Failed() {
			return
		}
		for what, n := range s.struck {
			t.Logf("TORTURE: %s, scene %d | %d | %d times, %d packets lost; well again at most %v later; %d answers acknowledged, %d failed | 0", what, round, n.times, n.times, n.packets,
				n.slowest.Round(time.Millisecond), s.crowd.done.Load(), s.crowd.failed.Load())
		}
	}
}

// standbyStops stops the standby: nobody is told that anything is kept, and what was asked for meanwhile becomes so once, or not at all.
func (s *scene) standbyStops(long bool) {
	s.t.Helper()
	s.standby.Pause(s.t, true)
	time.Sleep(200 * time.Millisecond) // what was under way
	from, began := s.crowd.done.Load(), time.Now()
	s.doubt++
	err := s.look.RequestSignIn(within(s.t, time.Second), "p000@exemple.example", "fr", store.Client{Address: "test"})
	if store.KindOf(err) != store.Unavailable || !errors.Is(err, kv.ErrUnknown) {
		s.t.Errorf("without its standby: %v", err)
	}
	asked := time.Now()
	status, page, err := s.nodes[1].post("/meetings/"+s.meetings[1].Slug+"/rsvp", s.sessions[1], map[string][]string{"csrf": {s.crowd.tokens[1]}, "answer": {"online"}, "note": {"sans témoin"}})
	took := time.Since(asked)
	if status != 503 || took < s.gives-100*time.Millisecond || took > 2*s.gives+3*time.Second { // who comes second waits for the first
		s.t.Errorf("without its standby: %d after %v: %v %.200s", status, took, err, page)
	}
	s.t.Logf("503 after %v", took.Round(time.Millisecond))
	if long {
		time.Sleep(time.Minute - time.Since(began))
	}
	if n := s.crowd.done.Load() - from; n > 0 {
		s.t.Errorf("%d answers acknowledged without the standby", n)
	}
	s.standby.Pause(s.t, false)
	back := time.Now()
	s.recovered(fmt.Sprintf("the standby stopped for %v", time.Since(began).Round(time.Millisecond)), back, 10*time.Second, 0, 1, 2)
	s.note("T19 the standby stopped", 0, back)
}

// failOver kills the primary, promotes its standby, and starts the old primary again, which would acknowledge by itself:
// no node uses it. Its address is given back.
func (s *scene) failOver() (old string) {
	s.t.Helper()
	s.crowd.more(20)
	s.primary.Kill(s.t)
	killed := time.Now()
	s.standby.Promote(s.t)
	s.recovered("the primary killed", killed, 15*time.Second, 0, 1, 2)
	s.note("T18 the primary killed, its standby promoted, the old primary back", 0, killed)
	s.primary.Restart(s.t)
	s.primary.Run(s.t, "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")
	s.standby.Run(s.t, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'belfry'")
	s.recovered("the old primary started again", time.Now(), 10*time.Second, 0, 1, 2)
	s.crowd.more(50)
	for range 1 + s.doubt {
		s.ask()
	}
	return s.primary.Address("postgres")
}
