package executionlog

import "strings"

// form is what a line looks like, in its phase.
type form struct{ phase, pattern string }

// matcher is a form that is ready to be compared: its first literal, and the holes with what follows each.
type matcher struct {
	phase, first string
	holes        []hole
}

type hole struct {
	field field
	after string // "" at the end of the line
}

// compile sorts the forms by their first byte.
func compile(list []form) (byFirst [256][]matcher) {
	for _, f := range list {
		parts := strings.Split(f.pattern, "{")
		m := matcher{phase: f.phase, first: parts[0]}
		for i, part := range parts[1:] {
			name, after, _ := strings.Cut(part, "}")
			m.holes = append(m.holes, hole{fieldOf(name), after})
			if i == len(parts)-2 && after == "" {
				// What ends in a hole may end before it, without the space.
				before := &m.first
				if i > 0 {
					before = &m.holes[i-1].after
				}
				*before = strings.TrimRight(*before, " ")
			}
		}
		byFirst[f.pattern[0]] = append(byFirst[f.pattern[0]], m)
	}
	return byFirst
}

func fieldOf(hole string) field {
	for f, a := range attributes {
		if a.hole == hole && hole != "" {
			return field(f)
		}
	}
	return ignored
}

// match finds the form of the text and takes its values; false where there is none.
func (e *event) match() bool {
	text := e.of(e.text)
	if text == "" {
		return false
	}
	before := e.count
	for i := range forms[text[0]] {
		m := &forms[text[0]][i]
		if !strings.HasPrefix(text, m.first) {
			continue
		}
		if e.take(m) {
			e.phase = m.phase
			if m.phase == phaseError {
				e.add(errorMessage, e.text.from, e.text.to)
			}
			return true
		}
		e.count = before
	}
	// Where a line begins with a secret and then goes on as no form does, all of it may be the secret.
	for i := range forms[text[0]] {
		m := &forms[text[0]][i]
		if len(m.holes) > 0 && m.holes[0].field == secret && strings.HasPrefix(text, m.first) {
			e.add(secret, e.text.from+len(m.first), e.text.to)
			break
		}
	}
	return false
}

// take takes the values of a line that begins as the form does. What is secret, or what clients write, reaches to the last place where the form can
// go on, all else to the first.
func (e *event) take(m *matcher) bool {
	at, end := e.text.from+len(m.first), e.text.to
	for i, h := range m.holes {
		rest := e.line[at:end]
		length := len(rest)
		switch {
		case h.after == "":
		case i == len(m.holes)-1:
			if !strings.HasSuffix(rest, h.after) {
				return false
			}
			length -= len(h.after)
		case h.field == secret || h.field == userAgent || h.after == lambdaRequest:
			length = strings.LastIndex(rest, h.after)
		default:
			length = strings.Index(rest, h.after)
		}
		if length < 0 {
			return false
		}
		e.add(h.field, at, at+length)
		at += length + len(h.after)
	}
	return at == end
}

// lambdaRequest follows what a function said, which may hold the same words.
const lambdaRequest = ". Lambda request id:"

// label finds the body, headers or parameters in a text of unknown form: what follows a label that names them.
func (e *event) label() {
	text := e.of(e.text)
	for i := 0; i < len(text); i++ {
		for _, word := range labels[text[i]|0x20] {
			if i+len(word) > len(text) || !strings.EqualFold(text[i:i+len(word)], word) {
				continue
			}
			begin := strings.IndexAny(text[i:], `:={["`)
			if begin < 0 {
				return
			}
			e.add(content, e.text.from+i+begin+1, e.text.to)
			return
		}
	}
}

// labels are the words in a label that say what follows, by their first letter.
var labels = [256][]string{
	'b': {"body"},
	'h': {"header"},
	'p': {"parameter", "payload"},
	'q': {"query string"},
}
