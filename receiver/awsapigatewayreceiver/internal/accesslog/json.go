package accesslog

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Bounds of a line that is read by its keys alone. A log event has at most 1 MB (CloudWatch Logs quotas: event size).
const (
	maxJSON   = 1 << 20
	maxValues = 512
	maxKey    = 256 // of nested keys, joined
	maxDepth  = 16
)

// keys are the variables by what they are called in JSON objects, see normal: by their whole name, by its last part where no other variable has it, and by
// the names in the documented formats.
var keys = func() map[string]string {
	out := map[string]string{"ip": "identity.sourceIp", "latency": "responseLatency"}
	count := map[string]int{"message": 1} // the logs of functions have one, beside a request id
	for _, v := range documented {
		out[normal(v.name)] = v.name
		count[normal(lastPart(v.name))]++
	}
	for _, v := range documented {
		if key := normal(lastPart(v.name)); count[key] == 1 {
			out[key] = v.name
		}
	}
	return out
}()

func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// normal makes one of all spellings of a key: sourceIp, source_ip, Source-IP.
func normal(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(key))
}

// variableOf finds the variable that a key stands for, "" where there is none. The keys of nested objects are joined by dots. A key that is a secret's, or
// an authorizer's, counts wherever it stands above a value. Where the last of them alone is known, it counts for what is not a number: numbers have the same
// names everywhere, and are no secrets.
func variableOf(key string) string {
	if name, ok := keys[normal(key)]; ok {
		return name
	}
	if strings.HasPrefix(key, "authorizer.") {
		return key
	}
	for rest := key; rest != ""; {
		part, below, _ := strings.Cut(rest, ".")
		n := normal(part)
		switch {
		case redact.Secret(part):
			return "requestOverride.header." + part
		case strings.HasPrefix(n, "authorizer"), strings.HasPrefix(n, "claims"):
			return authorizerOf(rest)
		}
		rest = below
	}
	if name := keys[normal(lastPart(key))]; byName[name].grammar != integer {
		return name
	}
	return ""
}

// authorizerOf is the variable of a key that is an authorizer's, wherever that stands.
func authorizerOf(key string) string {
	name, known := keys[normal(key)]
	switch {
	case known:
		return name
	case strings.HasPrefix(key, "authorizer."):
		return key
	default:
		return "authorizer." + key
	}
}

// DecodeJSON reads a line of an unknown format that is a JSON object by its keys. Such a line has a request id, and something else that is known. The
// format is one that this line alone has.
func DecodeJSON(line string, v *Values) (*Format, bool) {
	if len(line) > maxJSON || !strings.HasPrefix(strings.TrimSpace(line), "{") {
		return nil, false
	}
	r := &objectReader{line: line, decoder: json.NewDecoder(strings.NewReader(line)), format: &Format{}, spans: v.spans[:0]}
	r.decoder.UseNumber()
	if r.value("", 0) != nil {
		return nil, false
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	v.spans = r.spans
	f := r.format
	f.index()
	ids := 0
	for _, name := range [...]string{"requestId", "extendedRequestId"} {
		if f.indices[name] != nil {
			ids++
		}
	}
	return f, ids > 0 && len(f.indices) > 1
}

// objectReader makes a format of the keys of an object, and values of what they have.
type objectReader struct {
	line    string
	decoder *json.Decoder
	format  *Format
	spans   []span
	values  int
}

var errTooMuch = errors.New("the object has too many or too long members")

// value reads one value, at whatever depth.
func (r *objectReader) value(key string, depth int) error {
	if r.values++; r.values > maxValues || len(key) > maxKey {
		return errTooMuch
	}
	start := r.decoder.InputOffset()
	token, err := r.decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'), json.Delim('['):
		if depth == maxDepth {
			return errTooMuch
		}
		return r.members(key, token == json.Delim('{'), depth)
	}
	name := variableOf(key)
	if name == "" || token == nil {
		return nil
	}
	at := span{int(start), int(r.decoder.InputOffset())}
	at.start += strings.IndexFunc(r.line[at.start:], func(c rune) bool { return !strings.ContainsRune(" \t\r\n:,", c) })
	s := segment{variable: lookUp(name)}
	if _, ok := token.(string); ok {
		at.start++
		at.end--
		s.escape = jsonEscape
	}
	r.format.segments = append(r.format.segments, s)
	r.spans = append(r.spans, at)
	return nil
}

// members reads what an object or an array has, up to its end. What is in an array has the key of the array.
func (r *objectReader) members(key string, object bool, depth int) error {
	for r.decoder.More() {
		below := key
		if object {
			token, err := r.decoder.Token()
			if err != nil {
				return err
			}
			if below, _ = token.(string); key != "" {
				below = key + "." + below
			}
		}
		if err := r.value(below, depth+1); err != nil {
			return err
		}
	}
	_, err := r.decoder.Token()
	return err
}
