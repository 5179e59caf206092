package wire

import (
	"bytes"
	"testing"
)

func TestADraftIsHeldUntilItIsSent(t *testing.T) {
	for name, send := range map[string]func(p *pair, text []byte) error{
		"queued":  func(p *pair, text []byte) error { p.Queue(text); return p.Flush() },
		"written": func(p *pair, text []byte) error { return p.Write(text) },
		"parts":   func(p *pair, text []byte) error { return p.WriteParts(text, nil, nil) },
		"nothing": func(p *pair, text []byte) error { p.Queue(text[:0]); return nil },
		"closed":  func(p *pair, text []byte) error { p.Queue(text); return p.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			text := append(p.Draft(), "ping"...)
			if again := p.Draft(); &again[:1][0] != &text[0] {
				t.Error("a second draft is given while the first is held")
			}
			if err := send(p, text); err != nil {
				t.Fatal(err)
			}
			if p.draft != nil {
				t.Error("the draft is still held")
			}
		})
	}
}

func TestADraftStaysAsLargeAsItHasGrown(t *testing.T) {
	p := newPair(t)
	p.Draft()
	held := p.draft
	p.Queue(append(p.Draft(), bytes.Repeat([]byte("x"), 10<<10)...))
	if got := cap(held.b); got < 10<<10 {
		t.Errorf("the draft has room for %d bytes, want what was needed", got)
	}
	p.Queue(append(p.Draft(), make([]byte, largestDraft+1)...))
	if got := cap(held.b); got > largestDraft {
		t.Errorf("the draft keeps %d bytes, more than is worth keeping", got)
	}
	p.Queue(nil)
}
