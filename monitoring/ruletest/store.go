package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// sample is one value of a series. Times are milliseconds since the epoch; Arrived is when it came to Prometheus.
type sample struct {
	Arrived int64             `json:"arrived"`
	At      int64             `json:"at"`
	Labels  map[string]string `json:"labels"`
	Value   float64           `json:"value"`
}

// readSamples reads samples in the order of their arrival.
func readSamples(name string) ([]sample, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []sample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("cannot decode a sample of %s: %w", name, err)
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b sample) int { return cmp.Compare(a.Arrived, b.Arrived) })
	return out, lines.Err()
}

// store is a Prometheus without its server.
type store struct {
	dir    string
	db     *tsdb.DB
	engine *promql.Engine
}

var language = parser.NewParser(parser.Options{})

// openStore opens an empty one. It looks back five minutes for the newest value of a series, as Prometheus does by default.
func openStore() (*store, error) {
	dir, err := os.MkdirTemp("", "ruletest")
	if err != nil {
		return nil, err
	}
	options := tsdb.DefaultOptions()
	options.RetentionDuration = (100 * 24 * time.Hour).Milliseconds()
	options.OutOfOrderTimeWindow = (10 * time.Minute).Milliseconds()
	db, err := tsdb.Open(dir, promslog.NewNopLogger(), nil, options, nil)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: promslog.NewNopLogger(), MaxSamples: 50e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: language,
	})
	return &store{dir, db, engine}, nil
}

func (s *store) close() error {
	return errors.Join(s.engine.Close(), s.db.Close(), os.RemoveAll(s.dir))
}

// add appends samples.
func (s *store) add(ctx context.Context, samples []sample) error {
	a := s.db.Appender(ctx)
	for _, v := range samples {
		if _, err := a.Append(0, labels.FromMap(v.Labels), v.At, v.Value); err != nil && !errors.Is(err, storage.ErrDuplicateSampleForTimestamp) {
			return errors.Join(fmt.Errorf("cannot append to %v: %w", v.Labels, err), a.Rollback())
		}
	}
	return a.Commit()
}
