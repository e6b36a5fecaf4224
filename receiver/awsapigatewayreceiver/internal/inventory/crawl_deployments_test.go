package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

// deployed answers with n deployments, d01 the oldest, in an order that means nothing.
func deployed(n int) []string {
	var out []string
	for i := range n {
		k := (i*7)%n + 1
		out = append(out, fmt.Sprintf(`{"id": "d%02d", "createdDate": %d}`, k, hour(0).Unix()+int64(k)))
	}
	return out
}

func stageOf(deployment, canary string) []string {
	s := fmt.Sprintf(`{"stageName": "prod", "deploymentId": %q`, deployment)
	if canary != "" {
		s += fmt.Sprintf(`, "canarySettings": {"percentTraffic": 10, "deploymentId": %q}`, canary)
	}
	return []string{s + `}`}
}

// kinds are the names of the known entities of a kind.
func (w *watch) kind(kind string) []string {
	var out []string
	for n := range maps.Keys(w.known) {
		if after, ok := strings.CutPrefix(n, kind+" "); ok {
			out = append(out, after)
		}
	}
	slices.Sort(out)
	return out
}

// Deployments that run and the newest five are entities; a summary of those that run is read, once.
func TestDeployments(t *testing.T) {
	t.Parallel()
	a := newAccount()
	a.answers["GetRestApis"] = []string{`{"id": "r1", "name": "orders"}`}
	a.answers["GetDeployments r1"] = deployed(11)
	a.answers["GetStages r1"] = stageOf("d02", "d04")
	for i := range 12 {
		id := fmt.Sprintf("d%02d", i+1)
		a.answers["GetDeployment r1 "+id] = []string{`{"apiSummary": {"/` + id + `": {"GET": {}}}}`}
	}
	c := newCrawler(t, a)
	summaries := func(reads []string) (of []string) {
		for _, r := range reads {
			if id, ok := strings.CutPrefix(r, "GetDeployment r1 "); ok {
				of = append(of, id)
			}
		}
		return of
	}
	assert.Equal(t, []string{"d02", "d04"}, summaries(c.again()))
	assert.Equal(t, []string{"r1 d02", "r1 d04", "r1 d07", "r1 d08", "r1 d09", "r1 d10", "r1 d11"}, c.w.kind("deployment"))
	assert.Contains(t, c.w.known["deployment r1 d02"], `"GET /d02"`)
	assert.NotContains(t, c.w.known["deployment r1 d11"], "methods")
	assert.Empty(t, c.w.events)

	a.answers["GetDeployments r1"], a.answers["GetStages r1"] = deployed(12), stageOf("d12", "d04")
	assert.Equal(t, []string{"d12"}, summaries(c.again()), "what is known of d04 is carried over")
	assert.Equal(t, []string{"r1 d04", "r1 d08", "r1 d09", "r1 d10", "r1 d11", "r1 d12"}, c.w.kind("deployment"))
	assert.Equal(t, []string{"deployment r1 d02", "deployment r1 d07"}, sortedLike(c.w.deleted), "those beyond the last five are not kept")
	assert.Contains(t, c.w.known["deployment r1 d04"], `"GET /d04"`)
	require.Len(t, c.w.events, 1)
	assert.False(t, c.w.events[0].Rollback)

	a.answers["GetStages r1"] = stageOf("d11", "")
	c.again()
	require.Len(t, c.w.events, 3)
	assert.Equal(t, Event{Kind: "deployment", API: c.w.events[1].API, Stage: "prod", Old: "d12", New: "d11", Rollback: true}, c.w.events[1])
	assert.Equal(t, "aborted", c.w.events[2].Change)
	assert.Equal(t, hour(0).Add(11*time.Second), c.Current().Stages["r1"][0].Deployed)
}

