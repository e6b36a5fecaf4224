// Package inventorymetrics turns what the inventory knows into metrics: limits, sizes, ages, what is dark, and what usage plans' keys used. They
// cost no CloudWatch calls.
package inventorymetrics

import (
	"slices"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// Names of the metrics.
const (
	rateLimit         = attr.Prefix + "throttle.rate_limit"
	burstLimit        = attr.Prefix + "throttle.burst_limit"
	cacheSize         = attr.Prefix + "cache.size"
	canaryTraffic     = attr.Prefix + "canary.traffic"
	deploymentAge     = attr.Prefix + "deployment.age"
	certificateExpiry = attr.Prefix + "client_certificate.expiry"
	quotaLimit        = attr.Prefix + "usage_plan.quota.limit"
	quotaRemaining    = attr.Prefix + "usage_plan.quota.remaining"
	usagePlanRequests = attr.Prefix + "usage_plan.requests"
	resources         = attr.Prefix + "resources"
	stageTelemetry    = attr.Prefix + "stage.telemetry"
)

// Names of attributes of points.
const (
	attrScope  = attr.Prefix + "throttle.scope"
	attrKind   = "kind"
	attrSource = "source"
	attrState  = "state"
)

// Definition is one metric from the inventory.
type Definition struct {
	Name, Unit, Type, Description string
	// On is the resource that it stands on.
	On         string
	Attributes []string
}

// Catalogue are the metrics from the inventory. It drives mapping, per-metric settings and the docs.
var Catalogue = []Definition{
	{rateLimit, "{request}/s", "gauge (double)", "A throttle's steady rate, where one is set explicitly.", "account, stage", []string{attrScope, attr.RouteKey, attr.UsagePlanID}},
	{burstLimit, "{request}", "gauge (int)", "A throttle's burst, where one is set explicitly.", "account, stage", []string{attrScope, attr.RouteKey, attr.UsagePlanID}},
	{cacheSize, "By", "gauge (int)", "The size of the stage's cache cluster, where it is on.", "stage", nil},
	{canaryTraffic, "1", "gauge (double)", "The share of the stage's requests that its canary takes, 0 to 1.", "stage", nil},
	{deploymentAge, "s", "gauge (int)", "The time since the deployment was made that the stage runs.", "stage", nil},
	{certificateExpiry, "s", "gauge (int)", "The time until the client certificate expires, negative after that. Certificates of domain names are ACM's.", "account", []string{attr.ClientCertificateID}},
	{quotaLimit, "{request}", "gauge (int)", "The requests that each key of the usage plan has in a period.", "account", []string{attr.UsagePlanID, attr.Prefix + "quota.period"}},
	{quotaRemaining, "{request}", "gauge (int)", "What is left of the quota: with `usage::by: plan`, to the key that has least. Needs `inventory::usage::enabled`.", "account", []string{attr.UsagePlanID, attr.APIKeyID}},
	{usagePlanRequests, "{request}", "cumulative monotonic sum (int)", "The requests since midnight UTC that the usage plan's keys made. Needs `inventory::usage::enabled`.", "account", []string{attr.UsagePlanID, attr.APIKeyID}},
	{resources, "{resource}", "gauge (int)", "The number of resources, by kind: those of an API on the API, those of the account and region on the account.", "account, API", []string{attrKind}},
	{stageTelemetry, "1", "gauge (int)", "1 for what the stage's telemetry is: source is access_logs, execution_logs, xray or detailed_metrics; state is on, off, or unreadable.", "stage", []string{attrSource, attrState}},
}

// Known says whether a metric is one of the inventory's.
func Known(name string) bool { return definition(name) != nil }

func definition(name string) *Definition {
	i := slices.IndexFunc(Catalogue, func(d Definition) bool { return d.Name == name })
	if i < 0 {
		return nil
	}
	return &Catalogue[i]
}

// Names are those of all metrics from the inventory.
func Names() []string {
	out := make([]string, len(Catalogue))
	for i := range Catalogue {
		out[i] = Catalogue[i].Name
	}
	return out
}
