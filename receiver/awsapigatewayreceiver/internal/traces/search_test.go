package traces

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// searching makes a reader in an account with Transaction Search, and 250 traces of a second.
func searching(t *testing.T) *bench {
	b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.XRay.MaxTracesPerMinute = 2500 })
	b.client.search = func() (bool, error) { return true, nil }
	for n := range 250 {
		b.client.trace(time.Now(), n)
	}
	return b
}

// assertEachOnce says that each of n spans came once.
func assertEachOnce(t *testing.T, b *bench, n int) {
	t.Helper()
	came := b.came()
	assert.Len(t, came, n)
	for span, times := range came {
		require.Equal(t, 1, times, span)
	}
}

// With Transaction Search traces are retrieved from CloudWatch Logs, at most 100 at a time, all pages of them; that is said once.
func TestTransactionSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := searching(t)
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assertEachOnce(t, b, 250)
		assert.Empty(t, b.client.got(), "BatchGetTraces finds none of them")
		var sizes []int
		for _, r := range b.client.retrievals {
			sizes = append(sizes, len(r.ids))
			assert.Equal(t, began.Unix(), r.window.Start)
			assert.GreaterOrEqual(t, r.window.End, began.Unix()+30+60, "up to now, as a trace may last")
		}
		slices.Sort(sizes)
		assert.Equal(t, []int{50, 100, 100}, sizes)
		assert.EqualValues(t, 250, b.counted("retrieved"))
		assert.Equal(t, 1, b.says("CloudWatch Logs, as Transaction Search is on"))
		assert.Zero(t, b.counted(Missing))
	})
}

// A retrieval is waited for while it runs.
func TestRetrievalIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := searching(t)
		b.client.retrieval = func(asked int, page *model.Retrieval) error {
			if asked < 20 {
				*page = model.Retrieval{Status: "RUNNING"}
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assertEachOnce(t, b, 250)
		assert.Len(t, b.client.retrievals, 3)
		for _, r := range b.client.retrievals {
			assert.Equal(t, 20, r.asked)
		}
	})
}

// Retrievals that fail, take too long, lose a page or go round in circles are made again; what was retrieved comes once.
func TestRetrievalIsMadeAgain(t *testing.T) {
	for name, spoil := range map[string]func(page *model.Retrieval) error{
		"fails":            func(page *model.Retrieval) error { *page = model.Retrieval{Failed: true, Status: "FAILED"}; return nil },
		"takes too long":   func(page *model.Retrieval) error { *page = model.Retrieval{Status: "RUNNING"}; return nil },
		"an error":         func(*model.Retrieval) error { return failure(aws.Server, "InternalFailure") },
		"fails on a page":  func(page *model.Retrieval) error { page.Failed = page.Token != ""; return nil },
		"pages in circles": func(page *model.Retrieval) error { page.Token = "30"; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := searching(t)
				b.client.retrieval = func(_ int, page *model.Retrieval) error {
					if len(b.client.retrievals) <= 4 {
						return spoil(page)
					}
					return nil
				}
				stop := b.run(t.Context())
				time.Sleep(40 * time.Minute)
				stop()
				assertEachOnce(t, b, 250)
				assert.Greater(t, len(b.client.retrievals), 4)
				assert.Less(t, len(b.client.retrievals), 12)
				assert.Zero(t, b.counted(Unprocessed))
				assert.Zero(t, b.counted(Missing))
				assert.Zero(t, b.says("can't be used"))
			})
		})
	}
}

// Retrievals that always fail are given up, and counted; those of later windows are made.
func TestRetrievalsThatAlwaysFailAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.search = func() (bool, error) { return true, nil }
		stuck, other := b.client.trace(time.Now(), 0), b.client.trace(time.Now().Add(10*time.Minute), 1)
		b.client.retrieval = func(_ int, page *model.Retrieval) error {
			if len(page.Traces) > 0 && page.Traces[0].ID == stuck.ID {
				*page = model.Retrieval{Failed: true, Status: "FAILED"}
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(2 * time.Hour)
		stop()
		assert.EqualValues(t, 1, b.counted(Unprocessed))
		assert.Zero(t, b.times(stuck, segmentID(0, 0)))
		assert.Equal(t, 1, b.times(other, segmentID(1, 0)))
		assert.Less(t, len(b.client.retrievals), 5*maxRounds)
	})
}

