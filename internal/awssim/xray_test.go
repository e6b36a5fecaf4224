package awssim

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

const gatewayTraces = `service(id(type: "AWS::ApiGateway::Stage"))`

func (h *harness) xray() *xray.Client { return xray.NewFromConfig(h.config) }

// tracedShop is a world of one traced stage with all kinds of integrations. All of its requests are sampled.
func tracedShop() *World {
	lambda := func(function string) *Integration {
		return &Integration{Type: "AWS_PROXY", Method: "POST", URI: lambdaURI("aws", "us-east-1", "111122223333", function)}
	}
	action := func(what string) *Integration {
		return &Integration{Type: "AWS", Method: "POST", URI: "arn:aws:apigateway:us-east-1:" + what}
	}
	routes := []*RouteDef{
		{Method: "GET", Path: "/orders", Integration: lambda("orders-list:live")},
		{Method: "POST", Path: "/orders", Integration: lambda("orders-create")},
		{Method: "GET", Path: "/orders/{id}", Integration: &Integration{Type: "HTTP_PROXY", Method: "GET", URI: "https://${stageVariables.backend}/orders/{id}", ConnectionID: "vpclink001"}},
		{Method: "POST", Path: "/events", Integration: action("sqs:path/111122223333/order-events")},
		{Method: "POST", Path: "/workflows", Integration: action("states:action/StartExecution")},
		{Method: "GET", Path: "/notes", Integration: action("dynamodb:action/GetItem")},
		{Method: "GET", Path: "/images/{key}", Integration: action("s3:path/shop-images/{key}")},
		{Method: "OPTIONS", Path: "/orders", Integration: &Integration{Type: "MOCK"}},
	}
	stage := &Stage{
		Name: "prod", Tracing: true, Sampling: 1, Variables: map[string]string{"backend": "backend.example.com"},
		Traffic: Traffic{PerMinute: 120, Error4xx: 0.1, Error5xx: 0.1, Query: "token=planted-secret"},
	}
	for _, r := range routes {
		stage.Routes = append(stage.Routes, Route{Method: r.Method, Path: r.Path, Weight: 1})
	}
	stage.Routes[0].Weight = 5
	return &World{Seed: 7, Accounts: []*Account{{ID: "111122223333", Regions: []*Region{{Name: "us-east-1", APIs: []*API{{
		ID: "orders0001", Name: "orders", Stages: []*Stage{stage}, Routes: routes,
	}}}}}}}
}

func theStage(w *World) (*API, *Stage) {
	api := w.Accounts[0].Regions[0].APIs[0]
	return api, api.Stages[0]
}

// summaries returns all pages of GetTraceSummaries.
func (h *harness) summaries(t testing.TB, in xray.GetTraceSummariesInput) (all []types.TraceSummary, scanned int64, pages int) {
	t.Helper()
	paginator := xray.NewGetTraceSummariesPaginator(h.xray(), &in)
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(background)
		require.NoError(t, err)
		all, scanned, pages = append(all, page.TraceSummaries...), scanned+aws.ToInt64(page.TracesProcessedCount), pages+1
	}
	return all, scanned, pages
}

func during(from, to time.Time, filter string) xray.GetTraceSummariesInput {
	in := xray.GetTraceSummariesInput{StartTime: &from, EndTime: &to}
	if filter != "" {
		in.FilterExpression = &filter
	}
	return in
}

// segmentDocument is what the tests read of a document.
type segmentDocument struct {
	TraceID    string  `json:"trace_id"`
	ID         string  `json:"id"`
	ParentID   string  `json:"parent_id"`
	Name       string  `json:"name"`
	Namespace  string  `json:"namespace"`
	Origin     string  `json:"origin"`
	Arn        string  `json:"resource_arn"`
	Start      float64 `json:"start_time"`
	End        float64 `json:"end_time"`
	InProgress bool    `json:"in_progress"`
	Inferred   bool    `json:"inferred"`
	Error      bool    `json:"error"`
	Fault      bool    `json:"fault"`
	Throttle   bool    `json:"throttle"`
	HTTP       struct {
		Request struct {
			URL    string `json:"url"`
			Method string `json:"method"`
		} `json:"request"`
		Response struct {
			Status int `json:"status"`
		} `json:"response"`
	} `json:"http"`
	Subsegments []segmentDocument `json:"subsegments"`
}

// flat lists the records of a document: itself and its subsegments, parents first.
func (d *segmentDocument) flat(document, parent string) []SegmentRecord {
	out := []SegmentRecord{{
		ID: d.ID, ParentID: parent, Document: document, Name: d.Name, Namespace: d.Namespace, Origin: d.Origin, ResourceARN: d.Arn,
		Start: microseconds(d.Start), End: microseconds(d.End), Method: d.HTTP.Request.Method, URL: d.HTTP.Request.URL, Status: d.HTTP.Response.Status,
		Error: d.Error, Fault: d.Fault, Throttle: d.Throttle, Inferred: d.Inferred,
	}}
	for i := range d.Subsegments {
		out = append(out, d.Subsegments[i].flat(document, d.ID)...)
	}
	return out
}

func microseconds(seconds float64) time.Time { return time.UnixMicro(int64(seconds*1e6 + 0.5)).UTC() }

