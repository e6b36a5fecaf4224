package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded is what the collector wrote in eight minutes of the demonstration, cut down to four stages and some requests.
func recorded(t testing.TB) (*outputs, []*change) {
	t.Helper()
	got, folder := newOutputs(), filepath.Join("testdata", "recorded")
	require.NoError(t, got.metrics.read(filepath.Join(folder, "metrics.jsonl")))
	require.NoError(t, got.traces.read(filepath.Join(folder, "traces.jsonl")))
	changes, err := got.logs.read(filepath.Join(folder, "logs.jsonl"))
	require.NoError(t, err)
	return got, changes
}

// ask is the page's answer to a browser on this machine.
func ask(p *page, method, host, path string) *http.Response {
	r := httptest.NewRequest(method, "http://"+host+path, http.NoBody)
	w := httptest.NewRecorder()
	p.handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(text)
}

// told is what the page is told.
func told(t testing.TB, p *page) *view {
	t.Helper()
	r := ask(p, http.MethodGet, pageAddress, "/data")
	require.Equal(t, http.StatusOK, r.StatusCode)
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	v := &view{}
	require.NoError(t, decoder.Decode(v))
	return v
}

func TestPageShowsWhatWasWritten(t *testing.T) {
	got, changes := recorded(t)
	p := newPage(time.Unix(1795268440, 0))
	p.usage.Store((&usage{operations: map[string]*operation{"GetApis": {calls: 3}}, usdLow: 0.1}).since(&usage{}, nil))
	p.show(got, changes, true)
	v := told(t, p)
	assert.Equal(t, int64(1795268440000), v.Began)
	assert.True(t, v.Ready)

	stages := map[string]*stageView{}
	for _, s := range v.Stages {
		stages[s.API+"/"+s.Name] = s
	}
	require.Len(t, stages, 4)
	require.Len(t, v.Stages, 5, "two are of one name")
	orders := stages["orders/prod"]
	assert.Equal(t, []string{"shop", "us-east-1", "REST", "ord002"}, []string{orders.Account, orders.Region, orders.Type, orders.Deployment})
	assert.Equal(t, []int64{955, 255}, []int64{orders.Requests, orders.Errors}, "of the newest minute")
	assert.Greater(t, orders.P90, 800.0, "milliseconds: the incident goes on")
	assert.Empty(t, orders.Dark)
	assert.NotZero(t, orders.Deployed)
	assert.Equal(t, orders.Requests, orders.Trend[len(orders.Trend)-1])
	assert.NotZero(t, stages["support-chat/prod"].P90, "of the integration, for WebSocket APIs have no other")
	assert.Equal(t, []string{"unreadable access log"}, stages["payments/sandbox"].Dark)
	var twins []string
	for _, s := range v.Stages {
		if s.API == "twins" {
			twins = append(twins, s.ID)
			assert.Equal(t, []int64{2, 44}, []int64{int64(s.Together), s.Requests}, "that CloudWatch does not tell apart")
		}
	}
	assert.Equal(t, []string{"b3twins000", "b4twins000"}, twins)
	sum := int64(0)
	for _, s := range stages {
		sum += s.Requests
	}
	assert.Equal(t, sum, v.Totals.MinuteRequests, "those of twins once")

	names := []string{}
	for _, l := range v.Traffic.Lines {
		names = append(names, l.API)
		assert.Len(t, l.Requests, len(v.Traffic.Times))
		assert.Len(t, l.Errors, len(v.Traffic.Times))
		assert.Len(t, l.P90, len(v.Traffic.Times))
	}
	assert.Equal(t, []string{"orders", "support-chat", "twins", "payments"}, names)
	require.Len(t, v.Traffic.Incidents, 1)
	incident := v.Traffic.Incidents[0]
	assert.Equal(t, []string{"orders", "prod"}, []string{incident.API, incident.Stage})
	assert.InDelta(t, 28.9, incident.Percent, 0.1)
	assert.Equal(t, []int64{1795268580000, 1795268760000}, []int64{incident.From, incident.Until})
	assert.False(t, incident.Over)

	var marked []string
	for _, c := range v.Changes {
		if c.Kind != "" {
			marked = append(marked, c.Text)
		}
	}
	assert.Contains(t, marked, "deployment of orders/prod: Deployed ord003, was ord002")

	require.NotEmpty(t, v.Usage.Operations)
	assert.Equal(t, "GetApis", v.Usage.Operations[0].Name)
}

