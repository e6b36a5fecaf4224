package logs

import (
	"cmp"
	"context"
	"slices"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Found is a log group that a reader would read, or a destination that it can't.
type Found struct {
	// Name is the group's, or the ARN of a destination that is no log group of the target.
	Name string
	// Stages write there, as "<API id>/<stage>"; "" for lines that may be of any.
	Stages    []string
	Execution bool // it has execution logs
	Optional  bool // it need not exist
	// Reason says why it can't be read, "" where it is not known to be so; Remedy is what the user can do.
	Reason, Remedy string
}

// Survey finds what a reader with these settings would read by a snapshot, without reading it. records and spans say what it would make.
func Survey(ctx context.Context, config *Config, client Client, target model.Target, snapshot *inventory.Snapshot, records, spans, xrayPulled bool) []Found {
	set := Settings{
		Target: target, Config: config, Client: client, Store: &checkpoint.Store{}, Resources: resource.NewWriter(target, nil, nil),
		XRayPulled: xrayPulled, Clock: poll.System{}, Logger: zap.NewNop(),
	}
	if records {
		set.Emitter = &emit.Logs{} // that there is one is all that counts here
	}
	if spans {
		set.Spans = &emit.Traces{}
	}
	r := New(set)
	f := r.find(ctx, &known{reader: r, snapshot: snapshot, stages: map[string]*source{}})
	var out []Found
	for name, sources := range f.sources {
		group := Found{Name: name, Optional: !slices.ContainsFunc(sources, func(s *source) bool { return !s.canary })}
		for _, s := range sources {
			group.Execution = group.Execution || s.kind == execution
			if key := stageKey(s.apiID(), s.stage); s.wanted() && !slices.Contains(group.Stages, key) {
				group.Stages = append(group.Stages, key)
			}
		}
		out = append(out, group)
	}
	for destination, reason := range f.dark {
		dark := Found{Name: destination, Reason: reason, Remedy: remedies[reason]}
		for id, stages := range snapshot.Stages {
			for i := range stages {
				if stages[i].AccessLog.Destination == destination {
					dark.Stages = append(dark.Stages, stageKey(id, stages[i].Name))
				}
			}
		}
		slices.Sort(dark.Stages)
		out = append(out, dark)
	}
	slices.SortFunc(out, func(a, b Found) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Unreadable says why a group can't be read, by what DescribeLogGroups says of it or by the error of a read, and what the user can do; "" where
// neither says so.
func Unreadable(described *model.LogGroup, err error) (reason, remedy string) {
	switch {
	case described != nil && described.Class == classInfrequent:
		reason = darkInfrequent
	case described != nil && described.Class == classDelivery:
		reason = darkDelivery
	default:
		reason = reasonOf(err)
	}
	return reason, remedies[reason]
}
