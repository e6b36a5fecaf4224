package awssim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

// admin makes a request to the admin API and decodes the answer.
func (h *harness) admin(t *testing.T, method, path, body string, into any) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.Admin().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	if into != nil && w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("cannot decode the answer of %s: %v", path, err)
		}
	}
	return w.Code
}

func TestAdminWorld(t *testing.T) {
	world := DemoWorld(noon)
	h := start(t, Config{World: world})
	var got WorldTruth
	h.admin(t, "GET", "/world?api=a1orders00&from=2026-11-21T11:30:10Z&to=1795262390", "", &got) // to 11:59:50
	if !got.From.Equal(noon.Add(-29*time.Minute)) || !got.To.Equal(noon.Add(-time.Minute)) || len(got.Stages) != 4 {
		t.Fatalf("the interval is [%s, %s) with %d stages", got.From, got.To, len(got.Stages))
	}
	api := world.API(DemoAccount, "us-east-1", "a1orders00")
	for _, s := range got.Stages {
		for _, stage := range api.Stages {
			if stage.Name == s.Stage && !reflect.DeepEqual(s.Metrics, world.Truth(api, stage, s.Canary, got.From, got.To)) {
				t.Errorf("the truth of %s (canary: %v) is %v", s.Stage, s.Canary, s.Metrics)
			}
		}
	}
	for _, path := range []string{"/world?from=yesterday", "/world?to=x", "/world?from=0"} {
		if code := h.admin(t, "GET", path, "", nil); code != http.StatusBadRequest {
			t.Errorf("the status of %s is %d", path, code)
		}
	}
}

func TestAdminFaultsAndCalls(t *testing.T) {
	h := start(t, Config{World: shop()})
	if code := h.admin(t, "POST", "/faults", `{"throttle": 1, "only": ["ListMetrics"], "deny": {"GetRestApis": "identity-policy"}}`, nil); code != http.StatusOK {
		t.Fatalf("the status is %d", code)
	}
	metrics, apis, _ := h.callAll()
	wantCode(t, metrics, "Throttling")
	wantCode(t, apis, "AccessDeniedException")
	var faults Faults
	h.admin(t, "GET", "/faults", "", &faults)
	if faults.Throttle != 1 || faults.Deny["GetRestApis"] != IdentityPolicy {
		t.Errorf("the faults are %+v", faults)
	}
	for _, body := range []string{"{", `{"throtle": 1}`, `{"throttle": 2}`, `{"deny": {"*": "because"}}`, `{"malformed_kinds": ["odd"]}`} {
		if code := h.admin(t, "POST", "/faults", body, nil); code != http.StatusBadRequest {
			t.Errorf("the status of %s is %d", body, code)
		}
	}
	var calls struct {
		Counts map[string]int
		Calls  []Call
	}
	h.admin(t, "GET", "/calls?limit=1&operation=ListMetrics", "", &calls)
	if calls.Counts["GetRestApis"] != 1 || len(calls.Calls) != 1 || calls.Calls[0].Error != "ThrottlingException" {
		t.Errorf("the calls are %+v", calls)
	}
	if h.admin(t, "DELETE", "/calls", "", nil); h.Count("") != 0 {
		t.Error("the calls are still there")
	}
	if code := h.admin(t, "POST", "/lateness", `{"base": "90s", "late": 0.5, "max": "2m"}`, nil); code != http.StatusOK {
		t.Errorf("the status is %d", code)
	}
	if got := h.published.currentLateness(); got != (Lateness{Base: 90 * time.Second, Max: 2 * time.Minute, Late: 0.5}) {
		t.Errorf("the lateness is %+v", got)
	}
	if code := h.admin(t, "GET", "/healthz", "", nil); code != http.StatusOK {
		t.Errorf("the status is %d", code)
	}
}
