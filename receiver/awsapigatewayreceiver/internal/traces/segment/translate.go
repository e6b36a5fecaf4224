package segment

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Settings are what a Translator needs of one target.
type Settings struct {
	Rules     *redact.Rules
	Resources *resource.Writer
	// API finds an API of the target in the inventory.
	API func(id string) (*model.API, bool)
	// Route finds the route of a request, "" where it is not known. host and path are those of the URL: on an execute-api host the path begins with
	// the stage, on a domain name of the user's with its base path. It may be nil.
	Route func(api, stage, method, host, path string) string
	// Version is the collector's.
	Version string
}

// Translator makes spans of documents. It can be used by several goroutines at once.
type Translator struct{ Settings }

// New makes a translator.
func New(s Settings) *Translator { return &Translator{s} }

// Batch is the spans of some documents, by the services that they come from. It is used by one goroutine.
type Batch struct {
	*Translator
	traces   ptrace.Traces
	stages   map[stageKey]place
	services map[resource.Service]place
	others   map[otherKey]place
	added    []*Document
	orphans  []*Document // subsegments in documents of their own
}

// place is where the spans of a service go.
type place struct {
	spans   ptrace.SpanSlice
	account string // the service's
}

type stageKey struct{ api, stage, name, account, region, scope string }

// otherKey is the JSON of a resource and of a scope.
type otherKey struct{ resource, scope string }

// NewBatch begins a batch.
func (t *Translator) NewBatch() *Batch {
	return &Batch{
		Translator: t, traces: ptrace.NewTraces(),
		stages: map[stageKey]place{}, services: map[resource.Service]place{}, others: map[otherKey]place{},
	}
}

// Add adds the spans of a document. The document stays as it is.
func (b *Batch) Add(d *Document) {
	switch {
	case d.span != nil:
		b.addSpan(d)
	case d.segment.below:
		b.orphans = append(b.orphans, d)
	default:
		b.added = append(b.added, d)
		b.addSegment(b.placeOf(d), d, d.segment)
	}
}

// Know tells the batch of a document whose spans were handed over before, or will be later: subsegments that came without it are of its service.
func (b *Batch) Know(d *Document) {
	if d.segment != nil && !d.segment.below {
		b.added = append(b.added, d)
	}
}

// Traces ends the batch.
func (b *Batch) Traces() ptrace.Traces {
	if len(b.orphans) > 0 {
		b.adopt()
	}
	return b.traces
}

// spanKey is a span of any trace.
type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// adopt adds subsegments that came without their segments to the places of those, where the batch has them. One may be below another, so that each
// round may find more. The rest is of a service that nobody names: a subsegment is named after what was called, which would be the wrong one.
func (b *Batch) adopt() {
	callers := map[spanKey]*Document{}
	for _, d := range b.added {
		index(callers, d, d.segment, d)
	}
	for found := true; found; {
		found = false
		rest := b.orphans[:0]
		for _, d := range b.orphans {
			caller, ok := callers[spanKey{d.TraceID, d.segment.parent}]
			if !ok {
				rest = append(rest, d)
				continue
			}
			found = true
			b.addSegment(b.placeOf(caller), d, d.segment)
			index(callers, d, d.segment, caller)
		}
		b.orphans = rest
	}
	for _, d := range b.orphans {
		account, region := d.segment.place()
		b.addSegment(b.service(resource.Service{Name: unknownService, Account: account, Region: region}), d, d.segment)
	}
	b.orphans = nil
}

// index notes that the spans of a document's segment are of the service of another document, or of its own.
func index(callers map[spanKey]*Document, d *Document, s *segment, of *Document) {
	callers[spanKey{d.TraceID, s.id}] = of
	for _, below := range s.subsegments {
		index(callers, d, below, of)
	}
}

// placeOf finds the place of a segment's service.
func (b *Batch) placeOf(d *Document) place {
	s := d.segment
	if d.API != "" {
		account, region := s.place()
		name := strings.TrimSuffix(strings.TrimSuffix(s.name, canarySuffix), "/"+d.Stage)
		return b.stage(stageKey{d.API, d.Stage, name, account, region, ""})
	}
	return b.service(s.service())
}

// stage finds the place of a stage. An API that the inventory does not have was deleted, or is another account's: then it is what the document says.
func (b *Batch) stage(key stageKey) place {
	p, ok := b.stages[key]
	if ok {
		return p
	}
	writer := b.Resources.At(key.account, key.region)
	var api *model.API
	if writer == b.Resources {
		api, ok = b.API(key.api)
	}
	if !ok {
		api = &model.API{ID: key.api, Name: first(key.name, key.api), Type: model.REST}
	}
	p = b.place(func(res pcommon.Resource) { writer.Stage(res, api, nil, key.stage) }, key.scope, writer.AccountID())
	b.stages[key] = p
	return p
}

func (b *Batch) service(s resource.Service) place {
	p, ok := b.services[s]
	if !ok {
		p = b.place(func(res pcommon.Resource) { b.Resources.Service(res, &s) }, "", b.Resources.At(s.Account, s.Region).AccountID())
		b.services[s] = p
	}
	return p
}

// place makes a place. scope is the JSON of the scope that the spans say they have, "" where they are of our own.
func (b *Batch) place(write func(pcommon.Resource), scope, account string) place {
	rs := b.traces.ResourceSpans().AppendEmpty()
	write(rs.Resource())
	ss := rs.ScopeSpans().AppendEmpty()
	if scope == "" || !b.scope(ss.Scope(), scope) {
		ss.Scope().SetName(metadata.ScopeName)
		ss.Scope().SetVersion(b.Version)
	}
	return place{ss.Spans(), account}
}
