// Package model holds the receiver's own nouns, between the AWS SDK on one side and pdata on the other: neither appears here.
package model

import (
	"strings"
	"time"
)

// Target is one account in one region. Everything that talks to AWS runs per target.
type Target struct {
	// Label names the target in logs, internal metrics and stored keys: "<account>/<region>". It depends on the configuration alone,
	// so that it is known before AWS answers and is the same after a restart.
	Label string
	// AccountName is accounts[].name, "" where it is not set.
	AccountName string
	// AccountID has 12 digits. It is "" until STS or the configuration says it.
	AccountID string
	Region    string
	// Partition is aws, aws-cn, aws-us-gov, aws-eusc, ...
	Partition string
}

// APIType is API Gateway's own word for a kind of API.
type APIType string

// The three kinds of API. REST APIs come from the v1 control plane, the others from v2.
const (
	REST      APIType = "REST"
	HTTP      APIType = "HTTP"
	WebSocket APIType = "WEBSOCKET"
)

// API is one API Gateway API.
type API struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	Type         APIType           `json:"type"`
	EndpointType string            `json:"endpoint_type,omitempty"` // EDGE, REGIONAL, PRIVATE; REST only
	Tags         map[string]string `json:"tags,omitempty"`
	Created      time.Time         `json:"created,omitzero"`
}

// ARN is the API's resource name. API Gateway leaves the account field empty.
func (a *API) ARN(partition, region string) string {
	kind := "apis"
	if a.Type == REST {
		kind = "restapis"
	}
	return "arn:" + partition + ":apigateway:" + region + "::/" + kind + "/" + a.ID
}

// MetricName is the API's name as CloudWatch writes it into the ApiName dimension: non-ASCII characters are stripped, and the id stands where
// nothing is left (API Gateway Developer Guide, "Amazon API Gateway dimensions and metrics").
func (a *API) MetricName() string {
	ascii := strings.Map(func(r rune) rune {
		if r > 127 {
			return -1
		}
		return r
	}, a.Name)
	if ascii == "" {
		return a.ID
	}
	return ascii
}

// Stage is one stage of an API, as far as other signals need it: its entity says more.
type Stage struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created,omitzero"`
	// Updated is when the stage last changed, by AWS.
	Updated time.Time `json:"updated,omitzero"`
	// Deployment is what the stage runs, Deployed when that was made; it is zero where the list of deployments could not be read.
	Deployment string    `json:"deployment,omitempty"`
	Deployed   time.Time `json:"deployed,omitzero"`
	Canary     *Canary   `json:"canary,omitempty"`
	// DetailedMetrics, ExecutionLogs are true where any method or route of the stage has them on.
	DetailedMetrics bool      `json:"detailed_metrics,omitempty"`
	ExecutionLogs   bool      `json:"execution_logs,omitempty"`
	Tracing         bool      `json:"tracing,omitempty"`
	AccessLog       AccessLog `json:"access_log,omitzero"`
	// CacheGB is the size of the cache cluster, 0 where it is off.
	CacheGB float64 `json:"cache_gb,omitempty"`
	// Throttles are those that are set explicitly; the stage's own has no route.
	Throttles []RouteThrottle `json:"throttles,omitempty"`
}

// Canary is the canary of a REST stage.
type Canary struct {
	Percent    float64 `json:"percent"` // of the stage's requests, 0 to 100
	Deployment string  `json:"deployment,omitempty"`
}

// AccessLog says where a stage's access log goes and how its lines look.
type AccessLog struct {
	Destination string `json:"destination,omitempty"` // the ARN of a log group, or of a Firehose stream
	Format      string `json:"format,omitempty"`
}

// Throttle limits requests; nil is not set.
type Throttle struct {
	Rate  *float64 `json:"rate,omitempty"`  // requests a second
	Burst *float64 `json:"burst,omitempty"` // requests
}

// IsZero says that nothing is set.
func (t Throttle) IsZero() bool { return t.Rate == nil && t.Burst == nil }

// Equal compares the limits.
func (t Throttle) Equal(o Throttle) bool { return same(t.Rate, o.Rate) && same(t.Burst, o.Burst) }

func same(a, b *float64) bool { return a == b || a != nil && b != nil && *a == *b }

// RouteThrottle is the throttle of one route, or of the whole stage where the route is "".
type RouteThrottle struct {
	Route string `json:"route,omitempty"` // a route key
	Throttle
}

// UsagePlan holds the limits of a usage plan.
type UsagePlan struct {
	ID       string      `json:"id"`
	Name     string      `json:"name,omitempty"`
	Throttle Throttle    `json:"throttle,omitzero"`
	Quota    *Quota      `json:"quota,omitempty"`
	Stages   []PlanStage `json:"stages,omitempty"`
}

// Quota is the number of requests that each key of a usage plan has in a period.
type Quota struct {
	Limit  float64 `json:"limit"`
	Period string  `json:"period,omitempty"` // DAY, WEEK, MONTH
}

// PlanStage is a stage that a usage plan gives access to, with its throttles by method.
type PlanStage struct {
	API       string          `json:"api"`
	Stage     string          `json:"stage"`
	Throttles []RouteThrottle `json:"throttles,omitempty"`
}

// Certificate is a client certificate.
type Certificate struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires,omitzero"`
}

// Dimension is one name and value of a CloudWatch metric.
type Dimension struct{ Name, Value string }

// Metric is one metric as ListMetrics lists it.
type Metric struct {
	Name       string
	Dimensions []Dimension
}

// Query asks for one statistic of one metric.
type Query struct {
	Metric    string
	Dims      []Dimension
	Statistic string
}

// Window is the half-open interval [Start, End) in Unix seconds, aligned to the period.
type Window struct{ Start, End int64 }

// Empty says that there is nothing in the window.
func (w Window) Empty() bool { return w.End <= w.Start }

// Series is the answer to one Query. Times are the starts of periods in Unix seconds, ascending.
type Series struct {
	Times  []int64
	Values []float64
	// Complete is false where AWS did not return everything; the query has to be asked again.
	Complete bool
	// Reason says why it is not complete.
	Reason string
}
