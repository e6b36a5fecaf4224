package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// collector is the binary that make build makes.
func collector(t testing.TB) string {
	t.Helper()
	path := os.Getenv("OTELCOL_APIGATEWAY")
	if path == "" {
		path = filepath.Join("..", "_build", "otelcol-apigateway")
	}
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	require.FileExists(t, path, "run make build first")
	return path
}

// command runs the binary in an empty folder, with credentials that nobody takes, and what the config takes from the environment.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(collector(t), args...)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_REGION=us-east-1", "OTLP_ENDPOINT=127.0.0.1:4317")
	return c
}

func read(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

func absolute(t testing.TB, file string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	require.NoError(t, err)
	return path
}
