package model

// TraceSummary is a trace as GetTraceSummaries lists it.
type TraceSummary struct {
	ID string // as X-Ray writes it, 1-58406520-a006649127e371903a2de979
	// Duration is from the first segment's start to the last one's end, seconds.
	Duration               float64
	Fault, Error, Throttle bool
	// Partial says that segments of the trace are still in progress.
	Partial bool
	// Revision grows as segments come.
	Revision int
	// APIs and Stages are the values of the annotations aws:api_id and aws:api_stage, in no order.
	APIs, Stages []string
}

// TracePage is one page of GetTraceSummaries. It may be empty and have a token all the same.
type TracePage struct {
	Summaries []TraceSummary
	// Scanned is how many traces AWS looked at for the page, whether they matched or not: what it bills.
	Scanned int64
	Token   string // of the next page, "" at the end
	// Unusable is how many summaries had no usable id; they are left out.
	Unusable int
}

// Trace is a trace with its documents.
type Trace struct {
	ID        string
	Documents []TraceDocument
	// Limited says that the trace is longer than X-Ray keeps: segments are missing.
	Limited bool
}

// TraceDocument is one segment of a trace, as JSON.
type TraceDocument struct {
	ID   string // of the segment, 16 hexadecimal digits
	Text string
}

// Retrieval is a page of what StartTraceRetrieval found. Its documents are spans in OpenTelemetry's form.
type Retrieval struct {
	Traces []Trace
	Token  string // of the next page, "" at the end
	// Done says that there is nothing more to come, Failed that nothing will.
	Done, Failed bool
	Status       string // in AWS's word
}
