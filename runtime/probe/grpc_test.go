package probe

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// health is a server of grpc.health.v1.Health: by the service that is asked for, a body and a grpc-status.
func health(t *testing.T) string {
	message := func(data ...byte) string { return string(append([]byte{0, 0, 0, 0, byte(len(data))}, data...)) }
	answers := map[string]struct{ body, status string }{
		"":         {message(8, 1), "0"},
		"later":    {message(0x12, 3, 'a', 'b', 'c', 8, 1, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4), "0"}, // fields of later versions
		"down":     {message(8, 2), "0"},
		"nothing":  {message(), "0"}, // UNKNOWN is left out
		"strange":  {message(8, 9), "0"},
		"nostatus": {message(8, 1), ""},
		"failed":   {"", "13"},
		"short":    {"\x00\x00\x00\x00\x09\x08\x01", "0"},
		"torn":     {message(8), "0"},
		"packed":   {"\x01\x00\x00\x00\x02\x08\x01", "0"},
		"big":      {strings.Repeat("x", maxMessage+1), "0"},
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ask, err := io.ReadAll(r.Body)
		if err != nil || r.ProtoMajor != 2 || r.Header.Get("Content-Type") != "application/grpc" || r.Header.Get("Te") != "trailers" ||
			r.URL.Path != "/grpc.health.v1.Health/Check" || len(ask) < 5 || int(ask[4]) != len(ask)-5 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		service := ""
		if len(ask) > 5 && ask[5] == 0x0a && int(ask[6]) == len(ask)-7 {
			service = string(ask[7:])
		}
		w.Header().Set("Content-Type", "application/grpc")
		a, ok := answers[service]
		if !ok { // trailers only: the status stands among the headers
			w.Header().Set("Grpc-Status", "5")
			w.Header().Set("Grpc-Message", "unknown%20service")
			return
		}
		w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		_, _ = io.WriteString(w, a.body)
		if a.status != "" {
			w.Header().Set("Grpc-Status", a.status)
		}
		w.Header().Set("Grpc-Message", "it%20broke")
	}))
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

func TestGRPC(t *testing.T) {
	address := health(t)
	for _, c := range []struct{ service, want string }{
		{"", ""}, {"later", ""},
		{"down", "says NOT_SERVING; want SERVING"},
		{"nothing", "says UNKNOWN"},
		{"strange", "says 9"},
		{"nostatus", "without grpc-status"},
		{"failed", `status 13, "it broke"`},
		{"nobody", `does not know the service "nobody"`},
		{"short", "cannot read the answer"}, {"torn", "cannot read the answer"}, {"packed", "cannot read the answer"},
		{"big", "more than 4096 bytes"},
	} {
		err := GRPC(t.Context(), address, c.service)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: got %v, want %q", c.service, err, c.want)
		}
	}
}

// A web server that speaks HTTP/1 only, a port that is shut, an address that is none.
func TestGRPCNone(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	address := srv.Listener.Addr().String()
	if err := GRPC(t.Context(), address, ""); err == nil {
		t.Error("HTTP/1: taken for gRPC")
	}
	srv.Close()
	if err := GRPC(t.Context(), address, ""); err == nil || errors.Is(err, ErrFinal) {
		t.Errorf("shut port: got %v", err)
	}
	if err := GRPC(t.Context(), "nonsense", ""); !errors.Is(err, ErrFinal) {
		t.Errorf("no address: got %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := GRPC(gone, health(t), ""); err == nil {
		t.Error("asked although the time was up")
	}
}
