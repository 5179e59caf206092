package message

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestLookupKnowsEveryNameInAnyCase(t *testing.T) {
	for k := Connection; int(k) < len(names); k++ {
		for _, spelled := range []string{k.String(), strings.ToLower(k.String()), strings.ToUpper(k.String())} {
			if got := Lookup(spelled); got != k {
				t.Errorf("Lookup(%q) = %q, want %q", spelled, got, k)
			}
		}
	}
}

func TestLookupLeavesOtherNamesAlone(t *testing.T) {
	for _, name := range []string{
		"", "X", "TX", "Hose", "Content_Length", "X-Forwarded-Fox", "Tracestatf", "X-Forwarded-Pory",
		"Transfer-Encodinh", "Proxy-Authorizatioo", "Connectiom", "H\x0fst", strings.Repeat("a", 300),
	} {
		if got := Lookup(name); got != Other {
			t.Errorf("Lookup(%q) = %q, want Other", name, got)
		}
	}
}

func TestEqualFoldFoldsLettersOnly(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"Host", "hOST", true},
		{"", "", true},
		{"a", "ab", false},
		{"@", "`", false},
		{"[", "{", false},
		{"-", "\r", false},
		{"k", "\u212a", false},
	}
	for _, tt := range tests {
		if got := EqualFold(tt.a, tt.b); got != tt.want {
			t.Errorf("EqualFold(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}

func TestHeaderKeepsOrderAndCase(t *testing.T) {
	var h Header
	h.Add("b", "1")
	h.Add("A", "2")
	h.Add("B", "3")
	h.Set("a", "4")
	h.Set("c", "5")
	if got := lines(&h); got != "b: 1|A: 4|B: 3|c: 5" {
		t.Errorf("got %s", got)
	}
	h.Set("B", "6")
	if got := lines(&h); got != "b: 6|A: 4|c: 5" {
		t.Errorf("after Set of a repeated name: %s", got)
	}
	h.Del("B")
	h.DelFunc(func(f *Field) bool { return f.Value == "5" })
	if got := lines(&h); got != "A: 4" || h.Len() != 1 {
		t.Errorf("after deleting: %s", got)
	}
}

func TestHeaderFindsByNameAndByKnown(t *testing.T) {
	var h Header
	h.Add("cookie", "a=1")
	h.Add("Empty", "")
	if h.Get("Cookie") != "a=1" || h.Known(Cookie) != "a=1" || !h.HasKnown(Cookie) {
		t.Error("Cookie not found")
	}
	if v, ok := h.Lookup("empty"); v != "" || !ok {
		t.Error("an empty value is not an absent one")
	}
	if _, ok := h.Lookup("absent"); ok || h.HasKnown(Date) || h.Known(Date) != "" {
		t.Error("found what is not there")
	}
}

func TestSetTakesBackTheCheck(t *testing.T) {
	var h Header
	h.AddField(Field{Name: "A", Value: "parsed", Checked: true})
	h.Set("a", "by a plugin")
	if h.Fields()[0].Checked {
		t.Error("a value that no parser has seen counts as checked")
	}
}

func TestHeaderResetForgetsStringsAndHugeRoom(t *testing.T) {
	var h Header
	for range 200 {
		h.Add("A", "b")
	}
	h.Reset()
	if h.Len() != 0 || cap(h.fields) != 0 {
		t.Errorf("kept room for %d fields", cap(h.fields))
	}
	h.Add("A", "b")
	h.Reset()
	if h.fields[:1][0].Name != "" {
		t.Error("an old name is still held")
	}
}

func TestCopyIsIndependent(t *testing.T) {
	var a, b Header
	a.Add("A", "1")
	b.CopyFrom(&a)
	b.Set("A", "2")
	if a.Get("A") != "1" {
		t.Error("a copy wrote through to its source")
	}
}

func TestRequestHost(t *testing.T) {
	for authority, want := range map[string]string{
		"example.com":      "example.com",
		"example.com:8080": "example.com",
		"[::1]:80":         "[::1]",
		"[::1]":            "[::1]",
		"":                 "",
	} {
		if got := (&Request{Authority: authority}).Host(); got != want {
			t.Errorf("Host of %q = %q, want %q", authority, got, want)
		}
	}
}

func TestResetKeepsOnlyRoom(t *testing.T) {
	var q Request
	q.Header.Add("A", "1")
	q.Method, q.Close, q.ContentLength = "GET", true, 7
	q.Reset()
	if q.Method != "" || q.Close || q.ContentLength != 0 || q.Header.Len() != 0 || cap(q.Header.fields) == 0 {
		t.Errorf("request after Reset: %+v", q)
	}
	var s Response
	s.Header.Add("A", "1")
	s.Status, s.KeepAlive = 200, 5
	s.Reset()
	if s.Status != 0 || s.KeepAlive != 0 || s.Header.Len() != 0 {
		t.Errorf("response after Reset: %+v", s)
	}
}

func TestBodyAllowed(t *testing.T) {
	for _, status := range []int{100, 101, 103, 204, 304} {
		if BodyAllowed("GET", status) {
			t.Errorf("%d has no content", status)
		}
	}
	if BodyAllowed("HEAD", 200) || !BodyAllowed("GET", 200) || !BodyAllowed("POST", 500) {
		t.Error("wrong for HEAD, GET or POST")
	}
}

func TestBytesIsReadOnce(t *testing.T) {
	var r Response
	r.SetBytes([]byte("hello"))
	if r.ContentLength != 5 {
		t.Errorf("length %d", r.ContentLength)
	}
	b := r.Body.(*Bytes)
	two := make([]byte, 2)
	b.Read(two)
	if string(two) != "he" || string(b.Rest()) != "llo" {
		t.Errorf("read %q, rest %q", two, b.Rest())
	}
	if rest, err := io.ReadAll(b); string(rest) != "llo" || err != nil {
		t.Errorf("rest %q, %v", rest, err)
	}
	b.Close()
	if _, err := b.Read(two); err != io.EOF {
		t.Errorf("after Close: %v", err)
	}
}

func TestFaultReadsAsASentence(t *testing.T) {
	cause := errors.New("connection refused")
	for want, f := range map[string]*Fault{
		"bad_request: obs-fold":                       {Type: "bad_request", Detail: "obs-fold"},
		"connect_failed: connection refused":          {Type: "connect_failed", Err: cause},
		"connect_failed: no luck: connection refused": {Type: "connect_failed", Detail: "no luck", Err: cause},
	} {
		if f.Error() != want {
			t.Errorf("got %q, want %q", f.Error(), want)
		}
	}
	if !errors.Is(&Fault{Err: cause}, cause) {
		t.Error("the cause is not wrapped")
	}
}

func lines(h *Header) string {
	var all []string
	for name, value := range h.All() {
		all = append(all, name+": "+value)
	}
	return strings.Join(all, "|")
}

func BenchmarkLookup(b *testing.B) {
	typical := []string{"Host", "User-Agent", "Accept", "Accept-Encoding", "Cookie", "X-Forwarded-For", "connection"}
	b.ReportAllocs()
	for b.Loop() {
		for _, name := range typical {
			Lookup(name)
		}
	}
}
