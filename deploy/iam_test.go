package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// account is the one that the policies name.
const account = "111122223333"

// policy is an IAM policy as this folder writes them.
type policy struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Effect    string                       `json:"Effect"`
	Principal map[string]string            `json:"Principal,omitempty"`
	Action    list                         `json:"Action"`
	Resource  list                         `json:"Resource,omitempty"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

// list is one string or several, which IAM takes alike.
type list []string

func (l *list) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		*l = list{""}
		return json.Unmarshal(b, &(*l)[0])
	}
	return json.Unmarshal(b, (*[]string)(l))
}

func decodePolicy(t testing.TB, text string) policy {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var p policy
	require.NoError(t, d.Decode(&p), text)
	require.False(t, d.More())
	return p
}

// policyOf is what iam/<name>.json has, of several names one policy with all their statements.
func policyOf(t testing.TB, names ...string) policy {
	t.Helper()
	p := policy{Version: "2012-10-17"}
	for _, name := range names {
		p.Statement = append(p.Statement, decodePolicy(t, read(t, filepath.Join("iam", name+".json"))).Statement...)
	}
	return p
}

// grants are the pairs of action and resource that a policy allows, in one spelling: the control plane's ARNs have no account, but for domain names, where
// "*" stands for none as well.
func (p policy) grants() (pairs []string) {
	spelling := strings.NewReplacer(":apigateway:*:*:/", ":apigateway:*::/")
	for _, s := range p.Statement {
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				pairs = append(pairs, action+" "+spelling.Replace(resource))
			}
		}
	}
	return pairs
}

func TestPoliciesAreWellFormed(t *testing.T) {
	files, err := filepath.Glob("iam/*.json")
	require.NoError(t, err)
	require.Len(t, files, 8)
	for _, file := range files {
		p := decodePolicy(t, read(t, file))
		assert.Equal(t, "2012-10-17", p.Version, file)
		require.NotEmpty(t, p.Statement, file)
		for _, s := range p.Statement {
			assert.Equal(t, "Allow", s.Effect, file)
			assert.NotEmpty(t, s.Action, file)
			assert.NotEqual(t, s.Resource == nil, s.Principal == nil, "%s: a trust policy has a principal, any other a resource", file)
		}
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, []byte(read(t, file))))
		assert.Less(t, compact.Len(), 6144, "%s: the quota of managed policies, without white space", file)
	}
}

// TestReadersPolicyIsThatOfItsSignals: reader.json is the others put together, in their order.
func TestReadersPolicyIsThatOfItsSignals(t *testing.T) {
	assert.Equal(t, policyOf(t, "metrics", "inventory", "logs", "traces"), policyOf(t, "reader"))
}

func TestReadmeHasTheSamePolicies(t *testing.T) {
	readme := read(t, "../README.md")
	_, section, ok := strings.Cut(readme, "\n## The IAM policy\n")
	require.True(t, ok)
	var found []string
	for _, m := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(section, -1) {
		found = append(found, m[1])
	}
	require.Len(t, found, 3, "the policy, what API keys need more, and the trust policy")
	assert.Equal(t, policyOf(t, "reader"), decodePolicy(t, found[0]))
	var keys list
	require.NoError(t, json.Unmarshal([]byte(found[1]), &keys))
	assert.Equal(t, policy{Version: "2012-10-17", Statement: []statement{{Effect: "Allow", Action: list{"apigateway:GET"}, Resource: keys}}}, policyOf(t, "api-keys"))
	assert.Equal(t, policyOf(t, "trust"), decodePolicy(t, found[2]))
}

// TestPoliciesAllowWhatTheReceiverCalls: no more and no less than the permissions that the receiver's table of operations has.
func TestPoliciesAllowWhatTheReceiverCalls(t *testing.T) {
	var wanted, roles []string
	for _, p := range permissions(t) {
		switch p {
		case "sts:GetCallerIdentity *": // needs no permission
		case "sts:AssumeRole the role":
			roles = append(roles, p)
		default:
			wanted = append(wanted, p)
		}
	}
	require.Len(t, roles, 1)
	assert.ElementsMatch(t, unique(wanted), policyOf(t, "reader", "api-keys").grants())
	assert.Equal(t, []string{"sts:AssumeRole arn:aws:iam::*:role/apigateway-reader"}, policyOf(t, "assume-roles").grants())
	for name, service := range map[string]string{"metrics": "cloudwatch:", "inventory": "apigateway:", "logs": "logs:", "traces": "xray:", "api-keys": "apigateway:"} {
		for _, grant := range policyOf(t, name).grants() {
			assert.True(t, strings.HasPrefix(grant, service), "%s.json has %s", name, grant)
		}
	}
	for _, grant := range policyOf(t, "reader").grants() {
		assert.NotRegexp(t, "/apikeys|/keys", grant, "shows the values of API keys")
	}
}

// TestTrustPolicyAsksForAnExternalID, or whoever is told the role's ARN could have the collector read the account for him.
func TestTrustPolicyAsksForAnExternalID(t *testing.T) {
	trust := policyOf(t, "trust").Statement
	require.Len(t, trust, 1)
	assert.Equal(t, list{"sts:AssumeRole"}, trust[0].Action)
	assert.NotEmpty(t, trust[0].Condition["StringEquals"]["sts:ExternalId"])
}

// TestPermissionsAreDocumented: docs/permissions.md names each action and each file.
func TestPermissionsAreDocumented(t *testing.T) {
	text := read(t, "../docs/permissions.md")
	for _, p := range permissions(t) {
		action, resource, _ := strings.Cut(p, " ")
		assert.Contains(t, text, "`"+action+"`")
		if _, path, ok := strings.Cut(resource, "::"); ok && action == "apigateway:GET" {
			assert.Contains(t, text, "`"+path+"`")
		}
	}
	files, err := os.ReadDir("iam")
	require.NoError(t, err)
	for _, f := range files {
		assert.Contains(t, text, "deploy/iam/"+f.Name())
	}
}

// TestClassesAreTheReceivers: docs/permissions.md says of every class of denial who can mend it, and of none that does not exist.
func TestClassesAreTheReceivers(t *testing.T) {
	_, table, ok := strings.Cut(read(t, "../docs/permissions.md"), "\n## Who can mend it\n")
	require.True(t, ok)
	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(table, -1) {
		for _, class := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			documented = append(documented, class[1])
		}
	}
	var mended []string // the classes that Remedy knows something of
	source := read(t, receiver+"/internal/aws/errors.go")
	values := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+) +Class = "(\w+)"$`).FindAllStringSubmatch(source, -1) {
		values[m[1]] = m[2]
	}
	_, remedy, _ := strings.Cut(source, ") Remedy() string {")
	remedy, _, _ = strings.Cut(remedy, "\n}\n")
	for _, m := range regexp.MustCompile(`case (\w+):`).FindAllStringSubmatch(remedy, -1) {
		mended = append(mended, values[m[1]])
	}
	assert.ElementsMatch(t, mended, documented)
}
