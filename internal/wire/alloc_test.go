//go:build !race

package wire

import (
	"io"
	"runtime"
	"testing"
)

// A round trip allocates nothing, wherever it is waited for.
func TestFillAllocatesNothing(t *testing.T) {
	const rounds = 2000
	everywhere(t, func(t *testing.T, p *pair) {
		echoed := later(func() error {
			_, err := io.CopyBuffer(struct{ io.Writer }{p.peer}, struct{ io.Reader }{p.peer}, make([]byte, 16))
			return err
		})
		ping := []byte("ping")
		var before, after runtime.MemStats
		err := p.at.do(func() error {
			for n := range rounds + 10 {
				if n == 10 {
					runtime.ReadMemStats(&before)
				}
				p.Queue(ping)
				if err := p.Conn.Fill(); err != nil {
					return err
				}
				p.Discard(len(p.Buffered()))
			}
			runtime.ReadMemStats(&after)
			return nil
		}, p.Conn)
		if err != nil {
			t.Fatal(err)
		}
		if n := after.Mallocs - before.Mallocs; n > rounds/20 { // a collection, the runtime's own
			t.Errorf("%d allocations in %d round trips", n, rounds)
		}
		p.Close()
		await(t, echoed)
	})
}
