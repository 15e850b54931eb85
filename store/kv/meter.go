package kv

import (
	"errors"
	"sync/atomic"
	"time"

	"belfry/store/meter"
)

// Meter is what an engine has done since it was opened, counted alike by all engines. It may be read at any time. Make one
// with NewMeter.
type Meter struct {
	Views   meter.Times  // from View's call to its return
	Updates meter.Times  // from Update's call to its return, whatever came of it
	Waits   meter.Times  // the part of an Update after its own function had run: for the others of its group and the disk
	Commits meter.Times  // of groups that wrote something and succeeded
	Groups  meter.Sizes  // how many Updates each of them made durable
	Away    atomic.Int64 // Updates that were called and have not returned

	Redone      atomic.Uint64 // groups run again after a conflict
	Conflicts   atomic.Uint64 // Updates given up with ErrConflict
	Failed      atomic.Uint64 // groups whose commit failed, for another reason than a conflict
	Unknown     atomic.Uint64 // of them, those with ErrUnknown
	RoundTrips  atomic.Uint64 // messages to a server that were waited for
	Reconnected atomic.Uint64 // connections to a server found dead

	full    atomic.Bool
	began   time.Time
	each    uint64
	counted atomic.Uint64
}

// NewMeter makes a meter that times one View of so many: where a View takes little longer than to look at the clock, it
// must not take longer for being timed. All else is always timed.
func NewMeter(each int) *Meter { return &Meter{began: time.Now(), each: uint64(each)} }

// Now is how long the engine has been open.
func (m *Meter) Now() time.Duration { return time.Since(m.began) }

// View is called when a View begins; what it returns ends it.
func (m *Meter) View() (began time.Duration) {
	if m.each > 1 && m.counted.Add(1)%m.each != 0 {
		return -1
	}
	return m.Now()
}

// Viewed is called when a View returns.
func (m *Meter) Viewed(began time.Duration) {
	if began >= 0 {
		m.Views.AddAs(m.Now()-began, int(m.each))
	}
}

// Update is called when an Update begins.
func (m *Meter) Update() (began time.Duration) {
	m.Away.Add(1)
	return m.Now()
}

// Updated is called when an Update returns; ran is when its function had, 0 when it never did.
func (m *Meter) Updated(began, ran time.Duration, err error) {
	now := m.Now()
	m.Away.Add(-1)
	m.Updates.Add(now - began)
	if ran > 0 {
		m.Waits.Add(now - ran)
	}
	if errors.Is(err, ErrConflict) {
		m.Conflicts.Add(1)
	}
}

// Committed is called when a group is durable.
func (m *Meter) Committed(group int, took time.Duration) {
	m.Commits.Add(took)
	m.Groups.Add(group)
	if m.full.Load() {
		m.full.Store(false)
	}
}

// CommitFailed is called when a group's commit was given up.
func (m *Meter) CommitFailed(err error) {
	m.Failed.Add(1)
	if errors.Is(err, ErrUnknown) {
		m.Unknown.Add(1)
	}
	if errors.Is(err, ErrNoSpace) {
		m.full.Store(true)
	}
}

// Full says whether the last commit that ended failed for want of space.
func (m *Meter) Full() bool { return m.full.Load() }
