package server

import (
	"bytes"
	"sync"

	"belfry/store"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
)

// pageCache keeps whole pages: one for all visitors who are not signed in, and for a member one for each session. An
// entry counts until a commit changes something public, and at most until the minute ends, because pages name days and
// hours to go.
type pageCache struct {
	mu      sync.RWMutex // guards entries and size
	entries map[string]*cachedPage
	size    int
}

type cachedPage struct {
	generation uint64
	minute     int64
	etag       string
	plain      []byte
	packing    sync.Once
	gzip, br   []byte
}

// maxCached bounds the memory of the cache, in bytes of plain pages.
const maxCached = 24 << 20

func newPageCache() *pageCache { return &pageCache{entries: map[string]*cachedPage{}} }

func (k *pageCache) get(key string, generation uint64, minute int64) *cachedPage {
	k.mu.RLock()
	defer k.mu.RUnlock()
	page := k.entries[key]
	if page == nil || page.generation != generation || page.minute != minute {
		return nil
	}
	return page
}

func (k *pageCache) put(key string, page *cachedPage) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if old := k.entries[key]; old != nil {
		k.size -= len(old.plain)
	}
	if k.size+len(page.plain) > maxCached {
		clear(k.entries)
		k.size = 0
	}
	k.entries[key] = page
	k.size += len(page.plain)
}

// pack compresses a page the first time somebody wants it compressed.
func (p *cachedPage) pack() {
	p.packing.Do(func() {
		var b bytes.Buffer
		zw, _ := gzip.NewWriterLevel(&b, 6)
		_, _ = zw.Write(p.plain) // into memory
		_ = zw.Close()
		p.gzip = b.Bytes()
		var c bytes.Buffer
		bw := brotli.NewWriterLevel(&c, 5)
		_, _ = bw.Write(p.plain) // into memory
		_ = bw.Close()
		p.br = c.Bytes()
	})
}

// cached answers from kept pages, and keeps what the handler makes. The key holds everything that changes a page:
// address, language, theme, and for a member the session (SAFETY A08): nobody is ever shown a page made for another.
func (s *Server) cached(handler fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v := visitOf(c)
		if v.notice != nil || v.signedIn() && v.member.May(store.Organise) {
			return handler(c)
		}
		key := v.session.Hash + "|" + v.lang.Tag() + "|" + string(v.theme) + "|" + string(c.Request().URI().RequestURI())
		generation, minute := s.Store.Generation(), s.Store.Now().Unix()/60
		page := s.pages.get(key, generation, minute)
		if page == nil {
			// Only our own negotiation may compress: the kept body is plain.
			accept := c.Get(fiber.HeaderAcceptEncoding)
			c.Request().Header.Del(fiber.HeaderAcceptEncoding)
			if err := handler(c); err != nil {
				return err
			}
			c.Request().Header.Set(fiber.HeaderAcceptEncoding, accept)
			if c.Response().StatusCode() != fiber.StatusOK {
				return nil
			}
			body := bytes.Clone(c.Response().Body())
			page = &cachedPage{generation: generation, minute: minute, etag: etagOf(body), plain: body}
			s.pages.put(key, page)
		}
		return page.send(c)
	}
}

func (p *cachedPage) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderETag, p.etag)
	c.Vary(fiber.HeaderAcceptEncoding, fiber.HeaderAcceptLanguage, fiber.HeaderCookie)
	if unchanged(c, p.etag) {
		c.Response().ResetBody()
		return c.SendStatus(fiber.StatusNotModified)
	}
	switch {
	case accepts(c, "br"):
		p.pack()
		c.Set(fiber.HeaderContentEncoding, "br")
		c.Response().SetBodyRaw(p.br)
	case accepts(c, "gzip"):
		p.pack()
		c.Set(fiber.HeaderContentEncoding, "gzip")
		c.Response().SetBodyRaw(p.gzip)
	default:
		c.Response().SetBodyRaw(p.plain)
	}
	return nil
}
