package metrics

import (
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// A bucket holds what took as long as its bound, as Prometheus' "le" says.
func TestBuckets(t *testing.T) {
	h := newDurations("x_seconds", "", "a").with("b")
	for _, took := range []time.Duration{0, 100 * time.Microsecond, 100*time.Microsecond + 1, time.Minute, time.Minute + 1} {
		h.observe(took)
	}
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	got := m.GetHistogram()
	first, second, last := got.Bucket[0], got.Bucket[1], got.Bucket[len(bounds)-1]
	if first.GetUpperBound() != 0.0001 || first.GetCumulativeCount() != 2 || second.GetCumulativeCount() != 3 ||
		last.GetUpperBound() != 60 || last.GetCumulativeCount() != 4 || got.GetSampleCount() != 5 {
		t.Errorf("histogram is %v", got)
	}
	if sum := got.GetSampleSum(); sum < 120.0002 || sum > 120.0003 {
		t.Errorf("sum is %v", sum)
	}
	if len(m.Label) != 1 || m.Label[0].GetName() != "a" || m.Label[0].GetValue() != "b" {
		t.Errorf("labels are %v", m.Label)
	}
}
