package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// hold is what is kept open while memory is read.
type hold struct {
	count int
	open  func(ctx context.Context, addr string) (net.Conn, error)
}

// holdNothing reads the memory of a proxy that has only just started.
var holdNothing = hold{}

// memoryOf measures each proxy once before and once while it holds h: memory
// does not vary as time does, so that one pair says it all.
func memoryOf(h hold, peers []string, g goal) func(context.Context, *bench) ([]figure, error) {
	return func(ctx context.Context, b *bench) ([]figure, error) {
		names := append([]string{b.subject}, without(peers, b.subject)...)
		kilobytes := make([]float64, len(names))
		for i, name := range names {
			var err error
			if kilobytes[i], err = b.memoryOfOne(ctx, name, h); err != nil {
				return nil, err
			}
		}
		quantity := "KB"
		if h.count > 0 {
			quantity = "KB each"
		}
		figures := make([]figure, len(names)-1)
		for i, peer := range names[1:] {
			figures[i] = figure{quantity: quantity, peer: peer, goal: g}
			figures[i].add(kilobytes[0], kilobytes[i+1])
		}
		return figures, nil
	}
}

// settleTime is how long a proxy is left alone before its memory is read, so that
// it is at rest: pingap gives memory back 5 to 10 s after a burst, other Go
// programs do so in the background.
const settleTime = 12 * time.Second

func (b *bench) memoryOfOne(ctx context.Context, name string, h hold) (float64, error) {
	p, err := b.startOne(ctx, name, shape{})
	if err != nil {
		return 0, err
	}
	defer p.stop()
	before, err := settled(ctx, p)
	if err != nil || h.count == 0 {
		return before, err
	}
	held := make([]net.Conn, 0, h.count)
	defer func() {
		for _, conn := range held {
			conn.Close()
		}
	}()
	for range h.count {
		conn, err := h.open(ctx, p.addr)
		if err != nil {
			return 0, fmt.Errorf("%s, after %d connections: %w", name, len(held), err)
		}
		held = append(held, conn)
	}
	after, err := settled(ctx, p)
	if err != nil {
		return 0, err
	}
	if err := alive(held); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return max(after-before, 1) / float64(h.count), nil
}

func settled(ctx context.Context, p *proxy) (float64, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(settleTime):
		return p.memory()
	}
}

// alive checks that the held connections were not closed: an idle connection
// has nothing to read, so a read must time out.
func alive(held []net.Conn) error {
	past := time.Now().Add(-time.Second)
	one := make([]byte, 1)
	for i, conn := range held {
		_ = conn.SetReadDeadline(past)
		var timeout net.Error
		if _, err := conn.Read(one); !errors.As(err, &timeout) || !timeout.Timeout() {
			return fmt.Errorf("connection %d of %d did not stay open", i+1, len(held))
		}
	}
	return nil
}

// openKeepAlive makes one request and leaves the connection open.
func openKeepAlive(ctx context.Context, addr string) (net.Conn, error) {
	conn, answer, err := ask(ctx, addr, "GET "+smallPath+" HTTP/1.1\r\nHost: bench.test\r\n\r\n")
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		conn.Close()
		return nil, fmt.Errorf("status %d: %w", answer.StatusCode, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return conn, nil
}

// openTunnel opens a WebSocket, sends four bytes through and has them back.
func openTunnel(ctx context.Context, addr string) (net.Conn, error) {
	conn, answer, err := ask(ctx, addr, "GET /tunnel HTTP/1.1\r\nHost: bench.test\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	if err != nil {
		return nil, err
	}
	echo := make([]byte, 4)
	if answer.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("status %d", answer.StatusCode)
	} else if _, err = conn.Write([]byte("ping")); err == nil {
		_, err = io.ReadFull(conn, echo)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("open tunnel: %w", err)
	}
	return conn, nil
}

// ask opens a connection, sends a request and reads the answer's head.
func ask(ctx context.Context, addr, request string) (net.Conn, *http.Response, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err = io.WriteString(conn, request); err == nil {
		var answer *http.Response
		if answer, err = http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			return conn, answer, nil
		}
	}
	conn.Close()
	return nil, nil, err
}
