package accesslog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short is a context that ends soon enough for a test that must not hang.
func short(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func compiled(t *testing.T, text string) *Format {
	t.Helper()
	f, err := Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEveryLineArrivesOnceAndWhole(t *testing.T) {
	const producers, each = 8, 300 // fits in the queue even if nobody reads
	var out bytes.Buffer
	w := NewWriter(&out, slog.New(slog.DiscardHandler))
	format := compiled(t, "{request_id} {method}")
	var all sync.WaitGroup
	for p := range producers {
		all.Go(func() {
			for i := range each {
				w.Log(format, &Entry{RequestID: fmt.Sprint(p, "-", i), Method: "GET"})
			}
		})
	}
	all.Wait()
	if err := w.Close(short(t)); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		if !strings.HasSuffix(lines.Text(), " GET") || seen[lines.Text()] {
			t.Fatalf("line %q is broken or came twice", lines.Text())
		}
		seen[lines.Text()] = true
	}
	if len(seen) != producers*each || w.Dropped() != 0 {
		t.Errorf("%d lines came, %d dropped; want %d and 0", len(seen), w.Dropped(), producers*each)
	}
}

func TestALineComesWithoutAnotherOneBehindIt(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	w := NewWriter(write, slog.New(slog.DiscardHandler))
	format, lines := compiled(t, "{status}"), bufio.NewReader(read)
	for status := range 50 {
		w.Log(format, &Entry{Status: 200 + status})
		read.SetReadDeadline(time.Now().Add(5 * time.Second))
		if got, err := lines.ReadString('\n'); err != nil || got != fmt.Sprintln(200+status) {
			t.Fatalf("read %q, %v; want %d", got, err, 200+status)
		}
	}
	if err := w.Close(short(t)); err != nil {
		t.Fatal(err)
	}
}

func TestABlockedOutputDropsLinesAndStopsNobody(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	w := NewWriter(write, slog.New(slog.NewTextHandler(&said, nil)))
	format := compiled(t, "{uri}")
	entry := &Entry{Target: strings.Repeat("x", 1000)}
	for range 3 * ringSize { // nobody reads: the pipe holds 64 KB, the ring 4096 lines
		w.Log(format, entry)
	}
	if w.Dropped() == 0 {
		t.Error("nothing was dropped")
	}
	expired, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := w.Close(expired); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close on a blocked output: %v, want a deadline error", err)
	}
	go io.Copy(io.Discard, read)
	if err := w.Close(short(t)); err != nil {
		t.Errorf("close after the output moves again: %v", err)
	}
	write.Close()
	if !strings.Contains(said.String(), "access log lines were dropped") {
		t.Errorf("log says %q", said.String())
	}
}

func TestAFailingOutputIsCountedAndSaidOnce(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	write.Close()
	var said bytes.Buffer
	w := NewWriter(write, slog.New(slog.NewTextHandler(&said, nil)))
	for range 100 {
		w.Log(compiled(t, "{status}"), &Entry{Status: 200})
	}
	if err := w.Close(short(t)); err != nil {
		t.Fatal(err)
	}
	if w.Dropped() != 100 || strings.Count(said.String(), "\n") != 1 {
		t.Errorf("%d dropped, log says %q; want 100 and one line", w.Dropped(), said.String())
	}
}

func TestQueueingAllocatesNothing(t *testing.T) {
	r, format, entry, into := newRing(), compiled(t, "combined"), sample(), make([]byte, 0, 4096)
	pass := func() {
		into = into[:0]
		if !r.put(format, entry) || !r.take(&into) {
			t.Fatal("an empty ring refused a line or lost it")
		}
	}
	for range ringSize { // every slot gets its buffer
		pass()
	}
	if n := testing.AllocsPerRun(1000, pass); n != 0 {
		t.Errorf("%v allocations a line, want 0", n)
	}
}

func BenchmarkLog(b *testing.B) {
	w := NewWriter(io.Discard, slog.New(slog.DiscardHandler))
	format, _ := Compile("combined")
	b.RunParallel(func(pb *testing.PB) {
		entry := sample()
		for pb.Next() {
			w.Log(format, entry)
		}
	})
	w.Close(context.Background())
}
