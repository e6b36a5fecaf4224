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

// Stage is one stage of an API, as far as the metrics need it.
type Stage struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created,omitzero"`
	// DetailedMetrics is true where any method or route of the stage has detailed metrics on.
	DetailedMetrics bool `json:"detailed_metrics,omitempty"`
	// CanaryPercent is the share of requests that a canary takes, 0 without one.
	CanaryPercent float64 `json:"canary_percent,omitempty"`
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
