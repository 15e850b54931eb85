package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
)

// compressFrom is the size from which an answer is compressed.
const compressFrom = 1 << 10

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return w
}}

// send writes a body made for this request, compressed when the browser takes it.
func (s *Server) send(c *fiber.Ctx, body []byte) error {
	c.Vary(fiber.HeaderAcceptEncoding)
	if len(body) < compressFrom || !accepts(c, "gzip") {
		c.Response().SetBody(body)
		return nil
	}
	w, _ := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(c.Response().BodyWriter())
	if _, err := w.Write(body); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	return w.Close()
}

// accepts says whether the browser takes an encoding. A quality of 0 refuses it.
func accepts(c *fiber.Ctx, encoding string) bool {
	return names(c.Get(fiber.HeaderAcceptEncoding), encoding)
}

// names says whether an Accept-Encoding header names an encoding.
func names(header, encoding string) bool {
	if header == "" {
		return false
	}
	for one := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			quality = strings.TrimSpace(quality)
			return quality != "q=0" && quality != "q=0.0"
		}
	}
	return false
}

func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// unchanged answers 304 when the browser has this very body.
func unchanged(c *fiber.Ctx, etag string) bool { return hasTag(c.Get(fiber.HeaderIfNoneMatch), etag) }

// hasTag says whether an If-None-Match header names a tag.
func hasTag(header, etag string) bool {
	for have := range strings.SplitSeq(header, ",") {
		have = strings.TrimPrefix(strings.TrimSpace(have), "W/")
		if have == etag || have == "*" {
			return true
		}
	}
	return false
}

// headers are the same for every answer. Scripts, styles, fonts and images come from here only and nothing is inline.
func (s *Server) headers(c *fiber.Ctx) error {
	s.writeHeaders(c)
	return c.Next()
}

func (s *Server) writeHeaders(c *fiber.Ctx) {
	h := &c.Response().Header
	for _, one := range s.fixed {
		h.SetCanonical(one[0], one[1])
	}
}

// fixedHeaders are prepared once and sent with every answer. Pages are a person's own unless a handler says otherwise.
func (s *Server) fixedHeaders() [][2][]byte {
	all := [][2]string{
		{"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; " +
			"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; manifest-src 'self'"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cache-Control", "private, no-cache"},
	}
	if s.secure() {
		all = append(all, [2]string{"Strict-Transport-Security", "max-age=31536000; includeSubDomains"})
	}
	var fixed [][2][]byte
	for _, one := range all {
		fixed = append(fixed, [2][]byte{[]byte(one[0]), []byte(one[1])})
	}
	return fixed
}

// asset serves an embedded file under its hashed name, for a year.
func (s *Server) asset(c *fiber.Ctx) error {
	file, ok := s.Assets.File(c.Path())
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, file.Type)
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set(fiber.HeaderETag, file.ETag)
	c.Vary(fiber.HeaderAcceptEncoding)
	if unchanged(c, file.ETag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	body, encoding := file.Body, ""
	if accepts(c, "br") && len(file.Brotli()) > 0 {
		body, encoding = file.Brotli(), "br"
	} else if accepts(c, "gzip") && len(file.Gzip()) > 0 {
		body, encoding = file.Gzip(), "gzip"
	}
	if encoding != "" {
		c.Set(fiber.HeaderContentEncoding, encoding)
	}
	c.Response().SetBodyRaw(body)
	return nil
}

func (s *Server) favicon(c *fiber.Ctx) error {
	return c.Redirect(s.Assets.URL("favicon.svg"), fiber.StatusFound)
}

func (s *Server) robots(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "public, max-age=86400")
	return c.SendString("User-agent: *\nDisallow: /admin\nDisallow: /settings\nDisallow: /link/\n")
}

func queryEscape(text string) string { return url.QueryEscape(text) }
