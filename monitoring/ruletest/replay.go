package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
)

// firing is an alert that fires at a time.
type firing struct {
	At     int64             `json:"at"`
	Alert  string            `json:"alert"`
	Labels map[string]string `json:"labels"`
	Text   string            `json:"text"`
}

// step is how often the rules are evaluated.
const step = time.Minute

// replay evaluates rules minute by minute from from to to, each time by the samples that had arrived. It fails where a rule does.
func replay(samples []sample, from, to time.Time, files []string) ([]firing, error) {
	s, err := openStore()
	if err != nil {
		return nil, err
	}
	out, err := s.replay(samples, from, to, files)
	return out, errors.Join(err, s.close())
}

func (s *store) replay(samples []sample, from, to time.Time, files []string) ([]firing, error) {
	ctx := context.Background()
	groups, err := s.load(ctx, files)
	if err != nil {
		return nil, err
	}
	out := []firing{}
	for at := from; !at.After(to); at = at.Add(step) {
		n := 0
		for n < len(samples) && samples[n].arrived <= at.UnixMilli() {
			n++
		}
		if err := s.add(ctx, samples[:n]); err != nil {
			return nil, err
		}
		samples = samples[n:]
		for _, g := range groups {
			if at.Sub(from)%g.Interval() != 0 {
				continue
			}
			g.Eval(ctx, at)
			for _, r := range g.Rules() {
				if err := r.LastError(); err != nil {
					return nil, fmt.Errorf("rule %s: %w", r.Name(), err)
				}
			}
		}
		for _, g := range groups {
			out = append(out, firingOf(g, at)...)
		}
	}
	return out, nil
}

func (s *store) load(ctx context.Context, files []string) ([]*rules.Group, error) {
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(s.engine, s.db), Appendable: s.db, Queryable: s.db, Context: ctx, Logger: promslog.NewNopLogger(),
		Parser:     language,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	var out []*rules.Group
	for _, file := range files {
		groups, errs := manager.LoadGroups(step, labels.EmptyLabels(), "", nil, false, file)
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		for _, g := range groups {
			out = append(out, g)
		}
	}
	// Groups run side by side in Prometheus; what alerts read is recorded at the same time or a minute before. Here it is at the same time.
	order, err := groupOrder(files)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b *rules.Group) int { return slices.Index(order, a.Name()) - slices.Index(order, b.Name()) })
	return out, nil
}

func firingOf(g *rules.Group, at time.Time) []firing {
	var out []firing
	for _, r := range g.AlertingRules() {
		r.ForEachActiveAlert(func(a *rules.Alert) {
			if a.State == rules.StateFiring {
				out = append(out, firing{at.UnixMilli(), r.Name(), a.Labels.Map(), a.Annotations.Get("summary")})
			}
		})
	}
	return out
}
