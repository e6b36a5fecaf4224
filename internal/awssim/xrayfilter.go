package awssim

import (
	"slices"
	"strconv"
	"strings"
)

// traceFilter is a filter expression; nil wants all.
type traceFilter func(*shown) bool

// parseFilter compiles a filter expression of GetTraceSummaries (X-Ray Developer Guide, filter expressions). What is not imitated is refused.
func parseFilter(expression string) (traceFilter, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, nil //nolint:nilnil // no expression is no error
	}
	p := filterParser{text: expression}
	f := p.or()
	if p.next() != "" {
		p.fail()
	}
	if p.failed || len(expression) > maxFilter {
		return nil, invalidRequest("Invalid filter expression: %s", expression)
	}
	return f, nil
}

const (
	// maxFilter is how long an expression is at most, in bytes. AWS documents none.
	maxFilter = 2000
	// maxFilterDepth bounds parentheses and negations.
	maxFilterDepth = 50
)

// filterParser reads an expression word by word. After a failure there are no more words.
type filterParser struct {
	text   string
	word   string // the next one where ahead is set
	ahead  bool
	failed bool
	depth  int
}

func (p *filterParser) fail() { p.failed, p.text, p.word, p.ahead = true, "", "", false }

const filterSymbols = "()[]{}:,!=<>"

// next returns the next word without taking it: a symbol, text with its opening quote, or a bare word; "" at the end.
func (p *filterParser) next() string {
	if p.ahead {
		return p.word
	}
	p.ahead = true
	p.text = strings.TrimLeft(p.text, " \t\r\n")
	n := 0
	switch {
	case p.text == "":
	case p.text[0] == '"':
		p.quoted()
		return p.word
	case slices.ContainsFunc([]string{"!=", "<=", ">="}, func(s string) bool { return strings.HasPrefix(p.text, s) }):
		n = 2
	case strings.IndexByte(filterSymbols, p.text[0]) >= 0:
		n = 1
	default:
		if n = strings.IndexAny(p.text, filterSymbols+" \t\r\n\""); n < 0 {
			n = len(p.text)
		}
	}
	p.word, p.text = p.text[:n], p.text[n:]
	return p.word
}

// quoted reads text in quotes; a backslash escapes what follows.
func (p *filterParser) quoted() {
	b := []byte{'"'}
	for i := 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.word, p.text = string(b), p.text[i+1:]
			return
		case c == '\\' && i+1 < len(p.text):
			i++
			b = append(b, p.text[i])
		default:
			b = append(b, c)
		}
	}
	p.fail()
}

func (p *filterParser) take() string {
	word := p.next()
	p.ahead = false
	return word
}

// accept takes the next word if it is that one, in any case of letters.
func (p *filterParser) accept(words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(p.next(), w) {
			p.ahead = false
			return true
		}
	}
	return false
}

func (p *filterParser) expect(word string) {
	if !p.accept(word) {
		p.fail()
	}
}

// literal takes text in quotes.
func (p *filterParser) literal() string {
	text, ok := strings.CutPrefix(p.take(), `"`)
	if !ok {
		p.fail()
	}
	return text
}

func (p *filterParser) or() traceFilter {
	if p.depth++; p.depth > maxFilterDepth {
		p.fail()
		return nil
	}
	f := p.and()
	for p.accept("OR", "||") {
		a, b := f, p.and()
		f = func(s *shown) bool { return a(s) || b(s) }
	}
	p.depth--
	return f
}

func (p *filterParser) and() traceFilter {
	f := p.not()
	for p.accept("AND", "&&") {
		a, b := f, p.not()
		f = func(s *shown) bool { return a(s) && b(s) }
	}
	return f
}

func (p *filterParser) not() traceFilter {
	if !p.accept("NOT", "!") {
		return p.term()
	}
	if p.depth++; p.depth > maxFilterDepth {
		p.fail()
		return nil
	}
	f := p.not()
	p.depth--
	return func(s *shown) bool { return !f(s) }
}

func (p *filterParser) term() traceFilter {
	if p.accept("(") {
		f := p.or()
		p.expect(")")
		return f
	}
	word := p.take()
	switch name := strings.ToLower(word); {
	case name == "service":
		return p.service()
	case name == "annotation":
		p.expect("[")
		key := strings.TrimPrefix(p.take(), `"`)
		for !p.failed && p.next() != "]" {
			key += p.take() // keys as aws:api_id are several words
			if p.next() == "" {
				p.fail()
			}
		}
		p.expect("]")
		return p.annotation(key)
	case strings.HasPrefix(name, "annotation."):
		return p.annotation(word[len("annotation."):])
	case filterFlags[name] != nil:
		return p.flag(filterFlags[name])
	case filterNumbers[name] != nil:
		return p.number(filterNumbers[name])
	case filterTexts[name] != nil:
		return p.words(filterTexts[name])
	}
	p.fail()
	return nil
}

