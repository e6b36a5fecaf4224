package preflight

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Names of APIs and messages of AWS draw nothing in the terminal, and add no lines to the report.
func TestTextShowsHostileNamesAsText(t *testing.T) {
	t.Parallel()
	const hostile = "pets\x1b[2J\u202e\u009b31m\r\n\nevil can work."
	r := &Report{Signals: []string{"metrics"}, Targets: []*Target{{
		Label: "default/us-east-1", Account: "111122223333",
		Operations: []Operation{{Name: "GetMetricData", Action: "cloudwatch:GetMetricData", Result: Denied, Detail: "AccessDenied: " + hostile, Remedy: "allow it"}},
		Counts:     Counts{APIs: map[string]int{hostile: 1}, Stages: new(int), Series: map[string]int{hostile: 1}},
		Dark:       []Dark{{What: "Stages without access logs", Where: []string{hostile + "/prod"}, Remedy: "turn them on"}},
	}}}
	var b strings.Builder
	require.NoError(t, r.Write(&b, "awsapigateway"))
	assert.Equal(t, -1, strings.IndexFunc(b.String(), func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }), "%q", b.String())
	assert.Contains(t, b.String(), `pets\x1b[2J\u202e\u009b31m evil can work.`)
	for line := range strings.Lines(b.String()) {
		assert.False(t, strings.HasPrefix(line, "evil"), line)
	}
}

// Where no group could be read, how much they take is not said to be nothing.
func TestTextSaysThatNoGroupWasRead(t *testing.T) {
	t.Parallel()
	for groups, want := range map[Groups]string{
		{Count: 10}:                            "Log groups    10; none could be read",
		{}:                                     "Log groups    0, about 0 B a day",
		{Count: 10, Read: 9, DailyBytes: 5000}: "Log groups    10, about 5 kB a day, by a page of the newest 10 minutes of 9 of them",
	} {
		r := &Report{Signals: []string{"logs"}, Targets: []*Target{{Label: "default/us-east-1", Account: "111122223333", Counts: Counts{Groups: &groups}}}}
		var b strings.Builder
		require.NoError(t, r.Write(&b, "awsapigateway"))
		assert.Contains(t, b.String(), want)
	}
}
