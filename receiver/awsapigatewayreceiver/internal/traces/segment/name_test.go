package segment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

func TestCallsOfAWSAreNamedByServiceAndOperation(t *testing.T) {
	for members, want := range map[string]string{
		`"name":"DynamoDB","aws":{"operation":"GetItem"}`:         "DynamoDB.GetItem",
		`"name":"Lambda","aws":{"operation":"Invoke"}`:            "Lambda.Invoke",
		`"name":"DynamoDB.GetItem","aws":{"operation":"GetItem"}`: "DynamoDB.GetItem",
		`"name":"S3","aws":{"bucket_name":"pets"}`:                "S3",
		`"name":"S3"`: "S3",
		`"name":"","aws":{"operation":"GetItem"}`: "unknown.GetItem",
	} {
		span := subspanOf(t, strings.Replace(inSubsegment(`,"namespace":"aws",`+members), `"name":"sub",`, "", 1))
		assert.Equal(t, want, span.Name(), members)
		attributes := span.Attributes().AsRaw()
		if service, operation, called := strings.Cut(want, "."); called && service != "unknown" {
			assert.Equal(t, service, attributes["rpc.service"])
			assert.Equal(t, operation, attributes["rpc.method"])
			if !strings.Contains(members, want) {
				assert.Equal(t, service, attributes["aws.xray.name"])
			}
		}
	}
}

// X-Ray names what an HTTP integration calls by the path of its URL, which is another one for each order.
func TestWhatHTTPIntegrationsCallIsAServiceByItsHost(t *testing.T) {
	const request = `,"http":{"request":{"method":"GET","url":"https://backend.example.com/orders/12345"},"response":{"status":200}}`
	for document, want := range map[string]struct{ service, span, xray string }{
		strings.Replace(inSegment(`,"inferred":true`+request), "example.com", "/orders/12345", 1):                            {"backend.example.com", "GET", "/orders/12345"},
		strings.Replace(inSegment(`,"inferred":true,"origin":"remote"`+request), "example.com", "https://other/o", 1):        {"backend.example.com", "GET", "https://other/o"},
		strings.Replace(inSegment(`,"inferred":true`), "example.com", "https://other.example.com/orders/12345", 1):           {"other.example.com", "HTTP", "https://other.example.com/orders/12345"},
		strings.Replace(inSegment(`,"inferred":true`), "example.com", "/orders/12345", 1):                                    {"unknown_service", "HTTP", "/orders/12345"},
		strings.Replace(inSegment(request), "example.com", "/orders/12345", 1):                                               {"backend.example.com", "GET", "/orders/12345"},
		strings.Replace(inSegment(`,"inferred":true`+request), "example.com", "payments", 1):                                 {"payments", "GET", "payments"},
		strings.Replace(inSegment(request), "example.com", "payments", 1):                                                    {"payments", "payments", ""},
		strings.Replace(inSegment(`,"origin":"AWS::EC2::Instance"`+request), "example.com", "/opt/shop", 1):                  {"/opt/shop", "/opt/shop", ""},
		strings.Replace(inSegment(`,"inferred":true,"origin":"AWS::DynamoDB::Table"`+request), "example.com", "payments", 1): {"payments", "payments", ""},
	} {
		traces := translate(t, settings(), document)
		service, _ := traces.ResourceSpans().At(0).Resource().Attributes().Get("service.name")
		span := spanOf(t, document)
		xray, _ := span.Attributes().AsRaw()["aws.xray.name"].(string)
		assert.Equal(t, want, struct{ service, span, xray string }{service.Str(), span.Name(), xray}, document)
	}
}

// What the rules leave out as an attribute is in no name.
func TestNamesAreMadeOfWhatIsToBeSeen(t *testing.T) {
	for _, rule := range []redact.Rule{{Attribute: "url.path"}, {Attribute: "url.full"}, {Attribute: "url.*"}, {Attribute: "url.path", Action: "hash"}} {
		s := settings()
		s.Rules = redact.New([]redact.Rule{rule}, nil, "0123456789abcdef")
		spans := spansByID(translate(t, s, strings.Replace(inSubsegment(`,"namespace":"remote","http":{"request":{"method":"GET","url":"https://backend.example.com/orders/12345"}}`), `"sub"`, `"/orders/12345"`, 1)))
		span := spans["53995c3f42cd8ad8"]
		assert.Equal(t, "GET", span.Name(), rule)
		assert.NotContains(t, span.Attributes().AsRaw(), "aws.xray.name", rule)
	}
	s := settings()
	s.Route = func(string, string, string, string, string) string { return "/pets/{petId}" }
	for attribute, want := range map[string]string{"http.route": "petstore/prod", "http.request.method": "/pets/{petId}"} {
		s.Rules = redact.New([]redact.Rule{{Attribute: attribute}}, nil, "")
		assert.Equal(t, want, spansByID(translate(t, s, stageDocument))["194fcc8747581230"].Name())
	}
	s.Rules = redact.New([]redact.Rule{{Attribute: "http.request.method"}, {Attribute: "rpc.method", Action: "hash"}}, nil, "0123456789abcdef")
	spans := spansByID(translate(t, s, inSubsegment(`,"namespace":"remote","http":{"request":{"method":"GET"}}`), functionDocument))
	assert.Equal(t, "HTTP", spans["53995c3f42cd8ad8"].Name())
	assert.Equal(t, "DynamoDB", spans["445566778899aabb"].Name())
}

func TestNamesOfSpansInOpenTelemetrysFormLoseWhatIsLeftOut(t *testing.T) {
	for _, tt := range []struct{ name, rule, want string }{
		{"GET /orders/7", "url.path", "GET"},
		{"GET /orders/7", "url.full", "GET"},
		{"GET /orders/7", "client.address", "GET /orders/7"},
		{"GET /orders/{id}", "url.path", "GET /orders/{id}"},
		{"GET /orders/{id}", "url.*", "GET /orders/{id}"},
		{"/orders/7", "url.path", "HTTP"},
		{"https://example.com/orders/7", "url.full", "HTTP"},
		{"DynamoDB.GetItem", "url.path", "DynamoDB.GetItem"},
		{"orders/prod", "url.path", "orders/prod"},
		{"GET /orders/7", "*", "HTTP"},
	} {
		d, err := DecodeSpan(`{"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"70de5b6f19ff9a0a","startTimeUnixNano":1,"name":"` + tt.name + `","attributes":{"http.route":"/orders/{id}"}}`)
		require.NoError(t, err)
		s := settings()
		s.Rules = redact.New([]redact.Rule{{Attribute: tt.rule}}, nil, "")
		b := New(s).NewBatch()
		b.Add(d)
		assert.Equal(t, tt.want, spansByID(b.Traces())["70de5b6f19ff9a0a"].Name(), tt)
	}
}
