package awssim

import "time"

// demoMain is the first account in us-east-1: everything that API Gateway has beside APIs.
func demoMain(apis []*API, now, old time.Time) *Region {
	for _, api := range apis {
		switch api.ID {
		case "a1orders00":
			demoOrders(api, now, old)
		case "a2catalog0":
			demoCatalogue(api, now, old)
		case "a3payments":
			demoPayments(api, now)
		case "a4chat0000":
			demoChat(api, now, old)
		case "a5internal":
			demoInternal(api)
		}
	}
	return &Region{
		Name: "us-east-1", APIs: apis, ForeignTraces: 20,
		Account:     AccountSettings{CloudWatchRoleARN: demoRoleARN("apigateway-logs")},
		DomainNames: demoDomainNames(now, old),
		LogGroups:   demoLogGroups(old),
		Alarms:      demoAlarms(apis),
		VPCLinks: []*VPCLink{
			{
				ID: "vpcl00orders", Name: "orders", Created: old, Description: "to the orders' load balancer",
				TargetARNs: []string{demoARN("elasticloadbalancing", "loadbalancer/net/orders/50dc6c495c0c9188")},
				Tags:       map[string]string{"team": "orders"},
			},
			{
				ID: "vpcl00broken", Name: "old", Created: old, Status: "FAILED", StatusMessage: "NLB not found",
				TargetARNs: []string{demoARN("elasticloadbalancing", "loadbalancer/net/gone/60dc6c495c0c9188")},
			},
			{
				ID: "vpcl2a", Name: "services", Version: 2, Created: old, Subnets: []string{"subnet-0aaa1111", "subnet-0bbb2222"},
				SecurityGroups: []string{"sg-0ccc3333"}, Tags: map[string]string{"team": "platform"},
			},
			{
				ID: "vpcl2b", Name: "unused", Version: 2, Created: old, Status: "INACTIVE", StatusMessage: "no traffic for 60 days",
				Subnets: []string{"subnet-0aaa1111"},
			},
		},
		UsagePlans: demoPlans(now, old),
		APIKeys: []*APIKey{
			{
				ID: "keyacme000", Name: "acme", Created: old, Value: "demoAcmeKeyValue000000000000000000000000", CustomerID: "marketplace-acme",
				StageKeys: []string{"a1orders00/prod"}, Tags: map[string]string{"customer": "acme"},
			},
			{ID: "keyglobex0", Name: "globex", Created: old, StageKeys: []string{"a1orders00/prod"}},
			{ID: "keyretired", Name: "retired", Created: old, Disabled: true, Description: "until the contract is settled"},
			{ID: "keyinitech", Name: "initech", Created: now.Add(3 * time.Minute)},
		},
		ClientCertificates: []*ClientCertificate{
			// Rotated while a demonstration runs: the new one is there first.
			{
				ID: "cert00", Created: now.Add(-360 * 24 * time.Hour), Expires: now.Add(5 * 24 * time.Hour),
				Deleted: now.Add(6*time.Minute + 30*time.Second), Description: "catalogue 2025",
			},
			{ID: "cert01", Created: now.Add(5*time.Minute + 30*time.Second), Description: "catalogue 2026"},
			{ID: "cert02", Created: now.Add(-350 * 24 * time.Hour), Description: "nearly expired"}, // in 15 days
		},
	}
}

