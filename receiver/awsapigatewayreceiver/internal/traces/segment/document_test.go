package segment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestARequestIsOneTree(t *testing.T) {
	traces := translate(t, settings(), requestDocuments...)
	var tree strings.Builder
	for _, rs := range traces.ResourceSpans().All() {
		service, _ := rs.Resource().Attributes().Get("service.name")
		scope := rs.ScopeSpans().At(0)
		assert.Equal(t, "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver", scope.Scope().Name())
		assert.Equal(t, "1.2.3", scope.Scope().Version())
		for _, s := range scope.Spans().All() {
			assert.Equal(t, "5b6d9d7ea1b2c3d4e5f60718293a4b5c", s.TraceID().String())
			assert.EqualValues(t, 1, s.Flags())
			fmt.Fprintf(&tree, "%s: %s %s, %s below %s, %s for %s\n", service.Str(), s.Kind(), s.Name(), s.SpanID(), s.ParentSpanID(),
				s.StartTimestamp().AsTime().Format("05.000"), s.EndTimestamp().AsTime().Sub(s.StartTimestamp().AsTime()))
		}
	}
	assert.Equal(t, `petstore: Server petstore/prod, 194fcc8747581230 below , 18.321 for 293ms
petstore: Client Lambda.Invoke, 53995c3f42cd8ad8 below 194fcc8747581230, 18.325 for 285ms
pets: Server pets, 0a1b2c3d4e5f6071 below 53995c3f42cd8ad8, 18.330 for 270ms
pets: Internal pets, 1122334455667788 below 0a1b2c3d4e5f6071, 18.340 for 258ms
pets: Internal Initialization, 2233445566778899 below 1122334455667788, 18.100 for 200ms
pets: Internal Invocation, 33445566778899aa below 1122334455667788, 18.341 for 249ms
pets: Client DynamoDB.GetItem, 445566778899aabb below 33445566778899aa, 18.350 for 30ms
pets: Internal Overhead, 5566778899aabbcc below 1122334455667788, 18.590 for 8ms
pets-table: Server pets-table, 66778899aabbccdd below 445566778899aabb, 18.350 for 30ms
`, tree.String())
}

func TestADocumentSaysWhatItIs(t *testing.T) {
	tests := map[string]struct {
		document string
		want     Document
		spans    int
	}{
		"of a stage":                 {stageDocument, Document{API: "a1b2c3d4e5", Stage: "prod"}, 2},
		"with nested subsegments":    {functionDocument, Document{}, 5},
		"inferred":                   {tableDocument, Document{Inferred: true}, 1},
		"in progress":                {`{"name":"a","id":"70de5b6f19ff9a0b","start_time":1.478293361271E9,"trace_id":"` + traceID + `","in_progress":true}`, Document{InProgress: true}, 1},
		"without an end":             {`{"name":"a","id":"70de5b6f19ff9a0b","start_time":1.478293361271E9,"trace_id":"` + traceID + `"}`, Document{InProgress: true}, 1},
		"ended, once in progress":    {inSegment(`,"in_progress":false`), Document{}, 1},
		"with a part in progress":    {inSegment(`,"subsegments":[{"name":"a","id":"53995c3f42cd8ad8","start_time":1533910398,"in_progress":true}]`), Document{InProgress: true}, 2},
		"of a stage by annotations":  {inSegment(`,"origin":"AWS::ApiGateway::Stage","annotations":{"aws:api_id":"a1b2c3d4e5","aws:api_stage":"prod"}`), Document{API: "a1b2c3d4e5", Stage: "prod"}, 1},
		"of a stage by its ARN":      {inSegment(`,"origin":"AWS::ApiGateway::Stage","resource_arn":"arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/prod"`), Document{API: "a1b2c3d4e5", Stage: "prod"}, 1},
		"of a stage by its block":    {inSegment(`,"aws":{"api_gateway":{"rest_api_id":"a1b2c3d4e5","stage":"prod"}}`), Document{API: "a1b2c3d4e5", Stage: "prod"}, 1},
		"of a canary":                {inSegment(`,"aws":{"api_gateway":{"rest_api_id":"a1b2c3d4e5","stage":"prod/Canary"}}`), Document{API: "a1b2c3d4e5", Stage: "prod"}, 1},
		"of another kind of service": {inSegment(`,"origin":"AWS::EC2::Instance","annotations":{"aws:api_id":"a1b2c3d4e5"}`), Document{}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := Decode(test.document)
			require.NoError(t, err)
			assert.Equal(t, "5b6d9d7ea1b2c3d4e5f60718293a4b5c", d.TraceID.String())
			assert.Equal(t, test.want, Document{InProgress: d.InProgress, Inferred: d.Inferred, API: d.API, Stage: d.Stage, Unknown: d.Unknown})
			assert.Equal(t, test.spans, d.Spans())
			b := New(settings()).NewBatch()
			b.Add(d)
			assert.Equal(t, test.spans, b.Traces().SpanCount())
		})
	}
}

