package accesslog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// compiled is a format that compiles.
func compiled(t testing.TB, format string) *Format {
	f, err := Compile(format)
	require.NoError(t, err)
	return f
}

// usual are the rules of a receiver without settings.
func usual() *redact.Rules { return redact.New(nil, nil, "") }

// written is the record of a line that has the format.
func written(t testing.TB, rules *redact.Rules, format, line string, known Identity) plog.LogRecord {
	f, v, record := compiled(t, format), &Values{}, plog.NewLogRecord()
	require.True(t, f.Decode(line, v), "%s\n%s", format, line)
	NewWriter(rules, true).Bind(f).Write(record, line, v, known)
	return record
}

func TestALineBecomesARecord(t *testing.T) {
	const format = `{"id":"$context.requestId","at":"$context.requestTime","ms":$context.requestTimeEpoch,"m":"$context.httpMethod","p":"$context.path",` +
		`"r":"$context.resourcePath","v":"$context.protocol","s":$context.status,"l":$context.responseLength,"t":$context.responseLatency,` +
		`"it":"$context.integrationLatency","is":"$context.integration.status","x":"$context.xrayTraceId","c":$context.isCanaryRequest,` +
		`"vpc":"$context.identity.vpcId","api":"$context.apiId","stage":"$context.stage","e":$context.error.messageString}`
	const line = `{"id":"a3c1f6f0","at":"18/Jul/2022:12:33:39 +0000","ms":1658147619982,"m":"GET","p":"/prod/pets/7",` +
		`"r":"/pets/{id}","v":"HTTP/1.1","s":502,"l":36,"t":29007,` +
		`"it":"29000","is":"-","x":"Root=1-58406520-a006649127e371903a2de979","c":true,` +
		`"vpc":"vpc-1","api":"abc123","stage":"prod","e":"Internal \"server\" error"}`
	record := written(t, usual(), format, line, Identity{APIID: "abc123", Stage: "blue"})
	assert.Equal(t, map[string]any{
		"aws.request_id": "a3c1f6f0", "http.request.method": "GET", "url.path": "/prod/pets/7", "http.route": "/pets/{id}", "network.protocol.version": "1.1",
		"http.response.status_code": int64(502), "http.response.body.size": int64(36),
		"aws.api_gateway.response.latency": 29.007, "aws.api_gateway.integration.latency": 29.0,
		"aws.xray.trace_id": "1-58406520-a006649127e371903a2de979", "aws.api_gateway.canary": true,
		"aws.api_gateway.identity.vpc_id": "vpc-1", "aws.api_gateway.stage": "prod", "aws.api_gateway.error.message": `Internal "server" error`,
	}, record.Attributes().AsRaw())
	assert.Equal(t, pcommon.NewValueStr(line), record.Body())
	assert.Equal(t, plog.SeverityNumberError, record.SeverityNumber())
	assert.Equal(t, "ERROR", record.SeverityText())
	assert.Equal(t, time.UnixMilli(1658147619982).UTC(), record.Timestamp().AsTime())
	assert.Equal(t, "58406520a006649127e371903a2de979", record.TraceID().String())
}

func TestTheTimestampIsTheRequests(t *testing.T) {
	event := pcommon.NewTimestampFromTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	for _, test := range []struct{ name, format, line, want string }{
		{"by its milliseconds", "$context.requestTime $context.requestTimeEpoch", "18/Jul/2022:12:33:39 +0000 1658147619982", "2022-07-18T12:33:39.982Z"},
		{"else by its date", "$context.requestTime $context.requestTimeEpoch", "18/Jul/2022:12:33:39 +0000 -", "2022-07-18T12:33:39Z"},
		{"in whatever zone", "$context.requestTime", "29/Feb/2024:00:30:00 +0130", "2024-02-28T23:00:00Z"},
		{"west of Greenwich", "$context.requestTime", "31/Dec/2023:20:00:00 -0500", "2024-01-01T01:00:00Z"},
		{"else the event's", "$context.requestTime $context.status", "- 200", "2026-01-02T03:04:05Z"},
		{"nor of a month that there is not", "$context.requestTime", "18/Foo/2022:12:33:39 +0000", "2026-01-02T03:04:05Z"},
		{"up to the last second that a timestamp can have", "$context.requestTime", "11/Apr/2262:23:47:16 +0000", "2262-04-11T23:47:16Z"},
		{"nor of the second after that", "$context.requestTime", "11/Apr/2262:23:47:17 +0000", "2026-01-02T03:04:05Z"},
		{"nor of the year 9999", "$context.requestTime", "31/Dec/9999:23:59:59 +0000", "2026-01-02T03:04:05Z"},
		{"nor of too many milliseconds", "$context.requestTimeEpoch", "165814761998200000", "2026-01-02T03:04:05Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, v, record := compiled(t, test.format), &Values{}, plog.NewLogRecord()
			record.SetTimestamp(event)
			require.True(t, f.Decode(test.line, v))
			NewWriter(usual(), false).Bind(f).Write(record, test.line, v, Identity{})
			assert.Equal(t, test.want, record.Timestamp().AsTime().Format(time.RFC3339Nano))
		})
	}
}

func timestamp(t time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(t) }

func TestSeverityIsByStatus(t *testing.T) {
	for line, want := range map[string]string{"200": "INFO", "399": "INFO", "400": "WARN", "499": "WARN", "500": "ERROR", "504": "ERROR", "-": "INFO"} {
		assert.Equal(t, want, written(t, usual(), "$context.status", line, Identity{}).SeverityText(), line)
	}
}
