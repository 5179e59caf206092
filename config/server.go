package config

import "time"

// Server is one [servers.NAME] section: a listener.
type Server struct {
	Name string `toml:"-"`
	// Addr is one or several of "host:port", ":port" and "unix:PATH".
	Addr List `toml:"addr"`
	// Locations are the names it serves, in the order that ends ties. After Load
	// it holds all locations, in the order of the files, when the key was not set; an
	// empty list is one of none, for a server of automatic routes. A tcp server has
	// none.
	Locations []string `toml:"locations" only:"http"`
	// Protocol is "http", or "tcp": bytes are carried to the upstream and back.
	Protocol string `toml:"protocol" default:"http" oneof:"http tcp"`
	// Upstream is where a tcp server sends to.
	Upstream string `toml:"upstream" only:"tcp"`
	// EnableHTTP2 turns HTTP/2 on: h2c on a plain listener, offered by ALPN with TLS.
	// nil = with TLS only.
	EnableHTTP2 *bool `toml:"enable_http2" only:"http"`
	// AccessLog is "off", the name of a format or a format with {tags}.
	AccessLog string `toml:"access_log" default:"off" only:"http"`
	// ReadHeaderTimeout bounds how long a client may take for a request's head, and for
	// TLS's handshake; 0 = no bound.
	ReadHeaderTimeout time.Duration `toml:"read_header_timeout" default:"10s" only:"http"`
	// IdleTimeout is how long a connection may rest between requests, and with tcp how
	// long nothing may move in either direction; 0 = no bound.
	IdleTimeout time.Duration `toml:"idle_timeout" default:"75s"`
	// MaxHeaderBytes bounds a request's head. Beyond 64kb a head costs a buffer of its own.
	MaxHeaderBytes Size `toml:"max_header_bytes" default:"64kb" min:"1kb" max:"1mb" only:"http"`
	// MaxConnections bounds the connections of clients; 0 = no bound.
	MaxConnections int `toml:"max_connections" default:"0"`
	// TLSCert and TLSKey are PEM files of a certificate, which those that vouch for it
	// may follow, and of its key. With them the server speaks TLS, and nothing else.
	TLSCert string `toml:"tls_cert"`
	TLSKey  string `toml:"tls_key"`
	// TLSMinVersion is the oldest version that clients may choose.
	TLSMinVersion string `toml:"tls_min_version" default:"1.2" oneof:"1.2 1.3"`
}
