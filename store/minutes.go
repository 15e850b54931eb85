package store

import (
	"fmt"
	"time"
)

// Minutes are the one Markdown document of a meeting. What is read is the published revision; what is written is
// the newest one.
type Minutes struct {
	Meeting   string    `json:"meeting"`
	Lang      string    `json:"lang"`
	Revision  int       `json:"revision"`  // newest
	Published int       `json:"published"` // revision that is published, 0 for none
	HTML      string    `json:"html,omitzero"`
	Renderer  int       `json:"renderer,omitzero"` // version that made HTML
	At        time.Time `json:"at,omitzero"`       // when first published
	Changed   time.Time `json:"changed"`
	By        string    `json:"by"`
}

// MinutesRevision is one saved state of the text. Revisions are never changed.
type MinutesRevision struct {
	Meeting string    `json:"meeting"`
	Number  int       `json:"number"`
	Source  string    `json:"source"`
	Summary string    `json:"summary,omitzero"` // what the writer says was changed
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

func minutes() *table[Minutes] {
	return &table[Minutes]{
		family: famMinutes,
		key:    func(m *Minutes) []string { return []string{m.Meeting} },
		indexes: []index[Minutes]{
			{family: famMinutesLatest, parts: func(m *Minutes) [][]string {
				if m.Published == 0 {
					return nil
				}
				return [][]string{{instant(m.At)}}
			}},
		},
	}
}

func revisions() *table[MinutesRevision] {
	return &table[MinutesRevision]{
		family: famRevision,
		key:    func(r *MinutesRevision) []string { return []string{r.Meeting, fmt.Sprintf("%06d", r.Number)} },
	}
}
