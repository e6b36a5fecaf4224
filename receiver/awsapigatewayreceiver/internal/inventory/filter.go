package inventory

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Filter is the receiver's apis setting: items are ORed, the keys of an item ANDed, exclude wins.
type Filter struct {
	Include []FilterItem `mapstructure:"include"`
	Exclude []FilterItem `mapstructure:"exclude"`
}

// FilterItem matches APIs, and stages where Stage is set. Empty fields match everything.
type FilterItem struct {
	// Name and Stage are globs: * matches any run of characters, ? one, [a-z] one of a set.
	Name  string            `mapstructure:"name"`
	ID    string            `mapstructure:"id"`
	Type  string            `mapstructure:"type"` // REST, HTTP, WEBSOCKET
	Tags  map[string]string `mapstructure:"tags"` // globs of the values
	Stage string            `mapstructure:"stage"`
}

// Check returns every error of the filter; the keys are below apis.
func (f *Filter) Check() error {
	var errs []error
	for _, list := range []struct {
		key   string
		items []FilterItem
	}{{"include", f.Include}, {"exclude", f.Exclude}} {
		for i := range list.items {
			for _, err := range list.items[i].check() {
				errs = append(errs, fmt.Errorf("%s[%d]::%w", list.key, i, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (i *FilterItem) check() []error {
	var errs []error
	if i.Name == "" && i.ID == "" && i.Type == "" && i.Stage == "" && len(i.Tags) == 0 {
		errs = append(errs, errors.New("name: the item is empty and would match every API: set name, id, type, tags or stage, or leave the item out"))
	}
	if _, err := match(i.Name, ""); err != nil {
		errs = append(errs, fmt.Errorf("name: %q is not a glob: a [ needs its ]", i.Name))
	}
	if _, err := match(i.Stage, ""); err != nil {
		errs = append(errs, fmt.Errorf("stage: %q is not a glob: a [ needs its ]", i.Stage))
	}
	switch model.APIType(strings.ToUpper(i.Type)) {
	case "", model.REST, model.HTTP, model.WebSocket:
	default:
		errs = append(errs, fmt.Errorf("type: %q is not a kind of API: REST, HTTP or WEBSOCKET", i.Type))
	}
	for k, v := range i.Tags {
		if _, err := match(v, ""); err != nil {
			errs = append(errs, fmt.Errorf("tags::%s: %q is not a glob: a [ needs its ]", k, v))
		}
	}
	return errs
}

// match is path.Match, but * matches a slash too: it has no meaning in names.
func match(pattern, s string) (bool, error) {
	const slash = "\x01"
	return path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(s, "/", slash))
}

func (i *FilterItem) matchAPI(a *model.API) bool {
	if i.ID != "" && i.ID != a.ID || i.Type != "" && !strings.EqualFold(i.Type, string(a.Type)) {
		return false
	}
	if ok, _ := match(i.Name, a.Name); i.Name != "" && !ok {
		return false
	}
	for k, v := range i.Tags {
		tag, has := a.Tags[k]
		if ok, _ := match(v, tag); !has || !ok {
			return false
		}
	}
	return true
}

func (i *FilterItem) matchStage(a *model.API, stage string) bool {
	ok, _ := match(i.Stage, stage)
	return (i.Stage == "" || ok) && i.matchAPI(a)
}

// Stage says whether a stage is collected.
func (f *Filter) Stage(a *model.API, stage string) bool {
	for i := range f.Exclude {
		if f.Exclude[i].matchStage(a, stage) {
			return false
		}
	}
	for i := range f.Include {
		if f.Include[i].matchStage(a, stage) {
			return true
		}
	}
	return len(f.Include) == 0
}

// API says whether any stage of the API may be collected.
func (f *Filter) API(a *model.API) bool {
	for i := range f.Exclude {
		if f.Exclude[i].Stage == "" && f.Exclude[i].matchAPI(a) {
			return false
		}
	}
	for i := range f.Include {
		if f.Include[i].matchAPI(a) {
			return true
		}
	}
	return len(f.Include) == 0
}
