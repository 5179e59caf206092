//go:build !race

package proxy_test

import (
	"bytes"
	"testing"
)

// exchangeAllocs pins the cost of a keep-alive GET through everything: sockets,
// parser, route, balancer, forwarded headers, metrics. Two of the allocations are
// the two heads, as one string each; one is the traceparent that starts here.
const exchangeAllocs = 4

// The client and the upstream of this test allocate nothing themselves.
func TestExchangeAllocatesLittle(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		buf, answer := make([]byte, 4<<10), []byte(hello)
		for {
			for n := 0; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")); {
				m, err := v.Conn.Read(buf[n:])
				if n += m; err != nil {
					return
				}
			}
			if _, err := v.Conn.Write(answer); err != nil {
				return
			}
		}
	})
	c := start(t, nil, o).dial(t)
	buf, request := make([]byte, 4<<10), []byte(get("/"))
	got := testing.AllocsPerRun(2000, func() {
		if _, err := c.Conn.Write(request); err != nil {
			t.Fatal(err)
		}
		for n := 0; !bytes.HasSuffix(buf[:n], []byte("hello")); {
			m, err := c.Conn.Read(buf[n:])
			if n += m; err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Logf("%v allocations an exchange", got)
	if got > exchangeAllocs {
		t.Errorf("%v allocations an exchange, at most %d", got, exchangeAllocs)
	}
}
