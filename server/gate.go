package server

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/locales"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// gate lets only so many be at work at once. As many again may wait for a moment; everybody else is told at once to come
// back, so that those who are let in are answered as quickly as ever.
type gate struct {
	places  chan struct{}
	crowded int // from how many on
	waiting atomic.Int64
	patient time.Duration
	refused atomic.Int64
}

const (
	atWork    = 256 // at least: that many who write share commits, and none of them is refused
	atWorkCPU = 64
	atTheGate = 500 * time.Millisecond
	comeBack  = "5" // seconds
)

// newGate is for a process that may take so much memory, 0 for as much as it likes: who is at work takes some.
func newGate(memory int64) *gate {
	processors := runtime.GOMAXPROCS(0)
	places := max(atWork, atWorkCPU*processors)
	if memory > 0 {
		places = min(places, max(32, int(memory>>22)))
	}
	return &gate{places: make(chan struct{}, places), crowded: 4 * processors, patient: atTheGate}
}

// enter says whether somebody may go to work; who may leaves afterwards. Where many are at work, those who arrive are let in
// or refused before the work goes on: else they would wait for the processor before anybody had counted them.
func (g *gate) enter() bool {
	ok := g.find()
	if ok && len(g.places) > g.crowded {
		runtime.Gosched()
	}
	return ok
}

// find waits for a place.
func (g *gate) find() bool {
	select {
	case g.places <- struct{}{}:
		return true
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) <= int64(cap(g.places)) {
		enough := time.NewTimer(g.patient)
		defer enough.Stop()
		select {
		case g.places <- struct{}{}:
			return true
		case <-enough.C:
		}
	}
	g.refused.Add(1)
	return false
}

func (g *gate) leave() { <-g.places }

// ungated is asked of balancers and by pages already shown, and costs next to nothing.
func ungated(uri []byte) bool {
	return bytes.HasPrefix(uri, []byte("/static/")) || bytes.HasPrefix(uri, []byte("/healthz")) || bytes.HasPrefix(uri, []byte("/readyz"))
}

// admit lets a request in when there is room for it.
func (s *Server) admit(c *fasthttp.RequestCtx, next fasthttp.RequestHandler) {
	read := c.IsGet() || c.IsHead()
	if ungated(c.Request.Header.RequestURI()) {
		next(c)
		return
	}
	at := s.reading
	if !read {
		at = s.writing
	}
	if !at.enter() {
		s.turnBack(c, read)
		s.Vitals.Answered(!read, fiber.StatusServiceUnavailable, time.Since(c.Time()))
		return
	}
	defer at.leave()
	next(c)
}

// busy are the answers for those who are turned away: whoever reads is told otherwise than whoever sends something.
type busy struct {
	mu   sync.RWMutex // guards made
	made map[busyKey]*busyAnswer
}

type busyKey struct {
	lang string
	read bool
}

// busyAnswer does not change: to turn somebody away must cost a small part of what it costs to let them in.
type busyAnswer struct {
	head fasthttp.ResponseHeader
	page []byte
}

// turnBack tells somebody to come back in a moment. Who brought a small form is given it back with that.
func (s *Server) turnBack(c *fasthttp.RequestCtx, read bool) {
	if size := c.Request.Header.ContentLength(); c.IsPost() && size > 0 && size <= smallBody && s.ration.take(c.Time()) {
		if form := s.sentForm(c); form != nil && s.giveBack(c, form) {
			s.sayBusy()
			return
		}
	}
	s.turnAway(c, read)
}

// ration bounds how many a second are given back what they sent: that costs nearly twenty times as much as to turn them away.
type ration struct {
	most          int64
	second, given atomic.Int64
}

const givenBack = 100

func (r *ration) take(now time.Time) bool {
	if second := now.Unix(); r.second.Swap(second) != second {
		r.given.Store(0)
	}
	return r.given.Add(1) <= r.most
}

// giveBack answers with what somebody sent.
func (s *Server) giveBack(c *fasthttp.RequestCtx, form *pages.SentForm) bool {
	lang := s.languageOf(c)
	var page bytes.Buffer
	screen := pages.AgainPage{Status: fiber.StatusServiceUnavailable, Title: lang.T("error_page.busy.title"), Text: lang.T("error_page.busy.write"), Form: form}
	if err := pages.Again(s.barePage(lang, themeOf(string(c.Request.Header.Cookie(s.cookieName(themeCookie))))), screen).Render(context.Background(), &page); err != nil {
		return false
	}
	s.busyAnswer(busyKey{lang.Tag(), false}, lang).head.CopyTo(&c.Response.Header)
	c.Response.SetBodyRaw(page.Bytes())
	return true
}

// turnAway tells somebody to come back in a moment, without a look at what they brought.
func (s *Server) turnAway(c *fasthttp.RequestCtx, read bool) {
	s.sayBusy()
	lang := s.languageOf(c)
	answer := s.busyAnswer(busyKey{lang.Tag(), read}, lang)
	answer.head.CopyTo(&c.Response.Header)
	c.Response.SetBodyRaw(answer.page)
}

// languageOf is the language of somebody of whom nothing else is known.
func (s *Server) languageOf(c *fasthttp.RequestCtx) *locales.Language {
	lang, ok := s.Catalogue.Language(string(c.Request.Header.Cookie(s.cookieName(languageCookie))))
	if !ok {
		accepted := c.Request.Header.Peek(fiber.HeaderAcceptLanguage)
		if lang = s.spoken.heard(accepted); lang == nil {
			lang = s.spoken.match(s.Catalogue, string(accepted))
		}
	}
	return lang
}

func (s *Server) busyAnswer(key busyKey, lang *locales.Language) *busyAnswer {
	s.busy.mu.RLock()
	answer := s.busy.made[key]
	s.busy.mu.RUnlock()
	if answer != nil {
		return answer
	}
	answer = s.newBusyAnswer(key, lang)
	s.busy.mu.Lock()
	defer s.busy.mu.Unlock()
	if s.busy.made == nil {
		s.busy.made = map[busyKey]*busyAnswer{}
	}
	s.busy.made[key] = answer
	return answer
}

func (s *Server) newBusyAnswer(key busyKey, lang *locales.Language) *busyAnswer {
	var page bytes.Buffer
	if err := pages.Busy(&frontend.Page{Lang: lang, Assets: s.Assets}, key.read).Render(context.Background(), &page); err != nil {
		page = *bytes.NewBufferString(lang.T("error_page.busy.title"))
	}
	answer := &busyAnswer{page: page.Bytes()}
	for _, one := range s.fixed {
		answer.head.SetCanonical(one[0], one[1])
	}
	answer.head.Set(fiber.HeaderCacheControl, "no-store")
	answer.head.Set(fiber.HeaderRetryAfter, comeBack)
	answer.head.SetContentType(fiber.MIMETextHTMLCharsetUTF8)
	answer.head.SetStatusCode(fiber.StatusServiceUnavailable)
	return answer
}

// saidEvery is how often the log says that people are turned away: they may be thousands a second.
const saidEvery = 10 * time.Second

func (s *Server) sayBusy() {
	now := time.Now().UnixNano()
	if last := s.saidBusy.Load(); now-last > int64(saidEvery) && s.saidBusy.CompareAndSwap(last, now) {
		s.Log.Warn("more to do than can be done: some are told to come back", "so far", s.Load().Refused)
	}
}
