package server

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/valyala/fasthttp"
)

// pageVaries are the headers of a request that a shared page depends on.
const pageVaries = "Accept-Encoding, Accept-Language, Cookie"

// front answers strangers, who send no cookie at all, from pages that are kept, before anything else is asked of their
// request. Such a page was made behind all that routes has, and everything that could tell this request from those that
// led to it is looked at here: method, host, cookies, language and address. Whoever it cannot answer goes on to next.
// What the body of a request took is given back when it is answered. Before the server stops every answer says that its
// connection ends: else somebody sends the next request just when it is closed. So does one on a connection that makes way.
func (s *Server) front(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if s.bodies.any() {
			defer s.bodies.end(&c.Request)
		}
		if page, asked := s.forStranger(&c.Request); page != nil {
			page.answer(&c.Response, asked)
			s.Vitals.Answered(false, c.Response.StatusCode(), time.Since(c.Time()))
		} else {
			s.admit(c, next)
		}
		if s.ready.draining.Load() || isLast(c.Conn()) {
			c.Response.SetConnectionClose()
		}
	}
}

// asked is what a request says about the form of the answer.
type asked struct{ encodings, tags []byte }

// forStranger is the kept page that a request without cookies asks for, nil when there is none.
func (s *Server) forStranger(req *fasthttp.Request) (*wholePage, asked) {
	if !req.Header.IsGet() || hasBody(&req.Header) || string(req.Host()) != s.public.Host {
		return nil, asked{}
	}
	var language []byte
	var a asked
	for name, value := range req.Header.All() {
		switch string(name) {
		case fiber.HeaderCookie:
			return nil, a
		case fiber.HeaderAcceptLanguage:
			language = first(language, value)
		case fiber.HeaderAcceptEncoding:
			a.encodings = first(a.encodings, value)
		case fiber.HeaderIfNoneMatch:
			a.tags = first(a.tags, value)
		}
	}
	lang := s.spoken.heard(language)
	if lang == nil {
		return nil, a
	}
	page := s.pages.forStrangers(lang.Tag(), req.Header.RequestURI()).fresh(s.Store.Generation(), s.Store.Now().Unix()/60)
	if page == nil {
		return nil, a
	}
	return page.whole, a
}

// first is what the first of several headers of a name says.
func first(before, value []byte) []byte {
	if before == nil {
		return value
	}
	return before
}

// forStrangers is the place of a page as it is shown to those who are not signed in, have chosen nothing and speak a
// language; nil when there is none.
func (k *sharedPages) forStrangers(lang string, uri []byte) *sharedPage {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.kept[pageKey{lang: lang, uri: string(uri)}]
}

// wholePage is a page as visitors see it, packed in one way or another when somebody first wants it so. It does not change.
type wholePage struct {
	etag     string
	head     fasthttp.ResponseHeader // of the whole answer
	plain    []byte
	gzip, br packedPage
}

type packedPage struct {
	once sync.Once
	body []byte
}

func (s *Server) newWholePage(plain []byte) *wholePage {
	p := &wholePage{plain: plain, etag: etagOf(plain)}
	for _, one := range s.fixed {
		p.head.SetCanonical(one[0], one[1])
	}
	p.head.SetContentType(fiber.MIMETextHTMLCharsetUTF8)
	p.head.Set(fiber.HeaderETag, p.etag)
	p.head.Set(fiber.HeaderVary, pageVaries)
	return p
}

// packer is a writer with memory of a megabyte, which is used again.
type packer interface {
	io.WriteCloser
	Reset(to io.Writer)
}

var gzipPackers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, 6) // fails for unknown levels only
	return w
}}

var brotliPackers = sync.Pool{New: func() any {
	return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: 5, LGWin: 18}) // no page is longer than that looks back
}}

func packGzip(plain []byte) []byte {
	w, _ := gzipPackers.Get().(packer)
	defer gzipPackers.Put(w)
	return packWith(w, plain)
}

func packBrotli(plain []byte) []byte {
	w, _ := brotliPackers.Get().(packer)
	defer brotliPackers.Put(w)
	return packWith(w, plain)
}

func packWith(w packer, plain []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(plain) / 3)
	w.Reset(&b)
	_, _ = w.Write(plain) // into memory
	_ = w.Close()
	return bytes.Clone(b.Bytes()) // kept without the room that was left
}

// of packs a page, once.
func (p *packedPage) of(plain []byte, pack func([]byte) []byte) []byte {
	p.once.Do(func() { p.body = pack(plain) })
	return p.body
}

// answer is a whole answer, its headers too.
func (p *wholePage) answer(res *fasthttp.Response, a asked) {
	p.head.CopyTo(&res.Header)
	if len(a.tags) > 0 && hasTag(string(a.tags), p.etag) {
		res.SetStatusCode(fiber.StatusNotModified)
		return
	}
	p.body(res, string(a.encodings))
}

// send answers with the page where headers were set before, cookies perhaps.
func (p *wholePage) send(c *fiber.Ctx) error {
	if !sendHead(c, p.etag) {
		p.body(c.Response(), c.Get(fiber.HeaderAcceptEncoding))
	}
	return nil
}

func (p *wholePage) body(res *fasthttp.Response, encodings string) {
	switch {
	case names(encodings, "br"):
		res.Header.SetContentEncoding("br")
		res.SetBodyRaw(p.br.of(p.plain, packBrotli))
	case names(encodings, "gzip"):
		res.Header.SetContentEncoding("gzip")
		res.SetBodyRaw(p.gzip.of(p.plain, packGzip))
	default:
		res.SetBodyRaw(p.plain)
	}
}
