package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The version of Go that the pages ask for is go.mod's, and the collector's modules build with it.
func TestPagesAskForGoOfTheModule(t *testing.T) {
	directive := func(parts ...string) string {
		found := submatches(page(t, parts...), `(?m)^go (\S+)$`)
		require.Len(t, found, 1)
		return found[0]
	}
	want := directive(root, "go.mod")
	for _, file := range []string{"README.md", "CONTRIBUTING.md"} {
		assert.Contains(t, page(t, root, file), "Go "+want+" or newer", file)
	}
	if _, err := os.Stat(filepath.Join(root, "_build", "go.mod")); err != nil {
		t.Skip("the collector is not built: what its modules need is not known")
	}
	assert.Equal(t, want, directive(root, "_build", "go.mod"), "what the collector's modules need")
}

// Whoever has a Go that is too old reads so in one line, before anything is built.
func TestTooOldGoIsSaidInOneLine(t *testing.T) {
	script, err := filepath.Abs(filepath.Join(root, "scripts", "need"))
	require.NoError(t, err)
	module := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(module, "go.mod"), []byte("module m\n\ngo 1.25.7\n"), 0o600))
	need := func(t *testing.T, have string, args ...string) (string, error) {
		bin := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\necho go version "+have+" linux/amd64\n"), 0o700))
		c := exec.Command("sh", append([]string{script, "go"}, args...)...)
		c.Dir, c.Env = module, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
		out, err := c.CombinedOutput()
		return string(out), err
	}
	for have, enough := range map[string]bool{
		"go1.25.7": true, "go1.25.10": true, "go1.26": true, "go1.26rc1": true, "go2.0.1": true, "devel +a1b2c3": true,
		"go1.25.6": false, "go1.25.0": false, "go1.25": false, "go1.24.13": false, "go1.9.9": false,
	} {
		t.Run(have, func(t *testing.T) {
			out, err := need(t, have)
			if enough {
				assert.NoError(t, err)
				assert.Empty(t, out)
				return
			}
			assert.Error(t, err)
			assert.Equal(t, 1, strings.Count(out, "\n"), out)
			assert.Contains(t, out, "Go 1.25.7 or newer, but ")
			assert.Contains(t, out, " is "+strings.TrimPrefix(have, "go")+"; ")
		})
	}
	out, err := need(t, "go1.25.9", "1.26", "golangci-lint")
	assert.Error(t, err)
	assert.Contains(t, out, "golangci-lint needs Go 1.26 or newer, but ")
}

// make alone prints each target that is meant for its users.
func TestMakeListsItsTargets(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	c := exec.Command("make", "--no-print-directory", "-C", root)
	c.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	targets := submatches(page(t, root, "Makefile"), `(?m)^\.PHONY: (.*)$`)
	require.Len(t, targets, 1)
	for _, target := range strings.Fields(targets[0]) {
		if target != "go" && target != "git" { // what others need
			assert.Regexp(t, `(?m)^  make `+target+`  +\S`, string(out))
		}
	}
}

// What the pages say to make is a target.
func TestPagesNameTargetsThatThereAre(t *testing.T) {
	targets := submatches(page(t, root, "Makefile"), `(?m)^([a-z0-9-]+):.*## `)
	require.Contains(t, targets, "preflight")
	named := 0
	for _, file := range append(pages(t), filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")) {
		for _, list := range submatches(page(t, file), "(?m)(?:`|^(?:\\$ )?)make((?: [a-z0-9-]+)+)(?:`| *(?:#|$)| [A-Z]+=)") {
			for _, target := range strings.Fields(list) {
				assert.Contains(t, targets, target, file)
				named++
			}
		}
	}
	assert.Greater(t, named, 10)
}
