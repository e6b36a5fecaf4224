package aws

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

var filterLogEventsSchema = smithy.NewOperationSchema(schemas.FilterLogEvents, schemas.FilterLogEventsRequest, schemas.FilterLogEventsResponse)

// sdkProtocol is the SDK's own protocol of CloudWatch Logs, taken out of a client.
func sdkProtocol() smithyhttp.ClientProtocol {
	return cloudwatchlogs.NewFromConfig(awssdk.Config{}).Options().Protocol
}

// sdkDecode decodes an answer with the SDK's decoder.
func sdkDecode(p smithyhttp.ClientProtocol, body []byte) (out cloudwatchlogs.FilterLogEventsOutput, err error) {
	resp := &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}}
	err = p.DeserializeResponse(context.Background(), filterLogEventsSchema, cloudwatchlogs.TypeRegistry, resp, &out)
	return out, err
}

// padded is a document as decodeLogPage takes it.
func padded(body []byte) []byte {
	return append(bytes.Clone(body), make([]byte, logPadding)...)
}

// sdkPage is what the SDK's output is as a page: without the incomplete events, and with valid texts.
func sdkPage(out *cloudwatchlogs.FilterLogEventsOutput, body []byte) (page model.LogPage, incomplete int) {
	page = model.LogPage{Token: valid(out.NextToken), Bytes: len(body)}
	for i := range out.Events {
		e := &out.Events[i]
		if e.EventId == nil || e.Timestamp == nil || e.Message == nil {
			incomplete++
			continue
		}
		page.Events = append(page.Events, model.LogEvent{
			Timestamp: *e.Timestamp, Ingested: awssdk.ToInt64(e.IngestionTime),
			ID: valid(e.EventId), Stream: valid(e.LogStreamName), Message: valid(e.Message),
		})
	}
	return page, incomplete
}

func valid(s *string) string { return string([]rune(awssdk.ToString(s))) }

// assertAsTheSDK checks that a document is decoded, or refused, as by the SDK. Only "" is not: the SDK takes it for an answer without members.
func assertAsTheSDK(t *testing.T, p smithyhttp.ClientProtocol, body []byte) {
	t.Helper()
	var page model.LogPage
	incomplete, err := decodeLogPage(padded(body), &page)
	if len(body) == 0 {
		require.ErrorIs(t, err, errMalformed)
		return
	}
	out, sdkErr := sdkDecode(p, body)
	if sdkErr != nil {
		require.ErrorIs(t, err, errMalformed, "the SDK refuses %.200q: %v", body, sdkErr)
		return
	}
	require.NoError(t, err, "the SDK takes %.200q", body)
	want, wantIncomplete := sdkPage(&out, body)
	assert.Equal(t, wantIncomplete, incomplete, "%.200q", body)
	if len(page.Events) == 0 {
		page.Events = nil
	}
	assert.Equal(t, want, page, "%.200q", body)
}

const realLogPage = `{"events":[{"logStreamName":"0123abcd","timestamp":1763700000123,` +
	`"message":"{ \"requestId\":\"a-b\", \"path\":\"\/caf\u00e9 \ud83d\ude00\", \"tab\":\"\\t\" }\n","ingestionTime":1763700000999,` +
	`"eventId":"39314159265358979323846264338327950288419716939937510582"},{"eventId":"2","timestamp":-5,"message":"é 😀","logStreamName":"s"}],` +
	`"searchedLogStreams":[{"logStreamName":"s","searchedCompletely":true}],"nextToken":"Bxkq6kVGFtq2y_Moigeqscpo_eQ=="}`

