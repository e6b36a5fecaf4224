package lint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

const module = "../terraform"

// blocks are the blocks of the module's files, by type and labels, as "resource.aws_iam_role.reader".
func blocks(t *testing.T) map[string]*hclsyntax.Block {
	t.Helper()
	files, err := filepath.Glob(module + "/*.tf")
	require.NoError(t, err)
	require.Len(t, files, 3)
	found, parser := map[string]*hclsyntax.Block{}, hclparse.NewParser()
	for _, file := range files {
		f, problems := parser.ParseHCLFile(file)
		require.False(t, problems.HasErrors(), problems.Error())
		for _, b := range f.Body.(*hclsyntax.Body).Blocks {
			name := b.Type
			for _, label := range b.Labels {
				name += "." + label
			}
			require.NotContains(t, found, name)
			found[name] = b
		}
	}
	return found
}

func TestModuleRefersToWhatItHas(t *testing.T) {
	found := blocks(t)
	declared := map[string]bool{"path.module": true, "each.key": true, "each.value": true, "name": true}
	for name, b := range found {
		switch b.Type {
		case "variable":
			declared["var."+b.Labels[0]] = true
			assert.Contains(t, b.Body.Attributes, "description", name)
			assert.Contains(t, b.Body.Attributes, "type", name)
		case "resource":
			declared[b.Labels[0]+"."+b.Labels[1]] = true
		case "data":
			declared["data."+b.Labels[0]] = true
		case "locals":
			for local := range b.Body.Attributes {
				declared["local."+local] = true
			}
		}
	}
	used := map[string]bool{}
	for name, b := range found {
		if b.Type == "variable" || b.Type == "terraform" {
			continue
		}
		problems := hclsyntax.VisitAll(b.Body, func(n hclsyntax.Node) hcl.Diagnostics {
			e, ok := n.(*hclsyntax.ScopeTraversalExpr)
			if !ok {
				return nil
			}
			root := e.Traversal.RootName()
			if len(e.Traversal) > 1 {
				root += "." + e.Traversal[1].(hcl.TraverseAttr).Name
			}
			assert.True(t, declared[root], "%s refers to %s", name, root)
			used[root] = true
			return nil
		})
		require.Empty(t, problems)
	}
	for name := range found {
		if v, ok := found[name]; ok && v.Type == "variable" {
			assert.True(t, used["var."+v.Labels[0]], "%s is not used", name)
		}
	}
}

// TestModulesRoleIsThePolicies: the role's policies are those of deploy/iam, for the account and partition that it is made in.
func TestModulesRoleIsThePolicies(t *testing.T) {
	for name, test := range map[string]struct {
		signals []cty.Value
		apiKeys bool
		want    []string
	}{
		"all":     {[]cty.Value{cty.StringVal("metrics"), cty.StringVal("logs"), cty.StringVal("traces")}, false, []string{"inventory", "metrics", "logs", "traces"}},
		"metrics": {[]cty.Value{cty.StringVal("metrics")}, false, []string{"inventory", "metrics"}},
		"keys":    {[]cty.Value{cty.StringVal("logs")}, true, []string{"inventory", "logs", "api-keys"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, scope := blocks(t), moduleScope(cty.SetVal(test.signals), cty.BoolVal(test.apiKeys))
			locals := found["locals"].Body.Attributes
			scope.Variables["local"] = cty.ObjectVal(map[string]cty.Value{"policies": value(t, locals["policies"], scope)})
			documents := value(t, locals["documents"], scope).AsValueMap()
			require.Len(t, documents, len(test.want))
			for _, policy := range test.want {
				require.Contains(t, documents, policy)
				assert.JSONEq(t, read(t, "../iam/"+policy+".json"), documents[policy].AsString())
			}
			trust := value(t, found["resource.aws_iam_role.reader"].Body.Attributes["assume_role_policy"], scope)
			assert.JSONEq(t, read(t, "../iam/trust.json"), trust.AsString())
		})
	}
}

func value(t *testing.T, a *hclsyntax.Attribute, scope *hcl.EvalContext) cty.Value {
	t.Helper()
	require.NotNil(t, a)
	v, problems := a.Expr.Value(scope)
	require.False(t, problems.HasErrors(), problems.Error())
	return v
}

// moduleScope is what the module's expressions see in the account that the policies name.
func moduleScope(signals, apiKeys cty.Value) *hcl.EvalContext {
	text := cty.StringVal
	this := func(name, v string) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"this": cty.ObjectVal(map[string]cty.Value{name: text(v)})})
	}
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{
				"signals": signals, "api_keys": apiKeys,
				"collector_role_arn": text("arn:aws:iam::999988887777:role/collector"), "external_id": text("a-value-of-your-own"),
			}),
			"data": cty.ObjectVal(map[string]cty.Value{
				"aws_caller_identity": this("account_id", "111122223333"), "aws_partition": this("partition", "aws"),
			}),
			"path": cty.ObjectVal(map[string]cty.Value{"module": text(module)}),
		},
		Functions: map[string]function.Function{
			"setunion": stdlib.SetUnionFunc, "replace": stdlib.ReplaceFunc, "file": fileFunc,
			"jsonencode": stdlib.JSONEncodeFunc,
		},
	}
}

var fileFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "path", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		b, err := os.ReadFile(args[0].AsString())
		return cty.StringVal(string(b)), err
	},
})
