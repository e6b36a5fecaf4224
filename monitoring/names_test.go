package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// selected is what an expression reads, as ruletest says it.
type selected struct {
	File, Place, Expr string
	Needs             bool
	Metrics, Labels   []string
	Values            map[string][]string
}

func selectors(t *testing.T) []selected {
	t.Helper()
	args := []string{"run", ".", "selectors"}
	for name := range files() {
		if !strings.HasPrefix(name, "cloudformation/") {
			args = append(args, "../"+name)
		}
	}
	var stderr bytes.Buffer
	c := ruletest(args...)
	c.Stderr = &stderr
	answer, err := c.Output()
	require.NoError(t, err, stderr.String())
	var out []selected
	require.NoError(t, json.Unmarshal(answer, &out))
	require.NotEmpty(t, out)
	return out
}

// series are the values of labels by metric and label.
type series map[string]map[string]map[string]bool

func (s series) add(metric, label, value string) {
	if s[metric] == nil {
		s[metric] = map[string]map[string]bool{}
	}
	if s[metric][label] == nil {
		s[metric][label] = map[string]bool{}
	}
	s[metric][label][value] = true
}

// documented are the receiver's internal metrics with their attributes, of which many only show when something goes wrong.
func documented(t *testing.T) series {
	t.Helper()
	out := series{}
	metric := ""
	for line := range strings.Lines(document(t, "../receiver/awsapigatewayreceiver/documentation.md")) {
		if name, ok := strings.CutPrefix(line, "### "); ok {
			metric = strings.TrimSpace(name)
			out.add(metric, "", "")
		}
		if m := regexp.MustCompile(`^\| (\w+) \| .* \| Any Str \|`).FindStringSubmatch(line); m != nil {
			out.add(metric, m[1], "")
		}
	}
	require.NotEmpty(t, out)
	return out
}

// classes are the outcomes of calls, as the receiver's code spells them.
func classes(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(`(?m)Class = "(\w+)"$`).FindAllStringSubmatch(document(t,
		"../receiver/awsapigatewayreceiver/internal/aws/errors.go"), -1) {
		out = append(out, m[1])
	}
	require.Contains(t, out, "throttled")
	return out
}

// TestNamesExist asks the built collector whether the metrics, labels and values of all expressions come out of it. What its defaults don't give has to
// say so.
func TestNamesExist(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	pages := scrape(t)
	internal, outcomes := documented(t), classes(t)
	records := map[string]bool{}
	for _, s := range selectors(t) {
		if strings.HasPrefix(s.File, "../prometheus/") {
			records[s.Place] = true
		}
	}
	everything := map[string]bool{}
	for _, page := range []series{pages.all, pages.internal, internal} {
		for _, labels := range page {
			for label := range maps.Keys(labels) {
				everything[label] = true
			}
		}
	}
	for _, s := range selectors(t) {
		place := s.File + ", " + s.Place
		for _, label := range s.Labels {
			assert.True(t, everything[label] || label == "aws_api_gateway_api_ids", "%s: no label %s", place, label)
		}
		for _, metric := range s.Metrics {
			base := regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(metric, "")
			switch {
			case strings.Contains(metric, ":"):
				assert.True(t, records[metric], "%s: nothing records %s", place, metric)
			case strings.HasPrefix(metric, own):
				assert.True(t, internal[metric] != nil || internal[base] != nil, "%s: no metric %s", place, metric)
			case strings.HasPrefix(metric, "otelcol_"):
				assert.Contains(t, pages.internal, metric, place)
			default:
				assert.Contains(t, pages.all, metric, place)
				assert.True(t, s.Needs || pages.defaults[metric] != nil, "%s: %s is not collected by default", place, metric)
			}
			s.assertValues(t, metric, pages, internal[base], outcomes)
		}
	}
}

// assertValues asserts that a metric has the labels and the values that an expression asks for, of several metrics in one expression each its own.
func (s *selected) assertValues(t *testing.T, metric string, pages *pages, documented map[string]map[string]bool, outcomes []string) {
	if len(slices.Compact(slices.Sorted(slices.Values(s.Metrics)))) > 1 || strings.Contains(metric, ":") {
		for label, values := range s.Values {
			found := map[string]bool{}
			for _, page := range []series{pages.all, pages.internal} {
				for _, labels := range page {
					maps.Copy(found, labels[label])
				}
			}
			assertSubset(t, values, found, label, outcomes, s.Place)
		}
		return
	}
	labels := pages.all[metric]
	if labels == nil {
		labels = pages.internal[metric]
	}
	for label, values := range s.Values {
		assert.True(t, labels[label] != nil || documented[label] != nil, "%s: %s has no label %s", s.Place, metric, label)
		assertSubset(t, values, labels[label], label, outcomes, s.Place)
	}
}

func assertSubset(t *testing.T, values []string, found map[string]bool, label string, outcomes []string, place string) {
	for _, v := range values {
		assert.True(t, found[v] || label == "outcome" && slices.Contains(outcomes, v), "%s: no value %s of %s", place, v, label)
	}
}
