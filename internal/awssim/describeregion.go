package awssim

import (
	"cmp"
	"fmt"
	"time"
)

// accountSettings describes the account.
func (v *view) accountSettings() members {
	a, _ := asOf(&v.region.Account, v.region.Account.Changes, v.now)
	throttle := cmp.Or(a.Throttle, &Throttle{Rate: 10_000, Burst: 5000})
	features := a.Features
	if features == nil {
		features = []string{"UsagePlans"}
	}
	out := members{"throttleSettings": describeThrottle(throttle), "features": features, "apiKeyVersion": cmp.Or(a.APIKeyVersion, "4")}
	out.text("cloudwatchRoleArn", a.CloudWatchRoleARN)
	return out
}

func describeThrottle(t *Throttle) members {
	return members{"burstLimit": t.Burst, "rateLimit": t.Rate}
}

// vpcLink describes a VPC link as its version has it.
func (v *view) vpcLink(l *VPCLink) members {
	var out members
	if l.version() == 1 {
		out = members{"id": l.ID, "name": l.Name, "targetArns": append([]string{}, l.TargetARNs...), "status": cmp.Or(l.Status, "AVAILABLE")}
		out.text("statusMessage", l.StatusMessage)
		out.text("description", l.Description)
		if len(l.Tags) > 0 {
			out["tags"] = l.Tags
		}
		return out
	}
	out = members{
		"vpcLinkId": l.ID, "name": l.Name, "createdDate": v.time(l.Created), "vpcLinkVersion": "V2", "tags": notNil(l.Tags),
		"subnetIds": append([]string{}, l.Subnets...), "securityGroupIds": append([]string{}, l.SecurityGroups...),
		"vpcLinkStatus": cmp.Or(l.Status, "AVAILABLE"),
	}
	out.text("vpcLinkStatusMessage", l.StatusMessage)
	return out
}

func (l *VPCLink) version() int { return cmp.Or(l.Version, 1) }

// usagePlan describes a usage plan.
func (v *view) usagePlan(p *UsagePlan) members {
	stages := []members{}
	for _, s := range p.Stages {
		stage := members{"apiId": s.API, "stage": s.Stage}
		if len(s.Methods) > 0 {
			methods := members{}
			for key, t := range s.Methods {
				methods[key] = describeThrottle(&t)
			}
			stage["throttle"] = methods
		}
		stages = append(stages, stage)
	}
	out := members{"id": p.ID, "name": p.Name, "apiStages": stages}
	out.text("description", p.Description)
	out.text("productCode", p.ProductCode)
	if p.Throttle != nil {
		out["throttle"] = describeThrottle(p.Throttle)
	}
	if q := p.Quota; q != nil {
		out["quota"] = members{"limit": q.Limit, "offset": q.Offset, "period": q.Period}
	}
	if len(p.Tags) > 0 {
		out["tags"] = p.Tags
	}
	return out
}

// key returns the API key of that id as it is now; nil where there is none.
func (v *view) key(id string) *APIKey {
	if v.keys == nil {
		v.keys = make(map[string]*APIKey, len(v.region.APIKeys))
		for _, k := range v.region.APIKeys {
			if v.alive(k.Created, k.Deleted) {
				v.keys[k.ID], _ = asOf(k, k.Changes, v.now)
			}
		}
	}
	return v.keys[id]
}

// value is the secret itself.
func (k *APIKey) value() string { return cmp.Or(k.Value, madeUpID(40, "key", k.ID)) }

// usagePlanKey describes an API key in a usage plan: with its value.
func (v *view) usagePlanKey(k *PlanKey) members {
	out := members{"id": k.KeyID, "type": "API_KEY"}
	if key := v.key(k.KeyID); key != nil {
		out["value"] = key.value()
		out.text("name", key.Name)
	}
	return out
}

// apiKey describes an API key, with its value only where that is asked for.
func (v *view) apiKey(k *APIKey, updated time.Time, value bool) members {
	out := members{
		"id": k.ID, "name": k.Name, "enabled": !k.Disabled, "createdDate": v.time(k.Created), "lastUpdatedDate": v.time(later(k.Created, updated)),
		"stageKeys": append([]string{}, k.StageKeys...),
	}
	if value {
		out["value"] = k.value()
	}
	out.text("description", k.Description)
	out.text("customerId", k.CustomerID)
	if len(k.Tags) > 0 {
		out["tags"] = k.Tags
	}
	return out
}

// clientCertificate describes a client certificate.
func (v *view) clientCertificate(c *ClientCertificate) members {
	expires := c.Expires
	if expires.IsZero() {
		expires = later(c.Created, minuteStart(0)).AddDate(1, 0, 0)
	}
	out := members{
		"clientCertificateId": c.ID, "createdDate": v.time(c.Created), "expirationDate": v.time(expires),
		"pemEncodedCertificate": cmp.Or(c.PEM, fmt.Sprintf("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", madeUpID(64, "pem", c.ID))),
	}
	out.text("description", c.Description)
	if len(c.Tags) > 0 {
		out["tags"] = c.Tags
	}
	return out
}
