package awsapigatewayreceiver

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// What segments and lines have that is in no span: keys, tokens and signatures in URLs, passwords, keys in metadata, the values of API keys, and what
// authorizers return.
const (
	querySecret    = "planted-in-a-query"
	partnerSecret  = "partner-secret"
	databaseSecret = "database-secret"
	metadataSecret = "metadata-secret"
)

// spanSecretFormat has what access logs of REST APIs can have of secrets, beside what spans are made of.
const spanSecretFormat = `{"requestId":"$context.requestId","requestTimeEpoch":"$context.requestTimeEpoch","httpMethod":"$context.httpMethod","path":"$context.path",` +
	`"resourcePath":"$context.resourcePath","status":"$context.status","responseLatency":"$context.responseLatency","integrationLatency":"$context.integrationLatency",` +
	`"key":"$context.identity.apiKey","user":"$context.identity.user","principal":"$context.authorizer.principalId","sub":"$context.authorizer.claims.sub",` +
	`"mail":"$context.authorizer.claims.email"}`

// marked collects which of some texts are in what comes out.
type marked struct {
	mu    sync.Mutex
	bytes int
	found map[string]bool
	texts []string
}

func (m *marked) look(otlp []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes += len(otlp)
	for _, text := range m.texts {
		if bytes.Contains(otlp, []byte(text)) {
			m.found[text] = true
		}
	}
}

// secretSpanWorld has secrets wherever segments and lines can have them.
func secretSpanWorld(from, to time.Time, search bool) *awssim.World {
	w := formatWorld(map[string]string{"plain": spanSecretFormat, "traced": spanSecretFormat}, nil, nil, from, to, 20)
	here := w.Accounts[0].Regions[0]
	here.TransactionSearch = search
	api := here.APIs[0]
	for i := range api.Routes {
		api.Routes[i].Integration = function("orders")
	}
	for _, s := range api.Stages {
		s.Tracing, s.Sampling = s.Name == "traced", 1
		s.Traffic.Query = "page=2&q=" + querySecret + "&token=" + querySecret + "-token"
	}
	return w
}

// hiddenValues are the values of the requests' variables that never come out, and of those that have to be asked for.
func (r *rig) hiddenValues(from, to time.Time) (values []string) {
	seen := map[string]bool{}
	api := r.world.Accounts[0].Regions[0].APIs[0]
	for _, stage := range api.Stages {
		for request := range r.world.AccessRecords(api, stage, from, to) {
			for name, v := range request.Values {
				if hiddenVariable(name) && len(v) >= 6 && strings.Contains(request.Line, v) && strings.Contains(spanSecretFormat, "$context."+name+`"`) && !seen[v] {
					seen[v] = true
					values = append(values, v)
				}
			}
		}
	}
	return values
}

// No secret of a segment or a line is in any span: not in attributes, events, links, names or resources. A query is there where the user asks for it, less
// what its keys say is secret.
func TestNoSecretIsInASpan(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		search  bool
		include []string
		redact  []redact.Rule
		shown   []string
		gone    []string
	}{
		"by default":                {gone: []string{querySecret}},
		"retrieved from CloudWatch": {search: true, gone: []string{querySecret}},
		"queries asked for":         {include: []string{"url.query"}, shown: []string{"page=2&q=" + querySecret}, gone: []string{querySecret + "-token"}},
		"queries asked for, retrieved": {
			search: true, include: []string{"url.query"}, shown: []string{"page=2&q=" + querySecret}, gone: []string{querySecret + "-token"},
		},
		"addresses dropped": {
			redact: []redact.Rule{{Attribute: "client.address", Action: "drop"}, {Attribute: "exception.message", Action: "drop"}},
			gone:   []string{querySecret, "client.address", "exception.message", "connect ECONNREFUSED 10.0.0.7:5432"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newSpanRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-15*time.Minute), epoch.Add(15*time.Minute)
					return secretSpanWorld(from, to, set.search)
				}, func(c *awssim.Config) { c.Ingestion = onTime })
				r.edit = func(c *Config) {
					readAllSpans(c)
					c.Logs.Include, c.Logs.Redact = set.include, set.redact
				}
				never := []string{partnerSecret, databaseSecret, metadataSecret, secretKey}
				hidden := r.hiddenValues(from, to)
				require.Greater(t, len(hidden), 100/thinned)
				m := &marked{found: map[string]bool{}, texts: append(append(append(never, set.gone...), set.shown...), hidden...)}
				r.spans.raw = m.look
				stop := r.start()
				defer stop()
				r.until(to)
				if set.search {
					r.awaitSpans(r.retrievedTruth(from, to), to)
				} else {
					r.awaitSpans(r.spanTruth(from, to, nil), to)
				}
				r.awaitSpans(r.accessSpanTruth(from, to), to)
				stop()
				require.Greater(t, m.bytes, 1_000_000/thinned)
				for _, text := range set.shown {
					assert.True(t, m.found[text], "%q was asked for", text)
					delete(m.found, text)
				}
				assert.Empty(t, m.found)
				for _, e := range r.logs.All() {
					for _, text := range never {
						assert.NotContains(t, e.Message, text)
					}
				}
			})
		})
	}
}

// The secrets of the test of secrets are in what the embedded AWS answers: otherwise it would test nothing.
func TestSecretsAreInTheSegments(t *testing.T) {
	t.Parallel()
	epoch := time.Now().UTC().Truncate(time.Minute)
	w := secretSpanWorld(epoch, epoch.Add(10*time.Minute), false)
	api, urls := w.Accounts[0].Regions[0].APIs[0], ""
	for _, stage := range api.Stages {
		for trace := range w.Traces(api, stage, epoch, epoch.Add(10*time.Minute)) {
			for i := range trace.Segments {
				urls += trace.Segments[i].URL + "\n" + trace.Segments[i].Name + "\n"
			}
		}
	}
	assert.Contains(t, urls, querySecret)
	assert.Contains(t, urls, partnerSecret)
	assert.Contains(t, urls, "orders@db.internal.example.com", "whose URL has a password")
}
