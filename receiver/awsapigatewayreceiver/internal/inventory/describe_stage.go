package inventory

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// stageFields serve both versions: their members have one name each.
var stageFields = []field{
	{"description", attrDescription, text},
	{"createdDate", attrCreated, date},
	{"lastUpdatedDate", attrUpdated, date},
	{"deploymentId", attr.DeploymentID, text},
	{"documentationVersion", attr.Prefix + "documentation_version", text},
	{"clientCertificateId", attr.ClientCertificateID, text},
	{"cacheClusterEnabled", attr.Prefix + "cache.enabled", boolean},
	{"cacheClusterSize", attr.Prefix + "cache.cluster_size", text},
	{"cacheClusterStatus", attr.Prefix + "cache.status", text},
	{"canarySettings.percentTraffic", attr.Prefix + "canary.percent", decimal},
	{"canarySettings.deploymentId", attr.Prefix + "canary.deployment_id", text},
	{"canarySettings.useStageCache", attr.Prefix + "canary.use_stage_cache", boolean},
	{"canarySettings.stageVariableOverrides", attr.Prefix + "canary.stage_variables", names},
	{"accessLogSettings.destinationArn", attr.Prefix + "access_log.destination", isARN},
	{"accessLogSettings.format", attr.Prefix + "access_log.format", text},
	{"tracingEnabled", attr.Prefix + "tracing.enabled", boolean},
	{"webAclArn", attr.Prefix + "web_acl", isARN},
	{"variables", attr.Prefix + "stage_variables", names},
	{"stageVariables", attr.Prefix + "stage_variables", names},
	{"autoDeploy", attr.Prefix + "auto_deploy", boolean},
	{"lastDeploymentStatusMessage", attr.Prefix + "deployment.status.message", text},
	{"apiGatewayManaged", attrManaged, boolean},
	{"tags", attrTags, dictionary},
}

// settingFields are the settings of a method or route, or of all of a stage.
var settingFields = []field{
	{"metricsEnabled", "detailed_metrics", boolean},
	{"detailedMetricsEnabled", "detailed_metrics", boolean},
	{"loggingLevel", "logging_level", text},
	{"dataTraceEnabled", "data_trace", boolean},
	{"throttlingRateLimit", "throttle.rate_limit", decimal},
	{"throttlingBurstLimit", "throttle.burst_limit", integer},
	{"cachingEnabled", "cache.enabled", boolean},
	{"cacheTtlInSeconds", "cache.ttl", integer},
	{"cacheDataEncrypted", "cache.encrypted", boolean},
	{"requireAuthorizationForCacheControl", "cache.invalidation.requires_authorization", boolean},
	{"unauthorizedCacheControlHeaderStrategy", "cache.invalidation.unauthorized", text},
}

// allRoutes is the key of the settings that a whole stage has, in REST's notation.
const allRoutes = "*/*"

// stage reads a stage of an API of any type.
func (d *describer) stage(a *model.API, o object) (model.Stage, model.Entity, error) {
	s := model.Stage{
		Name: o.text("stageName"), Created: o.date("createdDate"), Updated: o.date("lastUpdatedDate"), Deployment: o.text("deploymentId"),
		Tracing:   o.is("tracingEnabled"),
		AccessLog: model.AccessLog{Destination: o.text("accessLogSettings.destinationArn"), Format: o.text("accessLogSettings.format")},
	}
	if s.Name == "" {
		return s, model.Entity{}, errNoID
	}
	if _, ok := o["canarySettings"].(map[string]any); ok {
		s.Canary = &model.Canary{Deployment: o.text("canarySettings.deploymentId")}
		if p := o.number("canarySettings.percentTraffic"); p != nil {
			s.Canary.Percent = *p
		}
	}
	if o.is("cacheClusterEnabled") {
		s.CacheGB = gigabytes(o.text("cacheClusterSize"))
	}
	e := model.Entity{Type: attr.TypeStage, ID: model.ID{attr.APIID: a.ID, attr.Stage: s.Name}, Description: map[string]any{
		attr.CloudResourceID: a.ARN(d.at.Partition, d.at.Region) + "/stages/" + s.Name,
		attr.APIName:         a.Name, attrInvokeURL: d.invokeURL(a, s.Name),
	}}
	if a.Type == model.WebSocket {
		e.Description[attr.Prefix+"connections_url"] = "https://" + d.host(a.ID) + "/" + s.Name + "/@connections"
	}
	d.describe(e.Description, o, stageFields)
	d.settings(&s, e.Description, o)
	e.Relations = []model.Relation{partOfAPI(a.ID)}
	if s.Deployment != "" {
		e.Relations = append(e.Relations, model.Relation{Kind: relationRuns, Type: attr.TypeDeployment, ID: model.ID{attr.APIID: a.ID, attr.DeploymentID: s.Deployment}})
	}
	if s.Canary != nil && s.Canary.Deployment != "" {
		e.Relations = append(e.Relations, model.Relation{Kind: relationRuns, Type: attr.TypeDeployment, ID: model.ID{attr.APIID: a.ID, attr.DeploymentID: s.Canary.Deployment}})
	}
	if acl := o.text("webAclArn"); isResource(acl) {
		e.Relations = append(e.Relations, model.Relation{Kind: relationProtectedBy, Type: attr.TypeResource, ID: model.ID{attr.CloudResourceID: acl}})
	}
	e.Relations = unique(e.Relations)
	return s, e, nil
}

