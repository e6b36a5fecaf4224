package accessspan

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// BenchmarkWrite is what the three spans of a line cost beyond its decoding.
func BenchmarkWrite(b *testing.B) {
	f := bind(b, RESTFormat, nil)
	l := Line{Text: restLine, Values: &accesslog.Values{}, Event: &model.LogEvent{ID: "e"}, API: restAPI}
	if !f.Decode(restLine, l.Values) {
		b.Fatal("the format does not fit")
	}
	b.SetBytes(int64(len(restLine)))
	b.ReportAllocs()
	spans := ptrace.NewSpanSlice()
	for n := 0; b.Loop(); n++ {
		if n%1000 == 0 {
			spans = ptrace.NewSpanSlice()
		}
		f.Write(spans, &l)
	}
}
