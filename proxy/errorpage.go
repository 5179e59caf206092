package proxy

import (
	_ "embed"
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"

	"pingap-go/message"
)

//go:embed error.html
var defaultErrorPage string

// ErrorPage makes the answers that the proxy gives itself: HTML for those who
// prefer it by their Accept header, JSON for everybody else.
type ErrorPage struct {
	version  string
	template string
	isJSON   bool
}

// NewErrorPage makes an ErrorPage. template is HTML or JSON with the
// placeholders {{version}}, {{error_type}} and {{content}}; "" stands for the
// built-in pair of both.
func NewErrorPage(version, template string) *ErrorPage {
	return &ErrorPage{version: version, template: template, isJSON: strings.HasPrefix(strings.TrimSpace(template), "{")}
}

// write makes the response of an exchange from a fault.
func (p *ErrorPage) write(x *exchange, f *message.Fault) {
	h := &x.Response.Header
	x.Response.Status = f.Status
	content, body := p.render(f, x.Request.Header.Get("Accept"))
	h.Add("Content-Type", content)
	h.Add("Cache-Control", "private, no-store")
	h.Add("X-Pingap-EType", f.Type)
	if f.RetryAfter > 0 {
		h.Add("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if f.Status == http.StatusMethodNotAllowed { // RFC 9110 section 15.5.6 wants it
		h.Add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
	}
	x.Response.SetBytes(body)
}

func (p *ErrorPage) render(f *message.Fault, accept string) (contentType string, body []byte) {
	switch {
	case p.template != "" && p.isJSON:
		return "application/json", p.fill(p.template, f, jsonText)
	case p.template != "":
		return "text/html; charset=utf-8", p.fill(p.template, f, html.EscapeString)
	case prefersHTML(accept):
		return "text/html; charset=utf-8", p.fill(defaultErrorPage, f, html.EscapeString)
	}
	body, err := json.Marshal(map[string]any{"status": f.Status, "error_type": f.Type, "message": f.Detail})
	if err != nil {
		body = []byte("{}")
	}
	return "application/json", append(body, '\n')
}

func (p *ErrorPage) fill(template string, f *message.Fault, escape func(string) string) []byte {
	return []byte(strings.NewReplacer(
		"{{version}}", escape(p.version),
		"{{error_type}}", escape(f.Type),
		"{{content}}", escape(f.Detail),
		"{{status}}", strconv.Itoa(f.Status),
	).Replace(template))
}

// jsonText escapes text for the inside of a JSON string.
func jsonText(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(quoted[1 : len(quoted)-1])
}

// prefersHTML reports whether an Accept header names text/html with a higher
// weight than JSON, or with the same one and earlier (RFC 9110, section 12.5.1).
// Programs that name neither get JSON. What stands far behind does not count: it would
// take longer to read than the rest of the request.
func prefersHTML(accept string) bool {
	page, data, first := 0.0, 0.0, false
	accept = accept[:min(len(accept), longestAccept)]
	for item := range strings.SplitSeq(strings.ToLower(accept), ",") {
		media, parameters, _ := strings.Cut(item, ";")
		switch media = strings.TrimSpace(media); {
		case media == "text/html" && page == 0:
			page = weight(parameters)
			first = data == 0
		case strings.HasSuffix(media, "json"):
			data = max(data, weight(parameters))
		}
	}
	return page > data || page == data && page > 0 && first
}

// longestAccept bounds, in bytes, what is read of an Accept header. Browsers send 200.
const longestAccept = 1 << 10

// weight is the q among the parameters of a media type; 1 where none is valid.
func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			if q, err := strconv.ParseFloat(text, 64); err == nil && q >= 0 && q <= 1 {
				return q
			}
		}
	}
	return 1
}
