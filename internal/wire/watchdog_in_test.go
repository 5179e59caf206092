package wire

import (
	"testing"
	"testing/synctest"
	"time"
)

// What a drain gives to connections is not shorter because the watchdog has not
// come to look for a while.
func TestTimeAheadGoesByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewWatchdog() // nobody runs it
		time.Sleep(2 * time.Second)
		if now, in := d.Now(), d.In(time.Second); now != 1 || in != 3001 {
			t.Errorf("after 2s without a look it is %d, and in a second %d: want 1 and 3001", now, in)
		}
		d.tick()
		if now, in := d.Now(), d.In(0); now != in {
			t.Errorf("a look says %d, the clock %d", now, in)
		}
	})
}
