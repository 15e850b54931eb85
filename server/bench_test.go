package server_test

import (
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// askMany sends requests from both cores at once until the benchmark is over.
func askMany(b *testing.B, address string, header map[string]string) {
	b.Helper()
	askInTurn(b, []string{address}, []map[string]string{header})
}

// askInTurn lets each of many clients ask for these addresses in turn, with the headers of one of those given.
func askInTurn(b *testing.B, addresses []string, headers []map[string]string) {
	b.Helper()
	var clients atomic.Int64
	client := &fasthttp.Client{MaxConnsPerHost: 64}
	before := cpuTime(b)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		for name, value := range headers[int(clients.Add(1))%len(headers)] {
			req.Header.Set(name, value)
		}
		for n := 0; pb.Next(); n++ {
			req.SetRequestURI(addresses[n%len(addresses)])
			if err := client.Do(req, res); err != nil || res.StatusCode() != http.StatusOK {
				b.Errorf("%v %d", err, res.StatusCode())
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-us/req")
}

// cpuTime is what the process has used so far, client and server together: it wanders less than the clock when other
// work shares the machine.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	ok(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkMeetingPage: bare fiber with a body of the same size, then the page for visitors, for a member, and the feed.
func BenchmarkMeetingPage(b *testing.B) {
	v := newVillage(b)
	address := v.address + "/meetings/" + v.next(b).Slug
	_, body, err := fasthttp.Get(nil, address)
	ok(b, err)
	b.Logf("page of %d bytes", len(body))
	bare := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	bare.Get("/", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return c.Send(body)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(b, err)
	go func() { _ = bare.Listener(listener) }()
	b.Cleanup(func() { _ = bare.Shutdown() })
	in, err := v.DemoSignIn(ctx, "elise-delvaux", store.Client{})
	ok(b, err)
	b.Run("bare-fiber", func(b *testing.B) { askMany(b, "http://"+listener.Addr().String()+"/", nil) })
	b.Run("signed-out", func(b *testing.B) { askMany(b, address, nil) })
	b.Run("signed-out-gzip", func(b *testing.B) { askMany(b, address, map[string]string{"Accept-Encoding": "gzip"}) })
	b.Run("signed-in", func(b *testing.B) { askMany(b, address, map[string]string{"Cookie": "belfry_session=" + in.Token}) })
	b.Run("signed-in-gzip", func(b *testing.B) {
		askMany(b, address, map[string]string{"Cookie": "belfry_session=" + in.Token, "Accept-Encoding": "gzip"})
	})
	// Two addresses of the page in turn: nothing is kept of a reader's look before, as after a change of the page.
	var members []map[string]string
	for range 64 {
		in, err := v.DemoSignIn(ctx, "elise-delvaux", store.Client{})
		ok(b, err)
		members = append(members, map[string]string{"Cookie": "belfry_session=" + in.Token})
	}
	for _, gzip := range []string{"", "-gzip"} {
		b.Run("signed-in-first-look"+gzip, func(b *testing.B) {
			askInTurn(b, []string{address + "?a", address + "?b"}, members)
		})
		for _, header := range members {
			header["Accept-Encoding"] = "gzip"
		}
	}
	b.Run("feed", func(b *testing.B) { askMany(b, v.address+"/meetings.ics", nil) })
}

// BenchmarkRSVP: answers written durably by 256 at once, beside bare bbolt with the same number and size of keys and the
// commits grouped the same way.
func BenchmarkRSVP(b *testing.B) {
	s := newSite(b)
	var members []store.Member
	for i := range 256 {
		members = append(members, s.Join(b, "Exemple "+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26)), "BE-92094"))
	}
	m := s.Meeting(b, 0)
	var next atomic.Int64
	b.Run("answers-256", func(b *testing.B) {
		b.SetParallelism(256 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				n := next.Add(1)
				answer := store.OnSite
				if n/256%2 == 0 {
					answer = store.Online
				}
				if _, err := s.AnswerMeeting(ctx, store.As(members[n%256].ID), m.ID, store.AnswerInput{Answer: answer}); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
	})
	db, err := bolt.Open(filepath.Join(b.TempDir(), "bare.db"), bolt.Options{})
	ok(b, err)
	b.Cleanup(func() { _ = db.Close() })
	value := []byte(strings.Repeat("v", 320))
	b.Run("bare-grouped-256", func(b *testing.B) {
		b.SetParallelism(256 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				n := next.Add(1)
				key := []byte{byte(n % 256), 1}
				err := db.Update(ctx, "", func(tx kv.Tx) error {
					tx.Put(append([]byte("rsvp/"), key...), value)
					tx.Put(append([]byte("rsvp.member/"), key...), nil)
					tx.Put([]byte("tally"), value)
					return nil
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
	})
	b.Run("alone", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			answer := store.OnSite
			if n%2 == 0 {
				answer = store.Online
			}
			if _, err := s.AnswerMeeting(ctx, store.As(members[0].ID), m.ID, store.AnswerInput{Answer: answer}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRest is memory with the demo community, and how long it takes to make it.
func BenchmarkRest(b *testing.B) {
	for b.Loop() {
		began := time.Now()
		v := newVillage(b)
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-to-build")
		if _, _, err := fasthttp.Get(nil, v.address+"/"); err != nil {
			b.Fatal(err)
		}
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse)/(1<<20), "MiB-heap")
	}
}
