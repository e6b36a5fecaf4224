package awssim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// retrieve starts a retrieval, asks until it is complete, and returns its traces of all pages and the states that it had.
func (h *harness) retrieve(t *testing.T, format types.TraceFormatType, from, to time.Time, ids ...string) (traces []types.RetrievedTrace, states []types.RetrievalStatus) {
	t.Helper()
	started, err := h.xray().StartTraceRetrieval(background, &xray.StartTraceRetrievalInput{TraceIds: ids, StartTime: &from, EndTime: &to})
	require.NoError(t, err)
	in := &xray.ListRetrievedTracesInput{RetrievalToken: started.RetrievalToken, TraceFormat: format}
	for {
		page, err := h.xray().ListRetrievedTraces(background, in)
		require.NoError(t, err)
		if len(states) == 0 || states[len(states)-1] != page.RetrievalStatus {
			states = append(states, page.RetrievalStatus)
		}
		assert.Equal(t, format, page.TraceFormat)
		traces = append(traces, page.Traces...)
		if in.NextToken = page.NextToken; page.RetrievalStatus == types.RetrievalStatusComplete && in.NextToken == nil {
			return traces, states
		}
	}
}

// otelSpan is what the test reads of a span.
type otelSpan struct {
	Resource struct {
		Attributes map[string]any `json:"attributes"`
	} `json:"resource"`
	TraceID      string         `json:"traceId"`
	SpanID       string         `json:"spanId"`
	ParentSpanID string         `json:"parentSpanId"`
	Name         string         `json:"name"`
	Kind         string         `json:"kind"`
	Start        int64          `json:"startTimeUnixNano"`
	End          int64          `json:"endTimeUnixNano"`
	Duration     int64          `json:"durationNano"`
	Attributes   map[string]any `json:"attributes"`
	Status       struct {
		Code string `json:"code"`
	} `json:"status"`
}

// TestTransactionSearch: where segments go to CloudWatch Logs, BatchGetTraces finds none of them, and a retrieval has a span for each but the inferred ones.
func TestTransactionSearch(t *testing.T) {
	world := tracedShop()
	world.Accounts[0].Regions[0].TransactionSearch = true
	h := start(t, Config{World: world, MaxPage: 7})
	destination, err := h.xray().GetTraceSegmentDestination(background, &xray.GetTraceSegmentDestinationInput{})
	require.NoError(t, err)
	assert.Equal(t, types.TraceSegmentDestinationCloudWatchLogs, destination.Destination)
	assert.Equal(t, types.TraceSegmentDestinationStatusActive, destination.Status)

	from, to := noon.Add(-90*time.Second), noon.Add(-60*time.Second)
	want := traceTruth(world, from, to)
	wanted := slices.Sorted(maps.Keys(want))
	assert.Empty(t, h.traces(t, wanted...))
	for k, id := range wanted {
		if k%2 == 0 { // W3C's form finds them, too
			wanted[k] = strings.ReplaceAll(id[2:], "-", "")
		}
	}
	traces, states := h.retrieve(t, types.TraceFormatTypeOtel, from, to, wanted...)
	assert.Equal(t, []types.RetrievalStatus{"SCHEDULED", "RUNNING", "COMPLETE"}, states)
	require.Len(t, traces, len(want))
	assert.Equal(t, int64(len(want)), h.TraceCounts()["111122223333/us-east-1"].Retrieved)
	for _, trace := range traces {
		record := want[*trace.Id]
		var segments []SegmentRecord
		for _, s := range record.Segments {
			if !s.Inferred {
				segments = append(segments, s)
			}
		}
		require.Len(t, trace.Spans, len(segments))
		for k, span := range trace.Spans {
			var got otelSpan
			require.NoError(t, json.Unmarshal([]byte(*span.Document), &got), *span.Document)
			s := segments[k]
			assert.Equal(t, []string{s.ID, s.ParentID, s.Name}, []string{got.SpanID, got.ParentSpanID, got.Name})
			assert.Equal(t, *span.Id, got.SpanID)
			assert.Equal(t, strings.ReplaceAll(record.TraceID[2:], "-", ""), got.TraceID)
			assert.Equal(t, []int64{s.Start.UnixNano(), s.End.UnixNano(), s.End.Sub(s.Start).Nanoseconds()}, []int64{got.Start, got.End, got.Duration})
		}
		var gateway otelSpan
		require.NoError(t, json.Unmarshal([]byte(*trace.Spans[0].Document), &gateway))
		assert.Equal(t, map[string]any{
			"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "111122223333", "cloud.region": "us-east-1",
			"cloud.resource_id": "arn:aws:apigateway:us-east-1::/restapis/orders0001/stages/prod", "service.name": "orders",
			"aws.api_gateway.stage": "prod", "aws.api_gateway.rest_api_id": "orders0001",
		}, gateway.Resource.Attributes)
		assert.Equal(t, "SERVER", gateway.Kind)
		assert.InDelta(t, record.Status, gateway.Attributes["http.response.status_code"], 0)
		assert.Equal(t, record.RequestID, gateway.Attributes["aws.request_id"])
		assert.Equal(t, record.Fault, gateway.Status.Code == "ERROR")
	}

	traces, _ = h.retrieve(t, types.TraceFormatTypeXray, from, to, wanted...)
	require.Len(t, traces, len(want))
	var d segmentDocument
	require.NoError(t, json.Unmarshal([]byte(*traces[0].Spans[0].Document), &d))
	assert.Equal(t, originStage, d.Origin)
	traces, _ = h.retrieve(t, types.TraceFormatTypeOtel, noon.Add(-time.Hour), from, wanted...)
	assert.Empty(t, traces, "they are outside of the window")
}

