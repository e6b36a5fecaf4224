package entity

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Event writes a change, on the resource of the stage, API or account that it happened to.
func (w *Writer) Event(e *inventory.Event) {
	rl := w.logs.ResourceLogs().AppendEmpty()
	switch {
	case e.API != nil && e.Stage != "":
		w.resources.Stage(rl.Resource(), e.API, nil, e.Stage)
	case e.API != nil:
		w.resources.API(rl.Resource(), e.API)
	default:
		w.resources.Account(rl.Resource())
	}
	r := w.scope(rl).LogRecords().AppendEmpty()
	r.SetObservedTimestamp(pcommon.NewTimestampFromTime(w.at))
	r.SetTimestamp(r.ObservedTimestamp())
	if !e.At.IsZero() {
		r.SetTimestamp(pcommon.NewTimestampFromTime(e.At))
	}
	r.SetEventName(attr.Prefix + e.Kind)
	r.SetSeverityNumber(plog.SeverityNumberInfo)
	r.SetSeverityText("INFO")
	a := r.Attributes()
	switch e.Kind {
	case inventory.EventDeployment:
		a.PutStr(attr.DeploymentID, e.New)
		a.PutStr(attr.Prefix+"deployment.previous_id", e.Old)
		word := "Deployed"
		if e.Rollback {
			a.PutBool(attr.Prefix+"deployment.rollback", true)
			word = "Rolled back to"
		}
		r.Body().SetStr(fmt.Sprintf("%s %s, was %s", word, e.New, e.Old))
	case inventory.EventCanary:
		canary(a, e)
		r.Body().SetStr("Canary " + e.Change)
	case inventory.EventThrottle:
		limits(a, e)
		r.Body().SetStr("Limits changed")
	}
	if e.Late {
		a.PutBool(attr.Prefix+"observed_late", true)
	}
}

func canary(a pcommon.Map, e *inventory.Event) {
	a.PutStr(attr.Prefix+"canary.change", e.Change)
	if e.New != "" {
		a.PutStr(attr.Prefix+"canary.deployment_id", e.New)
		a.PutDouble(attr.Prefix+"canary.percent", e.NewPercent)
	}
	if e.Old != "" {
		a.PutStr(attr.Prefix+"canary.previous_deployment_id", e.Old)
		a.PutDouble(attr.Prefix+"canary.previous_percent", e.OldPercent)
	}
}

func limits(a pcommon.Map, e *inventory.Event) {
	a.PutStr(attr.Prefix+"throttle.scope", e.Scope)
	if e.Route != "" {
		a.PutStr(attr.RouteKey, e.Route)
	}
	if e.UsagePlan != "" {
		a.PutStr(attr.UsagePlanID, e.UsagePlan)
	}
	put := func(name string, t model.Throttle) {
		if t.Rate != nil {
			a.PutDouble(attr.Prefix+"throttle."+name+"rate_limit", *t.Rate)
		}
		if t.Burst != nil {
			a.PutInt(attr.Prefix+"throttle."+name+"burst_limit", int64(*t.Burst))
		}
	}
	put("", e.NewThrottle)
	put("previous_", e.OldThrottle)
	for name, q := range map[string]*model.Quota{"": e.NewQuota, "previous_": e.OldQuota} {
		if q != nil {
			a.PutInt(attr.Prefix+"quota."+name+"limit", int64(q.Limit))
			a.PutStr(attr.Prefix+"quota."+name+"period", q.Period)
		}
	}
}
