package awssim

import (
	"math/bits"
	"strconv"
	"sync"
	"unicode/utf8"
)

const (
	// maxLogPage is the largest page of events: AWS says 1 MB; the body of the answer is taken.
	maxLogPage = 1 << 20
	// maxLogEvents is how many events a page has at most.
	maxLogEvents = 10_000
	// logPageTail is what a page needs beside its events.
	logPageTail = 2048
)

// logPage is an answer with events, written as JSON while they are collected. Its buffer is used again.
type logPage struct {
	body      []byte
	events    int
	malformed string
	buffer    *[]byte
}

var logBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, maxLogPage+64<<10)
	return &b
}}

func newLogPage(malformed string) *logPage {
	buffer := logBuffers.Get().(*[]byte)
	return &logPage{body: append((*buffer)[:0], `{"events":[`...), malformed: malformed, buffer: buffer}
}

// release gives the buffer back.
func (p *logPage) release() {
	if p.buffer != nil && cap(p.body) < 4*maxLogPage {
		*p.buffer = p.body[:0]
		logBuffers.Put(p.buffer)
	}
	p.buffer, p.body = nil, nil
}

// logEvent is an event of an answer.
type logEvent struct {
	at, ingested int64 // Unix milliseconds
	message      []byte
	stream       string // "": the answer has none (GetLogEvents), and no id
	id           eventID
}

// add appends an event unless the page has no room for it; a page takes at least one.
func (p *logPage) add(e *logEvent) bool {
	before := len(p.body)
	b := p.body
	if p.events > 0 {
		b = append(b, ',')
	}
	at := e.at
	if p.malformed == MalformedOutside {
		at -= 7 * 24 * 3600 * 1000
	}
	b = append(b, '{')
	if e.stream != "" {
		b = append(append(b, `"logStreamName":"`...), e.stream...)
		b = append(b, `",`...)
	}
	if p.malformed != MalformedMissing {
		b = append(b, `"timestamp":`...)
		b = append(strconv.AppendInt(b, at, 10), ',')
	}
	b = append(b, `"message":`...)
	b = appendJSONString(b, e.message)
	b = append(b, `,"ingestionTime":`...)
	b = strconv.AppendInt(b, e.ingested, 10)
	if e.stream != "" && p.malformed != MalformedMissing {
		b = append(b, `,"eventId":"`...)
		b = append(e.id.append(b), '"')
	}
	b = append(b, '}')
	p.body = b
	if len(b) > maxLogPage-logPageTail && p.events > 0 {
		p.body = b[:before]
		return false
	}
	p.events++
	return true
}

// finish ends the events and writes the members after them: what is JSON already, and names with their texts.
func (p *logPage) finish(raw string, more ...[2]string) {
	p.body = append(append(p.body, ']'), raw...)
	for _, member := range more {
		if member[1] == "" {
			continue
		}
		p.body = append(append(append(p.body, `,"`...), member[0]...), `":`...)
		p.body = appendJSONString(p.body, []byte(member[1]))
	}
	p.body = append(p.body, '}')
}

// appendJSONString writes text as AWS does: escaped where JSON asks for it, and not elsewhere. What is not UTF-8 becomes U+FFFD.
func appendJSONString(b, s []byte) []byte { return append(appendEscaped(append(b, '"'), s), '"') }

// appendEscaped goes through texts that no other goroutine has, byte by byte, which the race detector need not follow.
//
//go:norace
func appendEscaped(b, s []byte) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		b = append(append(b, s[start:i]...), '\\')
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		case '\t':
			b = append(b, 't')
		default:
			b = appendHex(append(b, 'u'), uint64(c), 4)
		}
		i++
		start = i
	}
	return append(b, s[start:]...)
}

// eventID is a number of 192 bits, as AWS's: the time in milliseconds times 2^144, and what tells events of a millisecond apart.
type eventID struct{ high, middle, low uint64 }

// newEventID makes the id of an event of a source at a time.
func newEventID(at int64, source uint64, minute int64, e *logEntry) eventID {
	return eventID{uint64(max(at, 0)) << 16, source<<32 | uint64(uint32(minute-int64(e.back)))&0xffffffff, uint64(uint32(e.request))<<32 | uint64(e.line)<<16}
}

const tenTo19 = 10_000_000_000_000_000_000

// append writes the id in 56 digits.
func (id eventID) append(b []byte) []byte {
	q, r := bits.Div64(id.high%tenTo19, id.middle, tenTo19)
	q2, low := bits.Div64(r, id.low, tenTo19)
	high, middle := bits.Div64(q%tenTo19, q2, tenTo19)
	return appendDigits(appendDigits(appendDigits(b, high, 18), middle, 19), low, 19)
}

// pairs are all numbers of two digits.
const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869" +
	"707172737475767778798081828384858687888990919293949596979899"

// appendDigits writes the lowest n digits of a number, n of at most 19: two at a time, because backlogs are made of little else.
//
//go:norace
func appendDigits(b []byte, v uint64, n int) []byte {
	b = append(b, "0000000000000000000"[:n]...)
	digits := b[len(b)-n:]
	for n >= 2 {
		pair := v % 100 * 2
		v /= 100
		n -= 2
		digits[n], digits[n+1] = pairs[pair], pairs[pair+1]
	}
	if n == 1 {
		digits[0] = '0' + byte(v%10)
	}
	return b
}
