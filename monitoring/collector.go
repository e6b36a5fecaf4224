package main

import "fmt"

func collectorDashboard() dashboard {
	const chosen = `target=~"$target"`
	sum := func(by, metric string) string {
		return fmt.Sprintf("sum by (%s) (rate(%s{%s}[$window]))", by, own+metric, chosen)
	}
	grown := func(by, metric string) string {
		return fmt.Sprintf("sum by (%s) (increase(%s{%s}[$window]))", by, own+metric, chosen)
	}
	gauge := func(by, metric string) string { return fmt.Sprintf("max by (%s) (%s{%s})", by, own+metric, chosen) }
	line := func(title, text, unit, legend, expr string) panel {
		return graph(title, text, unit, query{expr: expr, legend: legend})
	}
	month := func(reading string) string {
		return fmt.Sprintf(`sum(increase(%sestimated_cost{%s, reading="%s"}[6h])) * 120`, own, chosen, reading)
	}
	return dashboard{
		uid: "apigateway-collector", title: "API Gateway: collector",
		text: "What reading API Gateway costs, and whether it works. From the collector's own metrics.",
		variables: []variable{
			sourceVariable,
			{name: "target", label: "Account and region", values: "label_values(" + own + "target_up, target)", multiple: true},
			windowVariable,
			{name: "budget", label: "USD a month", text: "1000"},
		},
		rows: []row{
			{"Now", []panel{
				number("Targets", "Accounts and regions that are read.", "short", "sum("+own+"target_up{"+chosen+"})"),
				number("Targets that fail", "The collector's log says why.", "short", "count("+own+"target_up{"+chosen+"} == 0) or vector(0)"),
				number("Furthest behind", "Of all signals.", "s", "max("+own+"lag{"+chosen+"})"),
				number("USD a month, low", "At the rate of the last six hours, too low until they are over; where up to five statistics of a metric are billed as one.", "currencyUSD",
					month("low")),
				number("USD a month, high", "At the rate of the last six hours, too low until they are over; where each statistic is billed.", "currencyUSD", month("high")),
				number("Of the budget", "The higher estimate by the budget above.", "percentunit", month("high")+" / $budget"),
			}},
			{"Cost", []panel{
				line("USD a day", "By account and region, the higher estimate.", "currencyUSD", "{{target}}",
					fmt.Sprintf(`sum by (target) (rate(%sestimated_cost{%s, reading="high"}[$window])) * 86400`, own, chosen)).stack(),
				graph("Metrics that are billed", "Asked of GetMetricData, per hour.", "short",
					query{expr: "sum(rate(" + own + "billed_metrics_low{" + chosen + "}[$window])) * 3600", legend: "low"},
					query{expr: "sum(rate(" + own + "billed_metrics_high{" + chosen + "}[$window])) * 3600", legend: "high"}),
				line("Traces that are billed", "Scanned and retrieved, per hour.", "short", "scanned",
					"sum(rate("+own+"scanned_traces{"+chosen+"}[$window])) * 3600").and(
					query{expr: "sum(rate(" + own + "retrieved_traces{" + chosen + "}[$window])) * 3600", legend: "retrieved"}),
			}},
			{"AWS calls", []panel{
				line("Calls", "Per second, by operation.", "reqps", "{{operation}}", "topk(12, "+sum("operation", "aws_calls")+")").stack(),
				line("Calls that failed", "In the window, by what went wrong. denied is a missing permission.", "short",
					"{{target}} {{operation}} {{outcome}}",
					fmt.Sprintf(`sum by (target, operation, outcome) (increase(%saws_calls{%s, outcome!="ok"}[$window])) > 0`, own, chosen)).or(nothing),
				line("Throttled and repeated calls", "In the window.", "short", "throttled {{operation}}", grown("operation", "aws_throttles")).and(
					query{expr: grown("operation", "aws_retries"), legend: "repeated {{operation}}"}).or(nothing),
				line("Duration of calls, p90", "By operation.", "s", "{{operation}}",
					"topk(12, histogram_quantile(0.9, "+sum("operation, le", "aws_call_duration_bucket")+"))"),
				line("Clock", "AWS's less the collector's.", "s", "{{target}}", gauge("target", "clock_offset")).signed(),
				table("Permissions that are missing", "Calls that AWS refused since the start.", "short",
					query{
						expr:   fmt.Sprintf(`sum by (target, operation, outcome) (%saws_calls{%s, outcome=~"%s"})`, own, chosen, refusals),
						legend: "Calls",
					}).or(nothing).wide(8),
			}},
			{"Is anything late or lost", []panel{
				line("Behind", "Time since what was handed over last, by signal.", "s", "{{signal}} {{target}}", gauge("signal, target", "lag")),
				line("Since the last success", "Of a collection that read and handed over everything.", "s", "{{signal}} {{target}}",
					"time() - "+gauge("signal, target", "last_success")),
				line("Lost", "Seconds that can't be read any more, in the window.", "s", "{{signal}} {{target}}", grown("signal, target", "lost_seconds")).or(nothing),
				line("Refused by the pipeline", "For good, in the window.", "short", "points", grown("target", "refused_points")).and(
					query{expr: grown("target", "refused_log_records"), legend: "log records"},
					query{expr: grown("target", "refused_spans"), legend: "spans"}).or(nothing),
				line("Late points", "That came or grew after their period was sent. Their amounts are in a later point.", "short", "{{target}}",
					grown("target", "late_points")).or(nothing),
				line("Stored positions that failed", "In the window.", "short", "{{target}}", grown("target", "checkpoint_errors")).or(nothing),
			}},
			{"Metrics and inventory", []panel{
				line("Series", "That CloudWatch has.", "short", "{{target}}", gauge("target", "series")),
				line("Odd series", "Of names that several APIs share, and that no table knows.", "short", "ambiguous {{target}}",
					gauge("target", "ambiguous_series")).and(
					query{expr: gauge("target", "unknown_series"), legend: "unknown {{target}}"}),
				line("Age of the inventory", "Since the last complete crawl, and the interval between two.", "s", "age {{target}}",
					gauge("target", "inventory_age")).and(
					query{expr: gauge("target", "inventory_interval"), legend: "interval {{target}}"}),
				line("Stale parts of the inventory", "That the newest crawl could not read.", "short", "{{target}}",
					gauge("target", "inventory_stale_parts")),
				line("Resources", "By kind.", "short", "{{kind}}", "sum by (kind) ("+own+"entities{"+chosen+"})"),
				line("Changes that were given up", "Of entities, in the window.", "short", "{{target}}", grown("target", "dropped_entity_events")).or(nothing),
			}},
			{"Logs and traces", []panel{
				line("Log records", "Per second.", "short", "{{log}} {{target}}", sum("log, target", "log_events")),
				line("Bytes of logs", "Read for the first time, and again since reads overlap.", "Bps", "{{read}}", sum("read", "log_bytes")),
				line("Lines in no known format", "In the window.", "short", "{{format}} {{target}}", grown("format, target", "parse_errors")).and(
					query{expr: grown("target", "unknown_log_lines"), legend: "execution {{target}}"}),
				line("Log groups", "That are read or would be, and those that can't be.", "short", "{{target}}", gauge("target", "log_groups")).and(
					query{expr: gauge("target, reason", "unreadable_log_groups"), legend: "unreadable {{reason}} {{target}}"}),
				line("Traces that were left out", "By max_traces_per_minute, in the window.", "short", "{{target}}", grown("target", "left_out_traces")).or(nothing),
				line("Traces with something missing", "For good, in the window.", "short", "{{reason}} {{target}}",
					grown("reason, target", "incomplete_traces")).or(nothing),
			}},
			{"The process", []panel{
				graph("Memory", "Resident.", "bytes", query{expr: "otelcol_process_memory_rss", legend: "{{instance}}"}).wide(12),
				graph("CPU", "Cores.", "short", query{expr: "rate(otelcol_process_cpu_seconds[$window])", legend: "{{instance}}"}).wide(12),
			}},
		},
	}
}

// and adds queries to a panel.
func (p panel) and(queries ...query) panel {
	p.queries = append(p.queries, queries...)
	return p
}

// signed lets a panel's axis go below zero.
func (p panel) signed() panel { p.negative = true; return p }
