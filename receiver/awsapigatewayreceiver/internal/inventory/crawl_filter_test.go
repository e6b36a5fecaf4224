package inventory

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

func filtered(f Filter) func(*Settings) { return func(s *Settings) { s.Filter = &f } }

// tagged is the REST API of whole with a tag.
func tagged(env string) []string {
	return []string{`{"id": "r1", "name": "orders", "tags": {"env": "` + env + `"}}`}
}

// A stage says its API's name: one whose API was renamed is described anew.
func TestRenamedAPI(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.again()
	before := c.w.known["stage r1 prod"]
	c.a.answers["GetRestApis"] = []string{`{"id": "r1", "name": "renamed"}`}
	c.again()
	assert.NotEqual(t, before, c.w.known["stage r1 prod"])
	assert.Contains(t, c.w.known["stage r1 prod"], "renamed")
	assert.Empty(t, c.w.deleted)
	assert.Equal(t, always, c.again(), "once")
}

// An API that leaves the filter while the collector runs is not read or reported any more, but nobody deleted it; it may come back.
func TestAPILeavesTheFilter(t *testing.T) {
	t.Parallel()
	a := whole()
	a.answers["GetRestApis"] = tagged("prod")
	c := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())), filtered(Filter{Include: []FilterItem{{Tags: map[string]string{"env": "prod"}}}}))
	c.again()
	require.Contains(t, c.w.known, "route r1 GET /")
	a.answers["GetRestApis"] = tagged("dev")
	for _, read := range append(c.again(), c.again()...) {
		assert.NotContains(t, read, " r1")
	}
	assert.NotContains(t, c.Current().Parts, "r1")
	assert.True(t, c.Current().live("r1"))
	assert.Empty(t, c.w.deleted)
	again := c.restarted(filtered(*c.filter))
	assert.NotContains(t, again.Current().Parts, "r1")
	again.again()
	assert.Empty(t, again.w.deleted)

	a.answers["GetRestApis"] = tagged("prod")
	again.again()
	assert.Contains(t, again.w.known, "route r1 GET /")
	assert.Contains(t, again.w.known, "stage r1 prod")
}

// A stage that leaves the filter, since its API was tagged otherwise, is not deleted either.
func TestStageLeavesTheFilter(t *testing.T) {
	t.Parallel()
	a := whole()
	a.answers["GetRestApis"] = tagged("prod")
	a.answers["GetStages r1"] = append(a.answers["GetStages r1"], `{"stageName": "blue"}`)
	c := newCrawler(t, a, filtered(Filter{Exclude: []FilterItem{{Tags: map[string]string{"env": "dev"}, Stage: "blue"}}}))
	c.again()
	require.Contains(t, c.w.known, "stage r1 blue")
	a.answers["GetRestApis"] = tagged("dev")
	c.again()
	assert.Equal(t, 1, c.Current().Parts["r1"][partStages].Len())
	assert.Empty(t, c.w.deleted)
	a.answers["GetStages r1"] = nil
	c.again()
	assert.Equal(t, []string{"stage r1 prod"}, c.w.deleted, "a stage that was reported, and is gone")
}

// APIs that the filter leaves out are stored, too: a restart knows them, so that their series lead to no list.
func TestAPIsThatAreLeftOutAreStored(t *testing.T) {
	t.Parallel()
	only := filtered(Filter{Include: []FilterItem{{ID: "r1"}}})
	c := newCrawler(t, whole(), stores(checkpointtest.Open(t, t.TempDir())), only)
	c.again()
	again := c.restarted(only)
	assert.Equal(t, []string{"h1", "r1"}, ids(again.Current().APIs))
	assert.NotContains(t, again.Current().Parts, "h1")
	assert.Equal(t, slices.DeleteFunc(slices.Clone(always), func(r string) bool { return strings.HasSuffix(r, " h1") }), again.again())

	c.a.answers["GetApis"] = []string{`{"apiId": "h1", "name": "renamed", "protocolType": "HTTP"}`}
	again.again()
	again = again.restarted(only)
	named, _ := again.Current().API("h1")
	assert.Equal(t, "renamed", named.Name, "as it was listed last")
}

