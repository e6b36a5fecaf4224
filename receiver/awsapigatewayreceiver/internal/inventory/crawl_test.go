package inventory

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func TestRunCrawlsAndWaits(t *testing.T) {
	a := newAccount()
	a.rest, a.v2 = []model.API{api("r1", "a", 1), api("r2", "b", 1)}, []model.API{http("h1")}
	a.stages = map[string][]model.Stage{"r1": stages("prod"), "r2": stages("dev"), "h1": stages("$default")}
	a.took, a.ends = 2*time.Second, 3
	inv, logs := newInventory(a, nil, nil)
	assert.Nil(t, inv.Current())
	_, known := inv.Age()
	assert.False(t, known)
	assert.Zero(t, inv.Interval())

	assert.Equal(t, []error{nil, nil, nil}, outcomes(inv))
	for read, calls := range map[string]int{"GetRestApis": 3, "GetApis": 3, "GetStages": 6, "GetStages (v2)": 3, "GetAccount": 3, "GetResources": 2, "GetRoutes": 1} {
		assert.Equal(t, calls, a.calls[read], read)
	}
	for _, d := range a.slept {
		assert.GreaterOrEqual(t, d, 5*time.Minute, "from the end of one crawl to the start of the next")
		assert.LessOrEqual(t, d, 5*time.Minute*21/20)
	}
	const calls = 3 + sharedCalls // of a crawl that found nothing new
	assert.Equal(t, 5*time.Minute+calls*a.took, inv.Interval(), "what the calls take stretches the interval")
	s, err := inv.Wait(context.Background())
	require.NoError(t, err)
	assert.Same(t, inv.Current(), s)
	assert.Equal(t, []string{"h1", "r1", "r2"}, ids(s.APIs))
	assert.Equal(t, a.stages, s.Stages)
	age, known := inv.Age()
	assert.True(t, known)
	assert.Equal(t, a.slept[2]+calls*a.took, age)
	assert.Zero(t, logs.Len(), "nothing to say")
}

// A crawl that takes longer than its interval is said once, with the interval that it makes.
func TestStretchedIntervalIsSaid(t *testing.T) {
	a := newAccount()
	a.rest = []model.API{api("r1", "a", 1), api("r2", "b", 1)}
	a.took, a.ends = 2*time.Minute, 4
	inv, logs := newInventory(a, nil, nil)
	outcomes(inv)
	assert.Equal(t, (5+2*(2+sharedCalls))*time.Minute, inv.Interval())
	require.Equal(t, 1, logs.Len())
	const first = 2*5 + 2 + sharedCalls // reads the detail of both APIs, too
	assert.Equal(t, (5+2*first)*time.Minute, logs.All()[0].ContextMap()["effective_interval"])
}

