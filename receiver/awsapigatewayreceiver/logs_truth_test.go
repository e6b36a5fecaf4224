package awsapigatewayreceiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// contextAttributes are the attributes of $context variables that do not follow from their names. Of several variables with one attribute, the first that
// has a value counts.
var contextAttributes = [][2]string{
	{"requestId", "aws.request_id"},
	{"extendedRequestId", prefix + "extended_request_id"},
	{"httpMethod", "http.request.method"},
	{"path", "url.path"},
	{"protocol", "network.protocol.version"},
	{"resourcePath", "http.route"},
	{"routeKey", prefix + "route_key"},
	{"status", "http.response.status_code"},
	{"responseLength", "http.response.body.size"},
	{"responseLatency", prefix + "response.latency"},
	{"integration.latency", prefix + "integration.latency"},
	{"integrationLatency", prefix + "integration.latency"},
	{"integration.status", prefix + "integration.status_code"},
	{"integration.integrationStatus", prefix + "integration.service_status_code"},
	{"integrationStatus", prefix + "integration.service_status_code"},
	{"integration.error", prefix + "integration.error"},
	{"integrationErrorMessage", prefix + "integration.error"},
	{"integration.requestId", prefix + "integration.request_id"},
	{"awsEndpointRequestId", prefix + "integration.request_id"},
	{"domainName", "server.address"},
	{"identity.sourceIp", "client.address"},
	{"identity.userAgent", "user_agent.original"},
	{"identity.apiKeyId", prefix + "api_key_id"},
	{"isCanaryRequest", prefix + "canary"},
	{"xrayTraceId", "aws.xray.trace_id"},
	{"error.responseType", "error.type"},
	{"error.message", prefix + "error.message"},
	{"error.messageString", prefix + "error.message"},
	{"error.validationErrorString", prefix + "error.validation_message"},
	{"tlsVersion", "tls.protocol.version"},
	{"cipherSuite", "tls.cipher"},
	{"identity.clientCert.subjectDN", "tls.client.subject"},
	{"identity.clientCert.issuerDN", "tls.client.issuer"},
	{"authorizer.principalId", "user.id"},
	{"identity.user", "user.id"},
}

// Variables whose values are not text, and those that are no attribute.
var (
	contextNumbers = map[string]bool{
		"status": true, "responseLength": true, "integration.status": true, "integrationStatus": true, "integration.integrationStatus": true, "connectedAt": true,
		"dataProcessed": true, "responseOverride.status": true, "waf.status": true, "authenticate.status": true, "authorize.status": true, "authorizer.status": true,
		"authorizer.integrationStatus": true,
	}
	contextMilliseconds = map[string]bool{
		"responseLatency": true, "integrationLatency": true, "integration.latency": true, "waf.latency": true, "authenticate.latency": true, "authorize.latency": true,
		"authorizer.latency": true, "authorizer.integrationLatency": true, "integration.timeToAllHeaders": true, "integration.timeToFirstContent": true,
	}
	contextElsewhere = map[string]bool{"requestTime": true, "requestTimeEpoch": true, "apiId": true, "stage": true, "accountId": true}
)

// hiddenVariable says whether a variable's values come out only where they are asked for, or never.
func hiddenVariable(name string) bool {
	switch name {
	case "authorizer.principalId", "identity.user", "identity.apiKey":
		return true
	case "authorizer.error", "authorizer.latency", "authorizer.status", "authorizer.requestId", "authorizer.integrationLatency", "authorizer.integrationStatus":
		return false
	}
	return strings.HasPrefix(name, "authorizer.")
}

var capital = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func contextAttribute(name string) string {
	for _, a := range contextAttributes {
		if a[0] == name {
			return a[1]
		}
	}
	return prefix + strings.ToLower(capital.ReplaceAllString(name, "${1}_${2}"))
}

// contextName finds the variables of the tests' formats.
var contextName = regexp.MustCompile(`\$context\.(requestOverride\.header\.[A-Za-z-]+|[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*)`)

// accessLogTruth says what the records of a stage's requests are.
type accessLogTruth struct {
	world *awssim.World
	api   *awssim.API
	stage *awssim.Stage
	*redaction
}

// redaction is what of the values comes out, other than by default.
type redaction struct {
	include []string // variables that are off by default
	drop    []string // attributes
	hash    []string // attributes of which a hash with hashKey comes out
}

const hashKey = "0123456789abcdef0123456789abcdef"

