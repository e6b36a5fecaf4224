package preflight

import (
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Names of the operations that are no reads of the control plane, as errors have them.
const (
	assumeRole        = "AssumeRole"
	getCallerIdentity = "GetCallerIdentity"
	listMetrics       = "ListMetrics"
	getMetricData     = "GetMetricData"

	describeAlarms       = "DescribeAlarms"
	describeAlarmHistory = "DescribeAlarmHistory"

	describeLogGroups = "DescribeLogGroups"
	filterLogEvents   = "FilterLogEvents"
	getTraceSummaries = "GetTraceSummaries"
	batchGetTraces    = "BatchGetTraces"
	getDestination    = "GetTraceSegmentDestination"
	startRetrieval    = "StartTraceRetrieval"
	listRetrieved     = "ListRetrievedTraces"
)

// What needs an operation.
const (
	forAll       = "all"
	forInventory = "inventory"
	forMetrics   = "metrics"
	forAlarms    = "alarms" // without which all else goes on
	forTraces    = "traces"
)

// inventoryReads are what every receiver reads of the control plane, beside the lists of APIs.
var inventoryReads = []model.Read{
	model.GetRestStages, model.GetRestDeployments, model.GetRestDeployment, model.GetResources, model.GetRestAuthorizers, model.GetRestModels, model.GetRequestValidators,
	model.GetStages, model.GetDeployments, model.GetRoutes, model.GetIntegrations, model.GetAuthorizers, model.GetModels,
	model.GetAccount, model.GetUsagePlans, model.GetClientCertificates, model.GetRestVPCLinks, model.GetVPCLinks,
	model.GetRestDomainNames, model.GetDomainNames, model.GetDomainNameAccessAssociations, model.GetBasePathMappings, model.GetAPIMappings, model.ListRoutingRules,
}

// apiKeyReads are read besides where API keys are asked for.
var apiKeyReads = []model.Read{model.GetUsagePlanKeys, model.GetAPIKeys}

// operation is a row of the table.
type operation struct {
	name, needs string
	// optional operations are those that the receiver does without.
	optional bool
}

// operations are those that the receiver calls of a target, in the order of the table.
func (p *probe) operations() []operation {
	var out []operation
	add := func(needs string, names ...string) {
		for _, name := range names {
			out = append(out, operation{name: name, needs: needs})
		}
	}
	optional := func(needs, name string) { out = append(out, operation{name: name, needs: needs, optional: true}) }
	if p.account != nil && p.account.RoleARN != "" {
		add(forAll, assumeRole)
	}
	if p.identifies {
		add(forAll, getCallerIdentity)
	}
	add(forAll, string(model.GetRestAPIs), string(model.GetAPIs))
	for _, what := range inventoryReads {
		add(forInventory, string(what))
	}
	if p.Inventory.APIKeys.Enabled {
		add(forInventory, string(apiKeyReads[0]), string(apiKeyReads[1]))
	}
	if p.usage() {
		add(forMetrics, string(model.GetUsage))
	}
	if p.in("metrics") {
		add(forMetrics, listMetrics, getMetricData)
	}
	if p.watches() {
		optional(forAlarms, describeAlarms)
	}
	if p.recounts() {
		optional(forAlarms, describeAlarmHistory)
	}
	if needs := p.groupsFor(); needs != "" {
		optional(needs, describeLogGroups) // groups are read all the same
		add(needs, filterLogEvents)
	}
	if p.xray() {
		add(forTraces, getTraceSummaries)
		if p.search {
			add(forTraces, startRetrieval, listRetrieved)
			optional(forTraces, batchGetTraces) // traces are retrieved otherwise
		} else {
			add(forTraces, batchGetTraces)
		}
		optional(forTraces, getDestination) // X-Ray's own store is read all the same
	}
	return out
}

// groupsFor says what reads log groups, "" where nothing does.
func (p *probe) groupsFor() string {
	switch {
	case p.records() && p.spans():
		return "logs, traces"
	case p.records():
		return "logs"
	case p.spans():
		return forTraces
	default:
		return ""
	}
}
