package logs

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// BenchmarkBatch makes what is wanted of a page of access-log lines, in the format that has everything: records, spans, or both.
func BenchmarkBatch(b *testing.B) {
	const lines = 2000
	page, size, events := &model.LogPage{}, 0, make([]int32, lines)
	for i := range events {
		line := fmt.Sprintf(`{"requestId":"a3c1f6f0-1111-2222-3333-%012d","extendedRequestId":"Vwc2MGFU%06d=","apiId":"r1","stage":"prod",`+
			`"requestTimeEpoch":"1700000000123","httpMethod":"GET","path":"/prod/orders/7","resourcePath":"/orders/{id}","protocol":"HTTP/1.1","status":"200",`+
			`"responseLatency":"250","responseLength":"36","domainName":"r1.execute-api.us-east-1.amazonaws.com","sourceIp":"203.0.113.7","userAgent":"curl/8",`+
			`"xrayTraceId":"-","integrationLatency":"180","integration.status":"200","integration.requestId":"backend-1",`+
			`"integration.error":"-","authorizer.latency":"-","authorizer.status":"-","authorizer.error":"-","error.responseType":"-","error.message":"-"}`, i, i)
		page.Events = append(page.Events, model.LogEvent{ID: fmt.Sprint(i), Timestamp: 1_700_000_000_123, Ingested: 1_700_000_000_123, Message: line})
		events[i], size = int32(i), size+len(line)
	}
	accounts := account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": "[" + logging("prod", arn("orders"), accessspan.RESTFormat) + "]"}
	for name, reads := range map[string]signals{"records": {records: true}, "spans": {spans: true}, "records and spans": {records: true, spans: true}} {
		b.Run(name, func(b *testing.B) {
			bench := newBenchFor(b, accounts.snapshot(b), nil, reads)
			bench.discover(b.Context())
			batch := &builder{
				reader: bench.Reader, group: bench.groups.get("orders"), page: page, events: events, makesRecords: reads.records, makesSpans: reads.spans,
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				batch.build()
			}
			b.StopTimer()
			require.Equal(b, map[bool]int{true: lines}[reads.records], batch.records)
			require.Equal(b, map[bool]int{true: 2 * lines}[reads.spans], batch.spans)
			b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
