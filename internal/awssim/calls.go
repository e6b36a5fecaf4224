package awssim

import (
	"maps"
	"sync"
	"time"
)

// Call is one call that a server answered, or refused to.
type Call struct {
	Operation       string    `json:"operation"`
	Account         string    `json:"account"`
	Region          string    `json:"region"`
	At              time.Time `json:"at"`                   // by the simulator's clock
	Status          int       `json:"status"`               // HTTP; 0 where no answer was sent
	Error           string    `json:"error,omitempty"`      // the error's code
	Queries         int       `json:"queries,omitempty"`    // GetMetricData: queries asked
	Datapoints      int       `json:"datapoints,omitempty"` // GetMetricData: points answered
	MinStart        time.Time `json:"min_start,omitzero"`   // GetMetricData: the interval asked for
	MaxEnd          time.Time `json:"max_end,omitzero"`
	FollowUp        bool      `json:"follow_up,omitempty"` // the call carried a pagination token
	DistinctMetrics int       `json:"distinct_metrics,omitempty"`
	LogGroup        string    `json:"log_group,omitempty"` // CloudWatch Logs: the group asked for
	Events          int       `json:"events,omitempty"`    // FilterLogEvents and GetLogEvents: events answered
	Bytes           int       `json:"bytes,omitempty"`     // the same: size of the answer
	Scanned         int       `json:"scanned,omitempty"`   // GetTraceSummaries: traces looked at
	Traces          int       `json:"traces,omitempty"`    // X-Ray: traces answered
}

// maxCalls bounds the calls that are remembered; the counters go on.
const maxCalls = 100_000

// callLog is a ring of the last calls, and counters by operation.
type callLog struct {
	mu     sync.Mutex
	ring   []Call
	next   int
	counts map[string]int
}

func (l *callLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[c.Operation]++
	if len(l.ring) < maxCalls {
		l.ring = append(l.ring, c)
		return
	}
	l.ring[l.next] = c
	l.next = (l.next + 1) % maxCalls
}

func (l *callLog) all() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(append(make([]Call, 0, len(l.ring)), l.ring[l.next:]...), l.ring[:l.next]...)
}

func (l *callLog) totals() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

func (l *callLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring, l.next, l.counts = nil, 0, nil
}

// Calls returns the last calls, oldest first, at most 100,000.
func (s *Server) Calls() []Call { return s.calls.all() }

// Count returns how many calls of an operation there were; "" counts all.
func (s *Server) Count(operation string) int {
	totals := s.calls.totals()
	if operation != "" {
		return totals[operation]
	}
	n := 0
	for _, c := range totals {
		n += c
	}
	return n
}

// ResetCalls forgets the calls and their counts.
func (s *Server) ResetCalls() { s.calls.reset() }

// Forget drops the calls, and what was made of the world's traffic, which is made again when it is asked for: what is held then is not the simulator's.
func (s *Server) Forget() {
	s.calls.reset()
	s.published.forget()
	s.logged.forget()
	s.traces.forget()
}
