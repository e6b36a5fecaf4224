package main

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// selected is what an expression reads: metrics, values by label, and the labels that it groups or joins by.
type selected struct {
	expression
	Metrics []string            `json:"metrics"`
	Values  map[string][]string `json:"values"`
	Labels  []string            `json:"labels"`
}

// selectors are what the expressions of files read. It fails where one is no PromQL.
func selectors(files []string) ([]selected, error) {
	var out []selected
	for _, file := range files {
		all, err := expressions(file)
		if err != nil {
			return nil, err
		}
		for _, e := range all {
			s, err := selectedBy(e)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", file, e.Place, err)
			}
			out = append(out, s)
		}
	}
	return out, nil
}

func selectedBy(e expression) (selected, error) {
	s := selected{expression: e, Values: map[string][]string{}}
	tree, err := language.ParseExpr(fill(e.Expr, nil))
	if err != nil {
		return s, err
	}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			for _, m := range n.LabelMatchers {
				s.match(m)
			}
		case *parser.AggregateExpr:
			s.Labels = append(s.Labels, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				s.Labels = append(append(s.Labels, n.VectorMatching.MatchingLabels...), n.VectorMatching.Include...)
			}
		}
		return nil
	})
	return s, nil
}

// match takes a matcher's values. Regular expressions are alternatives; .* is a variable that takes all.
func (s *selected) match(m *labels.Matcher) {
	values := strings.Split(m.Value, "|")
	switch {
	case m.Name == model.MetricNameLabel:
		s.Metrics = append(s.Metrics, values...)
	case m.Value == ".*" || m.Value == "" || m.Value == "+Inf":
		s.Labels = append(s.Labels, m.Name)
	default:
		s.Values[m.Name] = append(s.Values[m.Name], values...)
	}
}
