package server_test

import (
	"context"
	"testing"
	"time"

	"belfry/server"
)

// TestAnEndedRequestEndsWhatItStarted, in order: a context made of the request's own would bring the process down if the
// request were done without saying why.
func TestAnEndedRequestEndsWhatItStarted(t *testing.T) {
	request, over := server.Patience()
	ctx, cancel := context.WithTimeout(request, time.Minute)
	defer cancel()
	over()
	<-ctx.Done()
	if request.Err() == nil || ctx.Err() == nil {
		t.Errorf("done, and no reason: %v, %v", request.Err(), ctx.Err())
	}
}
