// Package frontend is how Belfry looks: the assets under content-hashed names, the Page every screen is given, and
// below it parts (components with typed arguments), pages (one screen a file) and markdown.
//
// It turns records into HTML and decides nothing: who may do what, and what is left to do, arrives with the records.
// It knows no HTTP server and never reads the store. Every text comes from locales; no output carries an inline style
// or script, so that a strict Content-Security-Policy holds. Each page works without scripts; the modules in
// assets/js only save a reload.
package frontend