// hides says whether a variable's values are masked in the body, and whether they are no attribute.
func (a *redaction) hides(name string) (masked, absent bool) {
	if a == nil {
		return hiddenVariable(name), hiddenVariable(name)
	}
	attribute := contextAttribute(name)
	off := hiddenVariable(name) && !slices.Contains(a.include, name) || slices.Contains(a.drop, attribute)
	return off || slices.Contains(a.hash, attribute), off
}

// value is what takes the place of an attribute's text.
func (a *redaction) value(attribute, v string) string {
	if a == nil || !slices.Contains(a.hash, attribute) {
		return v
	}
	mac := hmac.New(sha256.New, []byte(hashKey))
	mac.Write([]byte(v))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// format is the stage's access-log format at a time.
func (a *accessLogTruth) format(at time.Time) string {
	stage := *a.stage
	for _, c := range stage.Changes {
		if !c.At.After(at) {
			c.Set(&stage)
		}
	}
	return stage.AccessLog.Format
}

// record is what should come out for a request.
func (a *accessLogTruth) record(r *awssim.AccessRecord) record {
	format := a.format(r.At)
	out := record{Event: accessEvent, Severity: "INFO", At: r.At, Attributes: map[string]any{}, Resource: stageResource(a.api, a.stage.Name, r.Group)}
	var named []string
	for _, m := range contextName.FindAllStringSubmatch(format, -1) {
		named = append(named, m[1])
	}
	present := func(name string) (string, bool) {
		v := r.Values[name]
		return v, slices.Contains(named, name) && v != "" && v != "-"
	}
	for _, pair := range contextAttributes {
		if _, ok := out.Attributes[pair[1]]; !ok {
			a.put(out.Attributes, pair[0], pair[1], format, present)
		}
	}
	for _, name := range named {
		if contextElsewhere[name] || slices.ContainsFunc(contextAttributes, func(p [2]string) bool { return p[0] == name }) {
			continue
		}
		a.put(out.Attributes, name, contextAttribute(name), format, present)
	}
	if key, ok := present("routeKey"); ok {
		if _, route, ok := strings.Cut(key, " "); ok {
			out.Attributes["http.route"] = route
		}
	}
	if v, ok := present("xrayTraceId"); ok {
		out.TraceID = strings.ReplaceAll(strings.TrimPrefix(v, "1-"), "-", "")
	}
	switch status, _ := out.Attributes["http.response.status_code"].(int64); {
	case status >= 500:
		out.Severity = "ERROR"
	case status >= 400:
		out.Severity = "WARN"
	}
	if _, ok := present("requestTimeEpoch"); !ok && slices.Contains(named, "requestTime") {
		out.At = r.At.Truncate(time.Second)
	}
	out.Body = contextName.ReplaceAllStringFunc(format, func(v string) string {
		name := strings.TrimPrefix(v, "$context.")
		value, ok := present(name)
		if !ok {
			return "-"
		}
		if masked, _ := a.hides(name); masked {
			return strings.Repeat("*", len(value))
		}
		return withoutCredentials(value)
	})
	return out
}

// repeatedCredentials are what the embedded AWS's words about a request's credentials repeat of them.
var repeatedCredentials = regexp.MustCompile(`'([^']*)' not a valid key=value pair \(missing equal-sign\) in Authorization header: '([^']*)'`)

// withoutCredentials has asterisks instead of them.
func withoutCredentials(v string) string {
	b := []byte(v)
	for _, found := range repeatedCredentials.FindAllStringSubmatchIndex(v, -1) {
		for i := range b {
			if found[2] <= i && i < found[3] || found[4] <= i && i < found[5] {
				b[i] = '*'
			}
		}
	}
	return string(b)
}

func (a *accessLogTruth) put(to map[string]any, name, attribute, format string, present func(string) (string, bool)) {
	v, ok := present(name)
	if _, absent := a.hides(name); !ok || absent {
		return
	}
	switch n, err := strconv.ParseInt(v, 10, 64); {
	case contextNumbers[name] && err == nil:
		to[attribute] = n
	case contextMilliseconds[name] && err == nil:
		to[attribute] = float64(n) / 1000
	case name == "isCanaryRequest":
		to[attribute] = v == "true"
	case name == "protocol":
		to[attribute] = strings.TrimPrefix(v, "HTTP/")
	case name == "tlsVersion":
		to[attribute] = strings.TrimPrefix(v, "TLSv")
	default:
		if name == "error.messageString" {
			v = v[1 : len(v)-1]
		}
		to[attribute] = a.value(attribute, withoutCredentials(unescaped(v, format)))
	}
}

// unescaped is what a value stands for in a format that is JSON or XML, if all of it is escaped as it should be.
func unescaped(v, format string) string {
	var out string
	switch {
	case strings.HasPrefix(format, "{") && json.Unmarshal([]byte(`"`+v+`"`), &out) == nil:
		return out
	case strings.HasPrefix(format, "<") && !strings.Contains(v, "<") && xml.Unmarshal([]byte("<v>"+v+"</v>"), &out) == nil:
		return out
	}
	return v
}

// stageResource is the resource of the records of a stage of the test's account and region.
func stageResource(api *awssim.API, stage, group string) map[string]any {
	kind, path := api.Type, "apis"
	if kind == "" {
		kind, path = awssim.TypeREST, "restapis"
	}
	out := map[string]any{
		"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": testAccount, "cloud.region": testRegion,
		"cloud.resource_id":   "arn:aws:apigateway:" + testRegion + "::/" + path + "/" + api.ID + "/stages/" + stage,
		prefix + "api_id":     api.ID,
		prefix + "api_name":   api.Name,
		prefix + "api_type":   kind,
		prefix + "stage":      stage,
		"service.name":        api.Name,
		"service.instance.id": testAccount + "/" + testRegion + "/" + api.ID + "/" + stage,
		"aws.log.group.names": []any{group},
	}
	if kind == awssim.TypeREST {
		out[prefix+"rest_api_id"], out[prefix+"endpoint_type"] = api.ID, "REGIONAL"
	}
	return out
}

// accessTruth is what should come out for all stages of the test's region, by the ids of the events.
func (r *rig) accessTruth(from, to time.Time, redacted *redaction) map[string]record {
	r.t.Helper()
	want := map[string]record{}
	for _, api := range r.world.Accounts[0].Regions[0].APIs {
		for _, stage := range api.Stages {
			truth := accessLogTruth{r.world, api, stage, redacted}
			for request := range r.world.AccessRecords(api, stage, from, to) {
				if request.Group != "" {
					want[request.EventID] = truth.record(&request)
				}
			}
		}
	}
	require.NotEmpty(r.t, want)
	return want
}

// await waits until all events of a truth have come, and as much longer as it takes to read late events again.
func (r *rig) await(want map[string]record) {
	r.t.Helper()
	uids := slices.Collect(maps.Keys(want))
	if !assert.Eventually(r.t, func() bool { return r.records.has(uids) }, 40*time.Second, 20*time.Millisecond, "not everything came out") {
		return
	}
	r.until(r.now().Add(lateAndSwept))
}

// lateAndSwept is how long the default late window and two sweeps after it take.
const lateAndSwept = 22 * time.Minute

// compareRecords holds what came to what should: each record, each of its attributes, none too many.
func compareRecords(t *testing.T, s *recordSink, want map[string]record) {
	t.Helper()
	got := s.taken()
	var wrong []string
	missing := 0
	for _, uid := range slices.Sorted(maps.Keys(want)) {
		w := want[uid]
		g, ok := got[uid]
		switch {
		case !ok:
			missing++
			wrong = append(wrong, fmt.Sprintf("missing: %s at %v in %v: %s", uid, w.At, w.Resource["aws.log.group.names"], w.Body))
		case !reflect.DeepEqual(g, w):
			wrong = append(wrong, fmt.Sprintf("%s: %s\nof %s", uid, difference(&w, &g), w.Body))
		}
		delete(got, uid)
	}
	for _, uid := range slices.Sorted(maps.Keys(got)) {
		wrong = append(wrong, fmt.Sprintf("too many: %s %v", uid, got[uid]))
	}
	assert.Empty(t, strings.Join(wrong[:min(len(wrong), 5)], "\n"), "%d of %d records are wrong, of them %d are missing", len(wrong), len(want), missing)
	assert.Empty(t, s.errs)
}

// difference says where two records differ.
func difference(want, got *record) string {
	var b strings.Builder
	for _, m := range []struct {
		of        string
		want, got map[string]any
	}{
		{"", want.Attributes, got.Attributes},
		{"resource ", want.Resource, got.Resource},
		{
			"",
			map[string]any{"event": want.Event, "body": want.Body, "severity": want.Severity, "trace": want.TraceID, "time": want.At},
			map[string]any{"event": got.Event, "body": got.Body, "severity": got.Severity, "trace": got.TraceID, "time": got.At},
		},
	} {
		keys := maps.Clone(m.want)
		maps.Copy(keys, m.got)
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if !reflect.DeepEqual(m.want[k], m.got[k]) {
				fmt.Fprintf(&b, "%s%s is %#v, not %#v; ", m.of, k, m.got[k], m.want[k])
			}
		}
	}
	return b.String()
}
