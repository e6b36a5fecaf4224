package accesslog

import "strings"

// grammar says which texts can be a variable's value. A hyphen and the empty text fit each: the value is absent.
type grammar uint8

const (
	absent grammar = iota // nothing else: API Gateway has no such variable

	// Values that are a run of characters of one class.
	integer
	address // an IP address
	host
	name   // of letters, digits, "_", "-" and "$": ids of API Gateway, stages, accounts
	method // of HTTP
	token  // without blanks, quotes, commas and angle brackets
	word   // without blanks and double quotes
	dates  // of certificates: May 26 12:30:54 2026 GMT
	path   // a word that begins with a slash

	// Values with a form of their own.
	boolean
	date     // dd/Mon/yyyy:hh:mm:ss +hhmm
	routeKey // a method, a blank and a path, or a token that does not begin with a slash

	// Values with anything in them.
	quoted // begins and ends with a double quote
	text
)

// classes has a bit for each grammar whose values are runs, for each character that those may have.
var classes = func() (c [256]uint16) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const digits = "0123456789"
	for g, characters := range map[grammar]string{
		integer: digits, address: digits + "abcdefABCDEF.:", host: letters + digits + "-._", name: letters + digits + "_-$",
		method: letters + "-_", dates: letters + digits + ": ",
	} {
		for i := range len(characters) {
			c[characters[i]] |= 1 << g
		}
	}
	for i := range c {
		if i <= ' ' || i == 0x7f || i == '"' {
			continue
		}
		c[i] |= 1<<word | 1<<path
		if !strings.ContainsRune("',<>", rune(i)) {
			c[i] |= 1<<token | 1<<routeKey
		}
	}
	return c
}()

// has says whether a character can be in a value.
func (g grammar) has(c byte) bool {
	switch {
	case g >= quoted:
		return true
	case g == routeKey:
		g = path
	}
	return classes[c]&(1<<g) != 0
}

// isRun says whether a value is a run of characters of the grammar's class, and nothing else.
func (g grammar) isRun() bool { return g <= path }

// wide says whether the ends of a value are searched for although another variable follows directly.
func (g grammar) wide() bool { return g >= quoted }

// in is the grammar that counts in a pass: in the second, all but those of numbers, dates and truth values are text.
func (g grammar) in(lenient bool) grammar {
	switch g {
	case integer, date, boolean:
		return g
	}
	if lenient {
		return text
	}
	return g
}

// reach is where a value can end: anywhere from lo to hi; where quote says so, at lo, and then only after a quote that is not its first.
type reach struct {
	lo, hi int
	quote  bool
}

func (r reach) has(s string, end int) bool {
	return r.lo <= end && end <= r.hi && (!r.quote || end == r.lo || end >= r.lo+2 && s[end-1] == '"')
}

// extent is the reach of a value that begins at p.
func (g grammar) extent(s string, p int) reach {
	switch {
	case g.isRun():
	case g == text:
		return reach{p, len(s), false}
	default:
		if r, ok := g.formed(s, p); ok {
			return r
		}
	}
	return reach{p, p + g.run(s[p:]), false}
}

// formed is the reach of a value that has the grammar's own form.
func (g grammar) formed(s string, p int) (reach, bool) {
	switch rest := s[p:]; g {
	case quoted:
		return reach{p, len(s), true}, strings.HasPrefix(rest, `"`)
	case date:
		return reach{p + dateLength, p + dateLength, false}, isDate(rest)
	case boolean:
		n := truthLength(rest)
		return reach{p + n, p + n, false}, n > 0
	case routeKey:
		if n := methodLength(rest); n > 0 {
			return reach{p + n + 2, p + n + 1 + runLength(rest[n+1:], path), false}, true
		}
	}
	return reach{}, false
}

// begins says whether a run of the grammar can have a first character.
func (g grammar) begins(c byte) bool {
	return classes[c]&(1<<g) != 0 && (g != path || c == '/') && (g != routeKey || c != '/')
}

// run is how long the longest value is that a text begins with: a run of characters, or a hyphen.
func (g grammar) run(s string) int {
	if s == "" {
		return 0
	}
	if g.begins(s[0]) {
		return 1 + runLength(s[1:], g)
	}
	if s[0] == '-' {
		return 1
	}
	return 0
}

// runLength is how many characters of a class a text begins with. Looking at four at a time halves the time that most of a line takes.
func runLength(s string, g grammar) int {
	bit := uint16(1) << g
	i := 0
	for i+4 <= len(s) && classes[s[i]]&classes[s[i+1]]&classes[s[i+2]]&classes[s[i+3]]&bit != 0 {
		i += 4
	}
	for i < len(s) && classes[s[i]]&bit != 0 {
		i++
	}
	return i
}

// maxMethod bounds the method of a route key. HTTP's own have 7 letters at most.
const maxMethod = 16

// methodLength is how many capitals a text begins with, if a blank and a slash follow; else 0.
func methodLength(s string) int {
	n := 0
	for n < len(s) && n <= maxMethod && 'A' <= s[n] && s[n] <= 'Z' {
		n++
	}
	if n > maxMethod || !strings.HasPrefix(s[n:], " /") {
		return 0
	}
	return n
}

func truthLength(s string) int {
	for _, t := range [...]string{"true", "false"} {
		if strings.HasPrefix(s, t) {
			return len(t)
		}
	}
	return 0
}
