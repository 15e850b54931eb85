//go:build bench

package server_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
)

// The writes of TestLimits by themselves, for profiles.
// go test -tags bench -run '^$' -bench Writes -benchtime 200000x ./server

// byMany runs an intent by 256 at once and reports its processor time.
func byMany(b *testing.B, act func(n int) error) {
	var left, next atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	before := used()
	var wg sync.WaitGroup
	for range 256 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := act(int(next.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64((used()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

func BenchmarkWritesAnswers(b *testing.B) {
	hub, _, _, members := crowdHub(b)
	m := hub.Meeting(b, 0)
	byMany(b, func(n int) error {
		answer := store.OnSite
		if n/256%2 == 0 {
			answer = store.Online
		}
		_, err := hub.AnswerMeeting(ctx, store.As(members[n%256].ID), m.ID, store.AnswerInput{Answer: answer})
		return err
	})
}

func BenchmarkWritesMessages(b *testing.B) {
	hub, _, _, members := crowdHub(b)
	byMany(b, func(n int) error {
		if n%1000 == 0 {
			hub.Clock.Add(time.Minute)
		}
		_, err := hub.Send(ctx, store.As(members[n%256].ID), store.LoungeID, store.MessageInput{Source: fmt.Sprintf("Bonjour à tous, voici le message %d de la journée.", n), Client: fmt.Sprint("bench", n)})
		if store.KindOf(err) == store.Limited {
			hub.Clock.Add(time.Minute)
			err = nil
		}
		return err
	})
}
