package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

const (
	traceA = "1-58406520-a006649127e371903a2de979"
	traceB = "1-58406521-b006649127e371903a2de979"
)

// xrayAnswers is an X-Ray that answers each request with the next of its answers, and keeps the requests.
type xrayAnswers struct {
	paths, requests []string
	answers         []string
}

func (x *xrayAnswers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body)
	x.paths, x.requests = append(x.paths, r.URL.Path), append(x.requests, string(body))
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(x.answers[min(len(x.requests), len(x.answers))-1])) // the last one again and again
}

func openXRay(t *testing.T, answers ...string) (*xrayAnswers, *fixture) {
	x := &xrayAnswers{answers: answers}
	return x, openHandler(t, x, nil)
}

var ctx = context.Background()

func TestTraceSummariesArePages(t *testing.T) {
	x, f := openXRay(t, `{"ApproximateTime": 1.7E9, "TracesProcessedCount": 40, "NextToken": "more", "TraceSummaries": [
		{"Id": "1-58406520-a006649127e371903a2de979", "StartTime": 1.700000001E9, "Duration": 1.5, "ResponseTime": 0.5, "HasFault": true, "HasError": false,
		 "HasThrottle": true, "IsPartial": true, "Revision": 3, "Http": {"HttpURL": "https://a", "HttpStatus": 500}, "Annotations": {
			"aws:api_id": [{"AnnotationValue": {"StringValue": "a1"}, "ServiceIds": []}, {"AnnotationValue": {"StringValue": "b2"}}],
			"aws:api_stage": [{"AnnotationValue": {"StringValue": "prod"}}], "other": [{"AnnotationValue": {"StringValue": "x"}}]}}]}`,
		`{"TraceSummaries": [], "TracesProcessedCount": 2}`)
	page, err := f.client().TraceSummaries(ctx, model.Window{Start: 1_700_000_000, End: 1_700_000_060}, `service("a")`, "")
	require.NoError(t, err)
	assert.Equal(t, model.TracePage{Token: "more", Scanned: 40, Summaries: []model.TraceSummary{{
		ID: traceA, Duration: 1.5, Fault: true, Throttle: true, Partial: true, Revision: 3, APIs: []string{"a1", "b2"}, Stages: []string{"prod"},
	}}}, page)
	page, err = f.client().TraceSummaries(ctx, model.Window{Start: 1_700_000_000, End: 1_700_000_060}, "", "more")
	require.NoError(t, err)
	assert.Equal(t, model.TracePage{Scanned: 2}, page)
	assert.Equal(t, []string{"/TraceSummaries", "/TraceSummaries"}, x.paths)
	assert.JSONEq(t, `{"StartTime": 1700000000, "EndTime": 1700000060, "TimeRangeType": "TraceId", "FilterExpression": "service(\"a\")"}`, x.requests[0])
	assert.JSONEq(t, `{"StartTime": 1700000000, "EndTime": 1700000060, "TimeRangeType": "TraceId", "NextToken": "more"}`, x.requests[1])
	assert.EqualValues(t, 2, f.counted("aws_calls", attribute.String("operation", "GetTraceSummaries"), attribute.String("outcome", "ok")))
	assert.Zero(t, f.malformed())
}

func TestUnusableSummariesAreLeftOutAndCounted(t *testing.T) {
	for name, summary := range map[string]string{
		"no id":                 `{"Duration": 1}`,
		"an empty id":           `{"Id": ""}`,
		"W3C's form":            `{"Id": "58406520a006649127e371903a2de979"}`,
		"another version":       `{"Id": "2-58406520-a006649127e371903a2de979"}`,
		"a short id":            `{"Id": "1-58406520-a006649127e371903a2de97"}`,
		"digits not of the 16":  `{"Id": "1-58406520-a006649127e371903a2de97g"}`,
		"separators elsewhere":  `{"Id": "1-584065200-006649127e371903a2de979"}`,
		"null in place of a id": `{"Id": null}`,
	} {
		t.Run(name, func(t *testing.T) {
			x, f := openXRay(t, `{"TracesProcessedCount": -5, "TraceSummaries": [`+summary+`, {"Id": "`+traceA+`"}]}`)
			page, err := f.client().TraceSummaries(ctx, model.Window{}, "", "")
			require.NoError(t, err)
			assert.Equal(t, model.TracePage{Summaries: []model.TraceSummary{{ID: traceA}}, Unusable: 1}, page)
			assert.EqualValues(t, maxSpoiled, f.malformed(), "it was asked for again")
			assert.Len(t, x.paths, maxSpoiled)
		})
	}
}

