package accesslog

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// variable is a $context variable: what its values look like, and what becomes of them.
type variable struct {
	name    string // without "$context."
	grammar grammar
	targets []target // none: its value is a part of the record that is no attribute
	secrecy secrecy
	rank    int // among variables with the same attribute, the one with the lowest counts first
}

// target is an attribute that a variable becomes.
type target struct {
	attribute string
	as        conversion
}

// secrecy says whether a value may leave the receiver.
type secrecy uint8

const (
	open   secrecy = iota
	asked          // only where the user asks for the attribute by its name
	secret         // never
)

// conversion is how a value becomes an attribute's.
type conversion uint8

const (
	asText conversion = iota
	asInt
	asSeconds // from milliseconds
	asBool
	asProtocol // the version of HTTP/1.1 or TLSv1.2
	asTrace    // an X-Ray trace id
	asRoute    // the path of a route key

	// What the resource says already, unless it says something else.
	asAPIID
	asStage
	asAccount
)

// documented are the variables for access logs of REST, HTTP and WebSocket APIs (API Gateway Developer Guide, variables for access logging, each type
// of API has its page). An attribute that is not written here follows from the name.
var documented = []variable{
	own("accountId", name, attr.CloudAccountID, asAccount),
	own("apiId", name, attr.APIID, asAPIID),
	plain("authenticate.error", text),
	plain("authenticate.latency", integer, asSeconds),
	plain("authenticate.status", integer, asInt),
	plain("authorize.error", text),
	plain("authorize.latency", integer, asSeconds),
	plain("authorize.status", integer, asInt),
	plain("authorizer.error", text),
	plain("authorizer.integrationLatency", integer, asSeconds),
	plain("authorizer.integrationStatus", integer, asInt),
	plain("authorizer.latency", integer, asSeconds),
	hidden(own("authorizer.principalId", text, attr.UserID, asText), asked),
	plain("authorizer.requestId", token),
	plain("authorizer.status", integer, asInt),
	own("integration.requestId", token, attr.BackendRequestID, asText),
	own("awsEndpointRequestId", token, attr.BackendRequestID, asText),
	plain("awsEndpointRequestId2", token),
	own("cipherSuite", token, attr.TLSCipher, asText),
	plain("connectedAt", integer, asInt), // Unix milliseconds
	plain("connectionId", token),
	plain("customDomain.basePathMatched", token),
	plain("customDomain.routingRuleIdMatched", token),
	plain("dataProcessed", integer, asInt),
	own("deploymentId", name, attr.DeploymentID, asText),
	own("domainName", host, attr.ServerAddress, asText),
	plain("domainPrefix", host),
	own("endpointType", token, attr.EndpointType, asText),
	own("error.message", text, attr.ErrorMessage, asText),
	own("error.messageString", quoted, attr.ErrorMessage, asText),
	own("error.responseType", token, attr.ErrorType, asText),
	own("error.validationErrorString", text, attr.ErrorValidation, asText),
	plain("eventType", token),
	own("extendedRequestId", token, attr.ExtendedID, asText),
	own("httpMethod", method, attr.HTTPRequestMethod, asText),
	plain("identity.accountId", name),
	hidden(plain("identity.apiKey", token), secret),
	own("identity.apiKeyId", token, attr.APIKeyID, asText),
	plain("identity.caller", token),
	hidden(plain("identity.clientCert.clientCertPem", text), asked),
	own("identity.clientCert.issuerDN", text, attr.TLSIssuer, asText),
	plain("identity.clientCert.serialNumber", token),
	own("identity.clientCert.subjectDN", text, attr.TLSSubject, asText),
	plain("identity.clientCert.validity.notAfter", dates),
	plain("identity.clientCert.validity.notBefore", dates),
	plain("identity.cognitoAuthenticationProvider", word),
	plain("identity.cognitoAuthenticationType", token),
	plain("identity.cognitoIdentityId", token),
	plain("identity.cognitoIdentityPoolId", token),
	plain("identity.principalOrgId", token),
	own("identity.sourceIp", address, attr.ClientAddress, asText),
	hidden(own("identity.user", token, attr.UserID, asText), asked),
	own("identity.userAgent", text, attr.UserAgent, asText),
	plain("identity.userArn", token),
	plain("identity.vpcId", token),
	plain("identity.vpceId", token),
	own("integration.error", text, attr.IntegrationError, asText),
	own("integrationErrorMessage", text, attr.IntegrationError, asText),
	own("integration.integrationStatus", integer, attr.ServiceStatus, asInt),
	own("integrationStatus", integer, attr.ServiceStatus, asInt),
	own("integration.latency", integer, attr.Latency, asSeconds),
	own("integrationLatency", integer, attr.Latency, asSeconds),
	plain("integration.responseTransferMode", token),
	own("integration.status", integer, attr.BackendStatus, asInt),
	plain("integration.timeToAllHeaders", integer, asSeconds),
	plain("integration.timeToFirstContent", integer, asSeconds),
	own("isCanaryRequest", boolean, attr.Canary, asBool),
	plain("messageId", token),
	own("path", path, attr.URLPath, asText),
	own("protocol", token, attr.ProtocolVersion, asProtocol),
	own("requestId", token, attr.RequestID, asText),
	{name: "requestTime", grammar: date},
	{name: "requestTimeEpoch", grammar: integer},
	plain("resourceId", name),
	own("resourcePath", path, attr.HTTPRoute, asText),
	own("responseLatency", integer, attr.ResponseLatency, asSeconds),
	own("responseLength", integer, attr.ResponseSize, asInt),
	plain("responseOverride.status", integer, asInt),
	{name: "routeKey", grammar: routeKey, targets: []target{{attr.RouteKey, asText}, {attr.HTTPRoute, asRoute}}},
	own("stage", name, attr.Stage, asStage),
	own("status", integer, attr.StatusCode, asInt),
	own("tlsVersion", token, attr.TLSVersion, asProtocol),
	plain("waf.error", text),
	plain("waf.latency", integer, asSeconds),
	plain("waf.status", integer, asInt),
	plain("wafResponseCode", token),
	plain("webaclArn", token),
	own("xrayTraceId", token, attr.XRayTraceID, asTrace),
}

