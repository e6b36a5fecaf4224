package preflight

// Report is what was found out about a receiver's configuration.
type Report struct {
	Signals []string `json:"signals"`
	// Works is false where something is missing that a signal needs.
	Works   bool      `json:"works"`
	Targets []*Target `json:"targets"`
	// Month is the price of all targets together, in USD; Savings are what other settings would save of it, the most first.
	Month   Price    `json:"month"`
	Savings []Saving `json:"savings"`
}

// Target is one account in one region.
type Target struct {
	Label   string `json:"target"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region"`
	// Operations are those that the receiver would call.
	Operations []Operation `json:"operations"`
	// Statements are what the identity's policy lacks, of denials that it can mend.
	Statements []Statement `json:"statements,omitempty"`
	Counts     Counts      `json:"counts"`
	Dark       []Dark      `json:"dark"`
	Month      Price       `json:"month"`
	Verified   []Verified  `json:"verified,omitempty"`

	savings []Saving
}

// Results of an operation.
const (
	Allowed  = "allowed"
	Denied   = "denied"
	Failed   = "failed"
	NotTried = "not tried"
)

// Operation is one AWS operation, and whether it may be called.
type Operation struct {
	Name   string `json:"operation"`
	Action string `json:"action"`
	// For says what needs it: all, inventory, metrics, logs, traces.
	For    string `json:"for"`
	Result string `json:"result"`
	// Class is the class of the failure, as in the outcome attribute of the aws_calls metric.
	Class string `json:"class,omitempty"`
	// Optional says that the receiver does without it.
	Optional bool `json:"optional,omitempty"`
	// Detail is AWS's error, or why it was not tried; Remedy says who can mend it and how, Statement what to add to the identity's policy.
	Detail    string     `json:"detail,omitempty"`
	Remedy    string     `json:"remedy,omitempty"`
	Statement *Statement `json:"statement,omitempty"`
}

// missing says whether a signal lacks the operation.
func (o *Operation) missing() bool { return o.Result != Allowed && !o.Optional }

// Statement is a statement of an IAM policy.
type Statement struct {
	Effect   string   `json:"Effect"`
	Action   []string `json:"Action"`
	Resource []string `json:"Resource"`
}

// Counts are how much there is. What is nil could not be counted, or was not asked for.
type Counts struct {
	// APIs are those that are collected, by type; Excluded those that the apis setting leaves out.
	APIs     map[string]int `json:"apis,omitempty"`
	Excluded int            `json:"excluded_apis,omitempty"`
	Stages   *int           `json:"stages,omitempty"`
	// Series are those of CloudWatch that would be asked for, by metric.
	Series  map[string]int `json:"series,omitempty"`
	Unknown int            `json:"unknown_series,omitempty"`
	Groups  *Groups        `json:"log_groups,omitempty"`
	Traces  *Traces        `json:"traces,omitempty"`
}

// Groups are the log groups.
type Groups struct {
	Count int `json:"count"`
	// Read are those of which a page was read, DailyBytes what those are thought to take in a day.
	Read       int   `json:"sampled"`
	DailyBytes int64 `json:"daily_bytes"`
}

// Traces are X-Ray's traces of one minute.
type Traces struct {
	Scanned   int64 `json:"scanned_per_minute"`
	Wanted    int64 `json:"wanted_per_minute"`
	Retrieved int64 `json:"retrieved_per_minute"`
	// Again are those that are retrieved once more when they have settled.
	Again int64 `json:"retrieved_again_per_minute"`
}

// Dark is what can't be seen, where, and how to light it.
type Dark struct {
	What   string   `json:"what"`
	Where  []string `json:"where,omitempty"`
	Remedy string   `json:"remedy"`
}

// Price is a month's, line by line.
type Price struct {
	Lines []Line `json:"lines"`
	// Low and High are the sums, USD, with and without the rule that counts five statistics of a metric as one.
	Low  float64 `json:"usd_low"`
	High float64 `json:"usd_high"`
}

// Line is what one operation costs in a month.
type Line struct {
	Item   string  `json:"item"`
	Detail string  `json:"detail"`
	Low    float64 `json:"usd_low"`
	High   float64 `json:"usd_high"`
	// Unknown says that it could not be estimated, or in a sum not for all targets: Detail says why, and Low and High are what is known.
	Unknown bool `json:"unknown,omitempty"`
	// UnknownOf are the targets of a sum that it could not be estimated for.
	UnknownOf []string `json:"unknown_of,omitempty"`
}

func (p *Price) add(l Line) {
	p.Lines = append(p.Lines, l)
	p.Low += l.Low
	p.High += l.High
}

// Saving is what a setting would save in a month, USD, by both readings.
type Saving struct {
	Setting string  `json:"setting"`
	Low     float64 `json:"usd_low"`
	High    float64 `json:"usd_high"`
}

// Verified is one point that AWS's pages leave open, and what was seen of it.
type Verified struct {
	Question string  `json:"question"`
	Asks     string  `json:"asks,omitempty"`
	USD      float64 `json:"usd"`
	Saw      string  `json:"saw,omitempty"`
	// NotChecked says why it was not asked.
	NotChecked string `json:"not_checked,omitempty"`
}
