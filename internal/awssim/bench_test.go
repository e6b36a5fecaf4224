package awssim

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// BenchmarkCollection answers what a collection of 2,800 series asks for: 14,000 queries of five statistics over 12 minutes, 500 a request.
func BenchmarkCollection(b *testing.B) {
	world := LargeWorld(200, 2, 60, true)
	metrics := []string{"Count", "4XXError", "5XXError", "Latency", "IntegrationLatency", "CacheHitCount", "CacheMissCount"}
	var queries []metricDataQuery
	for _, api := range world.Accounts[0].Regions[0].APIs {
		for _, stage := range api.Stages {
			for _, metric := range metrics {
				for _, stat := range []string{"SampleCount", "Sum", "Maximum", "p90", "p99"} {
					queries = append(queries, metricDataQuery{ID: fmt.Sprintf("q%d", len(queries)), MetricStat: &metricStat{
						Metric: metricID{namespace, metric, []dimension{{"ApiName", api.Name}, {"Stage", stage.Name}}}, Period: 60, Stat: stat,
					}})
				}
			}
		}
	}
	encoding, err := cbor.EncOptions{Time: cbor.TimeUnix, TimeTag: cbor.EncTagRequired}.EncMode()
	if err != nil {
		b.Fatal(err)
	}
	type request struct {
		MetricDataQueries  []metricDataQuery
		StartTime, EndTime time.Time
	}
	var bodies [][]byte
	for i := 0; i < len(queries); i += maxMetricDataQueries {
		body, err := encoding.Marshal(request{queries[i:min(i+maxMetricDataQueries, len(queries))], noon.Add(-12 * time.Minute), noon})
		if err != nil {
			b.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	for _, cold := range []bool{true, false} {
		b.Run(map[bool]string{true: "cold", false: "warm"}[cold], func(b *testing.B) {
			s := New(Config{World: world, Now: func() time.Time { return noon }})
			for b.Loop() {
				if cold {
					s = New(Config{World: world, Now: func() time.Time { return noon }})
				}
				var done sync.WaitGroup
				for _, body := range bodies {
					done.Go(func() {
						r := httptest.NewRequest("POST", cloudWatchPrefix+"GetMetricData", bytes.NewReader(body))
						r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0")
						w := httptest.NewRecorder()
						s.ServeHTTP(w, r)
						if w.Code != 200 {
							b.Errorf("the answer is %d: %s", w.Code, w.Body)
						}
					})
				}
				done.Wait()
			}
		})
	}
}

// BenchmarkListing makes the listing of 42,000 stage level series (and 21,000 of the API level) for the first time.
func BenchmarkListing(b *testing.B) {
	world := LargeWorld(3000, 2, 30, true)
	for b.Loop() {
		s := New(Config{World: world})
		c := caller{account: world.Accounts[0], region: "us-east-1"}
		if n := len(s.list(c, noon, true).series); n != 63_000 {
			b.Fatalf("%d series are listed, want 63000", n)
		}
	}
}

// BenchmarkCrawl answers the reads of 600 REST APIs with two stages and 50 routes each: 1,800 calls, of which a third answer all routes.
func BenchmarkCrawl(b *testing.B) {
	world := InventoryWorld(600, 0, 2, 50)
	s := New(Config{World: world, Now: func() time.Time { return noon }})
	var paths []string
	for _, api := range world.Accounts[0].Regions[0].APIs {
		for _, what := range []string{"stages", "resources?embed=methods&limit=500", "deployments?limit=500"} {
			paths = append(paths, "/restapis/"+api.ID+"/"+what)
		}
	}
	for b.Loop() {
		for _, path := range paths {
			r := httptest.NewRequest("GET", path, http.NoBody)
			op, _ := apiGatewayOperation(r)
			x := &exchange{request: r, op: op, caller: caller{account: world.Accounts[0], region: "us-east-1"}, now: noon, call: &Call{}}
			answer, err := op.handle(s, x)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := encode(op.protocol, answer, ""); err != nil {
				b.Fatal(err)
			}
		}
	}
}
