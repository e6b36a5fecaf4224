package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// start is the window's start of the hand-made answers; it is five minutes long.
const start = 1_700_000_040

var fiveMinutes = model.Window{Start: start, End: start + 300}

func stamp(offset float64) cbor.Value {
	return &cbor.Tag{ID: 1, Value: cbor.Float64(start + offset)}
}

func floats(values ...float64) (l cbor.List) {
	for _, v := range values {
		l = append(l, cbor.Float64(v))
	}
	return l
}

func result(id string, stamps, values cbor.List) cbor.Map {
	return cbor.Map{"Id": cbor.String(id), "StatusCode": cbor.String("Complete"), "Timestamps": stamps, "Values": values}
}

func without(m cbor.Map, key string) cbor.Map {
	delete(m, key)
	return m
}

func with(m cbor.Map, key string, v cbor.Value) cbor.Map {
	m[key] = v
	return m
}

func data(results ...cbor.Value) []byte {
	return cbor.Encode(cbor.Map{"MetricDataResults": cbor.List(results)})
}

func good() cbor.Map { return result("q0", cbor.List{stamp(0), stamp(60)}, floats(1, 2)) }

func twoQueries() []model.Query {
	return []model.Query{{Metric: "Latency", Statistic: "Sum"}, {Metric: "Latency", Statistic: "SampleCount"}}
}

// Each answer that makes no sense costs what it is about, is counted, and leaves the rest of the answer alone.
func TestHostileMetricData(t *testing.T) {
	q1 := func() cbor.Map { return result("q1", cbor.List{stamp(0)}, floats(7)) }
	for name, first := range map[string]cbor.Value{
		"more timestamps than values": result("q0", cbor.List{stamp(0), stamp(60)}, floats(1)),
		"more values than timestamps": result("q0", cbor.List{stamp(0)}, floats(1, 2)),
		"no values":                   without(good(), "Values"),
		"no timestamps":               without(good(), "Timestamps"),
		"NaN":                         result("q0", cbor.List{stamp(0)}, floats(math.NaN())),
		"infinity":                    result("q0", cbor.List{stamp(0)}, floats(math.Inf(1))),
		"minus infinity":              result("q0", cbor.List{stamp(0)}, floats(math.Inf(-1))),
		"negative":                    result("q0", cbor.List{stamp(0)}, floats(-1)),
		"huge":                        result("q0", cbor.List{stamp(0)}, floats(1e300)),
		"before the window":           result("q0", cbor.List{stamp(-60)}, floats(1)),
		"at the window's end":         result("q0", cbor.List{stamp(300)}, floats(1)),
		"within a period":             result("q0", cbor.List{stamp(30)}, floats(1)),
		"year one":                    result("q0", cbor.List{stamp(-63e9)}, floats(1)),
		"a time that is no number":    result("q0", cbor.List{&cbor.Tag{ID: 1, Value: cbor.Float64(math.NaN())}}, floats(1)),
		"a time that is infinite":     result("q0", cbor.List{&cbor.Tag{ID: 1, Value: cbor.Float64(math.Inf(1))}}, floats(1)),
		"more points than periods":    result("q0", cbor.List{stamp(0), stamp(60), stamp(120), stamp(180), stamp(240), stamp(0)}, floats(1, 2, 3, 4, 5, 6)),
		"an id that nobody asked for": result("q2", cbor.List{stamp(0)}, floats(1)),
		"an id of another form":       result("q00", cbor.List{stamp(0)}, floats(1)),
		"an id beyond all":            result("q99999999999999999999", cbor.List{stamp(0)}, floats(1)),
		"no id":                       without(good(), "Id"),
		"empty id":                    result("", cbor.List{stamp(0)}, floats(1)),
		"no members":                  cbor.Map{},
	} {
		t.Run(name, func(t *testing.T) {
			f := openHandler(t, &answering{body: data(first, q1())}, nil)
			answers, err := f.client().MetricData(context.Background(), twoQueries(), time.Minute, fiveMinutes)
			require.NoError(t, err)
			assert.False(t, answers[0].Complete)
			assert.Empty(t, answers[0].Values)
			assert.Empty(t, answers[0].Times)
			assert.EqualValues(t, 1, f.malformed())
			assert.Equal(t, model.Series{Times: []int64{start}, Values: []float64{7}, Complete: true}, answers[1])
		})
	}
}

