package server_test

import (
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// BenchmarkKeptPage: a kept page for a visitor and for a member, and bare fiber, without any connection: what routing,
// guard, headers and the look-up take.
func BenchmarkKeptPage(b *testing.B) {
	s := newSite(b)
	path := "/meetings/" + s.Meeting(b, 0).Slug
	member := s.as(s.Join(b, "Lena Exemple", "BE-92094"))
	run := func(name string, handler fasthttp.RequestHandler, path, cookie string) {
		b.Run(name, func(b *testing.B) {
			var c fasthttp.RequestCtx
			c.Init(&fasthttp.Request{}, nil, nil)
			b.ReportAllocs()
			for b.Loop() {
				c.Request.Reset()
				c.Response.Reset()
				c.Request.SetRequestURI(path)
				c.Request.Header.SetHost("hub.example")
				c.Request.Header.Set("Accept-Language", "fr")
				if cookie != "" {
					c.Request.Header.Set("Cookie", cookie)
				}
				handler(&c)
				if c.Response.StatusCode() != fiber.StatusOK {
					b.Fatal(c.Response.StatusCode())
				}
			}
		})
	}
	bare := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	bare.Get("/", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return c.Send([]byte("body"))
	})
	run("bare-fiber", bare.Handler(), "/", "")
	run("signed-out", s.App().Server().Handler, path, "")
	run("signed-in", s.App().Server().Handler, path, "belfry_session="+member.cookies["belfry_session"])
}
