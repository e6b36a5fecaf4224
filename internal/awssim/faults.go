package awssim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Faults are what goes wrong on purpose. Rates are probabilities per call, drawn from a seeded generator in the order of the calls.
type Faults struct {
	Throttle      float64       `json:"throttle,omitempty"`
	ServerError   float64       `json:"server_error,omitempty"`   // 500 and 503 alike
	Drop          float64       `json:"drop,omitempty"`           // the connection closes without an answer
	Slow          float64       `json:"slow,omitempty"`           // the answer takes SlowBy longer, in real time
	SlowBy        time.Duration `json:"-"`                        // "slow_by", as "10s", in JSON
	PartialData   float64       `json:"partial_data,omitempty"`   // GetMetricData: some results come in two pages
	InternalError float64       `json:"internal_error,omitempty"` // GetMetricData: some results have StatusCode InternalError and no values
	Truncate      float64       `json:"truncate,omitempty"`       // the body ends in the middle
	EmptyPages    float64       `json:"empty_pages,omitempty"`    // FilterLogEvents and GetTraceSummaries: a page without entries, with a token; never two in a row
	Unprocessed   float64       `json:"unprocessed,omitempty"`    // BatchGetTraces: per trace, it is named in UnprocessedTraceIds and not answered
	Malformed     float64       `json:"malformed,omitempty"`      // the answer makes no sense
	// MalformedKinds limits how answers are malformed: see the Malformed constants. Empty: any of them.
	MalformedKinds []string `json:"malformed_kinds,omitempty"`
	// Deny refuses operations: keys are an operation's name or "*", optionally followed by "@account/region".
	Deny               map[string]DenyKind `json:"deny,omitempty"`
	ExpiredCredentials bool                `json:"expired_credentials,omitempty"`
	// Only lists what the rates and ExpiredCredentials apply to, with keys as Deny has them; empty: all.
	Only []string `json:"only,omitempty"`
	// UnknownOperations lists what is answered as unknown, with keys as Deny has them: GetTraceSegmentDestination in a region that does not have it yet.
	UnknownOperations []string `json:"unknown_operations,omitempty"`
	// Hang lists the "account/region" whose calls are accepted and never answered.
	Hang []string `json:"hang,omitempty"`
}

// DenyKind is the reason of a denial; each has AWS's own text.
type DenyKind string

// The reasons of a denial.
const (
	IdentityPolicy       DenyKind = "identity-policy"        // no policy allows the action: can be mended by one
	ExplicitDeny         DenyKind = "explicit-deny"          // an identity policy denies it
	ServiceControlPolicy DenyKind = "service-control-policy" // the organisation denies it
	PermissionsBoundary  DenyKind = "permissions-boundary"
	Forbidden            DenyKind = "forbidden" // GetMetricData answers, its results have StatusCode Forbidden
)

// Validate refuses kinds that are not known.
func (k DenyKind) Validate() error {
	known := []DenyKind{IdentityPolicy, ExplicitDeny, ServiceControlPolicy, PermissionsBoundary, Forbidden}
	if !slices.Contains(known, k) {
		return fmt.Errorf("cannot deny for reason %q: want one of %v", string(k), known)
	}
	return nil
}

// How an answer can be malformed.
const (
	MalformedGarbage   = "garbage"   // not the protocol's encoding
	MalformedMissing   = "missing"   // required members are absent
	MalformedNaN       = "nan"       // GetMetricData: values that are no numbers; X-Ray: durations
	MalformedLengths   = "lengths"   // GetMetricData: more timestamps than values
	MalformedOutside   = "outside"   // GetMetricData: timestamps outside of the window
	MalformedNextToken = "nexttoken" // the same page with a token, for ever
)

var malformedKinds = []string{MalformedGarbage, MalformedMissing, MalformedNaN, MalformedLengths, MalformedOutside, MalformedNextToken}