func TestTimesOfASpan(t *testing.T) {
	for members, want := range map[string][2]string{
		`"start_time":1.5E9,"end_time":1.500000001E9`:                      {"02:40:00", "02:40:01"},
		`"start_time":"1500000000","end_time":"1500000001"`:                {"02:40:00", "02:40:01"},
		`"start_time":1500000000,"end_time":1499999999`:                    {"02:40:00", "02:40:00"},
		`"start_time":1500000000,"in_progress":true`:                       {"02:40:00", "02:40:00"},
		`"start_time":1500000000,"end_time":null`:                          {"02:40:00", "02:40:00"},
		`"start_time":1500000000,"end_time":"soon"`:                        {"02:40:00", "02:40:00"},
		`"start_time":1500000000,"end_time":1500000001,"in_progress":true`: {"02:40:00", "02:40:01"},
	} {
		span := spanOf(t, `{"id":"70de5b6f19ff9a0a","trace_id":"`+traceID+`","name":"a",`+members+`}`)
		assert.Equal(t, want[0], span.StartTimestamp().AsTime().Format(time.TimeOnly), members)
		assert.Equal(t, want[1], span.EndTimestamp().AsTime().Format(time.TimeOnly), members)
		_, inProgress := span.Attributes().Get("aws.xray.in_progress")
		assert.Equal(t, want[0] == want[1] && !strings.Contains(members, "1499999999"), inProgress, members)
	}
}

func TestASubsegmentBeginsWithItsSegmentAtTheEarliestKnown(t *testing.T) {
	span := subspanOf(t, inSegment(`,"subsegments":[{"id":"53995c3f42cd8ad8","name":"sub","end_time":1533910398.5}]`))
	assert.EqualValues(t, 1533910398_000_000_000, span.StartTimestamp())
	assert.EqualValues(t, 1533910398_500_000_000, span.EndTimestamp())
}

