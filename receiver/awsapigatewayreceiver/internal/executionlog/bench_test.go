package executionlog

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
)

// request is what API Gateway writes for one request to a function, with an authorizer, at level INFO with data tracing.
var request = func() (lines []string) {
	headers := "{Accept=application/json, User-Agent=curl/8.5.0, X-Forwarded-Proto=https, Host=abc.execute-api.eu-west-2.amazonaws.com, X-Forwarded-For=203.0.113.9, " +
		"X-Amzn-Trace-Id=Root=1-5c755b5d-07b29b94e632d3da19d88789, Authorization=" + strings.Repeat("*", 300) + "7c8ada, X-Amz-Security-Token=" + strings.Repeat("IQoJb3JpZ2luX2VjE", 20) + " [TRUNCATED]"
	body := `{"resource":"/verify","headers":{"Accept":"*/*","Authorization":"Bearer abc"},"requestContext":{"authorizer":{"principalId":"jane"}},"body":"` + strings.Repeat("x", 600) + `"}`
	for _, line := range []string{
		"Extended Request Id: Vts2pH6ArPEFcuQ=",
		"Verifying Usage Plan for request: " + id + ". API Key: **********************************bMZHBg API Stage: h733q2j6gb/Prod",
		"Usage Plan check succeeded for API Key **********************************bMZHBg and API Stage h733q2j6gb/Prod",
		"Starting execution for request: " + id,
		"HTTP Method: POST, Resource Path: /verifyReceipt",
		"Starting authorizer: elkw5b for request: " + id,
		"Incoming identity: " + strings.Repeat("*", 200) + "I1BUdE",
		`Authorizer result body before parsing: {"principalId":"jane","policyDocument":{"Version":"2012-10-17"}}`,
		"Using valid authorizer policy for principal: ****bkwef5",
		"Successfully completed authorizer execution",
		"Method request path: {}",
		"Method request query string: {}",
		"Method request headers: " + headers,
		"Method request body before transformations: " + body,
		"Endpoint request URI: " + lambda,
		"Endpoint request headers: " + headers,
		"Endpoint request body after transformations: " + body,
		"Sending request to " + lambda,
		"Received response. Status: 200, Integration latency: 388 ms",
		"Endpoint response headers: {Date=Thu, 01 Jan 2026 00:00:00 GMT, x-amzn-RequestId=57593f79-6e46-4a6f-91b1-f5d848cc2059}",
		"Endpoint response body before transformations: " + body,
		"Method response body after transformations: " + body,
		"Method response headers: {X-Amzn-Trace-Id=Root=1-5c755b5d-07b29b94e632d3da19d88789;Sampled=1}",
		"Successfully completed execution",
		"Method completed with status: 200",
		"AWS Integration Endpoint RequestId : 57593f79-6e46-4a6f-91b1-f5d848cc2059",
		"X-ray Tracing ID : Root=1-5c755b5d-07b29b94e632d3da19d88789",
	} {
		lines = append(lines, "("+id+") "+line)
	}
	return lines
}()

// failures are lines of which the whole text is searched for secrets.
var failures = []string{
	"(" + id + ") Execution failed due to configuration error: Malformed Lambda proxy response",
	"(" + id + `) Lambda execution failed with status 200 due to customer function error: {"errorMessage":"cannot read property 'id' of undefined","errorType":"TypeError"}. Lambda request id: 57593f79`,
	"(" + id + ") Key throttle limit exceeded for RestApi uwe3g5jm54, Stage Prod, Resource k0w8mc, HttpMethod POST. Limit: 1.00 Burst: 1",
	"(" + id + ") Something that nobody has seen yet, in a line of an ordinary length",
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct {
		name  string
		d     *Decoder
		lines []string
	}{
		{"request", plain(), request},
		{"request with bodies", withBodies(), request},
		{"failures", plain(), failures},
		{"hostile", withBodies(), []string{strings.Repeat(`"cookie":"a",`, 80_000), strings.Repeat("eyJ=, cookie ", 80_000), strings.Repeat(`"\\`, 340_000)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			bytes := 0
			for _, line := range c.lines {
				bytes += len(line)
			}
			b.ReportAllocs()
			b.SetBytes(int64(bytes / len(c.lines)))
			records := plog.NewLogRecordSlice()
			for i := 0; b.Loop(); i++ {
				if i&1023 == 0 {
					records = plog.NewLogRecordSlice()
					records.EnsureCapacity(1024)
				}
				c.d.Write(records.AppendEmpty(), c.lines[i%len(c.lines)])
			}
		})
	}
}

// BenchmarkRead is decoding alone, without the record.
func BenchmarkRead(b *testing.B) {
	for name, d := range map[string]*Decoder{"request": plain(), "request with bodies": withBodies()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e := event{line: request[i%len(request)], size: unknownSize}
				d.read(&e)
			}
		})
	}
}

// BenchmarkRecord is what the records of a request cost without decoding: each with its body and three attributes, as lines have on average.
func BenchmarkRecord(b *testing.B) {
	b.ReportAllocs()
	records := plog.NewLogRecordSlice()
	for i := 0; b.Loop(); i++ {
		if i&1023 == 0 {
			records = plog.NewLogRecordSlice()
			records.EnsureCapacity(1024)
		}
		record := records.AppendEmpty()
		record.Body().SetStr(request[i%len(request)])
		to := record.Attributes()
		to.EnsureCapacity(3 + callers)
		to.PutStr("a", id)
		to.PutStr("b", phaseRequest)
		to.PutInt("c", 200)
		record.SetSeverityNumber(plog.SeverityNumberInfo)
		record.SetSeverityText("INFO")
	}
}
