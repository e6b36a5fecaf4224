// Package resource is the one place that writes resource attributes: the same, to the letter, on every signal of one stage.
package resource

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/entity"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Attribute is a resource attribute, as the docs list it.
type Attribute struct {
	Name, Description string
	// Off is true where it has to be switched on.
	Off bool
}

// Resource attribute names.
const (
	cloudProvider   = "cloud.provider"
	cloudPlatform   = "cloud.platform"
	cloudAccountID  = entity.CloudAccountID
	cloudRegion     = entity.CloudRegion
	cloudResourceID = "cloud.resource_id"
	accountName     = "aws.account.name"
	apiID           = entity.APIID
	restAPIID       = "aws.api_gateway.rest_api_id"
	apiIDs          = "aws.api_gateway.api_ids"
	apiName         = "aws.api_gateway.api_name"
	apiType         = "aws.api_gateway.api_type"
	endpointType    = "aws.api_gateway.endpoint_type"
	stageName       = entity.Stage
	tagPrefix       = "aws.api_gateway.tag."
	serviceName     = "service.name"
	serviceInstance = "service.instance.id"
	environment     = "deployment.environment.name"
)

// Attributes are all resource attributes, in the order in which they are written. Tags come after them.
var Attributes = []Attribute{
	{Name: cloudProvider, Description: "`aws`"},
	{Name: cloudPlatform, Description: "`aws_api_gateway`"},
	{Name: cloudAccountID, Description: "The account's id."},
	{Name: cloudRegion, Description: "The region."},
	{Name: accountName, Description: "`accounts[].name`, where it is set."},
	{Name: cloudResourceID, Description: "The stage's ARN. Not where the series is ambiguous."},
	{Name: apiID, Description: "The API's id, of every kind of API. Not where the series is ambiguous."},
	{Name: restAPIID, Description: "The same, of REST APIs only."},
	{Name: apiIDs, Description: "The ids of the REST APIs that share name and stage, where the series is ambiguous."},
	{Name: apiName, Description: "The API's name."},
	{Name: apiType, Description: "`REST`, `HTTP` or `WEBSOCKET`"},
	{Name: endpointType, Description: "`EDGE`, `REGIONAL` or `PRIVATE`, of REST APIs."},
	{Name: stageName, Description: "The stage's name. A canary's is its stage's."},
	{Name: serviceName, Description: "The API's name."},
	{Name: serviceInstance, Description: "`<account>/<region>/<api id>/<stage>`"},
	{Name: environment, Description: "The stage's name.", Off: true},
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
		if strings.HasPrefix(name, tagPrefix) {
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

// Stage writes the resource of a stage. candidates are the ids of the REST APIs that may own it, nil where the owner is known.
func (w *Writer) Stage(res pcommon.Resource, a *model.API, candidates []string, stage string) {
	m := res.Attributes()
	m.EnsureCapacity(len(Attributes) + len(w.tags))
	put := func(name, value string) {
		if w.enabled[name] && value != "" {
			m.PutStr(name, value)
		}
	}
	known := candidates == nil
	put(cloudProvider, "aws")
	put(cloudPlatform, "aws_api_gateway")
	put(cloudAccountID, w.target.AccountID)
	put(cloudRegion, w.target.Region)
	put(accountName, w.target.AccountName)
	instance := strings.Join(candidates, ",")
	if known {
		instance = a.ID
		put(cloudResourceID, a.ARN(w.target.Partition, w.target.Region)+"/stages/"+stage)
		put(apiID, a.ID)
		if a.Type == model.REST {
			put(restAPIID, a.ID)
		}
	} else if w.enabled[apiIDs] {
		ids := m.PutEmptySlice(apiIDs)
		for _, id := range candidates {
			ids.AppendEmpty().SetStr(id)
		}
	}
	put(apiName, a.Name)
	put(apiType, string(a.Type))
	if known {
		put(endpointType, a.EndpointType)
	}
	put(stageName, stage)
	put(serviceName, a.Name)
	put(serviceInstance, w.target.AccountID+"/"+w.target.Region+"/"+instance+"/"+stage)
	put(environment, stage)
	if !known {
		return
	}
	for _, key := range w.tags {
		if v, ok := a.Tags[key]; ok {
			m.PutStr(tagPrefix+key, v)
		}
	}
	entity.SetRefs(res)
}