// TestTransactionSearchFromATimeOn: what began before stays where it was.
func TestTransactionSearchFromATimeOn(t *testing.T) {
	world := tracedShop()
	region := world.Accounts[0].Regions[0]
	region.TransactionSearch, region.TransactionSearchSince = true, noon
	now := noon.Add(-time.Second)
	h := start(t, Config{World: world, Now: func() time.Time { return now }})
	destination := func() types.TraceSegmentDestination {
		out, err := h.xray().GetTraceSegmentDestination(background, &xray.GetTraceSegmentDestinationInput{})
		require.NoError(t, err)
		return out.Destination
	}
	assert.Equal(t, types.TraceSegmentDestinationXRay, destination())
	now = noon.Add(time.Minute)
	assert.Equal(t, types.TraceSegmentDestinationCloudWatchLogs, destination())
	earlier := slices.Collect(maps.Keys(traceTruth(world, noon.Add(-10*time.Second), noon)))
	later := slices.Collect(maps.Keys(traceTruth(world, noon, noon.Add(10*time.Second))))
	assert.Len(t, h.traces(t, append(earlier, later...)...), len(earlier))
	traces, _ := h.retrieve(t, types.TraceFormatTypeOtel, noon.Add(-time.Minute), now, append(earlier, later...)...)
	assert.Len(t, traces, len(later))
}

// TestRetrievalsRefuse tokens of nobody, of others, and too many ids.
func TestRetrievalsRefuse(t *testing.T) {
	world := tracedShop()
	world.Accounts = append(world.Accounts, &Account{ID: "444455556666"})
	now := noon
	h := start(t, Config{World: world, Now: func() time.Time { return now }})
	begin := func(ids ...string) (*xray.StartTraceRetrievalOutput, error) {
		return h.xray().StartTraceRetrieval(background, &xray.StartTraceRetrievalInput{TraceIds: ids, StartTime: aws.Time(noon.Add(-time.Hour)), EndTime: &noon})
	}
	list := func(h *harness, token *string) error {
		_, err := h.xray().ListRetrievedTraces(background, &xray.ListRetrievedTracesInput{RetrievalToken: token})
		return err
	}
	id := "1-58406520-a006649127e371903a2de979"
	_, err := begin(slices.Repeat([]string{id}, 101)...)
	wantCode(t, err, "InvalidRequestException")
	_, err = begin("58406520")
	wantCode(t, err, "InvalidRequestException")
	wantCode(t, list(h, aws.String("nobody's")), "ResourceNotFoundException")
	started, err := begin(slices.Repeat([]string{id}, 100)...)
	require.NoError(t, err)
	require.NoError(t, list(h, started.RetrievalToken))
	wantCode(t, list(h.as("444455556666", "us-east-1"), started.RetrievalToken), "ResourceNotFoundException")
	now = noon.Add(61 * time.Minute)
	wantCode(t, list(h, started.RetrievalToken), "ResourceNotFoundException")
}
