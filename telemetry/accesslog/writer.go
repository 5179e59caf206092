package accesslog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// pause is how long the goroutine lets lines gather after a write.
	pause = 10 * time.Millisecond
	// batchSize bounds, in bytes, what one write to the output holds.
	batchSize = 64 << 10
	// warnEvery is the least time between two warnings about lost lines.
	warnEvery = 10 * time.Second
)

// Writer hands lines of many goroutines to one output. Its one goroutine is
// asleep while nobody logs.
type Writer struct {
	out  io.Writer
	log  *slog.Logger
	ring *ring

	dropped atomic.Uint64
	asleep  atomic.Bool
	wake    chan struct{} // room for one

	stop context.CancelFunc
	done chan struct{}

	// These belong to the goroutine.
	batch    []byte
	batched  uint64 // lines in batch
	reported uint64 // dropped lines that the log has been told of
	warned   time.Time
}

// NewWriter starts a writer to out, which need not be safe for concurrent use
// and is not closed. Trouble with it goes to log. Close it to flush it.
func NewWriter(out io.Writer, log *slog.Logger) *Writer {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Writer{
		out: out, log: log, ring: newRing(),
		wake: make(chan struct{}, 1), stop: cancel, done: make(chan struct{}),
	}
	go w.run(ctx)
	return w
}

// Log writes the line of e. It never waits: while the output is too slow and
// the queue of 4096 lines is full, or of 16 MB of long ones, the line is dropped and
// counted.
func (w *Writer) Log(f *Format, e *Entry) {
	if !w.ring.put(f, e) {
		w.dropped.Add(1)
		return
	}
	if w.asleep.Load() && w.asleep.CompareAndSwap(true, false) {
		w.wake <- struct{}{} // has room: only who ends the sleep sends
	}
}

// Dropped is the number of lines that were lost since the start, because the
// queue was full or the output failed.
func (w *Writer) Dropped() uint64 { return w.dropped.Load() }

// Close writes what is queued and ends the goroutine. It gives up when ctx is
// over, which happens only if the output blocks. Lines logged after Close are lost.
func (w *Writer) Close(ctx context.Context) error {
	w.stop()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flush access log: %w", ctx.Err())
	}
}

// run is the goroutine: write what is there, let more gather, sleep when there
// is nothing, until ctx is over.
func (w *Writer) run(ctx context.Context) {
	defer close(w.done)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for ctx.Err() == nil {
		if w.flush() {
			timer.Reset(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			continue
		}
		w.sleep(ctx)
	}
	w.flush()
}

// sleep waits for the next line or the end of ctx.
func (w *Writer) sleep(ctx context.Context) {
	w.asleep.Store(true)
	if !w.ring.empty() && w.asleep.CompareAndSwap(true, false) {
		return // a line came before anybody could see us asleep
	}
	select {
	case <-w.wake:
	case <-ctx.Done():
	}
}

// flush writes all lines that are queued and reports whether there were any.
func (w *Writer) flush() bool {
	any := false
	for before := len(w.batch); w.ring.take(&w.batch); before = len(w.batch) {
		any = true
		if len(w.batch) > before {
			w.batched++
		}
		if len(w.batch) >= batchSize {
			w.write()
		}
	}
	w.write()
	w.report()
	return any
}

// write sends the batch. Lines that the output refuses count as dropped.
func (w *Writer) write() {
	if len(w.batch) == 0 {
		return
	}
	if _, err := w.out.Write(w.batch); err != nil {
		w.dropped.Add(w.batched)
		w.warn("access log cannot be written", slog.Any("error", err))
	}
	w.batch, w.batched = w.batch[:0], 0
}

// report tells the log of lines that were dropped since the last time.
func (w *Writer) report() {
	if dropped := w.dropped.Load(); dropped != w.reported {
		if w.warn("access log lines were dropped", slog.Uint64("lines", dropped-w.reported)) {
			w.reported = dropped
		}
	}
}

// warn logs unless it did so a short while ago.
func (w *Writer) warn(text string, attr slog.Attr) bool {
	now := time.Now()
	if now.Sub(w.warned) < warnEvery {
		return false
	}
	w.warned = now
	w.log.LogAttrs(context.Background(), slog.LevelWarn, text, attr)
	return true
}
