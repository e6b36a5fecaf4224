package inventory

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

func stores(s *checkpoint.Store) func(*Settings) { return func(set *Settings) { set.Store = s } }

// restarted is the inventory of a collector that was restarted on the same storage.
func (c *crawler) restarted(edits ...func(*Settings)) *crawler {
	again := newCrawler(c.t, c.a, append([]func(*Settings){stores(c.store)}, edits...)...)
	require.NoError(c.t, again.Restore(context.Background()))
	return again
}

// A restart starts from everything that was known: the next crawl reads no more than one of a collector that runs, and tells what changed meanwhile.
func TestRestartCrawlsIncrementally(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole(), stores(checkpointtest.Open(t, t.TempDir())))
	c.again()
	again := c.restarted()
	assert.Equal(t, c.Current().Parts, again.Current().Parts)
	assert.Equal(t, c.Current().Limits, again.Current().Limits)
	assert.Equal(t, always, again.again())
	assert.Empty(t, again.w.known, "nothing changed")
	assert.Empty(t, again.w.deleted)
	assert.Empty(t, again.w.events)

	c.a.answers["GetRoutes h1"] = nil
	c.a.answers["GetApis"] = []string{`{"apiId": "h1", "name": "pets", "protocolType": "HTTP", "version": "2"}`}
	c.a.answers["GetClientCertificates"] = nil
	again = again.restarted()
	again.again()
	assert.Equal(t, []string{"client_certificate cert1", "route h1 GET /pets"}, sortedLike(again.w.deleted), "also across the restart")
}

// The first crawl after a restart waits until the interval has passed since the last one began.
func TestRestartWaitsTheRestOfTheInterval(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct{ since, wait time.Duration }{
		"at once": {0, 5 * time.Minute}, "after a minute": {time.Minute, 4 * time.Minute}, "after the interval": {5 * time.Minute, 0}, "after a day": {24 * time.Hour, 0},
		"with a clock that was set back": {-time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := whole()
			c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
			outcomes(c.Inventory)
			a.now = c.began.Add(set.since)
			a.slept, a.asked, a.ends = nil, nil, 1
			again := c.restarted()
			reported := outcomes(again.Inventory)
			assert.Equal(t, []error{nil}, reported)
			require.Len(t, a.slept, 1)
			if set.wait > 0 {
				assert.Equal(t, set.wait, a.slept[0])
				assert.Empty(t, a.asked)
			} else {
				assert.NotEmpty(t, a.asked)
			}
		})
	}
}

// A crash loop makes no more calls than a collector that runs: a collector that crashes in its crawl does not begin it anew at once.
func TestCrashLoopMakesNoMoreCalls(t *testing.T) {
	t.Parallel()
	a := whole()
	a.ends = 1000
	c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
	began := a.Now()
	for range 20 {
		ctx, crash := context.WithCancel(context.Background())
		var reads atomic.Int64 // both lists are read at the same time
		crawling := c.began
		a.onRead = func(string) {
			if reads.Add(1) == 12 {
				crawling = c.began
				crash()
			}
		}
		c.Run(ctx, func(_, _ error) {})
		crash()
		c.begin(context.Background(), crawling) // a crash ends nothing
		c = c.restarted()
	}
	assert.GreaterOrEqual(t, a.Now().Sub(began), 18*5*time.Minute)
}

// A stop that cuts the first crawl off is no crash: the next start reads the stages that are missing at once.
func TestStopInTheFirstCrawl(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct {
		at   string
		wait bool
	}{"before all stages are known": {"GetStages", false}, "after that": {"GetAuthorizers", true}} {
		t.Run(name, func(t *testing.T) {
			a := whole()
			c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			stopped := false
			a.onRead = func(read string) {
				if !stopped && strings.HasPrefix(read, set.at) {
					stopped = true
					stop()
				}
			}
			c.Run(ctx, func(_, _ error) {})
			require.True(t, stopped)
			a.onRead, a.slept, a.asked, a.ends = nil, nil, nil, 1
			outcomes(c.restarted().Inventory)
			if set.wait {
				assert.Empty(t, a.asked)
			} else {
				assert.Contains(t, a.asked, "GetStages r1")
			}
		})
	}
}

