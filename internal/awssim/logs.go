package awssim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxLogGroups is how many log groups and streams a page has at most.
const maxLogGroups = 50

// logsInput is what all requests to CloudWatch Logs are made of; each operation knows some of the members.
type logsInput struct {
	LogGroupName        string   `json:"logGroupName"`
	LogGroupIdentifier  string   `json:"logGroupIdentifier"`
	LogGroupIdentifiers []string `json:"logGroupIdentifiers"`
	LogGroupNamePrefix  string   `json:"logGroupNamePrefix"`
	LogGroupNamePattern string   `json:"logGroupNamePattern"`
	LogGroupClass       string   `json:"logGroupClass"`
	IncludeLinked       bool     `json:"includeLinkedAccounts"`
	LogStreamName       string   `json:"logStreamName"`
	LogStreamNames      []string `json:"logStreamNames"`
	LogStreamNamePrefix string   `json:"logStreamNamePrefix"`
	OrderBy             string   `json:"orderBy"`
	Descending          bool     `json:"descending"`
	StartTime           *int64   `json:"startTime"`
	EndTime             *int64   `json:"endTime"`
	StartFromHead       bool     `json:"startFromHead"`
	FilterPattern       string   `json:"filterPattern"`
	Interleaved         bool     `json:"interleaved"` // ignored, as by AWS
	Unmask              bool     `json:"unmask"`
	NextToken           string   `json:"nextToken"`
	Limit               *int     `json:"limit"`
}

func (x *exchange) logsInput() (*logsInput, error) {
	in := &logsInput{}
	if len(x.body) > 0 {
		if err := json.Unmarshal(x.body, in); err != nil {
			return nil, &wireError{status: http.StatusBadRequest, code: "SerializationException", message: "cannot decode the request: " + err.Error()}
		}
	}
	x.call.LogGroup, x.call.FollowUp = cmp.Or(in.LogGroupName, in.LogGroupIdentifier), in.NextToken != ""
	if in.NextToken == endlessToken {
		in.NextToken = ""
	}
	return in, nil
}

// limit is the size of a page that the caller asks for, up to most.
func (in *logsInput) limit(s *Server, most int) (int, error) {
	if in.Limit == nil {
		return s.page(most), nil
	}
	if *in.Limit < 1 || *in.Limit > most {
		return 0, invalidParameter("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and %d", *in.Limit, most)
	}
	return s.page(*in.Limit), nil
}

// hash tells requests apart whose tokens are not each other's.
func (in *logsInput) hash(group string) uint64 {
	key := fmt.Sprint(in.LogGroupNamePrefix, "\x00", in.LogGroupNamePattern, "\x00", in.LogGroupClass, in.LogStreamName, in.LogStreamNames, in.LogStreamNamePrefix,
		in.OrderBy, in.Descending, deref(in.StartTime), deref(in.EndTime))
	return hashStrings(0, group, key)
}

func deref(v *int64) int64 {
	if v == nil {
		return -1
	}
	return *v
}

// logGroupARN is what a denial of CloudWatch Logs names.
func (x *exchange) logGroupARN() string {
	in, err := x.logsInput()
	if err != nil {
		return logGroupARN(x.caller, "*")
	}
	name, ok := logGroupName(x.caller, cmp.Or(in.LogGroupName, in.LogGroupIdentifier))
	if !ok {
		return logGroupARN(x.caller, "*")
	}
	return logGroupARN(x.caller, name+":*")
}

// logToken is the state of a pagination. Tokens end after a day.
type logToken struct {
	Hash    uint64
	Issued  int64 // Unix seconds
	Name    string
	At      position
	Index   int64 // of bulk events
	WasNull bool  // the page had no events on purpose
}

const logTokenLife = 24 * time.Hour

// token decodes the caller's token; nil where there is none.
func (in *logsInput) token(hash uint64, now time.Time) (*logToken, error) {
	if in.NextToken == "" {
		return nil, nil //nolint:nilnil // no token is no error
	}
	t := &logToken{}
	if !decodeToken(in.NextToken, t) || t.Hash != hash || now.Sub(time.Unix(t.Issued, 0)) > logTokenLife {
		return nil, invalidParameter("The specified nextToken is invalid.")
	}
	return t, nil
}

// readable finds the group that a caller reads from.
func (s *Server) readable(x *exchange, in *logsInput) (*logGroup, *LogGroup, error) {
	if (in.LogGroupName == "") == (in.LogGroupIdentifier == "") {
		return nil, nil, invalidParameter("Exactly one of logGroupName and logGroupIdentifier is required.")
	}
	if strings.HasPrefix(in.LogGroupName, "arn:") || strings.HasSuffix(in.LogGroupIdentifier, ":*") {
		return nil, nil, invalidParameter("Value '%s' at '%s' failed to satisfy constraint", in.LogGroupName+in.LogGroupIdentifier, "logGroupName")
	}
	name, ok := logGroupName(x.caller, cmp.Or(in.LogGroupName, in.LogGroupIdentifier))
	x.call.LogGroup = name
	if g := s.logs(x.caller).groups[name]; ok && g != nil {
		if now := g.at(x.now); now != nil {
			return g, now, readableClass(x, name, now)
		}
	}
	return nil, nil, &wireError{status: http.StatusBadRequest, code: "ResourceNotFoundException", message: "The specified log group does not exist."}
}

