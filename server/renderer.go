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
			addresses := make(map[string]string, len(known))
			for word, named := range known {
				switch named {
				case store.NamedPerson:
					addresses[word] = "/people/" + word
				case store.NamedTown:
					addresses[word] = "/towns/" + word
				}
			}
			return posts.Post(ctx, source, addresses)
		},
		Words: func(source string) store.Words {
			words := posts.Words(source)
			return store.Words{Mentions: words.Mentions, Refs: words.Refs, Links: words.Links}
		}}
}
