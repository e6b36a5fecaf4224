package main

import (
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// missing gathers the environment variables that a config takes and that have no value: a setting may be empty without an error, as a backend's key may.
// The env provider only logs them, as a warning where a variable is not set and as information where it is empty.
type missing struct {
	zapcore.LevelEnabler
	lines []string
}

var _ zapcore.Core = (*missing)(nil)

func (m *missing) With([]zapcore.Field) zapcore.Core { return m }

func (m *missing) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return to.AddCore(e, m)
}

func (m *missing) Write(e zapcore.Entry, fields []zapcore.Field) error {
	for _, f := range fields {
		line := f.String + " is empty in this environment, and the config takes it from there"
		if e.Level == zap.WarnLevel {
			line = f.String + " is not set in this environment, and the config takes it from there"
		}
		if f.Key == "name" && !slices.Contains(m.lines, line) {
			m.lines = append(m.lines, line)
		}
	}
	return nil
}

func (m *missing) Sync() error { return nil }
