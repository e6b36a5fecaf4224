package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// An answer is taken apart into its items as AWS wrote them, and the next page's token.
func TestDecodePage(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct {
		body, list, token string
		items             []string
		next              string
	}{
		"v1":                                {`{"item": [{"id": "a"}, {"id": "b"}], "position": "p"}`, "item", "position", []string{`{"id": "a"}`, `{"id": "b"}`}, "p"},
		"v1, as it is documented":           {`{"items": [{"id": "a"}], "position": "p"}`, "item", "position", []string{`{"id": "a"}`}, "p"},
		"v1, a list of one as the item":     {`{"item": {"id": "a"}}`, "item", "position", []string{`{"id": "a"}`}, ""},
		"v1, in both members":               {`{"items": [{"id": "b"}], "item": [{"id": "a"}]}`, "item", "position", []string{`{"id": "a"}`}, ""},
		"v2":                                {`{"items": [{"apiId": "a"}], "nextToken": "t"}`, "items", "nextToken", []string{`{"apiId": "a"}`}, "t"},
		"v2 has no item":                    {`{"item": [{"apiId": "a"}]}`, "items", "nextToken", nil, ""},
		"routing rules":                     {`{"routingRules": [{"priority": 1}], "nextToken": "t"}`, "routingRules", "nextToken", []string{`{"priority": 1}`}, "t"},
		"nothing":                           {`{}`, "item", "position", nil, ""},
		"an empty list":                     {`{"item": []}`, "item", "position", nil, ""},
		"null":                              {`{"item": null, "position": null}`, "item", "position", nil, ""},
		"no token is asked for":             {`{"item": [], "position": "p", "": "x"}`, "item", "", nil, ""},
		"items of other kinds, as they are": {`{"item": [7, null, "x", [1]]}`, "item", "position", []string{`7`, `null`, `"x"`, `[1]`}, ""},
		"white space":                       {" {\n\"item\" :\t[ { \"id\" : \"a\" } ] } ", "item", "position", []string{`{ "id" : "a" }`}, ""},
		"the whole answer":                  {` {"cloudwatchRoleArn": "x"} `, "", "position", []string{`{"cloudwatchRoleArn": "x"}`}, ""},
		"the whole answer, with pages":      {`{"values": {}, "position": "p"}`, "", "position", []string{`{"values": {}, "position": "p"}`}, "p"},
	} {
		p, err := decodePage([]byte(set.body), set.list, set.token)
		require.NoError(t, err, name)
		var items []string
		for _, i := range p.items {
			items = append(items, string(i))
		}
		assert.Equal(t, set.items, items, name)
		assert.Equal(t, set.next, p.token, name)
	}
	for _, body := range []string{"", "x", "null", " null ", "[]", "7", `"x"`, `{"item": 7}`, `{"item": "x"}`, `{"item": true}`, `{"item": [{]}`, `{"item": [], "position": 7}`, `{"item": [], "position": ["p"]}`, `{"item": []} x`} {
		_, err := decodePage([]byte(body), "item", "position")
		assert.ErrorIs(t, err, errMalformed, body)
	}
}

// A list that is empty is told from one that is absent.
func TestAnAbsentListIsNil(t *testing.T) {
	t.Parallel()
	for body, absent := range map[string]bool{`{"item": []}`: false, `{"items": []}`: false, `{"item": {}}`: false, `{}`: true, `{"item": null}`: true, `{"item": null, "items": []}`: true} {
		p, err := decodePage([]byte(body), "item", "position")
		require.NoError(t, err)
		assert.Equal(t, absent, p.items == nil, body)
	}
	_, err := decodePage([]byte("null"), "", "")
	assert.ErrorIs(t, err, errMalformed, "nor is null the whole answer")
}

// Items outlive the buffer that they were read into.
func TestItemsAreTheirOwn(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"item", ""} {
		body := []byte(`{"item": [{"id": "a"}], "position": "p"}`)
		p, err := decodePage(body, list, "position")
		require.NoError(t, err)
		before := string(p.items[0])
		for i := range body {
			body[i] = 'x'
		}
		assert.Equal(t, before, string(p.items[0]))
		assert.Equal(t, "p", p.token)
	}
}

