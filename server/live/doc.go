// Package live holds the open connections: who is connected, which rooms each one follows, and what has to be sent to
// whom. PROTOCOL.md beside this file is what a client sees.
//
// # Who owns what
//
// A connection has one goroutine, which reads it; what is sent to it waits in its queue, and whoever puts something there
// starts a writer when none is running. A room has a lock that is held while its messages are read from the source and
// handed to those who follow it, so that each of them gets every message once, in order, whatever happens at the same
// time. The hub's own lock guards which connections, rooms and watched subjects there are; it is never held while
// another lock is waited for, nor while the source is asked.
//
// What is new in a room is never passed in from outside: a wake-up says that something may be new, and the room reads
// it from the source after the last number that it handed on. A wake-up that comes twice, late or for nothing does no
// harm, and it does not matter which program wrote the message.
//
// Where several nodes serve one community, their hubs tell each other in words who is connected and who types (others.go).
// A word may be lost: whoever notices asks, and is told everything anew.
//
// The package knows neither the store nor the pages; what it needs from them is in Source and Desk. It keeps nothing that
// has to survive: presence, typing and connections end with the process.
package live
