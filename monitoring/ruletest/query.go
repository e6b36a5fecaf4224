package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// answer is how many series an expression returned.
type answer struct {
	expression
	Series int `json:"series"`
}

// query evaluates the expressions of dashboards over all samples.
func query(samples []sample, at time.Time, variables map[string]string, files []string) ([]answer, error) {
	s, err := openStore()
	if err != nil {
		return nil, err
	}
	out, err := s.query(samples, at, variables, files)
	return out, errors.Join(err, s.close())
}

func (s *store) query(samples []sample, at time.Time, variables map[string]string, files []string) ([]answer, error) {
	ctx := context.Background()
	if err := s.add(ctx, samples); err != nil {
		return nil, err
	}
	var out []answer
	for _, file := range files {
		all, err := expressions(file)
		if err != nil {
			return nil, err
		}
		for _, e := range all {
			n, err := s.count(ctx, fill(e.Expr, variables), at)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", file, e.Place, err)
			}
			out = append(out, answer{e, n})
		}
	}
	return out, nil
}

func (s *store) count(ctx context.Context, expr string, at time.Time) (int, error) {
	q, err := s.engine.NewInstantQuery(ctx, s.db, nil, expr, at)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return 0, result.Err
	}
	if result.Value.Type() == parser.ValueTypeScalar {
		return 1, nil
	}
	v, err := result.Vector()
	return len(v), err
}
