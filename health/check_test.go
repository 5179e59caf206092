package health

import (
	"testing"
	"time"
)

func TestParseStatus(t *testing.T) {
	for _, c := range []struct {
		text, want, wantErr string
	}{
		{text: "", want: ""},
		{text: "200", want: "200"},
		{text: "200-399", want: "200-399"},
		{text: "200, 204,300 - 308", want: "200,204,300-308"},
		{text: "ok", wantErr: `"ok" is neither a status like 204 nor a range like 200-399`},
		{text: "200-", wantErr: `"200-" is neither a status like 204 nor a range like 200-399`},
		{text: "200,,204", wantErr: `"" is neither a status like 204 nor a range like 200-399`},
		{text: "0-399", wantErr: `"0-399" is outside the HTTP statuses 100-599`},
		{text: "399-200", wantErr: `"399-200" ends before it begins`},
	} {
		t.Run(c.text, func(t *testing.T) {
			set, err := ParseStatus(c.text)
			if got := message(err); got != c.wantErr {
				t.Fatalf("error %q, want %q", got, c.wantErr)
			}
			if set.String() != c.want {
				t.Errorf("reads as %q, want %q", set, c.want)
			}
		})
	}
}

func TestStatusRangesContains(t *testing.T) {
	set, _ := ParseStatus("200,300-308")
	for status, want := range map[int]bool{199: false, 200: true, 201: false, 300: true, 308: true, 309: false} {
		if set.Contains(status) != want {
			t.Errorf("Contains(%d) = %v, want %v", status, !want, want)
		}
	}
}

func TestDownFrequencyDefault(t *testing.T) {
	for _, c := range []struct {
		name            string
		frequency, down time.Duration
		want            time.Duration
	}{
		{"nothing set: a third of ten seconds", 0, 0, 10 * time.Second / 3},
		{"a third of the frequency", 30 * time.Second, 0, 10 * time.Second},
		{"not under half a second", time.Second, 0, 500 * time.Millisecond},
		{"but never slower than the frequency", 200 * time.Millisecond, 0, 200 * time.Millisecond},
		{"as configured", 10 * time.Second, time.Second, time.Second},
		{"configured slower than the frequency", time.Second, time.Minute, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := Check{Frequency: c.frequency, DownFrequency: c.down}.withDefaults()
			if check.DownFrequency != c.want {
				t.Errorf("DownFrequency %v, want %v", check.DownFrequency, c.want)
			}
		})
	}
}

// message is the text of an error, empty for none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
