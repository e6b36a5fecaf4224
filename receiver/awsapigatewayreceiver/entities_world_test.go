package awsapigatewayreceiver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// truth is what should be known of an entity: who it is, the values that AWS says of it, and what it relates to.
type truth struct {
	kind   string
	fields map[string]any
	links  []string // "<relationship> <key>"
}

const prefix = "aws.api_gateway."

// entityKey is the key of an entity of the embedded AWS's account; id are attribute names without their prefix, and values.
func entityKey(account, region, kind string, id ...string) string {
	m := model.ID{"cloud.account.id": account, "cloud.region": region}
	for i := 0; i+1 < len(id); i += 2 {
		m[prefix+id[i]] = id[i+1]
	}
	return model.Key(prefix+kind, m)
}

func resourceKey(account, region string, r *awssim.Resource) (string, bool) {
	key := func(id ...string) (string, bool) { return entityKey(account, region, r.Kind, id...), true }
	switch r.Kind {
	case awssim.KindAccount:
		return key()
	case awssim.KindAPI:
		return key("api_id", r.ID)
	case awssim.KindStage:
		return key("api_id", r.API, "stage", r.ID)
	case awssim.KindRoute:
		return key("api_id", r.API, "route_key", r.ID)
	case awssim.KindDeployment, awssim.KindIntegration, awssim.KindAuthorizer:
		return key("api_id", r.API, r.Kind+"_id", r.ID)
	case awssim.KindDomainName:
		name, id, private := strings.Cut(r.ID, "+")
		if private {
			return key("domain_name", name, "domain_name_id", id)
		}
		return key("domain_name", name)
	case awssim.KindVPCLink, awssim.KindUsagePlan, awssim.KindAPIKey, awssim.KindClientCertificate:
		return key(r.Kind+"_id", r.ID)
	}
	return "", false
}

// worldEntities are the entities that the world has at a time.
func worldEntities(w *awssim.World, account, region string, at time.Time) map[string]truth {
	resources := w.Resources(account, region, at)
	out := map[string]truth{}
	newest := map[string][]*awssim.Resource{}
	running := map[string]bool{}
	for i := range resources {
		switch r := &resources[i]; r.Kind {
		case awssim.KindDeployment:
			newest[r.API] = append(newest[r.API], r)
		case awssim.KindStage:
			for _, l := range r.Links {
				if l.Kind == awssim.KindDeployment {
					running[r.API+" "+l.To] = true
				}
			}
		}
	}
	kept := map[string]bool{}
	for api, list := range newest {
		slices.SortStableFunc(list, func(a, b *awssim.Resource) int {
			return cmp.Compare(b.Fields["createdDate"].(time.Time).Unix(), a.Fields["createdDate"].(time.Time).Unix())
		})
		for i, r := range list {
			kept[api+" "+r.ID] = i < 5 || running[api+" "+r.ID]
		}
	}
	link := func(from *awssim.Resource, relation string, l awssim.Link) string {
		key, _ := resourceKey(account, region, &awssim.Resource{Kind: l.Kind, API: l.API, ID: l.To})
		return relation + " " + key
	}
	for i := range resources {
		r := &resources[i]
		key, ok := resourceKey(account, region, r)
		if !ok || r.Kind == awssim.KindDeployment && !kept[r.API+" "+r.ID] {
			continue
		}
		if arn, _ := r.Fields["domainNameArn"].(string); strings.HasPrefix(arn, "arn:") && strings.Contains(arn, "+") && !strings.Contains(arn, ":"+account+":") {
			continue // shared by another account, which it belongs to
		}
		t := truth{kind: r.Kind, fields: r.Fields}
		if r.API != "" {
			t.links = append(t.links, link(r, "part_of", awssim.Link{Kind: awssim.KindAPI, To: r.API}))
		}
		for _, l := range r.Links {
			switch r.Kind + " " + l.Kind {
			case "stage deployment":
				t.links = append(t.links, link(r, "runs", l))
			case "route authorizer":
				t.links = append(t.links, link(r, "authorized_by", l))
			case "route integration":
				t.links = append(t.links, link(r, "invokes", l))
			case "integration vpc_link":
				t.links = append(t.links, link(r, "depends_on", l))
			case "usage_plan stage":
				t.links = append(t.links, link(r, "limits", l))
			}
		}
		out[key] = t
	}
	// What leads from one to the other without being an entity of its own.
	for i := range resources {
		r := &resources[i]
		switch r.Kind {
		case awssim.KindAPIMapping, awssim.KindBasePathMapping, awssim.KindRoutingRule:
			key, _ := resourceKey(account, region, &awssim.Resource{Kind: awssim.KindDomainName, ID: r.Parent})
			t, ok := out[key]
			if !ok {
				continue
			}
			for _, l := range r.Links {
				if l.Kind == awssim.KindStage {
					t.links = append(t.links, link(r, "routes_to", l))
				}
			}
			out[key] = t
		case awssim.KindUsagePlanKey:
			key, _ := resourceKey(account, region, &awssim.Resource{Kind: awssim.KindAPIKey, ID: r.ID})
			t := out[key]
			t.links = append(t.links, "uses "+entityKey(account, region, "usage_plan", "usage_plan_id", r.Parent))
			out[key] = t
		}
	}
	return out
}

