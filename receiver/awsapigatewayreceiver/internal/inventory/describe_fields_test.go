package inventory

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// fieldTables are the tables by the kind of item whose members they name: what is needed for the item to be one, and where the members stand in it.
var fieldTables = map[string][]struct {
	fields []field
	base   map[string]any // what an item needs
	at     []string       // where in it the members are
}{
	"rest_api":           {{fields: restAPIFields, base: map[string]any{"id": "a"}}},
	"api":                {{fields: apiFields, base: map[string]any{"apiId": "a"}}},
	"account":            {{fields: accountFields}},
	"stage":              {{fields: stageFields, base: map[string]any{"stageName": "s"}}, {fields: settingFields, base: map[string]any{"stageName": "s"}, at: []string{"defaultRouteSettings"}}},
	"deployment":         {{fields: deploymentFields, base: map[string]any{"id": "d"}}},
	"route":              {{fields: routeFields, base: map[string]any{"routeKey": "GET /"}}},
	"integration":        {{fields: integrationFields, base: map[string]any{"integrationId": "i"}}},
	"authorizer":         {{fields: authorizerFields, base: map[string]any{"id": "a"}}},
	"vpc_link":           {{fields: vpcLinkFields, base: map[string]any{"id": "v"}}},
	"usage_plan":         {{fields: usagePlanFields, base: map[string]any{"id": "p"}}},
	"api_key":            {{fields: apiKeyFields, base: map[string]any{"id": "k"}}},
	"client_certificate": {{fields: clientCertificateFields, base: map[string]any{"clientCertificateId": "c"}}},
}

// withMember is an item with a value at a path.
func withMember(base map[string]any, at []string, member string, value any) map[string]any {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]any{}
	}
	m := out
	path := append(append([]string{}, at...), strings.Split(member, ".")...)
	for _, name := range path[:len(path)-1] {
		below := map[string]any{}
		m[name] = below
		m = below
	}
	m[path[len(path)-1]] = value
	return out
}

// fieldOut describes an item and returns what an attribute got, which may be a setting of a stage.
func fieldOut(t *testing.T, kind string, item map[string]any, attribute string) (value any, bad int) {
	b, err := json.Marshal(item)
	require.NoError(t, err)
	c := describeCase{In: b, Type: model.HTTP}
	var got described
	require.NoError(t, json.Unmarshal(c.run(t, kind), &got))
	require.Empty(t, got.Error)
	require.Len(t, got.Entities, 1)
	description := got.Entities[0].Description
	if settings, ok := description["aws.api_gateway.route_settings"].(map[string]any); ok {
		return settings[allRoutes].(map[string]any)[attribute], got.Bad
	}
	return description[attribute], got.Bad
}

// withheld are the members of which only names or hashes come out: another kind of value may be secret as a whole, and is dropped.
var withheld = map[string]bool{
	"policy": true, "variables": true, "stageVariables": true, "canarySettings.stageVariableOverrides": true, "requestParameters": true, "responseParameters": true,
	"requestTemplates": true, "methodResponses": true, "identityValidationExpression": true,
}

// Every member of every kind of item: null is absent; what has another kind than AWS documents stays as it is, and is counted; a member that no table
// names does not come out.
func TestEveryMember(t *testing.T) {
	t.Parallel()
	for kind, tables := range fieldTables {
		for _, table := range tables {
			for _, f := range table.fields {
				t.Run(kind+" "+f.member, func(t *testing.T) {
					null, bad := fieldOut(t, kind, withMember(table.base, table.at, f.member, nil), f.attribute)
					switch {
					case f.attribute == "aws.api_gateway.version" && kind == "vpc_link", f.member == "apiEndpoint": // known without AWS saying it
					default:
						assert.Nil(t, null)
					}
					assert.Zero(t, bad)

					if f.member == "name" && kind == "stage" {
						return
					}
					odd, bad := fieldOut(t, kind, withMember(table.base, table.at, f.member, []any{map[string]any{"x": 1.5}}), f.attribute)
					if withheld[f.member] {
						assert.Nil(t, odd)
						assert.Zero(t, bad)
						return
					}
					assert.Equal(t, `[{"x":1.5}]`, odd)
					assert.Equal(t, 1, bad)
				})
			}
		}
	}
}

