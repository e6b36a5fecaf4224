package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A container by hand has the memory and the time to stop that the manifests give, as the page says of everything in it.
func TestContainersByHandHaveTheManifestsLimits(t *testing.T) {
	_, run, ok := strings.Cut(strings.ReplaceAll(page(t, root, "docs", "deployment.md"), "\\\n", ""), "\ndocker run ")
	require.True(t, ok)
	run, _, _ = strings.Cut(run, "\n")
	manifest := page(t, root, "deploy", "kubernetes", "otelcol-apigateway.yaml")
	for option, value := range map[string]string{
		"--memory ":       submatches(manifest, `limits: \{memory: (\d+)Mi\}`)[0] + "m ",
		"-e GOMEMLIMIT=":  submatches(manifest, `name: GOMEMLIMIT, value: (\w+)`)[0] + " ",
		"--stop-timeout ": submatches(manifest, `terminationGracePeriodSeconds: (\d+)`)[0] + " ",
		"-v positions:":   submatches(manifest, `name: positions, mountPath: (\S+)\}`)[0] + " ",
		"ghcr.io/":        strings.TrimPrefix(submatches(manifest, `image: (\S+)`)[0], "ghcr.io/"),
	} {
		assert.Contains(t, run, option+value)
	}
}

// A backend drops for good what is larger than it takes, and so would lose what comes at once after an outage: each queue that is to be copied bounds its
// requests.
func TestQueuesToCopyBoundTheirRequests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "exporterconfig", "*.yaml"))
	require.NoError(t, err)
	for _, file := range append(files, filepath.Join(root, "README.md"), filepath.Join(root, "deploy", "config.yaml"), filepath.Join(root, "deploy", "helm", "values.yaml"),
		filepath.Join(root, "deploy", "kubernetes", "otelcol-apigateway.yaml")) {
		text := page(t, file)
		batches := submatches(text, `(?m)^ +batch:(.*)$`)
		assert.Equal(t, strings.Contains(text, "sending_queue:"), len(batches) > 0, file)
		for _, batch := range batches {
			assert.Regexp(t, `^ \{sizer: bytes, min_size: 100000, max_size: 900000\}( #|$)`, batch, file)
		}
	}
}
