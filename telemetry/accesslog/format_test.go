package accesslog

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pingap-go/message"
)

// sample is a request as a proxy sees it.
func sample() *Entry {
	request, response := new(message.Header), new(message.Header)
	request.Add("Referer", "http://example.com/from")
	request.Add("User-Agent", "curl/8.0")
	request.Add("Cookie", "a=1; session=s3; b=2")
	request.Add("X-Team", "blue")
	request.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	response.Add("X-Cache", "HIT")
	return &Entry{
		Start: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Duration: 1234567 * time.Nanosecond,
		Method: "GET", Target: "/api/x?y=1", Path: "/api/x", Query: "y=1", Host: "example.com",
		Scheme: "http", Proto: "HTTP/1.1", Status: 200, BytesIn: 12, BytesOut: 2048,
		RemoteIP: "10.0.0.1", RemotePort: "4711", ClientIP: "192.0.2.7", RequestID: "req-1",
		Server: "http", Location: "api", Upstream: "backend", UpstreamAddr: "127.0.0.1:9001",
		UpstreamStatus: 200, UpstreamTime: 900 * time.Microsecond, Tries: 1,
		Request: request, Response: response,
	}
}

func line(t *testing.T, format string, e *Entry) string {
	t.Helper()
	f, err := Compile(format)
	if err != nil {
		t.Fatalf("compile %s: %v", format, err)
	}
	return string(f.Append(nil, e))
}

