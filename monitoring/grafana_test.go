package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parsed is what is checked of a dashboard.
type parsed struct {
	UID, Title, Description string
	Panels                  []struct {
		ID                       int
		Type, Title, Description string
		GridPos                  struct{ X, Y, W, H int }
		Datasource               struct{ UID string }
		Targets                  []struct{ Expr, Query, RefID string }
		FieldConfig              struct{ Defaults struct{ Unit string } }
	}
	Templating  struct{ List []struct{ Name, Type string } }
	Annotations struct{ List []struct{ Expr string } }
}

func parsedDashboards(t *testing.T) []parsed {
	t.Helper()
	var out []parsed
	for name, content := range files() {
		if strings.HasPrefix(name, "grafana/") {
			var d parsed
			require.NoError(t, json.Unmarshal(content, &d), name)
			out = append(out, d)
		}
	}
	require.Len(t, out, 4)
	return out
}

func TestDashboardsAreComplete(t *testing.T) {
	for _, d := range parsedDashboards(t) {
		assert.NotEmpty(t, d.Title)
		assert.NotEmpty(t, d.Description)
		assert.LessOrEqual(t, len(d.UID), 40, "Grafana's limit")
		ids, cells := map[int]bool{}, map[[2]int]string{}
		for _, p := range d.Panels {
			assert.False(t, ids[p.ID], "%s: two panels have one id", d.UID)
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					assert.Empty(t, cells[[2]int{x, y}], "%s: %s lies on it", d.UID, p.Title)
					assert.Less(t, x, gridWidth)
					cells[[2]int{x, y}] = p.Title
				}
			}
			assert.NotEmpty(t, p.Title)
			if p.Type == "row" {
				continue
			}
			assert.NotEmpty(t, p.Description, p.Title)
			assert.NotEmpty(t, p.Targets, p.Title)
			if p.Type == "timeseries" || p.Type == "stat" {
				assert.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
			}
			for _, q := range p.Targets {
				assert.NotEmpty(t, q.Expr+q.Query, p.Title)
				assert.NotEmpty(t, q.RefID, p.Title)
			}
		}
	}
}

// A dashboard uses the variables that it has, and has none that it does not use.
func TestVariablesExist(t *testing.T) {
	for _, d := range parsedDashboards(t) {
		names := map[string]bool{}
		for _, v := range d.Templating.List {
			names[v.Name] = false
		}
		use := func(text string) {
			for _, m := range regexp.MustCompile(`\$\{?(\w+)`).FindAllStringSubmatch(text, -1) {
				assert.Contains(t, names, m[1], "%s: %s", d.UID, text)
				names[m[1]] = true
			}
		}
		for _, p := range d.Panels {
			use(p.Datasource.UID)
			for _, q := range p.Targets {
				use(q.Expr)
				use(q.Query)
			}
		}
		for _, a := range d.Annotations.List {
			use(a.Expr)
		}
		for name, used := range names {
			assert.True(t, used, "%s: nothing uses $%s", d.UID, name)
		}
	}
}

// What is asked of logs and traces has attributes that these have.
func TestAttributesOfLogsAndTracesExist(t *testing.T) {
	logs := regexp.MustCompile("[.]").ReplaceAllString(document(t, "../receiver/awsapigatewayreceiver/logs.md"), "_")
	resource := document(t, "../receiver/awsapigatewayreceiver/metrics.md")
	known := func(name string) bool {
		return strings.Contains(logs, "`"+name+"`") || strings.Contains(strings.ReplaceAll(resource, ".", "_"), "`"+name+"`")
	}
	seen := 0
	check := func(source, text string) {
		names := regexp.MustCompile(`\b(?:aws_api_gateway|aws_cloudwatch|http|service)_\w+`)
		if source == tempo {
			names = regexp.MustCompile(`resource\.([\w.]+)`)
		}
		for _, name := range names.FindAllString(text, -1) {
			seen++
			assert.True(t, known(strings.ReplaceAll(strings.TrimPrefix(name, "resource."), ".", "_")), name)
		}
	}
	for _, d := range dashboards() {
		for _, a := range d.annotations {
			if a.source != "" {
				check(a.source, a.expr+a.titleFormat+a.textFormat)
			}
		}
		for _, p := range d.panels() {
			for _, q := range p.queries {
				if q.source != "" {
					check(q.source, q.expr)
				}
			}
		}
	}
	assert.Greater(t, seen, 12)
}

func (d *dashboard) panels() (all []panel) {
	for _, r := range d.rows {
		all = append(all, r.panels...)
	}
	return all
}

// The labels of tables have names that people read, and their order.
func TestColumnsOfTablesHaveNames(t *testing.T) {
	names := map[string]bool{}
	for _, c := range columns {
		names[c.label] = false
	}
	for _, d := range dashboards() {
		for _, p := range d.panels() {
			if p.kind != "table" {
				continue
			}
			for _, q := range p.queries {
				for _, m := range regexp.MustCompile(`^\(*(?:sum|max|min|count) by \(([^)]*)\)`).FindAllStringSubmatch(q.expr, -1) {
					for label := range strings.SplitSeq(m[1], ", ") {
						assert.Contains(t, names, label, "%s: %s", d.uid, p.title)
						names[label] = true
					}
				}
			}
		}
	}
	for label, used := range names {
		assert.True(t, used, "no table has %s", label)
	}
}
