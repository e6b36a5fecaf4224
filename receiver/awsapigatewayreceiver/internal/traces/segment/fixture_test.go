package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

const traceID = "1-5b6d9d7e-a1b2c3d4e5f60718293a4b5c"

// The documents of one request, as X-Ray keeps them: of the stage, of the Lambda service, of the function, and of the table that it asks.
const (
	stageDocument = `{"id":"194fcc8747581230","name":"petstore/prod","start_time":1.533910398321E9,"end_time":1.533910398614E9,` +
		`"trace_id":"` + traceID + `",` +
		`"http":{"request":{"url":"https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod/pets/42?expand=owner","method":"GET",` +
		`"user_agent":"curl/8.5.0","client_ip":"203.0.113.7","x_forwarded_for":true},"response":{"status":200,"content_length":512}},` +
		`"aws":{"xray":{"sampling_rule_name":"Default"},"api_gateway":{"account_id":"123456789012","rest_api_id":"a1b2c3d4e5","stage":"prod",` +
		`"request_id":"c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}},` +
		`"annotations":{"aws:api_id":"a1b2c3d4e5","aws:api_stage":"prod"},` +
		`"metadata":{"default":{"extended_request_id":"Vwc2MGFUrPEFV_g=","request_id":"c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}},` +
		`"origin":"AWS::ApiGateway::Stage","resource_arn":"arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/prod",` +
		`"subsegments":[{"id":"53995c3f42cd8ad8","name":"Lambda","start_time":1.533910398325E9,"end_time":1.533910398610E9,` +
		`"http":{"request":{"url":"https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:pets/invocations",` +
		`"method":"POST"},"response":{"status":200,"content_length":512}},` +
		`"aws":{"function_name":"pets","region":"us-east-1","operation":"Invoke","resource_names":["pets"]},"namespace":"aws"}]}`

	lambdaDocument = `{"id":"0a1b2c3d4e5f6071","name":"pets","start_time":1533910398.330,"end_time":1533910398.600,"trace_id":"` + traceID + `",` +
		`"parent_id":"53995c3f42cd8ad8","http":{"response":{"status":200}},"aws":{"request_id":"0e4f1f6f-5f1d-4a39-a0e5-3c0ab4c0f0aa","resource_names":["pets"]},` +
		`"origin":"AWS::Lambda","resource_arn":"arn:aws:lambda:us-east-1:123456789012:function:pets"}`

	functionDocument = `{"id":"1122334455667788","name":"pets","start_time":1533910398.340,"end_time":1533910398.598,"trace_id":"` + traceID + `",` +
		`"parent_id":"0a1b2c3d4e5f6071","aws":{"account_id":"123456789012","function_arn":"arn:aws:lambda:us-east-1:123456789012:function:pets",` +
		`"request_id":"0e4f1f6f-5f1d-4a39-a0e5-3c0ab4c0f0aa","resource_names":["pets"],` +
		`"cloudwatch_logs":[{"log_group":"/aws/lambda/pets","arn":"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/pets"}]},` +
		`"origin":"AWS::Lambda::Function","service":{"version":"1.4.2"},"annotations":{"customer_category":124,"internal":false,"country":"Norway"},` +
		`"subsegments":[{"id":"2233445566778899","name":"Initialization","start_time":1533910398.1,"end_time":1533910398.3},` +
		`{"id":"33445566778899aa","name":"Invocation","start_time":1533910398.341,"end_time":1533910398.59,"subsegments":[` +
		`{"id":"445566778899aabb","name":"DynamoDB","start_time":1533910398.35,"end_time":1533910398.38,"namespace":"aws",` +
		`"http":{"response":{"status":200,"content_length":301}},` +
		`"aws":{"operation":"GetItem","region":"us-east-1","table_name":"pets-table","request_id":"UBQNSO5AEM8T4FDA4RQDEB94OVTDRVV4K4HIRGVJF66Q9ASUAAJG","retries":1,"resource_names":["pets-table"]}}]},` +
		`{"id":"5566778899aabbcc","name":"Overhead","start_time":1533910398.59,"end_time":1533910398.598}]}`

	tableDocument = `{"id":"66778899aabbccdd","name":"pets-table","start_time":1533910398.35,"end_time":1533910398.38,"trace_id":"` + traceID + `",` +
		`"parent_id":"445566778899aabb","http":{"response":{"status":200,"content_length":301}},"aws":{"operation":"GetItem","region":"us-east-1",` +
		`"table_name":"pets-table","request_id":"UBQNSO5AEM8T4FDA4RQDEB94OVTDRVV4K4HIRGVJF66Q9ASUAAJG","retries":1,"resource_names":["pets-table"]},` +
		`"origin":"AWS::DynamoDB::Table","inferred":true}`
)

var requestDocuments = []string{stageDocument, lambdaDocument, functionDocument, tableDocument}

var petstore = &model.API{ID: "a1b2c3d4e5", Name: "petstore", Type: model.REST, EndpointType: "REGIONAL", Tags: map[string]string{"team": "pets"}}

// settings are those of a target whose inventory has one API.
func settings() Settings {
	target := model.Target{Label: "own/us-east-1", AccountName: "prod", AccountID: "123456789012", Region: "us-east-1", Partition: "aws"}
	return Settings{
		Rules:     redact.New(nil, nil, ""),
		Resources: resource.NewWriter(target, nil, []string{"team"}),
		API: func(id string) (*model.API, bool) {
			return petstore, id == petstore.ID
		},
		Version: "1.2.3",
	}
}

// translate makes spans of documents.
func translate(t testing.TB, s Settings, documents ...string) ptrace.Traces {
	t.Helper()
	b := New(s).NewBatch()
	for _, document := range documents {
		d, err := Decode(document)
		require.NoError(t, err, document)
		b.Add(d)
	}
	return b.Traces()
}

// spansByID are all spans of a batch, by their ids.
func spansByID(traces ptrace.Traces) map[string]ptrace.Span {
	out := map[string]ptrace.Span{}
	for _, rs := range traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				out[s.SpanID().String()] = s
			}
		}
	}
	return out
}

// inSegment is the document of a segment with further members.
func inSegment(members string) string {
	return `{"id":"70de5b6f19ff9a0a","trace_id":"` + traceID + `","name":"example.com","start_time":1533910398,"end_time":1533910399` + members + `}`
}

// inSubsegment is a document whose segment has a subsegment with further members.
func inSubsegment(members string) string {
	return inSegment(`,"subsegments":[{"id":"53995c3f42cd8ad8","name":"sub","start_time":1533910398.25,"end_time":1533910398.5` + members + `}]`)
}

// spanOf is the span of a segment in a document of its own.
func spanOf(t testing.TB, document string) ptrace.Span {
	t.Helper()
	spans := spansByID(translate(t, settings(), document))
	require.Contains(t, spans, "70de5b6f19ff9a0a")
	return spans["70de5b6f19ff9a0a"]
}

// subspanOf is the span of the subsegment in a document.
func subspanOf(t testing.TB, document string) ptrace.Span {
	t.Helper()
	spans := spansByID(translate(t, settings(), document))
	require.Contains(t, spans, "53995c3f42cd8ad8")
	return spans["53995c3f42cd8ad8"]
}