// Of an API that the filter leaves out, but whose stages tell the series of its namesakes apart, nothing but these is read, and nothing is reported.
func TestNamesakeThatIsLeftOut(t *testing.T) {
	t.Parallel()
	a := whole()
	a.answers["GetRestApis"] = []string{`{"id": "r1", "name": "orders"}`, `{"id": "r2", "name": "orders"}`}
	a.answers["GetStages r2"] = stageOf("d01", "")
	a.answers["GetDeployments r2"] = deployed(2)
	c := newCrawler(t, a, filtered(Filter{Exclude: []FilterItem{{ID: "r2"}}}))
	c.again()
	a.answers["GetStages r2"] = stageOf("d02", "")
	for _, read := range c.again() {
		assert.NotContains(t, read, "GetDeployments r2")
	}
	assert.Equal(t, "d02", c.Current().Stages["r2"][0].Deployment)
	assert.NotContains(t, c.Current().Parts["r2"], partDeployments)
	for name := range c.w.known {
		assert.NotContains(t, name, " r2")
	}
	assert.Empty(t, c.w.events)
}

// A usage plan's throttle of a stage makes an event where the stage is collected.
func TestThrottleOfAStageThatIsLeftOut(t *testing.T) {
	t.Parallel()
	plan := func(rate string) []string {
		return []string{`{"id": "plan1", "apiStages": [{"apiId": "r1", "stage": "prod", "throttle": {"/orders/GET": {"rateLimit": ` + rate + `, "burstLimit": 1}}}]}`}
	}
	for out, events := range map[bool]int{false: 1, true: 0} {
		f := Filter{}
		if out {
			f.Exclude = []FilterItem{{ID: "r1", Stage: "prod"}}
		}
		a := whole()
		a.answers["GetUsagePlans"] = plan("1")
		c := newCrawler(t, a, filtered(f))
		c.again()
		a.answers["GetUsagePlans"] = plan("2")
		c.again()
		assert.Len(t, c.w.events, events)
	}
}

// Where the deployments can't be read for the moment, the change of a stage waits for the next crawl, which tells whether it is a rollback.
func TestRollbackWaitsForTheDeployments(t *testing.T) {
	t.Parallel()
	for _, class := range []aws.Class{aws.Throttled, aws.Server, aws.Network} {
		a := whole()
		a.answers["GetDeployments r1"], a.answers["GetStages r1"] = deployed(2), stageOf("d02", "")
		c := newCrawler(t, a)
		c.again()
		a.answers["GetStages r1"] = stageOf("d01", "")
		a.errs["GetDeployments r1"] = ofClass(class)
		_, err := c.try()
		require.Error(t, err)
		assert.Empty(t, c.w.events)
		assert.Equal(t, string(class), c.Current().Parts["r1"][partStages].Stale)
		clear(a.errs)
		c.again()
		require.Len(t, c.w.events, 1)
		assert.True(t, c.w.events[0].Rollback)
		assert.Zero(t, c.Current().Stale())
	}
}

// Stages in another order are the same stages: nothing is read again for it.
func TestStagesInAnotherOrder(t *testing.T) {
	t.Parallel()
	a := whole()
	one, two := a.answers["GetStages r1"][0], `{"stageName": "dev", "deploymentId": "d1", "lastUpdatedDate": 1700000005}`
	a.answers["GetStages r1"] = []string{one, two}
	c := newCrawler(t, a)
	c.again()
	a.answers["GetStages r1"] = []string{two, one}
	assert.Equal(t, always, c.again())
	assert.Empty(t, c.w.events)
	assert.Empty(t, c.w.deleted)
}

// A canary that was promoted is told once: not as aborted when what remained of it is removed.
func TestCanaryThatStaysAfterItsPromotion(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.a.answers["GetDeployments r1"] = deployed(3)
	var got []string
	for _, answer := range [][]string{stageOf("d01", ""), stageOf("d01", "d02"), {strings.Replace(stageOf("d02", "d02")[0], "10", "0", 1)}, stageOf("d02", "")} {
		c.a.answers["GetStages r1"] = answer
		c.again()
	}
	for _, e := range c.w.events {
		got = append(got, strings.TrimSpace(e.Kind+" "+e.Change))
	}
	assert.Equal(t, []string{"canary started", "deployment", "canary promoted"}, got)
}

// A state machine that several templates start is always that of the first by name.
func TestStateMachineOfSeveralTemplates(t *testing.T) {
	t.Parallel()
	d := &describer{at: target}
	const machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:"
	templates := map[string]any{"text/plain": machine + "c", "application/json": machine + "a", "application/xml": machine + "b", "a": "none"}
	for range 50 {
		r, ok := d.target("arn:aws:apigateway:eu-west-1:states:action/StartExecution", templates)
		require.True(t, ok)
		require.Equal(t, onARN(machine+"a"), *r)
	}
}

// A cache's size is a number of gigabytes, or not known.
func TestGigabytes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{"0.5": 0.5, "237": 237, "": 0, "x": 0, "Inf": 0, "+Inf": 0, "-Infinity": 0, "NaN": 0, "-1": 0, "1e999": 0} {
		assert.Equal(t, want, gigabytes(in), in)
	}
}