func TestErrorsComeWithTheirTraces(t *testing.T) {
	got, _ := recorded(t)
	found := got.failures()
	require.Len(t, found, 7, "the request that succeeded is not among them")
	deepest := found[0]
	for i, f := range found {
		assert.True(t, i == 0 || f.At <= found[i-1].At, "the newest first")
		assert.GreaterOrEqual(t, f.Status, 400)
		assert.Contains(t, f.Line, f.RequestID)
		assert.Zero(t, f.Spans[0].Depth)
		if len(f.Spans) > len(deepest.Spans) {
			deepest = f
		}
	}
	assert.Equal(t, "request id", deepest.By, "the stage's format has no trace id")
	assert.GreaterOrEqual(t, len(deepest.Spans), 8)
	assert.Equal(t, "orders/prod", deepest.Spans[0].Service)
	assert.True(t, deepest.Spans[0].Failed)
	for _, s := range deepest.Spans[1:] {
		assert.Positive(t, s.Depth)
		assert.LessOrEqual(t, s.Start+s.Duration, deepest.Duration)
	}

	// A line that has the trace's id needs no request id.
	f := &failure{at: time.Unix(1, 0), status: 502, traceID: deepest.TraceID, line: "x"}
	got.logs.requests.failures = newRecent[*failure](1)
	got.logs.requests.failures.put("1", f)
	require.Len(t, got.failures(), 1)
	assert.Equal(t, "trace id", got.failures()[0].By)
}

// Half of the errors are the newest that the server failed, the others the newest of these that go on behind API Gateway, if there are such.
func TestErrorsAreOfSeveralKinds(t *testing.T) {
	got := newOutputs()
	add := func(second, status int, services ...string) {
		id := fmt.Sprint(second)
		got.logs.requests.failures.put(id, &failure{at: time.Unix(int64(second), 0), status: status, traceID: id})
		for i, service := range services {
			s := &span{TraceID: id, SpanID: fmt.Sprint(i + 1), ParentSpanID: fmt.Sprint(i)}
			got.traces.add(attributes{{Key: "service.name", Value: json.RawMessage(`{"stringValue":"` + service + `"}`)}}, s)
		}
	}
	add(1, 502, "a")
	got.logs.requests.failures.put("3", &failure{status: 502, traceID: "3"}) // its trace has not come
	shown := func() (seconds []int64) {
		for _, f := range got.failures() {
			seconds = append(seconds, f.At/1000)
		}
		return seconds
	}
	assert.Equal(t, []int64{1}, shown())
	add(2, 404, "a", "b")
	for second := 10; second < 30; second++ {
		add(second, 404, "a")
	}
	assert.Equal(t, []int64{29, 28, 27, 26, 25, 24, 23, 22, 2, 1}, shown(), "what the server failed comes before what the client did")
	for second := 30; second < 40; second++ {
		add(second, 502, "a", "b")
	}
	for second := 40; second < 50; second++ {
		add(second, 500, "a")
	}
	assert.Equal(t, []int64{49, 48, 47, 46, 45, 39, 38, 37, 36, 35}, shown())
}

func TestEmptyPageIsToldSo(t *testing.T) {
	v := told(t, newPage(time.Now()))
	assert.False(t, v.Ready)
	assert.Nil(t, v.Usage)
	assert.Zero(t, v.Minute)
	text := body(t, ask(newPage(time.Now()), http.MethodGet, pageAddress, "/data"))
	for _, list := range []string{"stages", "changes", "failures", "times", "lines", "incidents"} {
		assert.Contains(t, text, `"`+list+`":[]`, "a list, not null")
	}
}

// What a hostile world writes comes out as JSON's strings, and no more of it than is shown.
func TestPageIsBoundedAndHostileTextIsData(t *testing.T) {
	const script = `</script><img src=x onerror=alert(1)>"'&`
	got := newOutputs()
	var changes []*change
	for i := range 3 * stagesShown {
		name := fmt.Sprintf("%04d", i) + script + strings.Repeat("é", 10*textShown)
		s := newStage(nil)
		s.account, s.region, s.api, s.name, s.instance = name, name, name, name, "1/r/a/"+name
		for k := range 3 * minutesKept {
			s.follow(requests, &point{TimeUnixNano: int64(k+1) * int64(time.Minute), AsInt: 10})
		}
		assert.Len(t, s.minutes, minutesKept)
		for k := range 2 * alarmsShown {
			s.alarms[fmt.Sprint(k, name)] = true
		}
		got.metrics.stages[name] = s
		changes = append(changes, &change{at: time.Unix(int64(i), 0), where: name, kind: "deployment", text: name})
		id := fmt.Sprint("request", i)
		got.logs.requests.failures.put(id, &failure{at: time.Unix(int64(i), 0), status: 500, what: name, requestID: id, line: strings.Repeat(script, 1000)})
		for k := range 2 * spansKept {
			s := &span{TraceID: id, SpanID: fmt.Sprint(k + 1), ParentSpanID: fmt.Sprint(k), Name: name, gateway: true}
			s.Attributes = attributes{{Key: requestID, Value: json.RawMessage(`{"stringValue":"` + id + `"}`)}}
			got.traces.add(nil, s)
		}
	}
	p := newPage(time.Now())
	p.show(got, changes, true)
	text := body(t, ask(p, http.MethodGet, pageAddress, "/data"))
	assert.NotContains(t, text, "<")
	assert.Less(t, len(text), 1<<20)

	v := told(t, p)
	assert.Len(t, v.Stages, stagesShown)
	assert.Len(t, v.Stages[0].Alarms, alarmsShown)
	assert.Contains(t, v.Stages[0].API, script)
	assert.Len(t, []rune(v.Stages[0].API), textShown+1, "and an ellipsis")
	assert.Len(t, v.Traffic.Times, minutesKept)
	assert.Len(t, v.Traffic.Lines, linesDrawn+1)
	assert.Equal(t, 3*stagesShown-linesDrawn, v.Traffic.Lines[linesDrawn].APIs)
	assert.Len(t, v.Changes, changesShown)
	require.Len(t, v.Failures, failuresShown)
	assert.Len(t, v.Failures[0].Spans, spansShown)
	assert.Equal(t, spansKept-spansShown, v.Failures[0].Left)
	assert.Len(t, []rune(v.Failures[0].Line), lineShown+1)
}

