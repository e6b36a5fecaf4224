package awssim

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// TestTracesAreThoseOfTheAccessLog: a traced request carries the trace id, status, latency and times of its access record; unsampled ones have an id, too.
func TestTracesAreThoseOfTheAccessLog(t *testing.T) {
	world := tracedShop()
	api, stage := theStage(world)
	stage.Sampling = 0 // X-Ray's default rule
	traces := map[string]TraceRecord{}
	for record := range world.Traces(api, stage, noon, noon.Add(5*time.Minute)) {
		traces[record.RequestID] = record
	}
	requests, seconds, first := 0, map[int64]bool{}, 0
	for record := range world.AccessRecords(api, stage, noon, noon.Add(5*time.Minute)) {
		requests++
		require.NotEmpty(t, record.Values["xrayTraceId"])
		trace, sampled := traces[record.Values["requestId"]]
		if !seconds[record.At.Unix()] {
			seconds[record.At.Unix()] = true
			first++
			assert.True(t, sampled, "the first request of a second is sampled")
		}
		if !sampled {
			continue
		}
		gateway := trace.Segments[0]
		assert.Equal(t, record.Values["xrayTraceId"], trace.TraceID)
		assert.Equal(t, record.Values["extendedRequestId"], trace.ExtendedRequestID)
		assert.Equal(t, record.Values["status"], fmt.Sprint(trace.Status))
		assert.Equal(t, record.Values["responseLatency"], fmt.Sprint(trace.Latency.Milliseconds()))
		assert.Equal(t, record.Values["requestTimeEpoch"], fmt.Sprint(gateway.Start.UnixMilli()))
		assert.Equal(t, trace.Latency, gateway.End.Sub(gateway.Start))
		assert.Equal(t, []bool{trace.Status >= 400 && trace.Status < 500, trace.Status >= 500, trace.Status == 429}, []bool{gateway.Error, gateway.Fault, gateway.Throttle})
		assert.Contains(t, gateway.URL, "https://"+record.Values["domainName"]+record.Values["path"])
	}
	others := requests - first
	assert.InDelta(t, 0.05*float64(others), len(traces)-first, 0.02*float64(others), "5 %% of the others are sampled, too")
}

// TestPagesMayBeEmpty: a page looks at 1,000 traces at most, whether it finds any or not; empty pages on purpose never follow each other.
func TestPagesMayBeEmpty(t *testing.T) {
	world := tracedShop()
	h := start(t, Config{World: world})
	found, scanned, pages := h.summaries(t, during(noon.Add(-20*time.Minute), noon, `service("nobody")`))
	assert.Empty(t, found)
	assert.Equal(t, int(scanned)/maxScannedTraces+1, pages)
	h = start(t, Config{World: world, Faults: Faults{EmptyPages: 1}})
	found, _, pages = h.summaries(t, during(noon.Add(-5*time.Minute), noon.Add(-2*time.Minute), ""))
	assert.Len(t, found, len(traceTruth(world, noon.Add(-5*time.Minute), noon.Add(-2*time.Minute))))
	assert.Equal(t, 2*(len(found)/maxTraceSummaries+1), pages)
}

// TestSummariesNameServicesOfValues: a value of an annotation is listed once, with all services that have it.
func TestSummariesNameServicesOfValues(t *testing.T) {
	s := traceSummary{Annotations: map[string][]*traceValue{}}
	for _, a := range []struct {
		value any
		in    string
	}{{"checkout", "a"}, {"checkout", "b"}, {"other", "a"}, {true, "a"}, {1, "a"}} {
		s.annotate(member{"step", a.value}, serviceID{Name: a.in})
	}
	assert.Equal(t, []*traceValue{
		{members{"StringValue": "checkout"}, []serviceID{{Name: "a"}, {Name: "b"}}, "checkout"},
		{members{"StringValue": "other"}, []serviceID{{Name: "a"}}, "other"},
		{members{"BooleanValue": true}, []serviceID{{Name: "a"}}, true},
		{members{"NumberValue": 1}, []serviceID{{Name: "a"}}, 1},
	}, s.Annotations["step"])
}

