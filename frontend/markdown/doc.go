// Package markdown turns what people write into HTML that is safe to show to others: minutes, posts, descriptions.
//
// It is the only place that knows goldmark. The dialect is CommonMark with tables, task lists, strikethrough, footnotes
// and bare links. Raw HTML is shown as text, images become links, links lead to http, https and mailto only. What
// goldmark writes then passes an allow-list of our own, so that a fault in one of the two harms nobody.
//
// Posts also have mentions and short codes, see Post and Refer. The package does not know who or what they name, and
// keeps nothing: whoever stores the
// HTML stores Version beside it.
package markdown
