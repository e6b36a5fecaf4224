package inventory

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// describeCase is an item of an answer as AWS writes it, and what becomes of it. The files of testdata/describe hold lists of them.
type describeCase struct {
	Name string `json:"name"`
	// Type is that of the API that the item belongs to, where it does.
	Type model.APIType   `json:"type,omitempty"`
	In   json.RawMessage `json:"in"`
	Out  json.RawMessage `json:"out,omitempty"`
}

// described is what becomes of an item: entities, what the signals need of it, and how many of its values are none that AWS documents.
type described struct {
	Error    string         `json:"error,omitempty"`
	Bad      int            `json:"bad,omitempty"`
	Entities []model.Entity `json:"entities,omitempty"`
	Model    any            `json:"model,omitempty"`
}

// describers are by the names of their files. Each gets an item and the API that it belongs to.
var describers = map[string]func(d *describer, a *model.API, o object) ([]model.Entity, any, error){
	"rest_api": func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) { return with3(d.restAPI(o)) },
	"api":      func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) { return with3(d.api(o)) },
	"account": func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) {
		t, e := d.account(o)
		return with3(t, e, nil)
	},
	"stage": func(d *describer, a *model.API, o object) ([]model.Entity, any, error) { return with3(d.stage(a, o)) },
	"deployment": func(d *describer, a *model.API, o object) ([]model.Entity, any, error) {
		return with2(d.deployment(a, o))
	},
	"deployment_summary": func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) { return nil, d.summary(o), nil },
	"resource": func(d *describer, a *model.API, o object) ([]model.Entity, any, error) {
		e, err := d.resource(a, o)
		return e, nil, err
	},
	"route": func(d *describer, a *model.API, o object) ([]model.Entity, any, error) { return with2(d.routeV2(a, o)) },
	"integration": func(d *describer, a *model.API, o object) ([]model.Entity, any, error) {
		return with2(d.integrationV2(a, o))
	},
	"authorizer": func(d *describer, a *model.API, o object) ([]model.Entity, any, error) {
		return with2(d.authorizer(a, o))
	},
	"domain_name": describeDomain,
	"vpc_link": func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) {
		return with2(d.vpcLink(o, "V1"))
	},
	"usage_plan": func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) { return with3(d.usagePlan(o)) },
	"api_key": func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) {
		return with2(d.apiKey(o, []string{"plan2", "plan1"}))
	},
	"client_certificate": func(d *describer, _ *model.API, o object) ([]model.Entity, any, error) {
		return with3(d.clientCertificate(o))
	},
}

// describeDomain gets what the lists of both versions say of a domain name, and where it leads.
func describeDomain(d *describer, _ *model.API, o object) ([]model.Entity, any, error) {
	domains, err := mergeDomains(o.objects("v1"), o.objects("v2"))
	var out []model.Entity
	for _, dom := range domains {
		out = append(out, d.domain(dom, mappings(o.objects("mappings")), rules(o.objects("rules")), o.texts("endpoints")))
	}
	return out, nil, err
}

func with2(e model.Entity, err error) ([]model.Entity, any, error) { return with3[any](nil, e, err) }

func with3[M any](m M, e model.Entity, err error) ([]model.Entity, any, error) {
	if err != nil {
		return nil, nil, err
	}
	return []model.Entity{e}, m, nil
}

// run describes an item. What comes out is what is kept: its JSON.
func (c *describeCase) run(t testing.TB, kind string) json.RawMessage {
	o, err := decodeObject(c.In)
	require.NoError(t, err)
	d := &describer{at: target}
	a := &model.API{ID: "a1b2c3d4e5", Name: "orders", Type: c.Type}
	var got described
	got.Entities, got.Model, err = describers[kind](d, a, o)
	if err != nil {
		got.Error = err.Error()
	}
	got.Bad = d.bad
	b, err := json.Marshal(got)
	require.NoError(t, err)
	return b
}

func indented(t testing.TB, b []byte) string {
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, b, "", "  "))
	return out.String()
}

// TestDescribe compares what items become with the golden files; each file has an item with every member that AWS documents, of each version, one
// with none, and odd ones. The members whose values begin with SECRET never come out.
func TestDescribe(t *testing.T) {
	for kind := range describers {
		t.Run(kind, func(t *testing.T) {
			file := filepath.Join("testdata", "describe", kind+".json")
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			var cases []describeCase
			require.NoError(t, json.Unmarshal(b, &cases))
			for i := range cases {
				got := cases[i].run(t, kind)
				assert.NotContains(t, strings.ToUpper(string(got)), "SECRET", cases[i].Name)
				if *update {
					cases[i].Out = got
					continue
				}
				assert.Equal(t, indented(t, cases[i].Out), indented(t, got), cases[i].Name)
			}
			if *update {
				var out bytes.Buffer
				e := json.NewEncoder(&out)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				require.NoError(t, e.Encode(cases))
				require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
			}
		})
	}
}
