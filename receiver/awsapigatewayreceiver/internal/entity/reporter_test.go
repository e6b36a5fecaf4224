package entity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

var errBusy = errors.New("busy")

// A change is reported at once, with its whole state; what did not change is not.
func TestChangesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	r.certificates("c1=first", "c2=first")
	r.crawl()
	r.flush()
	assert.Equal(t, []string{"state client_certificate c1 first", "state client_certificate c2 first"}, r.took())
	r.crawl()
	r.flush()
	assert.Empty(t, r.took())
	r.certificates("c1=second", "c2=first", "c3=first")
	r.crawl()
	r.flush()
	assert.ElementsMatch(t, []string{"state client_certificate c1 second", "state client_certificate c3 first"}, r.took())
	r.certificates("c1=second")
	r.crawl()
	r.flush()
	assert.ElementsMatch(t, []string{"delete client_certificate c2", "delete client_certificate c3"}, r.took())
	r.flush()
	assert.Empty(t, r.took(), "once")
	assert.Zero(t, r.dropped)
}

// What comes out is of the specification, with the interval at which it comes again: daily where there is much of it.
func TestReportIntervals(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{time.Hour, 48 * time.Hour} {
		r := newRig(t, nil, config(func(c *inventory.Config) { c.ReportInterval = every }))
		r.account.answers = map[model.Read][]string{
			model.GetClientCertificates: {`{"clientCertificateId": "c1"}`}, model.GetAPIKeys: {`{"id": "k1"}`}, model.GetAPIs: {`{"apiId": "h1", "protocolType": "HTTP"}`},
			model.GetStages: {`{"stageName": "prod", "deploymentId": "d1"}`}, model.GetDeployments: {`{"deploymentId": "d1"}`}, model.GetRoutes: {`{"routeKey": "GET /"}`}, model.GetIntegrations: {`{"integrationId": "i1"}`},
			model.GetAuthorizers: {`{"authorizerId": "a1"}`},
		}
		r.crawl()
		r.flush()
		got := map[string]int64{}
		for _, ld := range r.pipeline.batches {
			for _, rec := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
				assertSpecification(t, rec)
				interval, _ := rec.Attributes().Get("entity.report.interval")
				kind, _ := rec.Attributes().Get("entity.type")
				got[strings.TrimPrefix(kind.Str(), "aws.api_gateway.")] = interval.Int()
			}
		}
		often, daily := int64(every/time.Second), int64(max(every, 24*time.Hour)/time.Second)
		assert.Equal(t, map[string]int64{
			"api": often, "stage": often, "authorizer": often, "client_certificate": often, "api_key": daily, "deployment": daily, "route": daily, "integration": daily,
		}, got)
	}
}

// While the pipeline refuses, what changes replaces what waits: the newest state is sent, once; of what came and went meanwhile, only that it went.
func TestLatestStateWins(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	r.certificates("c1=first", "c2=first")
	r.crawl()
	r.pipeline.answers = []error{errBusy, errBusy, errBusy}
	refusals := 0
	r.account.onSleep = func(time.Duration) error {
		refusals++
		switch refusals {
		case 1:
			r.certificates("c1=second", "c2=first", "c3=first")
			r.crawl()
		case 2:
			r.certificates("c1=third", "c2=first")
			r.crawl()
		}
		return nil
	}
	r.flush()
	assert.Equal(t, 3, refusals)
	assert.ElementsMatch(t, []string{"state client_certificate c1 third", "state client_certificate c2 first", "delete client_certificate c3"}, r.took())
	r.flush()
	assert.Empty(t, r.took())
}

// A deletion is sent before the states: an entity that is there again while its deletion is in flight is reported after it.
func TestDeletionsGoFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	r.certificates("c1=first", "c2=first")
	r.crawl()
	r.flush()
	r.took()
	r.certificates("c2=second")
	r.crawl()
	r.flush()
	assert.Equal(t, []string{"delete client_certificate c1", "state client_certificate c2 second"}, r.took())
}

