package awssim

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// apiGatewayPage is how many entries a list holds that names no limit (API Gateway v1: 25; v2 documents none).
	apiGatewayPage = 25
	// apiGatewayMaxPage is the largest limit (API Gateway v1: 500; v2 documents none).
	apiGatewayMaxPage = 500
)

// apiGatewayActions are the reads of both versions by the shape of their path.
var apiGatewayActions = []struct {
	pattern, name string
	handle        func(*Server, *exchange) (any, error)
}{
	{"/restapis", "GetRestApis", (*Server).getRestAPIs},
	{"/restapis/{api}", "GetRestApi", (*Server).getRestAPI},
	{"/restapis/{api}/stages", "GetStages", (*Server).getStages},
	{"/restapis/{api}/stages/{stage}", "GetStage", (*Server).getStage},
	{"/v2/apis", "GetApis", (*Server).getAPIs},
	{"/v2/apis/{api}", "GetApi", (*Server).getAPI},
	{"/v2/apis/{api}/stages", "GetStagesV2", (*Server).getStagesV2},
	{"/v2/apis/{api}/stages/{stage}", "GetStageV2", (*Server).getStageV2},
}

// apiGatewayOperation finds the operation of a rest-json request. Operations that both versions have are told apart by the suffix V2.
func apiGatewayOperation(r *http.Request) (operation, *wireError) {
	op := operation{service: serviceAPIGateway, action: "apigateway:" + r.Method, protocol: protocolREST}
	if r.Method == http.MethodGet {
		for _, a := range apiGatewayActions {
			if values, ok := matchPath(a.pattern, r.URL.EscapedPath()); ok {
				op.name, op.handle, op.path = a.name, a.handle, values
				return op, nil
			}
		}
	}
	// API Gateway's way to say that it has no such operation.
	return op, missingAuthentication()
}

// matchPath matches an escaped path against a pattern and returns the values of its names.
func matchPath(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(want) != len(have) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		name, isName := strings.CutPrefix(w, "{")
		if !isName {
			if w != have[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(have[i])
		if err != nil || value == "" {
			return nil, false
		}
		values[strings.TrimSuffix(name, "}")] = value
	}
	return values, true
}

// arnPath is the resource part of the ARN of what a request reads: v2 paths have no version in ARNs.
func (x *exchange) arnPath() string { return strings.TrimPrefix(x.request.URL.Path, "/v2") }

// apis returns the caller's APIs of these types that exist, in the order of their ids.
func (x *exchange) apis(types ...string) []*API {
	var found []*API
	for _, api := range x.caller.account.region(x.caller.region).APIs {
		if slices.Contains(types, api.kind()) && api.exists(x.now) {
			found = append(found, api)
		}
	}
	slices.SortStableFunc(found, func(a, b *API) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

// api returns the caller's API that the path names.
func (x *exchange) api(types ...string) (*API, error) {
	id := x.op.path["api"]
	for _, api := range x.caller.account.region(x.caller.region).APIs {
		if api.ID == id && api.exists(x.now) && slices.Contains(types, api.kind()) {
			return api, nil
		}
	}
	return nil, notFound("Invalid API identifier specified %s:%s", x.caller.account.ID, id)
}

// stages returns an API's stages that exist.
func (x *exchange) stages(api *API) []*Stage {
	var found []*Stage
	for _, s := range api.Stages {
		if !x.now.Before(s.since(api)) {
			found = append(found, s)
		}
	}
	return found
}

func (x *exchange) stage(api *API) (*Stage, error) {
	for _, s := range x.stages(api) {
		if s.Name == x.op.path["stage"] {
			return s, nil
		}
	}
	return nil, notFound("Invalid stage identifier specified")
}

// paged returns the page of the (ascending) keys that a token and a limit ask for, as [from, to), and the token of the next one. A token is the
// last key that was sent, so that entries that come and go while somebody pages disturb no other.
func paged(s *Server, x *exchange, limitName, tokenName string, keys []string) (from, to int, next string, err error) {
	q := x.request.URL.Query()
	limit := apiGatewayPage
	if v := q.Get(limitName); v != "" {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 {
			return 0, 0, "", &wireError{status: http.StatusBadRequest, code: "BadRequestException", message: fmt.Sprintf("Invalid value for %s: %q", limitName, v)}
		}
	}
	limit = s.page(min(limit, apiGatewayMaxPage))
	if token := q.Get(tokenName); token != "" {
		x.call.FollowUp = true
		var last string
		if token != endlessToken && !decodeToken(token, &last) {
			return 0, 0, "", invalidToken(serviceAPIGateway)
		}
		for from < len(keys) && keys[from] <= last {
			from++
		}
	}
	to = min(from+limit, len(keys))
	if to < len(keys) {
		next = encodeToken(keys[to-1])
	}
	return from, to, next, nil
}

// pageOfAPIs describes a page of APIs.
func (s *Server) pageOfAPIs(x *exchange, apis []*API, limitName, tokenName, list string, describe func(*API) map[string]any) (any, error) {
	keys := make([]string, len(apis))
	for i, api := range apis {
		keys[i] = api.ID
	}
	from, to, next, err := paged(s, x, limitName, tokenName, keys)
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for _, api := range apis[from:to] {
		items = append(items, describe(api))
	}
	out := map[string]any{list: items}
	if next != "" {
		out[tokenName] = next
	}
	return out, nil
}

// deploymentID is that of a stage, and of its canary.
func deploymentID(api *API, stage *Stage, canary bool) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	h := hashStrings(uint64(flag(canary)), api.ID, stage.Name)
	id := make([]byte, 6)
	for i := range id {
		id[i] = letters[h%36]
		h /= 36
	}
	return string(id)
}

// lastUpdate is when a stage's settings last changed before now: when it was made, or detailed metrics were switched on.
func lastUpdate(api *API, stage *Stage, now time.Time) time.Time {
	since := stage.since(api)
	if d := stage.DetailedSince; d.After(since) && !d.After(now) {
		return d
	}
	return since
}

func detailed(stage *Stage, now time.Time) bool {
	return !stage.DetailedSince.IsZero() && !now.Before(stage.DetailedSince)
}
