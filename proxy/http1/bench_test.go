package http1

import (
	"strings"
	"testing"

	"pingap-go/message"
)

const browserHead = "GET /api/v1/orders/42?expand=items&page=2 HTTP/1.1\r\n" +
	"Host: shop.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Referer: https://shop.example.com/orders\r\n" +
	"Connection: keep-alive\r\n" +
	"Cookie: session=7f6a2c1e9b; theme=dark\r\n" +
	"If-None-Match: \"33a64df551425fcc55e\"\r\n" +
	"Cache-Control: max-age=0\r\n\r\n"

const upstreamHead = "HTTP/1.1 200 OK\r\n" +
	"Server: nginx/1.22.1\r\n" +
	"Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n" +
	"Content-Type: application/json; charset=utf-8\r\n" +
	"Content-Length: 1234\r\n" +
	"Connection: keep-alive\r\n" +
	"Cache-Control: no-store\r\n" +
	"ETag: \"33a64df551425fcc55e\"\r\n" +
	"Vary: Accept-Encoding\r\n" +
	"X-Request-Id: 0af7651916cd43dd8448eb211c80319c\r\n\r\n"

func BenchmarkHeadLength(b *testing.B) {
	buf := []byte(browserHead)
	b.ReportAllocs()
	for b.Loop() {
		if n, err := HeadLength(buf, 0); n != len(buf) || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkParseRequest(b *testing.B) {
	var req message.Request
	var lim Limits
	b.ReportAllocs()
	for b.Loop() {
		req.Reset()
		if err := ParseRequest(browserHead, &req, &lim); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	var req message.Request
	if err := ParseRequest(browserHead, &req, nil); err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendRequest(dst, &req); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseResponse(b *testing.B) {
	var res message.Response
	b.ReportAllocs()
	for b.Loop() {
		res.Reset()
		if _, err := ParseResponse(upstreamHead, "GET", &res); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendResponse(b *testing.B) {
	var res message.Response
	if _, err := ParseResponse(upstreamHead, "GET", &res); err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 4096)
	client := Client{Method: "GET", Minor: 1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendResponse(dst, &res, &client); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChunkedDecode(b *testing.B) {
	body := []byte(strings.Repeat("400\r\n"+strings.Repeat("x", 1024)+"\r\n", 16) + "0\r\n\r\n")
	var d Chunked
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		d.Reset()
		for in := body; !d.Done(); {
			_, n, err := d.Decode(in)
			if err != nil {
				b.Fatal(err)
			}
			in = in[n:]
		}
	}
}
