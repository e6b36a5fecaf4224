package main

import "time"

// Metrics of stages, and attributes of points, that the page alone shows.
const (
	requestQuantile     = prefix + "request.duration_quantile"
	integrationQuantile = prefix + "integration.duration_quantile"
	deploymentAge       = prefix + "deployment.age"
	stageTelemetry      = prefix + "stage.telemetry"
	alarmState          = "aws.cloudwatch.alarm.state"
	alarmName           = "aws.cloudwatch.alarm.name"
	canary              = prefix + "canary"

	webSocket = "WEBSOCKET"
	inAlarm   = "ALARM"
)

const (
	// minutesKept bounds what the charts show.
	minutesKept = 120
	// shownQuantile is that of the latency.
	shownQuantile = 0.9
)

// minutes are a stage's points by the Unix minute in which they begin, the newest minutesKept.
type minutes map[int64]*minute

// minute is what a stage did in a minute. failed are those of the errors that are the server's.
type minute struct {
	requests, errors, failed int64
	p90                      float64 // seconds, 0 where it is not known
}

// at is the minute that ends at the time of a point, nil where it is too old to be kept.
func (m minutes) at(p *point) *minute {
	start := (p.TimeUnixNano - 1) / int64(time.Minute)
	if found := m[start]; found != nil {
		return found
	}
	if len(m) >= minutesKept {
		oldest := start
		for other := range m {
			oldest = min(oldest, other)
		}
		if oldest == start {
			return nil
		}
		delete(m, oldest)
	}
	m[start] = &minute{}
	return m[start]
}

// newest is the newest minute that has a point, and when it began.
func (m minutes) newest() (int64, *minute) {
	var last int64
	for start := range m {
		last = max(last, start)
	}
	return last, m[last]
}

// follow keeps what the page shows of a point.
func (s *stage) follow(metric string, p *point) {
	switch metric {
	case stageTelemetry:
		if p.AsInt == 1 {
			s.telemetry[p.Attributes.text("source")] = p.Attributes.text("state")
		}
		return
	case deploymentAge:
		s.deployed = time.Unix(0, p.TimeUnixNano).Add(-time.Duration(p.AsInt) * time.Second)
		return
	case alarmState:
		if p.Attributes.text("state") == inAlarm {
			s.alarms[p.Attributes.text(alarmName)] = p.AsInt == 1
		}
		return
	case requests, messages, failures, requestQuantile, integrationQuantile:
	default:
		return
	}
	m := s.minutes.at(p)
	if m == nil {
		return
	}
	switch metric {
	case requests, messages:
		m.requests += p.AsInt
	case failures:
		m.errors += p.AsInt
		switch p.Attributes.text("error.type") {
		case "5xx", "integration", "execution":
			m.failed += p.AsInt
		}
	case requestQuantile:
		m.latency(p)
	case integrationQuantile:
		if s.kind == webSocket { // whose requests have no duration of their own
			m.latency(p)
		}
	}
}

// latency takes in the quantile that is shown, of the stage without its canary.
func (m *minute) latency(p *point) {
	if p.Attributes.value(canary) == nil && p.Attributes.number("quantile") == shownQuantile {
		m.p90 = p.AsDouble
	}
}
