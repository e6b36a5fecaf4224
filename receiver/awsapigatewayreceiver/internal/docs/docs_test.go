package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// described are the entities that the describers' tests expect, those with values that AWS does not document apart.
func described(t *testing.T) (usual, odd []model.Entity) {
	files, err := filepath.Glob(filepath.Join("..", "inventory", "testdata", "describe", "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		var cases []struct {
			Out struct {
				Bad      int            `json:"bad"`
				Entities []model.Entity `json:"entities"`
			} `json:"out"`
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		require.NoError(t, d.Decode(&cases), file)
		for _, c := range cases {
			if c.Out.Bad == 0 {
				usual = append(usual, c.Out.Entities...)
			} else {
				odd = append(odd, c.Out.Entities...)
			}
		}
	}
	require.NotEmpty(t, usual)
	return usual, odd
}

// elsewhere is what the describers' test data does not show: what is made of more than an item, and what other tests have.
var elsewhere = map[string]bool{
	attr.TypeAccount + attr.AccountName:                       true,
	attr.TypeAPI + attr.AccountName:                           true,
	attr.TypeDeployment + attr.Prefix + "methods":             true,
	attr.TypeIntegration + attr.Prefix + "integration.target": true,
	attr.TypeIntegration + "depends_on" + attr.TypeService:    true,
	attr.TypeDomainName + attr.Prefix + "vpc_endpoint_ids":    true,
}

// What comes out is documented, and what is documented comes out.
func TestEntitiesAreAsDocumented(t *testing.T) {
	seen := map[string]bool{}
	docs := inventory.EntityDocs()
	usual, odd := described(t)
	for n, e := range slices.Concat(usual, odd) {
		i := slices.IndexFunc(docs, func(d inventory.EntityDoc) bool { return d.Type == e.Type })
		require.NotEqual(t, -1, i, e.Type)
		for key := range e.ID {
			assert.Contains(t, docs[i].ID, key, e.Type)
		}
		for name, v := range e.Description {
			k := slices.IndexFunc(docs[i].Attributes, func(a inventory.AttributeDoc) bool { return a.Name == name })
			if assert.NotEqual(t, -1, k, "%s of %s", name, e.Type) {
				seen[e.Type+name] = true
				if n < len(usual) {
					assertType(t, docs[i].Attributes[k].Type, v, name)
				}
			}
		}
		for _, r := range e.Relations {
			seen[e.Type+r.Kind+r.Type] = true
			assert.True(t, n >= len(usual) || slices.ContainsFunc(docs[i].Relations, func(d inventory.RelationDoc) bool {
				return d.Kind == r.Kind && slices.Contains(d.To, r.Type)
			}), "%s %s %s", e.Type, r.Kind, r.Type)
		}
	}
	for _, d := range docs {
		for _, a := range d.Attributes {
			assert.NotEmpty(t, a.Type, "%s of %s", a.Name, d.Type)
			assert.True(t, seen[d.Type+a.Name] || elsewhere[d.Type+a.Name], "%s of %s never comes out", a.Name, d.Type)
		}
		for _, r := range d.Relations {
			for _, to := range r.To {
				assert.True(t, seen[d.Type+r.Kind+to] || elsewhere[d.Type+r.Kind+to], "%s never has %s %s", d.Type, r.Kind, to)
			}
		}
	}
}

func assertType(t *testing.T, documented string, v any, name string) {
	t.Helper()
	switch v := v.(type) {
	case string:
		assert.True(t, strings.HasPrefix(documented, "string"), name)
	case bool:
		assert.Equal(t, "bool", documented, name)
	case json.Number:
		assert.Equal(t, map[bool]string{true: "double", false: "int"}[strings.ContainsAny(v.String(), ".e")], documented, name)
	case []any:
		assert.True(t, strings.HasPrefix(documented, "list"), name)
	case map[string]any:
		assert.True(t, strings.HasPrefix(documented, "map"), name)
	default:
		assert.Fail(t, "a value of another type", "%s: %T", name, v)
	}
}

// A cell of a table can't hold a line break or a bar.
func TestTablesAreWhole(t *testing.T) {
	for name, page := range map[string][]byte{"metrics": metricsPage(), "entities": entitiesPage(), "logs": logsPage(), "traces": tracesPage()} {
		columns := 0
		for line := range strings.Lines(string(page)) {
			if !strings.HasPrefix(line, "|") {
				columns = 0
				continue
			}
			n := strings.Count(line, "|")
			if columns != 0 {
				assert.Equal(t, columns, n, "%s: %s", name, line)
			}
			columns = n
		}
	}
}
