package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// domainFields are v1's. A domain name that migrates between endpoint types has the members of both.
var domainFields = []field{
	{"certificateArn", attr.Prefix + "certificate.arn", isARN},
	{"certificateName", attr.Prefix + "certificate.name", text},
	{"certificateUploadDate", attr.Prefix + "certificate.uploaded", date},
	{"regionalCertificateArn", attr.Prefix + "regional_certificate.arn", isARN},
	{"regionalCertificateName", attr.Prefix + "regional_certificate.name", text},
	{"ownershipVerificationCertificateArn", attr.Prefix + "certificate.ownership_verification_arn", isARN},
	{"distributionDomainName", attr.Prefix + "distribution_domain_name", text},
	{"distributionHostedZoneId", attr.Prefix + "distribution_hosted_zone_id", text},
	{"regionalDomainName", attr.Prefix + "regional_domain_name", text},
	{"regionalHostedZoneId", attr.Prefix + "regional_hosted_zone_id", text},
	{"domainNameStatus", attrStatus, text},
	{"domainNameStatusMessage", attrStatusMessage, text},
	{"endpointConfiguration.types", attr.EndpointType, first},
	{"endpointConfiguration.ipAddressType", attrIPAddressType, text},
	{"endpointConfiguration.vpcEndpointIds", attrVPCEndpoints, list},
	{"endpointAccessMode", attrEndpointMode, text},
	{"securityPolicy", attrTLSPolicy, text},
	{"routingMode", attr.Prefix + "routing_mode", text},
	{"mutualTlsAuthentication.truststoreUri", attr.Prefix + "mutual_tls.truststore_uri", address},
	{"mutualTlsAuthentication.truststoreVersion", attr.Prefix + "mutual_tls.truststore_version", text},
	{"mutualTlsAuthentication.truststoreWarnings", attr.Prefix + "mutual_tls.warnings", list},
	{"apiMappingSelectionExpression", attr.Prefix + "api_mapping_selection_expression", text},
	{"policy", attrPolicy, digest},
	{"managementPolicy", attr.Prefix + "management_policy.hash", digest},
	{"tags", attrTags, dictionary},
}

// regionalConfigurationFields are those of an element of v2's domainNameConfigurations, edgeConfigurationFields those of one of type EDGE.
var regionalConfigurationFields, edgeConfigurationFields = configurationFields("regional_certificate.", "regional_"), configurationFields("certificate.", "distribution_")

func configurationFields(certificate, host string) []field {
	return []field{
		{"certificateArn", attr.Prefix + certificate + "arn", isARN},
		{"certificateName", attr.Prefix + certificate + "name", text},
		{"certificateUploadDate", attr.Prefix + "certificate.uploaded", date},
		{"ownershipVerificationCertificateArn", attr.Prefix + "certificate.ownership_verification_arn", isARN},
		{"apiGatewayDomainName", attr.Prefix + host + "domain_name", text},
		{"hostedZoneId", attr.Prefix + host + "hosted_zone_id", text},
		{"domainNameStatus", attrStatus, text},
		{"domainNameStatusMessage", attrStatusMessage, text},
		{"endpointType", attr.EndpointType, text},
		{"ipAddressType", attrIPAddressType, text},
		{"securityPolicy", attrTLSPolicy, text},
	}
}

// mapping leads from a domain name to a stage: an API mapping, a base-path mapping or a routing rule.
type mapping struct {
	API      string   `json:"api"`
	Stage    string   `json:"stage,omitempty"`
	Paths    []string `json:"paths,omitempty"`
	Headers  []string `json:"headers,omitempty"` // names only: what they are matched with may be a key
	Priority *float64 `json:"priority,omitempty"`
	Strip    bool     `json:"strip,omitempty"`
}

