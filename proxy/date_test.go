package proxy

import (
	"net/http"
	"testing"
	"time"

	"pingap-go/internal/mono"
)

// The wall clock is set, or the machine has slept: the second that was in force is
// over, and what comes next goes by the clock as it is.
func TestTheTimeOfDayFollowsTheWallClock(t *testing.T) {
	long := time.Now().Add(-time.Hour)
	now := mono.Now()
	lastDate.Store(&dated{from: now - int64(2*time.Second), until: now - int64(time.Second), wall: long, text: long.Format(http.TimeFormat)})
	if off := time.Since(timeOfDay(now)).Abs(); off > time.Minute {
		t.Errorf("the time of day is off by %s", off)
	}
	date, err := http.ParseTime(httpDate(now))
	if err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("the date is %s, error %v", date, err)
	}
}

func TestTheTimeOfDayGoesOnWithinASecond(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	lastDate.Store(&dated{from: 1000, until: 1000 + int64(time.Second), wall: noon, text: noon.Format(http.TimeFormat)})
	defer lastDate.Store(nil)
	if got, want := timeOfDay(1000+int64(250*time.Millisecond)), noon.Add(250*time.Millisecond); !got.Equal(want) {
		t.Errorf("%s, want %s", got, want)
	}
	if got := httpDate(1000 + int64(999*time.Millisecond)); got != "Sat, 28 Nov 2026 12:00:00 GMT" {
		t.Errorf("the date is %s", got)
	}
}