// FuzzDecodePage: whatever an answer is, its items are JSON of it.
func FuzzDecodePage(f *testing.F) {
	for _, body := range []string{`{"item": [{"id": "a"}], "position": "p"}`, `{"items": {"id": "a"}}`, `{"item": null}`, `[]`, `{"item": [1, "x", {"a": [null]}]}`, `{"item":[],"item":{}}`} {
		f.Add([]byte(body), "item", "position")
		f.Add([]byte(body), "", "nextToken")
	}
	f.Fuzz(func(t *testing.T, body []byte, list, token string) {
		in := bytes.Clone(body)
		p, err := decodePage(body, list, token)
		assert.Equal(t, in, body, "the answer is left alone")
		if err != nil {
			assert.ErrorIs(t, err, errMalformed)
			return
		}
		assert.True(t, json.Valid(body))
		for _, i := range p.items {
			assert.True(t, json.Valid(i))
		}
		if list == "" {
			assert.Len(t, p.items, 1)
		}
	})
}

// recorder is a control plane that remembers what was asked for.
type recorder struct {
	mu    sync.Mutex
	asked []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.asked = append(r.asked, q.Method+" "+q.URL.RequestURI())
	first := len(r.asked) == 1
	r.mu.Unlock()
	if first {
		_, _ = w.Write([]byte(`{"item": [{"id": "a"}], "items": [{"id": "a"}], "routingRules": [{"id": "a"}], "position": "next", "nextToken": "next"}`))
		return
	}
	_, _ = w.Write([]byte(`{"item": [{"id": "b"}], "items": [{"id": "b"}], "routingRules": [{"id": "b"}]}`))
}