// fullDocument has all members that are documented, of a segment and of subsegments for each kind of call.
var fullDocument = inSegment(`,"parent_id":"defdfd9912dc5a56","service":{"version":"1.0"},"user":"ann","origin":"AWS::EC2::Instance",` +
	`"resource_arn":"arn:aws:ec2:us-east-1:123456789012:instance/i-1","fault":true,"error":true,"throttle":true,"in_progress":false,"inferred":false,` +
	`"http":{"request":{"method":"GET","url":"https://example.com/a?b=c","user_agent":"curl","client_ip":"203.0.113.7","x_forwarded_for":true},"response":{"status":500,"content_length":3}},` +
	`"aws":{"account_id":"123456789012","cloudwatch_logs":[{"log_group":"g","arn":"arn:g"}],"ec2":{"instance_id":"i-1","instance_size":"m5.large","ami_id":"ami-1","availability_zone":"us-east-1a"},` +
	`"ecs":{"container":"c","container_id":"cid","container_arn":"carn"},"eks":{"cluster_name":"k","pod":"p","container_id":"cid"},` +
	`"elastic_beanstalk":{"environment_name":"e","version_label":"v","deployment_id":32},"xray":{"auto_instrumentation":true,"sdk":"X-Ray for Java","sdk_version":"2.8.0","sampling_rule_name":"r"}},` +
	`"cause":{"working_directory":"/app","paths":["/lib"],"exceptions":[{"id":"a1b2c3d4e5f60718","message":"m","type":"T","remote":true,"truncated":1,"skipped":2,"cause":"0011223344556677","stack":[{"path":"p.go","line":3,"label":"f"}]}]},` +
	`"annotations":{"text":"a","number":1,"yes":true},"metadata":{"ns":{"k":{"nested":[1,"x"]}}},"links":[{"id":"53995c3f42cd8ad8","trace_id":"` + traceID + `","attributes":{"a":1}}],"precursor_ids":["0011223344556677"],` +
	`"subsegments":[` +
	`{"id":"0000000000000001","name":"DynamoDB","start_time":1533910398,"end_time":1533910399,"namespace":"aws","aws":{"operation":"GetItem","account_id":"123456789012","region":"us-east-1","request_id":"r","table_name":"t","retries":1,"resource_names":["t"]}},` +
	`{"id":"0000000000000002","name":"SQS","start_time":1533910398,"end_time":1533910399,"namespace":"aws","aws":{"operation":"SendMessage","queue_url":"https://sqs.us-east-1.amazonaws.com/1/q","message_id":"m"}},` +
	`{"id":"0000000000000003","name":"db@host","start_time":1533910398,"end_time":1533910399,"namespace":"remote","sql":{"url":"jdbc:postgresql://h:5432/d","sanitized_query":"SELECT 1","database_type":"PostgreSQL","database_version":"9","driver_version":"1","preparation":"statement","user":"u","connection_string":"c"}},` +
	`{"id":"0000000000000004","name":"host","start_time":1533910398,"end_time":1533910399,"namespace":"remote","http":{"request":{"method":"POST","url":"https://host/x","traced":true},"response":{"status":503,"content_length":-1}}},` +
	`{"id":"0000000000000005","name":"own","start_time":1533910398,"end_time":1533910399,"namespace":"local","type":"subsegment","cause":"a1b2c3d4e5f60718"}]`)

// paths are all members of a JSON value, each by its way through objects and arrays.
func paths(v any, at []any) [][]any {
	var out [][]any
	switch v := v.(type) {
	case map[string]any:
		for key, below := range v {
			here := append(append([]any{}, at...), key)
			out = append(append(out, here), paths(below, here)...)
		}
	case []any:
		for i, below := range v {
			out = append(out, paths(below, append(append([]any{}, at...), i))...)
		}
	}
	return out
}

