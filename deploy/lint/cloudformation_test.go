package lint

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// properties are the resource types that the templates use, with the properties of each that they may set, by the CloudFormation resource specification.
var properties = map[string][]string{
	"AWS::IAM::Role":           {"AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "Policies", "RoleName"},
	"AWS::Logs::LogGroup":      {"LogGroupClass", "LogGroupName", "RetentionInDays"},
	"AWS::ApiGateway::Account": {"CloudWatchRoleArn"},
}

// attributes are what Fn::GetAtt may ask of a type.
var attributes = map[string][]string{
	"AWS::IAM::Role":      {"Arn", "RoleId"},
	"AWS::Logs::LogGroup": {"Arn"},
}

func TestTemplatesAreValid(t *testing.T) {
	files, err := filepath.Glob("../cloudformation/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			tmpl := readTemplate(t, file)
			tmpl.use(t, map[string]string{"CollectorRoleArn": "arn:aws:iam::999988887777:role/collector", "ExternalId": "a-value-of-your-own"})
			for section := range tmpl.root {
				assert.Contains(t, []string{"AWSTemplateFormatVersion", "Description", "Parameters", "Mappings", "Conditions", "Resources", "Outputs"}, section)
			}
			assert.LessOrEqual(t, len(tmpl.root["Description"].(string)), 1024)
			for name, r := range tmpl.section("Resources") {
				r := r.(map[string]any)
				kind, _ := r["Type"].(string)
				require.Contains(t, properties, kind, name)
				for key := range r {
					assert.Contains(t, []string{"Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy", "Condition", "DependsOn"}, key, name)
				}
				for property := range r["Properties"].(map[string]any) {
					assert.Contains(t, properties[kind], property, name)
				}
				tmpl.resolve(t, r["Properties"])
			}
			for name, o := range tmpl.section("Outputs") {
				assert.NotEmpty(t, tmpl.resolve(t, o.(map[string]any)["Value"]), name)
			}
			for name := range tmpl.section("Parameters") {
				assert.Contains(t, tmpl.used, name, "a parameter that nothing uses")
			}
		})
	}
}

// TestReaderRoleIsThePolicies: for every choice of signals the template's role has the policies of deploy/iam, of the account and partition it is made in.
func TestReaderRoleIsThePolicies(t *testing.T) {
	for bits := range 16 {
		chosen := map[string]string{"CollectorRoleArn": "arn:aws:iam::999988887777:role/collector", "ExternalId": "a-value-of-your-own"}
		want := map[string]any{"inventory": readJSON(t, "../iam/inventory.json")}
		for i, parameter := range []string{"Metrics", "Logs", "Traces", "ApiKeys"} {
			on := bits>>i&1 == 1
			chosen[parameter] = fmt.Sprint(on)
			if name := []string{"metrics", "logs", "traces", "api-keys"}[i]; on {
				want[name] = readJSON(t, "../iam/"+name+".json")
			}
		}
		tmpl := readTemplate(t, "../cloudformation/reader-role.yaml")
		tmpl.use(t, chosen)
		role := tmpl.resolve(t, tmpl.section("Resources")["Reader"].(map[string]any)["Properties"]).(map[string]any)
		got := map[string]any{}
		for _, p := range role["Policies"].([]any) {
			p := p.(map[string]any)
			got[p["PolicyName"].(string)] = p["PolicyDocument"]
		}
		require.Equal(t, want, got, "%v", chosen)
		require.Equal(t, readJSON(t, "../iam/trust.json"), role["AssumeRolePolicyDocument"])
		require.Equal(t, "apigateway-reader", role["RoleName"])
	}
}

func TestRolesPoliciesFollowThePartition(t *testing.T) {
	tmpl := readTemplate(t, "../cloudformation/reader-role.yaml")
	tmpl.use(t, map[string]string{"CollectorRoleArn": "arn:aws-cn:iam::999988887777:role/collector", "ExternalId": "a-value-of-your-own", "ApiKeys": "true"})
	tmpl.parameters["AWS::Partition"], tmpl.parameters["AWS::AccountId"] = "aws-cn", "444455556666"
	text := fmt.Sprint(tmpl.resolve(t, tmpl.section("Resources")))
	assert.NotContains(t, text, "arn:aws:")
	assert.NotContains(t, text, "111122223333")
	assert.Contains(t, text, "arn:aws-cn:logs:*:444455556666:log-group:*")
}

