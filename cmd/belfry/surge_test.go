package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/server/live/client"
	"belfry/store"
)

// surge is everything a hub is for, done at once, and what it said is kept: answers to meetings, answers given for others
// with their letters, posts, messages, papers. The last meeting is for answers given for others.
type surge struct {
	c       *community
	threads []int
	tokens  []string
	round   int

	mu       sync.Mutex // guards what follows
	own      map[chair]*attempt
	forOther []attempt           // by member
	posts    map[string]bool     // sent; true for acknowledged
	messages map[string]int      // acknowledged, with their number
	papers   map[string]struct{} // hashes of those acknowledged
	lastWord string
	lastSaid int // the number of the last message known to be stored
	done     tally
	changed  *sync.Cond
}

// tally counts what was acknowledged, by kind.
type tally struct{ answers, letters, posts, messages, papers int }

func (n tally) String() string {
	return fmt.Sprintf("acknowledged: %d answers, %d letters, %d posts, %d messages, %d papers", n.answers, n.letters, n.posts, n.messages, n.papers)
}

func (n tally) since(o tally) tally {
	return tally{n.answers - o.answers, n.letters - o.letters, n.posts - o.posts, n.messages - o.messages, n.papers - o.papers}
}

func (n tally) plus(o tally) tally { return n.since(tally{}.since(o)) }

func (n tally) least() int { return min(n.answers, n.letters, n.posts, n.messages, n.papers) }