// What a crawl read before it ended is kept: the next one goes on where it stopped.
func TestCrashInTheMiddleOfDetail(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole(), stores(checkpointtest.Open(t, t.TempDir())))
	ctx, crash := context.WithCancel(context.Background())
	defer crash()
	c.a.onRead = func(name string) {
		if name == "GetResources r1" {
			crash()
		}
	}
	err := outcome(c.crawl(ctx))
	_ = err // of the read that was ended
	c.a.onRead = nil
	again := c.restarted()
	assert.Contains(t, again.Current().Parts["h1"], "routes", "an API that was read whole")
	assert.NotContains(t, again.Current().Parts["r1"], "resources")
	reads := again.again()
	assert.NotContains(t, reads, "GetRoutes h1")
	assert.Contains(t, reads, "GetResources r1")
	assert.Contains(t, reads, "GetModels r1")
	assert.NotContains(t, reads, "GetDeployment r1 d1", "a summary is read once")
	for read, at := range allReads {
		assert.NotNil(t, again.Current().Parts[at.api][at.part], read)
	}
	assert.Empty(t, again.w.deleted)
}

// What happened while the collector was down is late; what happens after its first crawl is not, also of what that crawl found unchanged.
func TestEventsAfterARestart(t *testing.T) {
	t.Parallel()
	type at struct {
		read, before, after string
	}
	for name, set := range map[string]at{
		"a stage":                  {"GetStages r1", `{"stageName": "prod", "deploymentId": "d1"}`, `{"stageName": "prod", "deploymentId": "d2"}`},
		"a stage of a namesake":    {"GetStages r2", `{"stageName": "prod", "deploymentId": "d1"}`, `{"stageName": "prod", "deploymentId": "d2"}`},
		"the account's limits":     {"GetAccount", `{"throttleSettings": {"rateLimit": 1}}`, `{"throttleSettings": {"rateLimit": 2}}`},
		"the limits of usage plan": {"GetUsagePlans", `{"id": "plan1"}`, `{"id": "plan1", "throttle": {"rateLimit": 2}}`},
	} {
		t.Run(name, func(t *testing.T) {
			a := whole()
			a.answers["GetRestApis"] = append(a.answers["GetRestApis"], `{"id": "r2", "name": "same"}`, `{"id": "r3", "name": "same"}`)
			a.answers[set.read] = []string{set.before}
			c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
			c.again()
			again := c.restarted()
			again.again()
			assert.Empty(t, again.w.events)
			a.answers[set.read] = []string{set.after}
			again.again()
			require.Len(t, again.w.events, 1)
			assert.False(t, again.w.events[0].Late, "the collector ran")

			a.answers[set.read] = []string{set.before}
			again = again.restarted()
			again.again()
			require.Len(t, again.w.events, 1)
			assert.True(t, again.w.events[0].Late)
		})
	}
}

// What the filter does not want any more is left out after a restart: it is not deleted, and not reported.
func TestRestartWithAnotherFilter(t *testing.T) {
	t.Parallel()
	a := whole()
	a.answers["GetStages r1"] = []string{`{"stageName": "prod"}`, `{"stageName": "dev"}`}
	c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
	c.again()
	again := c.restarted(func(s *Settings) { s.Filter = &Filter{Include: []FilterItem{{ID: "r1"}}} })
	assert.NotContains(t, again.Current().Parts, "h1")
	for _, read := range again.again() {
		assert.NotContains(t, read, "h1")
	}
	assert.Empty(t, again.w.deleted)
	assert.NotContains(t, again.Current().Parts, "h1")

	back := again.restarted()
	back.again()
	assert.Contains(t, back.w.known, "route h1 GET /pets", "what it wants again is read again")

	prod := back.restarted(func(s *Settings) { s.Filter = &Filter{Include: []FilterItem{{Stage: "prod"}}} })
	prod.again()
	assert.Equal(t, 1, prod.Current().Parts["r1"]["stages"].Len())
	assert.Empty(t, prod.w.deleted)
	assert.Len(t, prod.w.known, 1, "the stage that stays, and nothing else: %v", prod.w.known)
	both := prod.restarted()
	both.again()
	assert.Contains(t, both.w.known, "stage r1 dev")
}

