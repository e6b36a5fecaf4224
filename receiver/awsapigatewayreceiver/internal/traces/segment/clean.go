package segment

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// clean is a text without what may be secret in it: the queries and credentials of URLs, be they the text or a part of it, and where it is JSON, as
// applications keep the events of Lambda, or a form, the values of secret keys.
func (w *writer) clean(s string) string {
	if isJSON(s) {
		return w.scrub(s)
	}
	if suspicious(s) {
		return public(s, w.keepsQueries())
	}
	if strings.IndexByte(s, '=') >= 0 && !strings.ContainsAny(s, spaces) {
		return redactQuery(s)
	}
	return s
}

// isJSON says whether a text begins as JSON does that may have keys in it: an object, an array, or a string that is JSON once more.
func isJSON(s string) bool {
	s = strings.TrimLeft(s, spaces)
	return s != "" && (s[0] == '{' || s[0] == '[' || s[0] == '"')
}

// keepsQueries says whether the user asks for the queries of URLs.
func (w *writer) keepsQueries() bool { return w.rules.Of(attr.URLQuery, true) == redact.Keep }

// suspicious says whether there may be a query, credentials or a fragment in a text.
func suspicious(s string) bool {
	return strings.IndexByte(s, '?') >= 0 || strings.IndexByte(s, '@') >= 0 || strings.IndexByte(s, '#') >= 0
}

const spaces = " \t\r\n"

// public is a text without the credentials of the URLs in it, and without their queries and those of paths unless they are to be kept. A query ends
// with its word, but in a text that begins with the URL: there, nobody knows whether a space is one of the query.
func public(s string, keep bool) string {
	before, _, _ := strings.Cut(s, "?")
	if !strings.ContainsAny(before, spaces) {
		return publicWord(s, keep)
	}
	var out strings.Builder
	done := 0
	for start := 0; start < len(s); {
		end := start + strings.IndexAny(s[start:], spaces)
		if end < start {
			end = len(s)
		}
		if word := s[start:end]; suspicious(word) {
			out.WriteString(s[done:start])
			out.WriteString(publicWord(word, keep))
			done = end
		}
		start = end + 1
	}
	out.WriteString(s[done:])
	return out.String()
}

// publicWord is a word with at most one URL or path in it, with anything before that.
func publicWord(s string, keep bool) string {
	start := schemeIn(s)
	if q := queryIn(s[:start]); q >= 0 {
		return withQuery(s[:q], s[q+1:], keep)
	}
	url := s[start:]
	if !suspicious(url) {
		return s
	}
	l, ok := parseURL(url)
	if !ok {
		scheme, _, _ := strings.Cut(url, "://")
		return s[:start] + scheme + "://REDACTED"
	}
	if strings.Contains(l.path, "://") && strings.IndexByte(l.path, '@') >= 0 {
		l.path = l.path[:schemeIn(l.path)] + "REDACTED" // a URL in a URL
	}
	return s[:start] + l.public(url, keep)
}

// schemeIn is where a URL begins in a word, the word's end where there is none.
func schemeIn(s string) int {
	end := strings.Index(s, "://")
	start := max(end, 0)
	for start > 0 && isSchemeByte(s[start-1]) {
		start--
	}
	for ; start < end; start++ {
		if isLetter(s[start]) {
			return start
		}
	}
	return len(s)
}

// queryIn is where a word has the question mark of a query, -1 where it has none: behind a path, or before a parameter. Others end a question, or are a
// place in a statement.
func queryIn(s string) int {
	slash := strings.IndexByte(s, '/')
	for q := strings.IndexByte(s, '?'); q >= 0 && q+1 < len(s); {
		rest := s[q+1:]
		if slash >= 0 && slash < q && strings.IndexByte(`?,;:)'"`, rest[0]) < 0 {
			return q
		}
		if end := strings.IndexAny(rest, `=?,;:()'"/&`); end > 0 && rest[end] == '=' {
			return q
		}
		next := strings.IndexByte(rest, '?')
		if next < 0 {
			return -1
		}
		q += 1 + next
	}
	return -1
}

func withQuery(s, query string, keep bool) string {
	if keep {
		return s + "?" + redactQuery(query)
	}
	return s
}

// nameOf is a name without what is another one with each request, and may be secret.
func nameOf(s string) string {
	if suspicious(s) {
		s = public(s, false)
	}
	return cut(s, maxKey)
}

// cleanURL is what is to be seen of what should be a URL, and may have no scheme.
func (w *writer) cleanURL(s string) string {
	if !suspicious(s) {
		return s
	}
	keep := w.keepsQueries()
	if l, ok := parseURL(s); ok && l.host != "" {
		return l.public(s, keep)
	}
	if schemeIn(s) < len(s) {
		return publicWord(s, keep)
	}
	s, _, _ = strings.Cut(s, "#")
	s, query, found := strings.Cut(s, "?")
	if strings.IndexByte(s, '@') >= 0 {
		return ""
	}
	return withQuery(s, query, keep && found)
}

// isQuery says whether a member of HTTP that has no attribute of its own is a query: http.request.query, http.request.queryStringParameters.
func isQuery(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return strings.HasPrefix(name, "http.") && len(last) >= len("query") && strings.EqualFold(last[:len("query")], "query")
}