// What each read asks for, page after page. Values of API keys are never among it.
func TestReads(t *testing.T) {
	of := model.ReadOf{API: "a1", Deployment: "d1", DomainName: "example.com", DomainID: "i1", UsagePlan: "p1", From: "2026-01-01", To: "2026-01-02"}
	want := map[model.Read][]string{
		model.GetRestAPIs:                     {"/restapis?limit=500", "/restapis?limit=500&position=next"},
		model.GetRestStages:                   {"/restapis/a1/stages"},
		model.GetRestDeployments:              {"/restapis/a1/deployments?limit=500", "/restapis/a1/deployments?limit=500&position=next"},
		model.GetRestDeployment:               {"/restapis/a1/deployments/d1?embed=apisummary"},
		model.GetResources:                    {"/restapis/a1/resources?embed=methods&limit=500", "/restapis/a1/resources?embed=methods&limit=500&position=next"},
		model.GetRestAuthorizers:              {"/restapis/a1/authorizers?limit=500", "/restapis/a1/authorizers?limit=500&position=next"},
		model.GetRestModels:                   {"/restapis/a1/models?limit=500", "/restapis/a1/models?limit=500&position=next"},
		model.GetRequestValidators:            {"/restapis/a1/requestvalidators?limit=500", "/restapis/a1/requestvalidators?limit=500&position=next"},
		model.GetAPIs:                         {"/v2/apis?maxResults=100", "/v2/apis?maxResults=100&nextToken=next"},
		model.GetStages:                       {"/v2/apis/a1/stages?maxResults=100", "/v2/apis/a1/stages?maxResults=100&nextToken=next"},
		model.GetDeployments:                  {"/v2/apis/a1/deployments?maxResults=100", "/v2/apis/a1/deployments?maxResults=100&nextToken=next"},
		model.GetRoutes:                       {"/v2/apis/a1/routes?maxResults=100", "/v2/apis/a1/routes?maxResults=100&nextToken=next"},
		model.GetIntegrations:                 {"/v2/apis/a1/integrations?maxResults=100", "/v2/apis/a1/integrations?maxResults=100&nextToken=next"},
		model.GetAuthorizers:                  {"/v2/apis/a1/authorizers?maxResults=100", "/v2/apis/a1/authorizers?maxResults=100&nextToken=next"},
		model.GetModels:                       {"/v2/apis/a1/models?maxResults=100", "/v2/apis/a1/models?maxResults=100&nextToken=next"},
		model.GetAccount:                      {"/account"},
		model.GetRestDomainNames:              {"/domainnames?limit=500&resourceOwner=SELF", "/domainnames?limit=500&position=next&resourceOwner=SELF"},
		model.GetDomainNames:                  {"/v2/domainnames?maxResults=100", "/v2/domainnames?maxResults=100&nextToken=next"},
		model.GetDomainNameAccessAssociations: {"/domainnameaccessassociations?limit=500&resourceOwner=SELF", "/domainnameaccessassociations?limit=500&position=next&resourceOwner=SELF"},
		model.GetBasePathMappings:             {"/domainnames/example.com/basepathmappings?domainNameId=i1&limit=500", "/domainnames/example.com/basepathmappings?domainNameId=i1&limit=500&position=next"},
		model.GetAPIMappings:                  {"/v2/domainnames/example.com/apimappings?maxResults=100", "/v2/domainnames/example.com/apimappings?maxResults=100&nextToken=next"},
		model.ListRoutingRules:                {"/v2/domainnames/example.com/routingrules?domainNameId=i1&maxResults=100", "/v2/domainnames/example.com/routingrules?domainNameId=i1&maxResults=100&nextToken=next"},
		model.GetRestVPCLinks:                 {"/vpclinks?limit=500", "/vpclinks?limit=500&position=next"},
		model.GetVPCLinks:                     {"/v2/vpclinks?maxResults=100", "/v2/vpclinks?maxResults=100&nextToken=next"},
		model.GetUsagePlans:                   {"/usageplans?limit=500", "/usageplans?limit=500&position=next"},
		model.GetUsagePlanKeys:                {"/usageplans/p1/keys?limit=500", "/usageplans/p1/keys?limit=500&position=next"},
		model.GetUsage:                        {"/usageplans/p1/usage?endDate=2026-01-02&limit=500&startDate=2026-01-01", "/usageplans/p1/usage?endDate=2026-01-02&limit=500&position=next&startDate=2026-01-01"},
		model.GetAPIKeys:                      {"/apikeys?includeValues=false&limit=500", "/apikeys?includeValues=false&limit=500&position=next"},
		model.GetClientCertificates:           {"/clientcertificates?limit=500", "/clientcertificates?limit=500&position=next"},
	}
	known := openHandler(t, &recorder{}, nil).client().controlPlane
	assert.Len(t, known, len(want), "each read has its place here")
	for what, paths := range want {
		t.Run(string(what), func(t *testing.T) {
			r := &recorder{}
			f := openHandler(t, r, nil)
			items, err := f.client().Read(context.Background(), what, of)
			require.NoError(t, err)
			for i, p := range paths {
				require.Greater(t, len(r.asked), i)
				assert.Equal(t, "GET "+p, r.asked[i])
			}
			if len(paths) == 2 {
				assert.Len(t, items, 2)
				assert.Len(t, r.asked, 2)
			}
		})
	}
}

// Optional parts of a path are left out where there are none.
func TestReadOfAPublicDomainName(t *testing.T) {
	r := &recorder{asked: []string{"before"}}
	_, err := openHandler(t, r, nil).client().Read(context.Background(), model.GetBasePathMappings, model.ReadOf{DomainName: "example.com"})
	require.NoError(t, err)
	assert.Equal(t, "GET /domainnames/example.com/basepathmappings?limit=500", r.asked[1])
}

// A page that was cut off in the middle of the list costs the page, which is tried again, and not the list.
func TestReadTriesAPageAgain(t *testing.T) {
	n := 0
	f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		n++
		switch {
		case n == 2:
			_, _ = w.Write([]byte(`{"item": [{"id": "b"`))
		case q.URL.Query().Get("position") == "":
			_, _ = w.Write([]byte(`{"item": [{"id": "a"}], "position": "next"}`))
		default:
			_, _ = w.Write([]byte(`{"item": [{"id": "b"}]}`))
		}
	}), nil)
	items, err := f.client().Read(context.Background(), model.GetUsagePlans, model.ReadOf{})
	require.NoError(t, err)
	assert.Equal(t, []string{`{"id": "a"}`, `{"id": "b"}`}, []string{string(items[0]), string(items[1])})
	assert.Len(t, items, 2)
	assert.EqualValues(t, 1, f.malformed())
}

