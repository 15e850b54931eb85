//go:build bench

package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// The table of DESIGN section 6: each of our figures beside its limit, measured in turn, in rounds, in one run.
// go test -tags bench -run TestLimits -v -timeout 30m ./server

// row is one line of the table. Rounds are made in turn: the limit, ours, the limit, ours.
type row struct {
	name   string
	target string
	unit   string
	limit  []pace // empty for a figure that stands for itself
	ours   []pace
}

// pace is what one round gave.
type pace struct {
	rate float64       // operations in a second, or the figure itself
	cpu  time.Duration // processor time for one, client and server together
}

// table gathers the rows and prints them.
type table struct {
	rows []*row
	only string
}

func (a *table) wants(name string) bool { return a.only == "" || strings.Contains(name, a.only) }

// rounds is how often each pair is measured.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("BELFRY_BENCH_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 5
}

func (a *table) add(name, target string) *row {
	r := &row{name: name, target: target}
	a.rows = append(a.rows, r)
	return r
}

// figure is a line without a limit to measure beside.
func (a *table) figure(name, target, unit string, values ...float64) {
	r := a.add(name, target)
	r.unit = unit
	for _, v := range values {
		r.ours = append(r.ours, pace{rate: v})
	}
}

func (a *table) print() {
	fmt.Printf("\n| %-62s | %12s | %12s | %5s | %11s | %5s | %s |\n|---|---:|---:|---:|---:|---:|---|\n", "what", "ours", "limit", "ratio", "spread", "cpu", "target")
	for _, r := range a.rows {
		if len(r.ours) == 0 {
			continue // it failed before
		}
		if len(r.limit) == 0 {
			low, mid, high := spread(r.ours, func(i int) float64 { return r.ours[i].rate })
			fmt.Printf("| %-62s | %12s | %12s | %5s | %11s | %5s | %s |\n", r.name, figure(mid)+" "+r.unit, "", "", figure(low)+"–"+figure(high), "", r.target)
			continue
		}
		low, mid, high := spread(r.ours, func(i int) float64 { return r.ours[i].rate / r.limit[i].rate })
		_, cpu, _ := spread(r.ours, func(i int) float64 { return float64(r.limit[i].cpu) / float64(max(1, r.ours[i].cpu)) })
		_, ours, _ := spread(r.ours, func(i int) float64 { return r.ours[i].rate })
		_, limit, _ := spread(r.limit, func(i int) float64 { return r.limit[i].rate })
		fmt.Printf("| %-62s | %12s | %12s | %.2f  | %.2f–%.2f   | %.2f  | %s |\n", r.name, figure(ours)+"/s", figure(limit)+"/s", mid, low, high, cpu, r.target)
	}
}

func figure(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 1:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

// spread gives the least, the middle and the greatest.
func spread[T any](all []T, value func(i int) float64) (low, mid, high float64) {
	var values []float64
	for i := range all {
		values = append(values, value(i))
	}
	slices.Sort(values)
	return values[0], values[len(values)/2], values[len(values)-1]
}

// used is the processor time of the process so far.
func used() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// measure runs work, which says how many operations it did.
func measure(work func() int) pace {
	runtime.GC()
	start, before := time.Now(), used()
	n := work()
	return pace{rate: float64(n) / time.Since(start).Seconds(), cpu: (used() - before) / time.Duration(max(1, n))}
}

// asker asks for one address again and again over its own connection, with as little work of its own as can be.
type asker struct {
	conn    net.Conn
	in      *bufio.Reader
	host    string
	header  map[string]string
	request [][]byte
}

func dial(t testing.TB, address string, header map[string]string, paths ...string) *asker {
	return dialAs(t, address, address, header, paths...)
}

// dialAs asks for a host by another name than its address.
func dialAs(t testing.TB, address, host string, header map[string]string, paths ...string) *asker {
	conn, err := net.Dial("tcp", address)
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	c := &asker{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), host: host, header: header}
	for _, path := range paths {
		c.request = append(c.request, requestFor(c, path))
	}
	return c
}

func requestFor(c *asker, path string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Language: fr\r\n", path, c.host)
	for name, value := range c.header {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// listen serves a site on a port of its own.
func (s *site) listen(t testing.TB) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Server.Shutdown(ctx) })
	return listener.Addr().String(), nil
}

// ask sends one request and reads the answer; it returns the size of the body.
func (c *asker) ask(n int) (int, error) {
	if _, err := c.conn.Write(c.request[n%len(c.request)]); err != nil {
		return 0, err
	}
	size := -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if first && !bytes.Contains(line, []byte(" 200 ")) {
			return 0, fmt.Errorf("%s", line)
		}
		if len(line) <= 2 {
			break
		}
		if value, is := bytes.CutPrefix(line, []byte("Content-Length: ")); is {
			size, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	if size < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	_, err := c.in.Discard(size)
	return size, err
}

// load asks from many connections at once for a while.
func load(t testing.TB, clients []*asker, d time.Duration) int {
	var wg sync.WaitGroup
	counts := make([]int, len(clients))
	end := time.Now().Add(d)
	for i, c := range clients {
		wg.Go(func() {
			for n := 0; n%16 != 0 || time.Now().Before(end); n++ {
				if _, err := c.ask(n); err != nil {
					t.Error(err)
					return
				}
				counts[i]++
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// bareFiber answers with a body and nothing else.
func bareFiber(t testing.TB, body []byte) string {
	bare := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	bare.Get("/", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return c.Send(body)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	go func() { _ = bare.Listener(listener) }()
	t.Cleanup(func() { _ = bare.Shutdown() })
	return listener.Addr().String()
}

const (
	connections = 32
	roundLasts  = time.Second
)

func dialMany(t testing.TB, address string, header func(i int) map[string]string, paths ...string) []*asker {
	var all []*asker
	for i := range connections {
		all = append(all, dial(t, address, header(i), paths...))
	}
	return all
}
