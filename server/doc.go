// Package server is how the outside reaches the community: routes, sessions, forms and answers. A handler parses,
// calls one method of the store with the acting member, and renders what came back. It decides nothing: every rule
// is in package store.
package server
