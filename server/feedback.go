package server

import (
	"strconv"
	"strings"

	"belfry/frontend"

	"github.com/gofiber/fiber/v2"
)

// typed is a form as it was typed, with what is wrong with it.
func (s *Server) typed(c *fiber.Ctx, err error, fields ...string) frontend.Form {
	f := frontend.Form{Values: map[string]string{}}
	for _, name := range fields {
		f.Values[name] = strings.ToValidUTF8(c.FormValue(name), "\uFFFD")
	}
	if err != nil {
		sayWhen(c, err)
		f.Problems = s.problems(c, err)
	}
	return f
}

// number reads a whole number from a form; what is none becomes the fallback, which the store refuses when it must.
func number(c *fiber.Ctx, name string, fallback int) int {
	text := strings.TrimSpace(c.FormValue(name))
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > 1<<30 || n < -1<<30 {
		return -1 << 20 // outside every bound, so the field's own message appears
	}
	return n
}

// lines cuts a text area into its lines without the empty ones.
func lines(text string) []string {
	var all []string
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// statusOf is the status of a page that shows a refused form again.
func statusOf(err error) int {
	code, _ := status(err)
	return code
}