// What is missing is not there: neither an error nor zero points, but a query that has to be asked again.
func TestMetricDataThatIsMissing(t *testing.T) {
	for name, body := range map[string][]byte{
		"no result of the query": data(result("q1", cbor.List{stamp(0)}, floats(7))),
		"no results":             data(),
		"no member at all":       cbor.Encode(cbor.Map{}),
		"results that are null":  cbor.Encode(cbor.Map{"MetricDataResults": &cbor.Nil{}}),
		"no status":              data(without(good(), "StatusCode")),
		"empty status":           data(with(good(), "StatusCode", cbor.String(""))),
		"another status":         data(with(good(), "StatusCode", cbor.String("Perhaps"))),
	} {
		t.Run(name, func(t *testing.T) {
			f := openHandler(t, &answering{body: body}, nil)
			answers, err := f.client().MetricData(context.Background(), twoQueries(), time.Minute, fiveMinutes)
			if err == nil {
				assert.False(t, answers[0].Complete)
			}
		})
	}
}

// Two values for one period, and the same result on two pages, are malformed: neither is believed.
func TestMetricDataThatContradictsItself(t *testing.T) {
	f := openHandler(t, &answering{body: data(result("q0", cbor.List{stamp(60), stamp(60)}, floats(1, 2)))}, nil)
	answers, err := f.client().MetricData(context.Background(), twoQueries()[:1], time.Minute, fiveMinutes)
	require.NoError(t, err)
	assert.Equal(t, []model.Series{{Reason: reasonMalformed}}, answers)
	t.Run("counted", func(t *testing.T) {
		assert.EqualValues(t, 1, f.malformed())
	})
}

// Points may come in any order; they leave in the order of time.
func TestMetricDataIsSorted(t *testing.T) {
	f := openHandler(t, &answering{body: data(result("q0", cbor.List{stamp(240), stamp(0), stamp(120)}, floats(3, 1, 2)))}, nil)
	answers, err := f.client().MetricData(context.Background(), twoQueries()[:1], time.Minute, fiveMinutes)
	require.NoError(t, err)
	assert.Equal(t, []model.Series{{Times: []int64{start, start + 120, start + 240}, Values: []float64{1, 2, 3}, Complete: true}}, answers)
}

// What is not the protocol is an error of its own class, counted, and tried again only so often.
func TestUndecodableMetricData(t *testing.T) {
	for name, body := range map[string][]byte{
		"text":                    []byte("<html>captive portal</html>"),
		"cut off":                 data(good())[:40],
		"a list":                  cbor.Encode(cbor.List{}),
		"values that are text":    data(with(good(), "Values", cbor.String("many"))),
		"a value that is a map":   data(with(good(), "Values", cbor.List{cbor.Map{}})),
		"results that are a map":  cbor.Encode(cbor.Map{"MetricDataResults": cbor.Map{}}),
		"a length beyond the end": {0xa1, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a list beyond memory":    append([]byte{0xa1, 0x71}, append([]byte("MetricDataResults"), 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)...),
		"nested without end":      append([]byte{0xa1, 0x71}, append([]byte("MetricDataResults"), []byte(strings.Repeat("\x81", 1_000_000))...)...),
	} {
		t.Run(name, func(t *testing.T) {
			a := &answering{body: body}
			f := openHandler(t, a, nil)
			_, err := f.client().MetricData(context.Background(), twoQueries(), time.Minute, fiveMinutes)
			require.Error(t, err)
			assert.Equal(t, Malformed, ClassOf(err), "%v", err)
			assert.EqualValues(t, maxAttempts, f.malformed())
			assert.EqualValues(t, maxAttempts, a.calls.Load())
		})
	}
}

// tokens answers with another token each time, for ever.
type tokens struct {
	calls atomic.Int64
	page  func(n int64) []byte
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	_, _ = w.Write(s.page(s.calls.Add(1)))
}

// Tokens without end, with pages that bring nothing, end in an error soon.
func TestEndlessMetricData(t *testing.T) {
	for name, set := range map[string]struct {
		page func(n int64) []byte
		most int64
	}{
		"the same token": {func(int64) []byte { return cbor.Encode(cbor.Map{"NextToken": cbor.String("t")}) }, 2},
		"another token each time, no data": {func(n int64) []byte {
			return cbor.Encode(cbor.Map{"NextToken": cbor.String(fmt.Sprint(n))})
		}, maxEmptyPages + 1},
		"another token each time, the same data": {func(n int64) []byte {
			return cbor.Encode(cbor.Map{"NextToken": cbor.String(fmt.Sprint(n)), "MetricDataResults": cbor.List{good()}})
		}, maxEmptyPages + 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := &tokens{page: set.page}
			f := openHandler(t, s, nil)
			_, err := f.client().MetricData(context.Background(), twoQueries(), time.Minute, fiveMinutes)
			assert.Equal(t, Malformed, ClassOf(err), "%v", err)
			assert.LessOrEqual(t, s.calls.Load(), set.most)
		})
	}
}

