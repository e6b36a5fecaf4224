package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever sees an internal metric finds out what it means and what to do, and none is described that is gone.
func TestEachInternalMetricIsInTroubleshooting(t *testing.T) {
	emitted := submatches(page(t, receiver, "metadata.yaml"), `(?m)^    receiver_awsapigateway_(\w+):$`)
	require.NotEmpty(t, emitted)
	_, section, ok := strings.Cut(page(t, root, "docs", "troubleshooting.md"), "\n## Internal metrics\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	assert.ElementsMatch(t, emitted, submatches(section, "(?m)^\\| `(\\w+)`[^|]*\\|"))
}

// Whoever sees a warning or an error of the receiver finds it by its words, and none is described that is gone.
func TestEachWarningIsInTroubleshooting(t *testing.T) {
	written := warnings(t)
	require.Greater(t, len(written), 25)
	_, section, ok := strings.Cut(page(t, root, "docs", "troubleshooting.md"), "\n## Log messages\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	assert.ElementsMatch(t, written, submatches(section, "(?m)^\\| `([^`]+)` \\|"))
}

// Whoever sees the receiver fail at its start finds the words of the error.
func TestErrorsOfTheStartAreThoseOfTheReceiver(t *testing.T) {
	_, section, ok := strings.Cut(page(t, root, "docs", "troubleshooting.md"), "\n## It does not start\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	var sources strings.Builder
	for _, folder := range []string{".", "internal/aws", "internal/checkpoint"} {
		files, err := filepath.Glob(filepath.Join(receiver, folder, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				sources.WriteString(page(t, file))
			}
		}
	}
	rows := submatches(section, "(?m)^\\| `((?:storage|regions): [^`]+)` \\|")
	require.Len(t, rows, 4)
	for _, row := range rows {
		for _, words := range strings.Split(row, "…") {
			assert.Contains(t, sources.String(), strings.TrimSpace(words), row)
		}
	}
}

// warnings are the texts that the receiver logs at the levels of warnings and errors.
func warnings(t *testing.T) []string {
	var found []string
	require.NoError(t, filepath.WalkDir(receiver, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				found = append(found, warningsOf(f)...)
			}
		}
		return nil
	}))
	slices.Sort(found)
	return slices.Compact(found)
}

// warningsOf are those of a function, whose text may be in a variable of the same function.
func warningsOf(f *ast.FuncDecl) []string {
	var found []string
	values := map[string][]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if name, ok := n.Lhs[0].(*ast.Ident); ok {
				values[name.Name] = append(values[name.Name], literal(n.Rhs[0])...)
			}
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || len(n.Args) == 0 || s.Sel.Name != "Warn" && s.Sel.Name != "Error" {
				break
			}
			if name, ok := n.Args[0].(*ast.Ident); ok {
				found = append(found, values[name.Name]...)
			} else {
				found = append(found, literal(n.Args[0])...)
			}
		}
		return true
	})
	return found
}

// literal is the text of a literal, if it is one.
func literal(e ast.Expr) []string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return nil
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return nil
	}
	return []string{s}
}
