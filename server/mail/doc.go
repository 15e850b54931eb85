// Package mail writes letters and hands them to a mail server.
//
// Layout turns the parts of a letter into its text and HTML, Sender delivers one Message over SMTP, Worker empties a
// Queue: it tries again with growing pauses, gives up after three days, and notes what was sent. It has no texts of
// its own, decides nobody's right to get a letter, and does not know where the queue is kept.
package mail
