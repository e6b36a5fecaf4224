package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

func entitiesPage() []byte {
	var b bytes.Buffer
	w := printer(&b)
	w(generated)
	w("# Entities\n")
	w("In a logs pipeline the receiver reports each resource as an entity. `inventory::entity_events` says in which form:\n")
	w("| | `specification` | `legacy` |")
	w("| --- | --- | --- |")
	w("| event | EventName `entity.state`, `entity.delete` | `otel.entity.event.type`: `entity_state`, `entity_delete` |")
	w("| type | `entity.type` | `otel.entity.type` |")
	w("| identity, a map of strings | `entity.id` | `otel.entity.id` |")
	w("| everything that is known of it, a map | `entity.description` | `otel.entity.attributes` |")
	w("| relations, a list of maps with `relationship.type`, `entity.type`, `entity.id` | `entity.relationships` | |")
	w("| until it is reported again | `entity.report.interval`, seconds | `otel.entity.interval`, milliseconds |\n")
	w("A record's scope has the attribute `otel.entity.event_as_log: true`, by which pipelines tell entity events from other logs; its resource is where the entity was found:")
	w("`cloud.provider`, `cloud.account.id`, `cloud.region`. Records of deleted entities have type and id alone. Bodies are empty.\n")
	w("A state is complete: what it does not say is not set. Values that AWS's documents don't allow, such as a date that is none, come as they are, as text, and are counted in")
	w("`malformed_results`. Members of AWS's answers that no table names don't come out.\n")
	w("| entity | id, besides `cloud.account.id` and `cloud.region` | relations | reported |")
	w("| --- | --- | --- | --- |")
	docs := inventory.EntityDocs()
	for i := range docs {
		d := &docs[i]
		w("| [`%s`](#%s) | %s | %s | %s |", d.Type, anchor(d.Type), identity(d), relations(d), map[bool]string{true: "daily", false: "each `report_interval`"}[d.Daily])
	}
	w("\nWhat lies outside API Gateway is an entity of one of these types, which the receiver only refers to:\n")
	w("| entity | id | for |")
	w("| --- | --- | --- |")
	w("| `%s` | `%s` | what has an ARN: Lambda functions, state machines, queues, load balancers, user pools, web ACLs |", attr.TypeResource, attr.CloudResourceID)
	w("| `%s` | `%s` | HTTP hosts |", attr.TypeServer, attr.ServerAddress)
	w("| `%s` | `%s`, `%s`, `%s` | AWS services that are called where no ARN says what of them |", attr.TypeService, attr.RPCService, attr.CloudAccountID, attr.CloudRegion)
	w("\nA target that a stage variable or the request decides is not known, and has no relation.")
	for i := range docs {
		d := &docs[i]
		w("\n## `%s`\n", d.Type)
		w("%s\n", d.Description)
		w("| attribute | type | from AWS's |")
		w("| --- | --- | --- |")
		for _, a := range d.Attributes {
			from := code(a.Members)
			switch {
			case from == "":
				from = a.Description
			case a.Description != "":
				from += ": " + a.Description
			}
			w("| `%s` | %s | %s |", a.Name, a.Type, from)
		}
	}
	w("\nHashes are half of a SHA-256, in hex: they tell that a document is there, and whether it changed.\n")
	changes(w)
	return b.Bytes()
}

func identity(d *inventory.EntityDoc) string {
	if len(d.ID) == 0 {
		return "–"
	}
	out := code(d.ID)
	if d.Type == attr.TypeDomainName {
		out = fmt.Sprintf("`%s`, and `%s` where it is private", d.ID[0], d.ID[1])
	}
	return out
}

func relations(d *inventory.EntityDoc) string {
	var out []string
	for _, r := range d.Relations {
		var to []string
		for _, t := range r.To {
			to = append(to, "`"+strings.TrimPrefix(t, attr.Prefix)+"`")
		}
		s := "`" + r.Kind + "` " + strings.Join(to, ", ")
		if r.Note != "" {
			s += " (" + r.Note + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// changes are the events beside the entities.
func changes(w func(format string, args ...any)) {
	w("# Changes\n")
	w("Changes that a graph can be annotated with are log records of their own, on the resource of the stage that they happened to, which its metrics have too (usage plans' and the")
	w("account's limits on the account's). They come in every form of `entity_events`, `none` included. Severity is INFO, the body a line of text.\n")
	w("Timestamp is the stage's `lastUpdatedDate` where AWS has one that is new, else when the change was seen. A change that happened while the collector was down has")
	w("`aws.api_gateway.observed_late: true`. Stages, canaries and throttles are compared with each crawl; what changed and changed back between two of them is not seen.\n")
	w("| EventName | when | attributes |")
	w("| --- | --- | --- |")
	w("| `aws.api_gateway.deployment` | a stage runs another deployment | `%s`, `aws.api_gateway.deployment.previous_id`; `aws.api_gateway.deployment.rollback: true` where the new one is older |", attr.DeploymentID)
	w("| `aws.api_gateway.canary` | a canary is started, changed, promoted or aborted | `aws.api_gateway.canary.change`: `started`, `changed`, `promoted`, `aborted`; `aws.api_gateway.canary.deployment_id`, `aws.api_gateway.canary.percent`, and both with `previous_` |")
	w("| `aws.api_gateway.throttle` | a throttle or quota changes | `aws.api_gateway.throttle.scope`: `account`, `stage`, `route`, `usage_plan`; `%s`, `%s`; `aws.api_gateway.throttle.rate_limit`, `aws.api_gateway.throttle.burst_limit`, `aws.api_gateway.quota.limit`, `aws.api_gateway.quota.period`, and each with `previous_` |", attr.RouteKey, attr.UsagePlanID)
	w("\n`previous_` stands before the last part of a name: `aws.api_gateway.throttle.previous_rate_limit`. A limit that is not there is not set.")
}
