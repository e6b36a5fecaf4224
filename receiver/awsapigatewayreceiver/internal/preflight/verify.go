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
	// needs is what it takes, and asked whether the configuration asks for so much: nothing is read that the receiver would not read.
	needs string
	asked func(p *probe) bool
	ask   func(ctx context.Context, p *probe) (saw, nothing string, err error)
}

// What questions need.
const (
	needsMetrics   = "a metrics pipeline"
	needsXRay      = "a traces pipeline, with traces::xray enabled"
	needsExecution = "a logs pipeline with logs::execution enabled, and a WebSocket stage whose logging level is INFO or ERROR"
	needsUsage     = "a metrics pipeline, with inventory::api_keys and inventory::usage enabled"
	needsAccess    = "a logs pipeline with logs::access enabled, or a traces pipeline with traces::access_logs enabled, and a stage with an access log in JSON"
)

// questions are those that can be answered by reading what the receiver reads.
var questions = []question{
	{
		text: "Dimensions of detailed WebSocket metrics: Route, or Method and Resource?", asks: "looks at the list of metrics that was read",
		needs: needsMetrics, asked: asksMetrics, ask: askDimensions,
	},
	{
		text: "How late do datapoints come, and do they grow?", asks: "GetMetricData of at most 20 series, twice, a minute apart",
		calls: 2 * maxAged, usd: metricUSD, needs: needsMetrics, asked: asksMetrics, ask: askDelay,
	},
	{
		text: "How long may a window of GetTraceSummaries be?", asks: "GetTraceSummaries over 1, 6, 24 and 48 hours that ended 31 days ago, of which X-Ray keeps no traces",
		calls: len(windowHours), needs: needsXRay, asked: func(p *probe) bool { return p.xray() }, ask: askWindow,
	},
	{
		text: "Are the lines of WebSocket execution logs those that are known?", asks: "FilterLogEvents: one page of one group",
		calls: 1, needs: needsExecution, asked: func(p *probe) bool { return p.records() && p.Logs.Execution.Enabled }, ask: askExecution,
	},
	{
		text: "What is GetUsage keyed by?", asks: "GetUsage and GetUsagePlanKeys of one usage plan",
		calls: 2, needs: needsUsage, asked: func(p *probe) bool { return p.usage() && p.Inventory.APIKeys.Enabled }, ask: askUsage,
	},
	{
		text: "Does API Gateway escape values in JSON access logs?", asks: "FilterLogEvents: one page of one group",
		calls: 1, needs: needsAccess, asked: func(p *probe) bool { return p.lines() }, ask: askEscaping,
	},
}

func asksMetrics(p *probe) bool { return p.in("metrics") }

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
		case !q.asked(p):
			v.NotChecked = "it needs " + q.needs
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
