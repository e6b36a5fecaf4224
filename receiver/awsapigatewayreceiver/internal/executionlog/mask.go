package executionlog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// mask stands for what does not leave.
const mask = "***"

// minRepeated is how long a dropped value has to be that its repetitions in the line are masked, too: shorter ones, as GET, are found in anything.
const minRepeated = 6

// hide decides what of the line is masked, in its body and in its attributes.
func (d *Decoder) hide(e *event) {
	scrub := e.text.to
	for _, v := range e.values[:e.count] {
		switch v.field {
		case secret:
			e.mask(v.span)
		case content, message, result:
			e.size = v.to - v.from
			if v.field == result || !d.bodies {
				e.mask(span{v.from, e.text.to})
				scrub = v.from
			}
		case uri:
			e.maskURI(v.span, !d.bodies)
		default:
			if v.field == validation && !d.bodies {
				e.maskQuoted(v.span)
			}
			if d.actions[v.field] != redact.Keep {
				e.maskAll(v.span)
			}
		}
	}
	d.scrub(e, span{e.text.from, scrub})
	e.mergeMasks()
}

// fewMasks is room for those of nearly every line that has any.
const fewMasks = 4

func (e *event) mask(s span) {
	if s.from >= s.to {
		return
	}
	if e.masks == nil {
		e.masks = make([]span, 0, fewMasks)
	}
	e.masks = append(e.masks, s)
}

// maskAll masks a value wherever the line has it.
func (e *event) maskAll(s span) {
	e.mask(s)
	v := e.of(s)
	if len(v) < minRepeated {
		return
	}
	for from := 0; ; from += len(v) {
		next := strings.Index(e.line[from:], v)
		if next < 0 {
			return
		}
		from += next
		e.mask(span{from, from + len(v)})
	}
}

// Words of a validator before what it quotes of a body: string "x" is too short, instance value ("x") not found in enum.
const (
	quotedString = `string "`
	quotedValue  = "instance value ("
	afterValue   = ") not found in enum"
)

// maskQuoted masks what a validator quotes of a body.
func (e *event) maskQuoted(s span) {
	line := e.line[:s.to]
	for at := s.from; at < len(line); {
		text, value := strings.Index(line[at:], quotedString), strings.Index(line[at:], quotedValue)
		end := len(line)
		switch {
		case text < 0 && value < 0:
			return
		case value < 0 || text >= 0 && text < value:
			at += text + len(quotedString)
			end = quotedEnd(line, at)
		default:
			at += value + len(quotedValue)
			if i := strings.Index(line[at:], afterValue); i >= 0 {
				end = at + i
			}
		}
		e.mask(span{at, end})
		at = end
	}
}

// quotedEnd is where a validator's quoted string ends: at a quote that words or the next error follow, else at the end of the line.
func quotedEnd(line string, from int) int {
	for {
		end, after := quoteEnd(line, from, 0, '"')
		if end < 0 {
			return len(line)
		}
		if rest := line[after:]; rest == "" || rest[0] == ']' || rest[0] == ',' || strings.HasPrefix(rest, " is ") {
			return end
		}
		from = after
	}
}

// maskURI masks who calls, and with which parameters.
func (e *event) maskURI(s span, query bool) {
	text := e.of(s)
	authority := 0
	if scheme := strings.Index(text, "://"); scheme >= 0 {
		authority = scheme + len("://")
	}
	end := len(text)
	if i := strings.IndexAny(text[authority:], "/?#"); i >= 0 {
		end = authority + i
	}
	user := strings.LastIndexByte(text[authority:end], '@')
	if user < 0 && !isHost(text[authority:end]) { // the beginning of a password that has such a sign, or is cut
		if user = strings.LastIndexByte(text[authority:], '@'); user < 0 {
			user = len(text) - authority
		}
	}
	if user >= 0 {
		e.mask(span{s.from + authority, s.from + authority + user})
	}
	if i := strings.IndexAny(text, "?#"); query && i >= 0 {
		e.mask(span{s.from + i + 1, s.to})
	}
}

// isHost says whether nothing but the number of a port follows a colon. The colons of an ARN come before no password.
func isHost(s string) bool {
	i := strings.LastIndexByte(s, ':')
	return strings.HasPrefix(s, "arn:") || i <= strings.LastIndexByte(s, ']') || strings.Trim(s[i+1:], "0123456789") == ""
}

// mergeMasks puts the masks in order, and those that touch together.
func (e *event) mergeMasks() {
	if len(e.masks) < 2 {
		return
	}
	slices.SortFunc(e.masks, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	merged := e.masks[:1]
	for _, m := range e.masks[1:] {
		if last := &merged[len(merged)-1]; m.from <= last.to {
			last.to = max(last.to, m.to)
		} else {
			merged = append(merged, m)
		}
	}
	e.masks = merged
}

// render is a part of the line with its masks: the line's own memory where there are none.
func (e *event) render(s span) string {
	masks := e.masks
	for len(masks) > 0 && masks[0].to <= s.from {
		masks = masks[1:]
	}
	if len(masks) == 0 || masks[0].from >= s.to {
		return e.of(s)
	}
	var b strings.Builder
	length := s.to - s.from
	for _, m := range masks {
		if m.from >= s.to {
			break
		}
		length += len(mask) - (min(m.to, s.to) - max(m.from, s.from))
	}
	b.Grow(length)
	for _, m := range masks {
		if m.from >= s.to {
			break
		}
		if m.from > s.from {
			b.WriteString(e.line[s.from:m.from])
		}
		b.WriteString(mask)
		s.from = min(m.to, s.to)
	}
	b.WriteString(e.of(s))
	return b.String()
}
