package proxy

import (
	"encoding/json"
	"strings"
	"testing"

	"pingap-go/message"
)

func TestErrorPageFollowsAccept(t *testing.T) {
	for accept, html := range map[string]bool{
		"": false, "*/*": false, "text/plain": false, "application/json": false,
		"text/html": true, "TEXT/HTML": true, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true,
		"text/html, application/json": true, "application/json, text/html": false,
		"application/json;q=0.1, text/html": true, "application/problem+json, text/html;q=0.9": false,
		"text/html;q=0": false, "text/html;q=nonsense": true, "text/html;level=1;q=0.5, application/json;q=0.4": true,
		strings.Repeat(",", longestAccept) + "text/html": false,
	} {
		if got := prefersHTML(accept); got != html {
			t.Errorf("%q: HTML is %v, want %v", accept, got, html)
		}
	}
}

// What stands in a template of one's own stays what it is, whatever the text holds.
func TestErrorTemplateEscapes(t *testing.T) {
	fault := &message.Fault{Status: 400, Type: "bad_request", Detail: `a "quoted" <b> "end"`}
	_, body := NewErrorPage("1.0", `{"content": "{{content}}"}`).render(fault, "")
	var answer struct{ Content string }
	if err := json.Unmarshal(body, &answer); err != nil || answer.Content != fault.Detail {
		t.Errorf("JSON: %s, %v", body, err)
	}
	_, body = NewErrorPage("1.0", "<p>{{content}} {{error_type}} {{version}}</p>").render(fault, "")
	if want := "<p>a &#34;quoted&#34; &lt;b&gt; &#34;end&#34; bad_request 1.0</p>"; string(body) != want {
		t.Errorf("HTML: %s, want %s", body, want)
	}
}
