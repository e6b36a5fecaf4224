package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where the pages that are written by hand lie, and the receiver.
var (
	root     = filepath.Join("..", "..", "..", "..")
	receiver = filepath.Join("..", "..")
)

func page(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	require.NoError(t, err)
	return string(b)
}

// Users copy the formats that make all attributes and spans.
func TestLogFormatsPageHasTheFormats(t *testing.T) {
	text := page(t, root, "docs", "log-formats.md")
	for _, s := range spanFormats {
		assert.Equal(t, 1, strings.Count(text, "\n```json\n"+s.format+"\n```\n"), s.name)
		assert.LessOrEqual(t, len(s.format), 1024, s.name)
	}
}

// What the pages call by the names of our telemetry exists.
func TestPagesNameWhatThereIs(t *testing.T) {
	emitted := string(metricsPage()) + string(logsPage()) + string(entitiesPage()) + string(tracesPage())
	own := page(t, receiver, "documentation.md")
	for _, file := range written(t) {
		text := page(t, file)
		for _, name := range submatches(text, "`(aws\\.(?:api_gateway|xray|account|cloudwatch)[\\w.]*\\w)[`:]") {
			ofStage := strings.Replace(name, "aws.api_gateway.route.", "aws.api_gateway.", 1)
			assert.True(t, quoted(emitted, name) || quoted(emitted, ofStage), "%s in %s", name, file)
		}
		for _, name := range submatches(text, `\b(otelcol_receiver_awsapigateway_\w*\w)\b`) {
			assert.True(t, strings.HasSuffix(name, "_") || strings.Contains(own, "### "+name+"\n"), "%s in %s", name, file)
		}
	}
}

// quoted says whether a text has a name as code, alone or with a value.
func quoted(text, name string) bool {
	return strings.Contains(text, "`"+name+"`") || strings.Contains(text, "`"+name+":")
}

// What the pages say of a setting is of one that the receiver's README lists.
func TestPagesNameSettingsThatThereAre(t *testing.T) {
	_, settings, _ := strings.Cut(page(t, receiver, "README.md"), "\n## Settings\n")
	listed := map[string]bool{}
	for _, name := range submatches(settings, "(?m)^\\| `([\\w.<>]+)` \\|") {
		for parts := strings.Split(name, "."); len(parts) > 0; parts = parts[:len(parts)-1] {
			listed[strings.Join(parts, ".")] = true
		}
	}
	require.True(t, listed["traces.xray.max_traces_per_minute"])
	keys := strings.NewReplacer("`metrics::level: is no setting", "", "::", ".") // a key that there is not is shown as one
	for _, file := range written(t) {
		for _, name := range submatches(keys.Replace(page(t, file)), "`((?:metrics|logs|traces|inventory|alarms)\\.[a-z_.]+)[`:]") {
			if !strings.HasPrefix(name, "metrics.aws.") && !strings.HasSuffix(name, ".md") {
				assert.True(t, listed[name], "%s in %s", name, file)
			}
		}
	}
}

// Links lead to files, and to headings where they name one.
func TestPagesLinkToWhatThereIs(t *testing.T) {
	for _, file := range written(t) {
		for _, link := range submatches(page(t, file), `\]\(([^)\s]+)\)`) {
			if strings.Contains(link, "://") {
				continue
			}
			target, heading, _ := strings.Cut(link, "#")
			path := file
			if target != "" {
				path = filepath.Join(filepath.Dir(file), filepath.FromSlash(target))
			}
			_, err := os.Stat(path)
			if !assert.NoError(t, err, "%s in %s", link, file) || heading == "" {
				continue
			}
			headings := submatches(page(t, path), `(?m)^#+ (.+)$`)
			assert.True(t, slices.ContainsFunc(headings, func(h string) bool { return slug(h) == heading }), "%s in %s", link, file)
		}
	}
}

// pages are those of docs.
func pages(t *testing.T) []string {
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

// written are all that is written by hand for those who use the receiver or change it.
func written(t *testing.T) []string {
	return append(pages(t), filepath.Join(root, "README.md"), filepath.Join(root, "CHANGELOG.md"), filepath.Join(root, "CONTRIBUTING.md"),
		filepath.Join(root, "internal", "awssim", "README.md"), filepath.Join(root, "test", "faults", "README.md"), filepath.Join(receiver, "README.md"))
}

// slug is a heading as GitHub's links spell it.
func slug(heading string) string {
	s := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(s, " ", "-")
}

// submatches are the first groups of all matches.
func submatches(text, expression string) []string {
	var found []string
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}