// TestSegmentsAreWithinTheirParents: what a segment calls begins and ends within the call, initializations apart.
func TestSegmentsAreWithinTheirParents(t *testing.T) {
	world := tracedShop()
	cold := 0
	defer func() { assert.Positive(t, cold) }()
	for _, record := range traceTruth(world, noon, noon.Add(5*time.Minute)) {
		byID := map[string]SegmentRecord{}
		for k, s := range record.Segments {
			_, twice := byID[s.ID]
			assert.False(t, twice)
			byID[s.ID] = s
			assert.False(t, s.End.Before(s.Start))
			if s.Name == "Initialization" {
				cold++
				assert.True(t, s.End.After(s.Start) && s.End.Equal(byID[s.Document].Start), "a function begins when it is initialized")
			}
			if parent := byID[s.ParentID]; k > 0 && s.Name != "Initialization" {
				require.NotEmpty(t, parent.ID, "parents come first")
				assert.False(t, s.Start.Before(parent.Start) || s.End.After(parent.End), "%s in %s", s.Name, parent.Name)
			}
		}
	}
}

// TestOnlyRESTStagesAreTraced: the same stage of an HTTP or WebSocket API, or without tracing, has no traces.
func TestOnlyRESTStagesAreTraced(t *testing.T) {
	for name, change := range map[string]func(*API, *Stage){
		"HTTP":      func(a *API, _ *Stage) { a.Type = TypeHTTP },
		"WebSocket": func(a *API, s *Stage) { a.Type, s.Routes = TypeWebSocket, nil },
		"off":       func(_ *API, s *Stage) { s.Tracing = false },
		"off again": func(_ *API, s *Stage) {
			s.Changes = []Change[Stage]{{noon.Add(-time.Hour), func(s *Stage) { s.Tracing = false }}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			world := tracedShop()
			change(theStage(world))
			h := start(t, Config{World: world})
			summaries, scanned, _ := h.summaries(t, during(noon.Add(-10*time.Minute), noon, ""))
			assert.Empty(t, summaries)
			assert.Zero(t, scanned)
			assert.Empty(t, traceTruth(world, noon.Add(-10*time.Minute), noon))
		})
	}
}

// TestForeignTracesAreScanned: traces of other services are counted, and come where no filter is, but have no API Gateway in them.
func TestForeignTracesAreScanned(t *testing.T) {
	world := tracedShop()
	world.Accounts[0].Regions[0].ForeignTraces = 100
	h := start(t, Config{World: world})
	from := noon.Add(-time.Minute)
	filtered, scanned, _ := h.summaries(t, during(from, noon.Add(-10*time.Second), gatewayTraces))
	all, same, _ := h.summaries(t, during(from, noon.Add(-10*time.Second), ""))
	assert.Equal(t, scanned, same)
	assert.Len(t, all, int(scanned))
	assert.Greater(t, len(all)-len(filtered), 50)
	got := h.traces(t, ids(all)...)
	require.Len(t, got, len(all))
	workers := 0
	for _, documents := range got {
		if documents[0].Name == "nightly-worker" {
			workers++
		}
	}
	assert.Equal(t, len(all)-len(filtered), workers)
}

// TestDocumentsHaveAllFormsAndSecrets: both notations of times, both forms of causes, and the values that no receiver should tell are in the documents.
func TestDocumentsHaveAllFormsAndSecrets(t *testing.T) {
	racetest.Skip(t)
	world := tracedShop()
	h := start(t, Config{World: world})
	summaries, _, _ := h.summaries(t, during(noon.Add(-5*time.Minute), noon.Add(-time.Minute), ""))
	var all, gateways strings.Builder
	for k := 0; k+5 <= len(summaries); k += 5 {
		out, err := h.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: ids(summaries[k : k+5])})
		require.NoError(t, err)
		for _, trace := range out.Traces {
			for _, s := range trace.Segments {
				all.WriteString(*s.Document)
				if strings.Contains(*s.Document, `"origin":"AWS::ApiGateway::Stage"`) {
					gateways.WriteString(*s.Document)
				}
			}
		}
	}
	for _, part := range []string{
		`"start_time":1.7`, `E9,"end_time"`, `"start_time":17`, `"cause":{"working_directory"`, `"cause":"`, `?token=planted-secret"`, "database-secret", "partner-secret", "metadata-secret-",
		`"sampling_rule_name":"Default"`, `"extended_request_id"`, `"precursor_ids":["`, `"links":[{"trace_id"`, `"x_future"`, `"user":"user`, `"service":{"version":"2.3.1"`, `"retries":1`,
		`"throttle":true`, `"inferred":true`, `"nothing":null`, `"cold_start":true`, `"sanitized_query"`, `"message_id"`, `"topic_arn"`, `"table_name"`, `"x_forwarded_for":true`,
	} {
		assert.Contains(t, all.String(), part)
	}
	assert.Contains(t, gateways.String(), `"fault":true,"cause":"`, "API Gateway's segment refers to the exception")
}

