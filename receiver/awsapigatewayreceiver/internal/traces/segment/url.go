package segment

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// location is what a URL says, without user name and password.
type location struct {
	scheme, host string
	port         int64
	portText     string // with its colon, where the URL has one
	path         string // "/" where the URL has none
	query        string
	credentials  bool
}

// parseURL takes a URL apart, or a path with a query. The rest of what is neither is not looked at, as it may hold anything: then ok is false.
func parseURL(s string) (l location, ok bool) {
	s, _, _ = strings.Cut(s, "#")
	s, l.query, _ = strings.Cut(s, "?")
	if strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") {
		l.path = s
		return l, true
	}
	scheme, rest, found := strings.Cut(s, "://")
	if !found || !isScheme(scheme) {
		return location{}, false
	}
	l.scheme = strings.ToLower(scheme)
	authority := rest
	l.path = "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, l.path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority, l.credentials = authority[i+1:], true
	}
	return l, l.authority(authority)
}

func isScheme(s string) bool {
	for i := range len(s) {
		if !isSchemeByte(s[i]) {
			return false
		}
	}
	return s != "" && isLetter(s[0])
}

func isSchemeByte(c byte) bool { return isLetter(c) || c-'0' <= 9 || c == '+' || c == '-' || c == '.' }

func isLetter(c byte) bool { return (c|0x20)-'a' < 26 }

// authority reads a host with its port. What is none may be a part of a password with a slash in it.
func (l *location) authority(s string) bool {
	l.host = s
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		l.host, l.portText = s[:i], s[i:]
		port, err := strconv.ParseUint(s[i+1:], 10, 16)
		if l.port = int64(port); err != nil {
			return false
		}
	} else {
		switch l.scheme {
		case "http", "ws":
			l.port = 80
		case "https", "wss":
			l.port = 443
		}
	}
	l.host = strings.TrimSuffix(strings.TrimPrefix(l.host, "["), "]")
	return l.host != ""
}

// full is the URL without its query, as the conventions want it: credentials replaced.
func (l *location) full() string {
	host := l.host
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	if l.credentials {
		return l.scheme + "://REDACTED:REDACTED@" + host + l.portText + l.path
	}
	return l.scheme + "://" + host + l.portText + l.path
}

// url writes the URL of a request. The query is off unless the user asks for it: it is where tokens travel.
func (w *writer) url(s string, server bool) {
	l, ok := parseURL(s)
	if !ok {
		return
	}
	w.str(attr.ServerAddress, l.host)
	if l.port != 0 {
		w.int(attr.ServerPort, l.port)
	}
	if !server && l.host != "" {
		w.str(attr.URLFull, l.public(s, l.query != "" && w.keepsQueries()))
		return
	}
	w.str(attr.URLScheme, l.scheme)
	w.str(attr.URLPath, l.path)
	w.query(l.query)
}

// query writes the query of a URL.
func (w *writer) query(query string) {
	w.optional(attr.URLQuery, redactQuery(query), true)
}

// public is the URL s without credentials, with its query where that is to be kept. Where there is nothing to hide, it is the text itself.
func (l *location) public(s string, keep bool) string {
	switch {
	case l.query != "" && keep:
		return l.full() + "?" + redactQuery(l.query)
	case !l.credentials && l.query == "" && strings.HasSuffix(s, l.path) && strings.IndexByte(s, '?') < 0:
		return s
	}
	return l.full()
}

// signatures are the parameters of signed URLs: who has the URL has what it signs.
var signatures = [...]string{"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature"}

// redactQuery replaces the values that the conventions name, those of keys that are secret everywhere, and those that have such in them, as URLs do. It is
// the text itself where there are none.
func redactQuery(query string) string {
	var out strings.Builder
	done := 0
	for start := 0; start < len(query); {
		end := start + strings.IndexAny(query[start:], "&;")
		if end < start {
			end = len(query)
		}
		if key, value, found := strings.Cut(query[start:end], "="); found && (isSecret(unescaped(key)) || hasSecret(unescaped(value))) {
			out.WriteString(query[done:start])
			out.WriteString(key)
			out.WriteString("=REDACTED")
			done = end
		}
		start = end + 1
	}
	if done == 0 {
		return query
	}
	out.WriteString(query[done:])
	return out.String()
}

func isSecret(key string) bool { return redact.Secret(key) || isSignature(key) }

// hasSecret says whether a value has a parameter that is secret, or credentials of a URL.
func hasSecret(value string) bool {
	if strings.IndexByte(value, '@') >= 0 && strings.Contains(value, "://") {
		return true
	}
	for part := range strings.FieldsFuncSeq(value, func(c rune) bool { return strings.ContainsRune("?&;#", c) }) {
		if key, _, found := strings.Cut(part, "="); found && isSecret(key) {
			return true
		}
	}
	return false
}

// maxEncoded is how often a part of a query is encoded that is looked into: a URL in a query is encoded twice, one in that three times.
const maxEncoded = 4

// unescaped is what a part of a query stands for.
func unescaped(s string) string {
	for range maxEncoded {
		plain, err := url.QueryUnescape(s)
		if err != nil || plain == s {
			break
		}
		s = plain
	}
	return s
}

func isSignature(key string) bool {
	for _, s := range signatures {
		if strings.EqualFold(s, key) {
			return true
		}
	}
	return false
}
