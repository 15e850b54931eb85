// Package store says what is true: the records of a community, the rules they obey, and the transactions that
// protect the rules. It knows neither HTTP nor HTML nor a language: what it has to say to people it says as text
// keys with arguments.
//
// # How it is built
//
// An engine (package kv) keeps ordered keys and values. keys.go lists every key family: the whole physical schema.
// record.go gives a record type its table and its JSON, index.go its indexes, list.go its lists. Each aggregate has one file with its record,
// its indexes and its intents. An exported method opens one transaction, checks the rule, writes, and appends what
// happened to the outbox; helpers that take *tx compose inside it. One transaction has one instant (tx.now).
// A transaction may run again from the start, so it touches nothing but itself. An intent that would do something twice when
// its form is sent twice begins with tx.once.
//
// # Words
//
//	town         the member of the community; not: organisation, tenant
//	member       a person; not: user, account
//	place        a person's time in a town
//	profile      what a town says about its computing: what it teaches, needs, and whether it helps newcomers
//	skill        an entry of the one list of skills and topics; not: competence, keyword
//	roll         every welcomed town with its profile, kept in memory
//	coordinator  edits the town's profile and welcomes its people
//	organiser    runs series, meetings and minutes
//	steward      cares for the whole community
//	series       a meeting that comes back, with its rule and template
//	meeting      one gathering with its own answers; not: event, occurrence
//	slot         the civil date the series' rule gave a meeting
//	RSVP         one member's answer to one meeting; not: registration
//	party        the people one answer brings, guests included
//	waitlist     on-site wishes without a seat, in order of asking
//	tally        a meeting's answers counted in people
//	agenda item  one point of a meeting's agenda
//	minutes      the record of a meeting, with revisions; never a length of time in a name of its own
//	ticket       a mailed link or code, good once
//	sent form    what somebody sent from one page, known again for a day
//	event        what happened, in the outbox, until a worker turned it into letters
package store