// mappings reads base-path mappings (v1) or API mappings (v2).
func mappings(items []object) []mapping {
	out := []mapping{}
	for _, o := range items {
		m := mapping{API: cmp.Or(o.text("restApiId"), o.text("apiId")), Stage: o.text("stage"), Paths: []string{}}
		path := cmp.Or(o.text("basePath"), o.text("apiMappingKey"))
		if path == "(none)" {
			path = "" // v1's way to write the root
		}
		m.Paths = append(m.Paths, "/"+strings.TrimPrefix(path, "/"))
		if m.API != "" {
			out = addNew(out, m, func(m mapping) string { return m.Paths[0] })
		}
	}
	slices.SortFunc(out, func(a, b mapping) int { return strings.Compare(a.Paths[0], b.Paths[0]) })
	return out
}

// rules reads routing rules.
func rules(items []object) []mapping {
	out := []mapping{}
	for _, o := range items {
		var paths, headers []string
		for _, c := range o.objects("conditions") {
			for _, p := range c.texts("matchBasePaths.anyOf") {
				paths = append(paths, "/"+strings.TrimPrefix(p, "/"))
			}
			for _, h := range c.objects("matchHeaders.anyOf") {
				if name := h.text("header"); name != "" {
					headers = append(headers, name)
				}
			}
		}
		for _, action := range o.objects("actions") {
			if api := action.text("invokeApi.apiId"); api != "" {
				out = append(out, mapping{API: api, Stage: action.text("invokeApi.stage"), Paths: paths, Headers: headers, Priority: o.number("priority"), Strip: action.is("invokeApi.stripBasePath")})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b mapping) int {
		x, y := 0.0, 0.0
		if a.Priority != nil {
			x = *a.Priority
		}
		if b.Priority != nil {
			y = *b.Priority
		}
		return cmp.Compare(x, y)
	})
	return out
}

func (m *mapping) describe() map[string]any {
	out := map[string]any{"api_id": m.API}
	if m.Stage != "" {
		out["stage"] = m.Stage
	}
	if len(m.Paths) > 0 {
		out["base_paths"] = anys(m.Paths)
	}
	if len(m.Headers) > 0 {
		out["headers"] = anys(m.Headers)
	}
	if m.Priority != nil {
		out["priority"] = int64(*m.Priority)
	}
	if m.Strip {
		out["strip_base_path"] = true
	}
	return out
}

func anys(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}

// domain is a custom domain name, from the lists of both versions.
type domain struct {
	name, id string // the id of private ones, "" of others
	private  bool
	edge     bool
	rules    bool // its routing mode has routing rules
	v1, v2   object
}

// mergeDomains joins the lists of both versions: each domain name once.
func mergeDomains(v1, v2 []object) ([]*domain, error) {
	var out []*domain
	byKey := map[string]*domain{}
	add := func(o object) (*domain, error) {
		name, id := o.text("domainName"), o.text("domainNameId")
		if name == "" {
			return nil, errNoID
		}
		if id == "" {
			// A private domain name's ARN ends in name+id.
			if _, after, ok := strings.Cut(o.text("domainNameArn"), "/domainnames/"+name+"+"); ok {
				id = after
			}
		}
		dom, ok := byKey[name+"+"+id]
		if !ok {
			dom = &domain{name: name, id: id, private: id != ""}
			byKey[name+"+"+id] = dom
			out = append(out, dom)
		}
		mode := o.text("routingMode")
		dom.rules = dom.rules || mode != "" && mode != "API_MAPPING_ONLY"
		return dom, nil
	}
	for _, o := range v1 {
		dom, err := add(o)
		if err != nil {
			return nil, err
		}
		dom.v1 = o
		dom.edge = slices.Contains(o.texts("endpointConfiguration.types"), "EDGE")
		dom.private = dom.private || slices.Contains(o.texts("endpointConfiguration.types"), "PRIVATE")
	}
	for _, o := range v2 {
		dom, err := add(o)
		if err != nil {
			return nil, err
		}
		dom.v2 = o
	}
	return out, nil
}

// key is where the domain's part is kept.
func (dom *domain) key() string { return strings.TrimSuffix(dom.name+"+"+dom.id, "+") }

func (d *describer) domain(dom *domain, mapped, ruled []mapping, endpoints []string) model.Entity {
	id := model.ID{attr.DomainName: dom.name}
	path := "/domainnames/" + dom.name
	resource := d.arn(path)
	if dom.id != "" {
		id[attr.DomainNameID] = dom.id
		resource = "arn:" + d.at.Partition + ":apigateway:" + d.at.Region + ":" + d.at.AccountID + ":" + path + "+" + dom.id
	}
	e := model.Entity{Type: attr.TypeDomainName, ID: id, Description: map[string]any{attr.CloudResourceID: resource}}
	for _, c := range dom.v2.objects("domainNameConfigurations") {
		fields := regionalConfigurationFields
		if c.text("endpointType") == "EDGE" {
			fields = edgeConfigurationFields
		}
		d.describe(e.Description, c, fields)
	}
	d.describe(e.Description, dom.v2, domainFields)
	d.describe(e.Description, dom.v1, domainFields)
	if len(endpoints) > 0 {
		e.Description[attr.Prefix+"access_associations"] = anys(endpoints)
	}
	for name, list := range map[string][]mapping{attr.Prefix + "mappings": mapped, attr.Prefix + "routing_rules": ruled} {
		all := make([]any, 0, len(list))
		for i := range list {
			all = append(all, list[i].describe())
			e.Relations = append(e.Relations, toStage(relationRoutesTo, list[i].API, list[i].Stage))
		}
		if len(all) > 0 {
			e.Description[name] = all
		}
	}
	e.Relations = unique(e.Relations)
	return e
}

var vpcLinkFields = []field{
	{"name", attrName, text},
	{"description", attrDescription, text},
	{"createdDate", attrCreated, date},
	{"status", attrStatus, text},
	{"statusMessage", attrStatusMessage, text},
	{"vpcLinkStatus", attrStatus, text},
	{"vpcLinkStatusMessage", attrStatusMessage, text},
	{"vpcLinkVersion", attrVersion, text},
	{"subnetIds", attr.Prefix + "subnet_ids", list},
	{"securityGroupIds", attr.Prefix + "security_group_ids", list},
	{"targetArns", attr.Prefix + "vpc_link.targets", list},
	{"tags", attrTags, dictionary},
}

// vpcLink reads a VPC link of either version; version says which where AWS does not.
func (d *describer) vpcLink(o object, version string) (model.Entity, error) {
	id := cmp.Or(o.text("id"), o.text("vpcLinkId"))
	if id == "" {
		return model.Entity{}, errNoID
	}
	e := model.Entity{Type: attr.TypeVPCLink, ID: model.ID{attr.VPCLinkID: id}, Description: map[string]any{
		attr.CloudResourceID: d.arn("/vpclinks/" + id), attrVersion: version,
	}}
	d.describe(e.Description, o, vpcLinkFields)
	for _, t := range o.texts("targetArns") {
		if _, ok := parseARN(t); !ok {
			d.bad++
			continue
		}
		e.Relations = append(e.Relations, onARN(t))
	}
	e.Relations = unique(e.Relations)
	return e, nil
}

var usagePlanFields = []field{
	{"name", attrName, text},
	{"description", attrDescription, text},
	{"productCode", attr.Prefix + "product_code", text},
	{"quota.limit", attr.Prefix + "quota.limit", integer},
	{"quota.offset", attr.Prefix + "quota.offset", integer},
	{"quota.period", attr.Prefix + "quota.period", text},
	{"throttle.rateLimit", attrRateLimit, decimal},
	{"throttle.burstLimit", attrBurstLimit, integer},
	{"tags", attrTags, dictionary},
}

func (d *describer) usagePlan(o object) (model.UsagePlan, model.Entity, error) {
	p := model.UsagePlan{ID: o.text("id"), Name: o.text("name"), Throttle: throttle(o, "throttle.rateLimit", "throttle.burstLimit")}
	if p.ID == "" {
		return p, model.Entity{}, errNoID
	}
	if limit := o.number("quota.limit"); limit != nil {
		p.Quota = &model.Quota{Limit: *limit, Period: o.text("quota.period")}
	}
	e := model.Entity{Type: attr.TypeUsagePlan, ID: model.ID{attr.UsagePlanID: p.ID}, Description: map[string]any{attr.CloudResourceID: d.arn("/usageplans/" + p.ID)}}
	d.describe(e.Description, o, usagePlanFields)
	throttles := []any{}
	for _, s := range o.objects("apiStages") {
		ps := model.PlanStage{API: s.text("apiId"), Stage: s.text("stage")}
		if ps.API == "" {
			continue
		}
		e.Relations = append(e.Relations, toStage(relationLimits, ps.API, ps.Stage))
		byRoute := s.members("throttle")
		for _, key := range slices.Sorted(maps.Keys(byRoute)) {
			t := model.RouteThrottle{Route: methodSettingRoute(key), Throttle: throttle(byRoute[key], "rateLimit", "burstLimit")}
			one := map[string]any{"api_id": ps.API, "stage": ps.Stage, "route_key": t.Route}
			d.describe(one, byRoute[key], []field{{"rateLimit", "rate_limit", decimal}, {"burstLimit", "burst_limit", integer}})
			throttles = append(throttles, one)
			ps.Throttles = append(ps.Throttles, t)
		}
		p.Stages = append(p.Stages, ps)
	}
	if len(throttles) > 0 {
		e.Description[attr.Prefix+"method_throttles"] = throttles
	}
	e.Relations = unique(e.Relations)
	return p, e, nil
}

var apiKeyFields = []field{
	{"name", attrName, text},
	{"description", attrDescription, text},
	{"enabled", attr.Prefix + "enabled", boolean},
	{"customerId", attr.Prefix + "customer_id", text},
	{"createdDate", attrCreated, date},
	{"lastUpdatedDate", attrUpdated, date},
	{"stageKeys", attr.Prefix + "stage_keys", list},
	{"tags", attrTags, dictionary},
}

// apiKey reads an API key; its value is never looked at. plans are those that it uses.
func (d *describer) apiKey(o object, plans []string) (model.Entity, error) {
	id := o.text("id")
	if id == "" {
		return model.Entity{}, errNoID
	}
	e := model.Entity{Type: attr.TypeAPIKey, ID: model.ID{attr.APIKeyID: id}, Description: map[string]any{attr.CloudResourceID: d.arn("/apikeys/" + id)}}
	d.describe(e.Description, o, apiKeyFields)
	for _, p := range plans {
		e.Relations = append(e.Relations, model.Relation{Kind: relationUses, Type: attr.TypeUsagePlan, ID: model.ID{attr.UsagePlanID: p}})
	}
	e.Relations = unique(e.Relations)
	return e, nil
}

var clientCertificateFields = []field{
	{"description", attrDescription, text},
	{"createdDate", attrCreated, date},
	{"expirationDate", attr.Prefix + "expires", date},
	{"tags", attrTags, dictionary},
}

func (d *describer) clientCertificate(o object) (model.Certificate, model.Entity, error) {
	c := model.Certificate{ID: o.text("clientCertificateId"), Expires: o.date("expirationDate")}
	if c.ID == "" {
		return c, model.Entity{}, errNoID
	}
	e := model.Entity{Type: attr.TypeClientCertificate, ID: model.ID{attr.ClientCertificateID: c.ID}, Description: map[string]any{attr.CloudResourceID: d.arn("/clientcertificates/" + c.ID)}}
	d.describe(e.Description, o, clientCertificateFields)
	return c, e, nil
}
