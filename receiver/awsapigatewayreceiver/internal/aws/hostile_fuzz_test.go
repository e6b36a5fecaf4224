package aws

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func FuzzMetricDataResult(f *testing.F) {
	f.Add("q0", int64(start), 1.0, int64(start+60), 2.0, "Complete", uint8(2))
	f.Add("q0", int64(math.MinInt64), math.NaN(), int64(math.MaxInt64), math.Inf(1), "", uint8(1))
	f.Add("q-1", int64(0), -1.0, int64(0), 0.0, "PartialData", uint8(0))
	f.Fuzz(checkResult)
}

// checkResult checks that whatever a result says, what is taken is usable: ascending periods of the window with amounts.
func checkResult(t *testing.T, id string, t1 int64, v1 float64, t2 int64, v2 float64, status string, drop uint8) {
	r := &dataReader{window: fiveMinutes, period: 60, series: make([]model.Series, 3)}
	stamps, values := []time.Time{time.Unix(t1, 0), time.Unix(t2, 0)}, []float64{v1, v2}
	res := types.MetricDataResult{Id: &id, StatusCode: types.StatusCode(status), Timestamps: stamps[:min(2, drop)], Values: values[:min(2, drop/2)]}
	for range 4 { // as on several pages
		r.result(&res)
	}
	for i := range r.series {
		s := &r.series[i]
		r.finish(s)
		assert.Len(t, s.Values, len(s.Times))
		assert.True(t, slices.IsSorted(s.Times))
		assert.LessOrEqual(t, len(s.Times), 5)
		for j, ts := range s.Times {
			assert.True(t, ts >= start && ts < start+300 && (ts-start)%60 == 0)
			assert.True(t, s.Values[j] >= 0 && s.Values[j] <= maxValue && !math.IsNaN(s.Values[j]))
		}
		assert.False(t, s.Complete && s.Reason != "")
	}
}
