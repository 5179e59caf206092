package plugin

import (
	"slices"
	"strings"
	"testing"
)

// note is a plugin that writes down when it is passed, both ways.
func note(log *[]string, name string) Plugin {
	return func(next Handler) Handler {
		return HandlerFunc(func(ex *Exchange) error {
			*log = append(*log, name+" in")
			err := next.Serve(ex)
			*log = append(*log, name+" out")
			return err
		})
	}
}

func TestChainRunsInOrder(t *testing.T) {
	var log []string
	last := HandlerFunc(func(*Exchange) error {
		log = append(log, "last")
		return nil
	})
	if err := Chain([]Plugin{note(&log, "a"), note(&log, "b")}, last).Serve(&Exchange{}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a in", "b in", "last", "b out", "a out"}; !slices.Equal(log, want) {
		t.Errorf("ran %q, want %q", log, want)
	}
}

func TestRegistry(t *testing.T) {
	built := false
	category := Category{Name: "x", New: func(Decoder, Env) (Plugin, error) {
		built = true
		return nil, nil
	}}
	r := NewRegistry(category)
	if _, err := r.New("x", nil, Env{}); err != nil || !built {
		t.Errorf("not built: %v", err)
	}
	if _, err := r.New("y", nil, Env{}); err == nil || !strings.Contains(err.Error(), `unknown plugin category "y"`) {
		t.Errorf("error %v", err)
	}
	r = NewRegistry(Category{Name: "mock"}, Category{Name: "request_id"})
	if _, err := r.New("requst_id", nil, Env{}); err == nil || !strings.Contains(err.Error(), `did you mean "request_id"?`) {
		t.Errorf("error of a mistyped category: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("two categories of one name were taken")
		}
	}()
	NewRegistry(category, category)
}

// An exchange is reused by its connection: nothing of one request may be left
// for the next, and what belongs to the connection stays.
func TestReset(t *testing.T) {
	ex := anExchange()
	ran := 0
	ex.OnDone(func(*Exchange) { ran++ })
	ex.Answer(200, "text/plain", []byte("x"))
	ex.Finish()
	ex.Reset()
	ex.Finish()
	if ran != 1 {
		t.Errorf("done ran %d times", ran)
	}
	if ex.Request.Path != "" || ex.Response.Status != 0 || ex.Response.Header.Len() != 0 || len(ex.Captures) != 0 || ex.RequestID != "" {
		t.Errorf("left over: %+v", ex)
	}
	if ex.RemoteIP != "192.0.2.7" || !ex.Local.IsValid() {
		t.Error("the connection's own was forgotten")
	}
}
