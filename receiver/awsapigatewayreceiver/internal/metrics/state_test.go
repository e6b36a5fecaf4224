package metrics

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// noon is when the starts of these tests happen, minute 100.
var noon = time.Unix(at(100), 0)

// clockReader is a target that tells its time and nothing else.
type clockReader struct{ Reader }

func (clockReader) Now() time.Time { return noon }

// noonClock is a machine's that stands still, with the same time as AWS's.
type noonClock struct{ poll.System }

func (noonClock) Now() time.Time { return noon }

// restart is a collector that starts on a store, and what it counts.
type restart struct {
	*Collector
	sink     *consumertest.MetricsSink
	logs     *observer.ObservedLogs
	failures int
	lost     float64
}

func newRestart(t *testing.T, store *checkpoint.Store, c *Config, next consumer.Metrics) *restart {
	r := &restart{sink: &consumertest.MetricsSink{}}
	if next == nil {
		next = r.sink
	}
	set := receivertest.NewNopSettings(component.MustNewType("awsapigateway"))
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	core, logs := observer.New(zap.DebugLevel)
	r.logs = logs
	r.Collector = New(Settings{
		Target: model.Target{Label: "t"}, Config: c, Reader: clockReader{}, Store: store, Clock: noonClock{}, Logger: zap.New(core), Started: noon,
		Emitter: emit.NewMetrics(emit.Settings{Hold: context.Background(), Obs: obs, Clock: poll.System{}, Logger: zap.NewNop(), Refused: func(error) {}, Format: "cloudwatch"}, next),
		Recorder: Recorder{
			CheckpointError: func(context.Context) { r.failures++ },
			LostSeconds:     func(_ context.Context, s float64) { r.lost += s },
		},
	})
	return r
}

// stored writes values into a store of its own.
func stored(t *testing.T, values map[string]string) *checkpoint.Store {
	store, stop := openStore(t, t.TempDir())
	t.Cleanup(stop)
	changes := map[string][]byte{}
	for k, v := range values {
		changes["t/"+k] = []byte(v)
	}
	require.NoError(t, store.Apply(context.Background(), changes))
	return store
}

func storedMeta(apis string) string {
	return fmt.Sprintf(`{"v":1,"first":%d,"listed":%d,"period":60,"apis":[%s]}`, at(-100), at(90), apis)
}

func orders() inventory.Key { return inventory.Key{ByName: true, Value: "orders"} }

// A restart asks for every stored series at once, from its position, and leaves alone what the settings no longer collect.
func TestRestoredSeriesAreAskedForAtOnce(t *testing.T) {
	store := stored(t, map[string]string{
		"state":                storedMeta(`"name:orders"`),
		"position/name:orders": fmt.Sprintf(`{"v":1,"series":{"Count\u001fprod":{"t":%d},"Count\u001fprod\u001fGET\u001f/\u001f":{"t":%d},"Nobody\u001fprod":{"t":%d}}}`, at(50), at(50), at(50)),
	})
	r := newRestart(t, store, defaults(nil), nil)
	require.NoError(t, r.restore(context.Background()))
	require.Len(t, r.state.byAPI[orders()], 1, "route level is off, and nobody knows Nobody")
	s := r.state.byAPI[orders()]["Count\x1fprod"]
	require.NotNil(t, s)
	assert.True(t, s.listed)
	assert.Equal(t, at(50), r.from(s, noon))
	assert.Len(t, r.state.restored[orders()], 2, "kept, for when they are collected again")
	assert.Zero(t, r.failures)
	assert.Zero(t, r.lost)
	assert.Equal(t, at(-100), r.state.meta.First, "the target's first start, not this one")

	// What is kept leaves with the rest: it is stored again beside what is collected.
	require.NoError(t, r.state.save(context.Background(), map[inventory.Key]bool{orders(): true}, false))
	again := newRestart(t, store, defaults(func(c *Config) { c.Levels = []string{LevelRoute} }), nil)
	require.NoError(t, again.restore(context.Background()))
	assert.Contains(t, again.state.byAPI[orders()], "Count\x1fprod\x1fGET\x1f/\x1f")
}

