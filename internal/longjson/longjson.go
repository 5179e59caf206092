// Package longjson writes JSON in which a list may be thousands of elements long:
// one element after the other, with rests between them, so that neither the whole
// text is in memory nor requests wait until it is made.
//
//	w := longjson.NewWriter(out)
//	w.Object(upstream, "endpoints", len(list), func(i int) any { return &list[i] })
//	err := w.Flush()
package longjson

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"pingap-go/internal/pace"
)

// Writer writes to a stream. The first error ends it: what follows writes nothing,
// and Flush returns the error. It is for one goroutine.
type Writer struct {
	out     *bufio.Writer
	encoder *json.Encoder
	text    bytes.Buffer // of one value
	pace    pace.Pace
	err     error
}

// NewWriter makes a writer. Its texts are not safe inside HTML.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: bufio.NewWriterSize(out, 16<<10)}
	w.encoder = json.NewEncoder(&w.text)
	w.encoder.SetEscapeHTML(false)
	w.pace.Begin()
	return w
}

// Text writes s as it is: punctuation between values.
func (w *Writer) Text(s string) {
	if w.err == nil {
		_, w.err = w.out.WriteString(s)
	}
}

// Value writes any value whole.
func (w *Writer) Value(v any) { w.write(w.encode(v)) }

// List writes a list of n elements.
func (w *Writer) List(n int, element func(i int) any) {
	w.Text("[")
	for i := 0; i < n && w.err == nil; i++ {
		if i > 0 {
			w.Text(",")
		}
		w.Value(element(i))
		w.pace.Rest()
	}
	w.Text("]")
}

// Object writes a struct, with a list of n elements as the field of that name in
// JSON, which is nil in the struct itself.
func (w *Writer) Object(v any, field string, n int, element func(i int) any) {
	before, after, found := bytes.Cut(w.encode(v), fmt.Appendf(nil, "%q:null", field))
	if !found && w.err == nil {
		w.err = fmt.Errorf("%T has no empty %q", v, field)
	}
	rest := bytes.Clone(after) // the elements are encoded in the same place
	w.write(before)
	w.Text(`"` + field + `":`)
	w.List(n, element)
	w.write(rest)
}

// Flush writes what is still buffered. It is needed once, at the end.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// encode gives a value's text, valid until the next one's.
func (w *Writer) encode(v any) []byte {
	if w.err != nil {
		return nil
	}
	w.text.Reset()
	w.err = w.encoder.Encode(v)
	return bytes.TrimSuffix(w.text.Bytes(), []byte("\n"))
}

func (w *Writer) write(text []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(text)
	}
}
