package pace

import (
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// pair is a connection, with both its ends.
func pair(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if here, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close() })
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	return here, there
}

// On one thread, who waits for the network hears of it while long work goes on,
// and not when it is over.
func TestOthersRunWhileTheWorkGoesOn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	here, there := pair(t)
	var answered atomic.Bool
	waiting := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		close(waiting)
		if _, err := here.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
		answered.Store(true)
	}()
	<-waiting
	runtime.Gosched() // it is in its read now
	if _, err := there.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	var p Pace
	p.Begin()
	turns := 0
	for ; !answered.Load() && turns < 20; turns++ {
		for began := time.Now(); time.Since(began) < turn; {
		}
		p.Rest()
	}
	if !answered.Load() {
		t.Errorf("after %d turns the other one still waits for a byte that is there", turns)
	}
	<-ended
}

// Work that is short does not rest: that would make each small update a
// millisecond longer.
func TestShortWorkDoesNotRest(t *testing.T) {
	var p Pace
	p.Begin()
	p.began += int64(time.Hour) // its turn is not over on the slowest machine
	for range 1000 {
		p.Rest()
	}
	if p.timer != nil {
		t.Error("it rested")
	}
}