// TestXRayRefuses what breaks a limit or the grammar.
func TestXRayRefuses(t *testing.T) {
	h := start(t, Config{World: tracedShop()})
	get := func(ids ...string) error {
		_, err := h.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: ids})
		return err
	}
	id := "1-58406520-a006649127e371903a2de979"
	require.NoError(t, get(id, id, id, id, id), "ids that are not known are left out")
	wantCode(t, get(id, id, id, id, id, id), "InvalidRequestException")
	wantCode(t, get([]string{}...), "InvalidRequestException")
	wantCode(t, get("58406520a006649127e371903a2de979"), "InvalidRequestException")
	list := func(from, to time.Time, filter, token, kind string) error {
		in := during(from, to, filter)
		if token != "" {
			in.NextToken = &token
		}
		in.TimeRangeType = types.TimeRangeType(kind)
		_, err := h.xray().GetTraceSummaries(background, &in)
		return err
	}
	require.NoError(t, list(noon.Add(-24*time.Hour), noon, "", "", ""))
	wantCode(t, list(noon.Add(-24*time.Hour-time.Second), noon, "", "", ""), "InvalidRequestException")
	wantCode(t, list(noon, noon.Add(-time.Second), "", "", ""), "InvalidRequestException")
	wantCode(t, list(noon.Add(-time.Hour), noon, `group.name = "x"`, "", ""), "InvalidRequestException")
	wantCode(t, list(noon.Add(-time.Hour), noon, "", "", "Never"), "InvalidRequestException")
	assert.Contains(t, wantCode(t, list(noon.Add(-time.Hour), noon, "", "nonsense", ""), "InvalidRequestException"), "NextToken")

	small := start(t, Config{World: tracedShop(), MaxPage: 2})
	known := slices.Sorted(maps.Keys(traceTruth(tracedShop(), noon.Add(-30*time.Second), noon.Add(-20*time.Second))))[:5]
	first, err := small.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: known})
	require.NoError(t, err)
	assert.Len(t, first.Traces, 2)
	second, err := small.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: known, NextToken: first.NextToken})
	require.NoError(t, err)
	assert.Equal(t, []string{known[2], known[3]}, []string{*second.Traces[0].Id, *second.Traces[1].Id})
	_, err = small.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: known[1:], NextToken: first.NextToken})
	wantCode(t, err, "InvalidRequestException")
	seconds, key, _ := parseTraceID(known[0])
	assert.Empty(t, h.traces(t, string((&traceEntry{at: (seconds ^ 1) * 1000, id: key}).traceID(nil))), "an id's time is part of it")

	in := during(noon.Add(-time.Hour), noon, "")
	page, err := h.xray().GetTraceSummaries(background, &in)
	require.NoError(t, err)
	wantCode(t, list(noon.Add(-2*time.Hour), noon, "", *page.NextToken, ""), "InvalidRequestException")
	require.NoError(t, list(noon.Add(-time.Hour), noon, "", *page.NextToken, ""))
	_, err = h.xray().GetServiceGraph(background, &xray.GetServiceGraphInput{StartTime: in.StartTime, EndTime: in.EndTime})
	wantCode(t, err, "UnknownOperationException")
}

