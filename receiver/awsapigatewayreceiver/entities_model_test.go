package awsapigatewayreceiver

import (
	"encoding/json"
	"net/http"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// answers are the outputs of the reads by path, as the SDK's types say they are.
var answers = map[string]any{
	"/restapis": apigateway.GetRestApisOutput{}, "/restapis/*/stages": apigateway.GetStagesOutput{}, "/restapis/*/deployments": apigateway.GetDeploymentsOutput{},
	"/restapis/*/deployments/*": apigateway.GetDeploymentOutput{}, "/restapis/*/resources": apigateway.GetResourcesOutput{},
	"/restapis/*/authorizers": apigateway.GetAuthorizersOutput{}, "/restapis/*/models": apigateway.GetModelsOutput{},
	"/restapis/*/requestvalidators": apigateway.GetRequestValidatorsOutput{}, "/account": apigateway.GetAccountOutput{},
	"/domainnames": apigateway.GetDomainNamesOutput{}, "/domainnameaccessassociations": apigateway.GetDomainNameAccessAssociationsOutput{},
	"/domainnames/*/basepathmappings": apigateway.GetBasePathMappingsOutput{}, "/vpclinks": apigateway.GetVpcLinksOutput{},
	"/usageplans": apigateway.GetUsagePlansOutput{}, "/usageplans/*/keys": apigateway.GetUsagePlanKeysOutput{},
	"/apikeys": apigateway.GetApiKeysOutput{}, "/clientcertificates": apigateway.GetClientCertificatesOutput{},
	"/v2/apis": apigatewayv2.GetApisOutput{}, "/v2/apis/*/stages": apigatewayv2.GetStagesOutput{}, "/v2/apis/*/deployments": apigatewayv2.GetDeploymentsOutput{},
	"/v2/apis/*/routes": apigatewayv2.GetRoutesOutput{}, "/v2/apis/*/integrations": apigatewayv2.GetIntegrationsOutput{},
	"/v2/apis/*/authorizers": apigatewayv2.GetAuthorizersOutput{}, "/v2/apis/*/models": apigatewayv2.GetModelsOutput{},
	"/v2/domainnames": apigatewayv2.GetDomainNamesOutput{}, "/v2/domainnames/*/apimappings": apigatewayv2.GetApiMappingsOutput{},
	"/v2/domainnames/*/routingrules": apigatewayv2.ListRoutingRulesOutput{}, "/v2/vpclinks": apigatewayv2.GetVpcLinksOutput{},
}

// shape makes an answer in the shape of a type: with every member, or only with those of full.
type shape struct {
	v2      bool
	members func(name string) bool
	unknown bool // members and enum values that the SDK does not know
}

func (s shape) of(t reflect.Type, at string) any {
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), at)
	case reflect.Slice:
		return []any{s.of(t.Elem(), at)}
	case reflect.Map:
		return map[string]any{"key": s.of(t.Elem(), at+"-of")}
	case reflect.Bool:
		return true
	case reflect.Int32, reflect.Int64:
		return 7
	case reflect.Float64:
		return 7.5
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			if s.v2 {
				return "2026-01-02T03:04:05Z"
			}
			return 1767323045
		}
		out := map[string]any{}
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Name == "ResultMetadata" || f.Name == "Position" || f.Name == "NextToken" || !s.members(f.Name) {
				continue
			}
			name := string(unicode.ToLower(rune(f.Name[0]))) + f.Name[1:]
			if f.Name == "Items" && !s.v2 {
				name = "item"
			}
			out[name] = s.of(f.Type, at+"-"+name)
			if f.Name == "DomainNameArn" {
				out[name] = "arn:aws:apigateway:us-east-1:111122223333:/domainnames/one+id" // by which associations find their domain name
			}
		}
		if s.unknown {
			out["brandNewMember"] = map[string]any{"deep": []any{"UNHEARD", nil, 1e300}}
		}
		return out
	default:
		if s.unknown && t.Name() != "string" {
			return "UNHEARD_" + t.Name()
		}
		return "v" + at
	}
}

// serve answers every read in the shape.
func (s shape) serve(t *testing.T) (http.Handler, *[]map[string]any) {
	var sent []map[string]any
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for pattern, output := range answers {
			if ok, _ := path.Match(pattern, r.URL.Path); ok {
				s := s
				s.v2 = strings.HasPrefix(pattern, "/v2")
				body := s.of(reflect.TypeOf(output), strings.NewReplacer("/", "-", "*", "x").Replace(pattern)).(map[string]any)
				b, err := json.Marshal(body)
				assert.NoError(t, err)
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(b)
				return
			}
		}
		t.Errorf("unexpected request %s", r.URL)
		w.WriteHeader(http.StatusNotFound)
	})
	for pattern, output := range answers {
		s := s
		s.v2 = strings.HasPrefix(pattern, "/v2")
		sent = append(sent, s.of(reflect.TypeOf(output), strings.NewReplacer("/", "-", "*", "x").Replace(pattern)).(map[string]any))
	}
	return server, &sent
}

