package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests that the page on security names as its proofs exist.
func TestSecurityPageNamesTestsThatThereAre(t *testing.T) {
	named := submatches(page(t, root, "docs", "security.md"), "`((?:Test|Fuzz)\\w+)`")
	require.Greater(t, len(named), 60)
	there := map[string]bool{}
	for _, folder := range []string{"receiver", "exporterconfig", "deploy"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, name := range submatches(string(text), `(?m)^func ((?:Test|Fuzz)\w+)\(`) {
				there[name] = true
			}
			return nil
		}))
	}
	for _, name := range named {
		assert.True(t, there[name], name)
	}
}
