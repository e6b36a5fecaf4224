package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// What the segments become is documented, and what is documented they become.
func TestSegmentsAreAsDocumented(t *testing.T) {
	got := translated()
	for what, page := range map[string]struct {
		documented []spanAttribute
		values     map[string]pcommon.Value
	}{"span": {spanAttributes, got.spans}, "resource": {serviceAttributes, got.resources}} {
		types := typesOf(page.values)
		for _, a := range page.documented {
			assert.NotEmpty(t, types[a.sample()], "%s of a %s never comes out", a.name, what)
			delete(types, a.sample())
		}
		assert.Empty(t, types, "attributes of a %s that are not documented", what)
	}
}

// The formats that users are told to copy are those that make all spans.
func TestREADMEHasTheFormats(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	for n, s := range spanFormats {
		assert.Equal(t, 1, strings.Count(string(readme), "\n```json\n"+s.format+"\n```\n"), s.name)
		assert.Equal(t, 3, logged(n, integrations[0].integration).Len(), s.name)
	}
}

// The sender of annotations and metadata chooses their keys and their types.
func TestWhatTheSenderNamesIsOfAnyType(t *testing.T) {
	page := string(tracesPage())
	for _, name := range []string{"aws.xray.annotation.<key>", "aws.xray.metadata.<namespace>.<key>"} {
		assert.Contains(t, page, "\n| `"+name+"` | string, int, double or bool |")
	}
}
