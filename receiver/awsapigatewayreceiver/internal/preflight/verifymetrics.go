package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

const (
	// metricUSD is what GetMetricData costs for a metric.
	metricUSD = metrics.USDPerMetric
	// maxAged bounds the series whose newest points are looked at, agedTime is how far back.
	maxAged  = 20
	agedTime = 15 * time.Minute
)

// The dimensions of a WebSocket API's route.
const (
	dimensionAPIID = "ApiId"
	dimensionStage = "Stage"
)

// askDimensions looks at what dimensions the series of WebSocket APIs have beyond their stage.
func askDimensions(_ context.Context, p *probe) (saw, nothing string, err error) {
	sets := map[string]int{}
	for i := range p.listed {
		m := &p.listed[i]
		names, webSocket := make([]string, 0, len(m.Dimensions)), false
		for _, d := range m.Dimensions {
			names = append(names, d.Name)
			if d.Name == dimensionAPIID {
				a, known := p.snapshot.API(d.Value)
				webSocket = known && a.Type == model.WebSocket
			}
		}
		if webSocket && len(names) > 2 {
			slices.Sort(names)
			sets[strings.Join(names, ",")]++
		}
	}
	if len(sets) == 0 {
		return "", "no series of a WebSocket API has more dimensions than API and stage", nil
	}
	parts := make([]string, 0, len(sets))
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		parts = append(parts, fmt.Sprintf("%d series with %s", sets[set], set))
	}
	return strings.Join(parts, "; "), "", nil
}

// askDelay looks at the newest minutes of some series twice.
func askDelay(ctx context.Context, p *probe) (saw, nothing string, err error) {
	var queries []model.Query
	for i := range p.listed {
		m := &p.listed[i]
		staged := slices.ContainsFunc(m.Dimensions, func(d model.Dimension) bool { return d.Name == dimensionStage })
		if m.Name == "Count" && len(m.Dimensions) == 2 && staged && len(queries) < maxAged {
			queries = append(queries, model.Query{Metric: m.Name, Dims: m.Dimensions, Statistic: "SampleCount"})
		}
	}
	if len(queries) == 0 {
		return "", "no series of Count was listed", nil
	}
	asked := p.client.Now()
	end := asked.Truncate(time.Minute)
	w := model.Window{Start: end.Add(-agedTime).Unix(), End: end.Unix()}
	first, err := p.client.MetricData(ctx, queries, time.Minute, w)
	if err != nil {
		return "", "", err
	}
	if err := p.Clock.Sleep(ctx, time.Minute); err != nil {
		return "", "", err
	}
	second, err := p.client.MetricData(ctx, queries, time.Minute, w)
	if err != nil {
		return "", "", err
	}
	return delays(asked, first, second)
}

// delays compares two readings of the same minutes.
func delays(asked time.Time, first, second []model.Series) (saw, nothing string, err error) {
	var ages []time.Duration
	var all changes
	for i, before := range first {
		if n := len(before.Times); n > 0 {
			ages = append(ages, asked.Sub(time.Unix(before.Times[n-1]+60, 0)).Round(time.Second))
		}
		all.compare(&before, &second[i])
	}
	if len(ages) == 0 {
		return "", "none of the series had a point in the last 15 minutes", nil
	}
	slices.Sort(ages)
	return fmt.Sprintf("newest points had ended %v (median %v, at most %v) before; a minute later %d of %d points were new and %d had another value",
		ages[0], ages[len(ages)/2], ages[len(ages)-1], all.added, all.points, all.grown), "", nil
}

// changes are counts of points that came or changed between two readings.
type changes struct{ points, added, grown int }

func (c *changes) compare(before, after *model.Series) {
	values := make(map[int64]float64, len(before.Times))
	for i, t := range before.Times {
		values[t] = before.Values[i]
	}
	for i, t := range after.Times {
		c.points++
		switch was, known := values[t]; {
		case !known:
			c.added++
		case after.Values[i] != was:
			c.grown++
		}
	}
}

// windowHours are the lengths that are tried.
var windowHours = []int{1, 6, 24, 48}

// askWindow tries windows of which X-Ray keeps nothing, so that nothing is scanned.
func askWindow(ctx context.Context, p *probe) (saw, nothing string, err error) {
	end := p.client.Now().Add(-31 * 24 * time.Hour).Unix()
	var parts []string
	for _, hours := range windowHours {
		_, err := p.client.TraceSummaries(ctx, model.Window{Start: end - int64(hours)*3600, End: end}, "", "")
		if err != nil {
			parts = append(parts, fmt.Sprintf("%d h: %s", hours, brief(err)))
			continue
		}
		parts = append(parts, fmt.Sprintf("%d h: taken", hours))
	}
	return strings.Join(parts, "; "), "", nil
}
