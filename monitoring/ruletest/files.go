package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
)

// expression is one of PromQL, and where it stands.
type expression struct {
	File  string `json:"file"`
	Place string `json:"place"` // the rule's or the panel's name
	Needs bool   `json:"needs"` // the panel says that something has to be switched on
	Expr  string `json:"expr"`
}

func ruleGroups(file string) (*rulefmt.RuleGroups, error) {
	groups, errs := rulefmt.ParseFile(file, false, model.LegacyValidation, language, promslog.NewNopLogger())
	return groups, errors.Join(errs...)
}

// groupOrder are the groups of files in their order.
func groupOrder(files []string) ([]string, error) {
	var out []string
	for _, file := range files {
		groups, err := ruleGroups(file)
		if err != nil {
			return nil, err
		}
		for _, g := range groups.Groups {
			out = append(out, g.Name)
		}
	}
	return out, nil
}

// expressions are those of a file of rules or of a dashboard.
func expressions(file string) ([]expression, error) {
	if strings.HasSuffix(file, ".json") {
		return dashboardExpressions(file)
	}
	groups, err := ruleGroups(file)
	if err != nil {
		return nil, err
	}
	var out []expression
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			out = append(out, expression{file, r.Record + r.Alert, strings.Contains(r.Annotations["description"], "Needs "), r.Expr})
		}
	}
	return out, nil
}

// shownRange is what dashboards show when they are opened. Grafana takes the values of variables from all of it.
const shownRange = "6h"

// dashboardExpressions are the queries of PromQL: of panels, annotations and variables.
func dashboardExpressions(file string) ([]expression, error) {
	b, err := os.ReadFile(file) //nolint:gosec // it reads the files that it is told to
	if err != nil {
		return nil, err
	}
	type datasource struct{ Type string }
	var d struct {
		Panels []struct {
			Title, Description string
			Targets            []struct {
				Expr       string
				Datasource datasource
			}
		}
		Annotations struct {
			List []struct {
				Name, Expr string
				Datasource datasource
			}
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("cannot decode %s: %w", file, err)
	}
	var out []expression
	for _, p := range d.Panels {
		for _, t := range p.Targets {
			if t.Datasource.Type == "prometheus" {
				out = append(out, expression{file, p.Title, strings.Contains(p.Description, "Not collected by default"), t.Expr})
			}
		}
	}
	for _, a := range d.Annotations.List {
		if a.Datasource.Type == "prometheus" {
			out = append(out, expression{file, "annotation " + a.Name, false, a.Expr})
		}
	}
	for _, v := range d.Templating.List {
		if selector, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			i := strings.LastIndex(selector, ", ")
			label := strings.TrimSuffix(selector[i+2:], ")")
			expr := "count by (" + label + ") (last_over_time(" + selector[:i] + "[" + shownRange + "]))"
			out = append(out, expression{file, "variable " + v.Name, false, expr})
		}
	}
	return out, nil
}

// usualVariables stand for a dashboard's choices where none are given.
var usualVariables = map[string]string{"account": ".*", "region": ".*", "target": ".*", "api": ".*", "stage": ".*", "window": "10m", "budget": "1000"}

// fill puts a dashboard's variables into an expression.
func fill(expr string, variables map[string]string) string {
	for name, usual := range usualVariables {
		value, ok := variables[name]
		if !ok {
			value = usual
		}
		expr = strings.ReplaceAll(expr, "$"+name, value)
	}
	return expr
}
