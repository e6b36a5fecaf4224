"""Reads traces with boto3, page by page, and compares their segments with the requests that really happened."""

import json
import os
import time
import urllib.request

import boto3

ORDERS = 'annotation[aws:api_id] = "a1orders00" AND service(id(type: "AWS::ApiGateway::Stage"))'


def truth(account, api, begin, end):
    url = f"{os.environ['AWSSIM_ADMIN']}/world/traces?account={account}&region=us-east-1&api={api}&from={begin}&to={end}&limit=10000"
    answer = json.load(urllib.request.urlopen(url))
    assert not answer["more"]
    return {t["trace_id"]: t for t in answer["traces"]}


def nodes(document):
    yield document["id"], document["name"]
    for sub in document.get("subsegments", []):
        yield from nodes(sub)


xray = boto3.client("xray")
to = int(time.time()) - 60
begin = to - 300
want = truth("111122223333", "a1orders00", begin, to)
pages = xray.get_paginator("get_trace_summaries").paginate(StartTime=begin, EndTime=to, FilterExpression=ORDERS)
summaries = {s["Id"]: s for page in pages for s in page["TraceSummaries"]}
assert want and summaries.keys() == want.keys(), (len(summaries), len(want))

ids = sorted(summaries)
for five in (ids[i : i + 5] for i in range(0, len(ids), 5)):
    answer = xray.batch_get_traces(TraceIds=five)
    assert not answer["UnprocessedTraceIds"] and len(answer["Traces"]) == len(five)
    for trace in answer["Traces"]:
        got = [n for s in trace["Segments"] for n in nodes(json.loads(s["Document"]))]
        assert got == [(s["id"], s["name"]) for s in want[trace["Id"]]["segments"]], trace
        assert summaries[trace["Id"]]["Http"]["HttpStatus"] == want[trace["Id"]]["status"]

# The other account has Transaction Search on.
other = boto3.client("xray", aws_access_key_id="AKIASIM444455556666", aws_secret_access_key="x")
assert other.get_trace_segment_destination()["Destination"] == "CloudWatchLogs"
want = truth("444455556666", "p1partner0", begin, to)
token = other.start_trace_retrieval(TraceIds=sorted(want)[:50], StartTime=begin, EndTime=to)["RetrievalToken"]
found = {}
for _ in range(20):
    page = other.list_retrieved_traces(RetrievalToken=token, TraceFormat="OTEL")
    if page["RetrievalStatus"] == "COMPLETE":
        break
while True:
    found.update({t["Id"]: t for t in page["Traces"]})
    if not page.get("NextToken"):
        break
    page = other.list_retrieved_traces(RetrievalToken=token, TraceFormat="OTEL", NextToken=page["NextToken"])
assert found.keys() == set(sorted(want)[:50]), (len(found), len(want))
for trace in found.values():
    spans = [json.loads(s["Document"])["spanId"] for s in trace["Spans"]]
    assert spans == [s["id"] for s in want[trace["Id"]]["segments"] if not s.get("inferred")]
print("peers: boto3 reads traces")
