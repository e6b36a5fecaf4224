package awssim

import (
	"slices"
	"strings"
)

// namesOfLogGroups are those of DescribeLogGroups, namesOfLogStreams those of DescribeLogStreams.
var (
	namesOfLogGroups  = pageNames{"limit", "nextToken", "logGroups"}
	namesOfLogStreams = pageNames{"limit", "nextToken", "logStreams"}
)

// describeLogGroups lists log groups by their names.
func (s *Server) describeLogGroups(x *exchange) (any, error) {
	in, err := x.logsInput()
	if err != nil {
		return nil, err
	}
	limit, err := in.limit(s, maxLogGroups)
	if err != nil {
		return nil, err
	}
	if in.LogGroupNamePrefix != "" && in.LogGroupNamePattern != "" {
		return nil, invalidParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	hash := in.hash("")
	token, err := in.token(hash, x.now)
	if err != nil {
		return nil, err
	}
	found, next := []members{}, ""
	logs := s.logs(x.caller)
	for _, name := range logs.names {
		if token != nil && name <= token.Name || !in.names(x.caller, name) {
			continue
		}
		group := logs.groups[name].at(x.now)
		if group == nil || in.LogGroupClass != "" && in.LogGroupClass != group.class() {
			continue
		}
		if len(found) == limit {
			next = encodeToken(&logToken{Hash: hash, Issued: x.now.Unix(), Name: found[limit-1]["logGroupName"].(string)})
			break
		}
		found = append(found, describeLogGroup(x.caller, name, group))
	}
	out := members{"logGroups": found}
	out.text("nextToken", next)
	return out, nil
}

// names reports whether the caller asks for a group of that name.
func (in *logsInput) names(c caller, name string) bool {
	if len(in.LogGroupIdentifiers) > 0 && !slices.ContainsFunc(in.LogGroupIdentifiers, func(id string) bool {
		named, ok := logGroupName(c, id)
		return ok && named == name
	}) {
		return false
	}
	return strings.HasPrefix(name, in.LogGroupNamePrefix) && strings.Contains(strings.ToLower(name), strings.ToLower(in.LogGroupNamePattern))
}

func describeLogGroup(c caller, name string, g *LogGroup) members {
	created := g.Created
	if created.IsZero() {
		created = minuteStart(0)
	}
	arn := logGroupARN(c, name)
	out := members{
		"logGroupName": name, "creationTime": created.UnixMilli(), "metricFilterCount": 0, "storedBytes": 0,
		"arn": arn + ":*", "logGroupArn": arn, "logGroupClass": g.class(),
	}
	if g.RetentionDays > 0 {
		out["retentionInDays"] = g.RetentionDays
	}
	out.text("kmsKeyId", g.KMSKeyID)
	return out
}
