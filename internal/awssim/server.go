package awssim

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// latencyFloor is the least an answer takes: faster than any network, and slow enough for smithy-go, which closes a request's body as soon as it
	// has the answer and breaks connections whose write loop is not done by then (aws-sdk-go-v2 #2737).
	latencyFloor = 2 * time.Millisecond
	// maxBody bounds a request's body. 500 queries are 74 KB; CloudWatch takes 1 MB.
	maxBody = 1 << 20
)

// Config says how a [Server] behaves. Only World is required.
type Config struct {
	World *World
	// Now is the simulator's clock, and that of its Date header; nil: time.Now.
	Now func() time.Time
	// Latency is how long an answer takes, in real time, at least 2 ms.
	Latency  time.Duration
	Lateness Lateness
	// Ingestion says how late CloudWatch Logs has events. Which ones are late is fixed by the seed.
	Ingestion Lateness
	// Tracing says when X-Ray shows the segments of traces. Which ones are late is fixed by the seed.
	Tracing Arrival
	// ListLag is how long after its first data ListMetrics shows a new series. AWS: up to 15 minutes.
	ListLag time.Duration
	Faults  Faults
	// EnforceQuotas throttles calls above AWS's published quotas, by the simulator's clock.
	EnforceQuotas bool
	// MaxPage lowers the datapoints (GetMetricData) and entries (lists) of a page below AWS's own, to force pagination; 0: AWS's own.
	MaxPage int
	// DefaultAccount is the account of access keys that name none (see README.md); "": the world's first.
	DefaultAccount string
}

// Server is the embedded AWS. It serves all services on one address and tells them apart as their requests differ.
type Server struct {
	config    Config
	world     *World
	published *published
	logged    *logMinutes
	traces    *traceStore
	retrieved retrievals
	billed    traceCounts
	faults    *faultPlan
	calls     callLog
	sessions  sessions
	quotas    quotas
	requests  requestIDs

	mu         sync.Mutex
	regions    map[regionKey]*regionSeries
	logRegions map[regionKey]*regionLogs

	listing  sync.Mutex // serializes the making of listings, and guards what they share
	seen     map[*stageInfo]*presence
	listings []*listing

	closed chan struct{}
	close  sync.Once
}

type regionKey struct{ account, region string }

// New returns a server of a world that has at least one account.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Latency = max(c.Latency, latencyFloor)
	if c.World == nil {
		c.World = &World{}
	}
	if c.DefaultAccount == "" && len(c.World.Accounts) > 0 {
		c.DefaultAccount = c.World.Accounts[0].ID
	}
	shown := newPublished(c.World.Seed, c.Lateness)
	return &Server{
		config:     c,
		world:      c.World,
		published:  shown,
		logged:     newLogMinutes(shown, c.Ingestion),
		traces:     newTraceStore(c.World, shown, c.Tracing),
		logRegions: map[regionKey]*regionLogs{},
		faults:     newFaultPlan(c.World.Seed, c.Faults),
		regions:    map[regionKey]*regionSeries{},
		seen:       map[*stageInfo]*presence{},
		closed:     make(chan struct{}),
	}
}

// Close ends calls that hang or wait. It does not close listeners, which are the caller's.
func (s *Server) Close() { s.close.Do(func() { close(s.closed) }) }

// SetFaults replaces the faults from the next call on.
func (s *Server) SetFaults(f Faults) { s.faults.set(f) }

// ExpireSessions ends the sessions that AssumeRole has handed out, before their time: calls with them are refused as expired, and new ones are granted.
func (s *Server) ExpireSessions() { s.sessions.expire() }

// SetLateness replaces the lateness from the next call on. More lateness hides points again that were visible, which AWS does not do.
func (s *Server) SetLateness(l Lateness) { s.published.setLateness(l) }

// SetIngestion replaces the lateness of log events from the next call on. More of it hides events again that were visible, which AWS does not do.
func (s *Server) SetIngestion(l Lateness) { s.logged.setIngestion(l) }

// SetTracing replaces the arrival of segments from the next call on. A later one hides segments again that were visible, which AWS does not do.
func (s *Server) SetTracing(a Arrival) { s.traces.setArrival(a) }

// exchange is one call on its way through the server.
type exchange struct {
	request *http.Request
	op      operation
	body    []byte
	caller  caller
	now     time.Time
	verdict verdict
	denied  DenyKind
	call    *Call
}