// TestFormatsAreTheReceivers: the format that the template tells for each type of API is the one that the receiver makes all
// its records and spans of.
func TestFormatsAreTheReceivers(t *testing.T) {
	want := recommendedFormats(t)
	tmpl := readTemplate(t, "../cloudformation/access-logs.yaml")
	types := tmpl.section("Parameters")["ApiType"].(map[string]any)["AllowedValues"].([]any)
	assert.Len(t, types, 3)
	for _, kind := range types {
		tmpl.use(t, map[string]string{"ApiType": kind.(string)})
		got := tmpl.resolve(t, tmpl.section("Outputs")["Format"].(map[string]any)["Value"])
		assert.Equal(t, want[kind.(string)], got, kind)
	}
	tmpl.use(t, map[string]string{"LogGroupName": "/orders"})
	arn := tmpl.resolve(t, tmpl.section("Outputs")["DestinationArn"].(map[string]any)["Value"])
	assert.Equal(t, "arn:aws:logs:us-east-1:111122223333:log-group:/orders", arn)
}

// template is a CloudFormation template, and the parameters with which it is evaluated.
type template struct {
	root       map[string]any
	parameters map[string]string
	used       map[string]bool
}

func readTemplate(t *testing.T, file string) *template {
	root, ok := decodeTagged(t, file).(map[string]any)
	require.True(t, ok)
	require.Equal(t, "2010-09-09", root["AWSTemplateFormatVersion"])
	return &template{root: root}
}

func (p *template) section(name string) map[string]any {
	s, _ := p.root[name].(map[string]any)
	return s
}

// use sets the parameters: those that are given, which need not be the template's, the defaults of the others, and the pseudo parameters.
func (p *template) use(t *testing.T, chosen map[string]string) {
	p.used = map[string]bool{}
	p.parameters = map[string]string{"AWS::Partition": "aws", "AWS::AccountId": "111122223333", "AWS::Region": "us-east-1"}
	for name, declared := range p.section("Parameters") {
		declared := declared.(map[string]any)
		value, ok := chosen[name]
		if !ok {
			require.Contains(t, declared, "Default", name)
			value = fmt.Sprint(declared["Default"])
		}
		if allowed, ok := declared["AllowedValues"].([]any); ok {
			require.True(t, slices.ContainsFunc(allowed, func(a any) bool { return fmt.Sprint(a) == value }), "%s: %s", name, value)
		}
		p.parameters[name] = value
	}
}

// noValue is what AWS::NoValue leaves out.
type noValue struct{}

// resolve evaluates the intrinsic functions in a value.
func (p *template) resolve(t *testing.T, v any) any {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, e := range v {
			if r := p.resolve(t, e); r != (noValue{}) {
				out = append(out, r)
			}
		}
		return out
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
					return p.call(t, name, argument)
				}
			}
		}
		out := map[string]any{}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if r := p.resolve(t, v[k]); r != (noValue{}) {
				out[k] = r
			}
		}
		return out
	default:
		return v
	}
}

func (p *template) call(t *testing.T, function string, argument any) any {
	switch function {
	case "Ref":
		return p.ref(t, argument.(string))
	case "Fn::Sub":
		return p.substitute(t, argument.(string))
	case "Fn::GetAtt":
		name, attribute, _ := strings.Cut(argument.(string), ".")
		r, ok := p.section("Resources")[name].(map[string]any)
		require.True(t, ok, "!GetAtt %s", argument)
		require.Contains(t, attributes[r["Type"].(string)], attribute)
		return argument
	case "Fn::Equals":
		sides := p.resolve(t, argument).([]any)
		return sides[0] == sides[1]
	case "Fn::If":
		branches := argument.([]any)
		require.Len(t, branches, 3)
		condition, ok := p.section("Conditions")[branches[0].(string)]
		require.True(t, ok, "!If %s", branches[0])
		yes, no := p.resolve(t, branches[1]), p.resolve(t, branches[2])
		if p.resolve(t, condition).(bool) {
			return yes
		}
		return no
	case "Fn::FindInMap":
		keys := p.resolve(t, argument).([]any)
		first, ok := p.section("Mappings")[keys[0].(string)].(map[string]any)[keys[1].(string)].(map[string]any)
		require.True(t, ok, "!FindInMap %v", keys)
		require.Contains(t, first, keys[2])
		return first[keys[2].(string)]
	}
	require.Fail(t, "a function that the templates need not use: "+function)
	return nil
}

// ref is a parameter's value or, of a log group, its name; of other resources theirs, which only AWS knows.
func (p *template) ref(t *testing.T, name string) any {
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if value, ok := p.parameters[name]; ok {
		p.used[name] = true
		return value
	}
	r, ok := p.section("Resources")[name].(map[string]any)
	require.True(t, ok, "!Ref %s", name)
	if r["Type"] == "AWS::Logs::LogGroup" {
		return p.resolve(t, r["Properties"].(map[string]any)["LogGroupName"])
	}
	return name
}

func (p *template) substitute(t *testing.T, s string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, ok := strings.Cut(rest, "}")
		require.True(t, ok, s)
		fmt.Fprint(&out, p.ref(t, name))
		s = after
	}
}
