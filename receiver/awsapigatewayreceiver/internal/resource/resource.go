// Package resource is the one place that writes resource attributes: the same, to the letter, on every signal of one stage.
package resource

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Attribute is a resource attribute, as the docs list it.
type Attribute struct {
	Name, Description string
	// Off is true where it has to be switched on.
	Off bool
}

// Attributes are all resource attributes, in the order in which they are written. Tags come after them.
var Attributes = []Attribute{
	{Name: attr.CloudProvider, Description: "`aws`"},
	{Name: attr.CloudPlatform, Description: "`aws_api_gateway`"},
	{Name: attr.CloudAccountID, Description: "The account's id."},
	{Name: attr.CloudRegion, Description: "The region."},
	{Name: attr.AccountName, Description: "`accounts[].name`, where it is set."},
	{Name: attr.CloudResourceID, Description: "The ARN of the stage, the API or the account's settings. Not where the series is ambiguous."},
	{Name: attr.APIID, Description: "The API's id, of every kind of API. Not where the series is ambiguous."},
	{Name: attr.RestAPIID, Description: "The same, of REST APIs only."},
	{Name: attr.APIIDs, Description: "The ids of the REST APIs that share name and stage, where the series is ambiguous."},
	{Name: attr.APIName, Description: "The API's name."},
	{Name: attr.APIType, Description: "`REST`, `HTTP` or `WEBSOCKET`"},
	{Name: attr.EndpointType, Description: "`EDGE`, `REGIONAL` or `PRIVATE`, of REST APIs."},
	{Name: attr.Stage, Description: "The stage's name. A canary's is its stage's."},
	{Name: attr.ServiceName, Description: "The API's name."},
	{Name: attr.ServiceInstance, Description: "`<account>/<region>/<api id>/<stage>`"},
	{Name: attr.Environment, Description: "The stage's name.", Off: true},
	{Name: attr.LogGroupNames, Description: "The log group of a log record, an array of one."},
}

// Config is the receiver's resource_attributes setting: attributes by name.
type Config map[string]AttributeConfig

// AttributeConfig switches an attribute.
type AttributeConfig struct {
	Enabled *bool `mapstructure:"enabled"`
}

// Check returns an error for each unknown attribute; the keys are below resource_attributes.
func (c Config) Check() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if strings.HasPrefix(name, attr.TagPrefix) {
			errs = append(errs, fmt.Errorf("%s: tags are switched by the tags setting: leave the key out of tags", name))
		} else if !slices.ContainsFunc(Attributes, func(a Attribute) bool { return a.Name == name }) {
			errs = append(errs, fmt.Errorf("%s: is no resource attribute of this receiver: one of %s", name, names()))
		}
	}
	return errors.Join(errs...)
}

func names() string {
	out := make([]string, len(Attributes))
	for i := range Attributes {
		out[i] = Attributes[i].Name
	}
	return strings.Join(out, ", ")
}

// Writer writes resources of one target.
type Writer struct {
	target  model.Target
	tags    []string
	enabled map[string]bool
}

// NewWriter makes the writer of a target whose account is known.
func NewWriter(target model.Target, config Config, tags []string) *Writer {
	w := &Writer{target: target, tags: tags, enabled: make(map[string]bool, len(Attributes))}
	for _, a := range Attributes {
		w.enabled[a.Name] = !a.Off
		if e := config[a.Name].Enabled; e != nil {
			w.enabled[a.Name] = *e
		}
	}
	return w
}

// Account writes the resource of what belongs to no API.
func (w *Writer) Account(res pcommon.Resource) {
	put := w.begin(res)
	put(attr.CloudResourceID, "arn:"+w.target.Partition+":apigateway:"+w.target.Region+"::/account")
	put(attr.ServiceInstance, w.target.AccountID+"/"+w.target.Region)
}

// API writes the resource of an API, of what belongs to no stage.
func (w *Writer) API(res pcommon.Resource, a *model.API) { w.write(res, a, nil, "") }

// Stage writes the resource of a stage. candidates are the ids of the REST APIs that may own it, nil where the owner is known.
func (w *Writer) Stage(res pcommon.Resource, a *model.API, candidates []string, stage string) {
	w.write(res, a, candidates, stage)
}

// Candidates writes the resource of what may belong to any of several APIs, or to none of them.
func (w *Writer) Candidates(res pcommon.Resource, ids []string) {
	put := w.begin(res)
	if len(ids) == 0 {
		put(attr.ServiceInstance, w.target.AccountID+"/"+w.target.Region)
		return
	}
	w.ids(res, ids)
	put(attr.ServiceInstance, w.target.AccountID+"/"+w.target.Region+"/"+strings.Join(ids, ","))
}

// LogGroup adds the log group that a resource's records come from.
func (w *Writer) LogGroup(res pcommon.Resource, name string) {
	if w.enabled[attr.LogGroupNames] {
		res.Attributes().PutEmptySlice(attr.LogGroupNames).AppendEmpty().SetStr(name)
	}
}

func (w *Writer) ids(res pcommon.Resource, ids []string) {
	if !w.enabled[attr.APIIDs] {
		return
	}
	list := res.Attributes().PutEmptySlice(attr.APIIDs)
	for _, id := range ids {
		list.AppendEmpty().SetStr(id)
	}
}

// begin writes what all resources of the target have, and returns what writes an attribute that is enabled and not empty.
func (w *Writer) begin(res pcommon.Resource) func(name, value string) {
	m := res.Attributes()
	m.EnsureCapacity(len(Attributes) + len(w.tags))
	put := func(name, value string) {
		if w.enabled[name] && value != "" {
			m.PutStr(name, value)
		}
	}
	put(attr.CloudProvider, "aws")
	put(attr.CloudPlatform, "aws_api_gateway")
	put(attr.CloudAccountID, w.target.AccountID)
	put(attr.CloudRegion, w.target.Region)
	put(attr.AccountName, w.target.AccountName)
	return put
}

func (w *Writer) write(res pcommon.Resource, a *model.API, candidates []string, stage string) {
	put := w.begin(res)
	m := res.Attributes()
	known := candidates == nil
	below := func(separator string) string {
		if stage == "" {
			return ""
		}
		return separator + stage
	}
	instance := strings.Join(candidates, ",")
	if known {
		instance = a.ID
		put(attr.CloudResourceID, a.ARN(w.target.Partition, w.target.Region)+below("/stages/"))
		put(attr.APIID, a.ID)
		if a.Type == model.REST {
			put(attr.RestAPIID, a.ID)
		}
	} else {
		w.ids(res, candidates)
	}
	put(attr.APIName, a.Name)
	put(attr.APIType, string(a.Type))
	if known {
		put(attr.EndpointType, a.EndpointType)
	}
	put(attr.Stage, stage)
	put(attr.ServiceName, a.Name)
	put(attr.ServiceInstance, w.target.AccountID+"/"+w.target.Region+"/"+instance+below("/"))
	put(attr.Environment, stage)
	if !known {
		return
	}
	for _, key := range w.tags {
		if v, ok := a.Tags[key]; ok {
			m.PutStr(attr.TagPrefix+key, v)
		}
	}
	setRefs(res)
}