// A summary that could not be read is read by the next crawl; one that is denied, which somebody has to change, by the next full one.
func TestSummaryThatFails(t *testing.T) {
	t.Parallel()
	for class, soon := range map[aws.Class]bool{aws.Throttled: true, aws.Server: true, aws.Network: true, aws.Malformed: true, aws.Denied: false, aws.Invalid: false} {
		t.Run(string(class), func(t *testing.T) {
			c := newCrawler(t, whole())
			c.a.errs["GetDeployment r1 d1"] = ofClass(class)
			_, err := c.try()
			require.Error(t, err)
			assert.Contains(t, c.w.known, "deployment r1 d1", "there is one nevertheless")
			delete(c.a.errs, "GetDeployment r1 d1")
			assert.Equal(t, soon, slices.Contains(c.again(), "GetDeployment r1 d1"))
			assert.Equal(t, soon, strings.Contains(c.w.known["deployment r1 d1"], "methods"))
			c.a.now = c.a.now.Add(c.config.FullInterval)
			assert.Equal(t, !soon, slices.Contains(c.again(), "GetDeployment r1 d1"))
			assert.Contains(t, c.w.known["deployment r1 d1"], "methods")
		})
	}
}

// A deployment without methods has a summary: it is not asked for again.
func TestSummaryWithoutMethods(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.a.answers["GetDeployment r1 d1"] = []string{`{"id": "d1", "apiSummary": {}}`}
	c.again()
	c.a.now = c.a.now.Add(c.config.FullInterval)
	assert.NotContains(t, c.again(), "GetDeployment r1 d1")
}

// A rollback is known by when the deployments were made; where their list can't be read at the moment, the event is told without it.
func TestRollbackWithoutTheDeployments(t *testing.T) {
	t.Parallel()
	for _, denied := range []bool{false, true} {
		a := whole()
		a.answers["GetDeployments r1"] = deployed(2)
		a.answers["GetStages r1"] = stageOf("d02", "")
		c := newCrawler(t, a)
		c.again()
		a.answers["GetStages r1"] = stageOf("d01", "")
		if denied {
			a.errs["GetDeployments r1"] = ofClass(aws.Denied)
		}
		_, err := c.try()
		assert.Equal(t, denied, err != nil)
		require.Len(t, c.w.events, 1)
		assert.Equal(t, "d01", c.w.events[0].New)
		assert.Equal(t, !denied, c.w.events[0].Rollback)
		assert.Equal(t, denied, c.Current().Stages["r1"][0].Deployed.IsZero())
		clear(a.errs)
		c.again()
		assert.Equal(t, hour(0).Add(time.Second), c.Current().Stages["r1"][0].Deployed, "the next crawl knows")
		assert.Len(t, c.w.events, 1, "told once")
	}
}

// The life of a canary, as a crawl sees it.
func TestCanaryFromStartToPromotion(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.a.answers["GetDeployments r1"] = deployed(3)
	var got []string
	for _, answer := range [][]string{stageOf("d01", ""), stageOf("d01", "d02"), {strings.Replace(stageOf("d01", "d02")[0], "10", "50", 1)}, stageOf("d02", ""), stageOf("d02", "d03"), stageOf("d02", "")} {
		c.a.answers["GetStages r1"] = answer
		c.again()
	}
	for _, e := range c.w.events {
		got = append(got, strings.TrimSpace(fmt.Sprintln(e.Kind, e.Change, e.Old, e.New, e.OldPercent, e.NewPercent)))
	}
	assert.Equal(t, []string{
		"canary started  d02 0 10", "canary changed d02 d02 10 50", "deployment  d01 d02 0 0", "canary promoted d02  50 0", "canary started  d03 0 10", "canary aborted d03  10 0",
	}, got)
}

// Stages of HTTP APIs that deploy by themselves tell each deployment.
func TestDeploymentsOfVersion2(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.again()
	c.a.answers["GetStages (v2) h1"] = []string{`{"stageName": "$default", "deploymentId": "e2", "lastUpdatedDate": "2026-11-20T12:00:00Z"}`}
	c.a.answers["GetDeployments (v2) h1"] = []string{`{"deploymentId": "e2", "createdDate": "2026-11-20T12:00:00Z"}`, `{"deploymentId": "e1", "createdDate": "2023-11-14T22:13:20Z"}`}
	c.again()
	require.Len(t, c.w.events, 1)
	assert.Equal(t, hour(12), c.w.events[0].At)
	assert.False(t, c.w.events[0].Rollback)
	assert.Equal(t, []string{"h1 e1", "h1 e2", "r1 d1"}, c.w.kind("deployment"))
	assert.Zero(t, c.a.calls["GetDeployments"]-1, "of the REST API, once")
}
