package alarms

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Client makes the calls of one target.
type Client interface {
	Alarms(ctx context.Context, yield func([]model.Alarm)) error
	Transitions(ctx context.Context, alarmType string, from, to time.Time, yield func([]model.Transition) error) error
	// Now is AWS's time.
	Now() time.Time
}

// ListSettings are what a List needs.
type ListSettings struct {
	Client    Client
	Interval  time.Duration
	Inventory *inventory.Inventory
	// Report takes the outcome of each reading.
	Report func(error)
}

// List is the alarms of one target that watch API Gateway. The metric and the records share its readings.
type List struct {
	ListSettings
	turn chan struct{} // who has it reads

	read    time.Time
	located []Alarm
	unknown map[string]time.Time // alarms whose stage is not known yet, since when

	pages, kinds atomic.Int64 // of the newest reading: of all alarms, and of those that watch API Gateway
}

// NewList makes the list of a target whose account is known.
func NewList(s ListSettings) *List {
	return &List{ListSettings: s, turn: make(chan struct{}, 1), unknown: map[string]time.Time{}}
}

// Alarm is an alarm that watches API Gateway, and where it stands.
type Alarm struct {
	model.Alarm
	place place
	// pending says that the inventory does not know yet whose it is.
	pending bool
}

// maxPending is how long the inventory gets to find the API of an alarm. After that the alarm stands on the account: its API may have been deleted long ago.
const maxPending = 10 * time.Minute

// maxAge is how old a reading may be that is shared. What an alarm says that is newer has to be in the history still when the next reading knows the alarm.
const maxAge = overlap / 2

// Read returns the alarms, read within the last half of an interval, at most maxAge ago, or just now.
func (l *List) Read(ctx context.Context) ([]Alarm, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began := l.Client.Now()
	// A reading from the future is of a clock that was wrong.
	if age := began.Sub(l.read); age >= 0 && age < min(l.Interval/2, maxAge) {
		return l.located, nil
	}
	var all []model.Alarm
	pages := 0
	err := l.Client.Alarms(ctx, func(page []model.Alarm) {
		pages++
		for i := range page {
			if mayWatch(&page[i]) {
				all = append(all, page[i])
			}
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	l.Report(err)
	if err != nil {
		return nil, err
	}
	l.located, l.read = l.locate(all, began), began
	kinds := map[string]bool{}
	for i := range l.located {
		kinds[l.located[i].Type] = true
	}
	l.pages.Store(int64(pages))
	l.kinds.Store(int64(len(kinds)))
	return l.located, nil
}

// CallsPerHour is how many calls alarms take, as far as they are known: DescribeAlarms for each hundred alarms of the target, and with transitions
// DescribeAlarmHistory for each type of those that watch API Gateway.
func (l *List) CallsPerHour(transitions bool) float64 {
	calls := max(1, l.pages.Load())
	if transitions {
		calls += l.kinds.Load()
	}
	return float64(calls) * float64(time.Hour) / float64(l.Interval)
}

// locate finds out where alarms stand. Those that do not watch API Gateway, or an API or stage that is not collected, are left out.
func (l *List) locate(all []model.Alarm, now time.Time) []Alarm {
	located := newLocator(l.Inventory.Current(), now).locate(all)
	unknown := map[string]time.Time{}
	for i := range located {
		a := &located[i]
		if !a.pending {
			continue
		}
		since, ok := l.unknown[a.Name]
		if !ok {
			since = now
		}
		unknown[a.Name] = since
		a.pending = now.Sub(since) < maxPending
	}
	l.unknown = unknown
	return located
}
