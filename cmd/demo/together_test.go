package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// apart is a stage of the output.
func (o *output) apart(instance string) *stage {
	s := newStage(nil)
	s.account, s.region, s.api, s.name, s.instance = "shop", "us-east-1", "twins", "prod", instance
	o.stages[s.key()] = s
	return s
}

// Stages that CloudWatch does not tell apart are one stage each, with the requests of all of them, which count once in a sum.
func TestStagesThatAreCountedTogether(t *testing.T) {
	got := newOutputs()
	got.metrics.apart("1/us-east-1/a,b/prod").add(requests, at(t, 5, 40, 0, ""))
	both := []string{"a 2 40", "b 2 40"}
	assert.Equal(t, both, rows(got), "before the inventory says what each is")

	for _, id := range []string{"a", "b", "c"} {
		s := got.metrics.apart("1/us-east-1/" + id + "/prod")
		s.telemetry["access_logs"] = "off"
	}
	assert.Equal(t, append(both, "c 0 0"), rows(got))
	got.metrics.stages["shop/us-east-1/1/us-east-1/a/prod"].add(requests, at(t, 3, 7, 0, "")) // before there was another one of its name
	v := got.view(time.Unix(0, 0), time.Unix(0, 0), true, nil)
	assert.Equal(t, []int64{7, 0, 40}, v.Stages[0].Trend)
	assert.Equal(t, []string{"no access log"}, v.Stages[1].Dark, "what its own settings say")
	assert.Equal(t, int64(40), v.Totals.MinuteRequests)
	assert.Regexp(t, `shop +us-east-1  twins \(2 APIs\) +prod +47 .*\n  … and 2 stages more`, got.metrics.table(1))
}

// rows are the stages on the page: API id, how many are counted together, and requests.
func rows(o *outputs) (out []string) {
	first, newest := o.metrics.known()
	for _, s := range o.stages(first, newest) {
		out = append(out, fmt.Sprint(s.ID, " ", s.Together, " ", s.Requests))
	}
	slices.Sort(out)
	return out
}
