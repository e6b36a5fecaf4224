package traces

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// Whenever the collector stops, the pipeline refuses or AWS fails: each segment comes once, those that come late and those that are held back as well.
func TestStopsAndRefusalsAtAnyTimeRepeatNoSpan(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("the refusals, failures and stops have the seed %d", seed)
	for n := range uint64(20 / racetest.Thinned) {
		synctest.Test(t, func(t *testing.T) {
			rng, failing := rand.New(rand.NewPCG(seed, n)), rand.New(rand.NewPCG(seed, ^n)) // the other one is the client's
			upTo := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
			began := time.Now()
			b := newBench(t, oneAPI.snapshot(t), nil)
			b.Store = (&checkpointtest.Disk{}).Open(t)
			want := map[string]int{}
			const length = time.Hour
			for k := range int(length / (5 * time.Second)) {
				at := began.Add(time.Duration(k) * 5 * time.Second)
				front, back := document{id: segmentID(k, 0)}, document{id: segmentID(k, 1)}
				first := step{after: 1 + upTo(2*time.Minute), partial: rng.IntN(3) == 0, absent: rng.IntN(20) == 0, documents: []document{front}}
				s := b.client.trace(at, k, first, step{after: first.after + upTo(2*time.Minute), documents: []document{front, back}})
				for _, d := range []document{front, back} {
					want[w3c(s.ID)+"/"+d.id] = 1
				}
			}
			fails := func() error {
				if failing.IntN(10) == 0 {
					return failure(aws.Server, "InternalFailure")
				}
				return nil
			}
			b.client.listing = func(scan) error { return fails() }
			b.client.getting = func(ids []string) ([]string, error) { return ids[:failing.IntN(3)*len(ids)/4], fails() }
			for time.Since(began) < length+10*time.Minute {
				from := time.Now().Add(upTo(10 * time.Minute))
				until := from.Add(upTo(10 * time.Minute))
				b.refuse = func(ptrace.Traces) error {
					if now := time.Now(); now.After(from) && now.Before(until) {
						return errTest
					}
					return nil
				}
				stop := b.run(t.Context())
				time.Sleep(upTo(12 * time.Minute))
				stop()
				time.Sleep(upTo(3 * time.Minute))
				b.restart()
			}
			b.refuse = nil
			stop := b.run(t.Context())
			time.Sleep(30 * time.Minute)
			stop()
			assert.Equal(t, want, b.came(), n)
			assert.Zero(t, b.counted("checkpoint"))
		})
	}
}
