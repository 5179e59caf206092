package longjson

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

type thing struct {
	Name string  `json:"name"`
	List []thing `json:"list"`
	Last int     `json:"last"`
}

// What it writes piece by piece is what encoding/json writes at once.
func TestObjectsReadAsIfWrittenAtOnce(t *testing.T) {
	for _, want := range []thing{
		{Name: "nobody", List: []thing{}},
		{Name: "one", List: []thing{{Name: "a", Last: 1}}, Last: 2},
		{Name: `"list":null <&>`, List: []thing{{Name: `"list":null`}, {}, {Name: "c", List: []thing{{}}}}, Last: 3},
	} {
		var out strings.Builder
		w := NewWriter(&out)
		shell := want
		shell.List = nil
		w.Object(shell, "list", len(want.List), func(i int) any { return &want.List[i] })
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		var got thing
		if err := json.Unmarshal([]byte(out.String()), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: it reads as %+v, error %v", out.String(), got, err)
		}
	}
}

func TestThePiecesMakeAWhole(t *testing.T) {
	var out strings.Builder
	w := NewWriter(&out)
	w.Text(`{"n":`)
	w.List(3, func(i int) any { return i })
	w.Text(`,"s":`)
	w.Value("x")
	w.Text("}")
	if err := w.Flush(); err != nil || out.String() != `{"n":[0,1,2],"s":"x"}` {
		t.Errorf("%s, error %v", out.String(), err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestTheFirstErrorStays(t *testing.T) {
	cases := map[string]struct {
		out   io.Writer
		write func(*Writer)
		want  string
	}{
		"a stream that fails":     {full{}, func(w *Writer) { w.Value(1) }, "disk full"},
		"a value that JSON lacks": {io.Discard, func(w *Writer) { w.Value(func() {}); w.Value(1) }, "unsupported type"},
		"an element likewise":     {io.Discard, func(w *Writer) { w.List(2, func(int) any { return make(chan int) }) }, "unsupported type"},
		"no such field":           {io.Discard, func(w *Writer) { w.Object(thing{}, "other", 0, nil) }, `no empty "other"`},
		"a field that is not nil": {io.Discard, func(w *Writer) { w.Object(thing{List: []thing{}}, "list", 0, nil) }, `no empty "list"`},
	}
	for name, c := range cases {
		w := NewWriter(c.out)
		c.write(w)
		if err := w.Flush(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
