package executionlog

import "strings"

// valueOf finds the value of a secret name, which the byte at delim announces. Where its end is in doubt, the value runs to the end of the line: API
// Gateway quotes nothing, and cuts lines anywhere.
func (d *Decoder) valueOf(line string, delim int, quoted bool, name string, k *keyword) span {
	at := delim + 1
	if line[delim] == ':' && !quoted && strings.EqualFold(name, "API Key") {
		return wordAt(line, at)
	}
	for at < len(line) && strings.IndexByte(" \t\r\n", line[at]) >= 0 {
		at++
	}
	rest := line[at:]
	switch {
	case line[delim] == '>':
		if end := strings.Index(rest, "</"); end >= 0 {
			return span{at, at + end}
		}
		return span{at, len(line)}
	case line[delim] == ':' && quoted:
		return jsonValue(line, at)
	case line[delim] == ':' && k.attribute != "":
		// A plain text, as "Client [Connection Id: …]".
		if end := strings.IndexByte(rest, ']'); end >= 0 {
			return span{at, at + end}
		}
		return span{at, len(line)}
	default:
		return span{at, d.headerEnd(line, at)}
	}
}

// wordAt is the word after a space, which is empty in "API Key:  API Stage: a1b2c3d4e5/prod". Where it is no mere word, all that follows is meant.
func wordAt(line string, at int) span {
	if at < len(line) && line[at] == ' ' {
		at++
	}
	for end := at; end < len(line); end++ {
		if line[end] <= ' ' {
			return span{at, end}
		}
		if classes[line[end]] == delim {
			break
		}
	}
	return span{at, len(line)}
}

// headerEnd is where the value of a header ends: before the next header that is known to be harmless, else before the brace that ends the line.
func (d *Decoder) headerEnd(line string, at int) int {
	for from := at; ; {
		comma := strings.Index(line[from:], ", ")
		if comma < 0 {
			break
		}
		end := from + comma
		from = end + len(", ")
		next := from
		for next < len(line) && classes[line[next]] == nameByte {
			next++
		}
		if next < len(line) && line[next] == '=' && d.public(line[from:next]) {
			return end
		}
	}
	if end := len(line) - 1; end > at && line[end] == '}' {
		return end
	}
	return len(line)
}

// jsonValue is a value of JSON, without its quotes or brackets. JSON may be in a string of JSON, and that in another, with more backslashes each.
func jsonValue(line string, at int) span {
	start := at
	for at < len(line) && line[at] == '\\' {
		at++
	}
	if at == len(line) {
		return span{start, at}
	}
	switch c := line[at]; c {
	case '"', '\'':
		for from := at + 1; ; {
			end, after := quoteEnd(line, from, at-start, c)
			if end < 0 {
				return span{at + 1, len(line)}
			}
			if ends(line, after) {
				return span{at + 1, end}
			}
			from = after
		}
	case '[', '{':
		if end := bracketEnd(line, at); end >= 0 && ends(line, end+1) {
			return span{at + 1, end}
		}
	default:
		end := at
		for end < len(line) && (classes[line[end]] == nameByte || line[end] == '.' || line[end] == '+') {
			end++
		}
		if ends(line, end) {
			return span{start, end}
		}
	}
	return span{start, len(line)}
}

// ends reports whether a value of JSON can end at a position.
func ends(line string, at int) bool {
	for at < len(line) && strings.IndexByte(" \t\r\n\\", line[at]) >= 0 {
		at++
	}
	return at == len(line) || strings.IndexByte(",}]", line[at]) >= 0
}

// quoteEnd finds the quote that closes one which so many backslashes stand before, and returns where its own backslashes begin, and what follows it;
// -1 where there is none. A string of JSON in another is quoted with one backslash, one in that with three.
func quoteEnd(line string, from, backslashes int, quote byte) (end, after int) {
	for i := from; ; i++ {
		next := strings.IndexByte(line[i:], quote)
		if next < 0 {
			return -1, len(line)
		}
		i += next
		n := 0
		for i-n > from && line[i-n-1] == '\\' {
			n++
		}
		if n >= backslashes && (n-backslashes)%(2*(backslashes+1)) == 0 {
			return i - backslashes, i + 1
		}
	}
}

// bracketEnd finds the bracket that closes the one at a position, -1 where there is none.
func bracketEnd(line string, at int) int {
	depth := 0
	for i := at; i < len(line); i++ {
		switch line[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i
			}
		case '"':
			n := 0
			for line[i-n-1] == '\\' {
				n++
			}
			_, after := quoteEnd(line, i+1, n, '"')
			i = after - 1
		}
	}
	return -1
}
