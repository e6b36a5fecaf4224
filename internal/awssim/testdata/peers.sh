#!/bin/sh
# Reads the embedded AWS with clients that know nothing of it: the AWS CLI and boto3, where they are installed. Not part of go test.
# Usage: internal/awssim/testdata/peers.sh, from anywhere in the repository.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
port=${PEERS_PORT:-45990}
admin=$((port + 1))
(cd "$root" && go build -o "$work/awssim" ./cmd/awssim)
"$work/awssim" -listen "127.0.0.1:$port" -admin "127.0.0.1:$admin" -late 0 -list-lag 0s -ingestion-late 0 -tracing-late 0 -latency 2ms -quotas=false >"$work/log" &
pid=$!
trap 'kill $pid 2>/dev/null || true; rm -rf "$work"' EXIT
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=AKIASIM111122223333
export AWS_SECRET_ACCESS_KEY=x AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' AWSSIM_ADMIN="http://127.0.0.1:$admin"

tries=0
until python3 -c "import urllib.request as u; u.urlopen('$AWSSIM_ADMIN/healthz')" 2>/dev/null; do
	tries=$((tries + 1))
	if [ $tries -gt 50 ]; then
		echo "peers: awssim does not answer: $(cat "$work/log")" >&2
		exit 1
	fi
	sleep 0.1
done

if command -v aws >/dev/null; then
	test "$(aws sts get-caller-identity --query Account --output text)" = 111122223333
	test "$(aws apigateway get-rest-apis --query 'length(items)')" -ge 10
	test "$(aws apigatewayv2 get-apis --query 'length(Items)')" -ge 2
	test "$(aws apigateway get-stages --rest-api-id a1orders00 --query 'item[0].methodSettings | keys(@) | length(@)')" = 2
	test "$(aws apigateway get-resources --rest-api-id a1orders00 --embed methods --query 'length(items[].resourceMethods.*[])')" -ge 7
	test "$(aws apigatewayv2 get-routes --api-id a3payments --query 'length(Items)')" = 7
	test "$(aws apigateway get-vpc-links --query 'length(items)')" = 2
	test "$(aws apigatewayv2 get-vpc-links --query 'length(Items)')" = 2
	test "$(aws apigateway get-domain-names --query 'length(items)')" = 3
	traces=$(aws xray get-trace-summaries --start-time $(($(date +%s) - 300)) --end-time "$(date +%s)" \
		--filter-expression 'service(id(type: "AWS::ApiGateway::Stage"))' --no-paginate --query 'TraceSummaries[:3].Id' --output text)
	# shellcheck disable=SC2086 # the ids are words
	test "$(aws xray batch-get-traces --trace-ids $traces --query 'length(Traces)')" = 3
	test "$(aws xray get-trace-segment-destination --query Destination --output text)" = XRay
	test "$(aws cloudwatch list-metrics --namespace AWS/ApiGateway --recently-active PT3H --query 'length(Metrics)')" -gt 100
	echo "peers: the AWS CLI reads it"
else
	echo "peers: no AWS CLI here, skipped"
fi
if python3 -c 'import boto3' 2>/dev/null; then
	python3 "$here/peers.py"
	python3 "$here/inventory.py"
	python3 "$here/logs.py"
	python3 "$here/traces.py"
else
	echo "peers: no boto3 here, skipped"
fi