// A first start reads initial_lookback; later ones remember when it was, though storage has nothing else yet.
func TestFirstStart(t *testing.T) {
	store := stored(t, nil)
	r := newRestart(t, store, defaults(nil), nil)
	require.NoError(t, r.restore(context.Background()))
	fresh := seriesFor(t, defaults(nil), "Count", "ApiName=orders Stage=prod")
	assert.Equal(t, at(90), r.from(fresh, noon))

	later := newRestart(t, store, defaults(nil), nil)
	later.Started = noon.Add(time.Hour)
	require.NoError(t, later.restore(context.Background()))
	assert.Equal(t, noon.Unix(), later.state.meta.First)
	assert.Equal(t, at(90), later.from(fresh, noon.Add(time.Hour)))
	assert.Equal(t, at(100+20*60)-int64(maxFirstRead/time.Second), func() int64 {
		later.state.meta.Listed = at(100 + 20*60)
		return later.from(fresh, noon.Add(20*time.Hour))
	}(), "but no further back than the lists reach")
}

// handOver is a stored hand-over of one point, and the position that it moves to.
func handOver(t *testing.T, payload []byte) string {
	f := &inflight{V: positionsVersion, Ledgers: map[string]map[string]ledger{"name:orders": {"Count\x1fprod": {Settled: at(80)}}}, payload: payload}
	b, err := f.encode()
	require.NoError(t, err)
	return string(b)
}

func onePoint(t *testing.T) []byte {
	s := seriesFor(t, defaults(nil), "Count", "ApiName=orders Stage=prod")
	return encoded(t, mapperOf(defaults(nil)).build([]point{amount(s, "r1", 79, 80, 3, 0, -1, -1)}))
}

// What was in flight at a kill is handed over again, to the byte, before anything is read; its position is kept.
func TestHandOverIsRepeatedAfterAKill(t *testing.T) {
	store := stored(t, map[string]string{
		"state": storedMeta(`"name:orders"`), "handover": handOver(t, onePoint(t)),
		"position/name:orders": fmt.Sprintf(`{"v":1,"series":{"Count\u001fprod":{"t":%d},"Latency\u001fprod":{"t":%d}}}`, at(50), at(50)),
	})
	for start := range 2 {
		r := newRestart(t, store, defaults(nil), nil)
		require.NoError(t, r.restore(context.Background()))
		if start == 0 {
			require.Len(t, r.sink.AllMetrics(), 1)
			assert.Equal(t, onePoint(t), encoded(t, r.sink.AllMetrics()[0]))
		} else {
			assert.Empty(t, r.sink.AllMetrics(), "once")
		}
		assert.Equal(t, at(80), r.state.byAPI[orders()]["Count\x1fprod"].ledger.Settled)
		assert.Equal(t, at(50), r.state.byAPI[orders()]["Latency\x1fprod"].ledger.Settled)
		assert.Zero(t, r.failures)
	}
}

// A pipeline that takes the repeat for good, or refuses it for good, is done with it; one that the shutdown ends has not had it.
func TestHandOverThatIsRefused(t *testing.T) {
	store := stored(t, map[string]string{"state": storedMeta(``), "handover": handOver(t, onePoint(t))})
	ctx, cancel := context.WithCancel(context.Background())
	busy, err := consumer.NewMetrics(func(context.Context, pmetric.Metrics) error { cancel(); return fmt.Errorf("busy") })
	require.NoError(t, err)
	r := newRestart(t, store, defaults(nil), busy)
	assert.ErrorIs(t, r.restore(ctx), context.Canceled)

	never, err := consumer.NewMetrics(func(context.Context, pmetric.Metrics) error { return consumererror.NewPermanent(fmt.Errorf("no")) })
	require.NoError(t, err)
	r = newRestart(t, store, defaults(nil), never)
	require.NoError(t, r.restore(context.Background()))
	r = newRestart(t, store, defaults(nil), nil)
	require.NoError(t, r.restore(context.Background()))
	assert.Empty(t, r.sink.AllMetrics())
	assert.Equal(t, at(80), r.state.byAPI[orders()]["Count\x1fprod"].ledger.Settled)
}

