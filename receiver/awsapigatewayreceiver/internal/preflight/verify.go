package preflight

import (
	"context"
	"errors"
	"fmt"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

// question is one point that AWS's pages leave open. ask says what was seen, or why there was nothing to see; it reads only.
type question struct {
	text, asks string
	// calls are how many calls or metrics it takes at most, at usd each.
	calls int
	usd   float64
	ask   func(ctx context.Context, p *probe) (saw, nothing string, err error)
}

// questions are those that can be answered by reading what the receiver reads.
var questions = []question{
	{text: "Dimensions of detailed WebSocket metrics: Route, or Method and Resource?", asks: "looks at the list of metrics that was read", ask: askDimensions},
	{
		text: "How late do datapoints come, and do they grow?", asks: "GetMetricData of at most 20 series, twice, a minute apart",
		calls: 2 * maxAged, usd: metricUSD, ask: askDelay,
	},
	{
		text: "How long may a window of GetTraceSummaries be?", asks: "GetTraceSummaries over 1, 6, 24 and 48 hours that ended 31 days ago, of which X-Ray keeps no traces",
		calls: len(windowHours), usd: 0, ask: askWindow,
	},
	{text: "Are the lines of WebSocket execution logs those that are known?", asks: "FilterLogEvents: one page of one group", calls: 1, ask: askExecution},
	{text: "What is GetUsage keyed by?", asks: "GetUsage and GetUsagePlanKeys of one usage plan", calls: 2, ask: askUsage},
	{text: "Does API Gateway escape values in JSON access logs?", asks: "FilterLogEvents: one page of one group", calls: 1, ask: askEscaping},
}

// unanswerable are the others.
var unanswerable = []Verified{
	{Question: "Are five statistics of a metric billed as one?", NotChecked: "only the bill tells: compare GetMetricData in Cost Explorer with the receiver's billed_metrics_low and billed_metrics_high"},
	{Question: "How many calls a second does X-Ray allow?", NotChecked: "it would take throttling the account, which its users would feel"},
	{Question: "Units of WebSocket metrics", NotChecked: "GetMetricData does not answer them, and the receiver has no permission for GetMetricStatistics"},
	{Question: "Where are metrics enriched for PromQL?", NotChecked: "it takes CloudWatch's PromQL endpoint, which the receiver does not call"},
}

// verify asks the questions, each announced with its cost.
func (p *probe) verify(ctx context.Context) {
	if p.Announce == nil {
		return
	}
	for i := range questions {
		q := &questions[i]
		v := Verified{Question: q.text, Asks: q.asks, USD: float64(q.calls) * q.usd}
		switch {
		case p.dead != nil:
			v.NotChecked = p.dead.Error()
		case ctx.Err() != nil:
			v.NotChecked = ctx.Err().Error()
		default:
			p.Announce(fmt.Sprintf("%s: %s: %s; at most %.4f USD", p.target.Label, q.text, q.asks, v.USD))
			var err error
			if v.Saw, v.NotChecked, err = q.ask(ctx, p); err != nil {
				v.Saw, v.NotChecked = "", brief(err)
			}
		}
		p.target.Verified = append(p.target.Verified, v)
	}
	p.target.Verified = append(p.target.Verified, unanswerable...)
}

// brief is an error without the names and ARNs that AWS's words may have, unless it is about the question itself.
func brief(err error) string {
	e := (*aws.Error)(nil)
	if !errors.As(err, &e) || e.Class == aws.Invalid {
		return err.Error()
	}
	return fmt.Sprintf("%s failed: %s %s", e.Operation, e.Class, e.Code)
}
