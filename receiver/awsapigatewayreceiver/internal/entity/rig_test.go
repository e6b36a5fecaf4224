package entity

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

var target = model.Target{Label: "default/eu-west-1", AccountID: "111122223333", Region: "eu-west-1", Partition: "aws"}

// hour is a moment of the tests' day.
func hour(h float64) time.Time {
	return time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(h * float64(time.Hour)))
}

// account is a control plane with a clock that its sleepers move; it is also the pipeline's.
type account struct {
	mu      sync.Mutex
	now     time.Time
	id      string // "": the target's
	answers map[model.Read][]string
	// onSleep is told each wait, and may end it with an error.
	onSleep func(d time.Duration) error
}

func (a *account) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *account) pass(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
}

func (a *account) Sleep(ctx context.Context, d time.Duration) error {
	a.pass(d)
	if a.onSleep != nil {
		if err := a.onSleep(d); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (*account) Malformed(context.Context, model.Read) {}

func (a *account) Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []json.RawMessage
	for _, s := range a.answers[what] {
		out = append(out, json.RawMessage(strings.ReplaceAll(s, "%API", of.API)))
	}
	return out, ctx.Err()
}

// crawlClock lets an inventory crawl once.
type crawlClock struct{ *account }

func (crawlClock) Sleep(context.Context, time.Duration) error { return context.Canceled }

// pipeline takes logs, or refuses them with the next of its answers.
type pipeline struct {
	answers []error
	onOffer func()
	batches []plog.Logs
}

func (*pipeline) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (p *pipeline) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	if p.onOffer != nil {
		p.onOffer()
	}
	if len(p.answers) > 0 {
		err := p.answers[0]
		p.answers = p.answers[1:]
		if err != nil {
			return err
		}
	}
	copied := plog.NewLogs()
	ld.CopyTo(copied)
	p.batches = append(p.batches, copied)
	return nil
}

// rig is a target whose inventory is crawled and reported step by step.
type rig struct {
	*Reporter
	t        *testing.T
	account  *account
	config   inventory.Config
	inv      *inventory.Inventory
	pipeline *pipeline
	dropped  int64
	failed   int // checkpoints
}

func config(edits ...func(*inventory.Config)) inventory.Config {
	c := inventory.DefaultConfig()
	c.APIKeys.Enabled, c.FullInterval = true, c.Interval
	for _, edit := range edits {
		edit(&c)
	}
	return c
}

func newRig(t *testing.T, store *checkpoint.Store, c inventory.Config) *rig {
	if store == nil {
		store = &checkpoint.Store{}
	}
	a := &account{now: hour(12), answers: map[model.Read][]string{}}
	return start(t, a, store, c)
}

// start starts the collector on the account, from what is in the storage.
func start(t *testing.T, a *account, store *checkpoint.Store, c inventory.Config) *rig {
	r, err := restored(t, a, store, c)
	require.NoError(t, err)
	return r
}

// restored starts it, and returns what could not be restored of what is owed.
func restored(t *testing.T, a *account, store *checkpoint.Store, c inventory.Config) (*rig, error) {
	r := &rig{t: t, account: a, config: c, pipeline: &pipeline{}}
	target := target
	target.AccountID = cmp.Or(a.id, target.AccountID)
	r.inv = inventory.New(inventory.Settings{
		CheckpointError: func(context.Context) {},
		Target:          target, Reader: a, Config: c, Filter: &inventory.Filter{}, Clock: crawlClock{a}, Store: store, Key: "inventory/x", Logger: zap.NewNop(),
		Listener: func(ctx context.Context, old, next *inventory.Snapshot) { r.Observe(ctx, old, next) },
	})
	require.NoError(t, r.inv.Restore(context.Background()))
	r.Reporter = NewReporter(Settings{
		Target: target, Config: c, Resources: resource.NewWriter(target, nil, nil), Store: store, Key: "entities/x", Clock: a, Now: a.Now, Current: r.inv.Current,
		Logger: zap.NewNop(), Dropped: func(_ context.Context, n int64) { r.dropped += n }, CheckpointError: func(context.Context) { r.failed++ }, Version: "1.2.3",
	})
	err := r.Restore(context.Background())
	r.emitter = r.logs()
	return r, err
}

func (r *rig) logs() *emit.Logs {
	set := receivertest.NewNopSettings(component.MustNewType("awsapigateway"))
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(r.t, err)
	return emit.NewLogs(emit.Settings{Hold: context.Background(), Obs: obs, Clock: r.account, Logger: zap.NewNop(), Refused: func(error) {}, Format: "apigateway"}, r.pipeline)
}

// restart ends the collector, as a crash does, and starts it anew.
func (r *rig) restart() *rig { return start(r.t, r.account, r.Store, r.config) }

// crawl reads everything, an interval later.
func (r *rig) crawl() {
	r.t.Helper()
	r.account.pass(2 * r.config.Interval)
	r.inv.Run(context.Background(), func(lists, rest error) { assert.NoError(r.t, errors.Join(lists, rest)) })
}

// flush hands over all that waits.
func (r *rig) flush() {
	for r.send(context.Background()) {
	}
}

// certificates makes client certificates the account's, by id and description.
func (r *rig) certificates(ids ...string) {
	r.account.answers[model.GetClientCertificates] = nil
	for _, id := range ids {
		id, description, _ := strings.Cut(id, "=")
		r.account.answers[model.GetClientCertificates] = append(r.account.answers[model.GetClientCertificates], fmt.Sprintf(`{"clientCertificateId": %q, "description": %q}`, id, description))
	}
}

// took is what the pipeline took since it was asked last, in its order: "state client_certificate c1", "delete …", "event deployment prod".
func (r *rig) took() []string {
	var out []string
	for _, ld := range r.pipeline.batches {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, rec := range sl.LogRecords().All() {
					out = append(out, said(rec))
				}
			}
		}
	}
	r.pipeline.batches = nil
	return out
}

func said(rec plog.LogRecord) string {
	a := rec.Attributes().AsRaw()
	kind, ok := strings.CutPrefix(rec.EventName(), "entity.")
	if !ok {
		return "event " + strings.TrimPrefix(rec.EventName(), "aws.api_gateway.")
	}
	out := []string{kind, strings.TrimPrefix(a["entity.type"].(string), "aws.api_gateway.")}
	id := a["entity.id"].(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(id)) {
		if k != "cloud.account.id" && k != "cloud.region" {
			out = append(out, id[k].(string))
		}
	}
	if d, ok := a["entity.description"].(map[string]any); ok && d["aws.api_gateway.description"] != nil {
		out = append(out, fmt.Sprint(d["aws.api_gateway.description"]))
	}
	return strings.Join(out, " ")
}

// about are those of a kind.
func about(said []string, kind string) []string {
	return slices.DeleteFunc(said, func(s string) bool { return !strings.Contains(s, " "+kind+" ") })
}