// Validate refuses rates outside of [0, 1] and kinds that are not known.
func (f *Faults) Validate() error {
	for _, rate := range []float64{f.Throttle, f.ServerError, f.Drop, f.Slow, f.PartialData, f.InternalError, f.Truncate, f.EmptyPages, f.Unprocessed, f.Malformed} {
		if !(rate >= 0 && rate <= 1) {
			return fmt.Errorf("rate %v is not between 0 and 1", rate)
		}
	}
	for _, kind := range f.MalformedKinds {
		if !slices.Contains(malformedKinds, kind) {
			return fmt.Errorf("cannot malform by %q: want one of %v", kind, malformedKinds)
		}
	}
	for _, kind := range f.Deny {
		if err := kind.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// verdict is what happens to one call.
type verdict struct {
	slow, drop, throttle, fail, unavailable, truncate bool
	partial, internal, empty                          bool
	unprocessed                                       float64
	malformed                                         string
	seed                                              uint64
}

// faultPlan holds the faults of a server and decides them call by call.
type faultPlan struct {
	mu     sync.Mutex
	faults Faults
	rng    *rand.Rand
}

func newFaultPlan(seed uint64, f Faults) *faultPlan {
	return &faultPlan{faults: f, rng: rand.New(rand.NewPCG(seed, 0xfa017))}
}

func (p *faultPlan) set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

func (p *faultPlan) get() Faults {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

// keys are the names that faults know a call by, the most exact first.
func (x *exchange) keys() [4]string {
	account := ""
	if x.caller.account != nil {
		account = x.caller.account.ID
	}
	where := "@" + account + "/" + x.caller.region
	return [4]string{x.op.name + where, "*" + where, x.op.name, "*"}
}

// applies reports whether rates apply to a call.
func (f *Faults) applies(x *exchange) bool {
	return len(f.Only) == 0 || x.listed(f.Only)
}

// unknown reports whether a call's operation is to be answered as unknown.
func (f *Faults) unknown(x *exchange) bool { return x.listed(f.UnknownOperations) }

// listed reports whether one of the keys means the call.
func (x *exchange) listed(keys []string) bool {
	known := x.keys()
	return len(keys) > 0 && slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(known[:], key) })
}

// decide draws what happens to the next call.
func (p *faultPlan) decide(x *exchange) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.faults.applies(x) {
		return verdict{}
	}
	draw := func(rate float64) bool { return rate > 0 && p.rng.Float64() < rate }
	f := &p.faults
	v := verdict{
		slow: draw(f.Slow), drop: draw(f.Drop), throttle: draw(f.Throttle), fail: draw(f.ServerError), truncate: draw(f.Truncate),
		partial: draw(f.PartialData), internal: draw(f.InternalError), empty: draw(f.EmptyPages),
		unprocessed: f.Unprocessed,
		seed:        p.rng.Uint64(),
	}
	v.unavailable = v.seed&1 == 0
	if draw(f.Malformed) {
		kinds := f.MalformedKinds
		if len(kinds) == 0 {
			kinds = malformedKinds
		}
		v.malformed = kinds[p.rng.IntN(len(kinds))]
	}
	return v
}

// denied returns the reason for which a call is refused; "" if it is not.
func (f *Faults) denied(x *exchange) DenyKind {
	if len(f.Deny) == 0 || x.op.name == "GetCallerIdentity" {
		return "" // no policy can refuse GetCallerIdentity
	}
	for _, key := range x.keys() {
		if kind, ok := f.Deny[key]; ok {
			return kind
		}
	}
	return ""
}

// denialText is the message of a denial, as IAM words it (IAM User Guide, troubleshooting access denied error messages).
func denialText(kind DenyKind, caller, action, resource string) string {
	what := fmt.Sprintf("User: %s is not authorized to perform: %s", caller, action)
	if resource != "" {
		what += " on resource: " + resource
	}
	switch kind {
	case ExplicitDeny:
		return what + " with an explicit deny in an identity-based policy"
	case ServiceControlPolicy:
		return what + " with an explicit deny in a service control policy"
	case PermissionsBoundary:
		return fmt.Sprintf("%s because no permissions boundary allows the %s action", what, action)
	default:
		return fmt.Sprintf("%s because no identity-based policy allows the %s action", what, action)
	}
}
