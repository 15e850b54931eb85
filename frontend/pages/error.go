package pages

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/parts"
)

// ErrorPage is what a visitor sees instead of a page. It never holds the error itself. Title and Text are those of the
// status unless said.
type ErrorPage struct {
	Status      int
	Title, Text string
	Action      *parts.Button
	Request     string // reference under which the operator finds the incident; shown from 500 on
}

// statuses lists those with words of their own; the others borrow those of 400 or 500.
var statuses = [...]int{400, 403, 404, 405, 409, 410, 413, 421, 429, 500, 503, 507}

func (e ErrorPage) words() int {
	for _, status := range statuses {
		if status == e.Status {
			return status
		}
	}
	if e.Status >= 500 {
		return 500
	}
	return 400
}

func (e ErrorPage) key(what string) string {
	return "error_page." + strconv.Itoa(e.words()) + "." + what
}

func (e ErrorPage) title(p *frontend.Page) string {
	if e.Title != "" {
		return e.Title
	}
	return p.T(e.key("title"))
}

func (e ErrorPage) text(p *frontend.Page) string {
	if e.Text != "" {
		return e.Text
	}
	return p.T(e.key("text"))
}

// Titled is the page with the error's title, as Error wants it.
func (e ErrorPage) Titled(p frontend.Page) *frontend.Page {
	p.Title = e.title(&p)
	return &p
}
