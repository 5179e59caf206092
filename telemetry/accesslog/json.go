package accesslog

import (
	"strconv"
	"time"
)

// newJSONLine makes the format "json": one object a line, always with the same
// keys, times in milliseconds. Its only state is the cached second.
func newJSONLine() field {
	when := newStamp(times["when_utc_iso"])
	return func(b []byte, e *Entry, _ string) []byte {
		b = append(b, `{"time":"`...)
		b = when(b, e, "")
		b = append(b, '"')
		b = appendJSONRequest(b, e)
		b = appendJSONAnswer(b, e)
		b = appendJSONUpstream(b, e)
		return append(b, '}')
	}
}

func appendJSONRequest(b []byte, e *Entry) []byte {
	b = appendPair(b, "server", e.Server)
	b = appendPair(b, "location", e.Location)
	b = appendPair(b, "client_ip", e.ClientIP)
	b = appendPair(b, "remote", e.RemoteIP)
	b = appendPair(b, "method", e.Method)
	b = appendPair(b, "scheme", e.Scheme)
	b = appendPair(b, "host", e.Host)
	b = appendPair(b, "uri", e.Target)
	b = appendPair(b, "proto", e.Proto)
	b = appendPair(b, "referer", header(e.Request, "Referer"))
	b = appendPair(b, "user_agent", header(e.Request, "User-Agent"))
	b = appendPair(b, "request_id", e.RequestID)
	return appendPair(b, "trace_id", traceID(e))
}

func appendJSONAnswer(b []byte, e *Entry) []byte {
	b = appendNumber(b, "status", int64(e.Status))
	b = appendNumber(b, "bytes_in", e.BytesIn)
	b = appendNumber(b, "bytes_out", e.BytesOut)
	b = appendTime(b, "duration_ms", e.Duration)
	b = appendPair(b, "error_type", e.ErrorType)
	return appendPair(b, "error_reason", e.ErrorReason)
}

func appendJSONUpstream(b []byte, e *Entry) []byte {
	b = appendPair(b, "upstream", e.Upstream)
	b = appendPair(b, "upstream_addr", e.UpstreamAddr)
	b = appendNumber(b, "upstream_status", int64(e.UpstreamStatus))
	b = appendTime(b, "upstream_ms", e.UpstreamTime)
	return appendNumber(b, "tries", int64(e.Tries))
}

func appendPair(b []byte, key, value string) []byte {
	return appendJSON(appendKey(b, key), value)
}

func appendNumber(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(appendKey(b, key), n, 10)
}

func appendTime(b []byte, key string, d time.Duration) []byte {
	return appendMillis(appendKey(b, key), d)
}

func appendKey(b []byte, key string) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	return append(b, '"', ':')
}
