package awssim

// namespace is the CloudWatch namespace of API Gateway.
const namespace = "AWS/ApiGateway"

// metricCode names a metric in indexes; the wire knows its name.
type metricCode uint8

// The metrics of the three types (API Gateway Developer Guide: rest-api-metrics-and-dimensions, http-api-metrics, websocket-api-logging). HTTP and
// REST differ in the names of their errors only, WebSocket shares IntegrationLatency.
const (
	metricCount metricCode = iota
	metric4xx
	metric5xx
	metricCacheHit
	metricCacheMiss
	metricLatency
	metricIntegrationLatency
	metricDataProcessed
	metricConnectCount
	metricMessageCount
	metricClientError
	metricIntegrationError
	metricExecutionError
	metricCodes // their number
)

// Units as CloudWatch spells them. The docs name none for WebSocket metrics and DataProcessed; Count and Bytes are taken.
const (
	unitCount        = "Count"
	unitMilliseconds = "Milliseconds"
	unitBytes        = "Bytes"
)

var metricUnits = [metricCodes]string{
	metricCount: unitCount, metric4xx: unitCount, metric5xx: unitCount, metricCacheHit: unitCount, metricCacheMiss: unitCount,
	metricLatency: unitMilliseconds, metricIntegrationLatency: unitMilliseconds, metricDataProcessed: unitBytes,
	metricConnectCount: unitCount, metricMessageCount: unitCount, metricClientError: unitCount, metricIntegrationError: unitCount,
	metricExecutionError: unitCount,
}

// metricDef is a metric of one API type.
type metricDef struct {
	name string
	code metricCode
}

var metricsOf = map[string][]metricDef{
	TypeREST: {
		{"Count", metricCount},
		{"4XXError", metric4xx},
		{"5XXError", metric5xx},
		{"Latency", metricLatency},
		{"IntegrationLatency", metricIntegrationLatency},
		{"CacheHitCount", metricCacheHit},
		{"CacheMissCount", metricCacheMiss},
	},
	TypeHTTP: {
		{"Count", metricCount},
		{"4xx", metric4xx},
		{"5xx", metric5xx},
		{"Latency", metricLatency},
		{"IntegrationLatency", metricIntegrationLatency},
		{"DataProcessed", metricDataProcessed},
	},
	TypeWebSocket: {
		{"ConnectCount", metricConnectCount},
		{"MessageCount", metricMessageCount},
		{"IntegrationError", metricIntegrationError},
		{"ClientError", metricClientError},
		{"ExecutionError", metricExecutionError},
		{"IntegrationLatency", metricIntegrationLatency},
	},
}

// metricOf returns the code of a type's metric.
func metricOf(kind, name string) (metricCode, bool) {
	for _, m := range metricsOf[kind] {
		if m.name == name {
			return m.code, true
		}
	}
	return 0, false
}

// sample returns the raw value that a request contributes to a metric, and whether it contributes one: each request gives errors a 0 or a 1,
// latency its milliseconds, IntegrationLatency only where an integration was reached.
func (i *stageInfo) sample(r *request, m metricCode) (int32, bool) {
	switch m {
	case metricCount:
		return 1, true
	case metric4xx, metricClientError:
		return flag(r.end == endClientError), true
	case metric5xx, metricExecutionError:
		return flag(r.end == endServerError), true
	case metricIntegrationError:
		return flag(r.end == endIntegration), true
	case metricCacheHit:
		return flag(r.cache == cacheHit), r.cache != cacheNone
	case metricCacheMiss:
		return flag(r.cache == cacheMiss), r.cache != cacheNone
	case metricLatency:
		return r.latency, true
	case metricIntegrationLatency:
		return r.integration, r.integration >= 0
	case metricDataProcessed:
		return r.bytes, true
	case metricConnectCount:
		return 1, i.connects(r.route)
	case metricMessageCount:
		return 1, !i.connects(r.route)
	default:
		return 0, false
	}
}

func (i *stageInfo) connects(route uint8) bool { return i.routes[route].RouteKey == "$connect" }

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// selector picks requests of a stage: those of one series.
type selector uint16

const (
	selectAll    selector = iota // the API level
	selectStage                  // the stage's own: all but the canary's
	selectCanary                 // the canary's
	selectRoute                  // first of the routes': selectRoute+2*route is the stage's own, +1 the canary's
)

func stageSelector(canary bool) selector { return selectStage + selector(flag(canary)) }

func routeSelector(route int, canary bool) selector {
	return selectRoute + selector(2*route) + selector(flag(canary))
}

func (s selector) matches(r *request) bool {
	switch s {
	case selectAll:
		return true
	case selectStage:
		return !r.canary
	case selectCanary:
		return r.canary
	default:
		n := s - selectRoute
		return uint8(n/2) == r.route && (n%2 == 1) == r.canary
	}
}
