package lint

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

func readJSON(t *testing.T, file string) (v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(read(t, file)), &v))
	return v
}

// decodeYAML decodes one document; a key that occurs twice is an error.
func decodeYAML(t *testing.T, text string) (v any) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(text), &v), text)
	return v
}

// decodeTagged decodes a YAML file whose tags are CloudFormation's short forms: !Ref a is {Ref: a}, !Sub a is {Fn::Sub: a}.
func decodeTagged(t *testing.T, file string) any {
	t.Helper()
	decodeYAMLKeys(t, read(t, file))
	var root yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(read(t, file)), &root))
	return untag(t, root.Content[0])
}

// decodeYAMLKeys fails where a key occurs twice, which decoding to nodes does not see.
func decodeYAMLKeys(t *testing.T, text string) {
	t.Helper()
	decodeYAML(t, regexp.MustCompile(`!(Ref|Sub|GetAtt|If|Equals|FindInMap)\b`).ReplaceAllString(text, ""))
}

func untag(t *testing.T, n *yaml.Node) any {
	var v any
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = untag(t, n.Content[i+1])
		}
		v = m
	case yaml.SequenceNode:
		s := []any{}
		for _, e := range n.Content {
			s = append(s, untag(t, e))
		}
		v = s
	default:
		require.Equal(t, yaml.ScalarNode, n.Kind, "anchors are not for CloudFormation")
		if !strings.HasPrefix(n.Tag, "!!") {
			v = n.Value
		} else {
			require.NoError(t, n.Decode(&v))
		}
	}
	switch tag, ok := strings.CutPrefix(n.Tag, "!"); {
	case !ok || strings.HasPrefix(tag, "!"):
		return v
	case tag == "Ref" || tag == "Condition":
		return map[string]any{tag: v}
	default:
		return map[string]any{"Fn::" + tag: v}
	}
}

// recommendedFormats are the receiver's recommended formats of access logs, by the type of API as AWS writes it.
func recommendedFormats(t *testing.T) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, "../../receiver/awsapigatewayreceiver/internal/traces/accessspan/formats.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	pkg, err := new(types.Config).Check("accessspan", files, []*ast.File{f}, nil)
	require.NoError(t, err)
	byType := map[string]string{}
	for api, name := range map[string]string{"REST": "RESTFormat", "HTTP": "HTTPFormat", "WEBSOCKET": "WebSocketFormat"} {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		require.True(t, ok, name)
		byType[api] = constant.StringVal(c.Val())
	}
	return byType
}
