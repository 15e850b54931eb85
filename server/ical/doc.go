// Package ical writes iCalendar streams (RFC 5545, RFC 7986) that Google, Outlook, Apple and Thunderbird read alike.
// It is the only place that touches go-ical, which it uses as a codec: what go-ical does not do (folding, cleaning of
// text, time zones, checks) is done here. It knows neither HTTP nor the store, and asks no clock: the same input gives
// the same bytes.
package ical
