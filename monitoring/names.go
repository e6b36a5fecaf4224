package main

// Metrics as Prometheus has them: names with units and suffixes, as the collector's prometheus and prometheus_remote_write exporters write them.
const (
	requests            = "aws_api_gateway_requests_total"
	failures            = "aws_api_gateway_errors_total"
	messages            = "aws_api_gateway_websocket_messages_total"
	connections         = "aws_api_gateway_websocket_connections_total"
	duration            = "aws_api_gateway_request_duration_seconds"
	durationQuantile    = "aws_api_gateway_request_duration_quantile_seconds"
	integration         = "aws_api_gateway_integration_duration_seconds"
	integrationQuantile = "aws_api_gateway_integration_duration_quantile_seconds"
	cacheRequests       = "aws_api_gateway_cache_requests_total"
	dataProcessed       = "aws_api_gateway_data_processed_bytes_total"

	routeRequests = "aws_api_gateway_route_requests_total"
	routeFailures = "aws_api_gateway_route_errors_total"
	routeMessages = "aws_api_gateway_route_websocket_messages_total"
	routeQuantile = "aws_api_gateway_route_request_duration_quantile_seconds"

	rateLimit         = "aws_api_gateway_throttle_rate_limit_per_second"
	burstLimit        = "aws_api_gateway_throttle_burst_limit"
	cacheSize         = "aws_api_gateway_cache_size_bytes"
	canaryTraffic     = "aws_api_gateway_canary_traffic_ratio"
	deploymentAge     = "aws_api_gateway_deployment_age_seconds"
	certificateExpiry = "aws_api_gateway_client_certificate_expiry_seconds"
	quotaLimit        = "aws_api_gateway_usage_plan_quota_limit"
	quotaRemaining    = "aws_api_gateway_usage_plan_quota_remaining"
	planRequests      = "aws_api_gateway_usage_plan_requests_total"
	resources         = "aws_api_gateway_resources"
	stageTelemetry    = "aws_api_gateway_stage_telemetry_ratio"

	alarmState = "aws_cloudwatch_alarm_state_ratio"
)

// loads matches what errors are a share of: requests or, of WebSocket APIs, which have no metric of them, messages. No stage has both.
const loads = `__name__=~"` + requests + "|" + messages + `"`

// own begins the names of the receiver's internal metrics. The collector's own page of metrics writes them without suffixes, unless its reader is
// configured otherwise.
const own = "otelcol_receiver_awsapigateway_"

// Labels that tell stages apart. A series whose stage two APIs share has no API id, and is told apart by the API's name.
const (
	accountLabels = "cloud_account_id, aws_account_name, cloud_region"
	apiLabels     = accountLabels + ", aws_api_gateway_api_id, aws_api_gateway_api_name, aws_api_gateway_api_type"
	stageLabels   = apiLabels + ", aws_api_gateway_stage"
	canaryLabels  = stageLabels + ", aws_api_gateway_canary"

	onAccount = "cloud_account_id, cloud_region"
	onStage   = onAccount + ", aws_api_gateway_api_id, aws_api_gateway_stage"

	// alarmLabels tell alarms of CloudWatch apart. What an alarm watches may be a stage, an API, or all of an account and region.
	alarmLabels = stageLabels + ", aws_cloudwatch_alarm_name, aws_cloudwatch_alarm_type"
)

// Where what is not collected by default comes from.
const (
	needsRoutes  = "metrics::levels: [stage, route], and detailed metrics in API Gateway"
	needsBuckets = "metrics::histogram_buckets"
	needsUsage   = "inventory::usage::enabled: true"
)
