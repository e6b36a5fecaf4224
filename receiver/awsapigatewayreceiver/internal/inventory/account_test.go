package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// account is a control plane whose calls take a while of its own clock.
type account struct {
	mu     sync.Mutex
	now    time.Time
	took   time.Duration // of each call
	rest   []model.API
	v2     []model.API
	stages map[string][]model.Stage
	// answers are items as AWS writes them, by read, or by read and subject; they go before what the fields above say.
	answers map[string][]string
	// errors by read, or by read and subject
	errs      map[string]error
	calls     map[string]int // by read
	asked     []string       // reads and subjects, in their order
	of        map[string]model.ReadOf
	malformed map[string]int
	slept     []time.Duration
	// ends is how many sleeps Run gets
	ends int
	// onRead is told each read before it is answered
	onRead func(name string)
}

func newAccount() *account {
	return &account{
		now: hour(12), errs: map[string]error{}, calls: map[string]int{}, stages: map[string][]model.Stage{}, answers: map[string][]string{},
		malformed: map[string]int{}, of: map[string]model.ReadOf{}, ends: 1,
	}
}

func (a *account) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *account) Sleep(ctx context.Context, d time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slept = append(a.slept, d)
	a.now = a.now.Add(d)
	if len(a.slept) >= a.ends {
		return context.Canceled
	}
	return ctx.Err()
}

func (a *account) Malformed(_ context.Context, what model.Read) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.malformed[string(what)]++
}

// subject is what a read is about: "GetStages" of "r1" is "GetStages r1".
func subject(what model.Read, of model.ReadOf) string {
	parts := []string{string(what)}
	for _, s := range []string{of.API, of.Deployment, of.DomainName, of.UsagePlan} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

func (a *account) Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	name := subject(what, of)
	if a.onRead != nil {
		a.onRead(name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls[string(what)]++
	a.asked = append(a.asked, name)
	a.of[name] = of
	a.now = a.now.Add(a.took)
	if err := cmp.Or(a.errs[string(what)], a.errs[name], ctx.Err()); err != nil {
		return nil, err
	}
	items, ok := a.answers[name]
	if !ok {
		items, ok = a.answers[string(what)]
	}
	if !ok {
		switch what {
		case model.GetRestAPIs:
			items = each(a.rest, apiJSON)
		case model.GetAPIs:
			items = each(a.v2, apiJSON)
		case model.GetRestStages, model.GetStages:
			items = each(a.stages[of.API], func(s model.Stage) string { return stageJSON(what, s) })
		case model.GetAccount:
			items = []string{`{}`}
		}
	}
	return each(items, func(s string) json.RawMessage { return json.RawMessage(s) }), nil
}

func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// jsonOf writes members that have a value as JSON.
func jsonOf(members map[string]any) string {
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == nil || v == "" })
	b, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// seconds and rfc3339 are the two versions' forms of a date.
func seconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}

func rfc3339(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.RFC3339)
}

func apiJSON(a model.API) string {
	m := map[string]any{"name": a.Name}
	if a.Tags != nil {
		m["tags"] = a.Tags
	}
	if a.Type == model.REST {
		m["id"], m["createdDate"] = a.ID, seconds(a.Created)
		if a.EndpointType != "" {
			m["endpointConfiguration"] = map[string]any{"types": []string{a.EndpointType}}
		}
	} else {
		m["apiId"], m["protocolType"], m["createdDate"] = a.ID, string(a.Type), rfc3339(a.Created)
	}
	return jsonOf(m)
}

func stageJSON(what model.Read, s model.Stage) string {
	when, settings := rfc3339, map[string]any{}
	for _, t := range s.Throttles {
		settings[t.Route] = map[string]any{"throttlingRateLimit": *t.Rate, "throttlingBurstLimit": *t.Burst}
	}
	if what == model.GetRestStages {
		when = seconds
	}
	m := map[string]any{"stageName": s.Name, "deploymentId": s.Deployment, "createdDate": when(s.Created), "lastUpdatedDate": when(s.Updated)}
	if s.DetailedMetrics {
		settings["*/*"] = map[string]any{"metricsEnabled": true, "detailedMetricsEnabled": true}
	}
	if len(settings) > 0 && what == model.GetRestStages {
		m["methodSettings"] = settings
	} else if len(settings) > 0 {
		m["routeSettings"] = settings
	}
	if s.Canary != nil {
		m["canarySettings"] = map[string]any{"percentTraffic": s.Canary.Percent, "deploymentId": s.Canary.Deployment}
	}
	return jsonOf(m)
}

var errDown = errors.New("down")

// target is what the tests' inventories are of.
var target = model.Target{Label: "default/eu-west-1", AccountID: "111122223333", Region: "eu-west-1", Partition: "aws"}

// newInventory makes an inventory of the account that runs by its clock.
func newInventory(a *account, store *checkpoint.Store, filter *Filter, edits ...func(*Settings)) (*Inventory, *observer.ObservedLogs) {
	core, logs := observer.New(zap.InfoLevel)
	if store == nil {
		store = &checkpoint.Store{}
	}
	if filter == nil {
		filter = &Filter{}
	}
	s := Settings{
		Target: target, Reader: a, Config: DefaultConfig(), Filter: filter, Clock: a, Store: store, Key: "inventory/x", Logger: zap.New(core), CheckpointError: func(context.Context) {},
	}
	for _, edit := range edits {
		edit(&s)
	}
	return New(s), logs
}

// outcomes runs the inventory and returns what was reported.
func outcomes(inv *Inventory) []error {
	var got []error
	inv.Run(context.Background(), func(lists, rest error) { got = append(got, errors.Join(lists, rest)) })
	return got
}

// outcome is that of a crawl as one error.
func outcome(_ bool, lists, rest error) error { return errors.Join(lists, rest) }
