package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// attributes are what each documented variable becomes, with a value that it can have.
var attributes = []struct {
	variable, value, attribute string
	want                       any
}{
	{"accountId", "123456789012", "cloud.account.id", "123456789012"},
	{"apiId", "a1b2c3", "aws.api_gateway.api_id", "a1b2c3"},
	{"authenticate.error", "no, \"never\"", "aws.api_gateway.authenticate.error", "no, \"never\""},
	{"authenticate.latency", "1", "aws.api_gateway.authenticate.latency", 0.001},
	{"authenticate.status", "200", "aws.api_gateway.authenticate.status", int64(200)},
	{"authorize.error", "no", "aws.api_gateway.authorize.error", "no"},
	{"authorize.latency", "12", "aws.api_gateway.authorize.latency", 0.012},
	{"authorize.status", "200", "aws.api_gateway.authorize.status", int64(200)},
	{"authorizer.claims.sub", "s", "aws.api_gateway.authorizer.claims.sub", "s"},
	{"authorizer.claims.cognito:userName", "s", "aws.api_gateway.authorizer.claims.cognito:user_name", "s"},
	{"authorizer.error", "no", "aws.api_gateway.authorizer.error", "no"},
	{"authorizer.integrationLatency", "9", "aws.api_gateway.authorizer.integration_latency", 0.009},
	{"authorizer.integrationStatus", "200", "aws.api_gateway.authorizer.integration_status", int64(200)},
	{"authorizer.latency", "10", "aws.api_gateway.authorizer.latency", 0.01},
	{"authorizer.principalId", "anna", "user.id", "anna"},
	{"authorizer.tenantName", "1", "aws.api_gateway.authorizer.tenant_name", "1"},
	{"authorizer.requestId", "a-b", "aws.api_gateway.authorizer.request_id", "a-b"},
	{"authorizer.status", "403", "aws.api_gateway.authorizer.status", int64(403)},
	{"awsEndpointRequestId", "a-b", "aws.api_gateway.integration.request_id", "a-b"},
	{"awsEndpointRequestId2", "a+/=", "aws.api_gateway.aws_endpoint_request_id2", "a+/="},
	{"cipherSuite", "ECDHE-RSA-AES128-GCM-SHA256", "tls.cipher", "ECDHE-RSA-AES128-GCM-SHA256"},
	{"connectedAt", "1658147619982", "aws.api_gateway.connected_at", int64(1658147619982)},
	{"connectionId", "L0SM9cOFvHcCIhw=", "aws.api_gateway.connection_id", "L0SM9cOFvHcCIhw="},
	{"customDomain.basePathMatched", "orders/v1", "aws.api_gateway.custom_domain.base_path_matched", "orders/v1"},
	{"customDomain.routingRuleIdMatched", "r1", "aws.api_gateway.custom_domain.routing_rule_id_matched", "r1"},
	{"dataProcessed", "100", "aws.api_gateway.data_processed", int64(100)},
	{"deploymentId", "d1", "aws.api_gateway.deployment_id", "d1"},
	{"domainName", "api.example.com", "server.address", "api.example.com"},
	{"domainPrefix", "api", "aws.api_gateway.domain_prefix", "api"},
	{"endpointType", "REGIONAL", "aws.api_gateway.endpoint_type", "REGIONAL"},
	{"error.message", "Forbidden", "aws.api_gateway.error.message", "Forbidden"},
	{"error.messageString", `"Forbidden"`, "aws.api_gateway.error.message", "Forbidden"},
	{"error.responseType", "THROTTLED", "error.type", "THROTTLED"},
	{"error.validationErrorString", "[a, b]", "aws.api_gateway.error.validation_message", "[a, b]"},
	{"eventType", "CONNECT", "aws.api_gateway.event_type", "CONNECT"},
	{"extendedRequestId", "Vwc=", "aws.api_gateway.extended_request_id", "Vwc="},
	{"httpMethod", "GET", "http.request.method", "GET"},
	{"identity.accountId", "123456789012", "aws.api_gateway.identity.account_id", "123456789012"},
	{"identity.apiKey", "secret", "aws.api_gateway.identity.api_key", nil},
	{"identity.apiKeyId", "k1", "aws.api_gateway.api_key_id", "k1"},
	{"identity.caller", "AROA:x", "aws.api_gateway.identity.caller", "AROA:x"},
	{"identity.clientCert.clientCertPem", "-----BEGIN", "aws.api_gateway.identity.client_cert.client_cert_pem", "-----BEGIN"},
	{"identity.clientCert.issuerDN", "CN=a, O=b", "tls.client.issuer", "CN=a, O=b"},
	{"identity.clientCert.serialNumber", "a1:b2", "aws.api_gateway.identity.client_cert.serial_number", "a1:b2"},
	{"identity.clientCert.subjectDN", "CN=a", "tls.client.subject", "CN=a"},
	{"identity.clientCert.validity.notAfter", "May 26 12:30:54 2026 GMT", "aws.api_gateway.identity.client_cert.validity.not_after", "May 26 12:30:54 2026 GMT"},
	{"identity.clientCert.validity.notBefore", "May  6 12:30:54 2025 GMT", "aws.api_gateway.identity.client_cert.validity.not_before", "May  6 12:30:54 2025 GMT"},
	{"identity.cognitoAuthenticationProvider", "a,b:c", "aws.api_gateway.identity.cognito_authentication_provider", "a,b:c"},
	{"identity.cognitoAuthenticationType", "authenticated", "aws.api_gateway.identity.cognito_authentication_type", "authenticated"},
	{"identity.cognitoIdentityId", "us-east-1:5b", "aws.api_gateway.identity.cognito_identity_id", "us-east-1:5b"},
	{"identity.cognitoIdentityPoolId", "us-east-1:5b", "aws.api_gateway.identity.cognito_identity_pool_id", "us-east-1:5b"},
	{"identity.principalOrgId", "o-1", "aws.api_gateway.identity.principal_org_id", "o-1"},
	{"identity.sourceIp", "2001:db8::1", "client.address", "2001:db8::1"},
	{"identity.user", "AROA:x", "user.id", "AROA:x"},
	{"identity.userAgent", "curl/8", "user_agent.original", "curl/8"},
	{"identity.userArn", "arn:aws:sts::1:assumed-role/a/b", "aws.api_gateway.identity.user_arn", "arn:aws:sts::1:assumed-role/a/b"},
	{"identity.vpcId", "vpc-1", "aws.api_gateway.identity.vpc_id", "vpc-1"},
	{"identity.vpceId", "vpce-1", "aws.api_gateway.identity.vpce_id", "vpce-1"},
	{"integration.error", "no", "aws.api_gateway.integration.error", "no"},
	{"integration.integrationStatus", "200", "aws.api_gateway.integration.service_status_code", int64(200)},
	{"integration.latency", "15", "aws.api_gateway.integration.latency", 0.015},
	{"integration.requestId", "a-b", "aws.api_gateway.integration.request_id", "a-b"},
	{"integration.responseTransferMode", "STREAMED", "aws.api_gateway.integration.response_transfer_mode", "STREAMED"},
	{"integration.status", "502", "aws.api_gateway.integration.status_code", int64(502)},
	{"integration.timeToAllHeaders", "3", "aws.api_gateway.integration.time_to_all_headers", 0.003},
	{"integration.timeToFirstContent", "4", "aws.api_gateway.integration.time_to_first_content", 0.004},
	{"integrationErrorMessage", "no", "aws.api_gateway.integration.error", "no"},
	{"integrationLatency", "29000", "aws.api_gateway.integration.latency", 29.0},
	{"integrationStatus", "200", "aws.api_gateway.integration.service_status_code", int64(200)},
	{"isCanaryRequest", "false", "aws.api_gateway.canary", false},
	{"messageId", "m=", "aws.api_gateway.message_id", "m="},
	{"path", "/prod/pets", "url.path", "/prod/pets"},
	{"protocol", "HTTP/1.1", "network.protocol.version", "1.1"},
	{"requestId", "a-b", "aws.request_id", "a-b"},
	{"requestOverride.header.X-Version", "v 1", "aws.api_gateway.request_override.header.x-version", "v 1"},
	{"requestOverride.path.petId", "7", "aws.api_gateway.request_override.path.pet_id", "7"},
	{"requestOverride.querystring.type", "dog", "aws.api_gateway.request_override.querystring.type", "dog"},
	{"resourceId", "r1", "aws.api_gateway.resource_id", "r1"},
	{"resourcePath", "/pets/{id}", "http.route", "/pets/{id}"},
	{"responseLatency", "7", "aws.api_gateway.response.latency", 0.007},
	{"responseLength", "607", "http.response.body.size", int64(607)},
	{"responseOverride.header.X-Version", "v 1", "aws.api_gateway.response_override.header.x-version", "v 1"},
	{"responseOverride.status", "201", "aws.api_gateway.response_override.status", int64(201)},
	{"routeKey", "GET /pets", "aws.api_gateway.route_key", "GET /pets"},
	{"routeKey", "GET /pets", "http.route", "/pets"},
	{"stage", "prod", "aws.api_gateway.stage", "prod"},
	{"status", "429", "http.response.status_code", int64(429)},
	{"tlsVersion", "TLSv1.2", "tls.protocol.version", "1.2"},
	{"waf.error", "no", "aws.api_gateway.waf.error", "no"},
	{"waf.latency", "2", "aws.api_gateway.waf.latency", 0.002},
	{"waf.status", "200", "aws.api_gateway.waf.status", int64(200)},
	{"wafResponseCode", "WAF_ALLOW", "aws.api_gateway.waf_response_code", "WAF_ALLOW"},
	{"webaclArn", "arn:aws:wafv2:x", "aws.api_gateway.webacl_arn", "arn:aws:wafv2:x"},
	{"xrayTraceId", "1-58406520-a006649127e371903a2de979", "aws.xray.trace_id", "1-58406520-a006649127e371903a2de979"},
}

