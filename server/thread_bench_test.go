package server_test

import (
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

const paragraph = "Nous avons environ quatre mille fichiers, un par point, rangés par date de conseil. Le modèle a changé **trois fois** en douze ans, et `personne` ne sait plus pourquoi.\n\n"

// BenchmarkThreadPage: bare fiber with a body of the same size, then a page of 50 posts for visitors and for a member.
func BenchmarkThreadPage(b *testing.B) {
	v := newVillage(b)
	shelves, err := v.Categories(ctx, store.Visitor())
	ok(b, err)
	posts := make([]store.ImportedPost, 49)
	for i := range posts {
		posts[i] = store.ImportedPost{MessageID: fmt.Sprint(i, "@x"), Name: fmt.Sprint("Personne ", i%9), At: time.Now(), Source: paragraph}
	}
	fill, err := v.ImportThread(ctx, store.System(), store.ImportedThread{Title: "Cinquante", Category: shelves[0].Slug, Posts: append(posts, store.ImportedPost{MessageID: "z@x", Name: "Z", At: time.Now(), Source: paragraph})})
	ok(b, err)
	address := fmt.Sprintf("%s/t/%d/%s", v.address, fill.Thread.Number, fill.Thread.Slug)
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
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	req.SetRequestURI(address)
	req.Header.Set("Cookie", "belfry_session="+in.Token)
	ok(b, fasthttp.Do(req, res))
	b.Logf("a member's page of %d bytes", len(res.Body()))
	b.Run("bare-fiber", func(b *testing.B) { askMany(b, "http://"+listener.Addr().String()+"/", nil) })
	b.Run("signed-out", func(b *testing.B) { askMany(b, address, nil) })
	b.Run("signed-in", func(b *testing.B) { askMany(b, address, map[string]string{"Cookie": "belfry_session=" + in.Token}) })
	b.Run("list", func(b *testing.B) { askMany(b, v.address+"/discussions", nil) })
}

// BenchmarkPosting: posts written durably by 256 at once, beside bare bbolt with as many keys of the same size and the
// commits grouped the same way.
func BenchmarkPosting(b *testing.B) {
	s := newSite(b)
	shelf, err := s.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(b, err)
	var members []store.Member
	for i := range 256 {
		members = append(members, s.Join(b, "Exemple "+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26)), "BE-92094"))
	}
	var threads []string
	for i := range 32 {
		opened, err := s.OpenThread(ctx, store.As(members[i].ID), store.ThreadInput{Title: "Fil", Category: shelf.Slug, PostInput: store.PostInput{Source: "Bonjour"}})
		ok(b, err)
		threads = append(threads, opened.Thread.ID)
	}
	var next atomic.Int64
	b.Run("posts-256", func(b *testing.B) {
		b.SetParallelism(256 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				n := next.Add(1)
				if n%4000 == 0 {
					s.Clock.Add(2 * time.Minute) // people may write twenty posts a minute
				}
				_, err := s.Reply(ctx, store.As(members[n%256].ID), threads[n%32], store.PostInput{Source: paragraph, Once: fmt.Sprint(n)})
				if err != nil && store.KindOf(err) != store.Limited {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
	})
	db, err := bolt.Open(filepath.Join(b.TempDir(), "bare.db"), bolt.Options{})
	ok(b, err)
	b.Cleanup(func() { _ = db.Close() })
	value, small := []byte(strings.Repeat("v", 760)), []byte(strings.Repeat("v", 160))
	b.Run("bare-grouped-256", func(b *testing.B) {
		b.SetParallelism(256 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				n := next.Add(1)
				err := db.Update(ctx, "", func(tx kv.Tx) error {
					tx.Put(fmt.Appendf(nil, "post/%016d", n), value)
					for _, index := range []string{"post.id", "post.author", "post.once", "thread.active", "thread.category", "thread.waiting"} {
						tx.Put(fmt.Appendf(nil, "%s/%016d", index, n), nil)
					}
					tx.Put(fmt.Appendf(nil, "thread/%03d", n%32), value)
					tx.Put(fmt.Appendf(nil, "reading/%04d", n%256), small)
					tx.Put(fmt.Appendf(nil, "event/%016d", n), small)
					tx.Put(fmt.Appendf(nil, "stale/%016d", n), small)
					return nil
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
	})
}
