package printable

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Logger returns a logger whose fields' texts and errors are printable. Messages are the receiver's own, and stay as they are.
func Logger(l *zap.Logger) *zap.Logger {
	return l.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return core{c} }))
}

type core struct{ zapcore.Core }

func (c core) With(fields []zapcore.Field) zapcore.Core { return core{c.Core.With(printable(fields))} }

// Check asks the cores below, which may sample, and has them write what they take.
func (c core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if below := c.Core.Check(e, nil); below != nil {
		return ce.AddCore(e, checked{c.Core, below})
	}
	return ce
}

// checked is a core that writes one entry.
type checked struct {
	zapcore.Core
	below *zapcore.CheckedEntry
}

func (c checked) Write(e zapcore.Entry, fields []zapcore.Field) error {
	c.below.Entry = e // with its caller and stack
	c.below.Write(printable(fields)...)
	return nil
}

func printable(fields []zapcore.Field) []zapcore.Field {
	out := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		switch f.Type {
		case zapcore.StringType:
			f.String = Text(f.String)
		case zapcore.ErrorType:
			if s := f.Interface.(error).Error(); Text(s) != s {
				f = zap.String(f.Key, Text(s))
			}
		default:
		}
		out[i] = f
	}
	return out
}
