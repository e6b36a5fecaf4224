package main

// columns are the names of labels in tables, in their order.
var columns = []struct{ label, name string }{
	{"aws_cloudwatch_alarm_name", "Alarm"},
	{"aws_api_gateway_api_name", "API"},
	{"aws_api_gateway_stage", "Stage"},
	{"aws_api_gateway_api_type", "Type"},
	{"aws_api_gateway_throttle_scope", "Scope"},
	{"aws_api_gateway_route_key", "Route"},
	{"aws_api_gateway_usage_plan_id", "Usage plan"},
	{"aws_api_gateway_client_certificate_id", "Client certificate"},
	{"aws_cloudwatch_alarm_type", "Kind of alarm"},
	{"kind", "Kind"},
	{"source", "Telemetry"},
	{"state", "State"},
	{"target", "Account and region"},
	{"operation", "Operation"},
	{"outcome", "Outcome"},
	{"aws_account_name", "Account"},
	{"cloud_account_id", "Account id"},
	{"cloud_region", "Region"},
	{"aws_api_gateway_api_id", "API id"},
}

// tidied merges the queries of a table by their labels, names and orders its columns, and leaves out the time, and values without a name.
func (p *panel) tidied() []any {
	names, order, without := map[string]any{}, map[string]any{}, map[string]any{"Time": true}
	for i, c := range columns {
		names[c.label], order[c.label] = c.name, i
	}
	for i, q := range p.queries {
		of := []string{"Value #" + string(rune('A'+i))}
		if len(p.queries) == 1 {
			of = append(of, "Value")
		}
		for _, value := range of {
			order[value] = len(columns) + i
			if q.legend == "" {
				without[value] = true
			} else {
				names[value] = q.legend
			}
		}
	}
	return []any{
		map[string]any{"id": "merge", "options": map[string]any{}},
		map[string]any{"id": "organize", "options": map[string]any{"excludeByName": without, "renameByName": names, "indexByName": order}},
	}
}

// overrides are the units of a table's columns, and the colors of series.
func (p *panel) overrides() []any {
	out := []any{}
	override := func(name, property string, value any) {
		out = append(out, map[string]any{
			"matcher":    map[string]any{"id": "byName", "options": name},
			"properties": []any{map[string]any{"id": property, "value": value}},
		})
	}
	for _, c := range p.colors {
		override(c.legend, "color", map[string]any{"mode": "fixed", "fixedColor": c.color})
	}
	for _, q := range p.queries {
		if q.unit != "" {
			override(q.legend, "unit", q.unit)
		}
	}
	return out
}