// change makes a document with another value at a path; nil removes it.
func change(t *testing.T, document string, path []any, to any) string {
	var root any
	require.NoError(t, json.Unmarshal([]byte(document), &root))
	v := root
	for _, step := range path[:len(path)-1] {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	object, key := v.(map[string]any), path[len(path)-1].(string)
	if object[key] = to; to == nil {
		delete(object, key)
	}
	b, err := json.Marshal(root)
	require.NoError(t, err)
	return string(b)
}

func decoded(t *testing.T, document string) any {
	var v any
	require.NoError(t, json.Unmarshal([]byte(document), &v))
	return v
}

func required(path []any) bool {
	return len(path) == 1 && (path[0] == "id" || path[0] == "trace_id" || path[0] == "start_time")
}

func TestEachMemberMayBeMissing(t *testing.T) {
	for _, document := range append([]string{fullDocument}, requestDocuments...) {
		for _, path := range paths(decoded(t, document), nil) {
			for _, to := range []any{nil, json.RawMessage("null")} {
				changed := change(t, document, path, to)
				d, err := Decode(changed)
				if required(path) {
					assert.Error(t, err, "%v", path)
					continue
				}
				require.NoError(t, err, "%v", path)
				if path[0] != "links" { // a link without a trace leads nowhere
					assert.Zero(t, d.Unknown, "%v", path)
				}
				b := New(settings()).NewBatch()
				b.Add(d)
				assert.Equal(t, d.Spans(), b.Traces().SpanCount())
			}
		}
	}
}

func TestAWrongTypeLosesThatMemberAlone(t *testing.T) {
	wrong := []any{"text", "", 7, -1.5, true, map[string]any{"k": "v"}, []any{}, []any{1, "x", nil, []any{}}, map[string]any{}}
	for _, document := range append([]string{fullDocument}, requestDocuments...) {
		good, err := Decode(document)
		require.NoError(t, err)
		for _, path := range paths(decoded(t, document), nil) {
			for _, to := range wrong {
				d, err := Decode(change(t, document, path, to))
				if required(path) {
					continue
				}
				require.NoError(t, err, "%v is %v", path, to)
				if path[len(path)-1] != "subsegments" {
					assert.Equal(t, good.Spans(), d.Spans(), "%v is %v", path, to)
				}
				b := New(settings()).NewBatch()
				b.Add(d)
				assert.Equal(t, d.Spans(), b.Traces().SpanCount(), "%v is %v", path, to)
			}
		}
	}
}

func TestMembersOfAWrongTypeAreCounted(t *testing.T) {
	for members, unknown := range map[string]int{
		`"parent_id":7`:       1,
		`"parent_id":"short"`: 1,
		`"end_time":true`:     1,
		`"http":"text"`:       1,
		`"http":{"request":[],"response":{"status":"200"}}`:  2,
		`"http":{"response":{"status":4.29E2}}`:              0,
		`"http":{"response":{"status":200.5}}`:               1,
		`"aws":{"retries":{},"resource_names":["a",1,null]}`: 2,
		`"aws":{"ec2":7,"cloudwatch_logs":[1,{"arn":2}]}`:    3,
		`"sql":[]`:                              1,
		`"cause":7`:                             1,
		`"cause":{"exceptions":{},"paths":"x"}`: 2,
		`"cause":{"exceptions":["x",{"stack":[1,{"line":"x"}]}]}`: 3,
		`"annotations":[],"metadata":7`:                           2,
		`"links":[7,{"trace_id":"x"}]`:                            2,
		`"subsegments":[7,"x",null,[]]`:                           3,
		`"fault":"true","user":{}`:                                2,
		`"fault":null,"user":null,"aws":null`:                     0,
	} {
		d, err := Decode(inSegment(`,` + members))
		require.NoError(t, err, members)
		assert.Equal(t, unknown, d.Unknown, members)
	}
}

func TestUnknownMembersAreKeptAndCounted(t *testing.T) {
	document := inSegment(`,"novel":"a","http":{"novel":1,"request":{"novel":true},"response":{"novel":1.5}},"aws":{"novel":{"a":[1]},"xray":{"novel":[]},"api_gateway":{"novel":"b"},` +
		`"ec2":{"novel":"c"},"cloudwatch_logs":[{"novel":"d"}]},"sql":{"novel":"e"},"cause":{"novel":"f","exceptions":[{"novel":"g","stack":[{"novel":"h"}]}]},"service":{"novel":"i"},` +
		`"links":[{"trace_id":"` + traceID + `","novel":"j"}],"nothing":null`)
	d, err := Decode(document)
	require.NoError(t, err)
	assert.Equal(t, 15, d.Unknown)
	got := map[string]any{}
	for key, v := range spanOf(t, document).Attributes().All() {
		if strings.HasSuffix(key, ".novel") {
			got[key] = v.AsRaw()
		}
	}
	assert.Equal(t, map[string]any{
		"aws.xray.novel": "a", "aws.xray.http.novel": int64(1), "aws.xray.http.request.novel": true, "aws.xray.http.response.novel": 1.5,
		"aws.xray.aws.novel": `{"a":[1]}`, "aws.xray.aws.xray.novel": "[]", "aws.xray.aws.api_gateway.novel": "b", "aws.xray.aws.ec2.novel": "c",
		"aws.xray.aws.cloudwatch_logs.novel": "d", "aws.xray.sql.novel": "e", "aws.xray.cause.novel": "f", "aws.xray.cause.exceptions.novel": "g",
		"aws.xray.cause.exceptions.stack.novel": "h", "aws.xray.service.novel": "i", "aws.xray.links.novel": "j",
	}, got)
}

func TestADocumentCanBeAddedAgain(t *testing.T) {
	var first string
	for range 3 {
		var documents []*Document
		for _, document := range append([]string{fullDocument}, requestDocuments...) {
			d, err := Decode(document)
			require.NoError(t, err)
			documents = append(documents, d)
		}
		for range 2 {
			b := New(settings()).NewBatch()
			for _, d := range documents {
				b.Add(d)
			}
			all, err := (&ptrace.JSONMarshaler{}).MarshalTraces(b.Traces())
			require.NoError(t, err)
			if first == "" {
				first = string(all)
			}
			assert.Equal(t, first, string(all))
		}
	}
}

func TestSpaceBetweenMembersDoesNotMatter(t *testing.T) {
	for _, documents := range []struct {
		texts  []string
		decode func(string) (*Document, error)
	}{{requestDocuments, Decode}, {[]string{stageSpan, integrationSpan}, DecodeSpan}, {[]string{`{"traceId":"` + traceID + `","spanId":"194fcc8747581230","parentSpanId":"","startTimeUnixNano":1}`}, DecodeSpan}} {
		for _, document := range documents.texts {
			var wide bytes.Buffer
			require.NoError(t, json.Indent(&wide, []byte(document), "\r\n", "\t "))
			var all [2]ptrace.Traces
			for i, text := range []string{document, wide.String()} {
				d, err := documents.decode(text)
				require.NoError(t, err)
				assert.Zero(t, d.Unknown)
				b := New(settings()).NewBatch()
				b.Add(d)
				all[i] = b.Traces()
			}
			assert.Equal(t, all[0], all[1])
		}
	}
}

func TestSeveralGoroutinesTranslateTheSameDocuments(t *testing.T) {
	translator := New(settings())
	var documents []*Document
	for _, document := range append([]string{fullDocument}, requestDocuments...) {
		d, err := Decode(document)
		require.NoError(t, err)
		documents = append(documents, d)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			b := translator.NewBatch()
			for range 50 {
				for _, d := range documents {
					b.Add(d)
				}
			}
			assert.Equal(t, 50*15, b.Traces().SpanCount())
		})
	}
	wait.Wait()
}

