// Package pages holds the screens, one a file under the stem of its handler. A page is given its records and the
// frame, and decides nothing.
package pages