// service reads ("name") or (id(name: "…", type: "…", account.id: "…")).
func (p *filterParser) service() traceFilter {
	var want serviceID
	p.expect("(")
	if !p.accept("id") {
		want.Name = p.literal()
	} else {
		p.expect("(")
		for {
			member := map[string]*string{"name": &want.Name, "type": &want.Type, "account.id": &want.AccountID}[strings.ToLower(p.take())]
			p.expect(":")
			if member == nil {
				p.fail()
				return nil
			}
			*member = p.literal()
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
	}
	p.expect(")")
	return func(s *shown) bool {
		for i := range s.parts {
			part := &s.parts[i]
			if seen, _ := s.sees(part); seen && matches(want.Name, part.root.name) && matches(want.Type, part.root.origin) && matches(want.AccountID, s.account) {
				return true
			}
		}
		return false
	}
}

// annotation reads what an annotation is compared with; nothing asks whether there is one.
func (p *filterParser) annotation(key string) traceFilter {
	if key == "" {
		p.fail()
		return nil
	}
	test := func(any) bool { return true }
	if operator := p.operator(); operator != "" {
		test = p.value(operator)
	}
	return func(s *shown) bool {
		found := false
		s.each(func(_, n *node, _ bool) {
			for _, a := range n.annotations {
				found = found || a.name == key && test(a.value)
			}
		})
		return found
	}
}

// value reads a value of any type and compares those of its type with it.
func (p *filterParser) value(operator string) func(any) bool {
	if strings.HasPrefix(p.next(), `"`) {
		compare := p.compareText(operator)
		return func(v any) bool { text, ok := v.(string); return ok && compare(text) }
	}
	if word := p.next(); strings.EqualFold(word, "true") || strings.EqualFold(word, "false") {
		want := strings.EqualFold(p.take(), "true")
		if operator != "=" && operator != "!=" {
			p.fail()
		}
		return func(v any) bool { is, ok := v.(bool); return ok && (is == want) == (operator == "=") }
	}
	compare := p.compareNumber(operator)
	return func(v any) bool {
		switch n := v.(type) {
		case int:
			return compare(float64(n))
		case float64:
			return compare(n)
		}
		return false
	}
}

// operator takes a comparison; "" where there is none.
func (p *filterParser) operator() string {
	for _, operator := range []string{"=", "!=", "<", "<=", ">", ">=", "CONTAINS", "BEGINSWITH", "ENDSWITH"} {
		if p.accept(operator) {
			return operator
		}
	}
	return ""
}

func (p *filterParser) flag(of func(*shown) bool) traceFilter {
	want := true
	if operator := p.operator(); operator != "" {
		value := p.take()
		want = strings.EqualFold(value, "true") == (operator == "=")
		if operator != "=" && operator != "!=" || !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			p.fail()
		}
	}
	return func(s *shown) bool { return of(s) == want }
}

func (p *filterParser) number(of func(*shown) (float64, bool)) traceFilter {
	compare := p.compareNumber(p.operator())
	return func(s *shown) bool { v, ok := of(s); return ok && compare(v) }
}

func (p *filterParser) words(of func(*shown) []string) traceFilter {
	compare := p.compareText(p.operator())
	return func(s *shown) bool { return slices.ContainsFunc(of(s), compare) }
}

func (p *filterParser) compareNumber(operator string) func(float64) bool {
	want, err := strconv.ParseFloat(p.take(), 64)
	if err != nil {
		p.fail()
	}
	switch operator {
	case "=":
		return func(v float64) bool { return v == want }
	case "!=":
		return func(v float64) bool { return v != want }
	case "<":
		return func(v float64) bool { return v < want }
	case "<=":
		return func(v float64) bool { return v <= want }
	case ">":
		return func(v float64) bool { return v > want }
	case ">=":
		return func(v float64) bool { return v >= want }
	}
	p.fail()
	return nil
}

func (p *filterParser) compareText(operator string) func(string) bool {
	want := p.literal()
	switch operator {
	case "=":
		return func(v string) bool { return v == want }
	case "!=":
		return func(v string) bool { return v != want }
	case "CONTAINS":
		return func(v string) bool { return strings.Contains(v, want) }
	case "BEGINSWITH":
		return func(v string) bool { return strings.HasPrefix(v, want) }
	case "ENDSWITH":
		return func(v string) bool { return strings.HasSuffix(v, want) }
	}
	p.fail()
	return nil
}
