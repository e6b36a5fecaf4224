package logs

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Names of the log groups that API Gateway writes execution logs to. AWS's pages write the canary's in both ways.
const (
	executionPrefix      = "API-Gateway-Execution-Logs_"
	executionCanary      = "/Canary"
	executionCanaryOther = "API-Gateway-Execution-Logs/"
)

// Reasons why a log group or destination can't be read, the values of an attribute of the receiver's own metrics.
const (
	darkFirehose   = "firehose"
	darkElsewhere  = "other_account_or_region"
	darkInfrequent = "infrequent_access"
	darkDelivery   = "delivery"
	darkKMS        = "kms"
	darkMissing    = "missing"
)

// remedies say what the user can do.
var remedies = map[string]string{
	darkFirehose:   "the stage writes its access log to a Firehose stream, which can't be read: point it to a log group of CloudWatch Logs",
	darkElsewhere:  "the stage writes its access log to another account or region: add that one to accounts or regions, and name the group and its format in logs::groups, without an API",
	darkInfrequent: "FilterLogEvents does not work on the Infrequent Access class, and the class can't be changed: point the stage to a group of the Standard class",
	darkDelivery:   "groups of the Delivery class can't be read: point the stage to a group of the Standard class",
	darkKMS:        "the group's KMS key can't be used: enable the key, and allow kms:Decrypt on it",
	darkMissing:    "the log group does not exist: API Gateway makes it when the stage is deployed; it is looked for from time to time",
}

// known is a snapshot of the inventory as the log groups see it.
type known struct {
	reader   *Reader
	snapshot *inventory.Snapshot
	// incomplete: there are APIs whose stages are not known, as those that the user does not want. In which formats they log, and where, is not known.
	// uncrawled: some of them are yet to be read.
	incomplete, uncrawled bool

	mu     sync.Mutex
	stages map[string]*source
}

// unknownStages says whether there are APIs whose stages are not known, and whether they will be.
func unknownStages(s *inventory.Snapshot) (some, wanted bool) {
	for i := range s.APIs {
		if _, known := s.Stages[s.APIs[i].ID]; !known {
			some = true
			wanted = wanted || !s.Excluded(&s.APIs[i], "")
		}
	}
	return some, wanted
}