// withheld are members whose values don't come out, or only as a hash, a name or a word.
var withheld = map[string]bool{
	"policy": true, "managementPolicy": true, "pemEncodedCertificate": true, "value": true, "variables": true, "stageVariables": true, "stageVariableOverrides": true,
	"authorizerCredentials": true, "authorizerCredentialsArn": true, "credentials": true, "credentialsArn": true, "requestTemplates": true,
	"integrationResponses": true, "responseTemplates": true, "requestParameters": true, "responseParameters": true, "identityValidationExpression": true,
	"methodResponses": true,
	// What the entity's id or a relation says.
	"rootResourceId": true, "target": true, "httpMethod": true,
	// Only of those that run, in "methods".
	"apiSummary": true,
}

// leaves are the values of a description or of fields, as text.
func leaves(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			into[k] = true
			leaves(e, into)
		}
	case []any:
		for _, e := range v {
			leaves(e, into)
		}
	case float64:
		into[strconv.FormatFloat(v, 'g', -1, 64)] = true
	default:
		into[fmt.Sprint(v)] = true
	}
}

// lost are the members of fields whose values are not in the description.
func lost(path string, v any, have map[string]bool) []string {
	switch v := v.(type) {
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if !withheld[k] {
				out = append(out, lost(path+"."+k, v[k], have)...)
			}
		}
		return out
	case map[string]string:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, lost(path+"."+k, v[k], have)...)
		}
		return out
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, lost(path, e, have)...)
		}
		return out
	case []map[string]any:
		var out []string
		for _, e := range v {
			out = append(out, lost(path, e, have)...)
		}
		return out
	case []string:
		var out []string
		for _, e := range v {
			out = append(out, lost(path, e, have)...)
		}
		return out
	case time.Time:
		return lost(path, v.UTC().Format(time.RFC3339), have)
	case float64:
		return lost(path, strconv.FormatFloat(v, 'g', -1, 64), have)
	}
	if s := fmt.Sprint(v); !have[s] && s != "" {
		return []string{path + "=" + s}
	}
	return nil
}

// compareEntities holds the newest states to the world: each entity, each value and each relation.
func compareEntities(t *testing.T, s *entitySink, w *awssim.World, account, region string, at time.Time) {
	t.Helper()
	want, got := worldEntities(w, account, region, at), s.states()
	for k := range got {
		if got[k].ID["cloud.region"] != region || got[k].ID["cloud.account.id"] != account {
			delete(got, k)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		assert.Contains(t, slices.Collect(maps.Keys(want)), key, "is not in the world")
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		rec, ok := got[key]
		if !assert.True(t, ok, "%q is missing", key) {
			continue
		}
		have := map[string]bool{}
		leaves(rec.Attributes, have)
		assert.Empty(t, lost("", want[key].fields, have), "values of %q that its description lacks", key)
		var links []string
		relations, _ := rec.Attributes["entity.relationships"].([]any)
		for _, r := range relations {
			m := r.(map[string]any)
			target := entityRecord{Type: m["entity.type"].(string), ID: m["entity.id"].(map[string]any)}
			if strings.HasPrefix(target.Type, prefix) {
				links = append(links, fmt.Sprint(m["relationship.type"])+" "+target.key())
			}
		}
		slices.Sort(want[key].links)
		assert.ElementsMatch(t, slices.Compact(want[key].links), links, "relations of %q", key)
	}
}
