// Package locales holds every text Belfry says, in four languages, and writes dates and numbers as each of them does.
// It knows nothing of the rest of the program.
//
// # To add a text
//
// Add one line to each of fr.toml, nl.toml, de.toml and en.toml, where the alphabet puts it:
//
//	meeting.at = "Réunion à {{.Town}}"
//	meeting.seats = { one = "{{.N}} place", other = "{{.N}} places" }
//
// and ask for it by its whole key, so that a search finds it:
//
//	lang.T("meeting.at", "Town", town.NameIn(lang.Tag()))
//	lang.N("meeting.seats", free)
//
// A key is built from parts only where the literals meet at a dot: "meeting.state." + state, or key + ".hint" for a key
// written out elsewhere. A key is never the beginning of another, and no file holds a text that nothing asks for.
// The tests name the file and line of a key that is missing, a value that is not given, a text that nobody uses, and
// what the language's typography forbids.
//
// # What to know when writing
//
// Braces hold the name of a value and nothing else. A whole number given as a value is written as an amount, 11 568:
// give a year as a string. Words that change with a number need plural forms. The French "one" speaks of zero as well,
// so it says {{.N}}; its "many", for millions, may be left out. Wording is neutral as to gender, without median dots,
// stars or colons; the reader is vous, u, Sie, you. French has a no-break space before : ; ? and », typed as such.
//
// The names of months and days live in Go tables (names.go), for they belong to the languages and not to Belfry; how
// long ago something was is a text with plural forms (date.*).
package locales
