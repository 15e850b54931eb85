package server

import (
	"context"
	"hash/maphash"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
)

// sharedPages keeps pages rendered once for everybody of a class, in one language, theme and time zone; each request
// puts the reader's own parts into them (frontend.Own). A page counts until a commit changes something public, and at
// most until the minute ends, because pages name days and hours to go.
type sharedPages struct {
	mu    sync.RWMutex // guards kept, size and swept
	kept  map[pageKey]*sharedPage
	size  int
	swept time.Time
	every time.Duration // is swept at most so often
	seed  maphash.Seed
	sweep func(is func(*made) bool) // lets readers go of pages that are not kept any more
}

// pageKey says for whom a page is made and what was asked for, word by word: what differs only in its spelling is another
// page, so that no page can be put where another belongs.
type pageKey struct {
	class      store.Class
	zone, lang string
	theme      frontend.Theme
	uri        string
}

// sharedPage is the place of a page. One request makes it, the others wait for that.
type sharedPage struct {
	making chan struct{} // holds the one who makes it
	made   atomic.Pointer[made]
}

// made is a page at one state of the store.
type made struct {
	generation uint64
	minute     int64
	at         *sharedPage
	page       *frontend.Page // as nobody in particular sees it
	component  templ.Component
	own        []ownReader
	shared     *frontend.Shared
	whole      *wholePage // for visitors
}

// ownReader reads from the store what one reader has of their own in a page.
type ownReader func(ctx context.Context, who store.Actor, own *pages.Own) error

// maxShared bounds the memory of the pages, in bytes of HTML; packed, they take as much again.
const maxShared = 12 << 20

func newSharedPages(sweep func(is func(*made) bool)) *sharedPages {
	return &sharedPages{kept: map[pageKey]*sharedPage{}, seed: maphash.MakeSeed(), every: time.Second, sweep: sweep}
}

// at is the place of a page.
func (k *sharedPages) at(key pageKey) *sharedPage {
	k.mu.RLock()
	place := k.kept[key]
	k.mu.RUnlock()
	if place != nil {
		return place
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	place = k.kept[key]
	if place == nil {
		if len(k.kept) >= maxSharedKeys {
			k.clear()
		}
		place = &sharedPage{making: make(chan struct{}, 1)}
		k.kept[key] = place
	}
	return place
}

// keep puts a page in its place, and forgets all others when they would take too much.
func (k *sharedPages) keep(key pageKey, place *sharedPage, fresh *made) {
	k.mu.Lock()
	defer k.mu.Unlock()
	grown, old := fresh.shared.Size(), place.made.Load()
	if k.kept[key] != place {
		old = nil // forgotten meanwhile, with its size
	}
	if old != nil {
		grown -= old.shared.Size()
	}
	if k.size+grown > maxShared {
		k.clear()
		grown = fresh.shared.Size()
	}
	k.size += grown
	k.kept[key] = place
	fresh.at = place
	place.made.Store(fresh)
	if now := time.Now(); now.Sub(k.swept) >= k.every {
		k.swept = now
		k.sweep(func(page *made) bool { return page.at.made.Load() == page })
	}
}

func (k *sharedPages) clear() {
	clear(k.kept)
	k.size = 0
	k.sweep(func(*made) bool { return false })
}

// leave gives up the place of a page that could not be kept.
func (k *sharedPages) leave(key pageKey, place *sharedPage) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept[key] == place && place.made.Load() == nil {
		delete(k.kept, key)
	}
}

// maxSharedKeys bounds how many places there are, those of pages that cannot be kept among them.
const maxSharedKeys = 4000

// shared answers from pages that are kept, and keeps what the handler makes. The handler runs on behalf of anybody of
// the reader's class, so it can read and render nothing of one person's own; what it hands to render as own is read
// for each reader. Handlers of pages that differ between readers in other ways do not belong here.
func (s *Server) shared(handler fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v := visitOf(c)
		key := pageKey{v.class, v.member.Zone, v.lang.Tag(), v.theme, c.OriginalURL()}
		place := s.pages.at(key)
		generation, minute := s.Store.Generation(), s.Store.Now().Unix()/60
		page := place.fresh(generation, minute)
		if page == nil {
			select {
			case place.making <- struct{}{}:
			case <-c.UserContext().Done():
				return c.UserContext().Err()
			}
			defer func() { <-place.making }()
			if page = place.fresh(generation, minute); page == nil {
				page = &made{generation: generation, minute: minute}
				if err := s.make(c, v, page, handler); err != nil || page.shared == nil {
					s.pages.leave(key, place)
					return err
				}
				s.pages.keep(key, place, page)
			}
		}
		if !v.signedIn() && v.notice == nil {
			return page.whole.send(c)
		}
		return s.sendJoined(c, v, page)
	}
}