func TestDurationsAreSeconds(t *testing.T) {
	for members, want := range map[string]float64{
		`"Duration": 0.25, "ResponseTime": 0.1`: 0.25,
		`"ResponseTime": 0.1`:                   0.1,
		`"Duration": 1.2E1`:                     12,
		`"Duration": "NaN"`:                     0,
		`"Duration": "Infinity"`:                0,
		`"Duration": -3`:                        0,
		`"Revision": 1`:                         0,
	} {
		_, f := openXRay(t, `{"TraceSummaries": [{"Id": "`+traceA+`", `+members+`}]}`)
		page, err := f.client().TraceSummaries(ctx, model.Window{}, "", "")
		require.NoError(t, err)
		assert.InDelta(t, want, page.Summaries[0].Duration, 0, members)
	}
}

func TestOnlyTextsNameAPIs(t *testing.T) {
	_, f := openXRay(t, `{"TraceSummaries": [{"Id": "`+traceA+`", "Annotations": {"aws:api_id": [{"AnnotationValue": {"NumberValue": 1}}, {"AnnotationValue": {"BooleanValue": true}},
		{"AnnotationValue": {"New": 1}}, {"AnnotationValue": null}, {}, {"AnnotationValue": {"StringValue": ""}}, {"AnnotationValue": {"StringValue": "a1"}}], "aws:api_stage": null}}]}`)
	page, err := f.client().TraceSummaries(ctx, model.Window{}, "", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"a1"}, page.Summaries[0].APIs)
	assert.Empty(t, page.Summaries[0].Stages)
}

func TestTracesAreReadWithAllTheirPages(t *testing.T) {
	x, f := openXRay(t, `{"Traces": [{"Id": "`+traceA+`", "Segments": [{"Id": "s1", "Document": "{\"id\":\"s1\"}"}]}], "NextToken": "2"}`,
		`{"Traces": [{"Id": "`+traceB+`", "LimitExceeded": true, "Segments": []}, {"Id": "`+traceA+`", "Duration": 1, "Segments": [{"Id": "s2", "Document": "{}"}]}]}`)
	traces, unprocessed, err := f.client().Traces(ctx, []string{traceA, traceB})
	require.NoError(t, err)
	assert.Equal(t, []model.Trace{
		{ID: traceA, Documents: []model.TraceDocument{{ID: "s1", Text: `{"id":"s1"}`}, {ID: "s2", Text: "{}"}}},
		{ID: traceB, Limited: true},
	}, traces)
	assert.Empty(t, unprocessed)
	assert.Equal(t, []string{"/Traces", "/Traces"}, x.paths)
	assert.JSONEq(t, `{"TraceIds": ["`+traceA+`", "`+traceB+`"]}`, x.requests[0])
	assert.JSONEq(t, `{"TraceIds": ["`+traceA+`", "`+traceB+`"], "NextToken": "2"}`, x.requests[1])
}

// A trace that AWS found, one that it wants to be asked for again (of which it has sent a part), and one that it does not have.
func TestUnprocessedTracesAreToBeAskedForAgain(t *testing.T) {
	const absent = "1-58406522-c006649127e371903a2de979"
	_, f := openXRay(t, `{"Traces": [{"Id": "`+traceB+`", "Segments": [{"Id": "s1", "Document": "{}"}]}], "UnprocessedTraceIds": [], "NextToken": "2"}`,
		`{"Traces": [{"Id": "`+traceA+`", "Segments": [{"Id": "s2", "Document": "{}"}]}], "UnprocessedTraceIds": ["`+traceB+`", "`+traceB+`"]}`)
	traces, unprocessed, err := f.client().Traces(ctx, []string{traceA, traceB, absent})
	require.NoError(t, err)
	assert.Equal(t, []model.Trace{{ID: traceA, Documents: []model.TraceDocument{{ID: "s2", Text: "{}"}}}}, traces)
	assert.Equal(t, []string{traceB}, unprocessed)
}

func TestWhatIsUnusableInTracesIsLeftOutAndCounted(t *testing.T) {
	_, f := openXRay(t, `{"Traces": [{"Id": "`+traceA+`", "Segments": [{"Id": "s1"}, {"Id": "s2", "Document": ""}, {"Document": "{}"}, {"Id": "s3", "Document": null}]},
		{"Segments": [{"Id": "s1", "Document": "{}"}]}, {"Id": "`+traceB+`"}], "UnprocessedTraceIds": ["`+traceB+`"]}`)
	traces, unprocessed, err := f.client().Traces(ctx, []string{traceA})
	require.NoError(t, err)
	assert.Equal(t, []model.Trace{{ID: traceA, Documents: []model.TraceDocument{{Text: "{}"}}}}, traces)
	assert.Empty(t, unprocessed)
	assert.EqualValues(t, 6*maxSpoiled, f.malformed(), "three documents, two traces, an id that was not asked for, each time")
}