func TestPageIsForThisMachineOnly(t *testing.T) {
	p := newPage(time.Now())
	for host, want := range map[string]int{
		"127.0.0.1:4597": http.StatusOK, "localhost:4597": http.StatusOK, "LOCALHOST": http.StatusOK, "[::1]:4597": http.StatusOK, "127.0.0.1": http.StatusOK,
		"example.com:4597": http.StatusForbidden, "127.0.0.1.example.com": http.StatusForbidden, "localhost.example.com:4597": http.StatusForbidden,
		"192.168.0.7:4597": http.StatusForbidden, "0.0.0.0:4597": http.StatusForbidden,
	} {
		for _, path := range []string{"/", "/data", "/page.js"} {
			assert.Equal(t, want, ask(p, http.MethodGet, host, path).StatusCode, host+path)
		}
	}
	assert.True(t, strings.HasPrefix(pageAddress, "127.0.0.1:"), "it listens on loopback")
}

func TestPageReadsNothingFromElsewhere(t *testing.T) {
	p := newPage(time.Now())
	for _, path := range []string{"/", "/data", "/style.css", "/missing"} {
		h := ask(p, http.MethodGet, pageAddress, path).Header
		assert.Equal(t, "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'", h.Get("Content-Security-Policy"), path)
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, ask(p, http.MethodPost, pageAddress, "/data").StatusCode)
	assert.Equal(t, http.StatusNotFound, ask(p, http.MethodGet, pageAddress, "/third_party/").StatusCode, "folders are not listed")

	// The policy forbids scripts and styles in the page itself; ours have none, take no HTML from a text, and name no other host.
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc|https?://[^"']*`)
	named := regexp.MustCompile(`(?:src=|href=|from )"([^"]+)"`)
	require.NoError(t, fs.WalkDir(pageFiles, "page", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "third_party") {
			return err
		}
		text, err := pageFiles.ReadFile(path)
		for _, found := range forbidden.FindAllString(string(text), -1) {
			assert.Equal(t, "http://www.w3.org/2000/svg", found, path) // a name, which nothing is read from
		}
		for _, found := range named.FindAllStringSubmatch(string(text), -1) {
			name := strings.TrimPrefix(found[1], "./")
			assert.Equal(t, http.StatusOK, ask(p, http.MethodGet, pageAddress, "/"+name).StatusCode, path+" names "+name)
		}
		return err
	}))
	index := body(t, ask(p, http.MethodGet, pageAddress, "/"))
	assert.NotRegexp(t, `<style|<script>| style=| on[a-z]+=`, index)
}

// Files of others are as they were published: a table in the README beside them names each by its SHA-256.
func TestFilesOfOthersAreUnchanged(t *testing.T) {
	const folder = "page/third_party/uplot"
	readme, err := pageFiles.ReadFile(folder + "/README.md")
	require.NoError(t, err)
	files, err := pageFiles.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, f := range files {
		if f.Name() == "README.md" {
			continue
		}
		content, err := pageFiles.ReadFile(folder + "/" + f.Name())
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		assert.Regexp(t, "(?m)^\\| `"+regexp.QuoteMeta(f.Name())+"` \\| .* \\| "+hex.EncodeToString(sum[:])+" \\|$", string(readme))
	}
	script, err := pageFiles.ReadFile(folder + "/uPlot.iife.min.js")
	require.NoError(t, err)
	version := regexp.MustCompile(`\(v([0-9.]+)\)`).FindStringSubmatch(string(script[:200]))
	require.NotNil(t, version)
	assert.Contains(t, string(readme), "# uPlot "+version[1]+"\n")
}

func TestPageIsServedUntilItIsStopped(t *testing.T) {
	p := newPage(time.Now())
	stop, err := p.serve("127.0.0.1:0")
	require.NoError(t, err)
	stop()
	_, err = p.serve("127.0.0.1:not-a-port")
	assert.Error(t, err)
}