func TestLines(t *testing.T) {
	zone := time.Local
	time.Local = time.UTC
	defer func() { time.Local = zone }()
	t.Setenv("PINGAP_TEST_ZONE", "eu")
	for name, c := range map[string]struct{ format, want string }{
		"combined": {"combined", `192.0.2.7 - - [22/Nov/2026:10:00:00 +0000] "GET /api/x?y=1 HTTP/1.1" 200 2048 "http://example.com/from" "curl/8.0"`},
		"common":   {"common", `192.0.2.7 - - [22/Nov/2026:10:00:00 +0000] "GET /api/x?y=1 HTTP/1.1" 200 2048`},
		"short":    {"short", `10.0.0.1 GET /api/x?y=1 HTTP/1.1 200 2.0KB - 1.234ms`},
		"tiny":     {"tiny", `GET /api/x?y=1 200 2.0KB - 1.234ms`},
		"json": {"json", `{"time":"2026-11-22T10:00:00.001Z","server":"http","location":"api","client_ip":"192.0.2.7",` +
			`"remote":"10.0.0.1","method":"GET","scheme":"http","host":"example.com","uri":"/api/x?y=1","proto":"HTTP/1.1",` +
			`"referer":"http://example.com/from","user_agent":"curl/8.0","request_id":"req-1",` +
			`"trace_id":"0af7651916cd43dd8448eb211c80319c","status":200,"bytes_in":12,"bytes_out":2048,"duration_ms":1.234,` +
			`"error_type":"","error_reason":"","upstream":"backend","upstream_addr":"127.0.0.1:9001","upstream_status":200,"upstream_ms":0.900,"tries":1}`},
		"request":             {"{host} {method} {path} {query} {uri} {proto} {scheme}", "example.com GET /api/x y=1 /api/x?y=1 HTTP/1.1 http"},
		"who":                 {"{remote}:{:remote_port} {client_ip} {request_id}", "10.0.0.1:4711 192.0.2.7 req-1"},
		"times":               {"{when} {when_utc_iso} {when_unix}", "2026-11-22T10:00:00.001Z 2026-11-22T10:00:00.001Z 1795341600001"},
		"sizes":               {"{size} {size_human} {payload_size} {payload_size_human}", "2048 2.0KB 12 12B"},
		"latency for people":  {"{latency_human} {:upstream_response_time_human}", "1.2ms 900µs"},
		"headers and cookies": {"{>x-team} {<x-cache} {~session} {>missing} {~missing}", "blue HIT s3 - -"},
		"upstream": {"{:server} {:location} {:upstream} {:upstream_addr} {:upstream_status} {:upstream_response_time} {:tries}",
			"http api backend 127.0.0.1:9001 200 0.900 1"},
		"trace and error":    {"{:trace_id} {:error_type} {:error_reason}", "0af7651916cd43dd8448eb211c80319c - -"},
		"environment":        {"{$PINGAP_TEST_ZONE} {$PINGAP_TEST_UNSET} {status}", "eu - 200"},
		"braces of no tag":   {`{"status": {status}} {} { {`, `{"status": 200} {} { {`},
		"tags side by side":  {"{status}{status}", "200200"},
		"literal at the end": {"{status} end", "200 end"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(t, c.format, sample()); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAnEmptyEntryIsALineOfDashes(t *testing.T) {
	got := line(t, "{client_ip} {status} {referer} {~c} {<h} {:upstream_status} {:upstream_response_time} {:trace_id}", new(Entry))
	if want := "- - - - - - - -"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNobodyForgesLinesOrFields(t *testing.T) {
	e := sample()
	e.Target = "/\"\r\n127.0.0.1 - - \"GET /admin"
	e.Request.Set("User-Agent", "a\x00b\\\x7f\xff\" é")
	if got := line(t, "{uri}|{user_agent}", e); got != `/\x22\x0D\x0A127.0.0.1 - - \x22GET /admin|a\x00b\x5C\x7F\xFF\x22 \xC3\xA9` {
		t.Errorf("text line: %s", got)
	}
	var parsed map[string]any
	object := line(t, "json", e)
	if err := json.Unmarshal([]byte(object), &parsed); err != nil || strings.Contains(object, "\n") {
		t.Fatalf("line %s is not one line of JSON: %v", object, err)
	}
	if parsed["uri"] != e.Target || parsed["user_agent"] != "a\x00b\\\x7f\ufffd\" é" {
		t.Errorf("JSON line: %s", object)
	}
}

func TestHugeValuesAreCut(t *testing.T) {
	e := sample()
	e.Target = strings.Repeat("a", 1<<20)
	if got := len(line(t, "{uri}", e)); got != maxValue {
		t.Errorf("value of %d bytes in the line, want %d", got, maxValue)
	}
}

func TestSizesAndDurationsForPeople(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0B", 1023: "1023B", 1024: "1.0KB", 1536: "1.5KB", 1<<20 - 1: "1023.9KB", 5 << 30: "5.0GB", 1<<63 - 1: "7.9EB",
	} {
		if got := string(appendSize(nil, n)); got != want {
			t.Errorf("size %d = %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0µs", -1: "0µs", 999 * time.Microsecond: "999µs", 1500 * time.Microsecond: "1.5ms",
		999999 * time.Microsecond: "999.9ms", 61 * time.Second: "61.0s",
	} {
		if got := string(appendDuration(nil, d)); got != want {
			t.Errorf("duration %d = %s, want %s", d, got, want)
		}
	}
}

func TestOffIsNoFormat(t *testing.T) {
	for _, text := range []string{"", "off"} {
		if f, err := Compile(text); f != nil || err != nil {
			t.Errorf("Compile(%q) = %v, %v", text, f, err)
		}
	}
}

func TestWrongFormatsAreNamed(t *testing.T) {
	for text, fragment := range map[string]string{
		"{statsu}":                     "unknown tag {statsu}",
		"{:nothing}":                   "{:upstream_addr}",
		"{~}":                          "unknown tag {~}",
		"combinde":                     "combined, common, short, tiny",
		"/var/log/a.log?rolling=daily": "not supported yet",
	} {
		if _, err := Compile(text); err == nil || !strings.Contains(err.Error(), fragment) {
			t.Errorf("Compile(%q): error %v lacks %q", text, err, fragment)
		}
	}
}

func TestAppendingAllocatesNothing(t *testing.T) {
	e, b := sample(), make([]byte, 0, 4096)
	for _, text := range []string{"combined", "json", "{when} {~session} {>x-team} {latency_human} {size_human}"} {
		f, err := Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { b = f.Append(b[:0], e) }); n != 0 {
			t.Errorf("%s: %v allocations a line, want 0", text, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, text := range []string{"combined", "json"} {
		b.Run(text, func(b *testing.B) {
			f, _ := Compile(text)
			e, buffer := sample(), make([]byte, 0, 4096)
			for b.Loop() {
				buffer = f.Append(buffer[:0], e)
			}
		})
	}
}
