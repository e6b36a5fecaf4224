package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// events are all events of a log group, as AWS's own SDK reads them, by their ids.
func (r *rig) events(group string) map[string]types.FilteredLogEvent {
	r.t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: r.dial}}
	defer client.CloseIdleConnections()
	logs := cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: testRegion, BaseEndpoint: aws.String(r.url), HTTPClient: client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "example"}, nil
		}),
	})
	out := map[string]types.FilteredLogEvent{}
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(logs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		require.NoError(r.t, err)
		for _, e := range page.Events {
			out[*e.EventId] = e
		}
	}
	return out
}

// count is the value of one of the receiver's own counters or gauges, of the points with some attributes: key, value, key, value …
func (r *rig) count(name string, attributes ...string) float64 {
	r.t.Helper()
	m, err := r.telemetry.GetMetric("otelcol_receiver_awsapigateway_" + name)
	if err != nil {
		return 0
	}
	total := 0.0
	add := func(set attribute.Set, v float64) {
		for i := 0; i+1 < len(attributes); i += 2 {
			if got, _ := set.Value(attribute.Key(attributes[i])); got.AsString() != attributes[i+1] {
				return
			}
		}
		total += v
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, float64(p.Value))
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Value)
		}
	case metricdata.Sum[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Value)
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, float64(p.Value))
		}
	default:
		require.Fail(r.t, "unknown kind of metric", "%s: %T", name, data)
	}
	return total
}

// measured gives the rig the receiver's own metrics.
func (r *rig) measured() {
	r.telemetry = componenttest.NewTelemetry()
	r.t.Cleanup(func() { assert.NoError(r.t, r.telemetry.Shutdown(context.Background())) })
}

const sharedGroup = "/shared"

// The formats of stages that share a group. None has a value that is masked, which would keep the text of other lines back.
const (
	namingFormat = `{"id":"$context.requestId","api":"$context.apiId","stage":"$context.stage","status":"$context.status","agent":"$context.identity.userAgent"}`
	hostFormat   = `$context.requestId $context.domainName $context.status "$context.identity.userAgent"`
	plainFormat  = `$context.requestId $context.status $context.responseLatency $context.httpMethod`
	otherFormat  = `status=$context.status id=$context.requestId latency=$context.responseLatency`
)

// sharedWorld has two APIs with stages that write into one group, with lines of another service among theirs.
func sharedWorld(alpha, beta map[string]string, from, to time.Time) *awssim.World {
	old := from.Add(-100 * time.Hour)
	api := func(id, name string, formats map[string]string) *awssim.API {
		a := &awssim.API{ID: id, Name: name, Created: old}
		for stage, format := range formats {
			a.Stages = append(a.Stages, logged(stage, sharedGroup, format, from, to, 10))
		}
		return a
	}
	w := region(api("rest00000a", "alpha", alpha))
	here := w.Accounts[0].Regions[0]
	if beta != nil {
		here.APIs = append(here.APIs, api("rest00000b", "beta", beta))
	}
	here.DomainNames = []*awssim.DomainName{{Name: "api.example.com", Created: old, Mappings: []*awssim.Mapping{{Key: "a", API: "rest00000a", Stage: "prod"}}}}
	here.LogGroups = []*awssim.LogGroup{{Name: sharedGroup, Created: old, ForeignPerMinute: 4}}
	return w
}

// anyOf is the resource of lines that may be of several APIs.
func anyOf(ids ...string) map[string]any {
	list := []any{}
	for _, id := range ids {
		list = append(list, id)
	}
	return map[string]any{
		"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": testAccount, "cloud.region": testRegion,
		prefix + "api_ids": list, "service.instance.id": testAccount + "/" + testRegion + "/" + strings.Join(ids, ","), "aws.log.group.names": []any{sharedGroup},
	}
}

