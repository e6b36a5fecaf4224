package segment

import (
	"encoding/binary"
	"hash/fnv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// TraceID reads a trace id as X-Ray writes it, 1-58406520-a006649127e371903a2de979, or as 32 hexadecimal digits. Both are the same 16 bytes.
func TraceID(s string) (id pcommon.TraceID, ok bool) {
	const length = len("1-58406520-a006649127e371903a2de979")
	if len(s) == length && s[:2] == "1-" && s[10] == '-' {
		return id, decodeHex(id[:4], s[2:10]) && decodeHex(id[4:], s[11:]) && !id.IsEmpty()
	}
	return id, decodeHex(id[:], s) && !id.IsEmpty()
}

func spanID(s string) (id pcommon.SpanID, ok bool) {
	return id, decodeHex(id[:], s) && !id.IsEmpty()
}

// decodeHex fills to with just as many digits.
func decodeHex(to []byte, s string) bool {
	if len(s) != 2*len(to) {
		return false
	}
	for i := range to {
		high, ok := hexDigit(s[2*i])
		low, also := hexDigit(s[2*i+1])
		if !ok || !also {
			return false
		}
		to[i] = high<<4 | low
	}
	return true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// derivedID is the id of a subsegment that has none: the same whenever its document is read again.
func derivedID(parent pcommon.SpanID, index int, s *segment) pcommon.SpanID {
	h := fnv.New64a()
	_, _ = h.Write(parent[:]) // never fails
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(s.start)))
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(index))) //nolint:gosec // an index
	_, _ = h.Write([]byte(s.name))
	return pcommon.SpanID(binary.BigEndian.AppendUint64(nil, h.Sum64()|1)) // never empty
}
