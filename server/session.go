package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"belfry/frontend"
	"belfry/locales"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// visit is what is known of a request before its handler runs.
type visit struct {
	*known    // nobody's when signed out; of a whole class while a shared page is made
	making    *made
	lang      *locales.Language
	theme     frontend.Theme
	notice    *flash
	uncounted bool   // the data may be away: what is new is not asked for
	request   string // id for logs and error pages, given when it is first needed
	patience
}

// patience bounds how long a request may take. Most are answered from memory: a timer runs only when somebody waits.
type patience struct {
	context.Context
	until   time.Time
	waiting sync.Once
	timed   context.Context
	end     context.CancelFunc
	ended   atomic.Bool // the request is answered: who is told so by Done reads why
}

func (p *patience) Deadline() (time.Time, bool) { return p.until, true }

func (p *patience) Done() <-chan struct{} {
	p.waiting.Do(func() { p.timed, p.end = context.WithDeadline(p.Context, p.until) })
	return p.timed.Done()
}

// Err does not wait for the timer.
func (p *patience) Err() error {
	if err := p.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(p.until) {
		return context.DeadlineExceeded
	}
	if p.ended.Load() {
		return context.Canceled
	}
	return nil
}

// over gives the timer back, when the request is answered.
func (p *patience) over() {
	p.waiting.Do(func() { p.timed, p.end = context.WithCancel(p.Context) })
	p.ended.Store(true)
	p.end()
}

// id names the request to the operator and to the person who met an error.
func (v *visit) id() string {
	if v.request == "" {
		b := make([]byte, 6)
		_, _ = rand.Read(b) // never fails (crypto/rand)
		v.request = base64.RawURLEncoding.EncodeToString(b)
	}
	return v.request
}

func (v *visit) signedIn() bool { return v.member.ID != "" }

func (v *visit) actor() store.Actor {
	switch {
	case !v.signedIn():
		return store.Visitor()
	case v.making != nil:
		return store.Anybody(v.class)
	}
	return store.As(v.member.ID)
}

const visitKey = "visit"

func visitOf(c *fiber.Ctx) *visit {
	v, _ := c.Locals(visitKey).(*visit)
	return v
}

// by is the acting member of a request.
func by(c *fiber.Ctx) store.Actor { return visitOf(c).actor() }

// Cookie names. Behind TLS they carry the __Host- prefix, which ties them to this host and path.
const (
	sessionCookie  = "belfry_session"
	languageCookie = "belfry_lang"
	themeCookie    = "belfry_theme"
	flashCookie    = "belfry_notice"
	nonceCookie    = "belfry_join"
	mentorCookie   = "belfry_mentor"
)