// Where it can't be asked whether Transaction Search is on, X-Ray itself is read; that is said once, and asked again without a word.
func TestDestinationThatCanNotBeAsked(t *testing.T) {
	for name, err := range map[string]error{
		"denied": failure(aws.Denied, "AccessDeniedException"), "denied explicitly": failure(aws.ExplicitDeny, "AccessDeniedException"), "beyond a boundary": failure(aws.Boundary, "AccessDeniedException"),
		"unknown": failure(aws.Invalid, "UnknownOperationException"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.client.search = func() (bool, error) { return false, err }
				b.client.every(time.Minute, time.Now(), 3*time.Hour)
				stop := b.run(t.Context())
				time.Sleep(4 * time.Hour)
				stop()
				assertEachOnce(t, b, 180)
				assert.InDelta(t, 4, b.client.asked, 1, "once an hour")
				assert.Equal(t, 1, b.says("can't be used"))
				assert.Zero(t, b.says("Traces are retrieved from"))
				for _, err := range b.reported() {
					assert.NoError(t, err)
				}
			})
		})
	}
}

// A retrieval that is denied, or unknown to the region, turns to X-Ray, which is said once, in the middle of a window, too.
func TestRetrievalThatIsDenied(t *testing.T) {
	for name, deny := range map[string]func(b *bench){
		"StartTraceRetrieval denied": func(b *bench) {
			b.client.starting = func([]string) error { return failure(aws.Denied, "AccessDeniedException") }
		},
		"StartTraceRetrieval unknown": func(b *bench) {
			b.client.starting = func([]string) error { return failure(aws.Invalid, "UnknownOperationException") }
		},
		"ListRetrievedTraces denied": func(b *bench) {
			b.client.retrieval = func(int, *model.Retrieval) error { return failure(aws.Denied, "AccessDeniedException") }
		},
		"denied later": func(b *bench) {
			b.client.starting = func([]string) error {
				if len(b.client.retrievals) > 2 {
					return failure(aws.Denied, "AccessDeniedException")
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := searching(t)
				deny(b)
				later := b.client.trace(time.Now().Add(2*time.Hour), 250)
				stop := b.run(t.Context())
				time.Sleep(3 * time.Hour)
				stop()
				assertEachOnce(t, b, 251)
				assert.Equal(t, 1, b.times(later, segmentID(250, 0)))
				assert.Equal(t, 1, b.says("can't be used"))
				assert.LessOrEqual(t, len(b.client.retrievals), 6, "tried once an hour")
				for _, err := range b.reported() {
					assert.NoError(t, err)
				}
			})
		})
	}
}

// Transaction Search that is turned on or off is noticed within the hour, and said.
func TestDestinationChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.search = func() (bool, error) {
			since := time.Since(began)
			return since > 90*time.Minute && since < 4*time.Hour, nil
		}
		b.client.every(time.Minute, began, 6*time.Hour)
		stop := b.run(t.Context())
		time.Sleep(90 * time.Minute)
		assert.Zero(t, b.client.begun())
		assert.Equal(t, 1, b.says("from X-Ray"))
		time.Sleep(time.Hour)
		assert.NotZero(t, b.client.begun())
		assert.Equal(t, 1, b.says("CloudWatch Logs"))
		time.Sleep(2*time.Hour + 30*time.Minute)
		before := b.client.begun()
		time.Sleep(2 * time.Hour)
		stop()
		assert.Equal(t, before, b.client.begun())
		assert.Equal(t, 2, b.says("from X-Ray"))
		assert.InDelta(t, 7, b.client.asked, 1, "once an hour")
		assertEachOnce(t, b, 360)
	})
}