// An entity that is there again before its deletion was sent was never gone.
func TestRecreatedBeforeTheDeletionWasSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	r.certificates("c1=first", "c2=first")
	r.crawl()
	r.flush()
	r.took()
	r.certificates("c2=first")
	r.crawl()
	r.certificates("c1=again", "c2=first")
	r.crawl()
	r.flush()
	assert.Equal(t, []string{"state client_certificate c1 again"}, r.took())
	r.certificates("c2=first")
	r.crawl()
	r.flush()
	assert.Equal(t, []string{"delete client_certificate c1"}, r.took(), "and is deleted when it is deleted again")
}

// The same while the batch with the deletion is offered: what the pipeline took first is followed by the state.
func TestRecreatedWhileTheDeletionIsOffered(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct {
		answers []error
		want    []string
	}{
		"after it was refused": {[]error{errBusy}, []string{"state client_certificate c1 again"}},
		"while it is taken":    {nil, []string{"delete client_certificate c1", "state client_certificate c1 again"}},
	} {
		r := newRig(t, nil, config())
		r.certificates("c1=first")
		r.crawl()
		r.flush()
		r.took()
		r.certificates()
		r.crawl()
		again := func() {
			r.certificates("c1=again")
			r.crawl()
		}
		if set.answers != nil {
			r.pipeline.answers = set.answers
			r.account.onSleep = func(time.Duration) error { again(); r.account.onSleep = nil; return nil }
		} else {
			r.pipeline.onOffer = func() { r.pipeline.onOffer = nil; again() }
		}
		r.flush()
		assert.Equal(t, set.want, r.took(), name)
	}
}

// Batches are bounded in records and bytes, and hold everything once.
func TestBatchesAreBounded(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	for name, set := range map[string]struct {
		n, size int
		batches int
	}{
		"records":              {2*maxRecords + 10, 1, 3},
		"records, to the last": {maxRecords, 1, 1},
		"bytes":                {40, 100_000, 4},
		"one that is larger":   {3, 2 << 20, 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, config())
			ids := make([]string, set.n)
			for i := range ids {
				ids[i] = fmt.Sprintf("c%d=%s", i, strings.Repeat("x", set.size))
			}
			r.certificates(ids...)
			r.crawl()
			r.flush()
			assert.Len(t, r.pipeline.batches, set.batches)
			for _, ld := range r.pipeline.batches {
				assert.LessOrEqual(t, ld.LogRecordCount(), maxRecords)
				size := (&plog.ProtoMarshaler{}).LogsSize(ld)
				assert.Less(t, size, maxBytes+set.size+maxBytes/2)
			}
			said := about(r.took(), "client_certificate")
			slices.Sort(said)
			assert.Len(t, slices.Compact(said), set.n)
		})
	}
}

// Many deletions leave in batches, too, before anything else.
func TestManyDeletions(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	ids := make([]string, 2*maxRecords+10)
	for i := range ids {
		ids[i] = fmt.Sprintf("c%d", i)
	}
	r.certificates(ids...)
	r.crawl()
	r.flush()
	r.took()
	r.certificates("c1=new")
	r.crawl()
	r.flush()
	assert.Len(t, r.pipeline.batches, 3)
	for _, ld := range r.pipeline.batches {
		assert.LessOrEqual(t, ld.LogRecordCount(), maxRecords)
	}
	said := r.took()
	assert.Len(t, said, 2*maxRecords+10)
	assert.Equal(t, "state client_certificate c1 new", said[len(said)-1])
}

// What the pipeline refuses for good is given up: the deletions and changes in it are counted, states come again with the next report.
func TestPermanentRefusal(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	for range 3 { // numbers of the ledger that are no counts
		r.certificates("c1", "c2")
		r.crawl()
		r.flush()
		r.certificates()
		r.crawl()
		r.flush()
	}
	r.certificates("c1", "c2", "c3")
	r.crawl()
	r.flush()
	r.took()
	assert.Zero(t, r.dropped)

	r.certificates("c3=new")
	r.crawl()
	r.pipeline.answers = []error{consumererror.NewPermanent(errors.New("too large"))}
	r.flush()
	assert.Empty(t, r.took())
	assert.EqualValues(t, 2, r.dropped, "two deletions")
	r.account.pass(r.config.ReportInterval)
	r.schedule()
	r.flush()
	assert.Contains(t, r.took(), "state client_certificate c3 new")

	r.certificates("c3=newer")
	r.crawl()
	r.pipeline.answers = []error{consumererror.NewPermanent(errors.New("too large"))}
	r.flush()
	assert.EqualValues(t, 2, r.dropped, "a state is not lost")
}