// After a failure the next crawl comes sooner than the interval, and later each time.
func TestFailedCrawlIsRetriedWithBackOff(t *testing.T) {
	a := newAccount()
	a.errs["GetRestApis"], a.errs["GetApis"] = errDown, errDown
	a.ends = 10
	inv, _ := newInventory(a, nil, nil)
	for _, err := range outcomes(inv) {
		require.ErrorIs(t, err, errDown)
	}
	assert.Less(t, a.slept[0], 6*time.Second)
	assert.Greater(t, a.slept[4], a.slept[0])
	for _, d := range a.slept {
		assert.LessOrEqual(t, d, 5*time.Minute)
	}
	assert.Nil(t, inv.Current())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := inv.Wait(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

// One kind of API whose list fails keeps what it had, and the other is followed.
func TestCrawlSurvivesAFailingList(t *testing.T) {
	a := newAccount()
	a.rest, a.v2 = []model.API{api("r1", "a", 1)}, []model.API{http("h1")}
	inv, _ := newInventory(a, nil, nil)
	require.Equal(t, []error{nil}, outcomes(inv))
	a.errs["GetRestApis"], a.rest, a.v2 = errDown, nil, []model.API{http("h2")}
	got := outcomes(inv)
	require.ErrorIs(t, got[0], errDown)
	assert.Equal(t, []string{"h2", "r1"}, ids(inv.Current().APIs))
	assert.Equal(t, []string{"h1"}, goneIDs(inv.Current()))
}

// An inventory of which one kind can't be read is not fresh.
func TestAgeIsOfACompleteCrawl(t *testing.T) {
	a := newAccount()
	a.rest = []model.API{api("r1", "a", 1)}
	inv, _ := newInventory(a, nil, nil)
	outcomes(inv)
	a.errs["GetRestApis"] = errDown
	a.now = a.now.Add(time.Hour)
	outcomes(inv)
	age, _ := inv.Age()
	assert.GreaterOrEqual(t, age, time.Hour)
}

// An API whose stages can't be read keeps those that it had, and leaves the others alone.
func TestCrawlSurvivesFailingStages(t *testing.T) {
	a := newAccount()
	a.rest = []model.API{api("r1", "a", 1), api("r2", "b", 1)}
	a.stages = map[string][]model.Stage{"r1": stages("prod"), "r2": stages("prod")}
	inv, _ := newInventory(a, nil, nil)
	outcomes(inv)
	a.errs["GetStages r1"] = errDown
	a.stages = map[string][]model.Stage{"r1": stages("dev"), "r2": stages("dev")}
	err := outcomes(inv)[0]
	require.ErrorIs(t, err, errDown)
	assert.ErrorContains(t, err, `API "r1": down`)
	assert.Equal(t, map[string][]model.Stage{"r1": stages("prod"), "r2": stages("dev")}, inv.Current().Stages)
}

// An item that does not say what it is makes its list one that can't be trusted: what was known stays, and it is counted.
func TestItemsWithoutAnID(t *testing.T) {
	for read, list := range map[string][]string{
		"GetRestApis": {`{"id": "r2"}`, `{"name": "x"}`}, "GetApis": {`{"apiId": 7}`}, "GetStages r1": {`{"deploymentId": "d"}`}, "GetStages (v2) h1": {`{"stageName": ""}`},
	} {
		t.Run(read, func(t *testing.T) {
			a := newAccount()
			a.rest, a.v2 = []model.API{api("r1", "a", 1)}, []model.API{http("h1")}
			a.stages = map[string][]model.Stage{"r1": stages("prod"), "h1": stages("$default")}
			inv, _ := newInventory(a, nil, nil)
			require.Equal(t, []error{nil}, outcomes(inv))
			a.answers[read] = list
			err := outcomes(inv)[0]
			require.ErrorIs(t, err, errNoID)
			assert.Equal(t, aws.Malformed, aws.ClassOf(err))
			assert.Equal(t, []string{"h1", "r1"}, ids(inv.Current().APIs))
			assert.Empty(t, inv.Current().Gone)
			assert.Equal(t, a.stages, inv.Current().Stages)
			assert.Equal(t, map[string]int{kindOf(read): 1}, a.malformed)
		})
	}
}

// A control plane that fails for everything is not asked for everything.
func TestCrawlGivesUp(t *testing.T) {
	a := newAccount()
	for i := range 100 {
		a.rest = append(a.rest, api(fmt.Sprintf("r%02d", i), fmt.Sprint("n", i), 1))
	}
	a.errs["GetStages"] = errDown
	inv, _ := newInventory(a, nil, nil)
	outcomes(inv)
	assert.LessOrEqual(t, a.calls["GetStages"], maxFailures)
	assert.Len(t, inv.Current().APIs, 100)
}

// APIs that no filter wants cost no calls, but share their names.
func TestFilteredAPIsAreNotCrawled(t *testing.T) {
	a := newAccount()
	a.rest = []model.API{api("r1", "a", 1), api("r2", "b", 1), api("r3", "x", 1), api("r4", "x", 1)}
	inv, _ := newInventory(a, nil, &Filter{Include: []FilterItem{{ID: "r1"}, {ID: "r3"}}})
	outcomes(inv)
	assert.Equal(t, 3, a.calls["GetStages"])
	assert.Contains(t, inv.Current().Stages, "r4", "only its stages tell it apart from r3")
	assert.NotContains(t, inv.Current().Stages, "r2")
}

// The stages of namesakes are read when the series ask for them, once the lists are known.
func TestStagesOfNamesakes(t *testing.T) {
	a := newAccount()
	a.rest = []model.API{api("r1", "x", 1), api("r2", "x", 1), api("r3", "y", 1)}
	a.stages = map[string][]model.Stage{"r1": stages("prod"), "r2": stages("dev")}
	inv, _ := newInventory(a, nil, nil)
	require.NoError(t, inv.List(context.Background(), a.Now()))
	_, known := inv.Current().Owners(Key{ByName: true, Value: "x"}, "prod")
	assert.Equal(t, NoStages, known)
	require.NoError(t, inv.StagesOfNamesakes(context.Background(), false))
	o, known := inv.Current().Owners(Key{ByName: true, Value: "x"}, "prod")
	assert.Equal(t, Known, known)
	assert.Equal(t, "r1", o.At(hour(12)).ID())
	assert.Equal(t, 2, a.calls["GetStages"])

	a.errs["GetStages r2"] = errDown
	assert.ErrorIs(t, inv.StagesOfNamesakes(context.Background(), false), errDown)
	assert.Equal(t, stages("dev"), inv.Current().Stages["r2"])
}

// Several series that name a new API lead to one list.
func TestListIsMadeOnce(t *testing.T) {
	a := newAccount()
	a.took = time.Second
	inv, _ := newInventory(a, nil, nil)
	began := a.Now().Add(-time.Nanosecond)
	for range 3 {
		require.NoError(t, inv.List(context.Background(), began))
	}
	assert.Equal(t, 1, a.calls["GetRestApis"])
	require.NoError(t, inv.List(context.Background(), a.Now()))
	assert.Equal(t, 2, a.calls["GetRestApis"])
}

// A list that failed is no list: who asks again is not told that all is well.
func TestFailedListIsNotTakenForOne(t *testing.T) {
	a := newAccount()
	a.errs["GetRestApis"], a.errs["GetApis"] = errDown, errDown
	inv, _ := newInventory(a, nil, nil)
	require.Error(t, inv.List(context.Background(), a.Now().Add(-time.Second)))
	assert.Error(t, inv.List(context.Background(), a.Now().Add(-time.Second)))
	assert.Error(t, outcomes(inv)[0])
}

// A crawl that the shutdown ends is no failure, and its half is not stored.
func TestShutdownEndsACrawl(t *testing.T) {
	a := newAccount()
	a.rest = []model.API{api("r1", "a", 1)}
	inv, _ := newInventory(a, nil, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	inv.Run(ctx, func(_, _ error) { assert.Fail(t, "reported") })
}

// A restart starts from the stored snapshot: what is known then does not wait for a crawl.
func TestRestore(t *testing.T) {
	store := checkpointtest.Open(t, t.TempDir())
	a := newAccount()
	a.rest = []model.API{api("r1", "a", 1)}
	a.stages["r1"] = stages("prod")
	inv, _ := newInventory(a, store, nil)
	require.NoError(t, inv.Restore(context.Background()), "a first start finds nothing")
	assert.Nil(t, inv.Current())
	require.Equal(t, []error{nil}, outcomes(inv))

	again, _ := newInventory(newAccount(), store, nil)
	require.NoError(t, again.Restore(context.Background()))
	s, err := again.Wait(context.Background())
	require.NoError(t, err)
	assert.Equal(t, inv.Current().APIs, s.APIs)
	assert.Equal(t, inv.Current().Stages, s.Stages)

	// What is gone by the next list is found to be gone, also across the restart.
	require.NoError(t, again.List(context.Background(), hour(12)))
	assert.Equal(t, []string{"r1"}, goneIDs(again.Current()))
}

// A damaged snapshot is an error, and a crawl replaces it.
func TestRestoreOfADamagedSnapshot(t *testing.T) {
	store := checkpointtest.Open(t, t.TempDir())
	require.NoError(t, store.Apply(context.Background(), map[string][]byte{"inventory/x": []byte(`{"v": 2, "apis": ["id`)}))
	a := newAccount()
	inv, _ := newInventory(a, store, nil)
	assert.ErrorContains(t, inv.Restore(context.Background()), "cannot decode the stored inventory")
	assert.Nil(t, inv.Current())
	require.Equal(t, []error{nil}, outcomes(inv))
	again, _ := newInventory(a, store, nil)
	assert.NoError(t, again.Restore(context.Background()))
	assert.NotNil(t, again.Current())
}

func TestConfigCheck(t *testing.T) {
	good := DefaultConfig()
	assert.NoError(t, good.Check())
	good.Interval, good.FullInterval, good.RequestsPerSecond = time.Minute, time.Minute, 10
	assert.NoError(t, good.Check())
	bad := Config{Interval: time.Second, RequestsPerSecond: 11}
	assert.ErrorContains(t, bad.Check(), "interval: 1s is too short: at least 1m")
	assert.ErrorContains(t, bad.Check(), "requests_per_second: 11: more than 0 and at most 10")
	bad.RequestsPerSecond = 0
	assert.ErrorContains(t, bad.Check(), "requests_per_second: 0")
}
