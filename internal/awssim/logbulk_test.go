package awssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// TestBulk: a backlog is read whole, in order, in full pages, each line in the format of its stage and with an id and a time of its own.
func TestBulk(t *testing.T) {
	racetest.Skip(t)
	for name, format := range map[string]string{"json": demoJSON, "csv": demoCSV, "agents": `{"agent":"$context.identity.userAgent","id":"$context.requestId","t":$context.requestTimeEpoch}`} {
		h := start(t, Config{World: BulkWorld(noon, 2, 8000, 500, 2, format)})
		events, pages := h.events(t, between("/aws/apigateway/bulk-000001", noon.Add(-2*time.Hour), noon))
		if len(events) != 8000 || pages < 5 || pages > 8 {
			t.Fatalf("%s: %d events in %d pages", name, len(events), pages)
		}
		for _, call := range h.Calls() {
			if call.Bytes > 1<<20 || call.LogGroup != "/aws/apigateway/bulk-000001" || call.Events == 0 {
				t.Errorf("%s: the call is %+v", name, call)
			}
		}
		seen, size := map[string]bool{}, 0
		for i, e := range events {
			if seen[*e.EventId] || i > 0 && (*e.Timestamp < *events[i-1].Timestamp || *e.EventId <= *events[i-1].EventId) {
				t.Fatalf("%s: event %d is out of order: %s at %d", name, i, *e.EventId, *e.Timestamp)
			}
			seen[*e.EventId] = true
			size += len(*e.Message)
			var line struct {
				RequestID, RequestTime, Status, ID string
				T                                  int64
			}
			switch {
			case strings.ContainsRune(*e.Message, 0):
				t.Fatalf("%s: the line %q is not whole", name, *e.Message)
			case name == "json":
				at := time.UnixMilli(*e.Timestamp).UTC().Format("02/Jan/2006:15:04:05 -0700")
				if err := json.Unmarshal([]byte(*e.Message), &line); err != nil || line.RequestTime != at || len(line.Status) != 3 || seen[line.RequestID] || len(line.RequestID) != 36 {
					t.Fatalf("the line %s of %s is %+v (%v)", *e.Message, at, line, err)
				}
				seen[line.RequestID] = true
			case name == "agents" && !strings.HasSuffix(*e.Message, fmt.Sprintf(`,"t":%d}`, *e.Timestamp)):
				t.Fatalf("the line %s is of %d", *e.Message, *e.Timestamp)
			}
		}
		if mean := size / len(events); mean < 490 || mean > 560 {
			t.Errorf("%s: a line has %d bytes", name, mean)
		}
		half, _ := h.events(t, between("/aws/apigateway/bulk-000000", noon.Add(-30*time.Minute), noon.Add(-15*time.Minute)))
		if n := len(half); n < 1960 || n > 2040 {
			t.Errorf("%s: a quarter of the time has %d events", name, n)
		}
		if quiet, _ := h.events(t, between("/aws/apigateway/idle-000000", noon.Add(-10*time.Minute), noon)); len(quiet) < 30 || len(quiet) > 100 {
			t.Errorf("%s: the quiet group has %d events", name, len(quiet))
		}
	}
}

// BenchmarkBulk answers pages of a backlog of events of 500 bytes, as FilterLogEvents does, without the network.
func BenchmarkBulk(b *testing.B) {
	const events = 1_000_000
	s := New(Config{World: BulkWorld(noon, 1, events, 500, 0, ""), Now: func() time.Time { return noon }})
	benchmarkPages(b, s, "/aws/apigateway/bulk-000000", noon.Add(-2*time.Hour), events)
}

// BenchmarkAccessLog answers pages of a busy stage's access log, each minute made for the first time.
func BenchmarkAccessLog(b *testing.B) {
	world := logging(shop(), "access", demoJSON)
	world.Accounts[0].Regions[0].APIs[0].Stages[0].Traffic.PerMinute = 60_000
	s := New(Config{World: world, Now: func() time.Time { return noon }})
	benchmarkPages(b, s, "access", noon.Add(-5*time.Minute), 0)
}

// benchmarkPages reads a group to its end again and again.
func benchmarkPages(b *testing.B, s *Server, group string, from time.Time, want int) {
	c := caller{account: s.world.Accounts[0], region: "us-east-1"}
	op, _ := logsOperation("FilterLogEvents")
	total, size := 0, 0
	for b.Loop() {
		s.SetIngestion(Lateness{}) // forgets what is cached
		token, read := "", 0
		for {
			body, _ := json.Marshal(map[string]any{"logGroupName": group, "startTime": from.UnixMilli(), "endTime": noon.UnixMilli(), "nextToken": token})
			x := &exchange{request: httptest.NewRequest("POST", "/", bytes.NewReader(nil)), op: op, body: body, caller: c, now: noon, call: &Call{}}
			answer, err := s.filterLogEvents(x)
			if err != nil {
				b.Fatal(err)
			}
			page := answer.(*logPage)
			read, size, token = read+page.events, size+len(page.body), ""
			if at := bytes.LastIndex(page.body, []byte(`"nextToken":"`)); at >= 0 && at > len(page.body)-logPageTail {
				token = string(page.body[at+13 : len(page.body)-2])
			}
			if page.release(); token == "" {
				break
			}
		}
		if total += read; want > 0 && read != want {
			b.Fatalf("%d events were read, want %d", read, want)
		}
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(size)/b.Elapsed().Seconds()/1e6, "MB/s")
}
