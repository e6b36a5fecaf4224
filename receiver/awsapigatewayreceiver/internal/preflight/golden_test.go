package preflight

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

var update = flag.Bool("update", false, "write the expected report anew")

// The report of the demonstration's world, with all settings that save something, is what it was. To write it anew: go test -run Golden -update.
func TestGolden(t *testing.T) {
	t.Parallel()
	r := newRigAt(t, 1) // it has to be done within the minute
	r.everything()
	r.Accounts = []aws.Account{{Name: "shop"}, {Name: "partners", RoleARN: partnerRole, ExternalID: awssim.DemoExternalID}}
	r.Metrics.Levels = []string{"stage", "route"}
	r.Metrics.HistogramBuckets = []float64{0.1, 0.5, 1}
	r.sim.SetFaults(awssim.Faults{Deny: map[string]awssim.DenyKind{"GetUsagePlans": awssim.IdentityPolicy, "GetAuthorizers": awssim.IdentityPolicy}})
	got := text(t, r.run(t))
	if *update {
		require.NoError(t, os.WriteFile("testdata/demo.txt", []byte(got), 0o600))
	}
	want, err := os.ReadFile("testdata/demo.txt")
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
	for i, line := range strings.Split(got, "\n") {
		assert.Less(t, utf8.RuneCountInString(line), 120, "line %d", i+1)
		assert.NotContains(t, line, "\x1b", "line %d", i+1)
	}
}

// What is dark has its place and its remedy, and nothing secret is in the report: neither the values of API keys nor what log lines say.
func TestDark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.everything()
	r.Metrics.Levels = []string{"route"}
	region := r.world.Accounts[0].Regions[0]
	region.Account.CloudWatchRoleARN = ""
	region.LogGroups = append(region.LogGroups, &awssim.LogGroup{Name: "/aws/apigateway/orders", KMSKeyID: "arn:aws:kms:us-east-1:111122223333:key/k", KMSBroken: []awssim.Span{{To: noon.AddDate(1, 0, 0)}}})
	target := r.run(t).Targets[0]
	find := func(what string) *Dark {
		i := slices.IndexFunc(target.Dark, func(d Dark) bool { return strings.HasPrefix(d.What, what) })
		require.GreaterOrEqual(t, i, 0, what)
		assert.NotEmpty(t, target.Dark[i].Remedy, what)
		return &target.Dark[i]
	}
	assert.Contains(t, find(noAccessLog).Where, "orders/dev")
	assert.Contains(t, find(noTracing).Where, "reports (b2reports0)/green")
	assert.Contains(t, find(neverTraced).Where, "payments/$default")
	assert.Contains(t, find(noDetailedMetrics).Where, "orders/dev")
	assert.NotContains(t, find(noDetailedMetrics).Where, "orders/prod")
	assert.Contains(t, find(dataTrace).Where, "orders/prod")
	assert.Contains(t, find(noExecutionLog).Where, "orders/dev")
	assert.Empty(t, find(noLoggingRole).Where)
	assert.Contains(t, find("log group can't be read: kms").Where, "/aws/apigateway/orders")
	assert.NotEmpty(t, find("log group can't be read: infrequent_access").Where)
	assert.NotEmpty(t, find("log group can't be read: firehose").Where)
	assert.Contains(t, find("access log lacks integration.requestId").Where, "payments/$default")
	b, err := json.Marshal(target)
	require.NoError(t, err)
	for _, key := range region.APIKeys {
		if key.Value != "" {
			assert.NotContains(t, string(b), key.Value)
		}
	}
}

// APIs that share their name are told apart by their ids.
func TestDarkTellsAPIsOfOneNameApart(t *testing.T) {
	t.Parallel()
	var where []string
	for _, d := range newRig(t).run(t).Targets[0].Dark {
		where = append(where, d.Where...)
	}
	assert.Subset(t, where, []string{"twins (b3twins000)/prod", "twins (b4twins000)/prod", "orders/prod"})
	assert.NotContains(t, where, "twins/prod")
}

// Variables of authorizers are missing only from the access logs of APIs that have one, and of none where that can't be read.
func TestAuthorizersAreMissingWhereThereAreAny(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	for _, deny := range []bool{false, true} {
		r := newRig(t)
		r.everything()
		if deny {
			r.sim.SetFaults(awssim.Faults{Deny: map[string]awssim.DenyKind{"GetAuthorizers": awssim.IdentityPolicy, called("GetAuthorizers (v2)"): awssim.IdentityPolicy}})
		}
		region := r.world.Accounts[0].Regions[0]
		var with []string
		for _, d := range r.run(t).Targets[0].Dark {
			if !strings.HasPrefix(d.What, "access log lacks ") || !strings.Contains(d.What, " authorizer.") {
				continue
			}
			for _, where := range d.Where {
				name, _, _ := strings.Cut(where, "/")
				assert.True(t, slices.ContainsFunc(region.APIs, func(a *awssim.API) bool { return a.Name == name && len(a.Authorizers) > 0 }), where)
				with = append(with, where)
			}
		}
		if deny {
			assert.Empty(t, with)
		} else {
			assert.Contains(t, with, "orders/prod")
		}
	}
}

// With Transaction Search, the traces that X-Ray does not index are dark.
func TestTransactionSearchIsDark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.partner(awssim.DemoExternalID)
	target := r.run(t).Targets[0]
	assert.True(t, slices.ContainsFunc(target.Dark, func(d Dark) bool { return d.What == searchOn }))
}

// What the apis setting leaves out is counted as such, and neither priced nor called dark.
func TestExcludedAPIsAreLeftOut(t *testing.T) {
	t.Parallel()
	all := newRig(t)
	whole := all.run(t).Targets[0]
	r := newRig(t)
	r.Filter.Include = []inventory.FilterItem{{Name: "payments"}}
	target := r.run(t).Targets[0]
	assert.Equal(t, map[string]int{"HTTP": 1}, target.Counts.APIs)
	assert.Equal(t, 12, target.Counts.Excluded)
	assert.Less(t, target.Month.High, whole.Month.High/2)
	for _, d := range target.Dark {
		for _, where := range d.Where {
			assert.NotContains(t, where, "orders", d.What)
		}
	}
}
