package aws

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func TestTransactionSearchIsOnOnceItIsActive(t *testing.T) {
	for answer, want := range map[string]bool{
		`{"Destination": "CloudWatchLogs", "Status": "ACTIVE"}`:  true,
		`{"Destination": "CloudWatchLogs", "Status": "PENDING"}`: false,
		`{"Destination": "XRay", "Status": "ACTIVE"}`:            false,
		`{}`: false,
	} {
		x, f := openXRay(t, answer)
		on, err := f.client().TransactionSearch(ctx)
		require.NoError(t, err)
		assert.Equal(t, want, on, answer)
		assert.Equal(t, []string{"/GetTraceSegmentDestination"}, x.paths)
	}
}

func TestRetrievalIsStartedAndRead(t *testing.T) {
	x, f := openXRay(t, `{"RetrievalToken": "r"}`, `{"RetrievalStatus": "RUNNING", "TraceFormat": "OTEL", "Traces": []}`,
		`{"RetrievalStatus": "COMPLETE", "NextToken": "2", "TraceFormat": "OTEL", "Traces": [
			{"Id": "58406520a006649127e371903a2de979", "Duration": 1, "Spans": [{"Id": "s1", "Document": "{}"}, {"Id": "s2"}]},
			{"Id": "`+traceB+`", "Spans": []}, {"Id": "no id"}]}`)
	token, err := f.client().StartRetrieval(ctx, []string{traceA}, model.Window{Start: 1_700_000_000, End: 1_700_000_060})
	require.NoError(t, err)
	assert.Equal(t, "r", token)
	page, err := f.client().Retrieved(ctx, token, "")
	require.NoError(t, err)
	assert.Equal(t, model.Retrieval{Status: "RUNNING"}, page)
	page, err = f.client().Retrieved(ctx, token, "1")
	require.NoError(t, err)
	assert.Equal(t, model.Retrieval{Status: "COMPLETE", Done: true, Token: "2", Traces: []model.Trace{
		{ID: traceA, Documents: []model.TraceDocument{{ID: "s1", Text: "{}"}}}, {ID: traceB},
	}}, page)
	assert.EqualValues(t, 2*maxSpoiled, f.malformed(), "a document and a trace, each time")
	assert.Equal(t, "/StartTraceRetrieval", x.paths[0])
	assert.Len(t, x.paths, 2+maxSpoiled)
	assert.JSONEq(t, `{"TraceIds": ["`+traceA+`"], "StartTime": 1700000000, "EndTime": 1700000060}`, x.requests[0])
	assert.JSONEq(t, `{"RetrievalToken": "r", "TraceFormat": "OTEL"}`, x.requests[1])
	assert.JSONEq(t, `{"RetrievalToken": "r", "TraceFormat": "OTEL", "NextToken": "1"}`, x.requests[2])
}

func TestRetrievalsEnd(t *testing.T) {
	for status, want := range map[string]model.Retrieval{
		"SCHEDULED": {}, "RUNNING": {}, "NEW": {}, "": {}, "COMPLETE": {Done: true}, "FAILED": {Failed: true}, "CANCELLED": {Failed: true}, "TIMEOUT": {Failed: true},
	} {
		want.Status = status
		_, f := openXRay(t, `{"RetrievalStatus": "`+status+`"}`)
		page, err := f.client().Retrieved(ctx, "r", "")
		require.NoError(t, err)
		assert.Equal(t, want, page)
	}
}

func TestRetrievalsThatMakeNoSenseAreMalformed(t *testing.T) {
	_, f := openXRay(t, `{"RetrievalStatus": "COMPLETE", "TraceFormat": "XRAY", "Traces": []}`)
	_, err := f.client().Retrieved(ctx, "r", "")
	assert.Equal(t, Malformed, ClassOf(err), "documents of another format than was asked for")
	_, f = openXRay(t, `{}`)
	_, err = f.client().StartRetrieval(ctx, []string{traceA}, model.Window{})
	assert.Equal(t, Malformed, ClassOf(err), "nothing to ask with")
}

// xrayCallsByName makes each of the calls.
var xrayCallsByName = map[string]func(*Client) error{
	"GetTraceSummaries":          func(c *Client) error { _, err := c.TraceSummaries(ctx, model.Window{}, "", ""); return err },
	"BatchGetTraces":             func(c *Client) error { _, _, err := c.Traces(ctx, []string{traceA}); return err },
	"GetTraceSegmentDestination": func(c *Client) error { _, err := c.TransactionSearch(ctx); return err },
	"StartTraceRetrieval":        func(c *Client) error { _, err := c.StartRetrieval(ctx, []string{traceA}, model.Window{}); return err },
	"ListRetrievedTraces":        func(c *Client) error { _, err := c.Retrieved(ctx, "r", ""); return err },
}

func TestFailedXRayCallsHaveTheirClass(t *testing.T) {
	for name, tt := range map[string]struct {
		status                int
		code, body            string
		class                 Class
		unknown, tokenInvalid bool
	}{
		"throttled":         {429, "ThrottledException", `{"message": "Rate exceeded"}`, Throttled, false, false},
		"server":            {500, "InternalFailure", `{}`, Server, false, false},
		"token":             {400, "InvalidRequestException", `{"Message": "Invalid NextToken"}`, Invalid, false, true},
		"filter":            {400, "InvalidRequestException", `{"Message": "Invalid filter expression"}`, Invalid, false, false},
		"retrieval is gone": {404, "ResourceNotFoundException", `{"Message": "not found"}`, Invalid, false, false},
		"unknown":           {404, "UnknownOperationException", `{"message": null}`, Invalid, true, false},
		"unknown in a body": {400, "", `{"__type": "com.amazon.coral.service#UnknownOperationException"}`, Invalid, true, false},
		"unknown as a page": {404, "", `<UnknownOperationException/>`, Invalid, true, false},
		"unknown path":      {403, "MissingAuthenticationTokenException", `{"message": "Missing Authentication Token"}`, NoCredentials, true, false},
		"a page of a proxy": {403, "", `<html>`, Invalid, false, false},
		"denied":            {403, "AccessDeniedException", `{"Message": "User: x is not authorized because no identity-based policy allows it"}`, Denied, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if tt.code != "" {
					w.Header().Set("X-Amzn-Errortype", tt.code)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}), nil)
			for operation, do := range xrayCallsByName {
				err := do(f.client())
				require.ErrorContains(t, err, "cannot call "+operation+": ")
				assert.Equal(t, tt.class, ClassOf(err), "%s: %v", operation, err)
				assert.Equal(t, tt.unknown, UnknownOperation(err), operation)
				assert.Equal(t, tt.tokenInvalid, TraceTokenInvalid(err), operation)
				if tt.class == Denied {
					require.ErrorContains(t, err, fmt.Sprintf("allow xray:%s on * in the identity's policy", operation))
				}
			}
		})
	}
	assert.False(t, UnknownOperation(nil))
	assert.False(t, TraceTokenInvalid(nil))
}

// A throttle slows the operation down, and the others of X-Ray not.
func TestXRayThrottlesSlowDown(t *testing.T) {
	f := openHandler(t, wireErrorAs(429, "ThrottledException"), nil)
	require.Error(t, xrayCallsByName["GetTraceSummaries"](f.client()))
	l := f.client().limits.Load()
	assert.Less(t, l.traceSummaries.lim.Limit(), l.traceSummaries.max)
	assert.Equal(t, l.traces.lim.Limit(), l.traces.max)
	assert.EqualValues(t, maxAttempts, f.counted("aws_throttles"))
}

func wireErrorAs(status int, code string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		_, _ = w.Write([]byte("{}"))
	})
}