// stage is the source of access logs of a stage whose API the inventory knows, else nil: for lines that stand in a group that is not their stage's.
func (k *known) stage(api, stage string) *source {
	a, ok := k.snapshot.API(api)
	if !ok {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key := stageKey(api, stage)
	s, ok := k.stages[key]
	if !ok && len(k.stages) < maxKnown {
		s = &source{kind: access, api: a, stage: stage, excluded: k.snapshot.Excluded(a, stage)}
		k.reader.trace(k.snapshot, s)
		s.resource, s.bare = pcommon.NewResource(), true
		k.reader.Resources.Stage(s.resource, a, nil, stage)
		s.identity = accesslog.Identity{APIID: a.ID, Stage: stage, AccountID: k.reader.Target.AccountID}
		k.stages[key] = s
	}
	return s
}

// maxKnown bounds the stages that lines name.
const maxKnown = 10_000

// found is what an inventory says of log groups.
type found struct {
	sources map[string][]*source // by log group
	dark    map[string]string    // reasons by destination, of those that are no log group of the target
}

// reads says whether somebody who is wanted writes to a group.
func (f *found) reads(name string) bool {
	return slices.ContainsFunc(f.sources[name], (*source).wanted)
}

// find looks up the log groups of all stages, and those that the user names.
func (r *Reader) find(ctx context.Context, k *known) found {
	f := found{sources: map[string][]*source{}, dark: map[string]string{}}
	for i := range k.snapshot.APIs {
		a := &k.snapshot.APIs[i]
		for j := range k.snapshot.Stages[a.ID] {
			r.findStage(ctx, k, a, &k.snapshot.Stages[a.ID][j], nil, &f)
		}
	}
	r.findLeft(ctx, k, &f)
	for i := range r.Config.Groups {
		r.findNamed(k, &r.Config.Groups[i], &f)
	}
	// A group with nothing but what the user does not want is not read.
	for name := range f.sources {
		if !f.reads(name) {
			delete(f.sources, name)
		}
	}
	return f
}

// findStage takes up the log groups of a stage, or, where it left them, those of them that it does not have still. One that moved has others by now.
func (r *Reader) findStage(ctx context.Context, k *known, a *model.API, stage *model.Stage, left *inventory.Left, f *found) {
	excluded := k.snapshot.Excluded(a, stage.Name)
	has := func(name string, kind kind) bool {
		return slices.ContainsFunc(f.sources[name], func(o *source) bool { return o.is(kind, a, stage.Name) })
	}
	moved := left != nil && left.Moved
	if log := stage.AccessLog; log.Destination != "" && (r.recordsAccess() || r.Spans != nil) {
		if !moved {
			r.learn(ctx, a.ID, stage.Name, log.Format)
		}
		switch name, dark := r.groupOf(log.Destination); {
		case moved && dark != "", left != nil && has(name, access):
		case dark == "":
			s := r.newSource(k, a, stage.Name, name, excluded)
			s.settings = stage
			s.traced = s.traced || left != nil && r.pulled(a, stage) // the inventory may no longer have it among its API's
			s.formats = r.book.of(stageKey(a.ID, stage.Name), a.ID, stage.Name)
			if moved && log.Format != "" { // a restart may have forgotten it
				if format := r.book.compile(log.Format, a.ID, stage.Name); format.bound != nil && !slices.Contains(s.formats, format) {
					s.formats = append(s.formats, format)
				}
			}
			s.recordless = !r.recordsAccess()
			f.sources[name] = append(f.sources[name], s)
		case !excluded && (r.recordsAccess() || !r.traced(k.snapshot, a, stage.Name)):
			f.dark[log.Destination] = dark
		}
	}
	if r.Emitter == nil || !r.Config.Execution.Enabled || !stage.ExecutionLogs || a.Type == model.HTTP {
		return
	}
	add := func(name string, canary bool) {
		if left != nil && has(name, execution) {
			return
		}
		s := r.newSource(k, a, stage.Name, name, excluded)
		s.kind, s.canary, s.settings = execution, canary, stage
		f.sources[name] = append(f.sources[name], s)
	}
	add(executionPrefix+a.ID+"/"+stage.Name, false)
	if stage.Canary != nil {
		add(executionPrefix+a.ID+"/"+stage.Name+executionCanary, true)
		add(executionCanaryOther+a.ID+"/"+stage.Name+executionCanary, true)
	}
}

// findNamed takes up a log group that the user names.
func (r *Reader) findNamed(k *known, c *GroupConfig, f *found) {
	a, excluded := (*model.API)(nil), false
	if c.API != "" {
		for i := range k.snapshot.APIs {
			if api := &k.snapshot.APIs[i]; api.ID == c.API || a == nil && api.Name == c.API {
				a = api
			}
		}
		if a == nil {
			r.unknownAPI(c.API)
			return
		}
		excluded = k.snapshot.Excluded(a, c.Stage)
	}
	s := r.newSource(k, a, c.Stage, c.Name, excluded)
	s.recordless = r.Emitter == nil
	if strings.HasPrefix(c.Name, executionPrefix) || strings.HasPrefix(c.Name, executionCanaryOther) {
		if r.Emitter == nil {
			return // nothing else is made of execution logs
		}
		s.kind = execution
	}
	switch {
	case c.Format != "":
		s.formats = []*format{r.book.compile(c.Format, c.API, c.Stage)}
	case a != nil:
		s.formats = r.book.of(stageKey(a.ID, c.Stage), a.ID, c.Stage)
	}
	for _, o := range f.sources[c.Name] {
		if o.api == s.api && o.stage == s.stage && o.kind == s.kind {
			// It writes there by its own settings; the user's format comes first.
			o.formats = append(s.formats[:len(s.formats):len(s.formats)], o.formats...)
			o.recordless = o.recordless && s.recordless
			return
		}
	}
	f.sources[c.Name] = append(f.sources[c.Name], s)
}

// unknownAPI says once that logs::groups names an API which the target does not have.
func (r *Reader) unknownAPI(api string) {
	if r.once("api " + api) {
		r.Logger.Info("logs::groups names an API that this target does not have; its log group is not read here", zap.String("api", api))
	}
}

// newSource makes the source of access logs of a stage in a group. Without an API it is nobody's.
func (r *Reader) newSource(k *known, a *model.API, stage, group string, excluded bool) *source {
	s := &source{kind: access, api: a, stage: stage, excluded: excluded, resource: pcommon.NewResource()}
	r.trace(k.snapshot, s)
	switch {
	case a == nil:
		r.Resources.Candidates(s.resource, nil)
	case stage == "":
		r.Resources.API(s.resource, a)
	default:
		r.Resources.Stage(s.resource, a, nil, stage)
	}
	r.Resources.LogGroup(s.resource, group)
	if a != nil {
		s.identity = accesslog.Identity{APIID: a.ID, Stage: stage, AccountID: r.Target.AccountID}
	}
	return s
}

// groupOf is the log group of an access log's destination, or why it can't be read here.
func (r *Reader) groupOf(destination string) (name, dark string) {
	parts := strings.SplitN(destination, ":", 7)
	if len(parts) < 7 || parts[2] != "logs" || parts[5] != "log-group" {
		return "", darkFirehose
	}
	if parts[3] != r.Target.Region || parts[4] != r.Target.AccountID {
		return "", darkElsewhere
	}
	return strings.TrimSuffix(parts[6], ":*"), ""
}

// routesOf makes the routes of a group.
func (r *Reader) routesOf(name string, sources []*source, k *known, hosts map[string][][2]string) *routes {
	byHost := map[string][]*source{}
	for _, s := range sources {
		if s.api == nil || s.kind != access {
			continue
		}
		host := s.api.ID + ".execute-api." + r.Target.Region + "." + dnsSuffix(r.Target.Partition)
		byHost[host] = append(byHost[host], s)
	}
	for host, stages := range hosts {
		for _, to := range stages {
			for _, s := range sources {
				if s.kind == access && s.api != nil && s.api.ID == to[0] && (to[1] == "" || to[1] == s.stage) && !slices.Contains(byHost[host], s) {
					byHost[host] = append(byHost[host], s)
				}
			}
		}
	}
	var ids []string
	for _, s := range sources {
		if s.api != nil && !slices.Contains(ids, s.api.ID) {
			ids = append(ids, s.api.ID)
		}
	}
	slices.Sort(ids)
	foreign := pcommon.NewResource()
	r.Resources.Candidates(foreign, ids)
	r.Resources.LogGroup(foreign, name)
	return newRoutes(sources, foreign, byHost, k)
}

func dnsSuffix(partition string) string {
	switch partition {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	default:
		return "amazonaws.com"
	}
}

// discover follows the inventory: which groups there are, whose lines are in them, and how they look.
func (r *Reader) discover(ctx context.Context) {
	r.discovering.Lock()
	defer r.discovering.Unlock()
	snapshot := r.Inventory.Current()
	k := &known{reader: r, snapshot: snapshot, stages: map[string]*source{}}
	k.incomplete, k.uncrawled = unknownStages(snapshot)
	f := r.find(ctx, k)
	hosts := map[string][][2]string{}
	if err := snapshot.Hosts(func(host, api, stage string) { hosts[host] = append(hosts[host], [2]string{api, stage}) }); err != nil {
		r.Logger.Debug("The custom domain names are not known", zap.Error(err))
	}
	now := r.now()
	r.noteGap(snapshot.Taken, now)
	r.sayDark(f.dark)
	for name, sources := range f.sources {
		g := r.groups.get(name)
		added := g == nil
		if added {
			g = r.newGroup(ctx, name, now)
		}
		g.routes.Store(r.routesOf(name, sources, k, hosts))
		g.mu.Lock()
		left := !g.leaveAt.IsZero()
		g.leaveAt, g.removed = time.Time{}, false
		g.mu.Unlock()
		if left {
			r.apply(ctx, map[string][]byte{r.leftKey(name): nil})
		}
		if added {
			r.groups.put(g)
		}
		r.index.Groups[name] = now.UnixMilli()
	}
	r.leave(ctx, &f, now)
	r.discovered = true
	r.targets.keep(snapshot)
	r.saveIndex(ctx)
}

// newGroup makes a group with its stored position, or at its start; or takes up the one that was retired. A start holds until a position is stored, for
// what could not be read or handed over before the collector stops.
func (r *Reader) newGroup(ctx context.Context, name string, now time.Time) *group {
	if g := r.groups.back(name); g != nil {
		return g
	}
	g := &group{name: name, seen: newMemory(), lastEvent: now}
	g.retry.Min, g.retry.Max = minRetry, maxRetry
	ok, err := r.load(ctx, g)
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
	if ok {
		g.restored, g.begun = true, true
		return g
	}
	start, met := r.index.Starts[name]
	if !met {
		start = r.firstRead(now)
		r.index.Starts[name] = start
	}
	g.pos = startAt(start)
	if met {
		// What was written since the first start and can't be read any more is lost; max_backfill does not cut what is read from the beginning.
		g.pos.readTo = max(start, r.index.First)
		g.restored, g.begun, g.unread, g.savedAt = start > 0, true, true, time.UnixMilli(r.index.Groups[name])
	}
	return g
}

// firstRead is where the first read of a group begins: where start_at says, from the target's first start on. A stage that appears later has
// been writing since the inventory was read before at most, by an earlier run if it appears soon after the start, or before the APIs could not be listed.
func (r *Reader) firstRead(now time.Time) int64 {
	back, _ := r.Config.lookback() // checked
	if back < 0 {
		return 0
	}
	first, before := r.index.First-back.Milliseconds(), now
	if now.Sub(r.resumed) < appearedWithin && r.seenBefore.Before(now) {
		before = r.seenBefore
	}
	back = max(back, appearedWithin, 2*r.Inventory.Interval())
	since := max(before.Add(-back).UnixMilli(), now.Add(-max(back, r.Config.MaxBackfill)).UnixMilli())
	return max(first, since, 0)
}

// noteGap notes when the APIs could be listed again that could not for long.
func (r *Reader) noteGap(taken, now time.Time) {
	if taken.IsZero() {
		return
	}
	if !r.listed.IsZero() && taken.Sub(r.listed) > appearedWithin {
		r.seenBefore, r.resumed = r.listed, now
	}
	r.listed = taken
}

// appearedWithin is how long before it was first seen a stage may have begun to write: some intervals of the inventory, where those are short.
const appearedWithin = time.Hour