// A date, an ARN or a URI that is none stays as it is, and is counted.
func TestTextsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, set := range []struct{ kind, member, value, attribute string }{
		{"rest_api", "createdDate", "soon", "aws.api_gateway.created"},
		{"stage", "lastUpdatedDate", "2026-02-30T00:00:00Z", "aws.api_gateway.updated"},
		{"client_certificate", "expirationDate", "1731536000", "aws.api_gateway.expires"},
		{"account", "cloudwatchRoleArn", "arn:aws:iam", "aws.api_gateway.cloudwatch_role_arn"},
		{"stage", "accessLogSettings.destinationArn", "arn:aws::eu-west-1:1:x", "aws.api_gateway.access_log.destination"},
		{"stage", "webAclArn", "urn:x", "aws.api_gateway.web_acl"},
		{"integration", "integrationTarget", "arn:aws:elasticloadbalancing:eu-west-1:1:", "aws.api_gateway.integration.target"},
		{"integration", "integrationUri", "ftp://example.com/x", "aws.api_gateway.integration.uri"},
		{"integration", "uri", "http://", "aws.api_gateway.integration.uri"},
		{"integration", "uri", "arn:aws:apigateway:eu-west-1:lambda:teleport/x", "aws.api_gateway.integration.uri"},
		{"authorizer", "authorizerUri", "arn:aws:lambda", "aws.api_gateway.authorizer.uri"},
	} {
		value, bad := fieldOut(t, set.kind, withMember(fieldTables[set.kind][0].base, nil, set.member, set.value), set.attribute)
		assert.Equal(t, set.value, value, "%s %s", set.kind, set.member)
		assert.Equal(t, 1, bad, "%s %s %q", set.kind, set.member, set.value)
	}
}

// A value that is passed on as it is has at most 1 KB, and is text that every backend takes.
func TestRawValuesAreBounded(t *testing.T) {
	t.Parallel()
	long, bad := fieldOut(t, "rest_api", map[string]any{"id": "a", "version": []string{strings.Repeat("é", maxRaw)}}, "aws.api_gateway.version")
	assert.LessOrEqual(t, len(long.(string)), maxRaw+len("\uFFFD"))
	assert.True(t, strings.HasPrefix(long.(string), `["é`))
	assert.Equal(t, 1, bad)
}

// Dates come in both versions' forms, to the millisecond.
func TestDates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		`0`: "1970-01-01T00:00:00Z", `1700000000`: "2023-11-14T22:13:20Z", `1.7e9`: "2023-11-14T22:13:20Z", `1700000000.123`: "2023-11-14T22:13:20.123Z", `1700000000.9999`: "2023-11-14T22:13:21Z",
		`253402300799`: "9999-12-31T23:59:59Z", `"2023-11-14T22:13:20Z"`: "2023-11-14T22:13:20Z", `"2023-11-14T23:13:20.5+01:00"`: "2023-11-14T22:13:20.5Z",
		`253402300800`: nil, `1e999`: nil, `""`: nil, `true`: nil, `{}`: nil, `"2023-11-14"`: nil,
	} {
		o, err := decodeObject([]byte(`{"d": ` + in + `}`))
		require.NoError(t, err)
		got, ok := date(o["d"])
		assert.Equal(t, want != nil, ok, in)
		if ok {
			assert.Equal(t, want, got, in)
		}
	}
}

// Numbers keep their kind: a limit is a floating-point one whatever its value, a count an integer.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct{ integer, decimal string }{
		`0`: {`0`, `0.0`}, `-1`: {`-1`, `-1.0`}, `100`: {`100`, `100.0`}, `100.0`: {`100`, `100.0`}, `1e3`: {`1000`, `1000.0`}, `0.5`: {``, `0.5`}, `1e21`: {``, `1e+21`}, `1e300`: {``, `1e+300`},
		`9223372036854775807`: {`9223372036854775807`, `9.223372036854776e+18`}, `1e999`: {``, ``}, `"1"`: {``, ``}, `true`: {``, ``}, `[]`: {``, ``},
	} {
		o, err := decodeObject([]byte(`{"n": ` + in + `}`))
		require.NoError(t, err)
		for kind, as := range map[string]conversion{want.integer + " integer": integer, want.decimal + " decimal": decimal} {
			got, ok := as(o["n"])
			text, _, _ := strings.Cut(kind, " ")
			assert.Equal(t, text != "", ok, "%s as %s", in, kind)
			if ok {
				b, err := json.Marshal(got)
				require.NoError(t, err)
				assert.Equal(t, text, string(b))
			}
		}
	}
}

// The keys of method settings, of stages and of usage plans, are paths and methods; as route keys they are the same as those of routes.
func TestMethodSettingRoute(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"*/*": "*/*", "~1orders/GET": "GET /orders", "/orders/GET": "GET /orders", "orders/GET": "GET /orders", "~1orders~1{id}/POST": "POST /orders/{id}", "/orders/{id}/POST": "POST /orders/{id}",
		"~1/GET": "GET /", "//GET": "GET /", "/GET": "GET /", "~1orders/*": "* /orders", "odd": "odd", "": "",
	} {
		assert.Equal(t, want, methodSettingRoute(key), "%q", key)
	}
}
