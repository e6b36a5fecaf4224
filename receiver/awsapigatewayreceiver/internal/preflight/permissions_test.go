package preflight

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
)

// called is the name that the embedded AWS has for an operation.
func called(operation string) string { return strings.Replace(operation, " (v2)", "V2", 1) }

// Everything is allowed where nothing is denied, and each operation in the table was called.
func TestEverythingIsAllowed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.everything()
	report := r.run(t)
	require.Len(t, report.Targets, 1)
	assert.True(t, report.Works)
	assert.Empty(t, report.Targets[0].Statements)
	assert.Len(t, report.Targets[0].Operations, 39)
	for _, o := range report.Targets[0].Operations {
		assert.Equal(t, Allowed, o.Result, "%s: %s", o.Name, o.Detail)
		assert.Positive(t, r.sim.Count(called(o.Name)), o.Name)
		assert.Contains(t, o.Action, ":", o.Name)
	}
}

// Each permission denied in turn is named, and no other is, with the statement that allows it.
func TestEachDenialIsNamed(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	r := newQuietRig(t)
	r.everything()
	names := map[string]bool{} // of all operations: with Transaction Search, and without
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		r.Regions = []string{region}
		for _, o := range r.run(t).Targets[0].Operations {
			names[o.Name] = true
		}
	}
	r.partner(awssim.DemoExternalID)
	r.Regions = []string{"us-east-1"}
	searching := r.run(t).Targets[0]
	for _, o := range searching.Operations {
		names[o.Name] = true
	}
	require.Contains(t, names, startRetrieval)
	delete(names, getCallerIdentity) // no policy can deny it
	delete(names, assumeRole)        // has a test of its own
	for _, name := range slices.Sorted(maps.Keys(names)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newQuietRig(t)
			r.everything()
			if name == startRetrieval || name == listRetrieved {
				r.partner(awssim.DemoExternalID)
			}
			r.sim.SetFaults(awssim.Faults{Deny: map[string]awssim.DenyKind{called(name): awssim.IdentityPolicy}})
			report := r.run(t)
			target := report.Targets[0]
			denied := refused(target)
			require.Len(t, denied, 1)
			o := denied[0]
			assert.Equal(t, name, o.Name)
			assert.Equal(t, Denied, o.Result)
			assert.Equal(t, string(aws.Denied), o.Class)
			require.NotNil(t, o.Statement)
			assert.Equal(t, []string{o.Action}, o.Statement.Action)
			assert.Equal(t, "Allow", o.Statement.Effect)
			for _, resource := range o.Statement.Resource {
				assert.NotContains(t, resource, "%")
			}
			assert.Equal(t, []Statement{*o.Statement}, target.Statements)
			assert.Equal(t, o.Optional, report.Works, "what is optional lacks nobody")
			assert.Contains(t, text(t, report), name+" is denied (identity policy)")
			for _, other := range target.Operations {
				assert.NotEqual(t, NotTried, other.Result, "%s: %s", other.Name, other.Detail)
			}
		})
	}
}

// Each class of denial is told, with who can mend it, and for what a policy can't mend there is no statement.
func TestEachClassOfDenialIsTold(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	deny := func(operation string, kind awssim.DenyKind) awssim.Faults {
		return awssim.Faults{Deny: map[string]awssim.DenyKind{operation: kind}}
	}
	for name, set := range map[string]struct {
		faults           awssim.Faults
		edit             func(r *rig)
		operation        string
		word, says       string
		statement, works bool
	}{
		"explicit deny":          {faults: deny("GetMetricData", awssim.ExplicitDeny), operation: getMetricData, word: "explicit deny", says: "only its owner can lift it"},
		"service control policy": {faults: deny("ListMetrics", awssim.ServiceControlPolicy), operation: listMetrics, word: "explicit deny", says: "service control policy"},
		"permissions boundary":   {faults: deny("GetResources", awssim.PermissionsBoundary), operation: "GetResources", word: "boundary or other limit", says: "the identity's own policy can't"},
		"forbidden metric":       {faults: deny("GetMetricData", awssim.Forbidden), operation: getMetricData, word: "forbidden", says: "has to share it"},
		"expired credentials":    {faults: awssim.Faults{ExpiredCredentials: true}, operation: getCallerIdentity, word: "credentials expired", says: "renew them"},
		"region not enabled": {
			edit: func(r *rig) { r.Regions = []string{"ap-east-1"} }, operation: getCallerIdentity, word: "keys not valid there",
			says: "the region is not enabled in this account: enable it under Account > AWS Regions or leave it out of regions; or the key is not valid there: it is of another partition",
		},
		"region of China": {
			edit: func(r *rig) { r.Regions = []string{"cn-north-1"} }, operation: getCallerIdentity, word: "keys not valid there",
			says: "cn-north-1 is in partition aws-cn, which has accounts and keys of its own: give the account a profile with credentials of aws-cn, or leave the region out of regions; " +
				"if they are of aws-cn, the region is not enabled in that account",
		},
		"region of the government": {
			edit: func(r *rig) { r.Regions = []string{"us-gov-west-1"} }, operation: getCallerIdentity, word: "keys not valid there",
			says: "us-gov-west-1 is in partition aws-us-gov, which has accounts and keys of its own",
		},
		"wrong external id": {
			edit: func(r *rig) { r.partner("another") }, operation: assumeRole, word: "trust policy or external id", says: "external_id is set: it has to be the one in sts:ExternalId",
		},
		"no external id": {edit: func(r *rig) { r.partner("") }, operation: assumeRole, word: "trust policy or external id", says: "external_id is not set"},
		"trust policy": {edit: func(r *rig) {
			r.Accounts = []aws.Account{{RoleARN: "arn:aws:iam::111122223333:role/locked"}}
		}, operation: assumeRole, word: "trust policy or external id", says: "its trust policy has to name the caller"},
		"the caller may not assume the role": {
			faults: deny("AssumeRole", awssim.IdentityPolicy), edit: func(r *rig) { r.partner(awssim.DemoExternalID) },
			operation: assumeRole, word: "identity policy", says: "allow sts:AssumeRole on " + partnerRole, statement: true,
		},
		"assuming the role is denied explicitly": {
			faults: deny("AssumeRole", awssim.ExplicitDeny), edit: func(r *rig) { r.partner(awssim.DemoExternalID) },
			operation: assumeRole, word: "explicit deny", says: "only its owner can lift it",
		},
		"an operation that the region lacks": {
			faults: awssim.Faults{UnknownOperations: []string{getDestination}}, operation: getDestination, word: "invalid", says: "the region does not have the operation", works: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newQuietRig(t)
			if set.edit != nil {
				set.edit(r)
			}
			r.sim.SetFaults(set.faults)
			report := r.run(t)
			bad := refused(report.Targets[0])
			require.Len(t, bad, 1)
			assert.Equal(t, set.operation, bad[0].Name)
			assert.Contains(t, bad[0].result(), "("+set.word+")")
			assert.Contains(t, bad[0].Remedy, set.says)
			assert.Equal(t, set.statement, bad[0].Statement != nil)
			assert.Equal(t, set.works, report.Works)
			assert.NotContains(t, text(t, report), "%!")
		})
	}
}

