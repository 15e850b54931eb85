package server_test

import (
	"testing"

	"belfry/server"
	"belfry/store"
)

// TestTheLargestPaperReachesASlowLine: whoever may send a paper slowly may take it as slowly.
func TestTheLargestPaperReachesASlowLine(t *testing.T) {
	s := newSite(t)
	if got := server.TimeForPaper(s.Server, "/meetings/x/documents/y"); got.Seconds()*(16<<10) < store.MaxFile-(16<<10) {
		t.Errorf("%v for %d bytes", got, store.MaxFile)
	}
}
