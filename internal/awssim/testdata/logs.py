"""Reads access logs with boto3, page by page, and compares them with the requests that really happened."""

import json
import os
import time
import urllib.request

import boto3

logs = boto3.client("logs")
to = int(time.time()) - 60
begin = to - 300

groups = [g for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/apigateway/") for g in page["logGroups"]]
assert len(groups) >= 8, groups
assert {g["logGroupName"]: g.get("retentionInDays") for g in groups}["/aws/apigateway/orders"] == 30

for api, group in {"a2catalog0": "catalogue", "a3payments": "payments", "a4chat0000": "support-chat"}.items():
    url = f"{os.environ['AWSSIM_ADMIN']}/world/requests?account=111122223333&api={api}&from={begin}&to={to}&limit=10000"
    truth = json.load(urllib.request.urlopen(url))
    assert not truth["more"]
    want = {r["event_id"]: r["line"] for r in truth["requests"] if r.get("event_id")}
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/aws/apigateway/" + group, startTime=begin * 1000, endTime=to * 1000 - 1, PaginationConfig={"PageSize": 100}
    )
    got = {e["eventId"]: e["message"] for page in pages for e in page["events"]}
    assert want and got == want, (group, len(got), len(want))

streams = logs.describe_log_streams(logGroupName="/aws/apigateway/orders", orderBy="LastEventTime", descending=True)["logStreams"]
events = logs.get_log_events(logGroupName="/aws/apigateway/orders", logStreamName=streams[0]["logStreamName"], limit=10)
assert len(events["events"]) == 10 and events["nextForwardToken"] and events["nextBackwardToken"]

try:
    logs.filter_log_events(logGroupName="/aws/apigateway/chumon")
    raise SystemExit("a group of class INFREQUENT_ACCESS was read")
except logs.exceptions.InvalidOperationException:
    pass
print("peers: boto3 reads the logs, and they are the world's requests")