// A listing ends with the token that leads nowhere new, and after maxPages in any case.
func TestPagesEnd(t *testing.T) {
	c := openHandler(t, &answering{}, nil).client()
	n := 0
	err := pages(c, opListMetrics, func(*string) (*string, error) {
		n++
		next := fmt.Sprint(n)
		return &next, nil
	})
	assert.Equal(t, Malformed, ClassOf(err))
	assert.Equal(t, maxPages, n)

	for _, length := range []int{1, 2, 3, 10} { // of a circle of tokens
		n = 0
		err = pages(c, opListMetrics, func(*string) (*string, error) {
			n++
			next := fmt.Sprint(n % length)
			return &next, nil
		})
		assert.Equal(t, Malformed, ClassOf(err))
		assert.LessOrEqual(t, n, 4*length, "of %d tokens", length)
	}

	boom := errors.New("boom")
	assert.Equal(t, boom, pages(c, opListMetrics, func(*string) (*string, error) { return nil, boom }))
	empty := ""
	assert.NoError(t, pages(c, opListMetrics, func(*string) (*string, error) { return &empty, nil }), "an empty token is none")
}

// The embedded AWS's ways to make no sense, for every operation that has them. An item of the control plane that lacks its id is passed on without
// one: see TestItemsWithoutAnID of the inventory.
func TestMalformedKinds(t *testing.T) {
	type read struct {
		do func(*fixture) (usable bool, err error)
	}
	for operation, r := range map[string]read{
		"GetMetricData": {do: func(f *fixture) (bool, error) {
			answers, err := f.client().MetricData(context.Background(), queriesFor(f.world()), time.Minute, lastHour(f))
			complete := 0
			for _, a := range answers {
				if a.Complete {
					complete++
				}
			}
			return complete > 0, err
		}},
		"ListMetrics": {do: func(f *fixture) (bool, error) {
			return true, f.client().ListMetrics(context.Background(), true, func([]model.Metric) error { return nil })
		}},
		"GetRestApis": {do: func(f *fixture) (bool, error) {
			l, err := f.client().restAPIs(context.Background())
			return slices.ContainsFunc(l, func(a model.API) bool { return a.ID != "" }), err
		}},
		"GetApis": {do: func(f *fixture) (bool, error) {
			l, err := f.client().v2APIs(context.Background())
			return slices.ContainsFunc(l, func(a model.API) bool { return a.ID != "" }), err
		}},
		"GetStages": {do: func(f *fixture) (bool, error) {
			l, err := f.client().restStages(context.Background(), "rst0000000")
			return slices.ContainsFunc(l, func(s model.Stage) bool { return s.Name != "" }), err
		}},
		"GetStagesV2": {do: func(f *fixture) (bool, error) {
			l, err := f.client().v2Stages(context.Background(), "htp0000000")
			return slices.ContainsFunc(l, func(s model.Stage) bool { return s.Name != "" }), err
		}},
		"GetCallerIdentity": {do: func(f *fixture) (bool, error) { return true, f.client().Identify(context.Background()) }},
	} {
		kinds := []string{awssim.MalformedGarbage}
		switch operation {
		case "GetMetricData":
			kinds = append(kinds, awssim.MalformedMissing, awssim.MalformedNextToken, awssim.MalformedNaN, awssim.MalformedLengths, awssim.MalformedOutside)
		case "GetCallerIdentity":
		case "GetStages": // has no pages
			kinds = append(kinds, awssim.MalformedMissing)
		default:
			kinds = append(kinds, awssim.MalformedMissing, awssim.MalformedNextToken)
		}
		for _, kind := range kinds {
			t.Run(operation+" "+kind, func(t *testing.T) {
				f := openSim(t, small(3, 3, 0), func(c *awssim.Config) {
					c.Faults = awssim.Faults{Malformed: 1, MalformedKinds: []string{kind}}
				}, nil)
				usable, err := r.do(f)
				assert.True(t, err != nil || !usable, "an error, or nothing that could be taken for an answer")
				if _, controlPlane := jsonReads[operation]; controlPlane && kind == awssim.MalformedMissing {
					assert.Zero(t, f.malformed(), "the inventory finds that items have no ids, and counts it")
				} else {
					assert.Positive(t, f.malformed())
				}
				if kind == awssim.MalformedGarbage {
					assert.Equal(t, Malformed, ClassOf(err), "%v", err)
				}
			})
		}
	}
}

