package inventory

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// planted is in every value that must not come out.
const planted = "pl4nted"

// secrets are the members whose values must not come out, with a value of the kind that they have.
var secrets = map[string]any{
	"value": planted, "policy": planted, "managementPolicy": planted, "pemEncodedCertificate": planted, "certificatePrivateKey": planted, "certificateBody": planted,
	"variables": map[string]any{"x": planted}, "stageVariables": map[string]any{"x": planted}, "requestTemplates": map[string]any{"application/json": planted},
	"requestParameters": map[string]any{"x": planted}, "responseParameters": map[string]any{"x": planted}, "identityValidationExpression": planted,
	"credentials": "arn:aws:iam::111122223333:role/" + planted, "credentialsArn": planted, "authorizerCredentials": planted, "authorizerCredentialsArn": planted,
	"uri": "https://user:" + planted + "@example.com/x?" + planted, "integrationUri": "http://" + planted + "@example.com?x=" + planted, "authorizerUri": "arn:aws:apigateway:r:sqs:path/1/q?x=" + planted,
	"integrationResponses": map[string]any{"200": map[string]any{"responseTemplates": map[string]any{"x": planted}, "responseParameters": map[string]any{"y": planted}}},
}

// plant puts the secrets into an item, and into the methods of a resource.
func plant(o map[string]any) {
	maps.Copy(o, secrets)
	if canary, ok := o["canarySettings"].(map[string]any); ok {
		canary["stageVariableOverrides"] = map[string]any{"x": planted}
	}
	for _, m := range object(o).members("resourceMethods") {
		if in, ok := m["methodIntegration"].(map[string]any); ok {
			maps.Copy(in, secrets)
		}
		m["requestParameters"] = map[string]any{"x": planted}
		m["methodResponses"] = map[string]any{"200": map[string]any{"responseParameters": planted}}
	}
	for _, list := range []string{"v1", "v2", "rules", "mappings"} {
		for _, below := range object(o).objects(list) {
			plant(below)
		}
	}
	for _, c := range object(o).objects("conditions") {
		c["matchHeaders"] = map[string]any{"anyOf": []any{map[string]any{"header": "x", "valueGlob": planted}}}
	}
}

// FuzzDescribe: whatever an item holds, describing it ends without a panic, what comes out can be kept and read back, is the same each time, and has no
// secret in it.
func FuzzDescribe(f *testing.F) {
	kinds := slices.Sorted(maps.Keys(describers))
	for i, kind := range kinds {
		b, err := os.ReadFile(filepath.Join("testdata", "describe", kind+".json"))
		require.NoError(f, err)
		var cases []describeCase
		require.NoError(f, json.Unmarshal(b, &cases))
		for _, c := range cases {
			f.Add(uint8(i), []byte(c.In))
		}
	}
	f.Add(uint8(0), []byte(`null`))
	f.Add(uint8(0), []byte(`{"id": "a", "createdDate": 1e400, "tags": {"\u0000": "\ud800"}}`))
	f.Fuzz(func(t *testing.T, kind uint8, in []byte) {
		name := kinds[int(kind)%len(kinds)]
		o, err := decodeObject(in)
		if err != nil {
			return
		}
		for _, with := range []bool{false, true} {
			if with {
				if o == nil {
					return
				}
				plant(o)
			}
			for _, kind := range []model.APIType{model.REST, model.HTTP, model.WebSocket} {
				d := &describer{at: target}
				entities, m, err := describers[name](d, &model.API{ID: "a", Name: "b", Type: kind}, o)
				if err != nil {
					continue
				}
				p, err := newPart(hour(1), entities)
				require.NoError(t, err)
				again, _, err := describers[name](&describer{at: target}, &model.API{ID: "a", Name: "b", Type: kind}, o)
				require.NoError(t, err)
				q, err := newPart(hour(1), again)
				require.NoError(t, err)
				assert.True(t, p.same(q), "the same each time")
				assert.GreaterOrEqual(t, d.bad, 0)
				out := entitiesOf(t, p)
				b, err := json.Marshal(struct {
					E []model.Entity
					M any
				}{out, m})
				require.NoError(t, err)
				if with {
					assert.NotContains(t, string(b), planted)
				}
				for _, e := range out {
					for _, v := range e.ID {
						assert.NotEmpty(t, v, e.Type)
					}
				}
			}
		}
	})
}

// FuzzTarget: whatever a URI is, what it calls is something, and nothing secret of it.
func FuzzTarget(f *testing.F) {
	for _, uri := range []string{"https://user:x@example.com:8443/a?b#c", "arn:aws:apigateway:eu-west-1:sqs:path/1/q?x", "http://[::1]/", "${x}", "arn:::::", "https://{a}", "arn:aws:lambda:r:1:function:x"} {
		f.Add(uri, "StepFunctions-StartExecution", "arn:aws:states:r:1:stateMachine:x")
	}
	f.Fuzz(func(t *testing.T, uri, subtype, parameter string) {
		d := &describer{at: target}
		r, ok := d.target(uri, map[string]any{"x": parameter})
		assert.True(t, ok || r == nil)
		relations := []model.Relation{d.action(subtype, map[string]any{"StateMachineArn": parameter, "QueueUrl": parameter})}
		if r != nil {
			relations = append(relations, *r)
		}
		for _, r := range relations {
			assert.Equal(t, "depends_on", r.Kind)
			assert.Len(t, r.ID, 1)
		}
		if pool := d.userPool(uri); pool != "" {
			_, ok := parseARN(pool)
			assert.True(t, ok)
		}
		clean := withoutSecrets(uri)
		assert.Equal(t, clean, withoutSecrets(clean), "nothing is left to take away")
		secret, ok := d.target("https://"+planted+"@example.com/"+uri+"?"+planted, nil)
		if ok && secret != nil {
			for _, v := range secret.ID {
				assert.NotContains(t, v, planted)
			}
		}
		assert.NotContains(t, withoutSecrets("https://"+planted+"@example.com/"+uri+"?"+planted), planted)
	})
}
