package wire

import (
	"net"
	"testing"
)

// A kick may be meant for the wait before: it then ends the next Fill before
// that has sent anything. The owner must not be told that the connection is idle,
// and reuse the memory of what is queued.
func TestAKickThatComesLateLeavesWhatIsQueued(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()

	c := &Conn{}
	c.Yield = true
	c.Init(near, NewWatchdog())
	defer c.Close()
	c.Queue([]byte("mine"))
	c.interruptWith(kicked)
	echoed := make(chan string, 1)
	go func() {
		b := make([]byte, 4)
		_, _ = far.Read(b)
		_, _ = far.Write(b)
		echoed <- string(b)
	}()
	if err := c.Fill(); err != nil {
		t.Fatal(err)
	}
	if got := <-echoed; got != "mine" {
		t.Errorf("the peer got %q", got)
	}
}
