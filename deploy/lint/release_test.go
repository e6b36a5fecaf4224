package lint

import (
	"io"
	"regexp"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const workflow = "../../.github/workflows/release.yml"

func TestReleaseWorkflowIsValid(t *testing.T) {
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	require.NoError(t, err)
	found, err := linter.Lint(workflow, []byte(read(t, workflow)), nil)
	require.NoError(t, err)
	for _, e := range found {
		assert.Fail(t, e.Error())
	}
}

// TestActionsArePinned by their commits: a tag can be moved to other code, which would be signed with this project's identity.
func TestActionsArePinned(t *testing.T) {
	uses := regexp.MustCompile(`uses: (.*)`).FindAllStringSubmatch(read(t, workflow), -1)
	require.NotEmpty(t, uses)
	for _, u := range uses {
		assert.Regexp(t, `^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`, u[1])
	}
	assert.NotContains(t, read(t, workflow), "@latest")
}

func TestReleaseAndImageAreBuiltAlike(t *testing.T) {
	release, image := read(t, workflow), read(t, "../Dockerfile")
	version := regexp.MustCompile(`GO_VERSION: (\S+)`).FindStringSubmatch(release)
	require.NotNil(t, version)
	assert.Contains(t, image, "FROM --platform=$BUILDPLATFORM golang:"+version[1]+" AS build")
	for _, same := range []string{
		`go tool -modfile internal/tools/go.mod builder --skip-compilation --config builder-config.yaml`,
		`-trimpath -ldflags="-s -w"`, "CGO_ENABLED", "-buildvcs=false",
	} {
		assert.Contains(t, release, same)
		assert.Contains(t, image, same)
	}
}

// The preflight is where the collector is: it tries a config with the credentials that the collector has there.
func TestPreflightIsBesideTheCollector(t *testing.T) {
	release, image := read(t, workflow), read(t, "../Dockerfile")
	for _, program := range []string{"otelcol-apigateway", "apigateway-preflight"} {
		assert.Regexp(t, `tar -C dist -czf \S+ [\w. -]*\b`+program+` `, release, "packed")
		assert.Contains(t, release, "scan file:dist/"+program+" ", "what is in it is said")
		assert.Regexp(t, `COPY --from=build [/\w -]*/`+program+` `, image)
	}
	build := regexp.MustCompile(`go build .*-trimpath -ldflags="-s -w" -o (\S+) \./cmd/apigateway-preflight`)
	for file, want := range map[string]string{release: "dist/apigateway-preflight", image: "/apigateway-preflight"} {
		built := build.FindStringSubmatch(file)
		require.NotNil(t, built)
		assert.Equal(t, want, built[1])
	}
}