func runShape(t *testing.T, s shape) (*rig, []map[string]any) {
	t.Helper()
	handler, sent := s.serve(t)
	r := &rig{t: t, entities: &entitySink{keep: true}}
	r.serve(handler)
	r.epoch = time.Now().UTC().Truncate(time.Minute)
	r.clock = poll.Scaled{Origin: time.Now(), Epoch: r.epoch, Factor: 600}
	r.edit = func(c *Config) {
		c.Accounts = []aws.Account{{Name: "own", AccountID: testAccount}}
		c.Inventory.RequestsPerSecond, c.Inventory.APIKeys.Enabled = 10, true
		c.Alarms.Enabled = false
	}
	stop := r.start()
	r.until(r.epoch.Add(15 * time.Minute))
	stop()
	assert.Empty(t, r.entities.errs)
	return r, *sent
}

// Answers with every member that the service models have, in values and enums that nobody has seen before, lose nothing but secrets and what an id
// or relation says.
func TestEveryMemberOfTheServiceModels(t *testing.T) {
	t.Parallel()
	for name, unknown := range map[string]bool{"known": false, "with members and values that are new": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r, sent := runShape(t, shape{members: func(string) bool { return true }, unknown: unknown})
				text := r.entities.text()
				kinds := map[string]bool{}
				for _, rec := range r.entities.states() {
					kinds[rec.Type] = true
				}
				require.Len(t, kinds, 12, "every type of entity: %v", kinds)
				var missing []string
				for _, answer := range sent {
					missing = append(missing, missingValues(answer, text)...)
				}
				missing = slices.DeleteFunc(missing, func(value string) bool {
					// Models and validators are counted, keys of plans are relations, a deployment's summary repeats it, and the rest is the answer's own.
					return regexp.MustCompile(`-(models|requestvalidators|keys)-item|-deployments-x-|^v-apikeys-warnings|associations-item-tags`).MatchString(value)
				})
				assert.Empty(t, missing)
			})
		})
	}
}

// notDescribed are members that have no place in the inventory: what belongs to models and validators, which are counted, responses, and what a
// deployment or a resource says of its place.
var notDescribed = map[string]bool{
	"rootResourceId": true, "parentId": true, "pathPart": true, "apiSummary": true, "valueGlob": true,
	"domainNameAccessAssociationArn": true, "accessAssociationSourceType": true, "apiMappingId": true, "routingRuleId": true, "routingRuleArn": true,
	"target": true, "brandNewMember": true, "domainNameArn": true, "responseParameters": true, "httpMethod": true,
}

// missingValues are the strings of an answer that the text has not.
func missingValues(v any, text string) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if !withheld[k] && !notDescribed[k] {
				out = append(out, missingValues(e, text)...)
			}
		}
	case []any:
		for _, e := range v {
			out = append(out, missingValues(e, text)...)
		}
	case string:
		if !strings.Contains(text, `"`+v+`"`) && !strings.Contains(text, v) {
			out = append(out, v)
		}
	}
	return out
}

// Answers without any member, and with nothing but what identifies, break nothing: what has no id is counted, the rest is reported.
func TestMembersThatAreMissing(t *testing.T) {
	t.Parallel()
	t.Run("all", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r, _ := runShape(t, shape{members: func(string) bool { return false }})
			for _, rec := range r.entities.states() {
				assert.Equal(t, "aws.api_gateway.account", rec.Type)
			}
		})
	})
	t.Run("all but ids", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			identifies := map[string]bool{
				"Items": true, "Item": true, "Id": true, "ApiId": true, "StageName": true, "DeploymentId": true, "RouteKey": true, "IntegrationId": true, "AuthorizerId": true,
				"DomainName": true, "VpcLinkId": true, "ClientCertificateId": true, "RoutingRules": true, "ResourceMethods": true, "Path": true,
			}
			r, _ := runShape(t, shape{members: func(name string) bool { return identifies[name] }})
			kinds := map[string]bool{}
			for _, rec := range r.entities.states() {
				kinds[rec.Type] = true
			}
			// A method without an integration has none.
			for _, kind := range []string{"account", "api", "stage", "deployment", "route", "integration", "authorizer", "domain_name", "vpc_link", "usage_plan", "api_key", "client_certificate"} {
				assert.True(t, kinds["aws.api_gateway."+kind], kind)
			}
		})
	})
}
