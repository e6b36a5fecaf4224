package awssim

import (
	"math"
	"sort"
	"time"
)

const (
	// maxRequestsPerMinute bounds what one stage can get in a minute, and with it the memory of a minute: 16 bytes a request.
	maxRequestsPerMinute = 200_000
	// defaultLatencyMS is the median latency of traffic that names none.
	defaultLatencyMS = 80
)

// How a request ended.
const (
	endOK          = iota
	endClientError // 4xx; WebSocket: ClientError
	endServerError // 5xx; WebSocket: ExecutionError
	endIntegration // WebSocket only: IntegrationError
)

// What the stage's cache did with a request.
const (
	cacheNone = iota
	cacheHit
	cacheMiss
)

// request is one simulated request. It is kept small because minutes of them are cached.
type request struct {
	latency     int32 // whole milliseconds
	integration int32 // whole milliseconds, -1 where no integration was reached
	bytes       int32 // data processed
	offset      uint16
	route       uint8
	end         uint8
	canary      bool
	cache       uint8
}

// maxRoutes is how many routes of a stage can get requests: a request names its route in a byte. (AWS allows 300 resources or routes an API.)
const maxRoutes = 255

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// stream is a splitmix64 generator: the same numbers for the same start on every machine.
type stream uint64

func (s *stream) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	return mix(uint64(*s))
}

// float returns a number in (0, 1).
func (s *stream) float() float64 { return (float64(s.next()>>11) + 0.5) / (1 << 53) }

// active reports whether the stage can have a request in the minute at all, without making any.
func (i *stageInfo) active(minute int64) bool {
	start := minute * 60_000
	if i.stage.Traffic.PerMinute <= 0 || start+60_000 <= i.from || start >= i.to {
		return false
	}
	from, to := time.UnixMilli(start), time.UnixMilli(start+60_000)
	for _, span := range i.stage.Traffic.Idle {
		if !span.From.After(from) && !span.To.Before(to) {
			return false
		}
	}
	return true
}

// requests makes the stage's requests of a minute: a pure function of the seed, the stage and the minute.
func (i *stageInfo) requests(minute int64) []request {
	if !i.active(minute) {
		return nil
	}
	t := &i.stage.Traffic
	start := time.UnixMilli(minute * 60_000)
	rng := stream(mix(i.key ^ mix(uint64(minute))))

	mean := t.PerMinute
	if (Pattern{Every: t.BurstEvery, For: t.BurstFor}).On(start) && t.BurstFactor > 0 {
		mean *= t.BurstFactor
	}
	n := poisson(&rng, mean)
	if n == 0 {
		return nil
	}
	filter := i.partial(minute)
	out := make([]request, 0, n)
	for range n {
		r := i.request(&rng, t, start)
		if filter && !i.happens(start.Add(time.Duration(r.offset)*time.Millisecond)) {
			continue
		}
		out = append(out, r)
	}
	return out
}

// partial reports whether some of the minute's requests may fall outside of the stage's lifetime or into an idle span.
func (i *stageInfo) partial(minute int64) bool {
	t := &i.stage.Traffic
	start := minute * 60_000
	return start < i.from || start+60_000 > i.to || len(t.Idle) > 0 || t.IdlePattern.Every > 0
}

// happens reports whether the stage takes requests at that moment.
func (i *stageInfo) happens(at time.Time) bool {
	if ms := at.UnixMilli(); ms < i.from || ms >= i.to {
		return false
	}
	for _, span := range i.stage.Traffic.Idle {
		if !at.Before(span.From) && at.Before(span.To) {
			return false
		}
	}
	return !i.stage.Traffic.IdlePattern.On(at)
}

