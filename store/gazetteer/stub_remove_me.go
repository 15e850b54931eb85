// Package gazetteer is a stand-in until the real one lands.
package gazetteer

// Gazetteer is a stand-in.
type Gazetteer struct{}
