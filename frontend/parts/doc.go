// Package parts holds the components that pages are built from. Each takes the page and one typed argument, escapes
// whatever it is given, and writes the markup of one entry of the design system: no style attribute, no script, texts
// in the language of the page.
package parts