// While it can't be told where traces are, none are read; where it was known before, that still holds.
func TestDestinationIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.search = func() (bool, error) {
			if since := time.Since(began); since < 10*time.Minute || since > 2*time.Hour {
				return false, failure(aws.Throttled, "ThrottledException")
			}
			return true, nil
		}
		b.client.every(time.Minute, began, 4*time.Hour)
		stop := b.run(t.Context())
		time.Sleep(10 * time.Minute)
		assert.Empty(t, b.client.got())
		for w, scans := range begins(b.client.made()) {
			if w.Start >= began.Unix() {
				assert.Len(t, scans, 1, "%d: what was listed is not listed again", w.Start)
			}
		}
		failed := len(b.reported())
		assert.Equal(t, aws.Throttled, aws.ClassOf(b.reported()[failed-1]))
		time.Sleep(5 * time.Hour)
		stop()
		assertEachOnce(t, b, 240)
		assert.Empty(t, b.client.got())
		for _, err := range b.reported()[failed:] {
			assert.NoError(t, err)
		}
	})
}

// A trace may go on on the next page of a retrieval.
func TestTraceOverSeveralPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.search = func() (bool, error) { return true, nil }
		var documents []document
		for k := range 8 {
			documents = append(documents, document{id: segmentID(0, k)})
		}
		s := b.client.trace(time.Now(), 0, step{after: early, documents: documents})
		b.Client = &paged{b.client, s}
		b.restart()
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assertEachOnce(t, b, 8)
		assert.EqualValues(t, 1, b.counted("retrieved"))
		assert.Equal(t, 1, b.batches, "it is whole")
	})
}

// paged hands a trace out span by span.
type paged struct {
	*fakeClient
	trace *scripted
}

func (p *paged) Retrieved(_ context.Context, _, token string) (model.Retrieval, error) {
	k := 0
	if token != "" {
		_, _ = fmt.Sscan(token, &k)
	}
	d := p.trace.steps[0].documents
	page := model.Retrieval{Traces: []model.Trace{{ID: p.trace.ID, Documents: []model.TraceDocument{{ID: d[k].id, Text: d[k].span(p.trace.ID, p.trace.began)}}}}, Done: true, Status: "COMPLETE"}
	if k+1 < len(d) {
		page.Token = fmt.Sprint(k + 1)
	}
	return page, nil
}

// When Transaction Search is turned on, X-Ray finds no new trace from then on: that is noticed by what is missing, and not after an hour.
func TestTransactionSearchThatIsTurnedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		turned := began.Add(90 * time.Minute)
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.search = func() (bool, error) { return !time.Now().Before(turned), nil }
		b.Client = &divided{b.client, turned}
		b.restart()
		b.client.every(time.Minute, began, 4*time.Hour)
		stop := b.run(t.Context())
		time.Sleep(5 * time.Hour)
		stop()
		assert.GreaterOrEqual(t, len(b.came()), 230, "of 240")
		assert.LessOrEqual(t, b.counted(Missing), int64(10))
	})
}

// divided has in X-Ray what began before a time, and the rest in CloudWatch Logs.
type divided struct {
	*fakeClient
	turned time.Time
}

func (d *divided) Traces(ctx context.Context, ids []string) (traces []model.Trace, unprocessed []string, err error) {
	traces, unprocessed, err = d.fakeClient.Traces(ctx, ids)
	return slices.DeleteFunc(traces, func(t model.Trace) bool { return !d.byID[t.ID].began.Before(d.turned) }), unprocessed, err
}

func (d *divided) Retrieved(ctx context.Context, retrieval, token string) (model.Retrieval, error) {
	page, err := d.fakeClient.Retrieved(ctx, retrieval, token)
	page.Traces = slices.DeleteFunc(page.Traces, func(t model.Trace) bool { return d.byID[t.ID].began.Before(d.turned) })
	return page, err
}
