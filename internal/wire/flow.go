package wire

import "sync/atomic"

// Flow is one direction between two connections: what From sends goes to To.
//
//	f := wire.Flow{From: client, To: upstream}
//	read, write := f.Run()
//
// While nothing comes it holds no memory. What comes in bulk from one plain TCP
// connection for another is moved inside the kernel.
type Flow struct {
	From, To *Conn
	// Moved counts the bytes that To has taken. Any goroutine may read it.
	Moved atomic.Int64
}

// Run moves bytes, beginning with those that are buffered, until one of the two
// connections fails: read is what From met, io.EOF at its end, or write what To
// met; the other is nil. Nobody else may read from From or write to To meanwhile.
func (f *Flow) Run() (read, write error) {
	for {
		if n := len(f.From.Buffered()); n > 0 {
			if err := f.To.Write(f.From.Buffered()); err != nil {
				return nil, err
			}
			f.Moved.Add(int64(n))
			f.From.Discard(n)
			if n >= SmallBuffer { // there may well be more
				if read, write := f.splice(); read != nil || write != nil {
					return read, write
				}
			}
		}
		if err := f.From.Fill(); err != nil {
			return err, nil
		}
	}
}

// splice moves what there is inside the kernel, if it can be. It does not wait for
// more: the two descriptors of a pipe are too much for who is idle.
func (f *Flow) splice() (read, write error) {
	if !f.To.CanSplice(f.From) {
		return nil, nil
	}
	pipe, err := TakePipe()
	if err != nil {
		return nil, nil // no descriptors to spare: it is copied
	}
	defer pipe.Give()
	pipe.moved = &f.Moved
	for {
		n, err := pipe.sip(f.From)
		if err != nil || n == 0 {
			return err, nil
		}
		if err := pipe.To(f.To); err != nil {
			return nil, err
		}
	}
}