func demoDomainNames(now, old time.Time) []*DomainName {
	certificate := func(id string) string { return demoARN("acm", "certificate/"+id) }
	return []*DomainName{
		{
			Name: "shop.example.com", EndpointType: "EDGE", Created: old, CertificateARN: certificate("11111111-aaaa-bbbb-cccc-000000000001"), SecurityPolicy: "TLS_1_2",
			Mappings: []*Mapping{{Key: "", API: "a2catalog0", Stage: "live"}},
		},
		{
			Name: "api.example.com", Created: old, CertificateARN: certificate("11111111-aaaa-bbbb-cccc-000000000002"), SecurityPolicy: "SecurityPolicy_TLS13_1_3_2025_09",
			AccessMode: "STRICT", RoutingMode: "ROUTING_RULE_THEN_API_MAPPING", Tags: map[string]string{"team": "platform"},
			MutualTLS: &MutualTLS{
				TruststoreURI: "s3://shop-truststores/partners.pem", TruststoreVersion: "v7", Warnings: []string{"a certificate expires soon"},
			},
			Mappings: []*Mapping{
				{Key: "orders", API: "a1orders00", Stage: "prod"},
				{Key: "orders/v2", API: "a1orders00", Stage: "test"},
				{
					Key: "payments", API: "a3payments", Stage: "$default",
				},
				{Key: "preview", API: "a2catalog0", Stage: "preview", Created: now.Add(4*time.Minute + 20*time.Second)},
			},
			RoutingRules: []*RoutingRule{
				{
					ID: "rul001", Priority: 10, Headers: []HeaderMatch{{"x-version", "beta*"}}, BasePaths: []string{"orders"}, API: "a1orders00",
					Stage: "test", StripBasePath: true,
				},
				{ID: "rul002", Priority: 20, BasePaths: []string{"catalogue", "products"}, API: "a2catalog0", Stage: "live"},
			},
		},
		{
			Name: "tools.internal.example.com", ID: "privtools1", EndpointType: "PRIVATE", Created: old, CertificateARN: certificate("11111111-aaaa-bbbb-cccc-000000000003"),
			Policy:             `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}]}`,
			Mappings:           []*Mapping{{Key: "tools", API: "a5internal", Stage: "v1"}},
			AccessAssociations: []*AccessAssociation{{VPCEndpoint: "vpce-0a1b2c3d4e5f60718", Tags: map[string]string{"team": "platform"}}},
		},
		{ // shared with this account by the other
			Name: "partners.internal.example.com", ID: "privpartn1", EndpointType: "PRIVATE", Owner: DemoOtherAccount, Created: old,
			AccessAssociations: []*AccessAssociation{{VPCEndpoint: "vpce-0a1b2c3d4e5f60718"}},
		},
	}
}

// demoPlans sell the orders API. The bronze quota grows five minutes from now.
func demoPlans(now, old time.Time) []*UsagePlan {
	return []*UsagePlan{
		{
			ID: "plngld", Name: "gold", Created: old, Description: "for large customers", ProductCode: "demo-product", Throttle: &Throttle{
				Rate: 200, Burst: 100,
			},
			Quota: &Quota{Limit: 1_000_000, Period: "MONTH"},
			Stages: []PlanStage{
				{API: "a1orders00", Stage: "prod", Methods: map[string]Throttle{"/orders/POST": {Rate: 20, Burst: 10}}},
				{API: "a2catalog0", Stage: "live"},
			},
			Keys: []*PlanKey{{KeyID: "keyacme000", PerDay: 30_000}}, Tags: map[string]string{"tier": "gold"},
		},
		{
			ID: "plnbrz", Name: "bronze", Created: old, Throttle: &Throttle{Rate: 10, Burst: 5}, Quota: &Quota{Limit: 5000, Period: "DAY"},
			Stages: []PlanStage{{API: "a1orders00", Stage: "prod"}},
			Keys: []*PlanKey{
				{KeyID: "keyglobex0", PerDay: 4700}, {KeyID: "keyretired"}, {KeyID: "keyinitech", Created: now.Add(3 * time.Minute), PerDay: 900},
			},
			Changes: []Change[UsagePlan]{{now.Add(5 * time.Minute), func(p *UsagePlan) { p.Quota = &Quota{Limit: 8000, Period: "DAY"} }}},
		},
		{ID: "plnopn", Name: "unlimited", Created: old},
	}
}

// demoPartnersMain is the second account in us-east-1.
func demoPartnersMain(apis []*API, now, old time.Time) *Region {
	partner := apis[0]
	partner.Description = "What partners may call"
	partner.Stages[0].Tracing, partner.Stages[0].Sampling = true, 0.1
	partner.Changes = []Change[API]{
		{now.Add(6 * time.Minute), func(a *API) { a.Tags = map[string]string{"team": "partners", "reviewed": "yes"} }},
		{now.Add(9 * time.Minute), func(a *API) { a.Description = "What partners may call, by contract" }},
	}
	return &Region{
		Name: "us-east-1", APIs: apis, TransactionSearch: true,
		Alarms: []*Alarm{{Name: "partners-4xx", Metric: "4XXError", Dimensions: []string{"ApiName", "partner-api", "Stage", "v1"}}},
		DomainNames: []*DomainName{{
			Name: "partners.internal.example.com", ID: "privpartn1", EndpointType: "PRIVATE", Created: old,
			ManagementPolicy: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + DemoAccount + `"}, "Action": "apigateway:CreateAccessAssociation", "Resource": "*"}]}`,
			Mappings:         []*Mapping{{API: partner.ID, Stage: "v1"}},
		}},
	}
}
