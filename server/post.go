package server

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"belfry/locales"
	"belfry/server/mail"
	"belfry/store"
)

// PostOptions are what the post office needs. Without a Sender the letters stay where administrators read them.
type PostOptions struct {
	Store     *store.Store
	Catalogue *locales.Catalogue
	PublicURL string
	Sender    mail.Deliverer
	Log       *slog.Logger
	Clock     mail.Clock // the real one unless given
}

// Post turns what happened into letters and hands them to the mail server. An event is turned into letters once: they
// are stored in the transaction that takes the event away.
type Post struct {
	PostOptions
	layout *mail.Layout
	wake   chan struct{}
}

const (
	eventsAtOnce = 100
	lookEvery    = 20 * time.Second
)

// NewPost prepares a post office. It wakes after every commit that appended an event.
func NewPost(opt PostOptions) (*Post, error) {
	layout, err := mail.NewLayout("Belfry")
	if err != nil {
		return nil, err
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	p := &Post{PostOptions: opt, layout: layout, wake: make(chan struct{}, 1)}
	opt.Store.Listen(func(e store.Event) {
		if e.Kind == store.EventTouched || e.Kind == store.EventWord {
			return
		}
		select {
		case p.wake <- struct{}{}:
		default:
		}
	})
	return p, nil
}

// Run works until ctx ends.
func (p *Post) Run(ctx context.Context) error {
	ended := make(chan struct{})
	var worker *mail.Worker
	if p.Sender != nil {
		// #nosec G404 -- pauses are no secret
		worker = mail.NewWorker(queue{p.Store}, p.Sender, p.clock(), rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)), p.Log)
		go func() { defer close(ended); worker.Run(ctx) }()
	} else {
		close(ended)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		written, err := p.Compose(ctx)
		if err != nil && ctx.Err() == nil {
			p.Log.Error("letters not written", "error", err)
		}
		if written > 0 && worker != nil {
			worker.Wake()
		}
		select {
		case <-ctx.Done():
			<-ended
			return nil
		case <-p.wake:
		case <-tick.C:
		}
	}
}

func (p *Post) clock() mail.Clock {
	if p.Clock != nil {
		return p.Clock
	}
	return mail.SystemClock{}
}

// Compose writes the letters of every event that is due, and says how many.
func (p *Post) Compose(ctx context.Context) (written int, err error) {
	for {
		due, err := p.Store.DueEvents(ctx, eventsAtOnce)
		if err != nil || len(due) == 0 {
			return written, err
		}
		for _, event := range due {
			letters, err := p.lettersOf(ctx, event)
			if err != nil {
				return written, err
			}
			if err := p.Store.Posted(ctx, event, letters); err != nil {
				return written, err
			}
			written += len(letters)
		}
		if len(due) < eventsAtOnce {
			return written, nil
		}
	}
}

// queue lets the mail worker read the store's letters.
type queue struct{ store *store.Store }

func (q queue) DueMail(ctx context.Context, now time.Time, limit int) ([]mail.Queued, error) {
	due, err := q.store.DueMail(ctx, now, limit)
	if err != nil {
		return nil, err
	}
	letters := make([]mail.Queued, 0, len(due))
	for _, m := range due {
		letters = append(letters, mail.Queued{ID: m.ID, Attempt: m.Tries, Written: m.Written, Message: mail.Message{ID: m.ID, Name: m.Name,
			Address: m.Address, ReplyTo: m.ReplyTo, Lang: m.Lang, Subject: m.Subject, Text: m.Text, HTML: m.HTML}})
	}
	return letters, nil
}

func (q queue) MailSent(ctx context.Context, id string, at time.Time) error {
	return q.store.MailSent(ctx, id, at)
}

func (q queue) MailFailed(ctx context.Context, id string, _ time.Time, reason string, next time.Time, giveUp bool) error {
	return q.store.MailFailed(ctx, id, reason, next, giveUp)
}
