package awssim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	// maxTruth bounds the interval of one /world request: every request in it is made again.
	maxTruth = 7 * 24 * time.Hour
	// defaultTruth is the interval up to now of a /world request that names none.
	defaultTruth = time.Hour
	// defaultCallLimit is how many of the last calls /calls shows.
	defaultCallLimit = 100
)

// Admin returns the handler of the admin API: GET /healthz, GET /world, GET /world/resources, GET /world/requests, GET and DELETE /calls, GET and POST
// /faults, GET and POST /lateness, GET and POST /ingestion, GET and POST /tracing, GET /world/traces, GET /traces/counts. It speaks JSON and belongs on a port of its own.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"status": "ok", "now": s.config.Now().UTC()})
	})
	mux.HandleFunc("GET /world", s.serveWorld)
	mux.HandleFunc("GET /world/resources", s.serveResources)
	mux.HandleFunc("GET /world/requests", s.serveRequests)
	mux.HandleFunc("GET /calls", s.serveCalls)
	mux.HandleFunc("DELETE /calls", func(w http.ResponseWriter, _ *http.Request) {
		s.ResetCalls()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.faults.get()) })
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		var f Faults
		if !readJSON(w, r, &f) {
			return
		}
		if err := f.Validate(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.SetFaults(f)
		writeJSON(w, f)
	})
	mux.HandleFunc("GET /lateness", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.published.currentLateness()) })
	mux.HandleFunc("POST /lateness", func(w http.ResponseWriter, r *http.Request) {
		var l Lateness
		if readJSON(w, r, &l) {
			s.SetLateness(l)
			writeJSON(w, l)
		}
	})
	mux.HandleFunc("GET /ingestion", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.logged.currentIngestion()) })
	mux.HandleFunc("POST /ingestion", func(w http.ResponseWriter, r *http.Request) {
		var l Lateness
		if readJSON(w, r, &l) {
			s.SetIngestion(l)
			writeJSON(w, l)
		}
	})
	mux.HandleFunc("GET /tracing", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.traces.currentArrival()) })
	mux.HandleFunc("POST /tracing", func(w http.ResponseWriter, r *http.Request) {
		var a Arrival
		if readJSON(w, r, &a) {
			s.SetTracing(a)
			writeJSON(w, a)
		}
	})
	mux.HandleFunc("GET /world/traces", s.serveTraces)
	mux.HandleFunc("GET /traces/counts", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.TraceCounts()) })
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // nobody is left to be told
}

// readJSON decodes a body strictly; where it can't it answers and reports false.
func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, "cannot decode the body: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// StageTruth is a stage with what happened on it, as /world answers it.
type StageTruth struct {
	Account string          `json:"account"`
	Region  string          `json:"region"`
	API     string          `json:"api"`
	Name    string          `json:"name"`
	Type    string          `json:"type"`
	Stage   string          `json:"stage"`
	Canary  bool            `json:"canary,omitempty"`
	Metrics map[string]Stat `json:"metrics"`
}

// WorldTruth is the answer of /world.
type WorldTruth struct {
	From   time.Time    `json:"from"`
	To     time.Time    `json:"to"`
	Stages []StageTruth `json:"stages"`
}

// serveWorld answers what happened on every stage in the whole minutes of [from, to): RFC 3339 or Unix seconds, by default the last hour. The
// parameters account, region, api and stage narrow it.
func (s *Server) serveWorld(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	to, err := parseTime(q.Get("to"), s.config.Now())
	if err == nil {
		var from time.Time
		if from, err = parseTime(q.Get("from"), to.Add(-defaultTruth)); err == nil && to.Sub(from) > maxTruth {
			err = fmt.Errorf("the interval is longer than %s", maxTruth)
		}
		if err == nil {
			writeJSON(w, s.truth(from, to, func(account, region, api, stage string) bool {
				return matches(q.Get("account"), account) && matches(q.Get("region"), region) && matches(q.Get("api"), api) && matches(q.Get("stage"), stage)
			}))
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadRequest)
}

func matches(want, have string) bool { return want == "" || want == have }

func (s *Server) truth(from, to time.Time, wanted func(account, region, api, stage string) bool) WorldTruth {
	out := WorldTruth{From: minuteStart(minuteAtOrAfter(from)), To: minuteStart(minuteOf(to)), Stages: []StageTruth{}}
	for _, a := range s.world.Accounts {
		for _, r := range a.Regions {
			for _, api := range r.APIs {
				for _, stage := range api.Stages {
					if !wanted(a.ID, r.Name, api.ID, stage.Name) {
						continue
					}
					truth := StageTruth{Account: a.ID, Region: r.Name, API: api.ID, Name: api.Name, Type: api.kind(), Stage: stage.Name}
					truth.Metrics = s.world.Truth(api, stage, false, from, to)
					out.Stages = append(out.Stages, truth)
					if api.kind() == TypeREST && stage.CanaryPercent > 0 {
						truth.Canary, truth.Metrics = true, s.world.Truth(api, stage, true, from, to)
						out.Stages = append(out.Stages, truth)
					}
				}
			}
		}
	}
	return out
}

// PlacedResource is a resource with where it is, as /world/resources answers it.
type PlacedResource struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Resource
}

// serveResources answers what exists at a time (RFC 3339 or Unix seconds, by default now); account, region and kind narrow it.
func (s *Server) serveResources(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	at, err := parseTime(q.Get("at"), s.config.Now())
	if kind := q.Get("kind"); kind != "" && !slices.Contains(allKinds, kind) {
		err = fmt.Errorf("there is no kind %q: want one of %v", kind, allKinds)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	found := []PlacedResource{}
	for _, account := range s.world.Accounts {
		for _, region := range account.Regions {
			if !matches(q.Get("account"), account.ID) || !matches(q.Get("region"), region.Name) {
				continue
			}
			for _, resource := range s.world.Resources(account.ID, region.Name, at) {
				if matches(q.Get("kind"), resource.Kind) {
					found = append(found, PlacedResource{account.ID, region.Name, resource})
				}
			}
		}
	}
	writeJSON(w, map[string]any{"at": at.UTC(), "resources": found})
}

func parseTime(s string, otherwise time.Time) (time.Time, error) {
	if s == "" {
		return otherwise, nil
	}
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("cannot parse time %q: want RFC 3339 or Unix seconds", s)
	}
	return t, nil
}

// serveCalls answers the number of calls by operation and the last calls; the parameters limit and operation narrow the latter.
func (s *Server) serveCalls(w http.ResponseWriter, r *http.Request) {
	limit := defaultCallLimit
	if v := r.URL.Query().Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			http.Error(w, fmt.Sprintf("limit %q is no number", v), http.StatusBadRequest)
			return
		}
		limit = n
	}
	last := []Call{}
	for _, c := range s.Calls() {
		if matches(r.URL.Query().Get("operation"), c.Operation) {
			last = append(last, c)
		}
	}
	writeJSON(w, map[string]any{"counts": s.calls.totals(), "calls": last[max(0, len(last)-limit):]})
}
