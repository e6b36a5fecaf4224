package awssim

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// AccessRecord is a request with all that API Gateway's $context says about it.
type AccessRecord struct {
	At     time.Time `json:"at"`    // when it began, to the millisecond: the timestamp of its event
	Route  int       `json:"route"` // index in the stage's routes
	Canary bool      `json:"canary,omitempty"`
	// Values are those of the documented variables that are present, without "$context.", and of those in the format; secrets, too. A value may be
	// "-", which a line does not tell from one that is absent.
	Values map[string]string `json:"values"`
	Group  string            `json:"log_group,omitempty"` // where its line goes; "": nowhere in CloudWatch Logs
	Line   string            `json:"line,omitempty"`
	// EventID is that of the line in CloudWatch Logs.
	EventID string `json:"event_id,omitempty"`
}

// AccessRecords returns the requests of a stage that began in [from, to), its canary's included, in the order of time: what access logs should
// tell. It depends on the world alone.
func (w *World) AccessRecords(api *API, stage *Stage, from, to time.Time) iter.Seq[AccessRecord] {
	i := w.info(api, stage)
	return func(yield func(AccessRecord) bool) {
		for r := range i.contexts(from, to) {
			if !yield(r.record()) {
				return
			}
		}
	}
}

// ExecutionLine is a line of a stage's execution logs.
type ExecutionLine struct {
	At        time.Time `json:"at"`
	RequestID string    `json:"request_id"`
	Group     string    `json:"log_group"`
	Line      string    `json:"line"`
}

// ExecutionLines returns the lines that the requests of a stage that began in [from, to) write into its execution logs, request by request.
func (w *World) ExecutionLines(api *API, stage *Stage, from, to time.Time) iter.Seq[ExecutionLine] {
	i := w.info(api, stage)
	return func(yield func(ExecutionLine) bool) {
		if i.kind == TypeHTTP {
			return
		}
		for r := range i.contexts(from, to) {
			group := executionLogs + api.ID + "/" + stage.Name
			if r.request.canary {
				group += executionCanary
			}
			id := string(r.requestID(nil))
			for _, line := range r.execution(true) {
				if !yield(ExecutionLine{r.time().Add(time.Duration(line.after) * time.Millisecond), id, group, line.text}) {
					return
				}
			}
		}
	}
}

// located is the context of a request with the place of its event.
type located struct {
	logContext
	minute int64
	entry  logEntry
}

// contexts are the requests that began in [from, to), in the order of time.
func (i *stageInfo) contexts(from, to time.Time) iter.Seq[*located] {
	return func(yield func(*located) bool) {
		for minute := minuteOf(from); minute*60_000 < to.UnixMilli(); minute++ {
			requests := i.requests(minute)
			order := make([]logEntry, len(requests))
			for k := range requests {
				order[k] = logEntry{offset: uint32(requests[k].offset), request: int32(k)}
			}
			slices.SortFunc(order, func(a, b logEntry) int { return a.compare(&b) })
			for k := range order {
				e := order[k]
				l := &located{i.context(minute, int(e.request), &requests[e.request]), minute, e}
				if at := l.time(); at.Before(from) || !at.Before(to) {
					continue
				}
				if !yield(l) {
					return
				}
			}
		}
	}
}

func (l *located) record() AccessRecord {
	out := AccessRecord{At: l.time(), Route: int(l.request.route), Canary: l.request.canary, Values: l.values(), Group: l.version.group}
	if len(l.version.format) > 0 {
		out.Line = string(appendLine(nil, l.version.format, &l.logContext))
	}
	if out.Group != "" {
		out.EventID = string(newEventID(l.at, l.info.key, l.minute, &l.entry).append(nil))
	}
	return out
}

const (
	// defaultRecords and maxRecords bound the answer of /world/requests.
	defaultRecords = 100
	maxRecords     = 10_000
)

// PlacedRecord is a request with where it was, as /world/requests answers it.
type PlacedRecord struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	API     string `json:"api"`
	Stage   string `json:"stage"`
	AccessRecord
}

// placedQuery is what /world/requests and /world/traces are asked.
type placedQuery struct {
	from, to time.Time
	limit    int
}

// placedQuery reads the parameters from, to and limit, by default of the last minute, and 100. Where it can't it answers and reports false.
func (s *Server) placedQuery(w http.ResponseWriter, r *http.Request) (placedQuery, bool) {
	q := r.URL.Query()
	to, err := parseTime(q.Get("to"), s.config.Now())
	from, fromErr := parseTime(q.Get("from"), to.Add(-time.Minute))
	limit, limitErr := defaultRecords, error(nil)
	if v := q.Get("limit"); v != "" {
		if limit, limitErr = strconv.Atoi(v); limitErr != nil || limit < 1 || limit > maxRecords {
			limitErr = fmt.Errorf("limit %q is not between 1 and %d", v, maxRecords)
		}
	}
	if err = errors.Join(err, fromErr, limitErr); err == nil && to.Sub(from) > maxTruth {
		err = fmt.Errorf("the interval is longer than %s", maxTruth)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return placedQuery{from, to, limit}, err == nil
}

// placedStages are the stages that the parameters account, region, api and stage name, all by default.
func (s *Server) placedStages(r *http.Request) iter.Seq[*stageInfo] {
	q := r.URL.Query()
	return func(yield func(*stageInfo) bool) {
		for _, a := range s.world.Accounts {
			for _, region := range a.Regions {
				for _, api := range region.APIs {
					for _, stage := range api.Stages {
						wanted := matches(q.Get("account"), a.ID) && matches(q.Get("region"), region.Name) && matches(q.Get("api"), api.ID) && matches(q.Get("stage"), stage.Name)
						if wanted && !yield(s.world.info(api, stage)) {
							return
						}
					}
				}
			}
		}
	}
}

// serveRequests answers the requests of [from, to).
func (s *Server) serveRequests(w http.ResponseWriter, r *http.Request) {
	q, ok := s.placedQuery(w, r)
	if !ok {
		return
	}
	found, more := []PlacedRecord{}, false
	for i := range s.placedStages(r) {
		for record := range s.world.AccessRecords(i.api, i.stage, q.from, q.to) {
			if len(found) == q.limit {
				more = true
				break
			}
			found = append(found, PlacedRecord{i.account, i.region.Name, i.api.ID, i.stage.Name, record})
		}
	}
	writeJSON(w, map[string]any{"from": q.from.UTC(), "to": q.to.UTC(), "requests": found, "more": more})
}
