package alarms

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Names of the log groups of execution logs: the prefix, the API's id, a slash and the stage.
const (
	restExecution      = "API-Gateway-Execution-Logs_"
	webSocketExecution = "/aws/apigateway/"
)

// logAlarm finds what a log alarm watches by its log groups: those that stages write to.
func (l *locator) logAlarm(a *model.Alarm) finding {
	var f finding
	for _, id := range a.LogGroups {
		f.add(l.logGroup(groupName(id)))
	}
	return f
}

// groupName is the name in a log group's ARN, or what is no ARN as it is.
func groupName(id string) string {
	if strings.HasPrefix(id, "arn:") {
		_, id, _ = strings.Cut(id, ":log-group:")
	}
	return strings.TrimSuffix(id, ":*")
}

func (l *locator) logGroup(name string) finding {
	if l.groups == nil {
		l.groups = l.accessLogs()
	}
	if f, ok := l.groups[name]; ok {
		return f
	}
	for _, prefix := range [...]string{restExecution, webSocketExecution} {
		rest, ok := strings.CutPrefix(name, prefix)
		if id, stage, cut := strings.Cut(rest, "/"); ok && cut {
			if f := l.owner(inventory.Key{Value: id}, stage); !f.pending {
				return f
			}
		}
	}
	return finding{}
}

// accessLogs are the log groups that access logs go to.
func (l *locator) accessLogs() map[string]finding {
	groups := map[string]finding{}
	for i := range l.snapshot.APIs {
		api := &l.snapshot.APIs[i]
		stages := l.snapshot.Stages[api.ID]
		for k := range stages {
			destination := stages[k].AccessLog.Destination
			if !strings.Contains(destination, ":log-group:") {
				continue
			}
			name := groupName(destination)
			f := groups[name]
			f.add(finding{place: place{api: api, stage: stages[k].Name}, watches: true, excluded: l.snapshot.Excluded(api, stages[k].Name)})
			groups[name] = f
		}
	}
	return groups
}
