package traces

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func notAPI(id string) inventory.FilterItem     { return inventory.FilterItem{ID: id} }
func notStage(glob string) inventory.FilterItem { return inventory.FilterItem{Stage: glob} }
func passes(apis, stages string) *model.TraceSummary {
	return &model.TraceSummary{APIs: strings.Fields(apis), Stages: strings.Fields(stages)}
}

// What AWS filters by: nothing is asked where no REST API is there to be traced, and APIs that the user does not want are left out by AWS where an
// expression can say so.
func TestExpression(t *testing.T) {
	const all = `service(id(type: "AWS::ApiGateway::Stage"))`
	http := account{"GetApis": `[{"apiId":"h1","name":"h","protocolType":"HTTP"},{"apiId":"w1","name":"w","protocolType":"WEBSOCKET"}]`}
	both := account{"GetApis": http["GetApis"], "GetRestApis": oneAPI["GetRestApis"]}
	named := func(n int) string {
		var terms []string
		for i := range n {
			terms = append(terms, fmt.Sprintf(`annotation[aws:api_id] = "r%d"`, i+2))
		}
		return all + " AND (" + strings.Join(terms, " OR ") + ")"
	}
	for name, c := range map[string]struct {
		snapshot *inventory.Snapshot
		want     string
		narrowed bool
	}{
		"no API":                          {account{}.snapshot(t), "", false},
		"no REST API":                     {http.snapshot(t), "", false},
		"no REST API is wanted":           {oneAPI.snapshot(t, notAPI("r1")), "", true},
		"all are wanted":                  {restAPIs(30).snapshot(t), all, false},
		"an HTTP API is not wanted":       {both.snapshot(t, notAPI("h1")), all, false},
		"one of two is not wanted":        {restAPIs(2).snapshot(t, notAPI("r1")), named(1), true},
		"25 of 26 are wanted":             {restAPIs(26).snapshot(t, notAPI("r1")), "25 names", true},
		"more than an expression can say": {restAPIs(27).snapshot(t, notAPI("r1")), all, true},
		"stages are not wanted":           {restAPIs(2).snapshot(t, notStage("dev*")), all, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSelection(c.snapshot)
			if c.want == "25 names" {
				assert.Equal(t, 25, strings.Count(s.expression, `annotation[aws:api_id] = "r`))
				assert.True(t, strings.HasPrefix(s.expression, all+` AND (annotation[aws:api_id] = "`), s.expression)
				assert.NotContains(t, s.expression, `"r1"`)
			} else {
				assert.Equal(t, c.want, s.expression)
			}
			assert.Equal(t, c.narrowed, s.narrowed)
		})
	}
}

// Which traces are the user's, by the APIs and stages that their annotations name.
func TestWantedTraces(t *testing.T) {
	all := newSelection(restAPIs(2).snapshot(t))
	apis := newSelection(restAPIs(2).snapshot(t, notAPI("r1")))
	stages := newSelection(restAPIs(2).snapshot(t, notStage("dev*")))
	one := newSelection(restAPIs(2).snapshot(t, inventory.FilterItem{ID: "r1", Stage: "dev*"}))
	for _, c := range []struct {
		name      string
		selection selection
		trace     *model.TraceSummary
		want      bool
	}{
		{"all: a known API", all, passes("r1", "prod"), true},
		{"all: an API that is newer than the inventory", all, passes("new", "prod"), true},
		{"all: no annotation", all, passes("", ""), true},
		{"all: a stage that is newer than the inventory", all, passes("r1", "new"), true},
		{"APIs: one that is wanted", apis, passes("r2", "prod"), true},
		{"APIs: one that is not", apis, passes("r1", "prod"), false},
		{"APIs: both", apis, passes("r1 r2", "prod"), true},
		{"APIs: one that may be unwanted", apis, passes("new", "prod"), false},
		{"APIs: an unknown one and one that is wanted", apis, passes("new r2", "prod"), true},
		{"APIs: no annotation", apis, passes("", ""), true},
		{"stages: one that is wanted", stages, passes("r1", "prod"), true},
		{"stages: one that is not", stages, passes("r1", "dev2"), false},
		{"stages: one that is newer than the inventory, and matches", stages, passes("r1", "dev9"), false},
		{"stages: both", stages, passes("r1", "dev2 prod"), true},
		{"stages: several that are not", stages, passes("r1 r2", "dev1 dev2"), false},
		{"stages: no annotation of them", stages, passes("r1", ""), true},
		{"one API's stage: that one", one, passes("r1", "dev2"), false},
		{"one API's stage: the other's of that name", one, passes("r2", "dev2"), true},
		{"one API's stage: both APIs'", one, passes("r1 r2", "dev2"), true},
	} {
		assert.Equal(t, c.want, c.selection.wants(c.trace), c.name)
	}
}

