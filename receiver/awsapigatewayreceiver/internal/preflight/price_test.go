package preflight

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The price of several targets is what is known of them, and says of which it is not known; only what is known of none is unknown.
func TestPriceOfTargetsIsWhatIsKnown(t *testing.T) {
	known := func(item string, low, high float64) Line {
		return Line{Item: item, Low: low, High: high, Detail: "by a minute"}
	}
	unknown := func(item string) Line {
		return Line{Item: item, Unknown: true, Detail: "not known without " + listsOfAPIs}
	}
	for name, set := range map[string]struct {
		targets [][]Line
		want    []string // rows, their columns divided by |
	}{
		"one target": {
			targets: [][]Line{{known(getMetricData, 1, 2), known(listMetrics, 3, 3)}},
			want:    []string{"GetMetricData|by a minute|1.00|2.00", "ListMetrics|by a minute|3.00|3.00", "Total|4.00|5.00"},
		},
		"one target, known in part": {
			targets: [][]Line{{unknown(getMetricData), known(listMetrics, 3, 3)}},
			want: []string{
				"GetMetricData|not known without the lists of APIs|unknown|unknown", "ListMetrics|by a minute|3.00|3.00", "Total|at least; unknown: GetMetricData|3.00|3.00",
			},
		},
		"one target, not known": {
			targets: [][]Line{{unknown(getMetricData)}},
			want:    []string{"GetMetricData|not known without the lists of APIs|unknown|unknown", "Total|unknown|unknown"},
		},
		"all of several": {
			targets: [][]Line{{known(getMetricData, 1, 2)}, {known(getMetricData, 10, 20)}},
			want:    []string{"GetMetricData|all targets|11.00|22.00", "Total|11.00|22.00"},
		},
		"one of several": {
			targets: [][]Line{{known(getMetricData, 1, 2), unknown(listMetrics)}, {unknown(getMetricData), unknown(listMetrics)}, {known(getMetricData, 10, 20), unknown(listMetrics)}},
			want: []string{
				"GetMetricData|at least; unknown: b|11.00|22.00", "ListMetrics|all targets|unknown|unknown", "Total|at least; unknown: GetMetricData, ListMetrics|11.00|22.00",
			},
		},
		"none of several": {
			targets: [][]Line{{unknown(getMetricData)}, {unknown(getMetricData)}},
			want:    []string{"GetMetricData|all targets|unknown|unknown", "Total|unknown|unknown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Report{}
			for i, lines := range set.targets {
				target := &Target{Label: string(rune('a' + i))}
				for _, l := range lines {
					target.Month.add(l)
				}
				r.Targets = append(r.Targets, target)
			}
			r.sum()
			rows := rowsOf(t, r)
			assert.Equal(t, set.want, append(rows[:len(rows)-2:len(rows)-2], rows[len(rows)-1]), "but for the control plane")
		})
	}
}

// rowsOf are the rows of the price as they are printed, less the heading.
func rowsOf(t *testing.T, r *Report) []string {
	t.Helper()
	var b strings.Builder
	p := &printer{w: &b}
	r.writeMonth(p)
	require.NoError(t, p.err)
	_, table, found := strings.Cut(b.String(), "STATISTIC\n")
	require.True(t, found)
	var rows []string
	for line := range strings.Lines(table) {
		var columns []string
		for column := range strings.SplitSeq(line, "  ") {
			if column = strings.TrimSpace(column); column != "" {
				columns = append(columns, column)
			}
		}
		rows = append(rows, strings.Join(columns, "|"))
	}
	return rows
}

// A list of targets that is too long for its column goes on below, and the numbers stay in theirs.
func TestLongDetailsOfPricesGoOnBelow(t *testing.T) {
	var b strings.Builder
	p := &printer{w: &b}
	p.price(getMetricData, atLeast+strings.Repeat("production/us-east-1, ", 4)+"test/us-east-1", 1, 2, true)
	require.NoError(t, p.err)
	assert.Equal(t, "  GetMetricData       at least; unknown: production/us-east-1, production/us-east-1,          1.00          2.00\n"+
		"                      production/us-east-1, production/us-east-1, test/us-east-1\n", b.String())
}
