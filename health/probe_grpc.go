package health

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// grpcProbe passes when the server's health service says SERVING.
// The protocol is https://github.com/grpc/grpc/blob/master/doc/health-checking.md.
// The client is grpc-go's, which the program carries anyway for its traces.
type grpcProbe struct {
	dial    *dialer
	service string
}

func newGRPCProbe(check Check) *grpcProbe {
	return &grpcProbe{dial: newDialer(check, check.TLS, "h2"), service: check.Service}
}

func (p *grpcProbe) Probe(ctx context.Context, address string) error {
	conn, err := p.dial.connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	// ctx ends the call; a deadline of the connection's own would end it a moment
	// earlier, as a broken connection.
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.dial.readTimeout)
	defer cancel()
	client, err := p.client(conn, address)
	if err != nil {
		return err
	}
	defer client.Close()
	answer, err := healthpb.NewHealthClient(client).Check(ctx, &healthpb.HealthCheckRequest{Service: p.service})
	if err != nil {
		return p.refused(ctx, err)
	}
	if answer.Status != healthpb.HealthCheckResponse_SERVING {
		return fmt.Errorf("gRPC health of %s is %s", p.subject(), answer.Status)
	}
	return nil
}

// client speaks gRPC on the connection that is there already, TLS done, and
// makes no second one when that breaks.
func (p *grpcProbe) client(conn net.Conn, address string) (*grpc.ClientConn, error) {
	given := make(chan net.Conn, 1)
	given <- conn
	return grpc.NewClient("passthrough:///"+p.dial.authority(address),
		grpc.WithAuthority(p.dial.authority(address)),
		grpc.WithTransportCredentials(p.credentials()),
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			select {
			case c := <-given:
				return c, nil
			default:
				return nil, fmt.Errorf("connection closed before an answer")
			}
		}))
}

func (p *grpcProbe) credentials() credentials.TransportCredentials {
	if p.dial.tls == nil {
		return insecure.NewCredentials()
	}
	return secured{insecure.NewCredentials()}
}

// secured tells gRPC that the connection it is given has TLS already, so that
// requests carry the scheme "https".
type secured struct {
	credentials.TransportCredentials
}

func (s secured) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

func (s secured) Clone() credentials.TransportCredentials {
	return secured{s.TransportCredentials.Clone()}
}

// refused turns a gRPC status into a sentence.
func (p *grpcProbe) refused(ctx context.Context, err error) error {
	answer := status.Convert(err)
	switch answer.Code() {
	case codes.NotFound:
		return fmt.Errorf("gRPC health does not know %s", p.subject())
	case codes.Unimplemented:
		return fmt.Errorf("server has no gRPC health service")
	case codes.DeadlineExceeded, codes.Canceled:
		return p.dial.explain(ctx, "no answer within", p.dial.readTimeout, ctx.Err())
	}
	return fmt.Errorf("gRPC health call failed with %s: %s", answer.Code(), answer.Message())
}

func (p *grpcProbe) subject() string {
	if p.service == "" {
		return "the server"
	}
	return fmt.Sprintf("service %q", p.service)
}
