package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/endpoint"
)

// membership is a snapshot with that many endpoints.
func membership(n int) endpoint.Snapshot {
	var endpoints []endpoint.Endpoint
	for i := range n {
		endpoints = append(endpoints, endpoint.Endpoint{ID: strconv.Itoa(i), Address: "127.0.0.1:" + strconv.Itoa(9000+i)})
	}
	return endpoint.NewSnapshot(endpoint.Source{Kind: "srv"}, endpoints, endpoint.Empty)
}

// startSaver runs a saver in the current bubble. What it has written is the
// numbers of endpoints, in order.
func startSaver(ctx context.Context, save func(n int) error) (s *saver, written *[]int, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	written = new([]int)
	s = newSaver(func(m endpoint.Snapshot) error {
		if err := save(len(m.Endpoints)); err != nil {
			return err
		}
		*written = append(*written, len(m.Endpoints))
		return nil
	}, slog.New(slog.DiscardHandler))
	ended := make(chan struct{})
	go func() { s.run(ctx); close(ended) }()
	return s, written, func() { cancel(); <-ended }
}

func TestASlowDiskHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, written, end := startSaver(t.Context(), func(int) error { time.Sleep(time.Hour); return nil })
		began := time.Now()
		for n := 1; n <= 5; n++ {
			s.offer(membership(n))
			synctest.Wait()
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("offering took %s", took)
		}
		end()
		if len(*written) != 2 || (*written)[0] != 1 || (*written)[1] != 5 {
			t.Errorf("written %v, want the first and the newest", *written)
		}
	})
}

func TestAnUnchangedMembershipIsWrittenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, written, end := startSaver(t.Context(), func(int) error { return nil })
		defer end()
		for range 155 { // more than two and a half minutes, an answer each second
			s.offer(membership(2))
			time.Sleep(time.Second)
		}
		if len(*written) != 3 {
			t.Errorf("written %d times, want 3", len(*written))
		}
		s.offer(membership(3))
		synctest.Wait()
		if len(*written) != 4 {
			t.Errorf("a change was not written at once: %v", *written)
		}
	})
}

func TestARolloutIsWrittenAFewTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, written, end := startSaver(t.Context(), func(int) error { return nil })
		for n := range 100 { // a change each second, about
			time.Sleep(1100 * time.Millisecond)
			s.offer(membership(n))
			synctest.Wait()
		}
		end()
		if got := fmt.Sprint(*written); got != "[0 1 28 55 82 99]" {
			t.Errorf("written %s: want the first two, one each half minute, and the last", got)
		}
	})
}

func TestWhatCouldNotBeWrittenIsTriedWithTheNextAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := true
		s, written, end := startSaver(t.Context(), func(int) error {
			if full {
				return errors.New("no space left on device")
			}
			return nil
		})
		defer end()
		s.offer(membership(1))
		synctest.Wait()
		full = false
		s.offer(membership(1))
		synctest.Wait()
		if len(*written) != 1 {
			t.Errorf("written %v, want one", *written)
		}
	})
}
