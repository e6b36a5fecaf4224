package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// What is dark, and how to light it.
const (
	noAccessLog         = "no access log"
	noAccessLogRemedy   = "set accessLogSettings of the stage: a log group of this account and region, and a format; docs/log-formats.md has formats to copy"
	noExecutionLog      = "no execution log"
	executionLogRemedy  = "set the logging level of the stage to INFO or ERROR; it is billed as ingestion of CloudWatch Logs"
	noLoggingRole       = "no role for API Gateway's own logging"
	loggingRoleRemedy   = "REST and WebSocket APIs write no logs without it: set cloudwatchRoleArn of API Gateway's account settings in this region"
	noTracing           = "X-Ray is off"
	tracingRemedy       = "set tracingEnabled of the stage; X-Ray bills what is recorded. Or make spans of its access log with traces::access_logs::enabled"
	neverTraced         = "X-Ray does not trace HTTP and WebSocket APIs"
	accessSpansRemedy   = "make spans of their access logs with traces::access_logs::enabled: true"
	searchOn            = "Transaction Search is on"
	searchRemedy        = "only traces that X-Ray indexes are found: raise the indexing percentage"
	noDetailedMetrics   = "no detailed metrics"
	detailedRemedy      = "metrics::levels asks for route: set metricsEnabled (REST) or detailedMetricsEnabled of the stage; CloudWatch bills them as custom metrics"
	dataTrace           = "data trace is on"
	dataTraceRemedy     = "bodies and tokens of requests are in the execution log for all who may read it: switch it off where that is not meant"
	unknownSeries       = "series that are not collected"
	unknownSeriesRemedy = "their API is in no list, or their dimensions are not known: metrics::extra takes other metrics of AWS/ApiGateway"
	uncompilable        = "an access-log format that nothing can be decoded with"
	uncompilableRemedy  = "take one of the formats in docs/log-formats.md"
	missingRemedy       = "add the variables to the format, or take one of the formats in docs/log-formats.md"
)

// darkness gathers what is dark by what it is and what mends it.
type darkness struct {
	list []Dark
}

func (d *darkness) add(what, where, remedy string) {
	i := slices.IndexFunc(d.list, func(have Dark) bool { return have.What == what && have.Remedy == remedy })
	if i < 0 {
		d.list = append(d.list, Dark{What: what, Remedy: remedy})
		i = len(d.list) - 1
	}
	if where != "" {
		d.list[i].Where = append(d.list[i].Where, where)
	}
}

// dark says what can't be seen with this configuration.
func (p *probe) dark() {
	d := &darkness{}
	if p.roleless && p.groupsFor() != "" && p.target.Counts.APIs[string(model.REST)]+p.target.Counts.APIs[string(model.WebSocket)] > 0 {
		d.add(noLoggingRole, "", loggingRoleRemedy)
	}
	for i := range p.snapshot.APIs {
		a := &p.snapshot.APIs[i]
		if !p.Filter.API(a) {
			continue
		}
		p.snapshot.CollectedOf(a, func(s *model.Stage) {
			p.darkLogs(d, a, s)
			p.darkStage(d, a, s)
		})
	}
	for _, g := range p.groups {
		if g.Reason != "" {
			d.add("log group can't be read: "+g.Reason, g.Name, g.Remedy)
		}
	}
	if p.search {
		d.add(searchOn, "", searchRemedy)
	}
	if n := p.target.Counts.Unknown; n > 0 {
		d.add(unknownSeries, fmt.Sprintf("%d", n), unknownSeriesRemedy)
	}
	for i := range d.list {
		slices.Sort(d.list[i].Where)
	}
	slices.SortStableFunc(d.list, func(a, b Dark) int { return cmp.Compare(a.What, b.What) })
	p.target.Dark = append(p.target.Dark, d.list...)
}

// where names a stage below its API, which has its id beside its name where others have the name, too.
func (p *probe) where(a *model.API, s *model.Stage) string {
	if slices.ContainsFunc(p.snapshot.APIs, func(other model.API) bool { return other.Name == a.Name && other.ID != a.ID }) {
		return fmt.Sprintf("%s (%s)/%s", a.Name, a.ID, s.Name)
	}
	return a.Name + "/" + s.Name
}

// darkLogs looks at what a stage logs.
func (p *probe) darkLogs(d *darkness, a *model.API, s *model.Stage) {
	where := p.where(a, s)
	if p.records() && p.Logs.Execution.Enabled && !s.ExecutionLogs && a.Type != model.HTTP {
		d.add(noExecutionLog, where, executionLogRemedy)
	}
	if !p.lines() {
		return
	}
	if s.AccessLog.Destination == "" {
		d.add(noAccessLog, where, noAccessLogRemedy)
		return
	}
	f, err := accesslog.Compile(s.AccessLog.Format)
	if err != nil {
		d.add(uncompilable, where, uncompilableRemedy)
		return
	}
	missing := accessspan.Missing(a.Type, f)
	if !p.authorized[a.ID] {
		missing = slices.DeleteFunc(missing, ofAuthorizer)
	}
	if len(missing) > 0 {
		d.add("access log lacks "+strings.Join(missing, ", "), where, missingRemedy)
	}
}

// ofAuthorizer says whether only requests that an authorizer saw have a variable.
func ofAuthorizer(variable string) bool { return strings.HasPrefix(variable, "authorizer.") }

// darkStage looks at a stage's other settings.
func (p *probe) darkStage(d *darkness, a *model.API, s *model.Stage) {
	where := p.where(a, s)
	if p.in("metrics") && slices.Contains(p.Metrics.Levels, metrics.LevelRoute) && !s.DetailedMetrics {
		d.add(noDetailedMetrics, where, detailedRemedy)
	}
	if p.xray() && !p.spans() {
		switch {
		case a.Type != model.REST:
			d.add(neverTraced, where, accessSpansRemedy)
		case !s.Tracing:
			d.add(noTracing, where, tracingRemedy)
		}
	}
	if p.traced[a.ID+"/"+s.Name] {
		d.add(dataTrace, where, dataTraceRemedy)
	}
}
