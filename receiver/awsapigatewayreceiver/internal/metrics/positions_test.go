package metrics

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// fullLedger has every field set.
func fullLedger() ledger {
	return ledger{
		Settled: at(5),
		Seen: []seen{
			{TS: at(5), amounts: amounts{N: 3, Sum: 30.25, Buckets: []float64{1, 2}}, Max: 20, Min: 1},
			{TS: at(6), amounts: amounts{N: 1, Sum: 7}, Max: unknownExtreme, Min: unknownExtreme},
		},
		Streams: []stream{
			{Owner: "a1b2c3d4e5", End: at(7), Late: amounts{N: 2, Sum: 9}, LateSince: at(5), LateMax: 8, LateMin: unknownExtreme},
			{Owner: "f6g7h8i9j0", End: at(3)},
		},
	}
}

func TestPositionsSurviveStorage(t *testing.T) {
	want := map[string]ledger{"Latency\x1fprod": fullLedger(), "Count\x1fprod": {Settled: at(1)}}
	b, err := encodePosition(want)
	require.NoError(t, err)
	got, err := decodePosition(b)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	f := &inflight{V: positionsVersion, Ledgers: map[string]map[string]ledger{"name:orders": want}, payload: []byte{0, 1, 2, 255}}
	b, err = f.encode()
	require.NoError(t, err)
	again, err := decodeInflight(b)
	require.NoError(t, err)
	assert.Equal(t, f, again)
}

func TestDamagedPositionsAreRefused(t *testing.T) {
	for name, value := range map[string]string{
		"empty":              ``,
		"no JSON":            `{"v":1,`,
		"another version":    `{"v":2,"series":{}}`,
		"times out of order": `{"v":1,"series":{"a":{"t":60,"p":[{"t":120},{"t":60}]}}}`,
		"a negative amount":  `{"v":1,"series":{"a":{"t":60,"p":[{"t":120,"n":-1}]}}}`,
		"a huge amount":      `{"v":1,"series":{"a":{"t":60,"p":[{"t":120,"n":1e300}]}}}`,
		"a time far away":    `{"v":1,"series":{"a":{"t":99999999999999}}}`,
		"an owner twice":     `{"v":1,"series":{"a":{"t":60,"r":[{"o":"x","e":1},{"o":"x","e":2}]}}}`,
		"a negative end":     `{"v":1,"series":{"a":{"t":60,"r":[{"o":"x","e":-1}]}}}`,
		"a negative bucket":  `{"v":1,"series":{"a":{"t":60,"r":[{"o":"x","l":{"b":[-1]}}]}}}`,
	} {
		_, err := decodePosition([]byte(value))
		assert.ErrorContains(t, err, "cannot decode a stored position", name)
	}
	for name, value := range map[string]string{
		"empty": ``, "cut off": "\xff\x01{}", "no JSON": "\x01{", "another version": "\x07{\"v\":9}",
	} {
		_, err := decodeInflight([]byte(value))
		assert.ErrorContains(t, err, "cannot decode the stored hand-over", name)
	}
	for name, value := range map[string]string{"no period": `{"v":1}`, "another version": `{"v":3,"period":60}`, "negative": `{"v":1,"period":60,"first":-1}`} {
		_, err := decodeMeta([]byte(value))
		assert.ErrorContains(t, err, "cannot decode the stored state", name)
	}
}

// What decodes can be worked with.
func FuzzDecodePosition(f *testing.F) {
	b, err := encodePosition(map[string]ledger{"Latency\x1fprod": fullLedger()})
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{"v":1,"series":{"a":{"t":60,"p":[{"t":120,"n":1,"b":[1,2,3]}],"r":[{"o":"x","e":60,"ls":1,"l":{"b":[1]}}]}}}`))
	c := DefaultConfig()
	s := &series{plan: plans(&c)["Latency"]}
	f.Fuzz(func(t *testing.T, b []byte) {
		ledgers, err := decodePosition(b)
		if err != nil {
			return
		}
		for _, l := range ledgers {
			end := l.Settled + 6000
			next, points, _ := l.advance(read{
				series: s, from: l.Settled, to: end, settled: l.Settled + 3000, period: 60, owner: func(int64) string { return "x" },
				observations: []observation{{seen: seen{TS: l.Settled, amounts: amounts{N: 1, Sum: 1}}}, {seen: seen{TS: l.Settled + 60, amounts: amounts{N: 2, Sum: 2}}}},
			}, nil)
			for _, p := range points {
				assert.LessOrEqual(t, p.start, p.end)
			}
			_, err := encodePosition(map[string]ledger{"a": next})
			assert.NoError(t, err)
		}
	})
}

func FuzzDecodeInflight(f *testing.F) {
	b, err := (&inflight{V: positionsVersion, Ledgers: map[string]map[string]ledger{"id:x": {"a": fullLedger()}}, payload: []byte("p")}).encode()
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if in, err := decodeInflight(b); err == nil {
			_, _ = (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(in.payload)
		}
	})
}

func FuzzDecodeMeta(f *testing.F) {
	f.Add([]byte(`{"v":1,"first":1,"listed":2,"period":60,"apis":["name:orders","id:x"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMeta(b)
		if err != nil {
			return
		}
		assert.Positive(t, m.Period)
		for _, api := range m.APIs {
			if key, ok := parseAPIKey(api); ok {
				assert.Equal(t, api, key.String())
			}
		}
	})
}

