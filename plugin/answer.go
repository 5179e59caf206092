package plugin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxDelay bounds the delays that plugins can be configured with.
const MaxDelay = time.Minute

// Answer makes the response as Reply does, for this client and this moment
// only: with "Cache-Control: private, no-cache".
func (ex *Exchange) Answer(status int, contentType string, body []byte) {
	ex.Reply(status, contentType, body)
	ex.Response.Header.Add("Cache-Control", "private, no-cache")
}

// Wait blocks the exchange's goroutine for d. It ends early, with the cause,
// when the exchange's context ends. It costs a timer when d > 0.
func (ex *Exchange) Wait(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	ex.Task.Leave()
	defer ex.Task.Return()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ex.Context().Done():
		return fmt.Errorf("delay of %v: %w", d, context.Cause(ex.Context()))
	}
}

// CheckDelay refuses delays below 0 and above MaxDelay.
func CheckDelay(d time.Duration) error {
	if d < 0 || d > MaxDelay {
		return At("delay", fmt.Errorf("%v is not between 0s and %v", d, MaxDelay))
	}
	return nil
}

// CheckStep refuses a step that Pingap's plugin of that category does not have.
// Here a step changes nothing: plugins run in the order of their location's list.
func CheckStep(step string, known ...string) error {
	if step == "" || slices.Contains(known, step) {
		return nil
	}
	return At("step", fmt.Errorf("%q is none of %s", step, strings.Join(known, ", ")))
}

// CheckPath refuses what no request's path is equal to.
func CheckPath(path string) error {
	if strings.HasPrefix(path, "/") {
		return nil
	}
	return At("path", fmt.Errorf("%q does not begin with \"/\"", path))
}
