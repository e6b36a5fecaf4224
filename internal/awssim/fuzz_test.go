package awssim

import (
	"bytes"
	"net/http/httptest"
	"testing"
	"time"
)

// FuzzRequests sends bodies and tokens of all kinds to every protocol: whatever comes, an answer goes out and nothing panics.
func FuzzRequests(f *testing.F) {
	in := window(noon.Add(-time.Hour), noon, ask("a", "Count", "p99", 60, "ApiName", "orders"))
	f.Add([]byte(`{"MetricDataQueries":[{"Id":"a","MetricStat":{"Metric":{"Namespace":"AWS/ApiGateway","MetricName":"Count","Dimensions":[{"Name":"ApiName","Value":"orders"}]},"Period":60,"Stat":"TM(1%:9%)"}}],"StartTime":1795262000,"EndTime":1795262390.5,"NextToken":"pGJBdAA"}`))
	f.Add([]byte("\xbf\x71MetricDataQueries\x9f\xbf\x62Id\x61a\xff\xff\x69StartTime\xc1\xfb\x41\xda\xc0\x00\x00\x00\x00\x00\xff"))
	f.Add([]byte("Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/x&RoleSessionName=ab&DurationSeconds=1000"))
	f.Add([]byte(*in.MetricDataQueries[0].Id))
	f.Add([]byte(`{"logGroupName":"access","logGroupIdentifier":"x","startTime":-1,"endTime":9223372036854775807,"limit":1,"nextToken":"b/oWRIYXNoAA","logStreamName":"y"}`))
	f.Add([]byte(`{"logGroupName":"access","startTime":1795262000000}`))
	f.Add([]byte(`{"StartTime":1795262000,"EndTime":1795262390.5,"TimeRangeType":"Event","FilterExpression":"annotation[aws:api_id] = \"x\" OR ! fault","NextToken":"pGJBdAA"}`))
	f.Add([]byte(`{"StartTime":0,"EndTime":99999999999,"TraceIds":["1-58406520-a006649127e371903a2de979","58406520a006649127e371903a2de979"],"RetrievalToken":"x","TraceFormat":"OTEL"}`))
	world := logging(shop(), "access", demoJSON)
	world.Accounts[0].Regions[0].APIs[0].Stages[0].Tracing, world.Accounts[0].Regions[0].ForeignTraces = true, 10
	s := New(Config{World: world, Now: func() time.Time { return noon }})
	s.config.Latency = 0
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, op := range []string{"GetMetricData", "ListMetrics", "FilterLogEvents", "GetLogEvents", "DescribeLogGroups", "DescribeLogStreams", "?"} {
			for _, p := range []protocol{protocolCBOR, protocolJSON, protocolQuery, protocolLogs} {
				r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
				service := serviceMonitoring
				switch p {
				case protocolCBOR:
					r.URL.Path = cloudWatchPrefix + op
				case protocolJSON:
					r.Header.Set("X-Amz-Target", cloudWatchTarget+"."+op)
				case protocolLogs:
					r.Header.Set("X-Amz-Target", logsTarget+"."+op)
					service = serviceLogs
				default:
					service = serviceSTS
				}
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code >= 500 {
					t.Errorf("%s is answered with %d: %s", op, w.Code, w.Body)
				}
			}
		}
		for path := range xrayOperations {
			r := httptest.NewRequest("POST", path, bytes.NewReader(body))
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/us-east-1/xray/aws4_request, SignedHeaders=host, Signature=0")
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code >= 500 {
				t.Errorf("%s is answered with %d: %s", path, w.Code, w.Body)
			}
		}
		r := httptest.NewRequest("GET", "/restapis", nil)
		q := r.URL.Query()
		q.Set("position", string(body))
		q.Set("limit", "1")
		r.URL.RawQuery = q.Encode()
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("a position is answered with %d: %s", w.Code, w.Body)
		}
	})
}
