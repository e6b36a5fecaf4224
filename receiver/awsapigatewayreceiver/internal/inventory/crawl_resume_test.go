package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// A storage that fails ends no crawl: it is counted, and what it did not take is stored with the next change.
func TestAStorageThatFailsEndsNoCrawl(t *testing.T) {
	t.Parallel()
	d, failed := &checkpointtest.Disk{}, 0
	c := newCrawler(t, whole(), stores(d.Open(t)), func(s *Settings) { s.CheckpointError = func(context.Context) { failed++ } })
	d.OnWrite(func([]string) error { return errDown })
	c.again()
	assert.Len(t, c.w.known, 20, "everything was read nevertheless")
	assert.Positive(t, failed)
	assert.Empty(t, d.Keys())

	d.OnWrite(nil)
	failed = 0
	c.a.answers["GetAccount"] = []string{`{"throttleSettings": {"rateLimit": 1}}`}
	c.again()
	assert.Zero(t, failed)
	again := c.restarted()
	assert.Equal(t, c.Current().Parts, again.Current().Parts, "of all APIs, also of those that did not change since")
	assert.Equal(t, always, again.again())
}

// APIs that come first and can't be read keep no others back: the next crawl begins where the last one gave up.
func TestWhatFailsFirstKeepsNobodyBack(t *testing.T) {
	t.Parallel()
	for read, part := range map[string]string{"GetStages": partStages, "GetResources": partResources} {
		t.Run(read, func(t *testing.T) {
			a := newAccount()
			for i := range 8 {
				id := fmt.Sprintf("r%d", i)
				a.rest = append(a.rest, api(id, id, 1))
				if i < maxFailures {
					a.errs[read+" "+id] = ofClass(aws.Server)
				}
			}
			c := newCrawler(t, a)
			_, err := c.try()
			require.Error(t, err)
			assert.Nil(t, c.Current().Parts["r7"][part], "given up before it")
			_, err = c.try()
			require.Error(t, err)
			for i := maxFailures; i < 8; i++ {
				assert.NotNil(t, c.Current().Parts[fmt.Sprintf("r%d", i)][part], "r%d", i)
			}
		})
	}
}

// The stages of an API that can't be read keep nobody from its detail.
func TestDetailWithoutStages(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.a.errs["GetStages r1"] = ofClass(aws.Denied)
	_, err := c.try()
	require.ErrorIs(t, err, errDown)
	assert.Contains(t, c.w.known, "route r1 GET /")
	assert.Contains(t, c.w.known, "authorizer r1 auth1")
	clear(c.a.errs)
	c.again()
	assert.Contains(t, c.w.known, "stage r1 prod")
	assert.Empty(t, c.w.deleted)
}

// A collector of another version whose first crawl is interrupted goes on describing anew after its restart.
func TestAnotherVersionGoesOn(t *testing.T) {
	t.Parallel()
	version := func(v string) func(*Settings) { return func(s *Settings) { s.Version = v } }
	c := newCrawler(t, whole(), stores(checkpointtest.Open(t, t.TempDir())), version("1"))
	c.again()
	newer := c.restarted(version("2"))
	interrupt(newer, "GetResources r1")
	read := newer.restarted(version("2")).again()
	assert.Contains(t, read, "GetResources r1")
	assert.Contains(t, read, "GetModels r1")
	assert.NotContains(t, read, "GetRoutes h1", "it was described before")
}

// interrupt crawls until a read, at which the collector is stopped.
func interrupt(c *crawler, at string) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c.a.onRead = func(name string) {
		if name == at {
			stop()
		}
	}
	_ = outcome(c.crawl(ctx)) // of the read that was ended
	c.a.onRead = nil
}

// A shutdown while the summary of a deployment is read does not leave it out for good.
func TestShutdownDuringASummary(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole(), stores(checkpointtest.Open(t, t.TempDir())))
	c.again()
	c.a.answers["GetStages r1"] = []string{`{"stageName": "prod", "deploymentId": "d2", "lastUpdatedDate": 1700000001}`}
	c.a.answers["GetDeployments r1"] = []string{`{"id": "d2", "createdDate": 1700000001}`, `{"id": "d1", "createdDate": 1700000000}`}
	c.a.answers["GetDeployment r1 d2"] = []string{`{"id": "d2", "apiSummary": {"/": {"GET": {}}}}`}
	interrupt(c, "GetDeployment r1 d2")
	again := c.restarted()
	assert.Contains(t, again.again(), "GetDeployment r1 d2")
	assert.Contains(t, again.w.known["deployment r1 d2"], "methods")
}

