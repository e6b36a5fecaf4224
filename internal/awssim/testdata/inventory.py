"""Reads API Gateway's inventory with boto3 and compares it with the admin API's /world/resources."""

import datetime as dt
import json
import os
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config

config = Config(retries={"max_attempts": 1})
v1, v2 = boto3.client("apigateway", config=config), boto3.client("apigatewayv2", config=config)


def world(kind):
    query = urllib.parse.urlencode({"account": "111122223333", "region": "us-east-1", "kind": kind})
    with urllib.request.urlopen(f"{os.environ['AWSSIM_ADMIN']}/world/resources?{query}") as answer:
        return json.load(answer)["resources"]


def plain(value):
    """Leaves out what is absent, empty, false or zero, as clients do, and times, which the two write differently."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v and not k.endswith("Date") and k != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def lines(items):
    return sorted(json.dumps(plain(i), sort_keys=True) for i in items)


def every(client, operation, items="items", **args):
    return [i for page in client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **args) for i in page[items]]


def equal(kind, got, want=None):
    want = [r["fields"] for r in world(kind)] if want is None else want
    assert lines(got) == lines(want), (kind, lines(got), lines(want))
    return len(got)


rest, http = [a["id"] for a in every(v1, "get_rest_apis")], [a["ApiId"] for a in every(v2, "get_apis", "Items")]
apis = [r for r in world("api") if r["id"] in rest]
compared = equal("api", every(v1, "get_rest_apis"), [r["fields"] for r in apis])
for kind, operation in {"usage_plan": "get_usage_plans", "client_certificate": "get_client_certificates"}.items():
    compared += equal(kind, every(v1, operation))
compared += equal("api_key", every(v1, "get_api_keys", includeValues=True))
compared += equal("domain_name", v1.get_domain_names(resourceOwner="SELF")["items"] + v1.get_domain_names(resourceOwner="OTHER_ACCOUNTS")["items"])
for api in rest:
    for kind, operation in {"authorizer": "get_authorizers", "model": "get_models", "request_validator": "get_request_validators"}.items():
        compared += equal(kind, every(v1, operation, restApiId=api), [r["fields"] for r in world(kind) if r["api"] == api])
    methods = [m for r in every(v1, "get_resources", restApiId=api, embed=["methods"]) for m in r.get("resourceMethods", {}).values()]
    compared += equal("integration", [m["methodIntegration"] for m in methods if "methodIntegration" in m], [r["fields"] for r in world("integration") if r["api"] == api])
    for d in every(v1, "get_deployments", restApiId=api):
        one = v1.get_deployment(restApiId=api, deploymentId=d["id"], embed=["apisummary"])
        compared += equal("deployment", [one], [r["fields"] for r in world("deployment") if r["id"] == d["id"]])
for api in http:
    for kind, operation, member in (("route", "get_routes", "RouteId"), ("integration", "get_integrations", "IntegrationId"), ("stage", "get_stages", "StageName")):
        name = member[0].lower() + member[1:]
        want = sorted(r["fields"][name] for r in world(kind) if r["api"] == api)
        assert sorted(i[member] for i in every(v2, operation, "Items", ApiId=api)) == want, (api, kind)
        compared += len(want)
rules = every(v2, "list_routing_rules", "RoutingRules", DomainName="api.example.com")
assert [r["Priority"] for r in rules] == [10, 20] and rules[0]["RoutingRuleArn"].startswith("arn:aws:apigateway:us-east-1:111122223333:/domainnames/")
today = dt.datetime.now(dt.timezone.utc).date()
usage = v1.get_usage(usagePlanId="plngld", startDate=(today - dt.timedelta(days=2)).isoformat(), endDate=today.isoformat())["items"]
assert list(usage) == ["keyacme000"] and len(usage["keyacme000"]) == 3 and all(used + left <= 1_000_000 for used, left in usage["keyacme000"])
print(f"peers: boto3 reads the inventory, {compared} resources equal the world's")
