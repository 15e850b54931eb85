package store

import "fmt"

// Numbering is the last permanent number given of one kind ("decision", "action") in one year.
type Numbering struct {
	Kind string `json:"kind"`
	Year int    `json:"year"`
	Last int    `json:"last"`
}

func numberings() *table[Numbering] {
	return &table[Numbering]{family: famNumbering, key: func(n *Numbering) []string { return []string{n.Kind, fmt.Sprintf("%04d", n.Year)} }}
}

// giveNumber takes the year's next number in the transaction that uses it, so that none is lost or given twice.
func (t *tx) giveNumber(kind string, year int) (int, error) {
	n, _, err := numberings().find(t, kind, fmt.Sprintf("%04d", year))
	if err != nil {
		return 0, err
	}
	n.Kind, n.Year = kind, year
	n.Last++
	return n.Last, numberings().put(t, n)
}