// A summary that failed for an unknown reason is asked for again by the next crawl, too.
func TestSummaryThatFailsOddly(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.a.errs["GetDeployment r1 d1"] = errDown
	_, err := c.try()
	require.Error(t, err)
	clear(c.a.errs)
	assert.Contains(t, c.again(), "GetDeployment r1 d1")
}

// Where one kind of API may not be listed, the crawls keep their interval, also across restarts; and the lists' failure is told apart from others.
func TestOneKindOfListDenied(t *testing.T) {
	t.Parallel()
	a := whole()
	a.errs["GetRestApis"] = ofClass(aws.Denied)
	a.ends = 2
	c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
	c.Run(context.Background(), func(lists, rest error) {
		assert.ErrorIs(t, lists, errDown)
		assert.NoError(t, rest)
	})
	require.Len(t, a.slept, 2)
	for _, d := range a.slept {
		assert.InDelta(t, c.config.Interval, d, float64(c.config.Interval)/4)
	}

	began := c.began
	a.now = began.Add(time.Minute)
	a.slept, a.asked, a.ends = nil, nil, 1
	again := c.restarted()
	outcomes(again.Inventory)
	assert.Equal(t, []time.Duration{c.config.Interval - time.Minute}, a.slept)
	assert.Empty(t, a.asked)
}

// A failure of anything but the lists is told as such.
func TestWhatFailedIsToldApart(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.a.errs["GetResources r1"] = ofClass(aws.Denied)
	c.Run(context.Background(), func(lists, rest error) {
		assert.NoError(t, lists)
		assert.ErrorIs(t, rest, errDown)
	})
}

// unlisted answers a read without the member that holds the items.
type unlisted struct {
	*account
	what model.Read
}

func (u unlisted) Read(ctx context.Context, what model.Read, of model.ReadOf) (items []json.RawMessage, err error) {
	if what == u.what {
		return nil, nil
	}
	return u.account.Read(ctx, what, of)
}

// An answer without a list, where there were APIs, deletes nothing until it came three times in a row; a list that is empty is believed at once.
func TestAnAbsentListIsNotBelievedAtOnce(t *testing.T) {
	t.Parallel()
	for what, id := range map[model.Read]string{model.GetRestAPIs: "r1", model.GetAPIs: "h1"} {
		t.Run(string(what), func(t *testing.T) {
			c := newCrawler(t, whole())
			c.again()
			absent := func(times int) {
				c.reader = unlisted{c.a, what}
				for range times {
					_, err := c.try()
					require.ErrorIs(t, err, errNoList)
					assert.Equal(t, aws.Malformed, aws.ClassOf(err))
				}
				c.reader = c.a
			}
			absent(maxAbsent - 1)
			c.again()
			absent(maxAbsent - 1)
			assert.Equal(t, 2*(maxAbsent-1), c.a.malformed[string(what)])
			assert.True(t, c.Current().live(id))
			assert.Empty(t, c.w.deleted)
			c.reader = unlisted{c.a, what}
			c.again()
			assert.False(t, c.Current().live(id), "three times in a row")

			c = newCrawler(t, whole())
			c.again()
			c.a.answers[string(what)] = nil
			c.again()
			assert.False(t, c.Current().live(id), "an empty list")
		})
	}
}

// No answer without a list is odd where there never was an API.
func TestAnAbsentListOfNothing(t *testing.T) {
	t.Parallel()
	a := newAccount()
	c := newCrawler(t, a)
	c.reader = unlisted{a, model.GetRestAPIs}
	c.again()
	c.again()
	assert.Zero(t, a.malformed[string(model.GetRestAPIs)])
}

// The detail of many APIs falls due within the last quarter of the full interval, not at once.
func TestFullIntervalsAreSpread(t *testing.T) {
	t.Parallel()
	inv, _ := newInventory(newAccount(), nil, nil)
	c := inv.newCrawl()
	full, quarters := inv.config.FullInterval, map[int]int{}
	for i := range 1000 {
		a := api(fmt.Sprint("r", i, strings.Repeat("x", i%7)), "n", 1)
		age := c.fullAge(&a)
		assert.Equal(t, age, c.fullAge(&a), "the same each time")
		require.Greater(t, age, full*3/4-1)
		require.LessOrEqual(t, age, full)
		quarters[int((full-age)*16/full)]++
	}
	for q := range 4 {
		assert.InDelta(t, 250, quarters[q], 80)
	}
}