func (d *describer) invokeURL(a *model.API, stage string) string {
	url := d.scheme(a) + d.host(a.ID)
	if stage != "$default" {
		url += "/" + stage
	}
	return url
}

// settings reads the settings of methods (REST) and routes.
func (d *describer) settings(s *model.Stage, description map[string]any, o object) {
	byRoute := map[string]object{}
	for k, v := range o.members("methodSettings") {
		byRoute[methodSettingRoute(k)] = v
	}
	for k, v := range o.members("routeSettings") {
		byRoute[k] = v
	}
	if v, ok := o["defaultRouteSettings"].(map[string]any); ok {
		byRoute[allRoutes] = v
	}
	all := map[string]any{}
	for _, route := range slices.Sorted(maps.Keys(byRoute)) {
		v := byRoute[route]
		one := map[string]any{}
		d.describe(one, v, settingFields)
		t := throttle(v, "throttlingRateLimit", "throttlingBurstLimit")
		if t.Rate == nil && v.number("throttlingRateLimit") != nil {
			delete(one, "throttle.rate_limit") // negative: none is set
		}
		if t.Burst == nil && v.number("throttlingBurstLimit") != nil {
			delete(one, "throttle.burst_limit")
		}
		if len(one) > 0 {
			all[route] = one
		}
		if !t.IsZero() {
			rt := model.RouteThrottle{Route: route, Throttle: t}
			if route == allRoutes {
				rt.Route = ""
			}
			s.Throttles = append(s.Throttles, rt)
		}
		s.DetailedMetrics = s.DetailedMetrics || v.is("metricsEnabled") || v.is("detailedMetricsEnabled")
		level := v.text("loggingLevel")
		s.ExecutionLogs = s.ExecutionLogs || level != "" && level != "OFF"
	}
	if len(all) > 0 {
		description[attr.Prefix+"route_settings"] = all
	}
}

// methodSettingRoute is the route key of a method setting's key, which is {resource path}/{method}: with the path as it is, without its first
// slash, or with its slashes written as ~1. "*/*" stands for the whole stage.
func methodSettingRoute(key string) string {
	if key == allRoutes {
		return key
	}
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return key
	}
	path, method := strings.ReplaceAll(key[:i], "~1", "/"), key[i+1:]
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return method + " " + path
}

// gigabytes reads a cache's size: "0.5", "1.6", "6.1", ...
func gigabytes(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return 0
	}
	return f
}

var deploymentFields = []field{
	{"createdDate", attrCreated, date},
	{"description", attrDescription, text},
	{"autoDeployed", attr.Prefix + "auto_deployed", boolean},
	{"deploymentStatus", attrStatus, text},
	{"deploymentStatusMessage", attrStatusMessage, text},
}

// deploymentID is in the member that each version has.
func deploymentID(o object) string {
	if id := o.text("id"); id != "" {
		return id
	}
	return o.text("deploymentId")
}

func (d *describer) deployment(a *model.API, o object) (model.Entity, error) {
	id := deploymentID(o)
	if id == "" {
		return model.Entity{}, errNoID
	}
	e := model.Entity{Type: attr.TypeDeployment, ID: model.ID{attr.APIID: a.ID, attr.DeploymentID: id}, Description: map[string]any{
		attr.CloudResourceID: a.ARN(d.at.Partition, d.at.Region) + "/deployments/" + id,
	}, Relations: []model.Relation{partOfAPI(a.ID)}}
	d.describe(e.Description, o, deploymentFields)
	return e, nil
}

// summary is the API as a deployment holds it: its methods, by route key.
func (d *describer) summary(o object) map[string]any {
	out := map[string]any{}
	for path, methods := range o.members("apiSummary") {
		for method, v := range membersOf(map[string]any(methods)) {
			one := map[string]any{}
			d.describe(one, v, []field{{"authorizationType", "authorization_type", text}, {"apiKeyRequired", "api_key_required", boolean}})
			out[method+" "+path] = one
		}
	}
	return out
}