// storage opens a folder's store; the returned function closes it.
func openStore(t *testing.T, dir string) (*checkpoint.Store, func()) {
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory = dir
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	require.NoError(t, ext.Start(context.Background(), componenttest.NewNopHost()))
	id := component.MustNewID("file_storage")
	store, err := checkpoint.Open(context.Background(), host{id: ext}, &id, component.MustNewID("awsapigateway"), "metrics")
	require.NoError(t, err)
	return store, func() {
		require.NoError(t, store.Close(context.Background()))
		require.NoError(t, ext.Shutdown(context.Background()))
	}
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// One damaged position is counted and its series start anew; the others go on.
func TestDamageIsCountedAndTheRestGoesOn(t *testing.T) {
	ctx := context.Background()
	store, stop := openStore(t, t.TempDir())
	defer stop()
	good, err := encodePosition(map[string]ledger{"Count\x1fprod": fullLedger()})
	require.NoError(t, err)
	now := time.Unix(at(60), 0)
	require.NoError(t, store.Apply(ctx, map[string][]byte{
		"t/state":                 []byte(`{"v":1,"first":1700000000,"listed":1700000000,"period":60,"apis":["name:bad","name:good","nonsense"]}`),
		"t/position/name:bad":     []byte("rubbish"),
		"t/position/name:good":    good,
		"t/handover":              []byte("rubbish"),
		"another/position/name:x": good,
	}))
	failures := 0
	s := newState(store, "t", zap.NewNop(), func(context.Context) { failures++ })
	f, err := s.restore(ctx, now, now, 60)
	require.NoError(t, err)
	assert.Nil(t, f)
	assert.Equal(t, 2, failures, "the position and the hand-over")
	assert.Equal(t, []inventory.Key{{ByName: true, Value: "good"}}, slices.Collect(maps.Keys(s.restored)))
	left, err := store.Get(ctx, "t/handover")
	require.NoError(t, err)
	assert.Nil(t, left)

	// A state that is damaged as a whole is a first start.
	require.NoError(t, store.Apply(ctx, map[string][]byte{"t/state": []byte("rubbish")}))
	s = newState(store, "t", zap.NewNop(), func(context.Context) { failures++ })
	_, err = s.restore(ctx, now, now, 60)
	require.NoError(t, err)
	assert.Equal(t, 3, failures)
	assert.Equal(t, now.Unix(), s.meta.First)
	assert.Empty(t, s.restored)
}

// Only what changed is written, and an API without series leaves nothing behind.
func TestPositionsGoWithTheirSeries(t *testing.T) {
	ctx := context.Background()
	store, stop := openStore(t, t.TempDir())
	defer stop()
	now := time.Unix(at(60), 0)
	s := newState(store, "t", zap.NewNop(), func(context.Context) {})
	_, err := s.restore(ctx, now, now, 60)
	require.NoError(t, err)
	c := DefaultConfig()
	sr := &series{plan: plans(&c)["Count"], key: inventory.Key{ByName: true, Value: "orders"}, stage: "prod"}
	s.adopt(sr)
	require.NoError(t, s.commit(ctx, []staged{{series: sr, ledger: fullLedger()}}))
	b, err := store.Get(ctx, "t/position/name:orders")
	require.NoError(t, err)
	assert.NotNil(t, b)

	restarted := newState(store, "t", zap.NewNop(), func(context.Context) {})
	_, err = restarted.restore(ctx, now, now, 60)
	require.NoError(t, err)
	assert.Equal(t, fullLedger(), restarted.restored[sr.key][sr.id()])

	s.drop(sr)
	require.NoError(t, s.save(ctx, map[inventory.Key]bool{sr.key: true}, false))
	b, err = store.Get(ctx, "t/position/name:orders")
	require.NoError(t, err)
	assert.Nil(t, b)
	assert.Empty(t, s.storedAPIs)
}

// A new period starts where both its own grid and the old one allow it; what lies between is lost, and counted.
func TestNewPeriodStartsOnItsGrid(t *testing.T) {
	col := &Collector{period: 300, state: newState(&checkpoint.Store{}, "t", zap.NewNop(), func(context.Context) {})}
	key := inventory.Key{Value: "x"}
	col.state.restored[key] = map[string]ledger{"a": {Settled: 1_700_000_100, Seen: []seen{{TS: 1_700_000_160}}, Streams: []stream{{Owner: "x", End: 1_700_000_220}}}}
	lost := col.changePeriod(60)
	l := col.state.restored[key]["a"]
	assert.Equal(t, int64(1_700_000_400), l.Settled)
	assert.Equal(t, int64(180), lost)
	assert.Empty(t, l.Seen)
	assert.Equal(t, int64(300), col.state.meta.Period)
}
