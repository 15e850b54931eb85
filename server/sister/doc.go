// Package sister reads what other communities publish: their calendar and their news, in the open formats they already
// have. Everything it is given is taken for hostile. One client fetches (see Client), and nothing else here opens a
// connection; what came is bounded before it is parsed, and only plain text, times and web addresses leave the package. It
// knows neither the store nor pages, and keeps nothing.
package sister
