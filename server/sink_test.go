package server_test

import (
	"io"

	smtp "github.com/emersion/go-smtp"
)

// delivery is one connection to the sink.
type delivery struct {
	sink *sink
	to   string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	if _, err := io.ReadAll(r); err != nil {
		return err
	}
	d.sink.mu.Lock()
	defer d.sink.mu.Unlock()
	d.sink.got = append(d.sink.got, d.to)
	return nil
}

func (d *delivery) Reset()        {}
func (d *delivery) Logout() error { return nil }
