package inventory

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Names of the parts of an API.
const (
	partAPI          = "api"
	partStages       = "stages"
	partDeployments  = "deployments"
	partResources    = "resources"
	partRoutes       = "routes"
	partIntegrations = "integrations"
	partAuthorizers  = "authorizers"
	partModels       = "models"
	partValidators   = "request_validators"
)

// stages reads the stages of an API, and its deployments where a stage runs another one: when that was made tells a rollback. It says whether
// anything changed.
func (c *crawl) stages(ctx context.Context, a *model.API) (changed, read bool) {
	what, of := model.GetStages, model.ReadOf{API: a.ID}
	if a.Type == model.REST {
		what = model.GetRestStages
	}
	items, class := c.read(ctx, what, of)
	if ctx.Err() != nil {
		return false, false
	}
	s := c.inv.current.Load()
	before := s.Parts[a.ID][partStages]
	old, known := s.Stages[a.ID]
	named := s.apiHash(a.ID) // a stage's entity says its API's name, and filters know its tags
	if class == "" && known && before != nil && before.Stale == "" && before.Of == named && before.Raw == hashItems(items) {
		return false, true
	}
	var part *Part
	var stages []model.Stage
	if class == "" {
		stages = make([]model.Stage, 0, len(items))
		part, class = c.entities(ctx, what, of, items, func(o object) ([]model.Entity, error) {
			stage, e, err := c.d.stage(a, o)
			if err != nil {
				return nil, err
			}
			stages = addNew(stages, stage, func(s model.Stage) string { return s.Name })
			if !c.inv.filter.Stage(a, stage.Name) {
				return nil, nil
			}
			return []model.Entity{e}, nil
		})
	}
	if class != "" {
		c.fail(ctx, a.ID, class, partStages)
		return false, false
	}
	part.Of = named
	parts := Parts{partStages: part}
	if carryDeployed(stages, old) && c.inv.filter.API(a) {
		deployments, created, class := c.deployments(ctx, a, stages)
		switch {
		case class == "":
			setDeployed(stages, created)
			parts[partDeployments] = deployments
		case slices.Contains([]aws.Class{aws.Throttled, aws.Server, aws.Network, aws.Canceled}, aws.Class(class)):
			// Whether it is a rollback can't be told now: the next crawl will.
			c.fail(ctx, a.ID, class, partStages)
			return false, false
		}
	}
	c.inv.change(ctx, func(s *Snapshot) (*Snapshot, []string) {
		if !s.live(a.ID) {
			return nil, nil
		}
		return s.withParts(a.ID, parts).leave(a.ID, stages, c.began).withStages(map[string][]model.Stage{a.ID: stages}), []string{a.ID}
	})
	return true, true
}

// fail marks a part of an API as older than this crawl.
func (c *crawl) fail(ctx context.Context, api, class, name string) {
	c.inv.change(ctx, func(s *Snapshot) (*Snapshot, []string) {
		p := s.Parts[api][name]
		if p == nil || p.Stale == class {
			return nil, nil
		}
		return s.withParts(api, Parts{name: p.failed(class)}), []string{api}
	})
}

// apiHash is a hash of what the list says of an API, 0 before it was listed.
func (s *Snapshot) apiHash(api string) uint64 {
	p := s.Parts[api][partAPI]
	if p.Len() == 0 {
		return 0
	}
	return xxhash.Sum64(p.Index)
}

// carryDeployed takes over when the stages' deployments were made. It says whether a stage runs another deployment than before.
func carryDeployed(stages, old []model.Stage) (another bool) {
	for i := range stages {
		s := &stages[i]
		k := slices.IndexFunc(old, func(o model.Stage) bool { return o.Name == s.Name })
		switch {
		case k < 0:
		case old[k].Deployment == s.Deployment:
			s.Deployed = old[k].Deployed
		case s.Deployment != "":
			another = true
		}
	}
	return another
}

func setDeployed(stages []model.Stage, created map[string]time.Time) {
	for i := range stages {
		if t, ok := created[stages[i].Deployment]; ok {
			stages[i].Deployed = t
		}
	}
}

