// Package archive reads mailing-list archives: mbox files and single messages. It finds which messages belong together
// and makes posts of their texts. It stores nothing, and holds the heads of messages in memory, never all bodies.
package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Place is where a message lies in its file.
type Place struct {
	File   string
	Line   int // of its first line, from 1
	Offset int64
	Length int64
	From   string // the mbox line before it, "" in a file of one message
}

// maxMessage is the largest message that is read, in bytes.
const maxMessage = 64 << 20

// fromLine begins a message in an mbox. A date must stand in it, so that a sentence that begins with "From" does not.
var fromLine = regexp.MustCompile(`^From .*\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s.*\d{4}`)

// Split finds the messages of a file: those after the From lines of an mbox, or the whole file.
func Split(name string, r io.Reader) ([]Place, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	start, err := in.Peek(5)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	mbox := bytes.Equal(start, []byte("From "))
	var found []Place
	offset, line, blank := int64(0), 0, true
	if !mbox {
		found = append(found, Place{File: name, Line: 1})
	}
	for {
		text, err := in.ReadSlice('\n')
		whole := err == nil || errors.Is(err, io.EOF)
		if len(text) > 0 {
			line++
			if mbox && blank && fromLine.Match(text[:min(len(text), 300)]) {
				if n := len(found); n > 0 {
					found[n-1].Length = offset - found[n-1].Offset
				}
				found = append(found, Place{File: name, Line: line + 1, Offset: offset + int64(len(text)), From: string(bytes.TrimSpace(text))})
			}
			blank = len(bytes.TrimSpace(text)) == 0
			offset += int64(len(text))
		}
		for errors.Is(err, bufio.ErrBufferFull) { // a very long line: its rest is no line of its own
			text, err = in.ReadSlice('\n')
			offset += int64(len(text))
			whole = err == nil || errors.Is(err, io.EOF)
		}
		if err != nil {
			if n := len(found); n > 0 {
				found[n-1].Length = offset - found[n-1].Offset
			}
			if whole {
				return found, nil
			}
			return found, err
		}
	}
}

// Raw reads a message as it was sent, without the quoting of From lines in an mbox.
func Raw(r io.ReaderAt, p Place) ([]byte, error) {
	if p.Length > maxMessage {
		return nil, fmt.Errorf("the message has %d bytes, more than %d", p.Length, maxMessage)
	}
	raw := make([]byte, p.Length)
	if _, err := r.ReadAt(raw, p.Offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if p.From != "" {
		raw = quotedFrom.ReplaceAll(raw, []byte("${1}From "))
	}
	return raw, nil
}

// quotedFrom is a From line of a body, quoted as in mboxrd: one sign is taken away.
var quotedFrom = regexp.MustCompile(`(?m)^>(>*)From `)
