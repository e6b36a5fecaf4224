package accessspan

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Ids are those of the documentation, so that a repeat, and another collector, make the same.
func TestIdsAreOfTheRequest(t *testing.T) {
	hash := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	const latencies = "$context.responseLatency $context.integrationLatency $context.authorizer.latency "
	for format, tt := range map[string]struct{ line, of string }{
		"$context.extendedRequestId $context.requestId": {"Vwc2MGFUrPEFV_g= a3c1f6f0", "Vwc2MGFUrPEFV_g="},
		"$context.requestId $context.extendedRequestId": {"a3c1f6f0 -", "a3c1f6f0"},
		"$context.requestId $context.status":            {"- 200", "event-1"},
		// A client can send the same requestId twice.
		"$context.requestId $context.requestTimeEpoch":                            {"a3c1f6f0 1700000000123", "a3c1f6f0\x001700000000123"},
		"$context.requestId $context.requestTimeEpoch $context.extendedRequestId": {"a3c1f6f0 1700000000123 Vwc2MGFUrPEFV_g=", "Vwc2MGFUrPEFV_g="},
		"$context.requestId $context.requestTimeEpoch $context.status":            {"- 1700000000123 200", "event-1"},
	} {
		f := bind(t, latencies+format, nil)
		spans := spansOf(f.write(t, "9 5 2 "+tt.line, nil))
		sum := hash(tt.of)
		assert.Equal(t, []string{sum[32:48], hash("authorizer\x00" + tt.of)[:16], sum[48:]}, []string{spans[0].id, spans[1].id, spans[2].id})
		for _, s := range spans {
			assert.Equal(t, sum[:32], s.trace)
		}
		assert.Equal(t, spans, spansOf(f.write(t, "9 5 2 "+tt.line, nil)), "a repeat is the same")
	}
}

func TestLinesSayWhichTraceTheyAreOf(t *testing.T) {
	const format = "$context.responseLatency $context.requestId xray=$context.xrayTraceId; w3c=$context.authorizer.traceparent; header=$context.requestOverride.header.X-Amzn-Trace-Id."
	const (
		xray   = "1-58406520-a006649127e371903a2de979"
		xrayID = "58406520a006649127e371903a2de979"
		w3cID  = "0af7651916cd43dd8448eb211c80319c"
		w3c    = "00-" + w3cID + "-b7ad6b7169203331-01"
		parent = "b7ad6b7169203331"
	)
	own := spansOf(bind(t, format, nil).write(t, "1 r xray=-; w3c=-; header=-.", nil))[0].trace
	for values, want := range map[string][2]string{
		"xray=" + xray + "; w3c=-; header=-.":                                                             {xrayID, ""},
		"xray=Root=" + xray + "; w3c=-; header=-.":                                                        {xrayID, ""},
		"xray=" + xray + "; w3c=" + w3c + "; header=-.":                                                   {xrayID, ""},
		"xray=" + xray + "; w3c=00-" + xrayID + "-" + parent + "-00; header=-.":                           {xrayID, parent},
		"xray=" + xray + "; w3c=-; header=Root=" + xray + ";Parent=53995c3f42cd8ad8;Sampled=1.":           {xrayID, "53995c3f42cd8ad8"},
		"xray=-; w3c=" + w3c + "; header=-.":                                                              {w3cID, parent},
		"xray=-; w3c=01-" + w3cID + "-" + parent + "-01-more; header=-.":                                  {w3cID, parent},
		"xray=-; w3c=-; header=Self=1-67891234-12456789abcdef012345678;Root=" + xray + ";Parent=nothing.": {xrayID, ""},
		"xray=-; w3c=00-" + w3cID + "-" + parent + "-01-more; header=-.":                                  {own, ""},
		"xray=-; w3c=ff-" + w3cID + "-" + parent + "-01; header=-.":                                       {own, ""},
		"xray=-; w3c=00-" + strings.Repeat("0", 32) + "-" + parent + "-01; header=-.":                     {own, ""},
		"xray=-; w3c=00-" + w3cID + "-" + strings.Repeat("0", 16) + "-01; header=-.":                      {own, ""},
		"xray=-; w3c=a secret; header=-.":                                                                 {own, ""},
		"xray=1-58406520-nothing; w3c=-; header=-.":                                                       {own, ""},
	} {
		span := spansOf(bind(t, format, nil).write(t, "1 r "+values, nil))[0]
		assert.Equal(t, want, [2]string{span.trace, span.parent}, values)
	}
}

// Whoever traces a part of a request says whether it is recorded; without a word all that a line shows is.
func TestSpansAreSampledUnlessTheCallerSaysNo(t *testing.T) {
	const (
		trace = "0af7651916cd43dd8448eb211c80319c"
		xray  = "1-58406520-a006649127e371903a2de979"
	)
	f := bind(t, "$context.responseLatency $context.integrationLatency $context.authorizer.latency w3c=$context.authorizer.traceparent; header=$context.requestOverride.header.X-Amzn-Trace-Id.", nil)
	for values, want := range map[string]uint32{
		"w3c=-; header=-.": 1,
		"w3c=00-" + trace + "-b7ad6b7169203331-01; header=-.":                           1,
		"w3c=00-" + trace + "-b7ad6b7169203331-00; header=-.":                           0,
		"w3c=00-" + trace + "-b7ad6b7169203331-02; header=-.":                           0,
		"w3c=00-" + trace + "-b7ad6b7169203331-zz; header=-.":                           1,
		"w3c=-; header=Root=" + xray + ";Parent=53995c3f42cd8ad8;Sampled=0.":            0,
		"w3c=-; header=Root=" + xray + ";Parent=53995c3f42cd8ad8;Sampled=1.":            1,
		"w3c=-; header=Root=" + xray + ".":                                              1,
		"w3c=00-" + trace + "-b7ad6b7169203331-01; header=Root=" + xray + ";Sampled=0.": 1, // another trace
	} {
		spans := f.write(t, "9 5 2 "+values, nil).ResourceSpans().At(0).ScopeSpans().At(0).Spans()
		assert.Equal(t, 3, spans.Len())
		for _, s := range spans.All() {
			assert.Equal(t, want, s.Flags(), "%s: %s", values, s.Name())
		}
	}
}
