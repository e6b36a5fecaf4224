package preflight

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/executionlog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// askExecution counts the lines of a WebSocket stage's execution log that the decoder knows. What the lines say stays here.
func askExecution(ctx context.Context, p *probe) (saw, nothing string, err error) {
	page, err := p.pageOf(ctx, func(g *logs.Found) bool {
		return g.Execution && slices.ContainsFunc(g.Stages, func(s string) bool { return p.typeOf(s) == model.WebSocket })
	})
	if err != nil || page == nil || len(page.Events) == 0 {
		return "", "no execution log of a WebSocket stage can be read, or the first that can has no events of the last 10 minutes: set its logging level to INFO or ERROR", err
	}
	decoder := executionlog.New(redact.New(nil, nil, ""), false, false)
	known := 0
	for i := range page.Events {
		if decoder.Write(plog.NewLogRecord(), page.Events[i].Message) {
			known++
		}
	}
	return fmt.Sprintf("%d of %d lines are known", known, len(page.Events)), "", nil
}

// askEscaping counts the lines of a JSON access log that are JSON, and those with a backslash.
func askEscaping(ctx context.Context, p *probe) (saw, nothing string, err error) {
	page, err := p.pageOf(ctx, func(g *logs.Found) bool {
		return !g.Execution && slices.ContainsFunc(g.Stages, func(s string) bool { return strings.HasPrefix(p.formatOf(s), "{") })
	})
	if err != nil || page == nil || len(page.Events) == 0 {
		return "", "no access log in JSON can be read, or the first that can has no events of the last 10 minutes", err
	}
	valid, escaped := 0, 0
	for i := range page.Events {
		line := page.Events[i].Message
		if json.Valid([]byte(line)) {
			valid++
		}
		if strings.Contains(line, `\`) {
			escaped++
		}
	}
	return fmt.Sprintf("of %d lines %d are JSON, and %d have a backslash", len(page.Events), valid, escaped), "", nil
}

// pageOf reads a page of the newest events of the first readable group of a kind; nil where there is none.
func (p *probe) pageOf(ctx context.Context, of func(g *logs.Found) bool) (*model.LogPage, error) {
	i := slices.IndexFunc(p.groups, func(g logs.Found) bool { return g.Reason == "" && of(&g) })
	if i < 0 {
		return nil, nil
	}
	to := p.client.Now()
	page := &model.LogPage{}
	err := p.filter(ctx, p.groups[i].Name, to.Add(-sampleTime).UnixMilli(), to.UnixMilli(), "", page)
	return page, err
}

// typeOf and formatOf are of a stage, as "<API id>/<stage>".
func (p *probe) typeOf(key string) model.APIType {
	id, _, _ := strings.Cut(key, "/")
	if a, ok := p.snapshot.API(id); ok {
		return a.Type
	}
	return ""
}

func (p *probe) formatOf(key string) string {
	id, stage, _ := strings.Cut(key, "/")
	for _, s := range p.snapshot.Stages[id] {
		if s.Name == stage {
			return s.AccessLog.Format
		}
	}
	return ""
}

// askUsage compares the keys of a usage plan's use with the ids and values of its API keys. None of them leaves this function.
func askUsage(ctx context.Context, p *probe) (saw, nothing string, err error) {
	plan := p.firstOf(ctx, model.GetUsagePlans)
	today := p.client.Now().UTC()
	of := model.ReadOf{UsagePlan: plan.ID, From: today.AddDate(0, 0, -7).Format(time.DateOnly), To: today.Format(time.DateOnly)}
	if plan.ID == "" {
		return "", "there is no usage plan", nil
	}
	keys, err := p.client.Read(ctx, model.GetUsagePlanKeys, of)
	if err != nil {
		return "", "", err
	}
	used, err := p.client.Read(ctx, model.GetUsage, of)
	if err != nil || len(used) == 0 {
		return "", "GetUsage has no items", err
	}
	ids, values := map[string]bool{}, map[string]bool{}
	for _, item := range keys {
		var key struct{ ID, Value string }
		if json.Unmarshal(item, &key) == nil {
			ids[key.ID], values[key.Value] = true, true
		}
	}
	var usage struct {
		Values map[string]json.RawMessage `json:"values"`
		Items  map[string]json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(used[0], &usage); err != nil {
		return "", "", fmt.Errorf("cannot decode an answer of GetUsage: %w", err)
	}
	byID, byValue, other := 0, 0, 0
	for _, all := range []map[string]json.RawMessage{usage.Values, usage.Items} {
		for key := range all {
			switch {
			case ids[key]:
				byID++
			case values[key]:
				byValue++
			default:
				other++
			}
		}
	}
	return fmt.Sprintf("%d entries by a key's id, %d by its value, %d by neither; %d under values, %d under items", byID, byValue, other, len(usage.Values), len(usage.Items)), "", nil
}
