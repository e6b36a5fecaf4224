package preflight

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// probe looks at one target. It is the inventory's reader, so that it sees what each read came to.
type probe struct {
	*Settings
	client  *aws.Client
	account *aws.Account // nil: the caller's own
	target  *Target
	// identifies says that the account is asked for, since the configuration does not say it.
	identifies bool

	inventory *inventory.Inventory
	snapshot  *inventory.Snapshot // of what could be read
	listed    []model.Metric      // by ListMetrics
	groups    []logs.Found
	// search says that Transaction Search is on.
	search bool
	// roleless says that the account has no role with which API Gateway writes logs.
	roleless bool
	// authorized are the ids of APIs that have an authorizer, of those where that matters.
	authorized map[string]bool

	mu       sync.Mutex // of what reads note, which the inventory makes in parallel
	outcomes map[string]*outcome
	alive    bool  // a call succeeded
	dead     error // nothing can be called, for this reason
	// traced are the stages with data trace, as "<API id>/<stage>".
	traced map[string]bool
}

// outcome is what the calls of one operation came to.
type outcome struct {
	ok, refused int
	err         error // the first
}

func newProbe(s *Settings, client *aws.Client) *probe {
	at := client.Target()
	return &probe{
		Settings: s, client: client, account: accountOf(s, at.Label), target: &Target{Label: at.Label, Region: at.Region, Dark: []Dark{}, Month: Price{Lines: []Line{}}},
		identifies: at.AccountID == "", outcomes: map[string]*outcome{}, traced: map[string]bool{}, authorized: map[string]bool{}, snapshot: &inventory.Snapshot{},
	}
}

// run tries everything. What one step finds out is what the next ones ask about.
func (p *probe) run(ctx context.Context) {
	if p.identifies {
		_ = p.try(getCallerIdentity, func() error { return p.client.Identify(ctx) }) // was noted
	}
	at := p.client.Target()
	p.target.Account = at.AccountID
	p.inventory = inventory.New(inventory.Settings{
		Target: at, Reader: p, Config: p.Inventory, Filter: p.Filter, Clock: p.Clock, Store: &checkpoint.Store{}, Key: "inventory", Logger: zap.NewNop(),
		CheckpointError: func(context.Context) {},
	})
	for _, step := range []func(context.Context){p.apis, p.reads, p.authorizers, p.metrics, p.alarms, p.logGroups, p.traces} {
		if ctx.Err() != nil {
			return
		}
		step(ctx)
	}
	p.rows()
	p.dark()
	p.verify(ctx)
}

// try makes a call of an operation, unless nothing can be called, and notes what it came to.
func (p *probe) try(name string, f func() error) error {
	p.mu.Lock()
	dead := p.dead
	p.mu.Unlock()
	if dead != nil {
		return dead
	}
	err := f()
	p.note(name, err)
	return err
}

func (p *probe) note(name string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outcomes[assumeRole] == nil && p.account != nil && p.account.RoleARN != "" {
		refused := refusedRole(err)
		p.noteLocked(assumeRole, refused)
		if refused != nil {
			return
		}
	}
	if refusedRole(err) == nil {
		p.noteLocked(name, err)
	}
}

// noteLocked notes a result. Where not even the first call succeeds for a reason that is everybody's, the others need not be made.
func (p *probe) noteLocked(name string, err error) {
	o := p.outcomes[name]
	if o == nil {
		o = &outcome{}
		p.outcomes[name] = o
	}
	if permitted(err) {
		o.ok++
		p.alive = true
		return
	}
	o.refused++
	if o.err == nil {
		o.err = err
	}
	if !p.alive && (name == assumeRole || hopeless(aws.ClassOf(err))) {
		p.dead = fmt.Errorf("%s failed, and the others would, too", name)
	}
}

// Now is AWS's time.
func (p *probe) Now() time.Time { return p.client.Now() }

// Malformed is of no interest here: the read itself succeeded.
func (p *probe) Malformed(context.Context, model.Read) {}

// Read makes a control-plane read for the inventory, and looks for what the inventory does not keep.
func (p *probe) Read(ctx context.Context, what model.Read, of model.ReadOf) (items []json.RawMessage, err error) {
	err = p.try(string(what), func() (err error) {
		items, err = p.client.Read(ctx, what, of)
		return err
	})
	if err == nil && (what == model.GetRestStages || what == model.GetStages) {
		p.noteDataTrace(of.API, items)
	}
	return items, err
}