// request draws one request. It always takes three numbers from the stream.
//
//go:norace
func (i *stageInfo) request(rng *stream, t *Traffic, start time.Time) request {
	a, b, c := rng.next(), rng.next(), rng.next()
	r := request{offset: uint16((a & 0xffff) * 60_000 >> 16), integration: -1}
	r.route = i.route(uint32(a >> 16 & 0xffff))
	r.canary = i.kind == TypeREST && float64(a>>32&0xffff) < i.stage.CanaryPercent/100*(1<<16)

	error5xx, factor := t.Error5xx, 1.0
	if t.Incident.Every > 0 && t.Incident.On(start.Add(time.Duration(r.offset)*time.Millisecond)) {
		error5xx = max(error5xx, t.Incident.Error5xx)
		if t.Incident.LatencyFactor > 0 {
			factor = t.Incident.LatencyFactor
		}
	}
	median := t.LatencyMS
	if median <= 0 {
		median = defaultLatencyMS
	}
	r.latency = milliseconds(median * factor * latencyTable[b&(tableSize-1)])

	luck, reach := float64(b>>16&0xffffff)/(1<<24), float64(b>>40&0xffff)/(1<<16)
	r.end = ending(i.kind, luck, t.Error4xx, error5xx, reach)
	reached := r.end == endOK || r.end == endIntegration ||
		r.end == endServerError && reach < 0.9 || r.end == endClientError && reach < 0.5

	if i.cacheable(r.route) && r.end == endOK {
		if r.cache = cacheMiss; float64(c&0xffff) < 0.6*(1<<16) {
			r.cache, reached = cacheHit, false
		}
	}
	if reached {
		r.integration = i.integration(r.latency, c>>16&0xffff)
	} else if r.latency > 2 {
		r.latency = max(1, r.latency/8) // nothing behind the gateway had to be waited for
	}
	r.bytes = milliseconds(2_000 * latencyTable[c>>32&(tableSize-1)])
	return r
}

// route picks the route that a 16-bit number falls on.
func (i *stageInfo) route(n uint32) uint8 {
	if len(i.share) == 1 {
		return 0
	}
	at := sort.Search(len(i.share), func(k int) bool { return n < i.share[k] })
	return uint8(min(at, maxRoutes-1))
}

func (i *stageInfo) cacheable(route uint8) bool {
	return i.stage.Cache && i.kind == TypeREST && i.routes[route].Method == "GET"
}

// ending draws how a request ends. WebSocket's server errors are half errors of the integration, half errors of calling it.
func ending(kind string, luck, error4xx, error5xx, reach float64) uint8 {
	switch {
	case luck < error5xx && kind == TypeWebSocket && reach >= 0.45:
		return endIntegration
	case luck < error5xx:
		return endServerError
	case luck < error5xx+error4xx:
		return endClientError
	default:
		return endOK
	}
}

// integration is the latency less the gateway's own share of 1 to 16 ms; once in 256 requests it is the longer of the two, as rounding makes it.
func (i *stageInfo) integration(latency int32, draw uint64) int32 {
	if draw&0xff == 0 {
		return latency + 1
	}
	return max(1, latency-1-int32(draw>>8&0xf))
}

func milliseconds(v float64) int32 {
	return int32(min(max(math.Round(v), 1), 100_000_000))
}

// poisson draws a Poisson number, by its normal approximation above a mean of 30.
func poisson(rng *stream, mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 30 {
		z := math.Sqrt(-2*math.Log(rng.float())) * math.Cos(2*math.Pi*rng.float())
		return int(min(max(math.Round(mean+math.Sqrt(mean)*z), 0), maxRequestsPerMinute))
	}
	limit, product, n := math.Exp(-mean), rng.float(), 0
	for product > limit {
		product *= rng.float()
		n++
	}
	return n
}

const tableSize = 1 << 14

// latencyTable holds the quantiles of the latency distribution with median 1: log-normal with a sigma of 0.5, and a tail that grows to about six
// times that for the slowest hundredth.
var latencyTable = func() (table [tableSize]float64) {
	for i := range table {
		q := (float64(i) + 0.5) / tableSize
		table[i] = math.Exp(0.5 * math.Sqrt2 * math.Erfinv(2*q-1))
		if q > 0.99 {
			table[i] *= 1 + 500*(q-0.99)
		}
	}
	return table
}()
