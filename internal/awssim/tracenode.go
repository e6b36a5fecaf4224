package awssim

import (
	"cmp"
	"net/http"
)

// node is a segment or subsegment of a trace, as it is when it is complete.
type node struct {
	id, parent  uint64 // of subsegments inside of a document the parent is the node that holds them
	name        string
	namespace   string // of subsegments: aws, remote, or none
	origin, arn string // of segments
	start, end  int64  // Unix microseconds
	ending      endingFlags
	inferred    bool // made by X-Ray out of a subsegment
	http        *nodeHTTP
	user        string
	aws, sql    object
	annotations object
	metadata    object // by namespace
	more        object // members that few nodes have
	cause       any    // an object, or the id of an exception elsewhere in the trace
	children    []*node
}

// nodeHTTP is the http block of a node.
type nodeHTTP struct {
	method, url, agent, clientIP string // "": absent
	forwarded                    bool
	status                       int   // 0: no response
	length                       int64 // of the response, -1: unknown
}

// endingFlags are X-Ray's flags of how a node ended.
type endingFlags struct{ fault, err, throttle bool }

// endingOf are the flags that a status gives.
func endingOf(status int) endingFlags {
	return endingFlags{
		fault: status >= http.StatusInternalServerError, err: status >= http.StatusBadRequest && status < http.StatusInternalServerError,
		throttle: status == http.StatusTooManyRequests,
	}
}

// object is a JSON object whose members keep their order; list is an array.
type (
	object []member
	member struct {
		name  string
		value any // string, bool, int, int64, float64, nil, object or list
	}
	list []any
)

// text returns the member of that name if it is text.
func (o object) text(name string) string {
	for i := range o {
		if o[i].name == name {
			s, _ := o[i].value.(string)
			return s
		}
	}
	return ""
}

// part is a document of a trace: a segment, when it is seen first, and when it is seen complete.
type part struct {
	root  *node
	after int // index of the part whose arrival lets X-Ray infer this one; -1: none
	role  partRole
	// Unix milliseconds. Between first and final the segment is seen in progress.
	first, final int64
}

// partRole says whose segment a part is: API Gateway's come first, those of functions last.
type partRole int64

const (
	partGateway partRole = iota + 2
	partService
	partFunction
	partInferred
)

// trace is all that X-Ray gets to know of a request in the end.
type trace struct {
	id         string
	account    string
	region     string
	at         int64 // when it began, Unix milliseconds
	key        uint64
	parts      []part
	scientific bool // times are written as 1.692291184602E9
}

// add adds a segment and returns its index.
func (t *trace) add(role partRole, after int, root *node) int {
	t.parts = append(t.parts, part{root: root, after: after, role: role})
	return len(t.parts) - 1
}

// infer adds the segment that X-Ray makes of a subsegment which called something that sends none.
func (t *trace) infer(id uint64, after int, from *node, name, origin string) {
	t.add(partInferred, after, &node{
		id: id, parent: from.id, name: cmp.Or(name, from.name), origin: origin, start: from.start, end: from.end, ending: from.ending, inferred: true,
		http: from.http, aws: from.aws, sql: from.sql,
	})
}

// each calls f with the node and all below it.
func (n *node) each(f func(*node)) {
	f(n)
	for _, child := range n.children {
		child.each(f)
	}
}