// A target that can't be read leaves the others alone.
func TestEachTargetIsLookedAtForItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Accounts = []aws.Account{{}, {Name: "partners", RoleARN: partnerRole, ExternalID: "another"}}
	report := r.run(t)
	require.Len(t, report.Targets, 2)
	assert.False(t, report.Works)
	assert.Empty(t, refused(report.Targets[0]))
	assert.Len(t, refused(report.Targets[1]), 1)
	assert.InDelta(t, report.Targets[0].Month.High, report.Month.High, 1e-9)
}

// What no signal asks for is not called.
func TestOnlyWhatTheSignalsUseIsCalled(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	for name, set := range map[string]struct {
		signals []string
		edit    func(r *rig)
		not     []string
	}{
		"metrics": {signals: []string{"metrics"}, not: []string{filterLogEvents, describeLogGroups, getTraceSummaries, batchGetTraces, getDestination}},
		"logs":    {signals: []string{"logs"}, not: []string{listMetrics, getMetricData, getTraceSummaries, batchGetTraces, getDestination}},
		"traces":  {signals: []string{"traces"}, not: []string{listMetrics, getMetricData, filterLogEvents, describeLogGroups}},
		"spans of access logs alone": {
			signals: []string{"traces"}, edit: func(r *rig) { r.Traces.XRay.Enabled, r.Traces.AccessLogs.Enabled = false, true },
			not: []string{listMetrics, getMetricData, getTraceSummaries, batchGetTraces, getDestination},
		},
		"entities alone": {
			signals: []string{"logs"}, edit: func(r *rig) { r.Logs.Access.Enabled, r.Logs.Execution.Enabled = false, false },
			not: []string{listMetrics, getMetricData, filterLogEvents, describeLogGroups, getTraceSummaries},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.Signals = set.signals
			if set.edit != nil {
				set.edit(r)
			}
			report := r.run(t)
			assert.True(t, report.Works)
			for _, operation := range append(set.not, "GetApiKeys", "GetUsage", "GetUsagePlanKeys") {
				assert.Zero(t, r.sim.Count(operation), operation)
				assert.False(t, slices.ContainsFunc(report.Targets[0].Operations, func(o Operation) bool { return o.Name == operation }), operation)
			}
		})
	}
}

// An operation that is denied for some of what it is called about is denied, and says for how much of it.
func TestPartlyDenied(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Accounts = []aws.Account{{AccountID: "111122223333"}}
	r.Signals = []string{"logs"}
	builder, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	session, err := aws.Open(context.Background(), aws.Settings{
		Accounts: r.Accounts, Regions: r.Regions, Endpoint: r.Endpoint, ControlPlanePerSecond: 1, Clock: r.Clock, Telemetry: builder, Logger: zap.NewNop(),
	})
	require.NoError(t, err)
	defer session.Close()
	p := newProbe(&r.Settings, session.Clients[0])
	for _, err := range []error{nil, &aws.Error{
		Operation: filterLogEvents, Class: aws.Denied, Action: "logs:FilterLogEvents", Resource: "arn:aws:logs:us-east-1:111122223333:log-group:*", Err: errors.New("no"),
	}, nil} {
		p.note(filterLogEvents, err)
	}
	p.rows()
	assert.False(t, slices.ContainsFunc(p.target.Operations, func(o Operation) bool { return o.Name == getCallerIdentity }), "the configuration says the account")
	row := refused(p.target)[len(refused(p.target))-1]
	assert.Equal(t, filterLogEvents, row.Name)
	assert.Equal(t, "1 of 3 calls: no", row.Detail)
	assert.Equal(t, []string{"logs:FilterLogEvents"}, row.Statement.Action)
}
