package aws

import "strings"

// Permission is what an IAM policy has to allow for an operation. Resource is a pattern in the target's partition, region and account.
type Permission struct{ Operation, Action, Resource string }

// operations are those that are no reads of the control plane.
var operations = []operation{
	opAssumeRole, opGetCallerIdentity, opListMetrics, opGetMetricData, opDescribeAlarms, opDescribeAlarmHistory, opDescribeLogGroups, opFilterLogEvents,
	opGetTraceSummaries, opBatchGetTraces, opGetDestination, opStartRetrieval, opListRetrieved,
}

// Permission returns what an operation needs, by the name that errors and internal metrics give it. One that is not called needs nothing.
func (c *Client) Permission(name string) Permission {
	for _, op := range operations {
		if op.name == name {
			return c.permission(op)
		}
	}
	for what, r := range c.controlPlane {
		if string(what) == name {
			return c.permission(r.op)
		}
	}
	return Permission{Operation: name}
}

func (c *Client) permission(op operation) Permission {
	return Permission{Operation: op.name, Action: op.action, Resource: c.expand(op.resource)}
}

// expand writes the target's partition, region and account into a resource pattern. One without them may be asked for before the account is known: the
// role is assumed through this client for other regions, too.
func (c *Client) expand(pattern string) string {
	if !strings.Contains(pattern, "%") {
		return pattern
	}
	return strings.NewReplacer("%P", c.target.Partition, "%R", c.target.Region, "%A", c.target.AccountID).Replace(pattern)
}
