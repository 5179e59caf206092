package wire

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
)

// SpliceAbove is from how many bytes on moving them inside the kernel pays: below
// it, two system calls more cost more than two copies.
const SpliceAbove = 128 << 10

// pipeSize is how much a Pipe is asked to hold. The system bounds what all pipes
// of a user hold together; beyond that they are smaller.
const pipeSize = 256 << 10

// Pipe moves bytes from one Conn to another inside the kernel (splice(2)). What it
// has taken from one it gives to the other before it takes more, so that it is
// always known who is waited for, and a wake-up loses nothing.
//
//	p, err := wire.TakePipe()
//	defer p.Give()
//	n, err := p.From(src, left) // waits for src, takes what there is
//	err = p.To(dst)             // waits for dst, until all of it is there
//
// One goroutine uses it at a time.
type Pipe struct {
	ends            ends
	collected       runtime.Cleanup
	held            int           // bytes inside
	most            int           // how many onRead may take
	sips            bool          // it does not wait for any
	moved           *atomic.Int64 // counts what it has given; nil = nobody does
	err             error
	onRead, onWrite func(fd uintptr) bool
}

// ends are the file descriptors of a pipe: bytes go in at w and come out at r.
type ends struct{ r, w int }

var pipes = sync.Pool{} // of *Pipe; those that it drops are closed when collected

// CanSplice reports whether bytes can go from src to c without passing through
// this process: both are plain sockets and nothing is waiting in between.
func (c *Conn) CanSplice(src *Conn) bool {
	if !haveSplice || len(c.pending) > 0 || len(src.Buffered()) > 0 {
		return false
	}
	return c.overTCP() && src.overTCP()
}

// overTCP reports whether bytes go to a TCP socket as they are.
func (c *Conn) overTCP() bool {
	_, ok := c.nc.LocalAddr().(*net.TCPAddr)
	return ok && c.raw != nil
}

// TakePipe gets a Pipe. It fails when there are no file descriptors left.
func TakePipe() (*Pipe, error) {
	if p, ok := pipes.Get().(*Pipe); ok {
		return p, nil
	}
	e, err := openPipe()
	if err != nil {
		return nil, err
	}
	p := &Pipe{ends: e}
	p.onRead, p.onWrite = p.take, p.put
	p.collected = runtime.AddCleanup(p, ends.close, e)
	return p, nil
}

// Give returns a Pipe for others to use. One that still holds something is closed.
func (p *Pipe) Give() {
	p.moved = nil
	if p.held == 0 {
		pipes.Put(p)
		return
	}
	p.collected.Stop()
	p.ends.close()
}

// From waits until src has something, and takes what there is, at most n bytes.
// Its errors are those of Fill. CanSplice must have said yes.
func (p *Pipe) From(src *Conn, n int64) (int64, error) {
	p.most = int(min(n, pipeSize))
	if src.own != nil {
		src.own.more = true // a pipe takes what fits
		src.own.task.Step(spliceSteps)
	}
	for {
		p.err = nil
		err := src.raw.Read(p.onRead)
		if err == nil {
			err = p.err
		}
		if err == nil {
			return int64(p.held), nil
		}
		again, err := src.interruption(err)
		if !again {
			return 0, err
		}
	}
}

// sip takes what src has now, which may be nothing.
func (p *Pipe) sip(src *Conn) (int64, error) {
	p.sips = true
	defer func() { p.sips = false }()
	return p.From(src, pipeSize)
}

// To gives dst all that the pipe holds. Its errors are those of Write.
func (p *Pipe) To(dst *Conn) error {
	for {
		p.err = nil
		err := dst.raw.Write(p.onWrite)
		if err == nil {
			err = p.err
		}
		if err == nil {
			return nil
		}
		again, err := dst.interruption(err)
		if !again {
			return err
		}
	}
}
