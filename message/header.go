package message

import "iter"

// Field is one header line, name and value as they were sent. Value has no
// leading or trailing white space.
type Field struct {
	Name  string
	Value string
	// Known is Lookup(Name), kept so that nobody compares strings twice.
	Known Known
	// Checked is set by parsers that have validated Name and Value, so that
	// serialisers need not look at them again. False is always safe.
	Checked bool
}

// Header is an ordered list of fields, case kept, names compared without regard
// to ASCII case. The zero value is an empty header. Lookups are linear: real
// headers are short and a scan beats a map. The strings may be kept; the Header
// itself is reused for the next message and must not be.
type Header struct {
	fields []Field
}

// Len is the number of fields.
func (h *Header) Len() int { return len(h.fields) }

// Fields is the list itself, for loops on the request path. It is valid until
// the next change and must not be written to.
func (h *Header) Fields() []Field { return h.fields }

// All iterates over name and value in order.
func (h *Header) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, f := range h.fields {
			if !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

// Get returns the first value of name, or "".
func (h *Header) Get(name string) string {
	v, _ := h.Lookup(name)
	return v
}

// Lookup returns the first value of name and whether there is one.
func (h *Header) Lookup(name string) (string, bool) {
	for i := range h.fields {
		if EqualFold(h.fields[i].Name, name) {
			return h.fields[i].Value, true
		}
	}
	return "", false
}

// Known returns the first value of a known name, or "".
func (h *Header) Known(k Known) string {
	for i := range h.fields {
		if h.fields[i].Known == k {
			return h.fields[i].Value
		}
	}
	return ""
}

// HasKnown reports whether a known name is present.
func (h *Header) HasKnown(k Known) bool {
	for i := range h.fields {
		if h.fields[i].Known == k {
			return true
		}
	}
	return false
}

// Add appends a field.
func (h *Header) Add(name, value string) {
	h.fields = append(h.fields, Field{Name: name, Value: value, Known: Lookup(name)})
}

// AddKnown appends a field of a known name, as we spell it. The value must have been
// validated as RFC 9110 section 5.5 asks. The field is filled in where it stands: a
// copy of it from the stack would wait for the stores that have just made it.
func (h *Header) AddKnown(k Known, value string) {
	f := h.Next()
	f.Name, f.Value, f.Known, f.Checked = k.String(), value, k, true
}

// AddField appends a field whose Known is already right, and whose Checked is
// set only if name and value were validated as RFC 9110 section 5 asks.
func (h *Header) AddField(f Field) { h.fields = append(h.fields, f) }

// Next appends an empty field and gives it to be filled in, which a parser must
// do, or take it back, before anybody else sees the header.
func (h *Header) Next() *Field {
	if n := len(h.fields); n < cap(h.fields) {
		h.fields = h.fields[:n+1]
	} else {
		h.fields = append(h.fields, Field{})
	}
	return &h.fields[len(h.fields)-1]
}

// TakeBack removes the last field.
func (h *Header) TakeBack() {
	last := len(h.fields) - 1
	h.fields[last] = Field{}
	h.fields = h.fields[:last]
}

// Set replaces the first field of that name, removes the others, and appends
// when there was none.
func (h *Header) Set(name, value string) {
	for i := range h.fields {
		if EqualFold(h.fields[i].Name, name) {
			h.fields[i].Value, h.fields[i].Checked = value, false
			h.delFrom(i+1, name)
			return
		}
	}
	h.Add(name, value)
}

// Del removes all fields of that name.
func (h *Header) Del(name string) { h.delFrom(0, name) }

func (h *Header) delFrom(start int, name string) {
	kept := h.fields[:start]
	for _, f := range h.fields[start:] {
		if !EqualFold(f.Name, name) {
			kept = append(kept, f)
		}
	}
	clear(h.fields[len(kept):])
	h.fields = kept
}

// DelFunc removes the fields for which drop answers true.
func (h *Header) DelFunc(drop func(*Field) bool) {
	kept := 0
	for i := range h.fields {
		if drop(&h.fields[i]) {
			continue
		}
		if kept < i { // mostly nothing is dropped, and nothing moves
			h.fields[kept] = h.fields[i]
		}
		kept++
	}
	clear(h.fields[kept:])
	h.fields = h.fields[:kept]
}

// Reset empties the header and keeps its room for the next message. Room that
// one huge message made is given back.
func (h *Header) Reset() {
	if cap(h.fields) > 128 {
		h.fields = nil
		return
	}
	clear(h.fields)
	h.fields = h.fields[:0]
}

// CopyFrom makes h an independent copy of o.
func (h *Header) CopyFrom(o *Header) {
	h.Reset()
	h.fields = append(h.fields, o.fields...)
}

// EqualFold compares two header names without regard to ASCII case.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true
	}
	for i := range len(a) {
		if x, y := a[i], b[i]; x != y {
			if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
				return false
			}
		}
	}
	return true
}
