package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// values are the present values of a decoded line by their variables.
func values(f *Format, line string, v *Values) map[string]string {
	out := map[string]string{}
	for _, name := range f.Variables() {
		if value := f.Get(line, v, name); value != "" {
			out[name] = value
		}
	}
	return out
}

var stockLines = []struct {
	name, line string
	want       map[string]string
}{
	{
		"REST JSON",
		`{ "requestId":"a3c1f6f0-1111-2222-3333-444455556666", "extendedRequestId":"Vwc2MGFUrPEFV_g=","ip": "203.0.113.7", "caller":"-", "user":"-", ` +
			`"requestTime":"18/Jul/2022:12:33:39 +0000", "httpMethod":"GET", "resourcePath":"/pets/{id}", "status":"200", "protocol":"HTTP/1.1", "responseLength":"607" }`,
		map[string]string{
			"requestId": "a3c1f6f0-1111-2222-3333-444455556666", "extendedRequestId": "Vwc2MGFUrPEFV_g=", "identity.sourceIp": "203.0.113.7",
			"requestTime": "18/Jul/2022:12:33:39 +0000", "httpMethod": "GET", "resourcePath": "/pets/{id}", "status": "200", "protocol": "HTTP/1.1", "responseLength": "607",
		},
	},
	{
		"REST JSON of earlier years",
		`{ "requestId":"a3c1f6f0-1111-2222-3333-444455556666", "ip": "2001:db8::1", "caller":"AROASIM:i-0abc", "user":"AROASIM:i-0abc", ` +
			`"requestTime":"18/Jul/2022:12:33:39 +0000", "httpMethod":"GET", "resourcePath":"/", "status":"403", "protocol":"HTTP/1.1", "responseLength":"42" }`,
		map[string]string{
			"requestId": "a3c1f6f0-1111-2222-3333-444455556666", "identity.sourceIp": "2001:db8::1", "identity.caller": "AROASIM:i-0abc", "identity.user": "AROASIM:i-0abc",
			"requestTime": "18/Jul/2022:12:33:39 +0000", "httpMethod": "GET", "resourcePath": "/", "status": "403", "protocol": "HTTP/1.1", "responseLength": "42",
		},
	},
	{
		"REST CLF as the page has it now",
		`203.0.113.7 - - [18/Jul/2022:12:33:39 +0000]"GET /pets HTTP/1.1" 200 607 a3c1f6f0-1111-2222-3333-444455556666 Vwc2MGFUrPEFV_g=`,
		restRequest,
	},
	{
		"REST CLF with a blank after the date",
		`203.0.113.7 - - [18/Jul/2022:12:33:39 +0000] "GET /pets HTTP/1.1" 200 607 a3c1f6f0-1111-2222-3333-444455556666 Vwc2MGFUrPEFV_g=`,
		restRequest,
	},
	{
		"REST CLF without an extended request id",
		`203.0.113.7 - - [18/Jul/2022:12:33:39 +0000] "GET /pets HTTP/1.1" 200 607 a3c1f6f0-1111-2222-3333-444455556666`,
		without(restRequest, "extendedRequestId"),
	},
	{
		"REST CSV",
		`203.0.113.7,-,-,18/Jul/2022:12:33:39 +0000,GET,/pets,HTTP/1.1,200,607,a3c1f6f0-1111-2222-3333-444455556666,Vwc2MGFUrPEFV_g=`,
		restRequest,
	},
	{
		"REST XML",
		`<request id="a3c1f6f0-1111-2222-3333-444455556666"> <extendedRequestId>Vwc2MGFUrPEFV_g=</extendedRequestId> <ip>203.0.113.7</ip> <caller>-</caller> ` +
			`<user>-</user> <requestTime>18/Jul/2022:12:33:39 +0000</requestTime> <httpMethod>GET</httpMethod> <resourcePath>/pets</resourcePath> ` +
			`<status>200</status> <protocol>HTTP/1.1</protocol> <responseLength>607</responseLength> </request>`,
		restRequest,
	},
	{
		"HTTP JSON",
		`{ "requestId":"Q8NnAiztIAMEV4w=", "ip": "73.239.102.103", "requestTime":"21/Apr/2022:17:09:26 +0000", "httpMethod":"GET","routeKey":"GET /pets/{id}", ` +
			`"status":"200","protocol":"HTTP/1.1", "responseLength":"12", "extendedRequestId": "Q8NnAiztIAMEV4w=" }`,
		httpRequest,
	},
	{
		"HTTP CLF, whose route key has a blank",
		`73.239.102.103 - - [21/Apr/2022:17:09:26 +0000] "GET GET /pets/{id} HTTP/1.1" 200 12 Q8NnAiztIAMEV4w= Q8NnAiztIAMEV4w=`,
		httpRequest,
	},
	{
		"HTTP CLF of the default route",
		`73.239.102.103 - - [21/Apr/2022:17:09:26 +0000] "GET $default HTTP/1.1" 200 12 Q8NnAiztIAMEV4w= Q8NnAiztIAMEV4w=`,
		with(httpRequest, "routeKey", "$default"),
	},
	{
		"HTTP CSV",
		`73.239.102.103,21/Apr/2022:17:09:26 +0000,GET,GET /pets/{id},HTTP/1.1,200,12,Q8NnAiztIAMEV4w=,Q8NnAiztIAMEV4w=`,
		httpRequest,
	},
	{
		"HTTP XML",
		`<request id="Q8NnAiztIAMEV4w="> <ip>73.239.102.103</ip> <requestTime>21/Apr/2022:17:09:26 +0000</requestTime> <httpMethod>GET</httpMethod> ` +
			`<routeKey>GET /pets/{id}</routeKey> <status>200</status> <protocol>HTTP/1.1</protocol> <responseLength>12</responseLength> ` +
			`<extendedRequestId>Q8NnAiztIAMEV4w=</extendedRequestId> </request>`,
		httpRequest,
	},
	{
		"WebSocket CLF",
		`198.51.100.9 - - [21/Apr/2022:17:09:26 +0000] "MESSAGE sendmessage L0SM9cOFvHcCIhw=" 200 Vdntpho8IAMEVSQ=`,
		webSocketRequest,
	},
	{
		"WebSocket JSON",
		`{ "requestId":"Vdntpho8IAMEVSQ=", "ip": "198.51.100.9", "caller":"-", "user":"-", "requestTime":"21/Apr/2022:17:09:26 +0000", ` +
			`"eventType":"MESSAGE", "routeKey":"sendmessage", "status":"200", "connectionId":"L0SM9cOFvHcCIhw=" }`,
		webSocketRequest,
	},
	{
		"WebSocket CSV",
		`198.51.100.9,-,-,21/Apr/2022:17:09:26 +0000,MESSAGE,sendmessage,L0SM9cOFvHcCIhw=,200,Vdntpho8IAMEVSQ=`,
		webSocketRequest,
	},
	{
		"WebSocket XML",
		`<request id="Vdntpho8IAMEVSQ="> <ip>198.51.100.9</ip> <caller>-</caller> <user>-</user> <requestTime>21/Apr/2022:17:09:26 +0000</requestTime> ` +
			`<eventType>MESSAGE</eventType> <routeKey>sendmessage</routeKey> <status>200</status> <connectionId>L0SM9cOFvHcCIhw=</connectionId> </request>`,
		webSocketRequest,
	},
	{
		"WebSocket CLF of a management call",
		`198.51.100.9 - - [21/Apr/2022:17:09:26 +0000] "- POST /@connections/{connectionId} L0SM9cOFvHcCIhw=" 200 Vdntpho8IAMEVSQ=`,
		with(without(webSocketRequest, "eventType"), "routeKey", "POST /@connections/{connectionId}"),
	},
}

