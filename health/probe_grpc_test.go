package health

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	grpchealth "google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// serveGRPC runs a gRPC server until the test ends and returns its address.
func serveGRPC(t *testing.T, service *grpchealth.Server, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	if service != nil {
		healthpb.RegisterHealthServer(server, service)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return listener.Addr().String()
}

func TestGRPCProbe(t *testing.T) {
	service := grpchealth.NewServer()
	service.SetServingStatus("orders", healthpb.HealthCheckResponse_SERVING)
	service.SetServingStatus("billing", healthpb.HealthCheckResponse_NOT_SERVING)
	authority := newAuthority(t)
	plain := serveGRPC(t, service)
	bare := serveGRPC(t, nil)
	secure := serveGRPC(t, service, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{authority.issue(t, "api.internal")},
	})))
	trusting := Check{TLS: true, Host: "api.internal", TLSConfig: &tls.Config{RootCAs: authority.pool}}
	distrusting := Check{TLS: true, Host: "api.internal"}
	for _, c := range []struct {
		name    string
		check   Check
		address string
		want    string
	}{
		{"server serves", Check{}, plain, ""},
		{"service serves", Check{Service: "orders"}, plain, ""},
		{"service does not serve", Check{Service: "billing"}, plain, `gRPC health of service "billing" is NOT_SERVING`},
		{"service is not known", Check{Service: "mail"}, plain, `gRPC health does not know service "mail"`},
		{"server without a health service", Check{}, bare, "server has no gRPC health service"},
		{"nobody listens", Check{}, closedPort(t), "connection refused"},
		{"over TLS", trusting, secure, ""},
		{"over TLS, authority not trusted", distrusting, secure, "certificate signed by unknown authority"},
		{"not gRPC at all", Check{}, listen(t, "tcp", "127.0.0.1:0", silent), "gRPC health call failed with Unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.check.Scheme = "grpc"
			got := message(probing(t, c.check, c.address))
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("probe says %q, want %q", got, c.want)
			}
		})
	}
}