// keptDeployments are reported beside those that run.
const keptDeployments = 5

// deployments reads the deployments of an API: the part with those that run and the newest, and when each was made. The class is that of a failure.
func (c *crawl) deployments(ctx context.Context, a *model.API, stages []model.Stage) (part *Part, created map[string]time.Time, class string) {
	what, of := model.GetDeployments, model.ReadOf{API: a.ID}
	if a.Type == model.REST {
		what = model.GetRestDeployments
	}
	items, class := c.read(ctx, what, of)
	if class != "" {
		return nil, nil, class
	}
	all, class := c.objects(ctx, what, of, items)
	if class != "" {
		return nil, nil, class
	}
	created = make(map[string]time.Time, len(all))
	for _, o := range all {
		created[deploymentID(o)] = o.date("createdDate")
	}
	slices.SortStableFunc(all, func(a, b object) int { return b.date("createdDate").Compare(a.date("createdDate")) })
	running := map[string]bool{}
	for i := range stages {
		running[stages[i].Deployment] = true
		if k := stages[i].Canary; k != nil {
			running[k.Deployment] = true
		}
	}
	summaries := map[string]any{}
	_ = c.inv.current.Load().Parts[a.ID][partDeployments].Entities(nil, func(_ uint64, e *model.Entity, _ int) bool {
		summaries[e.ID[attr.DeploymentID]] = e.Description[attrMethods]
		return true
	}) // one that can't be read back is asked for again
	var entities []model.Entity
	transient := false
	for i, o := range all {
		id := deploymentID(o)
		if !running[id] && i >= keptDeployments {
			continue
		}
		e, err := c.d.deployment(a, o)
		if err != nil {
			return nil, nil, c.broken(ctx, what, of, err)
		}
		if methods := summaries[id]; methods != nil {
			e.Description[attrMethods] = methods
		} else if a.Type == model.REST && running[id] {
			methods, class := c.summary(ctx, a, id)
			if methods != nil {
				e.Description[attrMethods] = methods
			}
			transient = transient || class != "" && !lasting(class)
		}
		entities = append(entities, e)
	}
	c.inv.countBad(ctx, c.d, what)
	p, err := newPart(c.began, entities)
	if err != nil {
		return nil, nil, c.broken(ctx, what, of, err)
	}
	if !transient {
		p.Of = c.trigger(a, stages)
	}
	return p, created, ""
}

// summary reads what a REST deployment holds; it never changes, so it is read once. A map of no methods is one, too.
func (c *crawl) summary(ctx context.Context, a *model.API, id string) (methods map[string]any, class string) {
	of := model.ReadOf{API: a.ID, Deployment: id}
	items, class := c.read(ctx, model.GetRestDeployment, of)
	if class != "" {
		return nil, class
	}
	objects, class := c.objects(ctx, model.GetRestDeployment, of, items)
	if class != "" || len(objects) == 0 {
		return nil, class
	}
	return c.d.summary(objects[0]), ""
}

// trigger is a hash of what shows that an API's detail changed: its list item, and its stages' deployments and update dates.
func (c *crawl) trigger(a *model.API, stages []model.Stage) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(strconv.FormatUint(c.inv.current.Load().apiHash(a.ID), 16)) // never fails
	// AWS promises no order of stages.
	byName := slices.SortedFunc(slices.Values(stages), func(a, b model.Stage) int { return strings.Compare(a.Name, b.Name) })
	for i := range byName {
		s := &byName[i]
		canary := ""
		if s.Canary != nil {
			canary = s.Canary.Deployment
		}
		_, _ = d.WriteString(strings.Join([]string{s.Name, s.Deployment, canary, s.Updated.UTC().Format(time.RFC3339Nano), ""}, "\x00"))
	}
	return max(d.Sum64(), 1) // 0 is none
}

// detail is one read of what changes with a deployment, or unseen.
type detail struct {
	part    string
	what    model.Read
	counted string // the kind of what is only counted
	read    func(d *describer, a *model.API, o object) ([]model.Entity, error)
}

