package awssim

import "slices"

// foreign are the traces of other services that began in a minute.
func (r *traceRegion) foreign(minute int64) []traceEntry {
	rng := stream(mix(r.seed ^ mix(uint64(minute))))
	n := poisson(&rng, r.region.ForeignTraces)
	if n == 0 {
		return nil
	}
	out := make([]traceEntry, 0, n)
	for k := range n {
		a, b, c := rng.next(), rng.next(), rng.next()
		out = append(out, traceEntry{at: minute*60_000 + int64(a%60_000), id: traceID{b, uint32(c)}, source: foreignStage, request: int32(k)})
	}
	return slices.Clip(out)
}

// buildForeign makes a trace of a worker that nothing calls through API Gateway.
func (r *traceRegion) buildForeign(e *traceEntry) *trace {
	key := mix(e.id.high ^ uint64(e.id.low))
	t := &trace{id: string(e.traceID(nil)), account: r.account, region: r.region.Name, at: e.at, key: key, scientific: key&3 == 0}
	start := e.at * 1000
	root := &node{
		id: max(mix(key+1), 1), name: "nightly-worker", origin: "AWS::EC2::Instance", start: start, end: start + 20_000 + int64(key>>8&0xfffff),
		aws:         object{{"account_id", r.account}, {"ec2", object{{"instance_id", "i-0a1b2c3d4e5f60718"}, {"availability_zone", r.region.Name + "a"}}}},
		annotations: object{{"job", "settle"}}, ending: endingFlags{fault: key>>32&31 == 0},
	}
	t.add(partGateway, -1, root)
	return t
}

// traceID writes the id in X-Ray's form.
func (e *traceEntry) traceID(b []byte) []byte {
	b = append(appendHex(append(b, "1-"...), uint64(floorDiv(e.at, 1000)), 8), '-')
	return appendHex(appendHex(b, e.id.high, 16), uint64(e.id.low), 8)
}
