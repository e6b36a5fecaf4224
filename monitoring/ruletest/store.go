package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// store is a Prometheus without its server.
type store struct {
	dir    string
	db     *tsdb.DB
	engine *promql.Engine
}

var language = parser.NewParser(parser.Options{})

// openStore opens an empty one. It looks back five minutes for the newest value of a series, as Prometheus does by default, and takes no samples out
// of order, as Prometheus does by default.
func openStore() (*store, error) {
	dir, err := os.MkdirTemp("", "ruletest")
	if err != nil {
		return nil, err
	}
	options := tsdb.DefaultOptions()
	options.RetentionDuration = (100 * 24 * time.Hour).Milliseconds()
	db, err := tsdb.Open(dir, promslog.NewNopLogger(), nil, options, nil)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: promslog.NewNopLogger(), MaxSamples: 50e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, EnableAtModifier: true,
		EnableNegativeOffset: true, Parser: language,
	})
	return &store{dir, db, engine}, nil
}

func (s *store) close() error {
	return errors.Join(s.engine.Close(), s.db.Close(), os.RemoveAll(s.dir))
}

// add appends samples. As Prometheus does, it leaves out those that repeat another, and those that are older than their series' newest.
func (s *store) add(ctx context.Context, samples []sample) error {
	a := s.db.Appender(ctx)
	for _, v := range samples {
		_, err := a.Append(0, v.labels, v.at, v.value)
		if errors.Is(err, storage.ErrDuplicateSampleForTimestamp) || errors.Is(err, storage.ErrOutOfOrderSample) || errors.Is(err, storage.ErrOutOfBounds) {
			continue
		}
		if err != nil {
			return errors.Join(fmt.Errorf("cannot append to %v at %d: %w", v.labels, v.at, err), a.Rollback())
		}
	}
	return a.Commit()
}
