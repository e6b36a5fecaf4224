package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestStatusFollowsTheConventions(t *testing.T) {
	http := func(status string) string { return `"http":{"response":{"status":` + status + `}}` }
	tests := []struct {
		name, members  string
		server, client string // of error.type: "" where the span has not failed
	}{
		{"no status", ``, "", ""},
		{"200", http("200"), "", ""},
		{"302", http("302"), "", ""},
		{"404, an error to X-Ray", http("404") + `,"error":true`, "", "404"},
		{"429", http("429") + `,"error":true,"throttle":true`, "", "429"},
		{"500", http("500") + `,"fault":true`, "500", "500"},
		{"504 without a flag", http("504"), "504", "504"},
		{"a fault that was answered with 200", http("200") + `,"fault":true`, "_OTHER", "_OTHER"},
		{"an error that was answered with 200", http("200") + `,"error":true`, "", "_OTHER"},
		{"a fault without HTTP", `"fault":true`, "_OTHER", "_OTHER"},
		{"an error without HTTP", `"error":true`, "_OTHER", "_OTHER"},
		{"only throttled", `"throttle":true`, "", ""},
		{"an exception", `"fault":true,"cause":{"exceptions":[{"type":"TimeoutError"},{"type":"Other"}]}`, "TimeoutError", "TimeoutError"},
		{"an exception of another segment", `"fault":true,"cause":"a1b2c3d4e5f60718"`, "_OTHER", "_OTHER"},
		{"an exception that was handled", `"cause":{"exceptions":[{"type":"TimeoutError"}]}`, "", ""},
		{"both", http("503") + `,"fault":true,"cause":{"exceptions":[{"type":"TimeoutError"}]}`, "503", "503"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			members := ""
			if test.members != "" {
				members = "," + test.members
			}
			for span, want := range map[ptrace.Span]string{
				spanOf(t, inSegment(members)):                               test.server,
				subspanOf(t, inSubsegment(`,"namespace":"remote"`+members)): test.client,
			} {
				failure, failed := span.Attributes().AsRaw()["error.type"]
				code := ptrace.StatusCodeUnset
				if want != "" {
					code = ptrace.StatusCodeError
					assert.Equal(t, want, failure, span.Kind())
				}
				assert.Equal(t, want != "", failed, span.Kind())
				assert.Equal(t, code, span.Status().Code(), span.Kind())
			}
		})
	}
}

func TestFlagsAreKeptWhereTheyAreTrue(t *testing.T) {
	span := spanOf(t, inSegment(`,"fault":true,"error":true,"throttle":true,"inferred":true`))
	assert.Equal(t, map[string]any{
		"aws.xray.fault": true, "aws.xray.error": true, "aws.xray.throttle": true, "aws.xray.inferred": true, "error.type": "_OTHER",
	}, span.Attributes().AsRaw())
	assert.Empty(t, spanOf(t, inSegment(`,"fault":false,"error":false,"throttle":false,"inferred":false`)).Attributes().AsRaw())
}

func TestKindsOfSpans(t *testing.T) {
	for members, want := range map[string]ptrace.SpanKind{
		``:                                   ptrace.SpanKindServer,
		`,"origin":"AWS::ApiGateway::Stage"`: ptrace.SpanKindServer,
		`,"origin":"AWS::EC2::Instance"`:     ptrace.SpanKindServer,
		`,"origin":"AWS::Lambda"`:            ptrace.SpanKindServer,
		`,"origin":"AWS::Lambda::Function"`:  ptrace.SpanKindServer,
		`,"origin":"AWS::Lambda::Function","parent_id":"0a1b2c3d4e5f6071"`: ptrace.SpanKindInternal,
		`,"origin":"AWS::DynamoDB::Table","inferred":true`:                 ptrace.SpanKindServer,
		`,"origin":"AWS::SQS::Queue","inferred":true`:                      ptrace.SpanKindConsumer,
		`,"origin":"AWS::SNS","inferred":true`:                             ptrace.SpanKindConsumer,
		`,"type":"subsegment","namespace":"aws"`:                           ptrace.SpanKindClient,
		`,"type":"subsegment","namespace":"remote"`:                        ptrace.SpanKindClient,
		`,"type":"subsegment","namespace":"local"`:                         ptrace.SpanKindInternal,
		`,"type":"subsegment"`:                                             ptrace.SpanKindInternal,
	} {
		assert.Equal(t, want, spanOf(t, inSegment(members)).Kind(), members)
	}
}