// logDocuments are documents on which a decoder can differ from the SDK's.
func logDocuments() []string {
	in := func(members string) string {
		return `{"events":[{"eventId":"e","timestamp":1,"message":"m"},{"eventId":"e","timestamp":1,"message":"m",` + members + `}],"nextToken":"t"}`
	}
	docs := []string{
		realLogPage, ``, ` `, `{}`, " \t\r\n{ } ", `null`, ` null`, `nul`, `[]`, `"s"`, `1`, `true`, `{}{`, `{} x`, `{"events":[]}`, `{"events":null}`, `{"events":[null]}`,
		`{"events":{}}`, `{"events":[[]]}`, `{"events":[1]}`, `{"events":[{}]}`, `{"events":[{},]}`, `{"events":[,{}]}`, `{"events":[{}{}]}`, `{"events":[{} , null,{}]}`,
		`{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1}}`, `{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":1E+1}`, `{"a":.1}`, `{"a":+1}`,
		`{"a":truE}`, `{"a":tru`, `{"a":nulls}`, `{"a":[1,[2,{"b":[]}],"\u00zz"]}`, `{"a":[1,[2,{"b":[{}]}],"\u00e9\\\""],"events":[]}`, `{"a":[1 2]}`, `{"a":[}`, `{"a":{]`,
		`{"nextToken":1}`, `{"nextToken":""}`, `{"nextToken":null}`, `{"nextToken":"a","nextToken":"b"}`, `{"nextToken":"a","nextToken":null}`, `{"NextToken":"a"}`,
		`{"\u006eextToken":"a"}`, `{"next\u0054oken":"b","nextToken\u0000":"c"}`, `{"next\Token":"b"}`, "{\"next\xffToken\":\"b\"}", "{\"a\x00\":1}", "{\"a\":\"\n\"}", "{\"a\":\"\x7f\"}",
		`{"events":[{"eventId":"e","timestamp":1,"message":"m"}],"events":[]}`, `{"events":[],"events":[{"eventId":"e","timestamp":1,"message":"m"}]}`,
		`{"searchedLogStreams":1}`, `{"searchedLogStreams":[1]}`, `{"searchedLogStreams":[null,{}]}`, `{"searchedLogStreams":[{"logStreamName":1}]}`,
		`{"searchedLogStreams":[{"logStreamName":null,"searchedCompletely":null}]}`, `{"searchedLogStreams":[{"searchedCompletely":"true"}]}`,
		`{"searchedLogStreams":[{"searchedCompletely":false,"x":[1]}]}`, `{"searchedLogStreams":[{"searchedCompletely":falsy}]}`, `{"searchedLogStreams":[{"logStreamName":"a\q"}]}`,
		in(`"timestamp":2`), in(`"timestamp":null`), in(`"timestamp":"2"`), in(`"timestamp":2.0`), in(`"timestamp":2e3`), in(`"timestamp":-0`), in(`"timestamp":00`), in(`"timestamp":true`),
		in(`"timestamp":9223372036854775807`), in(`"timestamp":-9223372036854775808`), in(`"timestamp":9223372036854775808`), in(`"timestamp":123456789012345678901234567890`),
		in(`"ingestionTime":[]`), in(`"ingestionTime":5`), in(`"message":null`), in(`"message":1`), in(`"message":{}`), in(`"message":""`), in(`"eventId":7`), in(`"logStreamName":false`),
		in(`"message":"\ud800"`), in(`"message":"\udc00\ud800x"`), in(`"message":"\ud83d\ud83d\ude00"`), in(`"message":"\ud83d\u0041"`), in(`"message":"\ud83d\n\ude00"`), in(`"message":"\u0000\u001f"`),
		in(`"message":"\uD83D\uDE00\uFFFD\uffff"`), in(`"message":"\u12"`), in(`"message":"\ud83d\u12"`), in(`"message":"\'"`), in(`"message":"\`), in(`"message":"\u`), in(`"message":"\ud83d\`),
		in("\"message\":\"a\xffb\""), in("\"message\":\"\xf0\x9f\x98\""), in("\"message\":\"\xf0\x9f\\n\x98\x80\""), in("\"message\":\"\xc3\\u00e9\xa9\""), in("\"message\":\"\xed\xa0\x80\""),
		in(`"x":{"events":[{"message":1}]}`), in(`"message":"m" , "message" : "n"`), in(`"\u006dessage":"u","mess\u0061ge\"":1`),
	}
	for n := range 20 { // every place in a word, and the end of a word
		plain := strings.Repeat("p", n)
		for _, mark := range []string{``, `\"`, `\\`, `\u00e9`, `\ud83d\ude00`, "é", "\xff", `\n\n\n`, "\x1f", "\x7f"} {
			docs = append(docs, in(fmt.Sprintf(`"message":"%s%s%s","logStreamName":"%s"`, plain, mark, plain, plain)), in(`"`+plain+mark+`":0`))
		}
	}
	for _, depth := range []int{maxLogDepth - 1, maxLogDepth, maxLogDepth + 1} {
		docs = append(docs, `{"a":`+strings.Repeat("[", depth-1)+strings.Repeat("]", depth-1)+`}`, in(`"a":`+strings.Repeat(`{"a":`, depth-3)+`0`+strings.Repeat("}", depth-3)))
	}
	return docs
}