func newSurge(c *community, threads []int) *surge {
	s := &surge{c: c, threads: threads, own: map[chair]*attempt{}, forOther: make([]attempt, len(c.members)), posts: map[string]bool{},
		messages: map[string]int{}, papers: map[string]struct{}{}}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// forget takes over what another surge knows of a community begun anew, and keeps counting.
func (s *surge) forget(fresh *surge) {
	s.own, s.forOther, s.posts, s.messages, s.papers = fresh.own, fresh.forOther, fresh.posts, fresh.messages, fresh.papers
	s.lastWord, s.lastSaid = "", 0
}

// acknowledge notes something under the lock.
func (s *surge) acknowledge(note func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note()
	s.changed.Broadcast()
}

// await returns when something more of every kind was acknowledged, or after a while.
func (s *surge) await() {
	end := time.Now().Add(patience / 4)
	overdue := time.AfterFunc(patience/4, s.changed.Broadcast)
	defer overdue.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for from := s.done; s.done.since(from).least() == 0 && time.Now().Before(end); {
		s.changed.Wait()
	}
}

// rise begins; what it returns waits until everybody has stopped, which they do when the hub fails them.
func (s *surge) rise(h *hub) (stop func()) {
	h.t.Helper()
	if s.tokens == nil {
		s.tokens = s.c.tokens(h)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for member := range s.c.members {
		all.Go(func() { s.answer(h, member) })
	}
	for member := range 8 {
		all.Go(func() { s.post(h, member) })
		all.Go(func() { s.talk(ctx, h, member) })
	}
	all.Go(func() { s.answerForOthers(h) })
	all.Go(func() { s.send(h) })
	return func() { cancel(); all.Wait() }
}

// answer answers meetings as one member, again and again.
func (s *surge) answer(h *hub, member int) {
	choices := []store.Answer{store.OnSite, store.OnSite, store.Online, store.Maybe, store.No}
	for {
		meeting := rand.IntN(len(s.c.meetings) - 1)
		s.mu.Lock()
		try := s.own[chair{member, meeting}]
		if try == nil {
			try = &attempt{answer: map[int]store.Answer{}}
			s.own[chair{member, meeting}] = try
		}
		try.sent++
		n, choice := try.sent, choices[rand.IntN(len(choices))]
		try.answer[n] = choice
		s.mu.Unlock()
		status, _, err := h.post("/meetings/"+s.c.meetings[meeting].Slug+"/rsvp", s.c.sessions[member],
			url.Values{"csrf": {s.tokens[member]}, "answer": {string(choice)}, "note": {fmt.Sprint("try ", n)}})
		if err != nil || status != 303 {
			return
		}
		s.acknowledge(func() { try.acknowledged = n; s.done.answers++ })
	}
}

// answerForOthers answers the last meeting for one member after the other; each time a letter goes to them.
func (s *surge) answerForOthers(h *hub) {
	for k := 0; ; k++ {
		member := 1 + k%(len(s.c.members)-1)
		try := &s.forOther[member]
		try.sent++
		status, page, err := h.post("/meetings/"+s.c.meetings[len(s.c.meetings)-1].Slug+"/rsvp/for", s.c.sessions[0], url.Values{"csrf": {s.tokens[0]},
			"member": {s.c.members[member].Handle}, "answer": {string(store.Online)}, "guests": {fmt.Sprint("try ", try.sent)}})
		if err != nil || status != 303 {
			if err == nil && status < 500 {
				h.t.Errorf("answer for another: %d %.300s", status, page)
			}
			return
		}
		s.acknowledge(func() { try.acknowledged = try.sent; s.done.letters++ })
	}
}

// post writes into the threads as one member, who may write twenty posts a minute.
func (s *surge) post(h *hub, member int) {
	for k := 0; ; k++ {
		text := fmt.Sprintf("parole%dx%dx%d", s.round, member, k)
		s.mu.Lock()
		s.posts[text] = false
		s.mu.Unlock()
		status, _, err := h.post(fmt.Sprintf("/t/%d/x/do/reply", s.threads[k%len(s.threads)]), s.c.sessions[member],
			url.Values{"csrf": {s.tokens[member]}, "source": {text}, "once": {text}})
		if err != nil || status != 303 {
			return
		}
		s.acknowledge(func() { s.posts[text] = true; s.lastWord = text; s.done.posts++ })
		time.Sleep(20 * time.Millisecond)
	}
}

// talk says things in the lounge as one member.
func (s *surge) talk(ctx context.Context, h *hub, member int) {
	one := client.New(client.Options{URL: "ws" + strings.TrimPrefix(h.url, "http") + "/live", Name: fmt.Sprintf("p%d-%d-%d", s.round, member, rand.Int()),
		Header: http.Header{"Cookie": {"belfry_session=" + s.c.sessions[member]}}})
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { _ = one.Run(ctx) })
	for k := 0; ; k++ {
		text := fmt.Sprintf("mot %d de %d, tour %d", k, member, s.round)
		n, err := one.Send(ctx, store.LoungeID, text)
		if err != nil {
			<-ctx.Done()
			return
		}
		s.acknowledge(func() { s.messages[text] = n; s.done.messages++ })
		time.Sleep(30 * time.Millisecond)
	}
}

// send sends papers to one of the meetings, and takes the oldest away when there are many.
func (s *surge) send(h *hub) {
	meeting := s.c.meetings[s.round%(len(s.c.meetings)-1)]
	for k := range 20 { // a meeting takes thirty
		content := fmt.Appendf(nil, "%%PDF-1.7\npapier %d %d %d\n", s.round, k, rand.Uint64())
		content = append(content, make([]byte, 20_000+rand.IntN(200_000))...)
		status, page, err := h.upload("/meetings/"+meeting.Slug+"/documents", s.c.sessions[0], s.tokens[0], content)
		if err != nil || status != 303 {
			if err == nil && status == 422 && !strings.Contains(page, "30") {
				h.t.Errorf("paper: %d %.300s", status, page)
			}
			return
		}
		sum := sha256.Sum256(content)
		s.acknowledge(func() { s.papers[hex.EncodeToString(sum[:])] = struct{}{}; s.done.papers++ })
	}
}

// kept is what a community has on its disk.
type kept struct {
	answers  map[chair]store.RSVP
	letters  map[string]int // letters, and events that become some, by member: you were answered for
	posts    map[string]int
	messages map[string][]int
	last     int
	papers   map[string]bool
}

// look reads what is on the disk while nobody serves it. An error says that it cannot be read, or is not in order.
func look(t *testing.T, c *community) (k kept, err error) {
	t.Helper()
	hub, db, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	if err != nil {
		return k, err
	}
	defer hub.Close()
	report, err := checkAll(t.Context(), hub, db)
	if err == nil && report.Found > 0 {
		err = fmt.Errorf("belfry check: %v", report.Faults)
	}
	if err != nil {
		return k, err
	}
	k = kept{letters: map[string]int{}, posts: map[string]int{}, messages: map[string][]int{}, papers: map[string]bool{}}
	if k.answers, err = c.seated(hub); err != nil {
		return k, err
	}
	for _, read := range []func(context.Context, *store.Store, *community) error{k.readLetters, k.readPosts, k.readMessages, k.readPapers} {
		if err := read(t.Context(), hub, c); err != nil {
			return k, err
		}
	}
	return k, nil
}

func (k *kept) readLetters(ctx context.Context, hub *store.Store, _ *community) error {
	letters, err := hub.Mailbox(ctx, store.System(), 100_000)
	if err != nil {
		return err
	}
	for _, m := range letters {
		if m.Kind == store.EventAnsweredFor {
			k.letters[m.Member]++
		}
	}
	waiting, err := hub.DueEvents(ctx, 100_000)
	for _, e := range waiting {
		if e.Kind == store.EventAnsweredFor {
			k.letters[e.Member]++
		}
	}
	return err
}

func (k *kept) readPosts(ctx context.Context, hub *store.Store, _ *community) error {
	for number := 1; ; number++ {
		for page := 1; ; page++ {
			p, err := hub.ThreadPage(ctx, store.Visitor(), number, page)
			if store.KindOf(err) == store.NotFound {
				return nil
			} else if err != nil {
				return err
			}
			for _, row := range p.Posts {
				k.posts[row.Post.Source]++
			}
			if page == p.Pages {
				break
			}
		}
	}
}

func (k *kept) readMessages(ctx context.Context, hub *store.Store, c *community) error {
	for {
		page, err := hub.RoomPage(ctx, store.As(c.members[0].ID), store.LoungeID, store.MessageQuery{From: time.Unix(1, 0), After: k.last, Limit: 1000})
		if err != nil {
			return err
		}
		if len(page.Rows) == 0 || page.Rows[len(page.Rows)-1].Message.Number <= k.last {
			return nil
		}
		for _, row := range page.Rows {
			if row.Message.Number != k.last+1 {
				return fmt.Errorf("message %d follows %d", row.Message.Number, k.last)
			}
			k.last = row.Message.Number
			k.messages[row.Message.Source] = append(k.messages[row.Message.Source], k.last)
		}
	}
}

func (k *kept) readPapers(ctx context.Context, hub *store.Store, c *community) error {
	for _, m := range c.meetings {
		page, err := hub.MeetingPage(ctx, c.organiser, m.Slug)
		if err != nil {
			return err
		}
		for _, d := range page.Meeting.Documents {
			_, file, err := hub.OpenDocument(ctx, c.organiser, m.Slug, d.ID, 0)
			if err != nil {
				return fmt.Errorf("paper %s: %w", d.Title, err)
			}
			sum := sha256.New()
			_, err = io.Copy(sum, file)
			_ = file.Close()
			if err != nil {
				return err
			}
			k.papers[hex.EncodeToString(sum.Sum(nil))] = true
		}
	}
	return nil
}

// lost compares what was acknowledged with what is there, and says in sentences what is wrong.
func (s *surge) lost(k kept) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for at, try := range s.own {
		got := k.answers[at]
		n := serial(got.Note)
		if n < try.acknowledged || n > try.sent || n > 0 && got.Answer != try.answer[n] {
			say("member %d answered meeting %d, try %d, and was thanked, kept is %d %q", at.member, at.meeting, try.acknowledged, n, got.Answer)
		}
	}
	for member, try := range s.forOther {
		n := 0
		if guests := k.answers[chair{member, len(s.c.meetings) - 1}].Guests; len(guests) > 0 {
			n = serial(guests[0])
		}
		if n < try.acknowledged || n > try.sent {
			say("member %d was answered for, try %d, kept is %d", member, try.acknowledged, n)
		}
		if letters := k.letters[s.c.members[member].ID]; letters != n {
			say("member %d was answered for %d times, and is told of %d", member, n, letters)
		}
	}
	for text, acknowledged := range s.posts {
		if n := k.posts[text]; n > 1 || acknowledged && n != 1 {
			say("post %s is there %d times, acknowledged: %v", text, n, acknowledged)
		}
	}
	for text, n := range s.messages {
		if got := k.messages[text]; len(got) != 1 || got[0] != n {
			say("message %q was acknowledged as %d, and is there as %v", text, n, got)
		}
	}
	for hash := range s.papers {
		if !k.papers[hash] {
			say("paper %s was acknowledged and is not there", hash)
		}
	}
	return wrong
}

// nextRound takes what was not acknowledged and is there all the same for kept from now on.
func (s *surge) nextRound(k kept) {
	s.round++
	for at, try := range s.own {
		try.sent = max(try.sent, serial(k.answers[at].Note))
	}
	for member := range s.forOther {
		try, n := &s.forOther[member], 0
		if guests := k.answers[chair{member, len(s.c.meetings) - 1}].Guests; len(guests) > 0 {
			n = serial(guests[0])
		}
		try.sent, try.acknowledged = n, n // letters are counted: what did not happen is not counted
	}
}

// shows asks until a word of a post is found; the index follows by itself, a moment later.
func (h *hub) shows(word string) {
	h.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		_, page, err := h.get("/search?q="+word, "")
		if err == nil && strings.Contains(page, "<mark>"+word+"</mark>") {
			return
		}
		if err != nil || time.Now().After(end) {
			h.t.Fatalf("%s is not found: %v %s", word, err, h.log)
		}
	}
}
