package server

import (
	"context"
	"errors"
	"mime"
	"mime/multipart"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// slowestLine is how many bytes a second a large form of a member comes at least.
const slowestLine = 16 << 10

// roomFor says how large a request may be and how long it may take to arrive, and claims memory for its body. It is asked
// when the head of a request has arrived, before its body is read.
func (s *Server) roomFor(head *fasthttp.RequestHeader) fasthttp.RequestConfig {
	limits := s.roomForPapers(head)
	size, most := head.ContentLength(), max(limits.MaxRequestBodySize, bodyLimit)
	if size == chunked {
		size = most
	}
	if size <= smallBody || size > most {
		return limits
	}
	from := payer{of: strangers}
	if member, ok := s.bringer(head); ok {
		from = payer{members, member}
		if most > bodyLimit {
			from.of = papers
		}
		limits.ReadTimeout = max(limits.ReadTimeout, s.Patience+time.Duration(size/slowestLine)*time.Second)
	}
	if !s.bodies.take(head, from, size, max(limits.ReadTimeout, s.Patience)) {
		limits.MaxRequestBodySize = 1 // nothing of it is read, see fail
	}
	return limits
}

// chunked is the length of a body that does not say how long it is.
const chunked = -1

// hasBody says whether a request brings something, even one that only asks for a page.
func hasBody(head *fasthttp.RequestHeader) bool {
	size := head.ContentLength()
	return size > 0 || size == chunked
}

// roomForPapers lets a form with a file be as large as a paper may be, and gives both directions time on a slow line;
// every other request keeps the common limits, and so does one whose session does not count.
func (s *Server) roomForPapers(head *fasthttp.RequestHeader) (limits fasthttp.RequestConfig) {
	where, _, _ := strings.Cut(string(head.RequestURI()), "?")
	if strings.Contains(where, "/documents/") {
		limits.WriteTimeout = max(paperTimeout, time.Duration(store.MaxFile/slowestLine)*time.Second)
	}
	if string(head.Method()) == fiber.MethodPost && (strings.HasPrefix(where, "/meetings/") || strings.HasPrefix(where, "/agenda/")) && path.Base(where) == "documents" &&
		strings.HasPrefix(string(head.ContentType()), fiber.MIMEMultipartForm) {
		if _, ok := s.bringer(head); ok {
			limits.MaxRequestBodySize = store.MaxFile + 1<<20
			limits.ReadTimeout = paperTimeout
		}
	}
	return limits
}

// bringer is the member whose session a request names, and whether it counts. When the store cannot be asked, it may; the
// handler says so.
func (s *Server) bringer(head *fasthttp.RequestHeader) (member string, ok bool) {
	cookie := string(head.Cookie(s.cookieName(sessionCookie)))
	if cookie == "" {
		return "", false
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	one, err := s.known(ctx, cookie)
	if err != nil {
		return "", store.KindOf(err) != store.NotFound
	}
	return one.member.ID, true
}

// upload is the file of a form; nil when none was chosen.
func upload(c *fiber.Ctx, field string) (file *store.Upload, end func(), err error) {
	head, err := c.FormFile(field)
	if err != nil || head.Filename == "" && head.Size == 0 {
		return nil, func() {}, nil // not a form with files, or an empty field: the store says that something is missing
	}
	body, err := head.Open()
	if err != nil {
		return nil, func() {}, err
	}
	return &store.Upload{Name: head.Filename, Body: multipart.File(body)}, func() { _ = body.Close() }, nil
}

// postDocument adds a paper to a meeting, puts a newer file in its place, or takes it away.
func (s *Server) postDocument(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	key, err := s.changePapers(c, m, "")
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug+"#documents", key)
	case mayTypeAgain(err):
		return s.showMeeting(c, err, func(screen *pages.MeetingScreen) {
			screen.Doc = s.typed(c, err, documentNames()...)
		})
	}
	return err
}

// document hands out a paper's file. It is never shown inside the site: a download, from an address whose policy lets
// it load nothing and run nothing.
func (s *Server) document(c *fiber.Ctx) error {
	version, err := strconv.Atoi(c.Query("v", "0"))
	if err != nil {
		return fiber.ErrNotFound
	}
	found, file, err := s.Store.OpenDocument(c.UserContext(), by(c), c.Params("slug"), c.Params("id"), version)
	if err != nil {
		return err
	}
	etag := `"` + found.Hash + `"`
	h := &c.Response().Header
	h.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set(fiber.HeaderContentDisposition, attachment(found.Name))
	h.Set(fiber.HeaderETag, etag)
	if unchanged(c, etag) {
		return errors.Join(file.Close(), c.SendStatus(fiber.StatusNotModified))
	}
	h.SetContentType(found.Type)
	if strings.HasPrefix(found.Type, "text/") {
		h.SetContentType(found.Type + "; charset=utf-8")
	}
	if l, ok := c.Context().Conn().(*line); ok { // a proxy with a slow reader takes much at once, and then nothing for a while
		takenWithin(l.TCPConn, max(s.Patience, liveTimeout))
	}
	c.Context().SetBodyStream(file, int(found.Size)) // closes the file
	return nil
}

// attachment names a download for old and new browsers (RFC 6266, RFC 5987).
func attachment(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, name)
	if plain == name {
		return mime.FormatMediaType("attachment", map[string]string{"filename": name})
	}
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
