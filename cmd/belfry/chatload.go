package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"belfry/server/live/client"
)

// chatLoadCommand opens many connections to one room and lets some of them talk. It ends by itself.
type chatLoadCommand struct {
	chatRoom
	Connections int           `default:"50" help:"Connections that read the room."`
	Senders     int           `default:"5" help:"Connections that also write."`
	Rate        float64       `default:"5" help:"Messages a second, of all senders together."`
	For         time.Duration `default:"10s" help:"How long to talk."`
}

const (
	maxLoad    = 5000
	maxLoadFor = 10 * time.Minute
	settleTime = 10 * time.Second // for the last messages to arrive
)

// loadTest is what a load test saw.
type loadTest struct {
	mu      sync.Mutex // guards late and sentAt
	late    []time.Duration
	sentAt  map[string]time.Time
	arrived atomic.Int64
	lost    atomic.Int64 // connections that had to come back
	refused atomic.Int64
}

// Run runs the load test and prints what it saw.
func (l *chatLoadCommand) Run(t *terminal, all *command) error {
	if l.Connections > maxLoad || l.Senders > l.Connections || l.Senders < 1 || l.Rate <= 0 || l.For > maxLoadFor {
		return fmt.Errorf("at most %d connections, as many senders, and %s", maxLoad, maxLoadFor)
	}
	ctx, stop := context.WithCancel(t.ctx)
	defer stop()
	seen := &loadTest{sentAt: map[string]time.Time{}}
	clients := make([]*client.Client, l.Connections)
	var ready, running sync.WaitGroup
	for i := range clients {
		c, err := all.Chat.connection(t, fmt.Sprintf("%s-%d", runName(), i))
		if err != nil {
			return err
		}
		c.OnError = func(error) { seen.lost.Add(1) }
		ready.Add(1)
		entered := sync.OnceFunc(ready.Done)
		c.Follow(l.Room, -1, 0, client.Handlers{Reset: func([]client.Message) { entered() }, Message: seen.got, Unknown: func(string) { entered() }})
		clients[i] = c
		running.Go(func() { _ = c.Run(ctx) })
	}
	ready.Wait()
	began, sent := time.Now(), 0
	tick := time.NewTicker(time.Duration(float64(time.Second) / l.Rate))
	defer tick.Stop()
	var talking sync.WaitGroup
	for time.Since(began) < l.For && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			c, words := clients[sent%l.Senders], fmt.Sprintf("message %d of a load test", sent)
			seen.sends(words)
			talking.Go(func() {
				if _, err := c.Send(ctx, l.Room, words); err != nil {
					seen.refused.Add(1)
				}
			})
			sent++
		}
	}
	talking.Wait()
	wanted := (int64(sent) - seen.refused.Load()) * int64(l.Connections)
	for end := time.Now().Add(settleTime); seen.arrived.Load() < wanted && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	running.Wait()
	seen.report(t, sent, wanted)
	return nil
}

func (s *loadTest) sends(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sentAt[words] = time.Now()
}

func (s *loadTest) got(m client.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ours := s.sentAt[m.Text]; ours {
		s.late = append(s.late, time.Since(at))
		s.arrived.Add(1)
	}
}

func (s *loadTest) report(t *terminal, sent int, wanted int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.late)
	fmt.Fprintf(t.out, "%d messages sent, %d refused, %d of %d deliveries, %d connections came back\n", sent, s.refused.Load(), s.arrived.Load(), wanted, s.lost.Load())
	if n := len(s.late); n > 0 {
		fmt.Fprintf(t.out, "from sending to arriving: half within %s, 99 %% within %s, all within %s\n",
			s.late[n/2].Round(time.Microsecond), s.late[n*99/100].Round(time.Microsecond), s.late[n-1].Round(time.Microsecond))
	}
}