// Each damage is counted and costs what it is about; the start goes on.
func TestDamageAtTheStart(t *testing.T) {
	good := fmt.Sprintf(`{"v":1,"series":{"Count\u001fprod":{"t":%d}}}`, at(50))
	for name, set := range map[string]struct {
		values   map[string]string
		failures int
		series   int
	}{
		"nothing":                     {map[string]string{}, 0, 0},
		"whole":                       {map[string]string{"state": storedMeta(`"name:orders"`), "position/name:orders": good}, 0, 1},
		"a listed API has none":       {map[string]string{"state": storedMeta(`"name:orders","name:pets"`), "position/name:orders": good}, 0, 1},
		"the state":                   {map[string]string{"state": `{"v":1,`, "position/name:orders": good}, 1, 0},
		"the state's version":         {map[string]string{"state": `{"v":9,"period":60}`}, 1, 0},
		"one of two positions":        {map[string]string{"state": storedMeta(`"name:orders","name:pets"`), "position/name:orders": good, "position/name:pets": good[:20]}, 1, 1},
		"a position's version":        {map[string]string{"state": storedMeta(`"name:orders"`), "position/name:orders": `{"v":2}`}, 1, 0},
		"a position's sense":          {map[string]string{"state": storedMeta(`"name:orders"`), "position/name:orders": `{"v":1,"series":{"Count\u001fprod":{"t":-5}}}`}, 1, 0},
		"a position of null":          {map[string]string{"state": storedMeta(`"name:orders"`), "position/name:orders": `{"v":1,"series":null}`}, 0, 0},
		"keys of no API":              {map[string]string{"state": storedMeta(`"name:orders","","name:","x:y","orders"`), "position/name:orders": good}, 0, 1},
		"the hand-over":               {map[string]string{"state": storedMeta(`"name:orders"`), "position/name:orders": good, "handover": "\x05{"}, 1, 1},
		"the hand-over's data":        {map[string]string{"state": storedMeta(`"name:orders"`), "position/name:orders": good, "handover": handOver(t, []byte("rubbish"))}, 1, 1},
		"the hand-over of no API":     {map[string]string{"state": storedMeta(`"name:orders"`), "position/name:orders": good, "handover": "\x23" + `{"v":1,"ledgers":{"nonsense":null}}`}, 0, 1},
		"two positions and hand-over": {map[string]string{"state": storedMeta(`"name:orders","id:x"`), "position/name:orders": "", "position/id:x": "x", "handover": "x"}, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRestart(t, stored(t, set.values), defaults(nil), nil)
			require.NoError(t, r.restore(context.Background()))
			assert.Equal(t, set.failures, r.failures)
			assert.Equal(t, set.failures, r.logs.FilterMessage("Positions").Len(), "each is said")
			n := 0
			for _, api := range r.state.byAPI {
				n += len(api)
			}
			assert.Equal(t, set.series, n)
		})
	}
}

