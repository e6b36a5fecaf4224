package awssim

import "strconv"

// appendSegment writes a segment as X-Ray's document of it. One in progress has no end, no answer, and fewer subsegments.
func (t *trace) appendSegment(b []byte, n *node, progress bool) []byte {
	b = append(append(b, `{"trace_id":"`...), t.id...)
	b = t.appendNode(append(b, `",`...), n, progress)
	return append(b, '}')
}

// appendNode writes the members of a segment or subsegment.
func (t *trace) appendNode(b []byte, n *node, progress bool) []byte {
	b = appendHex(append(b, `"id":"`...), n.id, 16)
	b = appendJSONString(append(b, `","name":`...), []byte(n.name))
	b = t.appendSeconds(append(b, `,"start_time":`...), n.start)
	if progress {
		b = append(b, `,"in_progress":true`...)
	} else {
		b = t.appendSeconds(append(b, `,"end_time":`...), n.end)
	}
	if n.parent != 0 {
		b = append(appendHex(append(b, `,"parent_id":"`...), n.parent, 16), '"')
	}
	b = appendText(b, "origin", n.origin)
	b = appendText(b, "resource_arn", n.arn)
	b = appendText(b, "namespace", n.namespace)
	b = appendText(b, "user", n.user)
	if n.inferred {
		b = append(b, `,"inferred":true`...)
	}
	if !progress {
		b = appendEnding(b, n.ending)
		if n.cause != nil {
			b = appendValue(append(b, `,"cause":`...), n.cause)
		}
	}
	if n.http != nil {
		b = n.http.append(b, progress)
	}
	b = appendObject(b, "aws", n.aws)
	b = appendObject(b, "sql", n.sql)
	b = appendObject(b, "annotations", n.annotations)
	b = appendObject(b, "metadata", n.metadata)
	for _, m := range n.more {
		b = appendMember(append(b, ','), m)
	}
	return t.appendChildren(b, n.childrenSeen(progress))
}

func (t *trace) appendChildren(b []byte, children []*node) []byte {
	if len(children) == 0 {
		return b
	}
	b = append(b, `,"subsegments":[`...)
	for i, child := range children {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(t.appendNode(append(b, '{'), child, false), '}')
	}
	return append(b, ']')
}

func appendEnding(b []byte, e endingFlags) []byte {
	if e.fault {
		b = append(b, `,"fault":true`...)
	}
	if e.err {
		b = append(b, `,"error":true`...)
	}
	if e.throttle {
		b = append(b, `,"throttle":true`...)
	}
	return b
}

// append writes the http block.
func (h *nodeHTTP) append(b []byte, progress bool) []byte {
	start := len(b)
	b = append(b, `,"http":{`...)
	if h.url != "" {
		b = appendJSONString(append(b, `"request":{"url":`...), []byte(h.url))
		b = appendText(b, "method", h.method)
		b = appendText(b, "user_agent", h.agent)
		b = appendText(b, "client_ip", h.clientIP)
		if h.forwarded {
			b = append(b, `,"x_forwarded_for":true`...)
		}
		b = append(b, '}')
	}
	if h.status != 0 && !progress {
		if h.url != "" {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `"response":{"status":`...), int64(h.status), 10)
		if h.length >= 0 {
			b = strconv.AppendInt(append(b, `,"content_length":`...), h.length, 10)
		}
		b = append(b, '}')
	}
	if b[len(b)-1] == '{' {
		return b[:start]
	}
	return append(b, '}')
}

// appendSeconds writes Unix microseconds as seconds, as 1692291184.602 or 1.692291184602E9.
func (t *trace) appendSeconds(b []byte, us int64) []byte {
	if !t.scientific {
		b = append(strconv.AppendInt(b, us/1_000_000, 10), '.')
		return trimZeros(appendDigits(b, uint64(us%1_000_000), 6), 3)
	}
	b = appendDigits(append(strconv.AppendInt(b, us/1_000_000_000_000_000, 10), '.'), uint64(us%1_000_000_000_000_000), 15)
	return append(trimZeros(b, 14), "E9"...)
}

// trimZeros takes up to n zeros off the end.
func trimZeros(b []byte, n int) []byte {
	for ; n > 0 && b[len(b)-1] == '0'; n-- {
		b = b[:len(b)-1]
	}
	return b
}

// appendText writes a member after others unless it is empty.
func appendText(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendJSONString(b, []byte(value))
}

func appendObject(b []byte, name string, o object) []byte {
	if len(o) == 0 {
		return b
	}
	return appendMember(append(b, ','), member{name, o})
}

func appendMember(b []byte, m member) []byte {
	b = appendJSONString(b, []byte(m.name))
	return appendValue(append(b, ':'), m.value)
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendJSONString(b, []byte(v))
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case object:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendMember(b, m)
		}
		return append(b, '}')
	case list:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	default:
		return append(b, "null"...)
	}
}
