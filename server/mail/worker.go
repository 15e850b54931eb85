package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"
)

const (
	inAll     = 8 // deliveries at a time
	perDomain = 2 // of them to one domain; large providers slow down those who send faster
	batch     = 500
	pollEvery = 30 * time.Second
	firstWait = time.Minute
	longest   = 8 * time.Hour
	giveUp    = 72 * time.Hour
	maxTries  = 20 // when it is not known since when a letter waits
	lastWords = 5 * time.Second
)

// Queued is a letter that waits.
type Queued struct {
	ID string // of the entry in the queue
	Message
	Attempt int       // tries made so far
	Written time.Time // since when it waits; three days later no more is tried
}

// Queue keeps the letters. Its methods may be called by several goroutines at once.
type Queue interface {
	// DueMail lists letters to be sent now, oldest first, at most limit. It sees what was noted before it was called.
	DueMail(ctx context.Context, now time.Time, limit int) ([]Queued, error)
	// MailSent notes a delivery; the letter is never listed again.
	MailSent(ctx context.Context, id string, at time.Time) error
	// MailFailed notes a failure. The letter is listed again from next on, or never again if giveUp is set.
	MailFailed(ctx context.Context, id string, at time.Time, reason string, next time.Time, giveUp bool) error
}

// Deliverer delivers one message; *Sender is one. Errors that are no *DeliveryError count as temporary.
type Deliverer interface {
	Send(ctx context.Context, m Message) error
}

// Clock is the time. Timer sends once after d, unless stop is called before.
type Clock interface {
	Now() time.Time
	Timer(d time.Duration) (fires <-chan time.Time, stop func())
}

// SystemClock is the time of the machine.
type SystemClock struct{}

// Now is the time now.
func (SystemClock) Now() time.Time { return time.Now() }

// Timer is a timer of the machine.
func (SystemClock) Timer(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// Worker sends what is in a queue. A letter goes out once: it is noted right after the server took it, at most one
// delivery of it runs at a time, and a note that fails is repeated, not the letter. Only a process that dies between
// the two sends it again, under the same Message-ID. One queue has one running worker.
type Worker struct {
	queue Queue
	out   Deliverer
	clock Clock
	rand  *rand.Rand
	log   *slog.Logger
	wake  chan struct{}

	// The rest belongs to the goroutine of Run.
	running map[string]string // id: domain
	busy    map[string]int    // domain: deliveries that run
	unnoted map[string]result // done, but the queue could not note it
	done    chan result
}

type result struct {
	letter Queued
	at     time.Time
	err    error
}

// NewWorker makes a worker; rand spreads the tries of letters that failed together.
func NewWorker(q Queue, out Deliverer, clock Clock, rand *rand.Rand, log *slog.Logger) *Worker {
	return &Worker{
		queue: q, out: out, clock: clock, rand: rand, log: log, wake: make(chan struct{}, 1),
		running: map[string]string{}, busy: map[string]int{}, unnoted: map[string]result{},
		done: make(chan result, inAll),
	}
}

// Wake makes the worker look at the queue soon. It never waits and may be called by anyone at any time.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. Deliveries that run then get five seconds to finish, so that they can be noted.
func (w *Worker) Run(ctx context.Context) {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	for ctx.Err() == nil {
		w.noteAgain(ctx)
		w.start(ctx, sending)
		fires, stop := w.clock.Timer(pollEvery)
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-fires:
		case r := <-w.done:
			w.finish(ctx, r)
		}
		stop()
		w.drain(ctx)
	}
	w.wait(ctx, cut)
}

// drain takes in all deliveries that ended meanwhile, so that the queue is read once for them, not once for each.
func (w *Worker) drain(ctx context.Context) {
	for {
		select {
		case r := <-w.done:
			w.finish(ctx, r)
		default:
			return
		}
	}
}

func (w *Worker) wait(ctx context.Context, cut func()) {
	fires, stop := w.clock.Timer(lastWords)
	defer stop()
	for len(w.running) > 0 {
		select {
		case r := <-w.done:
			w.finish(ctx, r)
		case <-fires:
			cut()
			fires = nil
		}
	}
	w.noteAgain(ctx)
}

// start begins as many deliveries as there is room for.
func (w *Worker) start(ctx, sending context.Context) {
	if len(w.running) >= inAll {
		return
	}
	due, err := w.due(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.log.Error("mail queue cannot be read", "error", err)
		}
		return
	}
	for _, letter := range due {
		if len(w.running) >= inAll {
			return
		}
		domain := strings.ToLower(domainOf(letter.Address))
		_, runs := w.running[letter.ID]
		_, waits := w.unnoted[letter.ID]
		if runs || waits || w.busy[domain] >= perDomain {
			continue
		}
		w.running[letter.ID] = domain
		w.busy[domain]++
		go func() { w.done <- w.deliver(sending, letter) }()
	}
}

func (w *Worker) due(ctx context.Context) (due []Queued, err error) {
	defer caught(&err)
	return w.queue.DueMail(ctx, w.clock.Now(), batch)
}

// deliver runs in a goroutine of its own and touches nothing of the worker that changes.
func (w *Worker) deliver(ctx context.Context, letter Queued) (r result) {
	defer func() { r.letter, r.at = letter, w.clock.Now() }()
	defer caught(&r.err)
	return result{err: w.out.Send(ctx, letter.Message)}
}

// finish notes how a delivery ended. The id is free again only now, in the goroutine that reads the queue: a list
// read before the note was written can no longer be worked on.
func (w *Worker) finish(ctx context.Context, r result) {
	domain := w.running[r.letter.ID]
	delete(w.running, r.letter.ID)
	if w.busy[domain]--; w.busy[domain] <= 0 {
		delete(w.busy, domain)
	}
	w.note(ctx, r)
}

func (w *Worker) noteAgain(ctx context.Context) {
	for _, r := range w.unnoted {
		w.note(ctx, r)
	}
}

func (w *Worker) note(ctx context.Context, r result) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer end()
	if err := w.write(ctx, r); err != nil {
		w.log.Error("mail delivery cannot be noted", "id", r.letter.ID, "error", err)
		w.unnoted[r.letter.ID] = r
		return
	}
	delete(w.unnoted, r.letter.ID)
}

func (w *Worker) write(ctx context.Context, r result) (err error) {
	defer caught(&err)
	if r.err == nil {
		return w.queue.MailSent(ctx, r.letter.ID, r.at)
	}
	next, last := w.next(r)
	reason := strings.ReplaceAll(r.err.Error(), r.letter.Address, "the recipient") // logs hold no addresses
	w.log.Warn("mail not delivered", "id", r.letter.ID, "attempt", r.letter.Attempt+1, "last", last, "reason", reason)
	return w.queue.MailFailed(ctx, r.letter.ID, r.at, reason, next, last)
}

// next says when to try again after a failure, and whether not at all.
func (w *Worker) next(r result) (time.Time, bool) {
	var failed *DeliveryError
	if errors.As(r.err, &failed) && failed.Permanent {
		return time.Time{}, true
	}
	wait := longest
	if r.letter.Attempt < 9 {
		wait = min(firstWait<<max(r.letter.Attempt, 0), longest)
	}
	wait = time.Duration(float64(wait) * (0.8 + 0.4*w.rand.Float64()))
	next := r.at.Add(wait)
	if r.letter.Written.IsZero() {
		return next, r.letter.Attempt+1 >= maxTries
	}
	return next, next.Sub(r.letter.Written) > giveUp
}

func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("mail: panic: %v", p)
	}
}
