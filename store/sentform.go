package store

import (
	"context"
	"time"
)

// SentForm notes that a form was kept, so that the same form sent again, because its answer was lost or a button was pressed
// twice, does nothing twice. Forms that set something need none: the last to arrive counts. Posts and messages keep their own id.
type SentForm struct {
	Key  string    `json:"key"` // a hash: nothing of what was sent is kept
	Kept time.Time `json:"kept"`
}

// formKept is for how long a form is known again.
const formKept = 24 * time.Hour

func sentForms() *table[SentForm] {
	return &table[SentForm]{family: famSentForm, key: func(f *SentForm) []string { return []string{f.Key} }}
}

type formKey struct{}

// WithForm names the form whose will is done in ctx. The key is asked for by intents that need it; it is the same for the same
// words sent again from the same page by the same person, and for nothing else.
func WithForm(ctx context.Context, key func() string) context.Context {
	return context.WithValue(ctx, formKey{}, key)
}

// form is the key of the form whose will is done, "" for none.
func (t *tx) form() string {
	if key, ok := t.ctx.Value(formKey{}).(func() string); ok {
		return key()
	}
	return ""
}

// once is the first step of an intent that would do something twice, and keeps its form with what it does; a form that was kept
// before is a Repeated error. A form does the will of one such intent.
func (t *tx) once() error {
	key := t.form()
	if key == "" {
		return nil
	}
	t.twice = true
	if err := t.repeated(); err != nil {
		return err
	}
	return sentForms().put(t, SentForm{Key: key, Kept: t.now})
}

// repeated is the Repeated error of a form that was kept before. An intent that looks before it writes asks it there too.
func (t *tx) repeated() error {
	_, had, err := sentForms().look(t, t.form())
	if err == nil && had {
		err = fail(Repeated, "form.repeated")
	}
	return err
}

// sweepForms forgets forms that nobody sends again.
func (t *tx) sweepForms() error {
	return sentForms().each(t, func(f SentForm) error {
		if age := t.now.Sub(f.Kept); age >= 0 && age < formKept {
			return nil
		}
		return sentForms().remove(t, f.Key)
	})
}
