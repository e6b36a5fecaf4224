package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"go.opentelemetry.io/otel/attribute"
)

// The attributes of HTTP spans in the conventions v1.40.0, "HTTP client span" and "HTTP server span": required ones, those required on a condition that
// the documents below meet, and recommended ones. X-Ray does not know the version of the protocol, nor the peer's address, nor how often a call over HTTP was tried, and the query is off.
var (
	serverAttributes = []attribute.Key{
		semconv.HTTPRequestMethodKey, semconv.URLPathKey, semconv.URLSchemeKey,
		semconv.ErrorTypeKey, semconv.HTTPRequestMethodOriginalKey, semconv.HTTPResponseStatusCodeKey, semconv.HTTPRouteKey, semconv.ServerPortKey,
		semconv.ClientAddressKey, semconv.ServerAddressKey, semconv.UserAgentOriginalKey,
	}
	clientAttributes = []attribute.Key{
		semconv.HTTPRequestMethodKey, semconv.ServerAddressKey, semconv.ServerPortKey, semconv.URLFullKey,
		semconv.ErrorTypeKey, semconv.HTTPRequestMethodOriginalKey, semconv.HTTPResponseStatusCodeKey,
	}
)

func TestHTTPSpansHaveWhatTheConventionsWant(t *testing.T) {
	s := settings()
	s.Route = func(string, string, string, string, string) string { return "/pets/{petId}" }
	spans := spansByID(translate(t, s, inSegment(`,"origin":"AWS::ApiGateway::Stage","fault":true,"aws":{"api_gateway":{"rest_api_id":"a1b2c3d4e5","stage":"prod"}},`+
		`"http":{"request":{"method":"get","url":"https://example.com/prod/pets/1?a=b","user_agent":"curl","client_ip":"203.0.113.7"},"response":{"status":502}},`+
		`"subsegments":[{"id":"53995c3f42cd8ad8","name":"/pets/1","namespace":"remote","fault":true,"http":{"request":{"method":"get","url":"https://pets.example.com/pets/1"},"response":{"status":503}}}]`)))
	for id, want := range map[string][]attribute.Key{"70de5b6f19ff9a0a": serverAttributes, "53995c3f42cd8ad8": clientAttributes} {
		for _, key := range want {
			assert.Contains(t, spans[id].Attributes().AsRaw(), string(key), spans[id].Kind())
		}
	}
	assert.Equal(t, "GET /pets/{petId}", spans["70de5b6f19ff9a0a"].Name())
	assert.Equal(t, "GET", spans["53995c3f42cd8ad8"].Name())
}

// Names are spelled in one place of ours: here they are held against the conventions' own.
func TestNamesAreThoseOfTheConventions(t *testing.T) {
	known := map[string]bool{}
	for _, key := range []attribute.Key{
		semconv.AWSDynamoDBTableNamesKey, semconv.AWSExtendedRequestIDKey, semconv.AWSKinesisStreamNameKey, semconv.AWSLambdaInvokedARNKey, semconv.AWSRequestIDKey,
		semconv.AWSS3BucketKey, semconv.AWSS3KeyKey, semconv.AWSSNSTopicARNKey, semconv.AWSSQSQueueURLKey, semconv.AWSStepFunctionsStateMachineARNKey,
		semconv.ClientAddressKey, semconv.CloudAccountIDKey, semconv.CloudRegionKey, semconv.DBNamespaceKey, semconv.DBOperationNameKey, semconv.DBQueryTextKey,
		semconv.DBSystemNameKey, semconv.ErrorTypeKey, semconv.FaaSColdstartKey, semconv.FaaSInvocationIDKey, semconv.FaaSInvokedNameKey, semconv.FaaSInvokedProviderKey,
		semconv.FaaSInvokedRegionKey, semconv.HTTPRequestMethodKey, semconv.HTTPRequestMethodOriginalKey, semconv.HTTPRequestResendCountKey, semconv.HTTPResponseBodySizeKey,
		semconv.HTTPResponseStatusCodeKey, semconv.MessagingDestinationNameKey, semconv.MessagingMessageIDKey, semconv.MessagingOperationNameKey,
		semconv.MessagingOperationTypeKey, semconv.MessagingSystemKey, semconv.RPCMethodKey, semconv.ServerAddressKey, semconv.ServerPortKey, semconv.URLFullKey,
		semconv.URLPathKey, semconv.URLSchemeKey, semconv.UserAgentOriginalKey,
		"rpc.system", "rpc.service", // deprecated, and still what the page on calls of the AWS SDK wants
	} {
		known[string(key)] = true
	}
	for _, document := range append([]string{fullDocument}, requestDocuments...) {
		for _, span := range spansByID(translate(t, settings(), document)) {
			for key := range span.Attributes().All() {
				if !known[key] {
					assert.Regexp(t, `^aws\.(xray|api_gateway)\.`, key)
				}
			}
		}
	}
}