// Times to come were not written by any start before this one: a series that believed them would be silent until then.
func TestStoredTimesToCome(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"first start": {"state": fmt.Sprintf(`{"v":1,"first":%d,"listed":%d,"period":60,"apis":["name:orders"]}`, int64(1)<<60, at(90))},
		"period":      {"state": fmt.Sprintf(`{"v":1,"first":%d,"listed":%d,"period":%d,"apis":["name:orders"]}`, at(-100), at(90), int64(1)<<61), "position/name:orders": fmt.Sprintf(`{"v":1,"series":{"Count\u001fprod":{"t":%d,"p":[{"t":%d}]}}}`, at(50), at(50))},
		"position":    {"state": storedMeta(`"name:orders"`), "position/name:orders": `{"v":1,"series":{"Count\u001fprod":{"t":253402300740}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRestart(t, stored(t, values), defaults(nil), nil)
			require.NoError(t, r.restore(context.Background()))
			assert.Positive(t, r.failures)
			s := r.state.byAPI[orders()]["Count\x1fprod"]
			if s == nil {
				s = seriesFor(t, defaults(nil), "Count", "ApiName=orders Stage=prod")
			}
			assert.LessOrEqual(t, r.from(s, noon), noon.Unix())
		})
	}
}

// The largest value that an answer may have can be stored and restored, alone and added up.
func TestLargestAmountsSurviveStorage(t *testing.T) {
	const largest = 1 << 53 // aws.maxValue
	one := amounts{N: largest, Sum: largest}
	for name, l := range map[string]ledger{
		"seen": {Settled: at(0), Seen: []seen{{TS: at(0), amounts: one}}},
		"late": {Settled: at(0), Streams: []stream{{Owner: "x", End: at(1), LateSince: at(0), Late: func() (a amounts) { a.add(one); a.add(one); return a }()}}},
	} {
		b, err := encodePosition(map[string]ledger{"a": l})
		require.NoError(t, err)
		_, err = decodePosition(b)
		assert.NoError(t, err, name)
	}
}

// Positions of another account, whose APIs may have the same names, are nobody's any more. What was being handed over of it is handed over.
func TestPositionsOfAnotherAccount(t *testing.T) {
	store := stored(t, map[string]string{
		"state":                `{"v":1,"account":"222233334444",` + storedMeta(`"name:orders"`)[len(`{"v":1,`):],
		"position/name:orders": fmt.Sprintf(`{"v":1,"series":{"Count\u001fprod":{"t":%d}}}`, at(50)), "handover": handOver(t, onePoint(t)),
	})
	ctx, stop := context.WithCancel(context.Background())
	busy, err := consumer.NewMetrics(func(context.Context, pmetric.Metrics) error { stop(); return fmt.Errorf("busy") })
	require.NoError(t, err)
	assert.ErrorIs(t, newRestart(t, store, defaults(nil), busy).restore(ctx), context.Canceled, "the first start ends before it is taken")
	var handedOver []pmetric.Metrics
	for range 2 {
		r := newRestart(t, store, defaults(nil), nil)
		require.NoError(t, r.restore(context.Background()))
		assert.Empty(t, r.state.byAPI)
		assert.Empty(t, r.state.restored)
		assert.Equal(t, noon.Unix(), r.state.meta.First)
		assert.Zero(t, r.failures)
		handedOver = append(handedOver, r.sink.AllMetrics()...)
	}
	require.Len(t, handedOver, 1)
	assert.Equal(t, onePoint(t), encoded(t, handedOver[0]))
	b, err := store.Get(context.Background(), "t/handover")
	require.NoError(t, err)
	assert.Nil(t, b)
}

// A change of the period leaves out what the two do not share, which is counted, and never reads a period twice.
func TestPeriodChangeAtTheStart(t *testing.T) {
	for _, set := range []struct {
		stored, period   time.Duration
		position, wanted int64
		lost             float64
	}{
		{time.Minute, 5 * time.Minute, 1_700_000_100, 1_700_000_100, 0},
		{time.Minute, 5 * time.Minute, 1_700_000_160, 1_700_000_400, 240},
		{5 * time.Minute, time.Minute, 1_700_000_100, 1_700_000_100, 0},
		{5 * time.Minute, time.Hour, 1_700_000_100, 1_700_002_800, 2700},
		{time.Minute, 7 * time.Hour, 1_700_005_980, 1_700_017_200, 11_220},
		{time.Minute, time.Minute, 1_700_000_160, 1_700_000_160, 0},
	} {
		t.Run(fmt.Sprint(set.stored, " to ", set.period, " at ", set.position), func(t *testing.T) {
			store := stored(t, map[string]string{
				"state":                fmt.Sprintf(`{"v":1,"first":1,"listed":1700000000,"period":%d,"apis":["name:orders"]}`, set.stored/time.Second),
				"position/name:orders": fmt.Sprintf(`{"v":1,"series":{"Count\u001fprod":{"t":%d}}}`, set.position),
			})
			r := newRestart(t, store, defaults(func(c *Config) { c.Period = set.period }), nil)
			require.NoError(t, r.restore(context.Background()))
			s := r.state.byAPI[orders()]["Count\x1fprod"]
			assert.Equal(t, set.wanted, s.ledger.Settled)
			assert.Zero(t, r.from(s, noon)%int64(set.period/time.Second))
			assert.InDelta(t, set.lost, r.lost, 0)
			assert.Equal(t, set.lost > 0, r.logs.FilterMessageSnippet("metrics::period changed").Len() == 1)

			again := newRestart(t, store, defaults(func(c *Config) { c.Period = set.period }), nil)
			require.NoError(t, again.restore(context.Background()))
			require.Contains(t, again.state.byAPI[orders()], "Count\x1fprod", "the next start goes on there, though the first new period is not over")
			assert.Equal(t, set.wanted, again.state.byAPI[orders()]["Count\x1fprod"].ledger.Settled)
			assert.Zero(t, again.lost)
		})
	}
}

// Positions of series that no list names any more are forgotten once their data is, and not before.
func TestForgetOldPositions(t *testing.T) {
	ctx := context.Background()
	store := stored(t, map[string]string{
		"state":                storedMeta(`"name:orders","id:old"`),
		"position/name:orders": fmt.Sprintf(`{"v":1,"series":{"Gone\u001fprod":{"t":%d},"Gone\u001fdev":{"t":%d}}}`, at(10), at(60)),
		"position/id:old":      fmt.Sprintf(`{"v":1,"series":{"Gone\u001fprod":{"t":%d}}}`, at(10)),
	})
	r := newRestart(t, store, defaults(nil), nil)
	require.NoError(t, r.restore(ctx))
	require.NoError(t, r.state.forget(ctx, at(50)))
	again := newRestart(t, store, defaults(nil), nil)
	require.NoError(t, again.restore(ctx))
	assert.Equal(t, map[inventory.Key]map[string]ledger{orders(): {"Gone\x1fdev": {Settled: at(60)}}}, again.state.restored)
	b, err := store.Get(ctx, "t/position/id:old")
	require.NoError(t, err)
	assert.Nil(t, b)
}

// Without storage nothing is read or written, and each start is a first start.
func TestWithoutStorage(t *testing.T) {
	r := newRestart(t, &checkpoint.Store{}, defaults(nil), nil)
	require.NoError(t, r.restore(context.Background()))
	s := seriesFor(t, defaults(nil), "Count", "ApiName=orders Stage=prod")
	r.state.adopt(s)
	require.NoError(t, r.state.begin(context.Background(), []staged{{series: s, ledger: ledger{Settled: at(80)}}}, pmetric.NewMetrics()))
	require.NoError(t, r.state.commit(context.Background(), []staged{{series: s, ledger: ledger{Settled: at(80)}}}))
	assert.Equal(t, at(80), s.ledger.Settled, "memory keeps it")
	again := newRestart(t, &checkpoint.Store{}, defaults(nil), nil)
	require.NoError(t, again.restore(context.Background()))
	assert.Empty(t, again.state.byAPI)
	assert.Equal(t, noon.Unix(), again.state.meta.First)
}

var _ Reader = (*aws.Client)(nil)