// The storage holds a value for each API, and writes those alone that changed.
func TestOnlyWhatChangedIsStored(t *testing.T) {
	t.Parallel()
	store := checkpointtest.Open(t, t.TempDir())
	c := newCrawler(t, whole(), stores(store))
	c.again()
	get := func(key string) string {
		b, err := store.Get(context.Background(), key)
		require.NoError(t, err)
		return string(b)
	}
	keys := []string{"inventory/x", "inventory/x/account", "inventory/x/api/r1", "inventory/x/api/h1"}
	values := map[string]string{}
	for _, k := range keys {
		values[k] = get(k)
		assert.NotEmpty(t, values[k])
		assert.NotContains(t, values[k], "SECRET")
		if k != "inventory/x" {
			require.NoError(t, store.Apply(context.Background(), map[string][]byte{k: []byte("untouched")}))
		}
	}
	c.again()
	for _, k := range keys[1:] {
		assert.Equal(t, "untouched", get(k), k)
	}
	assert.NotEqual(t, values["inventory/x"], get("inventory/x"), "when the last crawl began")
	c.a.answers["GetAccount"] = []string{`{}`}
	c.again()
	assert.Equal(t, "untouched", get("inventory/x/api/r1"))
	assert.NotEqual(t, "untouched", get("inventory/x/account"))
	c.a.answers["GetRestApis"] = nil
	c.again()
	assert.Empty(t, get("inventory/x/api/r1"), "an API that is gone leaves nothing")
	assert.Equal(t, "untouched", get("inventory/x/api/h1"))
}

// A value that is damaged costs its API: it is said, the API is crawled anew, and the others are kept.
func TestRestoreOfADamagedAPI(t *testing.T) {
	t.Parallel()
	store := checkpointtest.Open(t, t.TempDir())
	c := newCrawler(t, whole(), stores(store))
	c.again()
	require.NoError(t, store.Apply(context.Background(), map[string][]byte{"inventory/x/api/r1": []byte(`{"api": {"id": "h1"}}`)}))
	again := newCrawler(t, c.a, stores(store))
	err := again.Restore(context.Background())
	require.ErrorContains(t, err, `cannot decode the stored inventory of "r1": it is of another API`)
	assert.Equal(t, []string{"h1"}, ids(again.Current().APIs))
	reads := again.again()
	assert.Contains(t, reads, "GetResources r1")
	assert.NotContains(t, reads, "GetRoutes h1")
	assert.Equal(t, c.Current().Parts["r1"]["resources"].Index, again.Current().Parts["r1"]["resources"].Index)
}

// More APIs than one transaction reads are restored, each with its own.
func TestRestoreOfManyAPIs(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	a := newAccount()
	for i := range 2*restoreChunk + 1 {
		id := "r" + strings.Repeat("x", i)
		a.rest = append(a.rest, api(id, id, 1))
		a.stages[id] = stages("prod", id)
	}
	c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
	c.again()
	again := c.restarted()
	assert.Equal(t, c.Current().APIs, again.Current().APIs)
	assert.Equal(t, a.stages, again.Current().Stages)
	assert.Equal(t, c.Current().Parts, again.Current().Parts)
	assert.False(t, slices.ContainsFunc(again.again(), func(r string) bool { return strings.HasPrefix(r, "GetModels") }))
}