// TestXRayFaults: all faults apply, with X-Ray's own errors.
func TestXRayFaults(t *testing.T) {
	list := func(h *harness) (*xray.GetTraceSummariesOutput, error) {
		in := during(noon.Add(-time.Minute), noon, gatewayTraces)
		return h.xray().GetTraceSummaries(background, &in)
	}
	failed := func(f Faults, code string, status int) string {
		_, err := list(start(t, Config{World: tracedShop(), Faults: f}))
		var response *awshttp.ResponseError
		require.ErrorAs(t, err, &response)
		assert.Equal(t, status, response.HTTPStatusCode())
		return wantCode(t, err, code)
	}
	failed(Faults{Throttle: 1}, "ThrottledException", http.StatusTooManyRequests)
	denied := failed(Faults{Deny: map[string]DenyKind{"GetTraceSummaries": IdentityPolicy}}, "AccessDeniedException", http.StatusForbidden)
	assert.Contains(t, denied, "is not authorized to perform: xray:GetTraceSummaries because no identity-based policy allows")
	failed(Faults{UnknownOperations: []string{"GetTraceSummaries@111122223333/us-east-1"}}, "UnknownOperationException", http.StatusNotFound)
	failed(Faults{ExpiredCredentials: true}, "ExpiredTokenException", http.StatusForbidden)
	for _, f := range []Faults{{ServerError: 1}, {Drop: 1}, {Truncate: 1}, {Malformed: 1, MalformedKinds: []string{MalformedGarbage}}} {
		_, err := list(start(t, Config{World: tracedShop(), Faults: f}))
		assert.Error(t, err, "%+v", f)
	}
	_, err := list(start(t, Config{World: tracedShop(), Faults: Faults{Throttle: 1, UnknownOperations: []string{"BatchGetTraces"}, Only: []string{"BatchGetTraces"}}}))
	require.NoError(t, err)

	malformed := func(kind string) *harness {
		return start(t, Config{World: tracedShop(), MaxPage: 3, Faults: Faults{Malformed: 1, MalformedKinds: []string{kind}}})
	}
	h := malformed(MalformedMissing)
	page, err := list(h)
	require.NoError(t, err)
	require.Len(t, page.TraceSummaries, 3)
	assert.Nil(t, page.TraceSummaries[0].Id)
	var wanted []string
	for id := range traceTruth(tracedShop(), noon.Add(-time.Minute), noon.Add(-50*time.Second)) {
		wanted = append(wanted, id)
	}
	traces, err := h.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: wanted[:5]})
	require.NoError(t, err)
	require.NotEmpty(t, traces.Traces)
	assert.Nil(t, traces.Traces[0].Id)
	assert.Nil(t, traces.Traces[0].Segments[0].Document)

	h = malformed(MalformedNextToken)
	page, err = list(h)
	require.NoError(t, err)
	in := during(noon.Add(-time.Minute), noon, gatewayTraces)
	in.NextToken = page.NextToken
	again, err := h.xray().GetTraceSummaries(background, &in)
	require.NoError(t, err)
	assert.Equal(t, ids(page.TraceSummaries), ids(again.TraceSummaries), "the token leads to the same page, for ever")

	page, err = list(malformed(MalformedNaN))
	require.NoError(t, err)
	assert.True(t, math.IsNaN(aws.ToFloat64(page.TraceSummaries[0].Duration)))
}

// TestXRayQuotas: above the assumed quotas calls are throttled, each operation for itself.
func TestXRayQuotas(t *testing.T) {
	h := start(t, Config{World: tracedShop(), EnforceQuotas: true})
	in := during(noon.Add(-time.Minute), noon, "")
	for range quotaTraceSummaries {
		_, err := h.xray().GetTraceSummaries(background, &in)
		require.NoError(t, err)
	}
	_, err := h.xray().GetTraceSummaries(background, &in)
	wantCode(t, err, "ThrottledException")
	for range quotaTraces {
		_, err = h.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: []string{"1-58406520-a006649127e371903a2de979"}})
		require.NoError(t, err)
	}
	_, err = h.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: []string{"1-58406520-a006649127e371903a2de979"}})
	wantCode(t, err, "ThrottledException")
}