// ServeHTTP answers a call to any of the services.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	now := s.config.Now()
	id := s.requests.next(s.world.Seed)
	w.Header().Set("Server", "awssim")
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("x-amzn-RequestId", id)
	if err != nil {
		http.Error(w, "cannot read the request: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	op, unknown := route(r, body)
	if op.protocol == protocolCBOR {
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	x := &exchange{request: r, op: op, body: body, now: now, call: &Call{Operation: cmp.Or(op.name, "Unknown"), At: now}}
	denied := s.identify(x)
	if denied == nil {
		denied = unknown
	}
	x.verdict = s.faults.decide(x)
	if !s.delay(r.Context(), x) || x.verdict.drop {
		s.abort(x)
	}
	if s.hangs(x) {
		s.hang(x)
	}
	answer, failure := s.answer(x, denied)
	s.write(w, x, id, answer, failure)
}

// abort closes the connection without an answer.
func (s *Server) abort(x *exchange) {
	s.calls.add(*x.call)
	panic(http.ErrAbortHandler) // net/http's way to say so
}

// hangs reports whether the call's account and region never answer.
func (s *Server) hangs(x *exchange) bool {
	return x.caller.account != nil && slices.Contains(s.faults.get().Hang, x.caller.account.ID+"/"+x.caller.region)
}

// hang waits until the caller or the server gives up.
func (s *Server) hang(x *exchange) {
	s.calls.add(*x.call)
	select {
	case <-x.request.Context().Done():
	case <-s.closed:
	}
	panic(http.ErrAbortHandler)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), maxBody)) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	return body.Bytes(), err
}

// delay lets the answer's latency pass. It reports false when the caller or the server went away.
func (s *Server) delay(ctx context.Context, x *exchange) bool {
	d := s.config.Latency
	if x.verdict.slow {
		d += s.faults.get().SlowBy
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}

// identify finds out who calls.
func (s *Server) identify(x *exchange) (failure *wireError) {
	x.caller, failure = s.authenticate(x.request, &x.op)
	x.call.Region = x.caller.region
	if x.caller.account != nil {
		x.call.Account = x.caller.account.ID
	}
	return failure
}

// answer refuses or handles a call.
func (s *Server) answer(x *exchange, failure *wireError) (any, *wireError) {
	faults := s.faults.get()
	switch {
	case failure != nil:
		return nil, failure
	case faults.unknown(x):
		return nil, unknownPath()
	case faults.ExpiredCredentials && faults.applies(x):
		return nil, expiredToken(x.op.service)
	case x.verdict.throttle, s.config.EnforceQuotas && !s.quotas.allow(&x.op, x.caller, x.now):
		return nil, throttled(x.op.service)
	case x.verdict.fail:
		return nil, serverError(x.op.service, x.verdict.unavailable)
	}
	x.denied = faults.denied(x)
	if x.denied != "" && x.denied != Forbidden {
		return nil, accessDenied(x.op.service, denialText(x.denied, x.caller.arn, x.op.action, x.resource()))
	}
	out, err := x.op.handle(s, x)
	if err != nil {
		return nil, asWireError(x.op.service, err)
	}
	return out, nil
}

// resource is the ARN that a denial names; CloudWatch has no resource-level permissions for what is served here.
func (x *exchange) resource() string {
	switch x.op.service {
	case serviceMonitoring, serviceXRay: // X-Ray has none for reads, either
		return ""
	case serviceSTS:
		return x.form().Get("RoleArn")
	case serviceLogs:
		return x.logGroupARN()
	}
	return x.resourceARN()
}

func asWireError(service string, err error) *wireError {
	var known *wireError
	if errors.As(err, &known) {
		return known
	}
	e := serverError(service, false)
	e.message = err.Error()
	return e
}

// write sends the answer or the error. The call is counted before, so that whoever has an answer finds its call.
func (s *Server) write(w http.ResponseWriter, x *exchange, id string, answer any, failure *wireError) {
	if page, ok := answer.(*logPage); ok {
		defer page.release()
	}
	body := s.encodeAnswer(w.Header(), x, id, answer, failure)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	s.calls.add(*x.call)
	w.WriteHeader(x.call.Status)
	if x.verdict.truncate && len(body) > 1 {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

// encodeAnswer encodes the answer or the error and notes the status.
func (s *Server) encodeAnswer(h http.Header, x *exchange, id string, answer any, failure *wireError) []byte {
	if failure == nil {
		body, err := encode(x.op.protocol, malform(x, answer), id)
		if err == nil {
			if x.verdict.malformed == MalformedGarbage {
				body = garbage(body, x.verdict.seed)
			}
			h.Set("Content-Type", x.op.protocol.contentType())
			x.call.Status = http.StatusOK
			return body
		}
		failure = asWireError(x.op.service, fmt.Errorf("cannot encode the answer: %w", err))
	}
	x.call.Status, x.call.Error = failure.status, failure.code
	return errorBody(h, x.op.protocol, id, failure)
}

// encode writes an answer in the form of a protocol.
func encode(p protocol, answer any, id string) ([]byte, error) {
	if page, ok := answer.(*logPage); ok {
		return page.body, nil
	}
	switch p {
	case protocolCBOR:
		return cborEncoding.Marshal(answer)
	case protocolQuery:
		return encodeXML(answer, id)
	default:
		return json.Marshal(answer)
	}
}

// requestIDs makes the x-amzn-RequestId of each answer.
type requestIDs struct {
	mu sync.Mutex
	n  uint64
}

func (r *requestIDs) next(seed uint64) string {
	r.mu.Lock()
	r.n++
	n := r.n
	r.mu.Unlock()
	a, b := mix(seed^n), mix(seed+n*3)
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(a), uint16(a>>32), a>>48&0xfff, b&0xfff, b>>16)
}
