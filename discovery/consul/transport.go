package consul

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"
)

const indexHeader = "X-Consul-Index"

// spare is how many connections there are beyond those that queries may occupy:
// for the heartbeat and for the users of Client.API.
const spare = 8

// transport carries every request to the agent: it adds the token, notices when
// the agent multiplexes (HTTP/2, which Consul speaks with TLS only), and has
// bodies read by those who know what is new in them.
type transport struct {
	base   *http.Transport
	tokens *tokens
	gate   *gate
}

func newTransport(o Options, t target, tokens *tokens, gate *gate) (*transport, error) {
	dialer := &net.Dialer{
		Timeout:         3 * time.Second,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	base := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: dialer.DialContext,
		// The agent is on this machine or next to it: packing costs both sides more
		// than the bytes do.
		DisableCompression:    true,
		ForceAttemptHTTP2:     true,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConnsPerHost:   o.MaxConnections,
		MaxConnsPerHost:       o.MaxConnections + spare,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	if t.socket != "" {
		base.Proxy = nil
		base.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", t.socket)
		}
	}
	if t.scheme == "https" {
		tlsConfig, err := api.SetupTLSConfig(tlsOptions(o, t))
		if err != nil {
			return nil, err
		}
		base.TLSClientConfig = tlsConfig
	}
	return &transport{base: base, tokens: tokens, gate: gate}, nil
}

// tlsOptions lets the environment stand in for what o leaves empty.
func tlsOptions(o Options, t target) *api.TLSConfig {
	c := api.DefaultConfig().TLSConfig
	set := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	set(&c.CAFile, o.TLSCAFile)
	set(&c.CertFile, o.TLSCertFile)
	set(&c.KeyFile, o.TLSKeyFile)
	set(&c.Address, o.TLSServerName)
	c.InsecureSkipVerify = c.InsecureSkipVerify || o.TLSSkipVerify
	if c.Address == "" {
		c.Address = t.host
	}
	return &c
}

// RoundTrip sends one request with the token of this moment.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	token, err := t.tokens.current()
	if err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Header.Del("X-Consul-Token")
	if token != "" {
		request.Header.Set("X-Consul-Token", token)
	}
	response, err := t.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	t.gate.learn(response.ProtoMajor)
	if response.StatusCode != http.StatusOK {
		response.Body = &excuse{io.LimitReader(response.Body, longestExcuse), response.Body}
	}
	switch taker, taken := request.Context().Value(takerKey{}).(taker); {
	case unchanged(request, response):
		err = swallow(response, discard{})
	case taken && response.StatusCode == http.StatusOK:
		err = swallow(response, taker)
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// longestExcuse bounds, in bytes, what is read of an answer that says why there is none,
// and so what logs and the admin API have to show of it. It may be another's page of HTML.
const longestExcuse = 1 << 10

// excuse is the beginning of a body.
type excuse struct {
	io.Reader
	io.Closer
}

// taker reads a body in the place of Consul's client, which would decode all of
// it anew with each answer. It travels in the request's context.
type taker interface{ take(body io.Reader) error }

type takerKey struct{}

type discard struct{}

func (discard) take(body io.Reader) error {
	_, err := io.Copy(io.Discard, body)
	return err
}

// swallow hands the body to t, reads one that was good to its end, so that the
// connection can be used again, and leaves an empty list in its place.
func swallow(response *http.Response, t taker) error {
	err := t.take(response.Body)
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
	}
	_ = response.Body.Close()
	response.Body = io.NopCloser(strings.NewReader("[]"))
	return err
}

// unchanged says that a blocking query ended as it began: same index, no news.
func unchanged(request *http.Request, response *http.Response) bool {
	asked := request.URL.Query().Get("index")
	return asked != "" && response.StatusCode == http.StatusOK && asked == response.Header.Get(indexHeader)
}
