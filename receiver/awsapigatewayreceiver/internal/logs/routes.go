package logs

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// kind is what a line of a log group is.
type kind int

const (
	access kind = iota
	execution
)

// source is a stage whose lines are in a group.
type source struct {
	kind  kind
	api   *model.API
	stage string // "": the API's lines, of whatever stage
	// settings are the stage's, by which it was found; nil where the user named its log group.
	settings *model.Stage
	canary   bool
	excluded bool // by the apis setting
	// recordless: no records are made of its lines. traced: no spans, since its segments are pulled from X-Ray.
	recordless, traced bool
	// targets are what the routes of its API call; nil where no spans are made.
	targets func() accessspan.Targets
	formats []*format
	// resource is what the records of the source stand on, without the log group where it is bare; identity is what it says.
	resource pcommon.Resource
	bare     bool
	identity accesslog.Identity
}

// routes says whose the lines of a group are. It is immutable.
type routes struct {
	sources []*source
	// tries are the formats that lines are tried against, each with the sources that have it; today's come before earlier ones.
	tries []try
	// formless are the sources of which no format is known that could be decoded: lines in other formats may be theirs.
	formless []*source
	// hosts are the sources that a domain name leads to.
	hosts map[string][]*source
	// foreign is the resource of lines that may be of any of the sources, or of none.
	foreign pcommon.Resource
	// secret says that a format of the group has values that are not to be seen: then nothing is shown of a line that can't be decoded.
	secret bool
	// bracketed: a format of the group begins with a bracket, as the lines of execution logs do.
	bracketed bool
	// execution is the source of execution logs, nil where there is none.
	execution *source
	// records: records are made of the lines of access logs. traced: lines that may be of any of the sources may be of one that is.
	records, traced bool
	apis            []string // ids, for asking what has become of their stages
	known           *known
}

type try struct {
	*format
	owners  []*source
	earlier bool
}

// optional says that the group need not exist: of the two names that a canary's group may have, one does not.
func (r *routes) optional() bool {
	return !slices.ContainsFunc(r.sources, func(s *source) bool { return !s.canary })
}

// newRoutes puts the sources of a group together.
func newRoutes(sources []*source, foreign pcommon.Resource, hosts map[string][]*source, k *known) *routes {
	slices.SortStableFunc(sources, func(a, b *source) int {
		return cmp.Or(cmp.Compare(a.apiID(), b.apiID()), cmp.Compare(a.stage, b.stage))
	})
	r := &routes{sources: sources, foreign: foreign, hosts: hosts, known: k}
	for depth := range maxFormats + 1 {
		for _, s := range sources {
			if s.kind == execution {
				r.execution = s
				continue
			}
			if depth >= len(s.formats) || s.formats[depth].bound == nil {
				continue
			}
			f := s.formats[depth]
			r.secret = r.secret || f.bound.Secret()
			if k := slices.IndexFunc(r.tries, func(t try) bool { return t.format == f }); k >= 0 {
				if !slices.Contains(r.tries[k].owners, s) {
					r.tries[k].owners = append(r.tries[k].owners, s)
				}
				continue
			}
			r.bracketed = r.bracketed || strings.HasPrefix(f.text, "(")
			r.tries = append(r.tries, try{f, []*source{s}, depth > 0})
		}
	}
	for _, s := range sources {
		r.records = r.records || s.kind == access && !s.recordless
		r.traced = r.traced || s.kind == access && s.traced
		if s.kind == access && !slices.ContainsFunc(s.formats, func(f *format) bool { return f.bound != nil }) {
			r.formless = append(r.formless, s)
		}
		if s.api != nil && !slices.Contains(r.apis, s.api.ID) {
			r.apis = append(r.apis, s.api.ID)
		}
	}
	return r
}

// wanted says whether anything is made of a source's lines.
func (s *source) wanted() bool { return !s.excluded && !(s.recordless && s.traced) }

// is says whether the source is a stage's of an API, with logs of a kind.
func (s *source) is(kind kind, a *model.API, stage string) bool {
	return s.kind == kind && s.stage == stage && s.api != nil && s.api.ID == a.ID
}

func (s *source) apiID() string {
	if s.api == nil {
		return ""
	}
	return s.api.ID
}

// owner says whose a decoded line is: by the API's id and stage, else by the domain name, else by a format that only one of the sources has. It is
// nil where that can't be told, or where the line names an API that nobody knows; unwanted where it is one of several that the user does not want.
func (r *routes) owner(id accesslog.Identity, owners []*source) (s *source, unwanted bool) {
	if len(owners) == 1 && len(r.sources) == 1 && owners[0].api != nil && owners[0].allows(id) {
		return owners[0], false
	}
	candidates := r.matching(id, owners)
	if id.APIID != "" && (len(candidates) == 0 || candidates[0].api == nil) {
		if candidates = r.matching(id, r.sources); len(candidates) == 0 || candidates[0].api == nil {
			return r.known.stage(id.APIID, id.Stage), false
		}
	}
	if id.APIID == "" && id.DomainName != "" {
		if hosted := intersect(r.hosts[id.DomainName], candidates); len(hosted) > 0 {
			candidates = hosted
		}
	}
	if len(candidates) == 1 && candidates[0].api != nil {
		return candidates[0], false
	}
	return nil, len(candidates) > 0 && !slices.ContainsFunc(candidates, func(c *source) bool { return !c.excluded })
}

// allows says whether a line that says so of itself may be the source's.
func (s *source) allows(id accesslog.Identity) bool {
	return (id.APIID == "" || s.api == nil || s.api.ID == id.APIID) && (id.Stage == "" || s.stage == "" || s.stage == id.Stage)
}

// matching are the sources of access logs that a line's identity allows.
func (r *routes) matching(id accesslog.Identity, among []*source) []*source {
	var out []*source
	for _, s := range among {
		if s.kind == access && s.allows(id) {
			out = append(out, s)
		}
	}
	return out
}

func intersect(a, b []*source) []*source {
	var out []*source
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
