package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"pingap-go/internal/testkit"
)

// grpcApp is a gRPC server that says who it is.
type grpcApp struct {
	grpc_testing.UnimplementedTestServiceServer
	name     string
	canceled chan struct{} // a call's context has ended
}

func (a *grpcApp) UnaryCall(ctx context.Context, in *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	_ = grpc.SetTrailer(ctx, metadata.Pairs("x-trailing", "t-"+strings.Join(md.Get("x-leading"), ",")))
	if want := in.GetResponseStatus(); want.GetCode() != 0 {
		return nil, status.Error(codes.Code(want.GetCode()), want.GetMessage())
	}
	return &grpc_testing.SimpleResponse{Hostname: a.name, Payload: &grpc_testing.Payload{Body: make([]byte, in.GetResponseSize())}}, nil
}

func (a *grpcApp) StreamingInputCall(s grpc.ClientStreamingServer[grpc_testing.StreamingInputCallRequest, grpc_testing.StreamingInputCallResponse]) error {
	var sum int32
	for {
		in, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return s.SendAndClose(&grpc_testing.StreamingInputCallResponse{AggregatedPayloadSize: sum})
		}
		if err != nil {
			return err
		}
		sum += int32(len(in.GetPayload().GetBody()))
	}
}

func (a *grpcApp) StreamingOutputCall(in *grpc_testing.StreamingOutputCallRequest, s grpc.ServerStreamingServer[grpc_testing.StreamingOutputCallResponse]) error {
	for _, p := range in.GetResponseParameters() {
		if err := s.Send(&grpc_testing.StreamingOutputCallResponse{Payload: &grpc_testing.Payload{Body: make([]byte, p.GetSize())}}); err != nil {
			return err
		}
	}
	if len(in.GetResponseParameters()) == 0 { // asked to wait
		<-s.Context().Done()
		close(a.canceled)
	}
	return nil
}

func (a *grpcApp) FullDuplexCall(s grpc.BidiStreamingServer[grpc_testing.StreamingOutputCallRequest, grpc_testing.StreamingOutputCallResponse]) error {
	for {
		in, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.Send(&grpc_testing.StreamingOutputCallResponse{Payload: in.GetPayload()}); err != nil {
			return err
		}
	}
}

// grpcInstance starts a gRPC server whose address stands in for ${NAME}.
func (s *stage) grpcInstance(name string) (*grpcApp, *grpc.Server) {
	s.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	app := &grpcApp{name: name, canceled: make(chan struct{})}
	server := grpc.NewServer()
	grpc_testing.RegisterTestServiceServer(server, app)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	s.Cleanup(func() { server.Stop(); <-done })
	s.env[name] = l.Addr().String()
	return app, server
}

// grpcClient is a client of the proxy.
func (p *program) grpcClient() grpc_testing.TestServiceClient {
	p.stage.Helper()
	cc, err := grpc.NewClient("passthrough:///"+p.proxy, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		p.stage.Fatal(err)
	}
	p.stage.Cleanup(func() { _ = cc.Close() })
	return grpc_testing.NewTestServiceClient(cc)
}

