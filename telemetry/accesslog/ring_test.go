package accesslog

import (
	"strings"
	"testing"

	"pingap-go/message"
)

// A queue that nobody empties holds a bounded number of bytes, however long the lines
// are that clients bring about, and short ones still find room.
func TestLongLinesFillNoMemory(t *testing.T) {
	var h message.Header
	h.Add("Referer", strings.Repeat("\xff", maxValue))
	h.Add("User-Agent", strings.Repeat("\xff", maxValue))
	combined, long, short := compiled(t, "combined"), &Entry{Request: &h}, &Entry{Method: "GET"}
	r, taken := newRing(), 0
	for range ringSize / 2 {
		if r.put(combined, long) {
			taken++
		}
		if !r.put(combined, short) {
			t.Fatal("there is no room for a short line")
		}
	}
	held := 0
	for i := range r.slots {
		held += cap(r.slots[i].line)
	}
	if held > 2*mostLong || taken == 0 {
		t.Errorf("%d long lines were taken, the queue holds %d MB", taken, held>>20)
	}
	var text []byte
	for r.take(&text) {
	}
	if lines := strings.Count(string(text), "\n"); lines != taken+ringSize/2 || r.long.Load() != 0 {
		t.Errorf("%d of %d lines come out, %d bytes are counted then", lines, taken+ringSize/2, r.long.Load())
	}
}
