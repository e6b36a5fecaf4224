package awssim

import (
	"cmp"
	"fmt"
)

func (d *DomainName) endpoint() string { return cmp.Or(d.EndpointType, "REGIONAL") }

func (d *DomainName) private() bool { return d.endpoint() == "PRIVATE" }

// id is a private domain name's; others have none.
func (d *DomainName) id() string {
	if !d.private() {
		return ""
	}
	return cmp.Or(d.ID, madeUpID(10, "domainname", d.Name, d.Owner))
}

// path is how ARNs name it.
func (d *DomainName) path() string {
	if d.private() {
		return d.Name + "+" + d.id()
	}
	return d.Name
}

// domainNameARN is a domain name's ARN. Only that of a private one has an account, its owner's.
func (v *view) domainNameARN(d *DomainName) string {
	if d.private() {
		return v.arn(cmp.Or(d.Owner, v.account.ID), "/domainnames/"+d.path())
	}
	return v.arn("", "/domainnames/"+d.path())
}

func (v *view) addressType(d *DomainName) string {
	if d.private() {
		return cmp.Or(d.IPAddressType, "dualstack")
	}
	return cmp.Or(d.IPAddressType, "ipv4")
}

// target is the host that a domain name's DNS entry leads to.
func (v *view) target(d *DomainName) (host, zone string) {
	id := madeUpID(10, v.account.ID, v.region.Name, "target", d.Name)
	if d.endpoint() == "EDGE" {
		return "d" + id + "abc.cloudfront.net", "Z2FDTNDATAQYW2"
	}
	return fmt.Sprintf("d-%s.execute-api.%s.%s", id, v.region.Name, dnsSuffix(v.account.partition())), "Z1UJRXOUMOOFQ8"
}

// domainName describes a domain name as v1 has it.
func (v *view) domainName(d *DomainName) members {
	out := members{
		"domainName": d.Name, "domainNameArn": v.domainNameARN(d), "domainNameStatus": cmp.Or(d.Status, "AVAILABLE"),
		"securityPolicy":        cmp.Or(d.SecurityPolicy, "TLS_1_2"),
		"endpointConfiguration": members{"types": []string{d.endpoint()}, "ipAddressType": v.addressType(d)},
		"routingMode":           cmp.Or(d.RoutingMode, "API_MAPPING_ONLY"),
	}
	out.text("domainNameStatusMessage", d.StatusMessage)
	out.text("endpointAccessMode", d.AccessMode)
	out.text("ownershipVerificationCertificateArn", d.OwnershipARN)
	v.describeDomain(d, out)
	certificate, name := "certificateArn", "certificateName"
	host, zone := v.target(d)
	switch d.endpoint() {
	case "EDGE":
		out["distributionDomainName"], out["distributionHostedZoneId"] = host, zone
	case "REGIONAL":
		certificate, name = "regionalCertificateArn", "regionalCertificateName"
		out["regionalDomainName"], out["regionalHostedZoneId"] = host, zone
	default:
		out["domainNameId"] = d.id()
		out.text("policy", d.Policy)
		out.text("managementPolicy", d.ManagementPolicy)
	}
	out.text(certificate, d.CertificateARN)
	out.text(name, d.CertificateName)
	if d.CertificateARN != "" {
		out["certificateUploadDate"] = v.time(later(d.CertificateUploaded, d.Created))
	}
	return out
}

// describeDomain sets what both versions name alike.
func (v *view) describeDomain(d *DomainName, out members) {
	if m := d.MutualTLS; m != nil {
		mutual := members{"truststoreUri": m.TruststoreURI}
		mutual.text("truststoreVersion", m.TruststoreVersion)
		mutual.list("truststoreWarnings", m.Warnings)
		out["mutualTlsAuthentication"] = mutual
	}
	if len(d.Tags) > 0 {
		out["tags"] = d.Tags
	}
}

// domainNameV2 describes a domain name as v2 has it.
func (v *view) domainNameV2(d *DomainName) members {
	host, zone := v.target(d)
	configuration := members{
		"apiGatewayDomainName": host, "hostedZoneId": zone, "endpointType": d.endpoint(), "ipAddressType": v.addressType(d),
		"domainNameStatus": cmp.Or(d.Status, "AVAILABLE"), "securityPolicy": cmp.Or(d.SecurityPolicy, "TLS_1_2"),
	}
	configuration.text("domainNameStatusMessage", d.StatusMessage)
	configuration.text("ownershipVerificationCertificateArn", d.OwnershipARN)
	configuration.text("certificateArn", d.CertificateARN)
	configuration.text("certificateName", d.CertificateName)
	if d.CertificateARN != "" {
		configuration["certificateUploadDate"] = v.time(later(d.CertificateUploaded, d.Created))
	}
	out := members{
		"domainName": d.Name, "domainNameArn": v.domainNameARN(d), "domainNameConfigurations": []members{configuration},
		"apiMappingSelectionExpression": "$request.basepath", "routingMode": cmp.Or(d.RoutingMode, "API_MAPPING_ONLY"), "tags": notNil(d.Tags),
	}
	v.describeDomain(d, out)
	return out
}

// basePath is the mapping's key as v1 writes it.
func (m *Mapping) basePath() string { return cmp.Or(m.Key, "(none)") }

func (v *view) basePathMapping(m *Mapping) members {
	out := members{"basePath": m.basePath(), "restApiId": m.API}
	out.text("stage", m.Stage)
	return out
}

func (m *Mapping) id(d *DomainName) string {
	return cmp.Or(m.ID, madeUpID(6, "mapping", d.Name, m.Key))
}

func (v *view) apiMapping(d *DomainName, m *Mapping) members {
	return members{"apiMappingId": m.id(d), "apiId": m.API, "stage": m.Stage, "apiMappingKey": m.Key}
}

func (r *RoutingRule) id(d *DomainName) string {
	return cmp.Or(r.ID, madeUpID(6, "rule", d.Name, fmt.Sprint(r.Priority)))
}

// routingRule describes a routing rule. Its ARN has the account.
func (v *view) routingRule(d *DomainName, r *RoutingRule) members {
	conditions := []members{}
	if len(r.BasePaths) > 0 {
		conditions = append(conditions, members{"matchBasePaths": members{"anyOf": r.BasePaths}})
	}
	if len(r.Headers) > 0 {
		var headers []members
		for _, h := range r.Headers {
			headers = append(headers, members{"header": h.Header, "valueGlob": h.Glob})
		}
		conditions = append(conditions, members{"matchHeaders": members{"anyOf": headers}})
	}
	return members{
		"routingRuleId": r.id(d), "routingRuleArn": v.arn(v.account.ID, "/domainnames/"+d.path()+"/routingrules/"+r.id(d)), "priority": r.Priority,
		"conditions": conditions, "actions": []members{{"invokeApi": members{"apiId": r.API, "stage": r.Stage, "stripBasePath": r.StripBasePath}}},
	}
}

// accessAssociation describes an association of a VPC endpoint with a private domain name.
func (v *view) accessAssociation(d *DomainName, a *AccessAssociation) members {
	out := members{
		"domainNameAccessAssociationArn": v.arn(v.account.ID, "/domainnameaccessassociations/domainname/"+d.path()+"/vpcesource/"+a.VPCEndpoint),
		"domainNameArn":                  v.domainNameARN(d), "accessAssociationSource": a.VPCEndpoint, "accessAssociationSourceType": "VPCE",
	}
	if len(a.Tags) > 0 {
		out["tags"] = a.Tags
	}
	return out
}
