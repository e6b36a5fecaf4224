package faults

import (
	"fmt"
	"slices"
	"time"
)

// inFlight is how long what was handed over can take to be noted as such: what came longer before a SIGKILL was not in flight.
const inFlight = 20 * time.Second

// history is what may make things come twice, and what did.
type history struct {
	began time.Time
	// outage is how long after it was handed over something can come first: the longest one of the output, and the time until a retry.
	outage time.Duration
	kills  []time.Time
	lost   []time.Time // when positions were lost
	// repeats are how many things came again all the same.
	repeats map[string]int
	// doubtful are repeats that neither a kill nor a loss explains.
	doubtful []doubtful
	problems []string
	count    int
}

type doubtful struct {
	first time.Time
	text  string
}

// problem notes what must not be; the first of many are kept.
func (h *history) problem(format string, args ...any) {
	if h.count++; len(h.problems) < 20 {
		h.problems = append(h.problems, fmt.Sprintf("at %.1fs ", time.Since(h.began).Seconds())+fmt.Sprintf(format, args...))
	}
}

// lostBy says whether positions were lost since something was handed over that came first at a time. Then it is read anew, with what has come late since.
func (h *history) lostBy(first time.Time) bool {
	return slices.ContainsFunc(h.lost, func(at time.Time) bool { return first.Before(at.Add(h.outage)) })
}

// repeat notes that something came again all the same; what and first are its kind and when it came first.
func (h *history) repeat(what string, first time.Time, describe func() string) {
	if h.repeats == nil {
		h.repeats = map[string]int{}
	}
	h.repeats[what]++
	// What came first soon after a kill can have been in the exporter's queue, while the receiver had not yet noted it.
	killed := slices.ContainsFunc(h.kills, func(at time.Time) bool { d := first.Sub(at); return d > -inFlight && d < inFlight+h.outage })
	if !killed && !h.lostBy(first) {
		text := fmt.Sprintf("%s came twice, at %.1fs and at %.1fs, without a SIGKILL by then: %s", what, first.Sub(h.began).Seconds(), time.Since(h.began).Seconds(), describe())
		h.doubtful = append(h.doubtful, doubtful{first, text})
	}
}

// settle makes problems of repeats that come from no request whose answer the exporter did not wait for: it sends that again, as OTLP has it, and on a
// machine that stands still for seconds it does so although the answer was given.
func (h *history) settle(gaveUp []time.Time) {
	const patience, stall = 5 * time.Second, 15 * time.Second // the exporter's timeout, and how long the machine may stand still
	for _, d := range h.doubtful {
		if !slices.ContainsFunc(gaveUp, func(at time.Time) bool {
			return d.first.After(at.Add(-patience-stall)) && d.first.Before(at.Add(stall))
		}) {
			h.problem("%s", d.text)
		}
	}
}
