package server

import (
	"context"

	"belfry/frontend/markdown"
	"belfry/store"
)

// Renderer is what a store renders with: minutes and other documents as they are, posts with mentions and short codes.
func Renderer() store.Renderer {
	posts := markdown.Posts()
	return store.Renderer{Version: markdown.Version, Render: markdown.New().Render, Language: posts.Language,
		Post: func(ctx context.Context, source string, known map[string]store.Named) (string, error) {
			return posts.Post(ctx, source, addresses(known))
		},
		Words: func(source string) store.Words { return store.Words(posts.Words(source)) },
		Read: func(ctx context.Context, source string, guess bool, resolve func([]string) (map[string]store.Named, error)) (store.Rendered, error) {
			t, err := posts.Read(ctx, source, guess, func(words []string) (map[string]string, error) {
				known, err := resolve(words)
				return addresses(known), err
			})
			return store.Rendered{HTML: t.HTML, Words: store.Words(t.Words), Lang: t.Lang, Sure: t.Sure}, err
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