// families are the variables whose names end as the user wishes. The first that fits counts.
var families = []struct {
	prefix  string
	secrecy secrecy
}{
	{"authorizer.", asked}, // the claims of a token, and what an authorizer returns
	{"requestOverride.", open},
	{"responseOverride.header.", open},
}

var byName = func() map[string]variable {
	all := make(map[string]variable, len(documented))
	for i, v := range documented {
		v.rank = i
		all[v.name] = v
	}
	return all
}()

// lookUp returns what is known about a variable, whatever its name.
func lookUp(name string) variable {
	if v, ok := byName[name]; ok {
		return v
	}
	v := plain(name, absent)
	v.rank = len(documented)
	for _, f := range families {
		if strings.HasPrefix(name, f.prefix) {
			v.grammar, v.secrecy = text, f.secrecy
			break
		}
	}
	if v.secrecy == open && redact.Secret(name) { // a header, a parameter, or what AWS adds one day
		v.secrecy = secret
	}
	return v
}

// plain is a variable with the attribute that follows from its name, text unless as says otherwise.
func plain(name string, g grammar, as ...conversion) variable {
	return own(name, g, attributeOf(name), append(as, asText)[0])
}

func own(name string, g grammar, attribute string, as conversion) variable {
	return variable{name: name, grammar: g, targets: []target{{attribute, as}}}
}

func hidden(v variable, s secrecy) variable {
	v.secrecy = s
	return v
}

// attributeOf makes an attribute of a variable's name: aws.api_gateway.identity.vpc_id of identity.vpcId. Capitals in a row are one word: subject_dn.
func attributeOf(name string) string {
	b := append(make([]byte, 0, len(attr.Prefix)+len(name)+8), attr.Prefix...)
	for i := range len(name) {
		c := name[i]
		if !isUpper(c) {
			b = append(b, c)
			continue
		}
		if i > 0 && (isLowerOrDigit(name[i-1]) || isUpper(name[i-1]) && i+1 < len(name) && isLowerOrDigit(name[i+1])) {
			b = append(b, '_')
		}
		b = append(b, c+'a'-'A')
	}
	return string(b)
}

func isUpper(c byte) bool        { return 'A' <= c && c <= 'Z' }
func isLowerOrDigit(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