// Reads at the same time keep their answers apart.
func TestConcurrentReads(t *testing.T) {
	f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = fmt.Fprintf(w, `{"item": [{"id": %q}]}`, strings.Split(q.URL.Path, "/")[2]+strings.Repeat("x", 1000))
	}), nil)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 20 {
				items, err := f.client().Read(context.Background(), model.GetRestStages, model.ReadOf{API: fmt.Sprint("api", i)})
				assert.NoError(t, err)
				assert.Contains(t, string(slices.Concat(items...)), fmt.Sprint("api", i, "x"))
			}
		})
	}
	all.Wait()
}

// Each read's denial names the permission that mends it, with the resources that it is about.
func TestPermissionsOfReads(t *testing.T) {
	f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"message": "User: x is not authorized to perform: y because no identity-based policy allows the y action"}`))
	}), func(s *Settings) { s.Accounts = []Account{{AccountID: testAccount}} })
	for what, r := range f.client().controlPlane {
		_, err := f.client().Read(context.Background(), what, model.ReadOf{API: "a", Deployment: "d", DomainName: "n", UsagePlan: "p", From: "f", To: "t"})
		require.Error(t, err)
		assert.Equal(t, Denied, ClassOf(err), "%v", err)
		action, account := "apigateway:GET", ""
		if what == model.ListRoutingRules {
			action, account = "apigateway:ListRoutingRules", testAccount
		}
		assert.Contains(t, err.Error(), "allow "+action+" on arn:aws:apigateway:us-east-1:"+account+":/", what)
		assert.NotContains(t, err.Error(), "%", what)
		assert.Equal(t, string(what), r.op.name)
	}
}

// freshLimits are those of an account that nobody else reads.
func freshLimits() *limits {
	return limitsFor(limitsKey{endpoint: fmt.Sprint("fresh ", fresh.Add(1))}, 10, 0)
}

var fresh atomic.Int64

// GetResources has a quota of its own below the control plane's, and takes from both.
func TestGetResourcesHasItsOwnLimit(t *testing.T) {
	t.Parallel()
	clock := &stepClock{now: time.Unix(1_700_000_000, 0)}
	l := freshLimits()
	both := (&operation{limiter: controlPlane, also: func(l *limits) *limiter { return l.getResources }}).limiters(l)
	require.Len(t, both, 2)
	for range 52 {
		for _, limiter := range both {
			require.NoError(t, limiter.wait(context.Background(), clock, 1))
		}
	}
	assert.GreaterOrEqual(t, clock.slept.Seconds(), 50/getResourcesPerSecond-1, "5 requests in 2 seconds are AWS's quota")
	assert.Less(t, getResourcesPerSecond, 2.5)
}

// When the control plane throttles, somebody deploys: nothing is sent for a while.
func TestControlPlaneYields(t *testing.T) {
	t.Parallel()
	clock := &stepClock{now: time.Unix(1_700_000_000, 0)}
	l := freshLimits()
	require.NoError(t, l.controlPlane.wait(context.Background(), clock, 1))
	assert.Zero(t, clock.slept)
	l.controlPlane.throttled(clock.now)
	require.NoError(t, l.controlPlane.wait(context.Background(), clock, 1))
	assert.Equal(t, controlPlaneYield, clock.slept)
	require.NoError(t, l.controlPlane.wait(context.Background(), clock, 1))
	assert.Less(t, clock.slept, 2*controlPlaneYield, "once")
	clock.slept = 0
	l.listMetrics.throttled(clock.now)
	require.NoError(t, l.listMetrics.wait(context.Background(), clock, 1))
	assert.Zero(t, clock.slept, "others do not")
}

// A read of several pages, or of none, keeps apart an empty list and an absent one.
func TestReadTellsAnEmptyListFromNone(t *testing.T) {
	t.Parallel()
	for body, absent := range map[string]bool{`{"item": []}`: false, `{}`: true, `{"item": null}`: true} {
		f := openHandler(t, &answering{body: []byte(body)}, nil)
		items, err := f.client().Read(context.Background(), model.GetRestAPIs, model.ReadOf{})
		require.NoError(t, err)
		assert.Equal(t, absent, items == nil, body)
	}
	f := openHandler(t, &answering{body: []byte("null")}, nil)
	_, err := f.client().Read(context.Background(), model.GetRestAPIs, model.ReadOf{})
	assert.ErrorIs(t, err, errMalformed)
}
