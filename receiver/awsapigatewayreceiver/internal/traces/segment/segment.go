package segment

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Values of a segment's origin.
const (
	stageOrigin    = "AWS::ApiGateway::Stage"
	lambdaService  = "AWS::Lambda"
	lambdaFunction = "AWS::Lambda::Function"
)

// segment is a segment or a subsegment: they have nearly the same members.
type segment struct {
	id, parent              pcommon.SpanID
	start, end              pcommon.Timestamp
	name, origin            string
	namespace               string // of a subsegment: aws, remote or, by some SDKs, local
	resourceARN, user       string
	inProgress, inferred    bool
	below                   bool // a subsegment, be it in a segment or in a document of its own
	fault, error, throttle  bool
	version                 string // of the service
	runtime, runtimeVersion string
	http                    httpBlock
	aws                     *awsBlock
	sql                     *sqlBlock
	cause                   *causeBlock
	annotations, metadata   []member
	links                   []link
	precursors              []string
	others                  []member // by their paths
	subsegments             []*segment
}

// document reads a segment document.
func (r *reader) document(d *Document) error {
	s := &segment{}
	trace := r.segment(s, true)
	if r.err != nil {
		return r.err
	}
	id, ok := TraceID(trace)
	switch {
	case !ok:
		return errTrace
	case s.id.IsEmpty():
		return errID
	case s.start == 0:
		return errStart
	}
	d.TraceID, d.segment, d.spans, d.Inferred = id, s, r.spans, s.inferred
	r.settle(d, s)
	if s.isStage() {
		d.API, d.Stage = s.stage()
	}
	return nil
}

// segment reads a segment, or a subsegment in one, and returns the trace's id where it is said.
func (r *reader) segment(s *segment, root bool) (trace string) {
	r.spans++
	s.below = !root
	if !r.open('{') {
		return ""
	}
	for key := ""; r.member(&key); {
		switch key {
		case "id":
			r.spanID(&s.id)
		case "parent_id":
			r.spanID(&s.parent)
		case "trace_id":
			r.str(&trace)
		case "name":
			r.str(&s.name)
		case "start_time":
			r.time(&s.start)
		case "end_time":
			r.time(&s.end)
		case "in_progress":
			r.boolean(&s.inProgress) // says no more than that there is no end_time
		case "inferred":
			r.boolean(&s.inferred)
		case "origin":
			r.str(&s.origin)
		case "namespace":
			r.str(&s.namespace)
		case "resource_arn":
			r.str(&s.resourceARN)
		case "user":
			r.str(&s.user)
		case "type":
			kind := ""
			r.str(&kind)
			s.below = s.below || kind == "subsegment"
		case "fault":
			r.boolean(&s.fault)
		case "error":
			r.boolean(&s.error)
		case "throttle":
			r.boolean(&s.throttle)
		case "service":
			r.service(s)
		case "http":
			r.http(s)
		case "aws":
			r.aws(s)
		case "sql":
			r.sql(s)
		case "cause":
			r.cause(s)
		case "annotations":
			r.annotations(s)
		case "metadata":
			r.metadata(s)
		case "links":
			r.links(&s.links, &s.others)
		case "precursor_ids":
			r.list(&s.precursors)
		case "subsegments":
			r.subsegments(s)
		default:
			r.other(&s.others, "", key)
		}
	}
	s.name = nameOf(s.name)
	return trace
}

func (r *reader) spanID(to *pcommon.SpanID) {
	v := r.value()
	id, ok := spanID(v.text)
	switch {
	case ok && v.kind == text:
		*to = id
	case v.kind != null:
		r.unknown++
	}
}

func (r *reader) subsegments(s *segment) {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		if r.peek() != '{' || r.spans >= maxSpans {
			r.mistyped()
			continue
		}
		below := &segment{}
		r.segment(below, false)
		s.subsegments = append(s.subsegments, below)
	}
}

// service reads what the sender says of itself.
func (r *reader) service(s *segment) {
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		switch key {
		case "version":
			r.str(&s.version)
		case "runtime", "compiler":
			r.str(&s.runtime)
		case "runtime_version", "compiler_version":
			r.str(&s.runtimeVersion)
		default:
			r.other(&s.others, "service.", key)
		}
	}
}

// settle completes what a segment and those below it lack: an id, a parent, a start and an end.
func (r *reader) settle(d *Document, s *segment) {
	s.inProgress = s.end == 0
	s.end = max(s.end, s.start)
	d.InProgress = d.InProgress || s.inProgress
	for i, below := range s.subsegments {
		if below.start == 0 {
			below.start = s.start
		}
		if below.id.IsEmpty() {
			below.id = derivedID(s.id, i, below)
		}
		below.parent = s.id
		r.settle(d, below)
	}
}

// isStage says whether the segment is one of API Gateway.
func (s *segment) isStage() bool {
	return s.origin == stageOrigin || s.origin == "" && !s.below && s.aws != nil && s.aws.gateway.api != ""
}

// stores are the origins, or what they begin with, of what sends no segments: tables, queues, topics, streams, buckets and databases.
var stores = [...]string{
	"AWS::DynamoDB", "AWS::SQS", "AWS::SNS", "AWS::Kinesis", "AWS::S3", "AWS::RDS", "AWS::ElastiCache", "AWS::OpenSearch", "AWS::Redshift", "Database::",
}

// isStore says whether a segment is of something that never sends one itself.
func (s *segment) isStore() bool {
	for _, origin := range stores {
		if strings.HasPrefix(s.origin, origin) {
			return true
		}
	}
	return s.sql != nil
}