// world is what the embedded AWS of openSim serves in TestMalformedKinds.
func (f *fixture) world() *awssim.World { return small(3, 0, 0) }

// STS's answers are XML.
func TestHostileIdentity(t *testing.T) {
	identity := func(inner string) string {
		return `<GetCallerIdentityResponse><GetCallerIdentityResult>` + inner + `</GetCallerIdentityResult></GetCallerIdentityResponse>`
	}
	for name, body := range map[string]string{
		"text":                "captive portal",
		"cut off":             `<GetCallerIdentityResponse><GetCallerIdentityResult><Acc`,
		"another document":    `<html><body>portal</body></html>`,
		"no account":          identity(`<Arn>arn:aws:iam::111122223333:user/x</Arn>`),
		"account of 3 digits": identity(`<Account>123</Account><Arn>arn:aws:iam::123:user/x</Arn>`),
		"account of letters":  identity(`<Account>abcdefghijkl</Account>`),
		"nothing":             identity(``),
	} {
		t.Run(name, func(t *testing.T) {
			f := openHandler(t, &answering{body: []byte(body)}, nil)
			err := f.client().Identify(context.Background())
			require.Error(t, err)
			assert.Equal(t, Malformed, ClassOf(err), "%v", err)
			assert.Empty(t, f.client().Target().AccountID)
		})
	}
	f := openHandler(t, &answering{body: []byte(identity(`<Account>111122223333</Account><Arn>nonsense</Arn>`))}, nil)
	assert.NoError(t, f.client().Identify(context.Background()), "the ARN only tells the partition")
}

// A role's answer without its members gives no credentials.
func TestHostileAssumeRole(t *testing.T) {
	role := func(inner string) string {
		return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` + inner + `</AssumeRoleResult></AssumeRoleResponse>`
	}
	for name, body := range map[string]string{
		"no credentials":  role(``),
		"no members":      role(`<Credentials></Credentials>`),
		"a date of words": role(`<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken><Expiration>soon</Expiration></Credentials>`),
		"no date":         role(`<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken></Credentials>`),
		"no token":        role(`<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>`),
	} {
		t.Run(name, func(t *testing.T) {
			f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.False(t, strings.HasPrefix(r.URL.Path, "/restapis"), "nothing is asked for without credentials")
				_, _ = w.Write([]byte(body))
			}), withRole(Account{AccountID: otherAccount}, testRegion))
			_, err := f.client().restAPIs(context.Background())
			assert.Equal(t, Malformed, ClassOf(err), "%v", err)
			assert.Positive(t, f.malformed())
		})
	}
}

// The body of an error may be anything.
func TestHostileErrors(t *testing.T) {
	racetest.Skip(t)
	long, _ := json.Marshal(map[string]string{"message": strings.Repeat("x", 1<<16)})
	for name, body := range map[string][]byte{"nothing": nil, "text": []byte("<html>"), "null": []byte("null"), "a list": []byte("[]"), "long": long, "binary": {0xff, 0xfe, 0x00}} {
		for status, class := range map[int]Class{403: Invalid, 429: Throttled, 503: Server} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				f := openHandler(t, &answering{status: status, body: body}, nil)
				for operation, do := range jsonReads {
					_, err := do(f.client())
					assert.Equal(t, class, ClassOf(err), "%s: %v", operation, err)
				}
				_, err := f.client().MetricData(context.Background(), twoQueries(), time.Minute, fiveMinutes)
				assert.Equal(t, class, ClassOf(err), "GetMetricData: %v", err)
				assert.Equal(t, class, ClassOf(f.client().Identify(context.Background())), "GetCallerIdentity")
			})
		}
	}
}
