package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// permit puts IAM in front of an embedded AWS: what no policy allows goes to a second one, which denies everything.
type permit struct {
	t                testing.TB
	allowed, refused *awssim.Server
	// identity are the policies of the caller's own account, role those of the roles in other accounts.
	identity, role policy

	mu     sync.Mutex
	used   map[string]bool // "account action pattern"
	denied map[string]bool // "action resource"
}

func newPermit(t testing.TB, world *awssim.World, identity, role policy) *permit {
	p := &permit{
		t: t, identity: identity, role: role, used: map[string]bool{}, denied: map[string]bool{},
		allowed: awssim.New(awssim.Config{World: world}),
		refused: awssim.New(awssim.Config{World: world, Faults: awssim.Faults{Deny: map[string]awssim.DenyKind{"*": awssim.IdentityPolicy}}}),
	}
	t.Cleanup(p.allowed.Close)
	t.Cleanup(p.refused.Close)
	return p
}

func (p *permit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if p.allows(requestOf(p.t, r, body)) {
		p.allowed.ServeHTTP(w, r)
	} else {
		p.refused.ServeHTTP(w, r)
	}
}

func (p *permit) allows(q request) bool {
	if q.action == "sts:GetCallerIdentity" {
		return true
	}
	held := p.identity
	if q.account != account {
		held = p.role
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range held.Statement {
		for _, action := range s.Action {
			for _, pattern := range s.Resource {
				if matches(action, q.action) && matches(strings.ReplaceAll(pattern, account, q.account), q.resource) {
					p.used[action+" "+pattern] = true
					return true
				}
			}
		}
	}
	p.denied[q.action+" "+q.resource] = true
	return false
}

// denials are what was asked for and not allowed.
func (p *permit) denials() []string { return p.keys(p.denied) }

// unused are the grants of a policy that nothing needed yet.
func (p *permit) unused(of policy) (grants []string) {
	used := map[string]bool{}
	for _, u := range p.keys(p.used) {
		used[strings.ReplaceAll(u, ":apigateway:*:*:/", ":apigateway:*::/")] = true
	}
	for _, g := range of.grants() {
		if !used[g] {
			grants = append(grants, g)
		}
	}
	return grants
}

func (p *permit) keys(of map[string]bool) (keys []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range of {
		keys = append(keys, k)
	}
	return unique(keys)
}

// matches compares as IAM does: "*" is any run of characters, slashes and colons among them.
func matches(pattern, s string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(s)
}

// request is what IAM sees of a call.
type request struct{ account, action, resource string }

var credential = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request`)

// requestOf tells action and resource as the Service Authorization Reference has them.
func requestOf(t testing.TB, r *http.Request, body []byte) request {
	m := credential.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		t.Errorf("%s %s is not signed", r.Method, r.URL)
		return request{}
	}
	key, region, service := m[1], m[2], m[3]
	q := request{account: account, resource: "*"}
	if rest, ok := strings.CutPrefix(key, "ASIASIM"); ok {
		q.account = rest[:12]
	}
	switch service {
	case "monitoring":
		q.action = "cloudwatch:" + path.Base(r.URL.Path)
	case "logs":
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		q.action, q.resource = "logs:"+operation, fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", region, q.account, logGroupOf(body))
	case "xray":
		operation := path.Base(r.URL.Path)
		if as, ok := map[string]string{"Traces": "BatchGetTraces", "TraceSummaries": "GetTraceSummaries"}[operation]; ok {
			operation = as
		}
		q.action = "xray:" + operation
	case "sts":
		form, err := url.ParseQuery(string(body))
		require.NoError(t, err)
		q.action, q.resource = "sts:"+form.Get("Action"), form.Get("RoleArn")
	case "apigateway":
		owner, of := "", strings.TrimPrefix(r.URL.Path, "/v2")
		q.action = "apigateway:" + r.Method
		if strings.HasSuffix(of, "/routingrules") {
			q.action, owner, of = "apigateway:ListRoutingRules", q.account, of+"/*"
		}
		if r.URL.Query().Has("domainNameId") {
			owner = q.account // a private domain name
		}
		q.resource = fmt.Sprintf("arn:aws:apigateway:%s:%s:%s", region, owner, of)
	default:
		t.Errorf("a call of %s", service)
	}
	return q
}

// logGroupOf is the group that a call names; DescribeLogGroups is allowed on groups of any name only.
func logGroupOf(body []byte) string {
	var in struct {
		LogGroupName string `json:"logGroupName"`
	}
	if json.Unmarshal(body, &in) != nil || in.LogGroupName == "" {
		return "*"
	}
	return in.LogGroupName + ":*"
}
