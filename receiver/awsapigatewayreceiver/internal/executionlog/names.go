package executionlog

import "strings"

// maxName is how much of a name is looked at, from its end.
const maxName = 64

// minName is the length of the shortest keywords.
const minName = len("cookie")

// secretName finds the keyword in a name, nil where there is none.
func (d *Decoder) secretName(name string, member bool) *keyword {
	if len(name) < minName {
		return nil
	}
	var buf [maxName]byte
	n := 0
	for i := max(0, len(name)-maxName); i < len(name); i++ {
		if c := lower(name[i]); c != '-' && c != '_' && c != ' ' {
			buf[n] = c
			n++
		}
	}
	for i, c := range buf[:n] {
		for j := range d.secrets[c] {
			k := &d.secrets[c][j]
			if len(k.name) <= n-i && string(buf[i:i+len(k.name)]) == k.name && (member || !k.member) {
				return k
			}
		}
	}
	return nil
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// public reports whether a header is known to be harmless.
func (d *Decoder) public(name string) bool {
	var buf [maxName]byte
	if len(name) > maxName {
		return false
	}
	for i := range len(name) {
		buf[i] = lower(name[i])
	}
	folded := buf[:len(name)]
	known := publicHeaders[string(folded)]
	for i := len(folded) - 1; i > 0 && !known; i-- {
		known = folded[i] == '-' && publicHeaders[string(folded[:i+1])]
	}
	return known && d.secretName(name, true) == nil
}

// publicHeaders are the headers that end a secret one in a map as Java writes it: {Cookie=a=b, c=d, Host=example.com}. Nothing there is quoted, and
// a secret may hold what looks like the next header, so that only known ones count. One with - at its end stands for all that begin so.
var publicHeaders = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`
		accept accept- access-control- age cache-control cloudfront- connection content-length content-type content-encoding content-language
		content-md5 date dnt etag forwarded host if-match if-none-match if-modified-since last-modified origin pragma referer sec-ch- sec-fetch-
		sec-websocket- server strict-transport-security transfer-encoding upgrade upgrade-insecure-requests user-agent vary via x-amz-apigw-id
		x-amz-cf-id x-amz-date x-amz-executed-version x-amz-function-error x-amz-source-arn x-amzn- x-content-type-options x-forwarded-`) {
		m[name] = true
	}
	return m
}()