// traces returns the full traces of these ids, five a call, all pages.
func (h *harness) traces(t testing.TB, ids ...string) map[string][]segmentDocument {
	t.Helper()
	found := map[string][]segmentDocument{}
	for len(ids) > 0 {
		n := min(len(ids), 5)
		pages := xray.NewBatchGetTracesPaginator(h.xray(), &xray.BatchGetTracesInput{TraceIds: ids[:n]})
		for ids = ids[n:]; pages.HasMorePages(); {
			page, err := pages.NextPage(background)
			require.NoError(t, err)
			ids = append(ids, page.UnprocessedTraceIds...)
			for _, trace := range page.Traces {
				assert.NotContains(t, found, *trace.Id)
				found[*trace.Id] = []segmentDocument{}
				for _, s := range trace.Segments {
					var d segmentDocument
					require.NoError(t, json.Unmarshal([]byte(*s.Document), &d), *s.Document)
					assert.Equal(t, *trace.Id, d.TraceID)
					assert.Equal(t, *s.Id, d.ID)
					found[*trace.Id] = append(found[*trace.Id], d)
				}
			}
		}
	}
	return found
}

// truth are the traces of the world by their ids.
func traceTruth(w *World, from, to time.Time) map[string]TraceRecord {
	out := map[string]TraceRecord{}
	for record := range w.Traces(theAPI(w), theAPI(w).Stages[0], from, to) {
		out[record.TraceID] = record
	}
	return out
}

func theAPI(w *World) *API { api, _ := theStage(w); return api }

// TestTracesAreTheSampledRequests: each request of a stage whose requests are all sampled is one trace, with the segments that the world tells.
func TestTracesAreTheSampledRequests(t *testing.T) {
	racetest.Skip(t)
	for name, faults := range map[string]Faults{"plain": {}, "empty pages, unprocessed": {EmptyPages: 0.5, Unprocessed: 0.3}} {
		t.Run(name, func(t *testing.T) {
			world := tracedShop()
			world.Accounts[0].Regions[0].ForeignTraces = 30
			h := start(t, Config{World: world, Faults: faults, MaxPage: 4})
			from, to := noon.Add(-3*time.Minute), noon.Add(-time.Minute)
			want := traceTruth(world, from, to)
			require.Greater(t, len(want), 200)
			api, stage := theStage(world)
			requests := 0
			for range world.AccessRecords(api, stage, from, to) {
				requests++
			}
			assert.Len(t, want, requests)

			summaries, scanned, pages := h.summaries(t, during(from, to, gatewayTraces))
			assert.Greater(t, pages, len(want)/4)
			assert.Greater(t, scanned, int64(len(want)+30))
			assert.Equal(t, TraceCount{Scanned: scanned}, h.TraceCounts()["111122223333/us-east-1"])
			var ids []string
			for i, s := range summaries {
				record := want[*s.Id]
				require.NotEmpty(t, record.TraceID, *s.Id)
				assert.WithinDuration(t, record.At, *s.StartTime, time.Millisecond)
				assert.Equal(t, record.Status, int(*s.Http.HttpStatus))
				assert.InDelta(t, record.Latency.Seconds(), *s.ResponseTime, 1e-9)
				assert.Equal(t, []bool{record.Error, record.Fault, record.Throttle, false}, []bool{*s.HasError, *s.HasFault, *s.HasThrottle, *s.IsPartial})
				assert.Equal(t, "orders0001", s.Annotations["aws:api_id"][0].AnnotationValue.(*types.AnnotationValueMemberStringValue).Value)
				assert.Equal(t, "orders/prod", *s.EntryPoint.Name)
				if i > 0 {
					assert.False(t, s.StartTime.After(*summaries[i-1].StartTime), "the newest come first")
				}
				ids = append(ids, *s.Id)
			}
			require.Len(t, ids, len(want))
			got := h.traces(t, ids...)
			assert.Equal(t, int64(len(want)), h.TraceCounts()["111122223333/us-east-1"].Retrieved)
			names := map[string]bool{}
			for id, record := range want {
				var segments []SegmentRecord
				for i := range got[id] {
					segments = append(segments, got[id][i].flat(got[id][i].ID, got[id][i].ParentID)...)
				}
				for k := range segments { // a float of seconds holds no microseconds for sure
					assert.WithinDuration(t, record.Segments[k].Start, segments[k].Start, time.Microsecond)
					assert.WithinDuration(t, record.Segments[k].End, segments[k].End, time.Microsecond)
					segments[k].Start, segments[k].End = record.Segments[k].Start, record.Segments[k].End
					names[strings.Join(strings.Fields(segments[k].Origin+" "+segments[k].Namespace+" "+segments[k].Name), " ")] = true
				}
				require.Equal(t, record.Segments, segments)
			}
			for _, kind := range []string{
				"AWS::ApiGateway::Stage orders/prod", "aws Lambda", "AWS::Lambda orders-list", "AWS::Lambda::Function orders-create", "Initialization", "Invocation", "Overhead",
				"aws DynamoDB", "AWS::DynamoDB::Table DynamoDB", "aws SQS", "AWS::SQS::Queue SQS", "aws SNS", "remote orders@db.internal.example.com",
				"Database::SQL orders@db.internal.example.com", "remote api.partner.example.com", "## checkout", "aws SFN", "aws S3",
			} {
				assert.True(t, names[kind], kind)
			}
		})
	}
}