func TestEachVariableBecomesItsAttribute(t *testing.T) {
	everything := redact.New(nil, []string{"*"}, "")
	listed := map[string]bool{"requestTime": true, "requestTimeEpoch": true} // which are the timestamp
	for _, test := range attributes {
		listed[test.variable] = true
		record := written(t, everything, "["+contextPrefix+test.variable+"]", "["+test.value+"]", Identity{})
		got, ok := record.Attributes().Get(test.attribute)
		if test.want == nil {
			assert.False(t, ok, test.variable)
			continue
		}
		if assert.True(t, ok, "%s: %v", test.variable, record.Attributes().AsRaw()) {
			assert.Equal(t, test.want, got.AsRaw(), test.variable)
		}
		for _, absent := range []string{"-", ""} {
			record := written(t, everything, "["+contextPrefix+test.variable+"]", "["+absent+"]", Identity{})
			assert.Equal(t, pcommon.NewMap().AsRaw(), record.Attributes().AsRaw(), test.variable)
		}
	}
	for _, v := range documented {
		assert.True(t, listed[v.name], "%s has no place in the table", v.name)
	}
}

func TestTheTimestampIsNoAttribute(t *testing.T) {
	record := written(t, usual(), "$context.requestTime $context.requestTimeEpoch", "18/Jul/2022:12:33:39 +0000 1658147619982", Identity{})
	assert.Zero(t, record.Attributes().Len())
}

func TestAttributesFollowFromNames(t *testing.T) {
	for name, want := range map[string]string{
		"identity.vpcId": "identity.vpc_id", "x.subjectDN": "x.subject_dn", "HTTPMethod": "http_method", "aB.cDE.f1Gh": "a_b.c_de.f1_gh", "a_b": "a_b", "API": "api",
	} {
		assert.Equal(t, "aws.api_gateway."+want, attributeOf(name))
	}
}
