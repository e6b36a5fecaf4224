package logs

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

func newTestBook() (*book, *observer.ObservedLogs) {
	core, said := observer.New(zap.InfoLevel)
	return newBook(accesslog.NewWriter(redact.New(nil, nil, ""), true), false, zap.New(core)), said
}

// texts are the formats that lines of a stage are tried against.
func (b *book) texts(key string) (out []string) {
	for _, f := range b.of(key, "a1", "prod") {
		out = append(out, f.text)
	}
	return out
}

const day = 24 * time.Hour

// The formats that a stage had are tried for seven days after each was left, the newest first; one that comes back is today's only.
func TestEarlierFormatsAreKeptForAWeek(t *testing.T) {
	b, _ := newTestBook()
	start := time.UnixMilli(t0)
	const first, second, third = "$context.requestId", "$context.requestId $context.status", "$context.status $context.requestId"
	for _, step := range []struct {
		after   time.Duration
		text    string
		changed bool
		want    []string
	}{
		{0, first, true, []string{first}},
		{time.Hour, first, false, []string{first}},
		{day, second, true, []string{second, first}},
		{2 * day, third, true, []string{third, second, first}},
		{3 * day, first, true, []string{first, third, second}},
		{4 * day, "", true, []string{first, third, second}}, // access logs are off: lines may be under way
		{5 * day, first, true, []string{first, third, second}},
		{9*day + time.Minute, first, true, []string{first, third}},
		{10*day + time.Minute, first, true, []string{first}},
		{11 * day, first, false, []string{first}},
	} {
		assert.Equal(t, step.changed, b.set("a1/prod", step.text, start.Add(step.after)), step.after)
		assert.Equal(t, step.want, b.texts("a1/prod"), step.after)
	}
	assert.Empty(t, b.texts("a1/dev"), "a stage that is not known")
}

// A stage that changes its format again and again has no more than eight earlier ones.
func TestEarlierFormatsAreBounded(t *testing.T) {
	b, _ := newTestBook()
	for n := range 20 {
		b.set("a1/prod", "$context.requestId "+strconv.Itoa(n), time.UnixMilli(t0).Add(time.Duration(n)*time.Minute))
	}
	texts := b.texts("a1/prod")
	assert.Len(t, texts, 1+maxFormats)
	assert.Equal(t, "$context.requestId 19", texts[0])
	assert.Equal(t, "$context.requestId 11", texts[8])
}

// A format is compiled once, however many stages have it, and what is wrong with it is said once.
func TestFormatsAreCompiledOnce(t *testing.T) {
	b, said := newTestBook()
	good := b.compile("$context.requestId", "a1", "prod")
	assert.Same(t, good, b.compile("$context.requestId", "a2", "dev"))
	assert.NotNil(t, good.bound)
	assert.Zero(t, said.Len())

	bad := b.compile("no variables", "a1", "prod")
	assert.Nil(t, bad.bound)
	b.compile("no variables", "a1", "dev")
	require.Equal(t, 1, said.Len())
	assert.Equal(t, "prod", said.All()[0].ContextMap()["stage"])

	b.compile("$context.identity.userAgent $context.error.message", "a1", "prod")
	require.Equal(t, 2, said.Len())
	fields := said.All()[1].ContextMap()
	assert.Equal(t, []any{"identity.userAgent", "error.message", " "}, []any{fields["first"], fields["second"], fields["separator"]})

	// Of those that nothing can be decoded with, only today's is kept: it says that the stage has one.
	b.set("a1/prod", "no variables", time.UnixMilli(t0))
	assert.Equal(t, []string{"no variables"}, b.texts("a1/prod"))
	b.set("a1/prod", "$context.requestId", time.UnixMilli(t0))
	assert.Equal(t, []string{"$context.requestId"}, b.texts("a1/prod"))
}

// After a restart a stage's earlier formats are those before it, whatever its format is now.
func TestFormatsSurviveARestart(t *testing.T) {
	disk := &checkpointtest.Disk{}
	restart := func(after time.Duration) *keeper {
		k := newKeeper(disk.Open(t), t0+after.Milliseconds())
		k.book, _ = newTestBook()
		return k
	}
	k := restart(0)
	k.learn(t.Context(), "a1", "prod", "$context.requestId")
	k.learn(t.Context(), "a1", "prod", "$context.status $context.requestId")
	k = restart(time.Hour)
	writes := 0
	disk.OnWrite(func([]string) error { writes++; return nil })
	k.learn(t.Context(), "a1", "prod", "$context.status $context.requestId")
	k.learn(t.Context(), "a1", "prod", "$context.status $context.requestId")
	assert.Zero(t, writes, "nothing changed")
	assert.Equal(t, []string{"$context.status $context.requestId", "$context.requestId"}, k.book.texts("a1/prod"))
	k = restart(2 * time.Hour)
	k.learn(t.Context(), "a1", "prod", "$context.status")
	assert.Equal(t, []string{"$context.status", "$context.status $context.requestId", "$context.requestId"}, k.book.texts("a1/prod"))
	assert.Equal(t, 1, writes)

	disk.OnWrite(func([]string) error { return errors.New("the disk is full") })
	k.learn(t.Context(), "a1", "prod", "$context.requestId")
	assert.Equal(t, 1, k.errors)
	assert.Equal(t, "$context.requestId", k.book.texts("a1/prod")[0], "it is used all the same")
}

// Stored formats that make no sense are an error that says where; the stage has today's.
func TestStoredFormatsThatMakeNoSense(t *testing.T) {
	many := ""
	for range maxFormats + 1 {
		many += `,{"format":"x","until":1}`
	}
	for stored, says := range map[string]string{"[": "cannot decode the stored access-log formats of a1/prod", fmt.Sprintf(`{"current":"x","earlier":[%s]}`, many[1:]): "of a1/prod: there are 9"} {
		b, _ := newTestBook()
		assert.ErrorContains(t, b.restore("a1/prod", []byte(stored)), says)
		assert.ErrorIs(t, b.restore("a1/prod", []byte(stored)), errFormats)
		disk := &checkpointtest.Disk{}
		k := newKeeper(disk.Open(t), t0)
		k.book = b
		require.NoError(t, disk.Set(t.Context(), k.key("format/a1/prod"), []byte(stored)))
		k.learn(t.Context(), "a1", "prod", "$context.requestId")
		assert.Equal(t, 1, k.errors)
		assert.Equal(t, []string{"$context.requestId"}, b.texts("a1/prod"))
	}
}
