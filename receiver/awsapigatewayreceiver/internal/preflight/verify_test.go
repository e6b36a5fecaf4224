package preflight

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Each question says what it asks and costs before it is asked, and what was seen comes out, with what could not be asked.
func TestVerify(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.everything()
	r.Clock = poll.Scaled{Origin: time.Now(), Epoch: noon, Factor: 100} // a minute is half a second
	var said []string
	r.Announce = func(text string) {
		said = append(said, text)
	}
	report := r.run(t)
	target := report.Targets[0]
	require.Len(t, said, len(questions))
	require.Len(t, target.Verified, len(questions)+len(unanswerable))
	for i, q := range questions {
		assert.Contains(t, said[i], q.text)
		assert.Regexp(t, `at most 0\.\d{4} USD$`, said[i])
	}
	for i, want := range []string{
		`^\d+ series with ApiId,Method,Resource,Stage|^\d+ series with ApiId,Route,Stage|^$`,
		`^newest points had ended .* a minute later \d+ of \d+ points were new and 0 had another value$`,
		`^1 h: .*; 6 h: .*; 24 h: .*; 48 h: `,
		`^\d+ of \d+ lines are known$`,
		`^\d+ entries by a key's id, 0 by its value, 0 by neither; \d+ under values, 0 under items$`,
		`^of \d+ lines \d+ are JSON, and \d+ have a backslash$`,
	} {
		v := target.Verified[i]
		assert.Regexp(t, want, v.Saw, "%s: %s", v.Question, v.NotChecked)
	}
	for _, v := range target.Verified {
		assert.NotEqual(t, v.Saw == "", v.NotChecked == "", "%s: seen, or not checked for a reason", v.Question)
	}
	assert.Contains(t, text(t, report), "not checked: only the bill tells")
}

// What the configuration does not ask for is not read for a question either, and the report says what it takes.
func TestVerifySaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	for signal, unmet := range map[string][]string{
		"metrics": {needsXRay, needsExecution, needsUsage, needsAccess},
		"logs":    {needsMetrics, needsMetrics, needsXRay, needsExecution, needsUsage},
		"traces":  {needsMetrics, needsMetrics, needsExecution, needsUsage, needsAccess},
	} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			r := newQuietRig(t)
			r.Signals = []string{signal}
			r.Logs.Execution.Enabled = false
			r.Clock = poll.Scaled{Origin: time.Now(), Epoch: noon, Factor: 100} // a minute is half a second
			said := 0
			r.Announce = func(string) { said++ }
			var needs []string
			for _, v := range r.run(t).Targets[0].Verified {
				if need, ok := strings.CutPrefix(v.NotChecked, "it needs "); ok {
					needs = append(needs, need)
				}
			}
			assert.Equal(t, unmet, needs)
			assert.Equal(t, len(questions)-len(unmet), said, "only what is asked is announced")
		})
	}
}

// Without --verify nothing is asked beyond the report.
func TestNothingIsVerifiedUnasked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := r.run(t).Targets[0]
	assert.Empty(t, target.Verified)
	assert.Equal(t, 1, r.sim.Count("GetMetricData"))
}

// Two readings of the same minutes tell how old the newest points are, how many came late, and how many grew.
func TestDelays(t *testing.T) {
	asked := time.Unix(1_000_030, 0)
	first := []model.Series{{Times: []int64{999_780, 999_840}, Values: []float64{1, 2}}, {Times: []int64{999_900}, Values: []float64{5}}, {}}
	second := []model.Series{{Times: []int64{999_780, 999_840, 999_900}, Values: []float64{1, 3, 4}}, {Times: []int64{999_900}, Values: []float64{5}}, {}}
	saw, nothing, err := delays(asked, first, second)
	require.NoError(t, err)
	assert.Empty(t, nothing)
	assert.Equal(t, "newest points had ended 1m10s (median 2m10s, at most 2m10s) before; a minute later 1 of 4 points were new and 1 had another value", saw)

	_, nothing, err = delays(asked, []model.Series{{}}, []model.Series{{}})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(nothing, "none of the series"))
}
