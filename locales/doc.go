// Package locales holds every text Belfry says, in four languages, and writes dates and numbers as each of them does.
//
// Each language has one file, one line a key, sorted: key = "text", or key = { one = "…", other = "…" } where the
// words depend on a number. Words in {{.Braces}} are filled in by the caller; {{.N}} is the number. To add a text, add
// the key to all four files; a test names what is missing, unused or out of order. Keys are dotted; no key is the
// beginning of another. It knows nothing of the rest of the program.
package locales
