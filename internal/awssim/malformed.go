package awssim

import "math"

// endlessToken is the pagination token of MalformedNextToken. It always leads to the first page.
const endlessToken = "awssim-and-so-on"

// malform spoils an answer in the way that the call's verdict names, where the answer has what it takes.
func malform(x *exchange, answer any) any {
	if x.verdict.malformed == "" {
		return answer
	}
	switch out := answer.(type) {
	case *metricDataOutput:
		malformMetricData(x.verdict.malformed, out)
	case *listMetricsOutput:
		malformListMetrics(x.verdict.malformed, out)
	case *traceSummariesOutput:
		malformTraceSummaries(x.verdict.malformed, out)
	case *tracesOutput:
		malformTraces(x.verdict.malformed, out)
	case members:
		malformInventory(x.verdict.malformed, out)
	}
	return answer
}

func malformMetricData(kind string, out *metricDataOutput) {
	if kind == MalformedNextToken {
		out.NextToken = endlessToken
		return
	}
	for i := range out.MetricDataResults {
		r := &out.MetricDataResults[i]
		switch kind {
		case MalformedMissing:
			r.ID, r.StatusCode = "", ""
		case MalformedNaN:
			for k := range r.Values {
				r.Values[k] = math.NaN()
			}
		case MalformedLengths:
			r.Values = r.Values[:len(r.Values)/2]
		case MalformedOutside:
			for k := range r.Timestamps {
				r.Timestamps[k] -= 7 * 24 * 3600
			}
		}
	}
}

func malformListMetrics(kind string, out *listMetricsOutput) {
	switch kind {
	case MalformedMissing:
		for i := range out.Metrics {
			out.Metrics[i].MetricName, out.Metrics[i].Dimensions = "", []dimension{{}}
		}
	case MalformedNextToken:
		out.NextToken = endlessToken
	}
}

func malformTraceSummaries(kind string, out *traceSummariesOutput) {
	switch kind {
	case MalformedMissing:
		for i := range out.TraceSummaries {
			out.TraceSummaries[i] = traceSummary{Revision: out.TraceSummaries[i].Revision}
		}
	case MalformedNaN:
		for i := range out.TraceSummaries {
			out.TraceSummaries[i].Duration, out.TraceSummaries[i].ResponseTime = xrayNumber(math.NaN()), xrayNumber(math.Inf(1))
		}
	case MalformedNextToken:
		out.NextToken = endlessToken
	}
}

// malformTraces spoils full traces, of BatchGetTraces and ListRetrievedTraces alike.
func malformTraces(kind string, out *tracesOutput) {
	switch kind {
	case MalformedMissing:
		for _, t := range out.Traces {
			delete(t, "Id")
			for _, name := range []string{"Segments", "Spans"} {
				documents, _ := t[name].([]traceDocument)
				for i := range documents {
					documents[i] = traceDocument{}
				}
			}
		}
	case MalformedNaN:
		for _, t := range out.Traces {
			t["Duration"] = xrayNumber(math.NaN())
		}
	case MalformedNextToken:
		out.NextToken = endlessToken
	}
}

// malformInventory spoils an answer of API Gateway: the entries of a list, or all of what is no list.
func malformInventory(kind string, out members) {
	token, listed := "", false
	for _, names := range []pageNames{namesV1, namesV2, namesOfRules, namesOfLogGroups, namesOfLogStreams} {
		if items, ok := out[names.list].([]members); ok {
			token, listed = names.token, true
			if kind == MalformedMissing {
				for _, item := range items {
					clear(item)
				}
			}
		}
	}
	switch {
	case kind == MalformedMissing && !listed:
		clear(out)
	case kind == MalformedNextToken && listed:
		out[token] = endlessToken
	}
}

// garbage overwrites bytes in the body so that it no longer is what its content type says.
func garbage(body []byte, seed uint64) []byte {
	rng := stream(seed)
	out := append([]byte{0xff, 0xfe}, body...)
	for range len(out)/64 + 1 {
		n := rng.next()
		out[n%uint64(len(out))] = byte(n >> 56)
	}
	return out
}
