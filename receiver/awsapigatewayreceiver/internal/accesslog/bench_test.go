package accesslog

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// stock is a documented format of REST APIs with a line in it.
type stock struct{ name, format, line string }

var (
	stockJSON = stock{"JSON", stockFormats[0], `{ "requestId":"a3c1f6f0-1111-2222-3333-444455556666", "extendedRequestId":"Vwc2MGFUrPEFV_g=","ip": "203.0.113.7", ` +
		`"caller":"AROASIM000000000000AB:orders-batch-import-i-0123456789abcdef0-20220718T123339Z", "user":"-", "requestTime":"18/Jul/2022:12:33:39 +0000", "httpMethod":"GET", ` +
		`"resourcePath":"/v2/tenants/{tenant}/customers/{customer}/orders/{order}/shipments/{shipment}/items/{item}", "status":"200", "protocol":"HTTP/1.1", "responseLength":"60712" }`}
	stockCLF = stock{"CLF", stockFormats[8], `203.0.113.7 AROASIM000000000000AB:orders-batch-import-i-0123456789abcdef0-20220718T123339Z - [18/Jul/2022:12:33:39 +0000] ` +
		`"GET /v2/tenants/{tenant}/customers/{customer}/orders/{order}/shipments/{shipment}/items/{item} HTTP/1.1" 200 60712 a3c1f6f0-1111-2222-3333-444455556666 Vwc2MGFUrPEFV_g=`}
	stockCSV = stock{"CSV", stockFormats[13], `203.0.113.7,AROASIM000000000000AB:orders-batch-import-i-0123456789abcdef0-20220718T123339Z,-,18/Jul/2022:12:33:39 +0000,` +
		`GET,/v2/tenants/{tenant}/customers/{customer}/orders/{order}/shipments/{shipment}/items/{item},HTTP/1.1,200,60712,a3c1f6f0-1111-2222-3333-444455556666,Vwc2MGFUrPEFV_g=`}
	stockXML = stock{"XML", stockFormats[18], `<request id="a3c1f6f0-1111-2222-3333-444455556666"> <extendedRequestId>Vwc2MGFUrPEFV_g=</extendedRequestId> ` +
		`<ip>203.0.113.7</ip> <caller>AROASIM000000000000AB:orders-batch-import-i-0123456789abcdef0-20220718T123339Z</caller> <user>-</user> <requestTime>18/Jul/2022:12:33:39 +0000</requestTime> ` +
		`<httpMethod>GET</httpMethod> <resourcePath>/v2/tenants/{tenant}/customers/{customer}/orders/{order}/shipments/{shipment}/items/{item}</resourcePath> <status>200</status> ` +
		`<protocol>HTTP/1.1</protocol> <responseLength>60712</responseLength> </request>`}
)

func BenchmarkDecode(b *testing.B) {
	for _, s := range []stock{stockJSON, stockCLF, stockCSV, stockXML} {
		b.Run(s.name, func(b *testing.B) {
			f, v := compiled(b, s.format), &Values{}
			b.SetBytes(int64(len(s.line)))
			b.ReportAllocs()
			for b.Loop() {
				if !f.Decode(s.line, v) {
					b.Fatal("the format does not fit")
				}
			}
		})
	}
}

// decodeAndWrite is what each line of a stage costs.
func decodeAndWrite(b *testing.B, s stock) func() {
	f, v := compiled(b, s.format), &Values{}
	bound := NewWriter(usual(), true).Bind(f)
	return func() {
		if !f.Decode(s.line, v) {
			b.Fatal("the format does not fit")
		}
		bound.Write(plog.NewLogRecord(), s.line, v, Identity{})
	}
}

func BenchmarkDecodeAndWrite(b *testing.B) {
	for _, s := range []stock{stockJSON, stockCLF, stockCSV, stockXML} {
		b.Run(s.name, func(b *testing.B) {
			step := decodeAndWrite(b, s)
			b.SetBytes(int64(len(s.line)))
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// byEncodingJSON reads the stock JSON line as a receiver without formats does.
func byEncodingJSON(b *testing.B) func() {
	names := map[string]string{
		"requestId": "aws.request_id", "extendedRequestId": "aws.api_gateway.extended_request_id", "ip": "client.address", "caller": "aws.api_gateway.identity.caller",
		"httpMethod": "http.request.method", "resourcePath": "http.route",
	}
	return func() {
		var m map[string]string
		if err := json.Unmarshal([]byte(stockJSON.line), &m); err != nil {
			b.Fatal(err)
		}
		record := plog.NewLogRecord()
		attributes := record.Attributes()
		attributes.EnsureCapacity(len(m))
		for key, attribute := range names {
			if value := m[key]; !isAbsent(value) {
				attributes.PutStr(attribute, value)
			}
		}
		attributes.PutStr("network.protocol.version", strings.TrimPrefix(m["protocol"], "HTTP/"))
		status, err := strconv.ParseInt(m["status"], 10, 64)
		require.NoError(b, err)
		attributes.PutInt("http.response.status_code", status)
		size, err := strconv.ParseInt(m["responseLength"], 10, 64)
		require.NoError(b, err)
		attributes.PutInt("http.response.body.size", size)
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m["requestTime"])
		require.NoError(b, err)
		record.SetTimestamp(timestamp(at))
		setSeverity(record, status)
		record.Body().SetStr(stockJSON.line)
	}
}

// byHand makes the same record as the stock JSON line without reading anything: what the record itself costs.
func byHand() {
	record := plog.NewLogRecord()
	attributes := record.Attributes()
	attributes.EnsureCapacity(12)
	attributes.PutStr("aws.request_id", "a3c1f6f0-1111-2222-3333-444455556666")
	attributes.PutStr("aws.api_gateway.extended_request_id", "Vwc2MGFUrPEFV_g=")
	attributes.PutStr("client.address", "203.0.113.7")
	attributes.PutStr("aws.api_gateway.identity.caller", "AROASIM000000000000AB:orders-batch-import-i-0123456789abcdef0-20220718T123339Z")
	attributes.PutStr("http.request.method", "GET")
	attributes.PutStr("http.route", "/v2/tenants/{tenant}/customers/{customer}/orders/{order}/shipments/{shipment}/items/{item}")
	attributes.PutInt("http.response.status_code", 200)
	attributes.PutStr("network.protocol.version", "1.1")
	attributes.PutInt("http.response.body.size", 60712)
	record.SetTimestamp(1658147619000000000)
	setSeverity(record, 200)
	record.Body().SetStr(stockJSON.line)
}

func BenchmarkRecordByHand(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		byHand()
	}
}

// Reading a line by its format has to be far cheaper than reading it as JSON: the ratio is of the same run.
func BenchmarkAgainstEncodingJSON(b *testing.B) {
	ours, theirs := decodeAndWrite(b, stockJSON), byEncodingJSON(b)
	var spent, spentTheirs time.Duration
	for b.Loop() {
		start := time.Now()
		for range 100 {
			ours()
		}
		middle := time.Now()
		for range 100 {
			theirs()
		}
		spent, spentTheirs = spent+middle.Sub(start), spentTheirs+time.Since(middle)
	}
	b.ReportMetric(float64(spentTheirs)/float64(spent), "times-as-fast")
	b.ReportMetric(testing.AllocsPerRun(1000, ours)-testing.AllocsPerRun(1000, byHand), "allocs-beyond-the-record")
}
