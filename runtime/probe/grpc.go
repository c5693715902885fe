package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// maxMessage is the most that is read of the answer to a health question, in bytes; the answer has one small field.
const maxMessage = 4 << 10

// serving are the names of grpc.health.v1.HealthCheckResponse.ServingStatus, by number.
var serving = []string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}

// GRPC calls grpc.health.v1.Health/Check at address, host:port, and wants SERVING (grpc/doc/health-checking.md). service
// is the service that is asked for; "" is the server as a whole. The connection is HTTP/2 in plain text with prior
// knowledge, as for the kubelet.
func GRPC(ctx context.Context, address, service string) error {
	if err := checkAddress(address); err != nil {
		return fmt.Errorf("%w: %w", err, ErrFinal)
	}
	plain := new(http.Protocols)
	plain.SetUnencryptedHTTP2(true)
	client := http.Client{Transport: &http.Transport{Protocols: plain, DisableKeepAlives: true, DialContext: dialer, MaxResponseHeaderBytes: maxHeader}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/grpc.health.v1.Health/Check", bytes.NewReader(question(service)))
	if err != nil {
		return fmt.Errorf("cannot ask %s: %w", address, err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	req.Header.Set("User-Agent", "octo-sidecar")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("cannot ask %s: %w", address, unasked(cause(err)))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxMessage+1))
	switch {
	case err != nil:
		return fmt.Errorf("cannot read the answer of %s: %w", address, unasked(err))
	case len(body) > maxMessage:
		return fmt.Errorf("%s answers with more than %d bytes; want a grpc.health.v1.HealthCheckResponse", address, maxMessage)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s; want a gRPC server", address, resp.Status)
	}
	if err := callStatus(address, service, resp); err != nil {
		return err
	}
	status, err := answer(body)
	switch {
	case err != nil:
		return fmt.Errorf("cannot read the answer of %s: %w", address, err)
	case status >= uint64(len(serving)):
		return fmt.Errorf("%s says %d; want SERVING", address, status)
	case serving[status] != "SERVING":
		return fmt.Errorf("%s says %s; want SERVING", address, serving[status])
	}
	return nil
}

// callStatus reads grpc-status, which stands behind the body, or among the headers where there is no body
// (Trailers-Only of the gRPC protocol over HTTP/2).
func callStatus(address, service string, resp *http.Response) error {
	from := resp.Trailer
	if from.Get("Grpc-Status") == "" {
		from = resp.Header
	}
	code, said := from.Get("Grpc-Status"), from.Get("Grpc-Message")
	if text, err := url.PathUnescape(said); err == nil {
		said = text
	}
	switch code {
	case "0":
		return nil
	case "":
		return fmt.Errorf("%s answers without grpc-status; want a gRPC server", address)
	case "5":
		return fmt.Errorf("%s does not know the service %q", address, service)
	case "12":
		return fmt.Errorf("%s has no grpc.health.v1.Health", address)
	}
	return fmt.Errorf("%s answers with the gRPC status %s, %q", address, code, clip(said))
}

// question is a length-prefixed HealthCheckRequest: field 1 is the service, left out where it is "".
func question(service string) []byte {
	var message []byte
	if service != "" {
		message = append(message, 1<<3|2)
		message = binary.AppendUvarint(message, uint64(len(service)))
		message = append(message, service...)
	}
	return slices.Concat([]byte{0}, binary.BigEndian.AppendUint32(nil, uint32(len(message))), message)
}

var errMessage = errors.New("it is no grpc.health.v1.HealthCheckResponse")

// answer is the status in a length-prefixed HealthCheckResponse: field 1, a varint, 0 where it is left out. Unknown
// fields are skipped, and the last value of a field counts (encoding rules of Protocol Buffers).
func answer(body []byte) (uint64, error) {
	if len(body) < 5 || body[0] != 0 || uint64(binary.BigEndian.Uint32(body[1:5])) != uint64(len(body)-5) {
		return 0, errMessage
	}
	status := uint64(0)
	for rest := body[5:]; len(rest) > 0; {
		key, n := binary.Uvarint(rest)
		if n <= 0 || key>>3 == 0 {
			return 0, errMessage
		}
		rest = rest[n:]
		value, n := field(key&7, rest)
		if n <= 0 || n > len(rest) {
			return 0, errMessage
		}
		if key == 1<<3 {
			status = value
		}
		rest = rest[n:]
	}
	return status, nil
}

// field is the value of a varint and the length of any field, without its key; 0 where that cannot be told.
func field(wire uint64, data []byte) (value uint64, length int) {
	switch wire {
	case 0:
		return binary.Uvarint(data)
	case 1:
		return 0, 8
	case 2:
		size, n := binary.Uvarint(data)
		if n <= 0 || size > maxMessage {
			return 0, 0
		}
		return 0, n + int(size)
	case 5:
		return 0, 4
	}
	return 0, 0
}
