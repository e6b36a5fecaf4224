package main

import (
	"fmt"
	"strconv"
	"strings"
)

// dashboard is one of Grafana: rows of panels, and what chooses among them.
type dashboard struct {
	uid, title, text string
	variables        []variable
	annotations      []annotation
	rows             []row
}

type row struct {
	title  string
	panels []panel
}

// panel is one graph, number or table. Its data source is that of its kind of query.
type panel struct {
	title, text string
	kind        string // Grafana's type of panel
	unit        string // Grafana's
	width       int    // of 24; 0: 8
	height      int    // 0: 8
	needs       string // what has to be switched on for it; "": nothing
	queries     []query
	options     map[string]any
	stacked     bool
	negative    bool   // values may be below zero
	link        string // where a row leads; "": nowhere
	mappings    []mapping
	colors      []color
	none        string // what is said where there is no data; "": Grafana's own words
}

// query is PromQL, LogQL or TraceQL, by its source.
type query struct {
	expr, legend string
	source       string // the variable with the data source; "": that of Prometheus
	format       string // of Prometheus: time_series, table, heatmap; "": time_series
	unit         string // of a table's column; "": the panel's
}

// variable is a choice at the top of a dashboard.
type variable struct {
	name, label string
	source      string // of a data source: its type
	values      string // of labels: the query of its values; else the choices, with commas
	multiple    bool   // and all
	text        string // for textbox: what it says by default
}

// annotation marks times in all graphs of a dashboard.
type annotation struct {
	name, expr  string
	source      string // as a query's
	titleFormat string
	textFormat  string
	color       string
}

// color is that of a series, by its legend.
type color struct{ legend, color string }

// mapping is what a value is shown as.
type mapping struct {
	value       int
	text, color string
}

// Variables for data sources.
const (
	prometheus = "datasource"
	loki       = "logs"
	tempo      = "traces"
)

var sourceTypes = map[string]string{prometheus: "prometheus", loki: "loki", tempo: "tempo"}

func source(name string) map[string]any {
	return map[string]any{"type": sourceTypes[name], "uid": "${" + name + "}"}
}

// dashboards are all of them.
func dashboards() []dashboard {
	return []dashboard{estateDashboard(), apiDashboard(), stageDashboard(), collectorDashboard()}
}

const (
	gridWidth     = 24
	usualWidth    = 8
	usualHeight   = 8
	schemaVersion = 39
)

// model is the dashboard in Grafana's own form.
func (d *dashboard) model() map[string]any {
	var panels []any
	id, y := 0, 0
	add := func(p map[string]any, x, width, height int) {
		id++
		p["id"], p["gridPos"] = id, map[string]any{"x": x, "y": y, "w": width, "h": height}
		panels = append(panels, p)
	}
	for _, r := range d.rows {
		add(map[string]any{"type": "row", "title": r.title, "collapsed": false, "panels": []any{}}, 0, gridWidth, 1)
		y++
		x, tallest := 0, 0
		for i := range r.panels {
			p := &r.panels[i]
			width, height := orUsual(p.width, usualWidth), orUsual(p.height, usualHeight)
			if x+width > gridWidth {
				x, y, tallest = 0, y+tallest, 0
			}
			add(p.model(), x, width, height)
			x, tallest = x+width, max(tallest, height)
		}
		y += tallest
	}
	links := []any{map[string]any{
		"type": "dashboards", "title": "API Gateway", "tags": []string{tag}, "asDropdown": false, "includeVars": true, "keepTime": true,
	}}
	return map[string]any{
		"uid": d.uid, "title": d.title, "description": d.text, "tags": []string{tag}, "schemaVersion": schemaVersion, "editable": true,
		"refresh": "1m", "time": map[string]any{"from": "now-6h", "to": "now"}, "timezone": "browser", "graphTooltip": 1,
		"templating": map[string]any{"list": d.templating()}, "annotations": map[string]any{"list": d.annotated()}, "links": links, "panels": panels,
	}
}

// tag joins the dashboards.
const tag = "aws-api-gateway"

func orUsual(n, usual int) int {
	if n == 0 {
		return usual
	}
	return n
}