func (s *Server) cookieName(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

// setCookie writes a cookie for so long; a life of 0 ends with the browser, a negative one takes it away.
func (s *Server) setCookie(c *fiber.Ctx, name, value string, life time.Duration) {
	cookie := &fiber.Cookie{Name: s.cookieName(name), Value: value, Path: "/", HTTPOnly: true, Secure: s.secure(), SameSite: "Lax"}
	switch {
	case life < 0:
		cookie.Expires = time.Unix(1, 0)
	case life == 0:
		cookie.SessionOnly = true
	default:
		cookie.MaxAge = int(life / time.Second)
	}
	c.Cookie(cookie)
}

func (s *Server) cookie(c *fiber.Ctx, name string) string { return c.Cookies(s.cookieName(name)) }

// session finds out who asks, in which language and theme.
func (s *Server) session(c *fiber.Ctx) error {
	v := visitOf(c)
	token := s.cookie(c, sessionCookie)
	ctx := c.UserContext()
	if token != "" {
		one, err := s.known(ctx, token)
		switch {
		case err == nil:
			v.known = one
			if v.session.Stale(s.Store.Now()) {
				if err := s.Store.TouchSession(ctx, v.session.Hash); err != nil {
					s.Log.Warn("session not touched", "error", err)
				}
			}
		case store.KindOf(err) == store.NotFound:
			s.setCookie(c, sessionCookie, "", -1)
		default:
			s.choose(c, v) // as far as can be told
			return err
		}
	}
	s.choose(c, v)
	v.notice = s.takeFlash(c)
	return c.Next()
}

// choose settles language and theme: the member's, else the cookie's, else the browser's.
func (s *Server) choose(c *fiber.Ctx, v *visit) {
	tag, theme := s.cookie(c, languageCookie), s.cookie(c, themeCookie)
	if v.signedIn() {
		tag, theme = v.member.Language, v.member.Theme
	}
	if lang, ok := s.Catalogue.Language(tag); ok {
		v.lang = lang
	} else {
		v.lang = s.spoken.match(s.Catalogue, c.Get(fiber.HeaderAcceptLanguage))
	}
	v.theme = themeOf(theme)
}

// themeOf is the theme of a name, that of the system for any other.
func themeOf(name string) frontend.Theme {
	if theme := frontend.Theme(name); theme == frontend.LightTheme || theme == frontend.DarkTheme {
		return theme
	}
	return frontend.SystemTheme
}

// startSession gives the browser a new session cookie, and ends the session it had.
func (s *Server) startSession(c *fiber.Ctx, in store.SignedIn, way string) {
	if before := s.cookie(c, sessionCookie); before != "" {
		if err := s.Store.SignOut(c.UserContext(), before); err != nil {
			s.Log.Warn("session not ended", "error", err)
		}
	}
	s.note(c, "signed in", "way", way, "as", in.Member.ID, "session", in.Session.ID)
	s.setCookie(c, sessionCookie, in.Token, in.Session.Expires.Sub(s.Store.Now()))
	s.setCookie(c, nonceCookie, "", -1)
}

// token is the form token of a session, masked anew each time so that compressing a page tells nothing of it.
func (s *Server) token(session store.Session) string {
	pad := make([]byte, sha256.Size)
	_, _ = rand.Read(pad) // never fails (crypto/rand)
	masked := make([]byte, 0, 2*sha256.Size)
	masked = append(masked, pad...)
	for i, b := range s.sessionMAC(session) {
		masked = append(masked, b^pad[i])
	}
	return base64.RawURLEncoding.EncodeToString(masked)
}

func (s *Server) sessionMAC(session store.Session) []byte {
	mac := hmac.New(sha256.New, s.csrf)
	mac.Write([]byte(session.Hash))
	return mac.Sum(nil)
}

func (s *Server) validToken(session store.Session, token string) bool {
	masked, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(masked) != 2*sha256.Size {
		return false
	}
	sum := make([]byte, sha256.Size)
	for i := range sum {
		sum[i] = masked[i] ^ masked[sha256.Size+i]
	}
	return subtle.ConstantTimeCompare(sum, s.sessionMAC(session)) == 1
}

// forgery refuses requests that change something unless they come from our own pages: the browser must say so
// (Sec-Fetch-Site or Origin), and a signed-in form must carry its session's token. Only form bodies are read.
func (s *Server) forgery(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead:
		return c.Next()
	case fiber.MethodPost:
	default:
		return fiber.ErrMethodNotAllowed
	}
	if !s.sameSite(&c.Request().Header) {
		return errForged
	}
	kind, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	if kind != fiber.MIMEApplicationForm && kind != fiber.MIMEMultipartForm && len(c.Body()) > 0 {
		return fiber.ErrUnsupportedMediaType
	}
	if v := visitOf(c); v.signedIn() {
		if !s.validToken(v.session, c.FormValue(frontend.CSRFField)) {
			return errForged
		}
		c.SetUserContext(store.WithForm(c.UserContext(), sync.OnceValue(func() string { return keyOfForm(c) })))
	}
	return c.Next()
}

func (s *Server) sameSite(head *fasthttp.RequestHeader) bool {
	if site := string(head.Peek("Sec-Fetch-Site")); site != "" {
		return site == "same-origin" || site == "none"
	}
	from := head.Peek(fiber.HeaderOrigin)
	if len(from) == 0 {
		from = head.Peek(fiber.HeaderReferer)
	}
	origin, err := url.Parse(string(from))
	return err == nil && s.fromHere(origin)
}

// guard is first: it knows the request by an id, bounds its time, refuses hosts that are not ours, and survives a panic.
func (s *Server) guard(c *fiber.Ctx) (err error) {
	v := &visit{known: &known{}, lang: s.Catalogue.Languages()[0]}
	began := time.Now()
	s.Vitals.Underway.Add(1)
	v.Context, v.until = c.UserContext(), began.Add(s.limit)
	defer func() {
		v.over()
		code := c.Response().StatusCode()
		if err != nil {
			code, _ = status(err)
		}
		s.noteRefused(c, code)
		s.Vitals.Underway.Add(-1)
		took := time.Since(began)
		s.Vitals.Answered(c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead, code, took)
		s.noteTime(c, v, code, took)
	}()
	c.SetUserContext(&v.patience)
	c.Locals(visitKey, v)
	defer func() {
		if fault := recover(); fault != nil {
			err = s.fail(c, &panicError{fault})
		}
	}()
	if !s.ours(string(c.Request().Host())) {
		s.choose(c, v)
		return errHost
	}
	return c.Next()
}

// ours: the public host, and on a loopback listener this machine's own names.
func (s *Server) ours(host string) bool {
	if strings.EqualFold(host, s.public.Host) {
		return true
	}
	if !s.Loopback {
		return false
	}
	name := host
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		name = host[:at]
	}
	return name == "localhost" || name == "127.0.0.1" || name == "[::1]"
}

// spoken remembers which language fits an Accept-Language header: browsers send few different ones.
type spoken struct {
	mu    sync.RWMutex // guards known
	known map[string]*locales.Language
}

const maxSpoken = 500

// heard is the language that fits a header that was matched before, else nil.
func (k *spoken) heard(header []byte) *locales.Language {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.known[string(header)]
}

func (k *spoken) match(catalogue *locales.Catalogue, header string) *locales.Language {
	k.mu.RLock()
	lang := k.known[header]
	k.mu.RUnlock()
	if lang != nil {
		return lang
	}
	lang = catalogue.Match(header)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxSpoken {
		k.known = map[string]*locales.Language{}
	}
	k.known[header] = lang
	return lang
}
