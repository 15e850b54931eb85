package store

// Recurrence is a stand-in.
type Recurrence struct{}