// Where there is nothing to look for nothing is scanned, since AWS bills scans; a REST API that comes later is found.
func TestNothingIsScannedWithoutRESTAPIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, account{}.snapshot(t), nil)
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(time.Hour)
		assert.Empty(t, b.client.made())
		assert.Zero(t, b.counted("scanned"))
		assert.Zero(t, b.client.asked)
		assert.NotEmpty(t, b.reported())
		s := b.client.trace(time.Now().Add(time.Minute), 0)
		b.inv.see(oneAPI.snapshot(t))
		time.Sleep(10 * time.Minute)
		assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
	})
}

// Where the REST APIs could not be listed yet, it is not known that there is nothing to look for: the windows wait.
func TestTracesWaitForTheFirstListOfRESTAPIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unlisted := *account{"GetApis": `[{"apiId":"h1","name":"h","protocolType":"HTTP"}]`}.snapshot(t)
		assert.True(t, unlisted.ListedREST)
		unlisted.ListedREST = false
		b := newBench(t, &unlisted, nil)
		b.client.every(10*time.Second, time.Now(), time.Hour)
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(30 * time.Minute)
		assert.Empty(t, b.client.made())
		assert.ErrorIs(t, b.reported()[0], errUnlisted)
		b.inv.see(oneAPI.snapshot(t))
		time.Sleep(time.Hour)
		assert.Len(t, b.came(), 360)
		assert.NoError(t, b.reported()[len(b.reported())-1])
	})
}

// Traces of a stage that the user does not want are neither retrieved nor counted as left out.
func TestUnwantedStagesAreNotRetrieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, restAPIs(1).snapshot(t, notStage("dev*")), nil)
		began := time.Now()
		prod, dev := b.client.trace(began, 0), b.client.trace(began, 1)
		dev.Stages = []string{"dev2"}
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		require.Equal(t, 1, b.times(prod, segmentID(0, 0)))
		assert.Zero(t, b.times(dev, segmentID(1, 0)))
		assert.Equal(t, [][]string{{prod.ID}}, b.client.got())
		assert.Zero(t, b.counted("left out"))
	})
}

// Once an API is deleted its last requests' traces still come.
func TestTracesOfADeletedAPIStillCome(t *testing.T) {
	for name, c := range map[string]struct {
		apis     account
		unwanted []inventory.FilterItem
	}{"all are wanted, and it was the only one": {oneAPI, nil}, "another is not wanted": {restAPIs(3), []inventory.FilterItem{notAPI("r3")}}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.apis.snapshot(t, c.unwanted...), nil)
				s := b.client.trace(time.Now().Add(10*time.Minute), 0)
				stop := b.run(t.Context())
				defer stop()
				time.Sleep(10*time.Minute + 20*time.Second)
				b.inv.see(c.apis.without(t, "r1", c.unwanted...))
				_, remembered := b.inv.Current().API("r1")
				require.True(t, remembered)
				time.Sleep(10 * time.Minute)
				assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
			})
		})
	}
}
