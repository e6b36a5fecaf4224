package alarms

import (
	"regexp"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// child matches a function of a composite alarm's rule, as ALARM("orders 5xx") or OK(arn:aws:cloudwatch:…:alarm:orders). A name in quotes may hold
// parentheses, one without them ends at the first.
var child = regexp.MustCompile(`(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^()\s]+))\s*\)`)

// maxDepth bounds composite alarms of composite alarms: CloudWatch allows cycles, which a rule that is always true or false can break.
const maxDepth = 20

// children are the names and ARNs of the alarms in a rule.
func children(rule string) []string {
	var out []string
	for _, m := range child.FindAllStringSubmatch(rule, -1) {
		name := strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[1])
		out = append(out, name+m[2]+m[3])
	}
	return out
}

// composites finds what composite alarms watch: what the alarms in their rules do that watch API Gateway.
func (l *locator) composites(all []model.Alarm, findings []finding) {
	index := make(map[string]int, 2*len(all))
	for i := range all {
		index[all[i].Name] = i
		if all[i].ARN != "" {
			index[all[i].ARN] = i
		}
	}
	ruled := map[int][]int{}
	for i := range all {
		if all[i].Type != model.CompositeAlarm {
			continue
		}
		ruled[i] = nil
		for _, name := range children(all[i].Rule) {
			if k, ok := index[name]; ok && k != i {
				ruled[i] = append(ruled[i], k)
			}
		}
	}
	for range maxDepth {
		changed := false
		next := make(map[int]finding, len(ruled))
		for i, of := range ruled {
			var f finding
			for _, k := range of {
				f.add(findings[k])
			}
			next[i] = f
			old := &findings[i]
			changed = changed || old.key() != f.key() || old.watches != f.watches || old.pending != f.pending || old.excluded != f.excluded
		}
		for i, f := range next {
			findings[i] = f
		}
		if !changed {
			return
		}
	}
}