// With entity_events none, changes alone are told.
func TestNoEntityEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config(func(c *inventory.Config) { c.EntityEvents = inventory.EventsNone }))
	r.account.answers[model.GetAPIs] = []string{`{"apiId": "h1", "protocolType": "HTTP"}`}
	r.account.answers[model.GetStages] = []string{`{"stageName": "prod", "deploymentId": "d1"}`}
	r.certificates("c1")
	r.crawl()
	r.flush()
	r.certificates()
	r.account.answers[model.GetStages] = []string{`{"stageName": "prod", "deploymentId": "d2"}`}
	r.crawl()
	r.flush()
	r.account.pass(48 * time.Hour)
	r.schedule()
	r.flush()
	assert.Equal(t, []string{"event deployment"}, r.took())
	again := r.restart()
	again.flush()
	assert.Empty(t, again.took())
}

// The legacy form is used for all of it but the changes.
func TestLegacyEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config(func(c *inventory.Config) { c.EntityEvents = inventory.EventsLegacy }))
	r.certificates("c1")
	r.crawl()
	r.flush()
	r.certificates()
	r.crawl()
	r.flush()
	var got []string
	for _, ld := range r.pipeline.batches {
		for _, rec := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
			got = append(got, rec.Attributes().AsRaw()["otel.entity.event.type"].(string))
			assert.Empty(t, rec.EventName())
		}
	}
	assert.Equal(t, []string{"entity_state", "entity_delete"}, got)
}

// Run reports what is new as soon as it is, and everything on its schedule, until its context ends; also while the pipeline refuses.
func TestRun(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]error{"taken": nil, "refused": slices.Repeat([]error{errBusy}, 10_000)} {
		r := newRig(t, nil, config())
		r.certificates("c1")
		r.crawl()
		r.pipeline.answers = answers
		ctx, cancel := context.WithCancel(context.Background())
		sleeps := 0
		r.account.onSleep = func(time.Duration) error {
			if sleeps++; sleeps == 3*ticks {
				cancel()
			}
			return nil
		}
		r.Run(ctx, r.logs())
		cancel()
		if answers == nil {
			said := about(r.took(), "client_certificate")
			assert.Len(t, said, 4, "%s: new, and then each hour", name)
		} else {
			assert.Empty(t, r.took())
		}
	}
}

// A change ends the wait for the next tick.
func TestRunIsWoken(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	r.certificates("c1")
	blocked := make(chan struct{})
	r.Clock = sleeper{r.account, blocked}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	taken := make(chan struct{})
	r.pipeline.onOffer = func() { close(taken); r.pipeline.onOffer = nil }
	emitter := r.logs()
	go func() {
		defer close(done)
		r.Run(ctx, emitter)
	}()
	<-blocked
	r.crawl()
	<-taken
	cancel()
	<-done
	require.NotEmpty(t, r.took())
}

// sleeper sleeps until its context ends, and says once that it does.
type sleeper struct {
	*account
	asleep chan struct{}
}

func (s sleeper) Sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-s.asleep:
	default:
		close(s.asleep)
	}
	<-ctx.Done()
	return ctx.Err()
}

// A clock that was ahead when the collector started, until AWS told the right time, holds no report up.
func TestReportsAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, inventory.DefaultConfig())
	r.certificates("c1")
	r.crawl()
	r.flush()
	r.took()
	right := r.account.Now()
	r.reported = right.Add(30 * time.Hour)
	r.schedule()
	r.account.pass(r.config.ReportInterval)
	r.schedule()
	r.flush()
	assert.Contains(t, r.took(), "state client_certificate c1")
}