func TestASpanIsBounded(t *testing.T) {
	var members strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&members, `,"a%d":"%s"`, i, strings.Repeat("é", 10))
	}
	long := strings.Repeat("é", maxValue)
	exceptions := strings.TrimPrefix(strings.Repeat(`,{"type":"T","stack":[`+strings.TrimPrefix(strings.Repeat(`,{"label":"f"}`, 300), ",")+`]}`, 100), ",")
	span := spanOf(t, inSegment(`,"annotations":{"long":"`+long+`"`+members.String()+`},"metadata":{"ns":{"list":["`+long+`"]}},"cause":{"exceptions":[`+exceptions+`]}`))
	assert.Equal(t, maxAttributes, span.Attributes().Len())
	assert.NotZero(t, span.DroppedAttributesCount())
	value, _ := span.Attributes().Get("aws.xray.annotation.long")
	assert.Equal(t, strings.Repeat("é", maxValue/2), value.Str(), "cut between two characters")
	assert.Equal(t, maxExceptions, span.Events().Len())
	stack, _ := span.Events().At(0).Attributes().Get("exception.stacktrace")
	assert.Equal(t, maxFrames, strings.Count(stack.Str(), "at f"))

	many := inSegment(`,"subsegments":[{}` + strings.Repeat(`,{}`, maxSpans+50) + `]`)
	d, err := Decode(many)
	require.NoError(t, err)
	assert.Equal(t, maxSpans, d.Spans())
	assert.Equal(t, 52, d.Unknown)
}