// readableClass refuses groups of other classes than STANDARD, and those whose key can't be used.
func readableClass(x *exchange, name string, g *LogGroup) error {
	if x.op.name == "DescribeLogStreams" {
		return nil
	}
	if class := g.class(); class != ClassStandard {
		return &wireError{
			status: http.StatusBadRequest, code: "InvalidOperationException",
			message: fmt.Sprintf("%s is of log-group-class %s. %s is not supported for this log class", name, class, x.op.name),
		}
	}
	if g.broken(x.now) {
		return accessDenied(serviceLogs, "The specified KMS key does not exist or is not allowed to be used with Arn '"+logGroupARN(x.caller, name)+"'")
	}
	return nil
}

// readLogs decodes a call that reads a log group, finds the group, as it is listed and as it is now, and how many entries a page has at most.
func (s *Server) readLogs(x *exchange, most int) (in *logsInput, g *logGroup, group *LogGroup, limit int, err error) {
	if in, err = x.logsInput(); err != nil {
		return nil, nil, nil, 0, err
	}
	if g, group, err = s.readable(x, in); err != nil {
		return nil, nil, nil, 0, err
	}
	limit, err = in.limit(s, most)
	return in, g, group, limit, err
}

// filterLogEvents answers the next page of a group's events.
func (s *Server) filterLogEvents(x *exchange) (any, error) {
	in, g, group, limit, err := s.readLogs(x, maxLogEvents)
	if err != nil {
		return nil, err
	}
	if err := in.checkFilter(); err != nil {
		return nil, err
	}
	hash := in.hash(g.name)
	token, err := in.token(hash, x.now)
	if err != nil {
		return nil, err
	}
	page := newLogPage(x.verdict.malformed)
	next := &logToken{Hash: hash, Issued: x.now.Unix()}
	switch {
	case x.verdict.empty && (token == nil || !token.WasNull):
		if token == nil {
			token = in.first()
		}
		next.At, next.Index, next.WasNull = token.At, token.Index, true
	case group.Bulk != nil:
		index, more := g.bulk(x.caller, group).fill(page, in, token, limit, x.now)
		if next.Index = index; !more {
			next = nil
		}
	default:
		if token == nil {
			token = in.first()
		}
		r := logReader{server: s, x: x, group: g, life: group, page: page, limit: limit, wanted: in.wanted()}
		r.end = min(in.end(x.now), r.life.lastEvent(x.now))
		at, more := r.forward(token.At)
		if next.At = at; !more {
			next = nil
		}
	}
	x.call.Events = page.events
	text := ""
	if next != nil {
		text = encodeToken(next)
	}
	if x.verdict.malformed == MalformedNextToken {
		text = endlessToken
	}
	page.finish(`,"searchedLogStreams":[]`, [2]string{"nextToken", text})
	x.call.Bytes = len(page.body)
	return page, nil
}

// checkFilter refuses what the simulator or AWS does not take.
func (in *logsInput) checkFilter() error {
	switch {
	case strings.TrimSpace(in.FilterPattern) != "":
		return invalidParameter("awssim: filter patterns are not imitated: %q", in.FilterPattern)
	case len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != "":
		return invalidParameter("logStreamNames and logStreamNamePrefix can't both be given.")
	case len(in.LogStreamNames) > 100:
		return invalidParameter("logStreamNames has more than 100 members.")
	case in.StartTime != nil && *in.StartTime < 0, in.EndTime != nil && *in.EndTime < 0:
		return invalidParameter("startTime and endTime must not be negative.")
	case in.StartTime != nil && in.EndTime != nil && *in.EndTime < *in.StartTime:
		return invalidParameter("endTime must not be before startTime.")
	}
	return nil
}

// first is where a reading begins.
func (in *logsInput) first() *logToken { return &logToken{At: before(max(deref(in.StartTime), 0))} }

// end is the last millisecond that the caller wants.
func (in *logsInput) end(now time.Time) int64 {
	latest := now.Add(maxAhead).UnixMilli()
	if in.EndTime == nil {
		return latest
	}
	return min(*in.EndTime, latest)
}

// wanted tells the log streams that the caller wants; nil: all.
func (in *logsInput) wanted() func(string) bool {
	switch {
	case len(in.LogStreamNames) > 0:
		return func(name string) bool { return slices.Contains(in.LogStreamNames, name) }
	case in.LogStreamNamePrefix != "":
		return func(name string) bool { return strings.HasPrefix(name, in.LogStreamNamePrefix) }
	default:
		return nil
	}
}
