package server

import (
	"context"
	"errors"

	"belfry/frontend/markdown"
	"belfry/store"
)

// Renderer is what a store renders with: minutes and other documents as they are, posts with mentions and short codes.
func Renderer() store.Renderer {
	posts := markdown.Posts()
	return store.Renderer{Version: markdown.Version, Render: markdown.New().Render, Language: posts.Language,
		Post: func(ctx context.Context, source string, known map[string]store.Named) (string, error) {
			html, err := posts.Post(ctx, source, addresses(known))
			return html, mendable(err)
		},
		Words: func(source string) store.Words { return store.Words(posts.Words(source)) },
		Read: func(ctx context.Context, source string, guess bool, resolve func([]string) (map[string]store.Named, error)) (store.Rendered, error) {
			t, err := posts.Read(ctx, source, guess, func(words []string) (map[string]string, error) {
				known, err := resolve(words)
				return addresses(known), err
			})
			return store.Rendered{HTML: t.HTML, Words: store.Words(t.Words), Lang: t.Lang, Sure: t.Sure}, mendable(err)
		}}
}

// addresses are where the words after @ lead that are somebody.
func addresses(known map[string]store.Named) map[string]string {
	found := make(map[string]string, len(known))
	for word, named := range known {
		switch named {
		case store.NamedPerson:
			found[word] = "/people/" + word
		case store.NamedTown:
			found[word] = "/towns/" + word
		}
	}
	return found
}

// mendable says beside the text what its writer can mend; other errors stay as they are.
func mendable(err error) error {
	var complex *markdown.ComplexError
	switch {
	case errors.As(err, &complex):
		return &store.Error{Kind: store.Invalid, Problems: []store.Problem{{Field: "source", Key: "minutes.too_complex_line", Args: []any{"Line", complex.Line}}}}
	case errors.Is(err, markdown.ErrTooComplex):
		return &store.Error{Kind: store.Invalid, Problems: []store.Problem{{Field: "source", Key: "minutes.too_complex"}}}
	}
	return err
}
