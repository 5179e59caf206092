package tracing

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pingap-go/message"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	parent  = "00-" + traceID + "-b7ad6b7169203331-01"
)

func TestValidTraceparent(t *testing.T) {
	for name, c := range map[string]struct {
		value string
		want  bool
	}{
		"version 00":                  {parent, true},
		"not sampled":                 {parent[:54] + "0", true},
		"unknown flags":               {parent[:53] + "ff", true},
		"later version":               {"01" + parent[2:], true},
		"later version with more":     {"cc" + parent[2:] + "-what-the-future-brings", true},
		"later version without dash":  {"cc" + parent[2:] + ".what", false},
		"version 00 with more":        {parent + "-00", false},
		"version ff":                  {"ff" + parent[2:], false},
		"empty":                       {"", false},
		"too short":                   {parent[:54], false},
		"upper case":                  {strings.ToUpper(parent), false},
		"trace-id of zeros":           {"00-" + strings.Repeat("0", 32) + parent[35:], false},
		"parent-id of zeros":          {parent[:36] + strings.Repeat("0", 16) + "-01", false},
		"no hex in trace-id":          {"00-" + strings.Repeat("g", 32) + parent[35:], false},
		"no hex in flags":             {parent[:53] + ".1", false},
		"no hex in version":           {".0" + parent[2:], false},
		"underscores for dashes":      {strings.ReplaceAll(parent, "-", "_"), false},
		"a space before":              {" " + parent, false},
		"a trace-id one digit longer": {"00-" + traceID + "0-b7ad6b7169203331-01", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ValidTraceparent(c.value); got != c.want {
				t.Errorf("ValidTraceparent(%q) = %v", c.value, got)
			}
		})
	}
}

func TestContinue(t *testing.T) {
	type fields = []message.Field
	for name, c := range map[string]struct {
		sent fields
		kept bool // the traceparent that came; otherwise a new one, without tracestate
	}{
		"a valid trace passes":     {fields{{Name: "traceparent", Value: parent}, {Name: "tracestate", Value: "a=1"}}, true},
		"none starts one":          {fields{{Name: "Accept", Value: "*/*"}}, false},
		"an invalid one is new":    {fields{{Name: "Traceparent", Value: "00-junk"}, {Name: "tracestate", Value: "a=1"}}, false},
		"two of them are new":      {fields{{Name: "traceparent", Value: parent}, {Name: "traceparent", Value: parent}}, false},
		"a state alone is dropped": {fields{{Name: "tracestate", Value: "a=1"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var h message.Header
			for _, f := range c.sent {
				h.Add(f.Name, f.Value)
			}
			Continue(&h)
			if c.kept {
				if !slices.EqualFunc(h.Fields(), c.sent, func(a, b message.Field) bool {
					return a.Name == b.Name && a.Value == b.Value
				}) {
					t.Errorf("fields became %v", h.Fields())
				}
				return
			}
			got := h.Known(message.Traceparent)
			if !ValidTraceparent(got) || got == parent || !strings.HasSuffix(got, "-00") {
				t.Errorf("traceparent %q is not a new, unsampled one", got)
			}
			if h.HasKnown(message.Tracestate) {
				t.Error("tracestate outlived its traceparent")
			}
		})
	}
}

func TestNewTraceparentsDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		p := NewTraceparent()
		if !ValidTraceparent(p) || seen[p[3:35]] || seen[p[36:52]] {
			t.Fatalf("traceparent %q is invalid or came before", p)
		}
		seen[p[3:35]], seen[p[36:52]] = true, true
	}
}

func TestPutHexWritesEachDigit(t *testing.T) {
	for _, n := range []uint64{0, 0x0123456789abcdef, 0xfedcba9876543210, 0x9a9a0f0fa9a9f0f0, math.MaxUint64} {
		var text [16]byte
		putHex(text[:], n)
		if want := fmt.Sprintf("%016x", n); string(text[:]) != want {
			t.Errorf("%q, want %q", text, want)
		}
	}
}

func TestOffCostsOnlyTheHeader(t *testing.T) {
	var off *Tracer
	var h message.Header
	request := func() {
		span := off.Start(t.Context(), &Request{Method: "GET", Header: &h})
		try := span.Try(&Try{Address: "127.0.0.1:1"}, &h)
		try.Done(200, "")
		span.Done(&Result{Status: 200})
	}
	h.Add("traceparent", parent)
	if n := testing.AllocsPerRun(100, request); n != 0 {
		t.Errorf("%v allocations with a trace that passes, want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { h.Reset(); request() }); n != 1 {
		t.Errorf("%v allocations with a trace that starts here, want 1", n)
	}
}

func BenchmarkContinueNew(b *testing.B) {
	var h message.Header
	for b.Loop() {
		h.Reset()
		Continue(&h)
	}
}