func TestSpoiledAnswersAreAskedForAgain(t *testing.T) {
	x, f := openXRay(t, `{"Traces": [{"Segments": [{"Id": "s1", "Document": "{}"}]}]}`, `{"Traces": [{"Id": "`+traceA+`", "Segments": [{"Id": "s1", "Document": "{}"}]}]}`,
		`{"TracesProcessedCount": 3, "TraceSummaries": [{}]}`, `{"TracesProcessedCount": 3, "TraceSummaries": [{"Id": "`+traceA+`"}]}`,
		`{"RetrievalStatus": "COMPLETE", "Traces": [{"Id": "`+traceA+`", "Spans": [{"Id": "s1"}]}]}`, `{"RetrievalStatus": "COMPLETE", "Traces": [{"Id": "`+traceA+`"}]}`)
	traces, _, err := f.client().Traces(ctx, []string{traceA})
	require.NoError(t, err)
	assert.Equal(t, []model.Trace{{ID: traceA, Documents: []model.TraceDocument{{ID: "s1", Text: "{}"}}}}, traces)
	page, err := f.client().TraceSummaries(ctx, model.Window{}, "", "")
	require.NoError(t, err)
	assert.Equal(t, model.TracePage{Summaries: []model.TraceSummary{{ID: traceA}}, Scanned: 6}, page, "both scans are billed")
	retrieved, err := f.client().Retrieved(ctx, "r", "")
	require.NoError(t, err)
	assert.Equal(t, []model.Trace{{ID: traceA}}, retrieved.Traces)
	assert.Len(t, x.paths, 6)
}

func TestNoMoreTracesAreAskedForThanOneCallTakes(t *testing.T) {
	x, f := openXRay(t, `{"Traces": [], "RetrievalToken": "r"}`)
	ids := make([]string, MaxRetrievalIDs+1)
	for i := range ids {
		ids[i] = fmt.Sprintf("1-58406520-%024x", i)
	}
	_, _, err := f.client().Traces(ctx, ids[:MaxTraceIDs+1])
	assert.Equal(t, Invalid, ClassOf(err))
	require.EqualError(t, err, "cannot call BatchGetTraces: 6 trace ids, one call takes 1 to 5")
	_, err = f.client().StartRetrieval(ctx, ids, model.Window{})
	require.EqualError(t, err, "cannot call StartTraceRetrieval: 101 trace ids, one call takes 1 to 100")
	_, _, err = f.client().Traces(ctx, nil)
	require.EqualError(t, err, "cannot call BatchGetTraces: 0 trace ids, one call takes 1 to 5")
	assert.Empty(t, x.paths, "none of these is sent")
	_, _, err = f.client().Traces(ctx, ids[:MaxTraceIDs])
	require.NoError(t, err)
	_, err = f.client().StartRetrieval(ctx, ids[:MaxRetrievalIDs], model.Window{})
	require.NoError(t, err)
	assert.Len(t, x.paths, 2)
}

// Five traces of 500 KB, AWS's most, of which JSON in JSON makes nearly the double.
func TestLargestTracesFit(t *testing.T) {
	segments := make([]string, 8)
	document := `{"` + strings.Repeat(`","`, 20_000) + `"}` // 60 KB
	text, err := json.Marshal(document)
	require.NoError(t, err)
	for i := range segments {
		segments[i] = fmt.Sprintf(`{"Id": "%016x", "Document": %s}`, i, text)
	}
	ids, traces := make([]string, MaxTraceIDs), make([]string, MaxTraceIDs)
	for i := range traces {
		ids[i] = fmt.Sprintf("1-58406520-%024x", i)
		traces[i] = fmt.Sprintf(`{"Id": %q, "Segments": [%s]}`, ids[i], strings.Join(segments, ","))
	}
	_, f := openXRay(t, `{"Traces": [`+strings.Join(traces, ",")+`]}`)
	found, _, err := f.client().Traces(ctx, ids)
	require.NoError(t, err)
	require.Len(t, found, MaxTraceIDs)
	for _, trace := range found {
		require.Len(t, trace.Documents, 8)
		assert.Equal(t, document, trace.Documents[7].Text)
	}
}

// Pages that do not end, and pages that end too late for our memory.
func TestTracesAreBounded(t *testing.T) {
	racetest.Skip(t)
	document := strings.Repeat("x", 1<<20)
	page := `{"Traces": [{"Id": "` + traceA + `", "Segments": [{"Id": "s", "Document": "` + document + `"}]}], "NextToken": "%d"}`
	pages := make([]string, 0, maxTraceBytes>>20+1)
	for i := range cap(pages) {
		pages = append(pages, fmt.Sprintf(page, i))
	}
	x, f := openXRay(t, pages...)
	traces, _, err := f.client().Traces(ctx, []string{traceA})
	assert.Equal(t, Malformed, ClassOf(err))
	assert.Empty(t, traces)
	assert.Len(t, x.paths, maxTraceBytes>>20+1)
	_, f = openXRay(t, `{"NextToken": "1"}`)
	_, _, err = f.client().Traces(ctx, []string{traceA})
	assert.Equal(t, Malformed, ClassOf(err), "the page's token leads to the same page")
}