func single(f func(d *describer, a *model.API, o object) (model.Entity, error)) func(d *describer, a *model.API, o object) ([]model.Entity, error) {
	return func(d *describer, a *model.API, o object) ([]model.Entity, error) {
		e, err := f(d, a, o)
		return []model.Entity{e}, err
	}
}

var restDetails = []detail{
	{part: partResources, what: model.GetResources, read: (*describer).resource},
	{part: partAuthorizers, what: model.GetRestAuthorizers, read: single((*describer).authorizer)},
	{part: partModels, what: model.GetRestModels, counted: "model"},
	{part: partValidators, what: model.GetRequestValidators, counted: "request_validator"},
}

var v2Details = []detail{
	{part: partRoutes, what: model.GetRoutes, read: single((*describer).routeV2)},
	{part: partIntegrations, what: model.GetIntegrations, read: single((*describer).integrationV2)},
	{part: partAuthorizers, what: model.GetAuthorizers, read: single((*describer).authorizer)},
	{part: partModels, what: model.GetModels, counted: "model"},
}

// allDetails reads the detail of the APIs that changed, or whose detail was read too long ago.
func (c *crawl) allDetails(ctx context.Context) { c.each(ctx, "detail", c.details) }

// fullAge is the age at which an API's detail is read again: up to a quarter less than the full interval, by the API, so that not all are due at once.
func (c *crawl) fullAge(a *model.API) time.Duration {
	full := c.inv.config.FullInterval
	return full - time.Duration(xxhash.Sum64String(a.ID)%1000)*(full/4000)
}

func (c *crawl) details(ctx context.Context, a *model.API) {
	s := c.inv.current.Load()
	stages := s.Stages[a.ID] // none where they can't be read: the rest may be
	if !s.live(a.ID) {
		return
	}
	trigger := c.trigger(a, stages)
	due := func(name string) bool {
		p := s.Parts[a.ID][name]
		return p == nil || p.Of != trigger || c.inv.reader.Now().Sub(p.Read) >= c.fullAge(a)
	}
	parts := Parts{}
	var created map[string]time.Time
	if due(partDeployments) {
		var class string
		if parts[partDeployments], created, class = c.deployments(ctx, a, stages); class != "" {
			parts[partDeployments] = s.Parts[a.ID][partDeployments].failed(class)
		}
		if ctx.Err() != nil {
			return
		}
	}
	list := v2Details
	if a.Type == model.REST {
		list = restDetails
	}
	for _, d := range list {
		if !due(d.part) {
			continue
		}
		p, class := c.detail(ctx, a, &d)
		if ctx.Err() != nil {
			break // what was read is kept
		}
		if class != "" {
			p = s.Parts[a.ID][d.part].failed(class)
		} else {
			p.Of = trigger
		}
		parts[d.part] = p
	}
	for name, p := range parts {
		if p == s.Parts[a.ID][name] {
			delete(parts, name)
		}
	}
	if len(parts) == 0 {
		return
	}
	c.inv.change(ctx, func(s *Snapshot) (*Snapshot, []string) {
		if !s.live(a.ID) {
			return nil, nil
		}
		next := s.withParts(a.ID, parts)
		if stages, known := s.Stages[a.ID]; known && created != nil {
			deployed := slices.Clone(stages)
			setDeployed(deployed, created)
			next = next.withStages(map[string][]model.Stage{a.ID: deployed})
		}
		return next, []string{a.ID}
	})
}

func (c *crawl) detail(ctx context.Context, a *model.API, d *detail) (*Part, string) {
	of := model.ReadOf{API: a.ID}
	items, class := c.read(ctx, d.what, of)
	if class != "" {
		return nil, class
	}
	if d.counted != "" {
		return &Part{Read: c.began, Raw: hashItems(items), Counts: map[string]int{d.counted: len(items)}}, ""
	}
	return c.entities(ctx, d.what, of, items, func(o object) ([]model.Entity, error) { return d.read(c.d, a, o) })
}

// data keeps what other parts are made with.
func data(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

// dataOf reads it back; what can't be read is empty.
func dataOf[T any](p *Part) T {
	var v T
	if p != nil {
		_ = json.Unmarshal(p.Data, &v) // it was written by data
	}
	return v
}
