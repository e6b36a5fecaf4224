package deploy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const receiver = "../receiver/awsapigatewayreceiver"

// permissions are the action and resource pattern of each operation that the receiver's AWS layer has. That package can't be imported from here, so they
// are read from its source.
func permissions(t testing.TB) (pairs []string) {
	t.Helper()
	files := token.NewFileSet()
	names, err := filepath.Glob(receiver + "/internal/aws/*.go")
	require.NoError(t, err)
	table := operationTable{t: t, constants: map[string]string{}, reads: map[string]string{}}
	var parsed []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		parsed = append(parsed, f)
		ast.Inspect(f, table.constant)
	}
	for _, f := range parsed {
		ast.Inspect(f, table.visit)
	}
	require.Greater(t, len(table.direct), 8, "operations that are written out")
	require.Greater(t, len(table.reads), 25, "reads of the control plane")
	spelling := strings.NewReplacer("%P", "aws", "%R", "*", "%A", account)
	for _, p := range table.direct {
		pairs = append(pairs, spelling.Replace(p))
	}
	for _, p := range table.reads {
		pairs = append(pairs, spelling.Replace(p))
	}
	return unique(pairs)
}

// operationTable collects what declares operations: operation{name, action, resource, …}, rest(list, path, …), next(path, …), and where one of these has
// an action of its own, the assignment to its op.action and op.resource.
type operationTable struct {
	t         testing.TB
	constants map[string]string
	direct    []string
	reads     map[string]string // by path
}

func (o *operationTable) constant(n ast.Node) bool {
	if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == 1 && len(spec.Values) == 1 {
		if s, ok := literal(spec.Values[0]); ok {
			o.constants[spec.Names[0].Name] = s
		}
	}
	return true
}

func (o *operationTable) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if name, ok := n.Type.(*ast.Ident); ok && name.Name == "operation" && len(n.Elts) > 3 {
			o.direct = append(o.direct, o.text(n.Elts[1])+" "+o.text(n.Elts[2]))
		}
	case *ast.CallExpr:
		name, ok := n.Fun.(*ast.Ident)
		if !ok {
			return true
		}
		at := map[string]int{"next": 1, "rest": 2}[name.Name] - 1
		if at < 0 || len(n.Args) != at+2 {
			return true
		}
		if path, ok := literal(n.Args[at]); ok && o.reads[path] == "" {
			o.reads[path] = "apigateway:GET arn:%P:apigateway:%R::" + path
		}
	case *ast.AssignStmt:
		if len(n.Rhs) == 2 && len(n.Lhs) == 2 && selects(n.Lhs[0], "action") && selects(n.Lhs[1], "resource") {
			resource := o.text(n.Rhs[1])
			o.reads[resource[strings.LastIndex(resource, ":")+1:]] = o.text(n.Rhs[0]) + " " + resource
		}
	}
	return true
}

func (o *operationTable) text(e ast.Expr) string {
	if name, ok := e.(*ast.Ident); ok {
		require.Contains(o.t, o.constants, name.Name)
		return o.constants[name.Name]
	}
	s, ok := literal(e)
	require.True(o.t, ok)
	return s
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

func selects(e ast.Expr, field string) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == field
}

func unique(s []string) []string { return slices.Compact(slices.Sorted(slices.Values(s))) }
