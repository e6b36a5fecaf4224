package faults

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/protobuf/encoding/protowire"
)

// recorder is an OTLP receiver over gRPC that records all that it takes. It can be away, refuse, and be slow.
type recorder struct {
	addr string

	mu      sync.Mutex
	record  *record
	refuses bool
	slow    time.Duration
	server  *http.Server // nil: away
	refused int
}

func newRecorder() (*recorder, error) {
	r := &recorder{record: newRecord()}
	// A port that nothing gets by chance while the recorder is away: below those that systems give out.
	for port := 20_000 + int(time.Now().UnixNano()/1000%10_000); r.server == nil; port++ {
		if port == 32_000 {
			return nil, errors.New("cannot find a free port")
		}
		r.addr = "127.0.0.1:" + strconv.Itoa(port)
		if err := r.up(); err != nil && port == 31_999 {
			return nil, err
		}
	}
	return r, nil
}

// up listens.
func (r *recorder) up() error {
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	s := &http.Server{Handler: r, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	s.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = s.Serve(l) }()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server = s
	return nil
}

// down breaks all connections, and takes no more. What is being taken is taken to its end: it may have been answered.
func (r *recorder) down() {
	r.mu.Lock()
	s := r.server
	r.server = nil
	r.mu.Unlock()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.Shutdown(ctx) != nil {
		_ = s.Close()
	}
}

func (r *recorder) set(f func(r *recorder)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r)
}

// maxMessage is how many bytes a receiver over gRPC takes by default, of a message that is no longer compressed.
const maxMessage = 4 << 20

// Codes of gRPC.
const (
	codeOK                = 0
	codeInvalid           = 3
	codeResourceExhausted = 8
	codeUnavailable       = 14
)

// ServeHTTP answers a unary gRPC call: a message is a byte that says whether it is compressed, its length in four, and itself.
func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	body, err := message(req.Body)
	if err != nil {
		return // the caller went away
	}
	r.mu.Lock()
	refuses, slow := r.refuses, r.slow
	if refuses {
		r.refused++
	}
	odd := r.refused%2 == 1
	r.mu.Unlock()
	if refuses {
		refuse(w, odd)
		return
	}
	select {
	case <-time.After(slow):
	case <-req.Context().Done():
		return
	}
	r.mu.Lock()
	if len(body) > maxMessage {
		r.record.history.problem("a request of %s has %d bytes", req.URL.Path, len(body))
		err = errors.New("larger than what receivers take")
	} else {
		err = r.record.take(req.URL.Path, body)
	}
	r.mu.Unlock()
	if err != nil {
		w.Header().Set("Grpc-Message", err.Error())
		w.Header().Set("Grpc-Status", strconv.Itoa(codeInvalid))
		return
	}
	_, _ = w.Write(make([]byte, 5)) // an empty message
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(codeOK))
}

// refuse says that the caller should come again: in a second, or when it likes.
func refuse(w http.ResponseWriter, soon bool) {
	code := codeUnavailable
	if soon {
		code = codeResourceExhausted
		w.Header().Set("Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(retryInfo(code, time.Second)))
	}
	w.Header().Set("Grpc-Status", strconv.Itoa(code))
	w.Header().Set("Grpc-Message", "come again")
}

// retryInfo is a google.rpc.Status with a google.rpc.RetryInfo.
func retryInfo(code int, delay time.Duration) []byte {
	field := func(to []byte, n protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(to, n, protowire.BytesType), v)
	}
	number := func(to []byte, n protowire.Number, v int) []byte {
		return protowire.AppendVarint(protowire.AppendTag(to, n, protowire.VarintType), uint64(v))
	}
	duration := number(nil, 1, int(delay/time.Second))
	details := field(field(nil, 1, []byte("type.googleapis.com/google.rpc.RetryInfo")), 2, field(nil, 1, duration))
	return field(field(number(nil, 1, code), 2, []byte("come again")), 3, details)
}

// message reads the message of a call.
func message(r io.Reader) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[1:]))
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	if head[0] == 0 {
		return body, nil
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzipped)
}

// record is all that came.
type record struct {
	metrics  *metricRecord
	logs     *logRecord
	spans    *spanRecord
	entities *entityRecord
	history  *history
}

func newRecord() *record {
	h := &history{}
	return &record{newMetricRecord(h), newLogRecord(h), newSpanRecord(h), newEntityRecord(h), h}
}

// take takes a request, which has the same form as the data in it.
func (r *record) take(path string, body []byte) error {
	switch path {
	case "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export":
		md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(body)
		if err != nil {
			return err
		}
		r.metrics.take(md)
	case "/opentelemetry.proto.collector.logs.v1.LogsService/Export":
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body)
		if err != nil {
			return err
		}
		r.logs.take(ld, r.entities)
	case "/opentelemetry.proto.collector.trace.v1.TraceService/Export":
		td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body)
		if err != nil {
			return err
		}
		r.spans.take(td)
	default:
		return errors.New("unknown path " + path)
	}
	return nil
}