// visitorsShared is shared for visitors; a member's page is made for them alone, on every request.
func (s *Server) visitorsShared(handler fiber.Handler) fiber.Handler {
	shared := s.shared(handler)
	return func(c *fiber.Ctx) error {
		if visitOf(c).signedIn() {
			return handler(c)
		}
		return shared(c)
	}
}

func (p *sharedPage) fresh(generation uint64, minute int64) *made {
	if p == nil {
		return nil
	}
	if page := p.made.Load(); page != nil && page.generation == generation && page.minute == minute {
		return page
	}
	return nil
}

// make lets the handler make the page for nobody in particular. page.shared stays nil when it answered otherwise, with
// a redirect.
func (s *Server) make(c *fiber.Ctx, v *visit, page *made, handler fiber.Handler) error {
	anybody := &known{class: v.class, member: v.class.Anybody()}
	anybody.member.Zone = v.member.Zone
	c.Locals(visitKey, &visit{known: anybody, making: page, lang: v.lang, theme: v.theme, request: v.request})
	err := func() error {
		defer c.Locals(visitKey, v) // whatever happens, an error page is the reader's own
		return handler(c)
	}()
	if err != nil || page.component == nil {
		return err
	}
	page.shared, err = frontend.Share(c.UserContext(), page.component)
	page.component = nil
	if err != nil || v.signedIn() {
		return err
	}
	joined, err := page.shared.For(c.UserContext(), page.page)
	if err != nil {
		return err
	}
	plain := make([]byte, 0, page.shared.Size())
	joined.Plain(func(b []byte) { plain = append(plain, b...) })
	page.whole = s.newWholePage(plain)
	return nil
}

// joined is a shared page with the own parts of one reader.
type joined struct {
	page *made
	*frontend.Joined
	etag  string
	marks uint64 // see store.Marks: what is new to the reader may be otherwise now

	looks atomic.Int32           // packed ones
	whole atomic.Pointer[[]byte] // packed, for a reader who looks again and again
}

// sendJoined answers with a shared page and the reader's own parts.
func (s *Server) sendJoined(c *fiber.Ctx, v *visit, page *made) error {
	one := v.last.Load()
	if one == nil || one.page != page || one.marks != s.Store.Marks() || v.notice != nil {
		var err error
		if one, err = s.joined(c.UserContext(), v, page); err != nil {
			return err
		}
	}
	if sendHead(c, one.etag) {
		return nil
	}
	if !accepts(c, "gzip") {
		one.Plain(c.Response().AppendBody)
		return nil
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	whole := one.whole.Load()
	if whole == nil {
		if one.looks.Add(1) < 2 {
			one.Gzip(c.Response().AppendBody)
			return nil
		}
		var packed []byte
		one.Gzip(func(b []byte) { packed = append(packed, b...) })
		whole = &packed
		one.whole.Store(whole)
	}
	c.Response().SetBodyRaw(*whole)
	return nil
}

// joined reads and renders what the reader has of their own in a page. It is kept for their next look: as the page, it
// counts until a commit changes something public.
func (s *Server) joined(ctx context.Context, v *visit, page *made) (*joined, error) {
	own, marks := pages.Own{Reader: v.member}, s.Store.Marks() // before reading: what is read may only be newer
	for _, read := range page.own {
		if err := read(ctx, v.actor(), &own); err != nil {
			return nil, err
		}
	}
	p := *page.page
	p.Own, p.Notices = own, v.notices()
	if v.signedIn() {
		forms := s.formsOf(v)
		p.Viewer, p.CSRF, p.Frame = v.viewer(), forms.token, &forms.frame
		p.Viewer.Unread = s.unreadOf(ctx, v)
	}
	parts, err := page.shared.For(ctx, &p)
	if err != nil {
		return nil, err
	}
	one := &joined{page: page, Joined: parts, marks: marks}
	// The tag names the state of the store and the own parts; it ends with the process.
	var h maphash.Hash
	h.SetSeed(s.pages.seed)
	parts.Own(func(b []byte) { _, _ = h.Write(b) }) // never fails (hash/maphash)
	one.etag = `W/"` + strconv.FormatUint(page.generation, 36) + "-" + strconv.FormatInt(page.minute, 36) + "-" + strconv.FormatUint(h.Sum64(), 36) + `"`
	if v.signedIn() && v.notice == nil {
		v.last.Store(one)
	}
	return one, nil
}

// sendHead writes the headers of a page, and says whether nothing more is to be sent.
func sendHead(c *fiber.Ctx, etag string) (answered bool) {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderVary, pageVaries)
	if unchanged(c, strings.TrimPrefix(etag, "W/")) {
		c.Status(fiber.StatusNotModified)
		return true
	}
	return false
}
