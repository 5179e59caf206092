package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
)

// gigabyte is what the promise is about.
const gigabyte = 1 << 30

// zeros is n bytes without memory.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

// Bodies stream: what passes through is not kept.
func TestAGigabytePassesInTwentyMegabytes(t *testing.T) {
	for framing, size := range map[string]int64{"Content-Length": gigabyte, "chunked": gigabyte / 4} {
		t.Run(framing, func(t *testing.T) {
			s := newStage(t)
			a := s.instance("A")
			a.behave(bulk)
			p := s.run(head + single)
			p.get("/small")
			rest := p.memory("VmRSS")

			body, length := io.Reader(&zeros{size}), size
			if framing == "chunked" {
				length = -1
			}
			request, err := http.NewRequest("POST", "http://"+p.proxy+"/up", body)
			if err != nil {
				t.Fatal(err)
			}
			request.ContentLength = length
			r, err := do(p.client, request)
			if err != nil || r.body != strconv.FormatInt(size, 10) {
				t.Fatalf("upload: the instance got %q, %v", r.body, err)
			}
			res, err := p.client.Get("http://" + p.proxy + fmt.Sprintf("/down?framing=%s&size=%d", framing, size))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if n, err := io.Copy(io.Discard, res.Body); err != nil || n != size {
				t.Fatalf("download: %d bytes, %v", n, err)
			}
			more := p.memory("VmHWM") - rest
			t.Logf("at rest %d KB, at most %d KB more", rest>>10, more>>10)
			if more >= 20<<20 {
				t.Errorf("%d MB each way took %d MB more than at rest", size>>20, more>>20)
			}
		})
	}
}

// bulk is a behaviour: it counts what comes up and sends down what is asked for.
func bulk(w http.ResponseWriter, r *http.Request) {
	if r.Method == "POST" {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
		return
	}
	size, err := strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
	if err != nil {
		return
	}
	if r.URL.Query().Get("framing") == "Content-Length" {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	_, _ = io.Copy(w, &zeros{size})
}