func TestLogPagesAreDecodedAsByTheSDK(t *testing.T) {
	p := sdkProtocol()
	for _, doc := range logDocuments() {
		assertAsTheSDK(t, p, []byte(doc))
	}
	for n := range realLogPage {
		assertAsTheSDK(t, p, []byte(realLogPage[:n]))
		for _, c := range "\"\\{}[],:0n\x00\x80 " {
			assertAsTheSDK(t, p, []byte(realLogPage[:n]+string(c)+realLogPage[n+1:]))
		}
	}
}

// FuzzLogPage: whatever comes, it is decoded or refused as by the SDK, and never panics.
func FuzzLogPage(f *testing.F) {
	for _, doc := range logDocuments() {
		f.Add([]byte(doc))
	}
	for n := range realLogPage {
		f.Add([]byte(realLogPage[:n]))
	}
	p := sdkProtocol()
	f.Fuzz(func(t *testing.T, body []byte) {
		assertAsTheSDK(t, p, body)
	})
}

// logPageOf is an answer of about a megabyte: access-log lines of 500 bytes in JSON, whose quotes are escaped.
func logPageOf(lines int) []byte {
	var b strings.Builder
	b.WriteString(`{"events":[`)
	for i := range lines {
		if i > 0 {
			b.WriteByte(',')
		}
		line := fmt.Sprintf(`{"requestId":"%08x-0000-4000-8000-0123456789ab","ip":"203.0.113.%d","requestTime":"21/Nov/2026:06:32:%02d +0000","httpMethod":"GET",`+
			`"routeKey":"GET /orders/{id}","path":"/orders/%d","status":"200","protocol":"HTTP/1.1","responseLength":"%d","responseLatency":"%d",`+
			`"integrationLatency":"%d","integrationStatus":"200","domainName":"api.example.com","apiId":"a1b2c3d4e5","stage":"prod",`+
			`"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","xrayTraceId":"Root=1-5759e988-bd862e3fe1be46a994272793"}`,
			i, i%250, i%60, i, i%5000, i%300, i%250)
		fmt.Fprintf(&b, `{"logStreamName":"0123456789abcdef0123456789abcdef","timestamp":%d,"message":%q,"ingestionTime":%d,"eventId":"%056d"}`,
			1763700000000+i, line, 1763700001000+i, i)
	}
	b.WriteString(`],"searchedLogStreams":[],"nextToken":"Bxkq6kVGFtq2y_MoigeqscpoeQ"}`)
	return []byte(b.String())
}

// BenchmarkFilterLogEventsPage decodes a page of 1.3 MB with our decoder and with the SDK's, and says how many times faster ours is by the fastest
// page of each, which neighbours on the machine disturb least.
func BenchmarkFilterLogEventsPage(b *testing.B) {
	body := logPageOf(1700)
	var page model.LogPage
	p := sdkProtocol()
	fastest := map[string]time.Duration{}
	for _, decoder := range []struct {
		name   string
		decode func() (events int, err error)
	}{
		{"sdk", func() (int, error) {
			out, err := sdkDecode(p, body)
			return len(out.Events), err
		}},
		{"ours", func() (int, error) {
			read, err := readLogAnswer(bytes.NewReader(body), int64(len(body)))
			if err != nil {
				return 0, err
			}
			page.Events = page.Events[:0]
			_, err = decodeLogPage(read, &page)
			return len(page.Events), err
		}},
	} {
		b.Run(decoder.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			best := time.Hour
			for b.Loop() {
				start := time.Now()
				if n, err := decoder.decode(); err != nil || n != 1700 {
					b.Fatal(n, err)
				}
				best = min(best, time.Since(start))
			}
			fastest[decoder.name] = best
			b.ReportMetric(float64(len(body))/1e6/best.Seconds(), "fastest_MB/s")
			if sdk, ok := fastest["sdk"]; ok && decoder.name == "ours" {
				b.ReportMetric(sdk.Seconds()/best.Seconds(), "times_sdk")
			}
		})
	}
}
