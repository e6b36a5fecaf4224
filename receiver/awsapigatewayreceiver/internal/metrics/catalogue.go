package metrics

import (
	"strconv"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// Kind is the OTLP shape of a metric.
type Kind int

// Sum is a delta monotonic integer sum, Histogram a delta histogram, Gauge a gauge of doubles.
const (
	Sum Kind = iota
	Histogram
	Gauge
)

func (k Kind) String() string {
	return [...]string{"delta monotonic sum (int)", "delta histogram", "gauge (double)"}[k]
}

// Definition is one metric of the catalogue: what comes out, and of what it is made. It drives planning, mapping, per-metric settings and the docs.
type Definition struct {
	// Name is the metric's name at stage level. At route level "aws.api_gateway." becomes "aws.api_gateway.route.".
	Name        string
	Unit        string
	Kind        Kind
	Description string
	// Stability is the maturity of the name and its attributes.
	Stability string
	Sources   []Source
}

// Source is one CloudWatch metric that a Definition is made of.
type Source struct {
	// Metric is the name in the namespace AWS/ApiGateway, APIs the kinds that publish it.
	Metric string
	APIs   string
	// Statistic is the one that a Sum takes.
	Statistic string
	// Attribute and Value distinguish the sources of one Definition; "" where there is one.
	Attribute, Value string
}

// Names of the attributes of points.
const (
	attrErrorType   = "error.type"
	attrCacheResult = "aws.api_gateway.cache.result"
	attrQuantile    = "quantile"
	attrCanary      = attr.Canary
	attrRouteKey    = attr.RouteKey
	attrMethod      = attr.HTTPRequestMethod
	attrRoute       = attr.HTTPRoute
	attrStatistic   = "aws.cloudwatch.statistic"
	// attrDimension is the prefix of the dimensions that an extra metric has beyond API and stage.
	attrDimension = "aws.cloudwatch.dimension."
)

// Statistics of GetMetricData.
const (
	statSampleCount = "SampleCount"
	statSum         = "Sum"
	statMaximum     = "Maximum"
	statMinimum     = "Minimum"
)

const (
	namePrefix      = "aws.api_gateway."
	routeNamePrefix = "aws.api_gateway.route."
	extraNamePrefix = "aws.api_gateway.extra."
	quantileSuffix  = "_quantile"

	requestDuration     = "aws.api_gateway.request.duration"
	integrationDuration = "aws.api_gateway.integration.duration"
)

// Catalogue is every metric that comes from CloudWatch (API Gateway Developer Guide: the dimensions and metrics of REST, HTTP and WebSocket APIs).
var Catalogue = []Definition{
	{Name: "aws.api_gateway.requests", Unit: "{request}", Kind: Sum, Stability: "alpha", Description: "Requests to the stage.", Sources: []Source{
		{Metric: "Count", APIs: "REST, HTTP", Statistic: statSampleCount},
	}},
	{Name: "aws.api_gateway.errors", Unit: "{error}", Kind: Sum, Stability: "alpha", Description: "Requests that failed, by kind of error.", Sources: []Source{
		{Metric: "4XXError", APIs: "REST", Statistic: statSum, Attribute: attrErrorType, Value: "4xx"},
		{Metric: "5XXError", APIs: "REST", Statistic: statSum, Attribute: attrErrorType, Value: "5xx"},
		{Metric: "4xx", APIs: "HTTP", Statistic: statSum, Attribute: attrErrorType, Value: "4xx"},
		{Metric: "5xx", APIs: "HTTP", Statistic: statSum, Attribute: attrErrorType, Value: "5xx"},
		{Metric: "ClientError", APIs: "WEBSOCKET", Statistic: statSum, Attribute: attrErrorType, Value: "client"},
		{Metric: "IntegrationError", APIs: "WEBSOCKET", Statistic: statSum, Attribute: attrErrorType, Value: "integration"},
		{Metric: "ExecutionError", APIs: "WEBSOCKET", Statistic: statSum, Attribute: attrErrorType, Value: "execution"},
	}},
	{Name: requestDuration, Unit: "s", Kind: Histogram, Stability: "alpha", Description: "Time from the request's receipt to the answer.", Sources: []Source{
		{Metric: "Latency", APIs: "REST, HTTP"},
	}},
	{Name: requestDuration + quantileSuffix, Unit: "s", Kind: Gauge, Stability: "alpha", Description: "Quantiles of the request duration in each period.", Sources: []Source{
		{Metric: "Latency", APIs: "REST, HTTP", Attribute: attrQuantile},
	}},
	{Name: integrationDuration, Unit: "s", Kind: Histogram, Stability: "alpha", Description: "Time that the integration took, of the requests that reached one.", Sources: []Source{
		{Metric: "IntegrationLatency", APIs: "REST, HTTP, WEBSOCKET"},
	}},
	{Name: integrationDuration + quantileSuffix, Unit: "s", Kind: Gauge, Stability: "alpha", Description: "Quantiles of the integration duration in each period.", Sources: []Source{
		{Metric: "IntegrationLatency", APIs: "REST, HTTP, WEBSOCKET", Attribute: attrQuantile},
	}},
	{Name: "aws.api_gateway.cache.requests", Unit: "{request}", Kind: Sum, Stability: "alpha", Description: "Requests that the stage's cache could or could not answer.", Sources: []Source{
		{Metric: "CacheHitCount", APIs: "REST", Statistic: statSum, Attribute: attrCacheResult, Value: "hit"},
		{Metric: "CacheMissCount", APIs: "REST", Statistic: statSum, Attribute: attrCacheResult, Value: "miss"},
	}},
	{Name: "aws.api_gateway.data.processed", Unit: "By", Kind: Sum, Stability: "alpha", Description: "Data that the stage processed.", Sources: []Source{
		{Metric: "DataProcessed", APIs: "HTTP", Statistic: statSum},
	}},
	{Name: "aws.api_gateway.websocket.connections", Unit: "{connection}", Kind: Sum, Stability: "alpha", Description: "Connections opened: messages to the $connect route.", Sources: []Source{
		{Metric: "ConnectCount", APIs: "WEBSOCKET", Statistic: statSum},
	}},
	{Name: "aws.api_gateway.websocket.messages", Unit: "{message}", Kind: Sum, Stability: "alpha", Description: "Messages from and to clients.", Sources: []Source{
		{Metric: "MessageCount", APIs: "WEBSOCKET", Statistic: statSampleCount},
	}},
}

// Known says whether the catalogue has a metric of that name.
func Known(name string) bool {
	for i := range Catalogue {
		if Catalogue[i].Name == name {
			return true
		}
	}
	return false
}

// Names are the names of the catalogue, in its order.
func Names() []string {
	names := make([]string, len(Catalogue))
	for i := range Catalogue {
		names[i] = Catalogue[i].Name
	}
	return names
}

// routeName is a metric's name at route level.
func routeName(name string) string { return routeNamePrefix + strings.TrimPrefix(name, namePrefix) }

// percentile is the statistic of a quantile: 0.9 is p90, 0.999 is p99.9. CloudWatch takes up to ten decimals.
func percentile(q float64) string {
	s := strconv.FormatFloat(q*100, 'f', 8, 64)
	return "p" + strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// bucketStatistic is the statistic that counts the samples in (low, high] milliseconds. A negative bound is none.
func bucketStatistic(low, high float64) string {
	bound := func(v float64) string {
		if v < 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return "TC(" + bound(low) + ":" + bound(high) + ")"
}