func TestGRPCCallsOfEveryKind(t *testing.T) {
	s := newStage(t)
	app, _ := s.grpcInstance("A")
	client := s.boot(combination{"h2", "h2"}.text()).grpcClient()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	t.Run("unary, with metadata", func(t *testing.T) {
		var trailer metadata.MD
		out, err := client.UnaryCall(metadata.AppendToOutgoingContext(ctx, "x-leading", "1"),
			&grpc_testing.SimpleRequest{ResponseSize: 500_000, Payload: &grpc_testing.Payload{Body: make([]byte, 500_000)}}, grpc.Trailer(&trailer))
		if err != nil || out.GetHostname() != "A" || len(out.GetPayload().GetBody()) != 500_000 || !slices.Equal(trailer.Get("x-trailing"), []string{"t-1"}) {
			t.Errorf("%v, %v, %v", out.GetHostname(), trailer, err)
		}
	})
	t.Run("an error is passed on as it is", func(t *testing.T) {
		_, err := client.UnaryCall(ctx, &grpc_testing.SimpleRequest{ResponseStatus: &grpc_testing.EchoStatus{Code: 5, Message: "no such thing: ü"}})
		if st := status.Convert(err); st.Code() != codes.NotFound || st.Message() != "no such thing: ü" {
			t.Errorf("%v", err)
		}
		if _, err = client.EmptyCall(ctx, &grpc_testing.Empty{}); status.Code(err) != codes.Unimplemented {
			t.Errorf("%v", err)
		}
	})
	t.Run("client streaming", func(t *testing.T) {
		stream, err := client.StreamingInputCall(ctx)
		for range 20 {
			err = errors.Join(err, stream.Send(&grpc_testing.StreamingInputCallRequest{Payload: &grpc_testing.Payload{Body: make([]byte, 10_000)}}))
		}
		out, last := stream.CloseAndRecv()
		if err = errors.Join(err, last); err != nil || out.GetAggregatedPayloadSize() != 200_000 {
			t.Errorf("%v, %v", out, err)
		}
	})
	t.Run("server streaming", func(t *testing.T) {
		in := &grpc_testing.StreamingOutputCallRequest{}
		for range 20 {
			in.ResponseParameters = append(in.ResponseParameters, &grpc_testing.ResponseParameters{Size: 50_000})
		}
		stream, err := client.StreamingOutputCall(ctx, in)
		count := 0
		for err == nil {
			if _, err = stream.Recv(); err == nil {
				count++
			}
		}
		if !errors.Is(err, io.EOF) || count != 20 {
			t.Errorf("%d messages, then %v", count, err)
		}
	})
	t.Run("both ways", func(t *testing.T) { converse(t, ctx, client) })
	t.Run("a call that the client gives up ends at the server too", func(t *testing.T) {
		short, giveUp := context.WithCancel(ctx)
		stream, err := client.StreamingOutputCall(short, &grpc_testing.StreamingOutputCallRequest{})
		time.AfterFunc(100*time.Millisecond, giveUp)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.Canceled {
			t.Errorf("%v", err)
		}
		select {
		case <-app.canceled:
		case <-ctx.Done():
			t.Error("the server was not told")
		}
	})
}

// converse says something and waits for the answer, many times.
func converse(t *testing.T, ctx context.Context, client grpc_testing.TestServiceClient) {
	t.Helper()
	stream, err := client.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		word := fmt.Sprint("word ", i)
		err := stream.Send(&grpc_testing.StreamingOutputCallRequest{Payload: &grpc_testing.Payload{Body: []byte(word)}})
		out, last := stream.Recv()
		if err = errors.Join(err, last); err != nil || string(out.GetPayload().GetBody()) != word {
			t.Fatalf("said %q, heard %q: %v", word, out.GetPayload().GetBody(), err)
		}
	}
	_ = stream.CloseSend()
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// A server that is deployed anew says GOAWAY and finishes. No call may fail, not
// even those that may not be sent twice.
func TestGRPCDeploysLoseNoCall(t *testing.T) {
	s := newStage(t)
	_, first := s.grpcInstance("A")
	s.grpcInstance("B")
	p := s.boot(strings.Replace(combination{"h2", "h2"}.text(), `["${A}"]`, `["${A}", "${B}"]`, 1))
	client := p.grpcClient()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	names := map[string]int{}
	call := func() {
		out, err := client.UnaryCall(ctx, &grpc_testing.SimpleRequest{})
		if err != nil {
			s.Fatalf("after %v: %v", names, err)
		}
		names[out.GetHostname()]++
	}
	for range 50 {
		call()
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		first.GracefulStop()
	}()
	for left := 200; left > 0; left-- {
		call()
	}
	<-gone
	for range 50 {
		call()
	}
	if names["A"] == 0 || names["B"] < 200 {
		t.Errorf("the calls went to %v", names)
	}
	testkit.Eventually(t, patience, func() error {
		if n := testkit.Connections(t, s.env["B"]); n != 1 {
			return fmt.Errorf("%d connections to B carried all its calls", n)
		}
		return nil
	})
}
