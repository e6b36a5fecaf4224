package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

const month = 30 * 24 * time.Hour

// The page on cost multiplies what the receiver asks for at its defaults by the prices that the receiver estimates with.
func TestCostsAreThoseOfThePricesAndDefaults(t *testing.T) {
	text, config := page(t, root, "docs", "cost.md"), metrics.DefaultConfig()
	cloudwatch, statistics := statisticsOfAStage(&config)
	assert.Contains(t, text, fmt.Sprintf("takes %d statistics of %d metrics", statistics, cloudwatch))
	for _, row := range table(t, text, "stages with traffic") {
		stages, lists := number(t, row[0]), number(t, row[3])
		price := func(metricsOfAStage int) string {
			asked := stages * float64(metricsOfAStage) * float64(month/config.CollectionInterval)
			return decimal(asked*metrics.USDPerMetric + lists*month.Hours()*metrics.USDPerRequest)
		}
		assert.Equal(t, []string{decimal(stages * float64(statistics)), price(cloudwatch), price(statistics)}, []string{row[1], row[4], row[5]}, row[0])
	}
	most := float64(traces.DefaultConfig().XRay.MaxTracesPerMinute) / 60
	for _, row := range table(t, text, "traces a second") {
		second := number(t, row[0])
		scanned, retrieved := 2*second*month.Seconds()*traces.USDPerTrace, min(second, most)*month.Seconds()*traces.USDPerTrace
		for column, want := range map[int]float64{2: scanned, 4: retrieved, 5: scanned + retrieved} {
			assert.InDelta(t, want, number(t, row[column]), 0.006, "%s, column %d", row[0], column)
		}
	}
}

// The page on scaling has the calls and the interval that the receiver works out for itself.
func TestCallsOfTheInventoryAreThoseThatItEstimates(t *testing.T) {
	config := inventory.DefaultConfig()
	rows := table(t, page(t, root, "docs", "scaling.md"), "APIs in an account and region")
	require.Len(t, rows, 3)
	for i, apis := range []int{20, 100, 900} {
		assert.InEpsilon(t, inventory.CallsPerHour(apis, &config), number(t, rows[i][4]), 0.02, rows[i][0])
		crawl := float64(apis + 9)
		interval := config.Interval + time.Duration((crawl-20)/config.RequestsPerSecond*float64(time.Second))
		assert.InDelta(t, interval.Minutes(), number(t, strings.TrimSuffix(rows[i][3], " min")), 0.08, rows[i][0])
		assert.Equal(t, crawl, number(t, rows[i][1]))
	}
}

// statisticsOfAStage counts the metrics of CloudWatch, and their statistics, that a REST stage without a cache takes.
func statisticsOfAStage(config *metrics.Config) (cloudwatch, statistics int) {
	seen := map[string]bool{}
	for _, d := range metrics.Catalogue {
		for _, s := range d.Sources {
			if !slices.Contains(strings.Split(s.APIs, ", "), "REST") || strings.HasPrefix(s.Metric, "Cache") || seen[s.Metric] {
				continue
			}
			seen[s.Metric] = true
			if d.Kind == metrics.Sum {
				statistics++
			} else {
				statistics += 3 + len(config.Quantiles) // and Minimum with other than two quantiles
			}
		}
	}
	return len(seen), statistics
}

// table has the cells of a table's rows, by the head of its first column.
func table(t *testing.T, text, head string) (rows [][]string) {
	t.Helper()
	_, text, ok := strings.Cut(text, "\n| "+head+" |")
	require.True(t, ok, head)
	for _, line := range strings.Split(text, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	require.NotEmpty(t, rows)
	return rows
}

func number(t *testing.T, cell string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(strings.ReplaceAll(cell, ",", ""), 64)
	require.NoError(t, err)
	return n
}

// decimal is a whole number as the pages write it.
func decimal(n float64) string {
	s := strconv.Itoa(int(math.Round(n)))
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}
