package faults

import (
	"cmp"
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// action is the beginning or the end of a fault.
type action struct {
	at   time.Duration
	what string
	do   func() error
}

// actions are the beginnings and ends of all faults of the schedule, in the order of time.
func (r *run) actions() []action {
	var out []action
	for i := range r.schedule.faults {
		f := &r.schedule.faults[i]
		begin, end := r.effects(f)
		out = append(out, action{f.at, f.String(), begin})
		if end != nil {
			out = append(out, action{f.at + f.lasts, "end of " + string(f.kind), end})
		}
	}
	slices.SortStableFunc(out, func(a, b action) int { return cmp.Compare(a.at, b.at) })
	return out
}

// effects are what a fault does when it begins and when it ends.
func (r *run) effects(f *fault) (begin, end func() error) {
	output := func(set func(o *recorder)) func() error {
		return func() error {
			r.recorder.set(set)
			return nil
		}
	}
	switch f.kind {
	case rotated:
		return func() error {
			r.sim.ExpireSessions()
			return nil
		}, nil
	case outputDown:
		return func() error {
			r.recorder.down()
			return nil
		}, r.recorder.up
	case outputRefuses:
		return output(func(o *recorder) { o.refuses = true }), output(func(o *recorder) { o.refuses = false })
	case outputSlow:
		return output(func(o *recorder) { o.slow = time.Second }), output(func(o *recorder) { o.slow = 0 })
	case terminate:
		return func() error { return r.collector.stop(syscall.SIGTERM) }, r.collector.start
	case kill:
		return r.kill, r.collector.start
	case corrupt:
		return func() error { return r.corrupt(int(f.rate)) }, r.startCorrupted
	case reload:
		return r.reload, nil
	case fullDisk:
		return r.disk.fill, func() error {
			r.disk.free()
			return nil
		}
	default:
		return func() error {
				r.active = append(r.active, f)
				r.sim.SetFaults(merged(r.active))
				return nil
			}, func() error {
				r.active = slices.DeleteFunc(r.active, func(a *fault) bool { return a == f })
				r.sim.SetFaults(merged(r.active))
				return nil
			}
	}
}

// merged are several faults of AWS's answers at once.
func merged(active []*fault) awssim.Faults {
	var out awssim.Faults
	for _, f := range active {
		switch f.kind {
		case throttleQuota, throttle:
			out.Throttle = max(out.Throttle, f.rate)
		case serverErrors:
			out.ServerError = max(out.ServerError, f.rate)
		case slowAWS:
			out.Slow, out.SlowBy = max(out.Slow, f.rate), 3*time.Second
		case dropped:
			out.Drop = max(out.Drop, f.rate)
		case halfWritten:
			out.Truncate = max(out.Truncate, f.rate)
		case expired:
			out.ExpiredCredentials = true
		case denied:
			if out.Deny == nil {
				out.Deny = map[string]awssim.DenyKind{}
			}
			out.Deny[f.where] = awssim.IdentityPolicy
		case partial:
			out.PartialData, out.InternalError, out.EmptyPages, out.Unprocessed = f.rate, f.rate/2, f.rate/2, f.rate/2
		}
	}
	return out
}

func (r *run) kill() error {
	// What was recorded until now can have been in flight.
	r.recorder.set(func(o *recorder) { o.record.history.kills = append(o.record.history.kills, time.Now()) })
	return r.collector.stop(syscall.SIGKILL)
}

func (r *run) corrupt(how int) error {
	if err := r.collector.stop(syscall.SIGTERM); err != nil {
		return err
	}
	r.recorder.set(func(o *recorder) { o.record.history.lost = append(o.record.history.lost, time.Now()) })
	return r.disk.corrupt(how, r.rng)
}

// startCorrupted starts the collector on positions that are corrupted. It may say that it can't, and then it does with none.
func (r *run) startCorrupted() error {
	err := r.collector.start()
	if !errors.Is(err, errExited) {
		return err
	}
	r.collector.forgive()
	if log := r.collector.newestLog(); !saysWhy(log) {
		return errors.New("the collector ends at corrupted positions, and does not say why")
	}
	if err := r.disk.removePositions(); err != nil {
		return err
	}
	return r.collector.start()
}

// reload changes a setting, and tells the collector.
func (r *run) reload() error {
	r.reloads++
	if err := r.writeConfig(); err != nil {
		return err
	}
	r.collector.reload()
	return nil
}
