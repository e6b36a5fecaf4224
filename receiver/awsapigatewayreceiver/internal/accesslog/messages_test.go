package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// API Gateway says in its errors what a request had in its Authorization header, and which canonical request it would have signed.
func TestErrorsLoseTheCredentialsThatTheyRepeat(t *testing.T) {
	for message, want := range map[string]string{
		`'S3CRET' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer S3CRET'.`: `'******' not a valid key=value pair (missing equal-sign) in Authorization header: '*************'.`,
		`'a' not a valid key=value pair S3CRET' not a valid key=value pair in Authorization header: 'S3CRET`: `'************************************' not a valid key=value pair in Authorization header: '******`,
		`Authorization header requires 'Credential' parameter. Authorization=Bearer S3CRET`:                  `Authorization header requires 'Credential' parameter. Authorization=*************`,
		`The Canonical String for this request should have been 'GET`:                                        `The Canonical String for this request should have been*****`,
		`Forbidden eyJhbGciOi.eyJleHAi.V6-_ there`:                                                           `Forbidden ************************ there`,

		`bearer S3CRETS3CRET, it was`:                    `bearer ************, it was`,
		`User is not authorized to access this resource`: `User is not authorized to access this resource`,
		`the bearer is not known`:                        `the bearer is not known`,
	} {
		for _, variable := range []string{"error.message", "authenticate.error", "authorize.error", "integration.error", "error.validationErrorString", "authorizer.error"} {
			record := written(t, usual(), "[$context."+variable+"] $context.status", "["+message+"] 403", Identity{})
			assert.Equal(t, "["+want+"] 403", record.Body().Str(), variable)
			value, _ := record.Attributes().Get(AttributeOf(variable))
			assert.Equal(t, want, value.AsString(), variable)
		}
		record := written(t, usual(), `{"m":$context.error.messageString}`, `{"m":"`+message+`"}`, Identity{})
		assert.Equal(t, `{"m":"`+want+`"}`, record.Body().Str())
		assert.Equal(t, want, record.Attributes().AsRaw()["aws.api_gateway.error.message"])
	}
}

// Lines have up to a megabyte: what takes a time that grows with the square of the length would take minutes here.
func TestLongErrorsAreReadOnce(t *testing.T) {
	for _, text := range []string{"eyJ", "eyJ ", "bearer ", "bearer bearers ", "eyJaaaaa. ", notAPair, ofHeader, repeated[0], "'"} {
		withoutCredentials(fill(text, 1<<20))
	}
}

// What is left out as a whole, or has a hash, stays so.
func TestErrorsThatAreLeftOutAreMaskedAsAWhole(t *testing.T) {
	rules := redact.New([]redact.Rule{{Attribute: "aws.api_gateway.error.message"}}, nil, "")
	record := written(t, rules, "[$context.error.message]", "[Authorization=x]", Identity{})
	assert.Empty(t, record.Attributes().AsRaw())
	assert.Equal(t, "[***************]", record.Body().Str())
}

// A secret's key may stand above what has the secret, and what an authorizer said at any depth.
func TestAJSONLinesSecretsAreMaskedBelowTheirKeys(t *testing.T) {
	for _, member := range []string{
		`"headers":{"Authorization":{"value":"S3CRET"}}`, `"cookies":{"session":"S3CRET","n":["S3CRET"]}`, `"credentials":{"id":"S3CRET"}`,
		`"requestContext":{"authorizer":{"jwt":{"claims":{"sub":"S3CRET"}}}}`, `"event":{"claims":{"email":"S3CRET"}}`, `"x":{"api_key":{"a":{"b":"S3CRET"}}}`,
		`"passw\u006frd":"S3CRET"`, `"token":["S3CRET",{"a":"S3CRET"}]`,
	} {
		line, v, record := `{"requestId":"a-b","status":"200",`+member+`}`, &Values{}, plog.NewLogRecord()
		f, ok := DecodeJSON(line, v)
		require.True(t, ok, line)
		NewWriter(usual(), true).Bind(f).Write(record, line, v, Identity{})
		assert.NotContains(t, record.Body().Str(), "S3CRET", member)
		assert.Equal(t, map[string]any{"aws.request_id": "a-b", "http.response.status_code": int64(200)}, record.Attributes().AsRaw(), member)
	}
}

// What a number or a date keeps apart from a secret stays.
func TestWhatIsFarFromASecretStays(t *testing.T) {
	for _, test := range []struct{ format, line, want string }{
		{
			"$context.requestId|$context.authorizer.claims.sub|$context.status|$context.error.message|$context.path",
			"Q8N=|ann|403|Forbidden|/pets", "Q8N=|***|403|Forbidden|/pets",
		},
		{
			`$context.authorizer.principalId [$context.requestTime] "$context.error.message" "$context.identity.userAgent" $context.requestId`,
			`ann [18/Jul/2022:12:33:39 +0000] "Forbidden" "Mozilla/5.0 (X11)" Q8N=`, `*** [18/Jul/2022:12:33:39 +0000] "Forbidden" "Mozilla/5.0 (X11)" Q8N=`,
		},
	} {
		record := written(t, usual(), test.format, test.line, Identity{})
		assert.Equal(t, test.want, record.Body().Str(), test.format)
		assert.Equal(t, "Forbidden", record.Attributes().AsRaw()["aws.api_gateway.error.message"], test.format)
	}
}

// Where nobody can tell where a secret ends and its neighbour begins, neither comes out.
func TestASecretsNeighboursAreMaskedWhereTheyTouch(t *testing.T) {
	for _, test := range []struct{ format, line, want string }{
		{"$context.requestId$context.identity.apiKey $context.status", "Q8N=S3CRET 200", "********** 200"},
		{"$context.identity.apiKey$context.requestId $context.status", "S3CRETQ8N= 200", "********** 200"},
		{
			"$context.identity.userAgent $context.authorizer.claims.name $context.error.message|$context.status",
			"Mozilla/5.0 (X11) Ann S3CRET no|200", "Mozilla/5.0 ***** *************|200",
		},
		{
			"$context.requestOverride.header.Authorization $context.requestId $context.identity.userAgent",
			"Bearer S3CRET Q8N= Mozilla", "****** ****** ************",
		},
		{
			"$context.authorizer.claims.name $context.status $context.identity.userAgent",
			"Ann 5 S3CRET 200 Mozilla", "*** 5 ******************",
		},
		{"$context.requestId $context.identity.apiKey $context.status", "Q8N= S3CRET 200", "Q8N= ****** 200"},
		{"$context.requestId$context.stage $context.status", "Q8N=prod 200", "Q8N=prod 200"},
	} {
		record := written(t, usual(), test.format, test.line, Identity{})
		assert.Equal(t, test.want, record.Body().Str(), test.format)
		for name, value := range record.Attributes().All() {
			assert.NotContains(t, value.AsString(), "S3CRET", name)
		}
	}
}