var (
	restRequest = map[string]string{
		"requestId": "a3c1f6f0-1111-2222-3333-444455556666", "extendedRequestId": "Vwc2MGFUrPEFV_g=", "identity.sourceIp": "203.0.113.7",
		"requestTime": "18/Jul/2022:12:33:39 +0000", "httpMethod": "GET", "resourcePath": "/pets", "status": "200", "protocol": "HTTP/1.1", "responseLength": "607",
	}
	httpRequest = map[string]string{
		"requestId": "Q8NnAiztIAMEV4w=", "extendedRequestId": "Q8NnAiztIAMEV4w=", "identity.sourceIp": "73.239.102.103",
		"requestTime": "21/Apr/2022:17:09:26 +0000", "httpMethod": "GET", "routeKey": "GET /pets/{id}", "status": "200", "protocol": "HTTP/1.1", "responseLength": "12",
	}
	webSocketRequest = map[string]string{
		"requestId": "Vdntpho8IAMEVSQ=", "identity.sourceIp": "198.51.100.9", "requestTime": "21/Apr/2022:17:09:26 +0000",
		"eventType": "MESSAGE", "routeKey": "sendmessage", "status": "200", "connectionId": "L0SM9cOFvHcCIhw=",
	}
)

func with(in map[string]string, key, value string) map[string]string {
	out := without(in, key)
	out[key] = value
	return out
}

func without(in map[string]string, key string) map[string]string {
	out := map[string]string{}
	for k, v := range in {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// A line in a documented format is read whatever its stage's format is said to be, and by the first of them that fits.
func TestStockFormatsReadTheirLines(t *testing.T) {
	for _, test := range stockLines {
		t.Run(test.name, func(t *testing.T) {
			var v Values
			for _, f := range Stock() {
				if f.Decode(test.line, &v) {
					assert.Equal(t, test.want, values(f, test.line, &v))
					return
				}
			}
			require.Fail(t, "no documented format fits")
		})
	}
}

// No documented format is ambiguous.
func TestStockFormatsAreClear(t *testing.T) {
	for _, f := range Stock() {
		assert.Empty(t, f.Ambiguities(), f.Variables())
	}
}

// A line of another format is not taken for a documented one.
func TestStockFormatsLeaveOtherLines(t *testing.T) {
	for _, line := range []string{
		"", "-", "START RequestId: 5f1e99 Version: $LATEST", `{"message":"hello"}`, "<request/>", "a,b,c,d,e,f,g,h,i,j,k",
		`203.0.113.7 - - [18/Jul/2022:12:33:39 +0000] "GET /pets HTTP/1.1" 200 607`, // without any id
		`203.0.113.7 - - [18/Jul/2022:12:33:39 +0000] "GET /pets HTTP/1.1" abc 607 a3c1f6f0-1111 Vwc2MGFUrPEFV_g=`,
	} {
		var v Values
		for i, f := range Stock() {
			assert.False(t, f.Decode(line, &v), "%d: %s", i, line)
		}
	}
}
