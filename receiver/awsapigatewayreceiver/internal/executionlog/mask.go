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
	if user := strings.LastIndexByte(text[authority:end], '@'); user >= 0 {
		e.mask(span{s.from + authority, s.from + authority + user})
	}
	if i := strings.IndexAny(text, "?#"); query && i >= 0 {
		e.mask(span{s.from + i + 1, s.to})
	}
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
