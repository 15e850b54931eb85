package server

import (
	"fmt"
	"slices"
	"strings"

	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// keyOfForm names a form of a member that was sent. Its token was made for one page of one session, so that the key is that of
// what was filled in there: the same words sent again have it too, and those of a page that was opened anew have another.
// Browsers break lines as they like, and of a file it is enough to know the name and the size.
func keyOfForm(c *fiber.Ctx) string {
	said := []string{c.OriginalURL()}
	add := func(name, value string) {
		said = append(said, fmt.Sprintf("%q %q", name, strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))))
	}
	for name, value := range c.Context().PostArgs().All() {
		add(string(name), string(value))
	}
	if parts, err := c.MultipartForm(); err == nil {
		for name, values := range parts.Value {
			for _, value := range values {
				add(name, value)
			}
		}
		for name, files := range parts.File {
			for _, file := range files {
				add(name, fmt.Sprintf("%q %d", file.Filename, file.Size))
			}
		}
	}
	slices.Sort(said)
	return store.HashOf(strings.Join(said, "\n"))
}

// pageOfForm is the page on which what a form did is found: the form's own, or the one that it belongs to.
func pageOfForm(path string) string {
	doing := []string{"agenda", "ask", "copy", "correct", "do", "end", "errata", "hand", "hand-over", "hosting", "move", "new", "notices", "rsvp", "welcome", "write"}
	parts := strings.Split(path, "/")
	if whole := []string{"moderation", "settings"}; slices.Contains(whole, parts[1]) {
		parts = parts[:2]
	}
	for len(parts) > 2 && slices.Contains(doing, parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	return safePath(strings.Join(parts, "/"))
}
