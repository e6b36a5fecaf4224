"""Reads the embedded AWS with boto3 and compares what it says with what the admin API says happened."""

import datetime as dt
import json
import os
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

admin = os.environ["AWSSIM_ADMIN"]
config = Config(retries={"max_attempts": 1})
cloudwatch = boto3.client("cloudwatch", config=config)
end = dt.datetime.now(dt.timezone.utc).replace(second=0, microsecond=0) - dt.timedelta(minutes=3)
start = end - dt.timedelta(minutes=30)


def truth():
    query = urllib.parse.urlencode({"from": start.isoformat(), "to": end.isoformat(), "account": "111122223333", "region": "us-east-1"})
    with urllib.request.urlopen(f"{admin}/world?{query}") as answer:
        return json.load(answer)["stages"]


def faults(body):
    urllib.request.urlopen(urllib.request.Request(f"{admin}/faults", json.dumps(body).encode(), method="POST"))


def check_data():
    series = []
    for stage in truth():
        if stage["name"] in ("twins", "search"):
            continue  # several APIs in one series
        ascii_name = stage["name"].encode("ascii", "ignore").decode() or stage["api"]
        api = {"Name": "ApiName", "Value": ascii_name} if stage["type"] == "REST" else {"Name": "ApiId", "Value": stage["api"]}
        name = stage["stage"] + ("/Canary" if stage.get("canary") else "")
        for metric, want in stage["metrics"].items():
            series.append((metric, [api, {"Name": "Stage", "Value": name}], want))
    queries = [
        {"Id": f"q{i}_{stat.lower()}", "MetricStat": {"Metric": {"Namespace": "AWS/ApiGateway", "MetricName": metric, "Dimensions": dims}, "Period": 60, "Stat": stat}}
        for i, (metric, dims, _) in enumerate(series)
        for stat in ("SampleCount", "Sum", "p90")
    ]
    values = {}
    for begin in range(0, len(queries), 500):
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries[begin : begin + 500], StartTime=start, EndTime=end, PaginationConfig={"PageSize": 400}
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                assert len(result["Values"]) == len(result["Timestamps"])
                assert all(start <= t < end for t in result["Timestamps"])
                values.setdefault(result["Id"], []).extend(result["Values"])
    for i, (metric, dims, want) in enumerate(series):
        for stat in ("SampleCount", "Sum"):
            assert sum(values[f"q{i}_{stat.lower()}"]) == want[stat], (metric, dims, stat)
        assert len(values[f"q{i}_p90"]) == len(values[f"q{i}_sum"])
    return len(series)


def check_lists():
    listed = sum(len(p["Metrics"]) for p in cloudwatch.get_paginator("list_metrics").paginate(Namespace="AWS/ApiGateway", RecentlyActive="PT3H"))
    assert listed > 100
    gateway = boto3.client("apigateway", config=config)
    apis = [a for page in gateway.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 3}) for a in page["items"]]
    assert len({a["id"] for a in apis}) == len(apis) >= 10
    assert all(isinstance(a["createdDate"], dt.datetime) for a in apis)
    assert gateway.get_stages(restApiId="a1orders00")["item"][0]["canarySettings"]["percentTraffic"] == 10.0
    v2 = boto3.client("apigatewayv2", config=config)
    assert {a["ProtocolType"] for a in v2.get_apis()["Items"]} == {"HTTP", "WEBSOCKET"}
    assert v2.get_stages(ApiId="a3payments")["Items"][0]["StageName"] == "$default"


def check_roles():
    sts = boto3.client("sts", config=config)
    role = {"RoleArn": "arn:aws:iam::444455556666:role/apigateway-reader", "RoleSessionName": "peers"}
    assert code(lambda: sts.assume_role(**role)) == "AccessDenied"
    made = sts.assume_role(ExternalId="awssim-demo", **role)["Credentials"]
    other = boto3.client(
        "apigateway", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"], aws_session_token=made["SessionToken"]
    )
    assert [a["name"] for a in other.get_rest_apis()["items"]] == ["partner-api"]


def check_errors():
    faults({"throttle": 1})
    assert code(lambda: cloudwatch.list_metrics()) == "Throttling"
    assert code(lambda: boto3.client("apigateway", config=config).get_rest_apis()) == "TooManyRequestsException"
    faults({})
    assert code(lambda: cloudwatch.get_metric_data(MetricDataQueries=[], StartTime=start, EndTime=end)) == "ValidationError"


def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


checked = check_data()
check_lists()
check_roles()
check_errors()
print(f"peers: boto3 reads it, {checked} series equal what happened")
