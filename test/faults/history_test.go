package faults

import (
	"fmt"
	"time"
)

// inFlight is how long what was handed over can take to be noted as such: what came longer before a SIGKILL was not in flight.
const inFlight = 20 * time.Second

// history is what may make things come twice, and what did.
type history struct {
	began time.Time
	kills []time.Time
	lost  []time.Time // when positions were lost
	// repeats are how many things came again all the same, as they may after a kill or a loss.
	repeats  map[string]int
	problems []string
	count    int
}

// problem notes what must not be; the first of many are kept.
func (h *history) problem(format string, args ...any) {
	if h.count++; len(h.problems) < 20 {
		h.problems = append(h.problems, fmt.Sprintf("at %.1fs ", time.Since(h.began).Seconds())+fmt.Sprintf(format, args...))
	}
}

// repeat notes that something came again all the same; what and first are its kind and when it came first.
func (h *history) repeat(what string, first time.Time, describe func() string) {
	if h.repeats == nil {
		h.repeats = map[string]int{}
	}
	h.repeats[what]++
	for _, at := range h.lost {
		if first.Before(at) {
			return
		}
	}
	for _, at := range h.kills {
		// What came first soon after a kill can have been in the exporter's queue, while the receiver had not yet noted it.
		if d := first.Sub(at); d > -inFlight && d < inFlight+outageAtMost {
			return
		}
	}
	h.problem("%s came twice, at %.1fs and at %.1fs, without a SIGKILL by then: %s", what, first.Sub(h.began).Seconds(), time.Since(h.began).Seconds(), describe())
}
