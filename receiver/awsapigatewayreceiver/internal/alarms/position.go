package alarms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

const (
	// overlap is how late after its time a transition may turn up in the history and is read all the same. AWS says nothing of it.
	overlap = 10 * time.Minute
	// retention is how long CloudWatch keeps the history of alarms ("API_DescribeAlarmHistory").
	retention = 30 * 24 * time.Hour
)

// position is how far the history of one type of alarms was handed over. Times are Unix milliseconds.
type position struct {
	// First is where the first start began: nothing before it is read.
	First int64 `json:"first"`
	To    int64 `json:"to"`
	// Seen are the transitions from To less the overlap on that were handed over: their ids, and when they were.
	Seen map[string]int64 `json:"seen,omitempty"`
}

// from is where the next reading begins.
func (p *position) from() time.Time { return time.UnixMilli(max(p.First, p.To-overlap.Milliseconds())) }

// take remembers a transition that was handed over.
func (p *position) take(id string, at int64) {
	p.Seen[id] = at
	p.reach(at)
}

// reach moves the position on, and forgets what is not read again.
func (p *position) reach(to int64) {
	p.To = max(p.To, to)
	maps.DeleteFunc(p.Seen, func(_ string, at int64) bool { return at < p.To-overlap.Milliseconds() })
}

// skip moves the position on to a time before which nothing can be read any more.
func (p *position) skip(to time.Time) {
	p.First = max(p.First, to.UnixMilli())
	p.reach(p.First)
}

// errFuture is of a position that a wrong clock left behind, be it before AWS's answers told the right time.
var errFuture = errors.New("cannot use a position of the history of alarms: it lies in the future")

// checkFuture has a position that lies further in the future than the overlap begin anew: until then nothing would be read.
func (t *Transitions) checkFuture(ctx context.Context, p *position, now time.Time) {
	if !p.from().After(now) {
		return
	}
	t.notUsed(ctx, errFuture)
	*p = position{First: now.UnixMilli(), To: now.UnixMilli(), Seen: map[string]int64{}}
}

func (t *Transitions) notUsed(ctx context.Context, err error) {
	t.CheckpointError(ctx)
	t.Logger.Error("Positions of the history of alarms are not used; it is read from now on", zap.Error(err))
}

const positionsVersion = 1

type stored struct {
	V int `json:"v"`
	// Account is the one whose alarms were read, "" of collectors that did not say it.
	Account   string               `json:"account,omitempty"`
	Positions map[string]*position `json:"positions"`
}

// types of alarms, in the order in which their histories are read.
var types = []string{model.MetricAlarm, model.CompositeAlarm, model.LogAlarm}

// restore continues where the last run stopped. Without a stored state the history begins now, which is stored, since AWS may deny everything until the
// next start.
func (t *Transitions) restore(ctx context.Context) {
	b, err := t.Store.Get(ctx, t.Key)
	if err == nil && b != nil {
		t.positions, err = decodePositions(b, t.List.Inventory.Account())
	}
	if err != nil {
		t.notUsed(ctx, err)
	}
	now := t.List.Client.Now().UnixMilli()
	begun := false
	for _, kind := range types {
		if t.positions[kind] == nil {
			t.positions[kind] = &position{First: now, To: now, Seen: map[string]int64{}}
			begun = true
		}
	}
	if begun {
		t.save(ctx)
	}
}

// decodePositions returns none that are another account's, whose credentials the target had before.
func decodePositions(b []byte, account string) (map[string]*position, error) {
	s := stored{}
	if err := json.Unmarshal(b, &s); err != nil {
		return map[string]*position{}, fmt.Errorf("cannot decode positions of alarms: %w", err)
	}
	if s.V != positionsVersion {
		return map[string]*position{}, fmt.Errorf("cannot decode positions of alarms: version %d", s.V)
	}
	out := map[string]*position{}
	if s.Account != "" && s.Account != account {
		return out, nil
	}
	for _, kind := range types {
		p := s.Positions[kind]
		if p == nil {
			continue
		}
		if p.First < 0 || p.To < p.First || p.To > maxUnixMS {
			return map[string]*position{}, fmt.Errorf("cannot decode positions of alarms: %s from %d to %d", kind, p.First, p.To)
		}
		if p.Seen == nil {
			p.Seen = map[string]int64{}
		}
		out[kind] = p
	}
	return out, nil
}

// maxUnixMS is the year 9999 in Unix milliseconds.
const maxUnixMS = 253402300799_000

// save stores the positions, although the collector is stopped meanwhile: what was taken has to be noted.
func (t *Transitions) save(ctx context.Context) {
	b, err := json.Marshal(stored{V: positionsVersion, Account: t.List.Inventory.Account(), Positions: t.positions})
	if err == nil {
		err = t.Store.Apply(context.WithoutCancel(ctx), map[string][]byte{t.Key: b})
	}
	if err != nil {
		t.CheckpointError(ctx)
	}
}