// Lines of a group that several stages share go to the stage that wrote them, wherever that can be told: by what they say of their API, by the domain name,
// by the format. The others name the APIs that it may be. Lines of another service come out as they are, and are counted.
func TestStagesShareALogGroup(t *testing.T) {
	racetest.Skip(t)
	both := func(*awssim.API) map[string]any { return anyOf("rest00000a", "rest00000b") }
	one := func(alpha *awssim.API) map[string]any { return anyOf(alpha.ID) }
	for name, set := range map[string]struct {
		alpha, beta map[string]string
		// resource is that of the lines, nil: their stage's; foreign is that of all others.
		resource, foreign func(*awssim.API) map[string]any
		exclude           []inventory.FilterItem
		excluded          func(resource map[string]any) bool
		withheld          bool // nobody knows what the API that is not wanted writes
	}{
		"one format that names API and stage": {
			alpha: map[string]string{"prod": namingFormat, "test": namingFormat}, beta: map[string]string{"prod": namingFormat}, foreign: both,
		},
		"one format with the domain name": {alpha: map[string]string{"prod": hostFormat}, beta: map[string]string{"prod": hostFormat}, foreign: both},
		"different formats":               {alpha: map[string]string{"prod": plainFormat}, beta: map[string]string{"prod": otherFormat}, foreign: both},
		"one format that says nothing": {
			alpha: map[string]string{"prod": plainFormat}, beta: map[string]string{"prod": plainFormat}, resource: both, foreign: both,
		},
		"stages of one API": {alpha: map[string]string{"prod": plainFormat, "test": plainFormat}, resource: one, foreign: one},
		"one stage is not wanted": {
			alpha: map[string]string{"prod": namingFormat, "test": namingFormat}, beta: map[string]string{"prod": otherFormat}, foreign: both,
			exclude:  []inventory.FilterItem{{Stage: "test"}},
			excluded: func(resource map[string]any) bool { return resource[prefix+"stage"] == "test" },
		},
		"one API is not wanted": {
			alpha: map[string]string{"prod": namingFormat}, beta: map[string]string{"prod": namingFormat},
			foreign:  one,
			exclude:  []inventory.FilterItem{{Name: "beta"}},
			excluded: func(resource map[string]any) bool { return resource[prefix+"api_name"] == "beta" },
			withheld: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-20*time.Minute), epoch.Add(20*time.Minute)
					return sharedWorld(set.alpha, set.beta, from, to)
				}, func(c *awssim.Config) { c.Ingestion = onTime })
				r.measured()
				r.edit = func(c *Config) {
					readLogs(c)
					c.APIs.Exclude = set.exclude
				}
				stop := r.start()
				defer stop()
				r.until(to)
				want := r.accessTruth(from, to, nil)
				ours := maps.Clone(want)
				if set.excluded != nil {
					maps.DeleteFunc(want, func(_ string, w record) bool { return set.excluded(w.Resource) })
				}
				if set.resource != nil {
					for uid, w := range want {
						w.Resource = set.resource(r.world.Accounts[0].Regions[0].APIs[0])
						want[uid] = w
					}
				}
				r.await(want)
				stopped := r.now()
				stop()
				foreign := map[string]types.FilteredLogEvent{}
				for uid, e := range r.events(sharedGroup) {
					if _, ok := ours[uid]; !ok {
						foreign[uid] = e
					}
				}
				r.checkForeign(foreign, set.foreign(r.world.Accounts[0].Regions[0].APIs[0]), set.withheld, from, stopped)
				compareRecords(t, r.records, want)
				assert.Zero(t, r.records.repeated)
			})
		})
	}
}

// checkForeign holds the records of lines that are no requests to the events, and takes them out of the sink. What came before the receiver's look back,
// or after its end, may be missing.
func (r *rig) checkForeign(events map[string]types.FilteredLogEvent, resource map[string]any, withheld bool, from, stopped time.Time) {
	r.t.Helper()
	got, unread, json := r.records.taken(), 0, 0
	for uid, e := range events {
		rec, ok := got[uid]
		if at := time.UnixMilli(*e.Timestamp); at.Before(from.Add(-time.Hour)) || at.After(stopped.Add(-10*time.Minute)) {
			if !ok {
				continue
			}
		}
		if !assert.True(r.t, ok, "%q at %v is missing", *e.Message, time.UnixMilli(*e.Timestamp)) {
			return
		}
		body := *e.Message
		if withheld {
			body = fmt.Sprintf("withheld: %d bytes", len(body))
		}
		assert.Equal(r.t, body, rec.Body)
		assert.Equal(r.t, resource, rec.Resource)
		if strings.HasPrefix(*e.Message, "{") {
			json++
			assert.NotContains(r.t, rec.Attributes, prefix+"parse.error")
		} else {
			unread++
			assert.Equal(r.t, map[string]any{prefix + "parse.error": "no format fits"}, rec.Attributes)
			assert.Equal(r.t, "INFO", rec.Severity)
			assert.Equal(r.t, *e.Timestamp, rec.At.UnixMilli())
		}
		delete(r.records.byUID, uid)
	}
	assert.Greater(r.t, unread, 50/thinned)
	assert.Greater(r.t, json, 5/thinned)
	assert.InDelta(r.t, unread, r.count("parse_errors", "format", "none"), 0)
	assert.InDelta(r.t, json, r.count("parse_errors", "format", "json"), 0)
}