func (d *dashboard) templating() []any {
	var out []any
	for _, v := range d.variables {
		m := map[string]any{"name": v.name, "label": v.label}
		switch {
		case v.source != "":
			m["type"], m["query"] = "datasource", v.source
		case v.text != "":
			m["type"], m["query"], m["current"] = "textbox", v.text, map[string]any{"text": v.text, "value": v.text}
		case strings.HasPrefix(v.values, "label_values("):
			m["type"], m["datasource"], m["refresh"], m["sort"] = "query", source(prometheus), 2, 1
			m["definition"], m["query"] = v.values, map[string]any{"query": v.values, "refId": v.name}
		default:
			first, _, _ := strings.Cut(v.values, ",")
			m["type"], m["query"], m["current"] = "custom", v.values, map[string]any{"text": first, "value": first}
		}
		if v.multiple {
			m["multi"], m["includeAll"], m["allValue"] = true, true, ".*"
			m["current"] = map[string]any{"text": []string{"All"}, "value": []string{"$__all"}}
		}
		out = append(out, m)
	}
	return out
}

func (d *dashboard) annotated() []any {
	out := []any{}
	for _, a := range d.annotations {
		m := map[string]any{
			"name": a.name, "datasource": source(orPrometheus(a.source)), "enable": true, "iconColor": a.color, "expr": a.expr,
			"titleFormat": a.titleFormat, "textFormat": a.textFormat, "tagKeys": "",
		}
		if a.source == "" {
			m["step"] = "60s"
		}
		out = append(out, m)
	}
	return out
}

func (p *panel) model() map[string]any {
	text := p.text
	if p.needs != "" {
		text += fmt.Sprintf(" Not collected by default: needs %s.", p.needs)
	}
	from := prometheus
	var targets []any
	for i, q := range p.queries {
		if q.source != "" {
			from = q.source
		}
		targets = append(targets, q.model(string(rune('A'+i))))
	}
	defaults := map[string]any{"unit": p.unit}
	if p.link != "" {
		defaults["links"] = []any{map[string]any{"title": "The stage", "url": p.link}}
	}
	if none := p.noData(); none != "" {
		defaults["noValue"] = none
	}
	if len(p.mappings) > 0 {
		defaults["mappings"] = mapped(p.mappings)
	}
	if p.kind == "timeseries" {
		custom := map[string]any{"fillOpacity": 8, "lineWidth": 1, "showPoints": "auto", "spanNulls": false}
		if p.stacked {
			custom["stacking"], custom["fillOpacity"] = map[string]any{"mode": "normal"}, 40
		}
		defaults["custom"] = custom
		if !p.negative {
			defaults["min"] = 0
		}
	}
	m := map[string]any{
		"type": p.kind, "title": p.title, "description": text, "datasource": source(from), "targets": targets,
		"fieldConfig": map[string]any{"defaults": defaults, "overrides": p.overrides()},
	}
	options := p.options
	if options == nil && p.kind == "timeseries" {
		options = map[string]any{
			"legend":  map[string]any{"displayMode": "list", "placement": "bottom"},
			"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
		}
	}
	if options != nil {
		m["options"] = options
	}
	if p.kind == "table" && from == prometheus {
		m["transformations"] = p.tidied()
	}
	return m
}

// noData is what a panel says where there is no data.
func (p *panel) noData() string {
	if p.none == "" && p.needs != "" {
		return "Needs " + p.needs
	}
	return p.none
}

func mapped(mappings []mapping) []any {
	values := map[string]any{}
	for i, m := range mappings {
		values[strconv.Itoa(m.value)] = map[string]any{"text": m.text, "color": m.color, "index": i}
	}
	return []any{map[string]any{"type": "value", "options": values}}
}

func (q *query) model(id string) map[string]any {
	m := map[string]any{"refId": id, "datasource": source(orPrometheus(q.source))}
	switch q.source {
	case loki:
		m["expr"], m["queryType"] = q.expr, "range"
	case tempo:
		m["query"], m["queryType"], m["limit"], m["tableType"] = q.expr, "traceql", 20, "traces"
	default:
		m["expr"], m["legendFormat"] = q.expr, q.legend
		if q.format == "table" {
			m["format"], m["instant"] = "table", true
		} else if q.format != "" {
			m["format"] = q.format
		}
	}
	return m
}

func orPrometheus(name string) string {
	if name == "" {
		return prometheus
	}
	return name
}
