package printable

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What a terminal would act on, or not show, is shown as Go escapes it; all else stays as it is.
func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                "",
		"orders-api (v2) 注文 é ✓ \"q\" \\": "orders-api (v2) 注文 é ✓ \"q\" \\",
		"two\nlines\tand a tab":           "two\nlines\tand a tab",
		"\x1b[2J\x1b[31mred":              `\x1b[2J\x1b[31mred`,
		"over\rwritten\b\b\x00\x7f":       `over\rwritten\b\b\x00\x7f`,
		"\u009b31m":                       `\u009b31m`,
		"a\u202egnp.exe":                  `a\u202egnp.exe`,
		"\u2066x\u2069\u200b\ufeff":       `\u2066x\u2069\u200b\ufeff`,
		"a\u00a0b\u2028c\u0085":           `a\u00a0b\u2028c\u0085`,
		"\U000e0041":                      `\U000e0041`,
		"no\xffUTF-8\xc3":                 `no\xffUTF-8\xc3`,
		"the \ufffd itself":               "the \ufffd itself",
	} {
		assert.Equal(t, want, Text(in))
	}
}

// FuzzText: whatever goes in, what comes out is printable, and printable text is not changed.
func FuzzText(f *testing.F) {
	f.Add("\x1b]0;title\x07")
	f.Add("\xf0\x9f")
	f.Fuzz(func(t *testing.T, s string) {
		out := Text(s)
		assert.True(t, utf8.ValidString(out))
		assert.Equal(t, -1, strings.IndexFunc(out, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }))
		assert.Equal(t, out, Text(out))
	})
}

// Texts and errors are printable wherever they come into a logger; what else an entry has stays.
func TestLogger(t *testing.T) {
	t.Parallel()
	below, logs := observer.New(zap.InfoLevel)
	l := Logger(zap.New(below, zap.AddCaller())).With(zap.String("api", "a\u202eb"))
	fine := errors.New("fine")
	l.Warn("It is said", zap.Error(errors.New("\x1b[2J")), zap.NamedError("other", fine), zap.Int("n", 1))
	l.Debug("It is not")
	require.Equal(t, 1, logs.Len())
	e := logs.All()[0]
	assert.Equal(t, map[string]any{"api": `a\u202eb`, "error": `\x1b[2J`, "other": "fine", "n": int64(1)}, e.ContextMap())
	assert.Equal(t, "It is said", e.Message)
	assert.Equal(t, zap.WarnLevel, e.Level)
	assert.Contains(t, e.Caller.File, "printable_test.go")
}

// A core below that samples goes on doing so.
func TestLoggerLeavesSamplingAlone(t *testing.T) {
	t.Parallel()
	below, logs := observer.New(zap.InfoLevel)
	l := Logger(zap.New(zapcore.NewTee(zapcore.NewSamplerWithOptions(below, time.Hour, 2, 0))))
	for range 10 {
		l.Info("again", zap.String("api", "x"))
	}
	assert.Equal(t, 2, logs.Len())
}
