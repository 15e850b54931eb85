// Package parts holds the components that pages are built from. Each takes the page and one typed argument, escapes
// whatever it is given, and writes the markup of one entry of the design system: no style attribute, no script, texts
// in the language of the page.
//
// Some parts are forms and expect these addresses: POST /language and POST /theme with "to" and "back"; POST /sign-out;
// the address of an RSVP with "answer", "keep_details" and "back"; GET TownSearchPath with "q", answered by a JSON list
// of {code, name, area, postal, href}; the address of a Preview with "source", answered by HTML alone. A form whose
// data-swap names regions of its page is answered by the whole page, or by a redirect to it.
package parts
