package awssim

// demoAlarms are those of the first account in us-east-1. They have thresholds that the demonstration's incident does not reach.
func demoAlarms() []*Alarm {
	return []*Alarm{
		{Name: "orders-prod-5xx", Metric: "5XXError", Dimensions: []string{"ApiName", "orders", "Stage", "prod"}},
		{Name: "orders-prod-latency-p90", Metric: "Latency", Dimensions: []string{"ApiName", "orders", "Stage", "prod"}},
		{Name: "payments-5xx", Metric: "5xx", Dimensions: []string{"ApiId", "a3payments", "Stage", "$default"}},
		{Name: "orders-prod", Type: CompositeAlarm, Rule: `ALARM("orders-prod-5xx") OR ALARM("orders-prod-latency-p90")`},
		{Name: "checkout-lambda-errors", Namespace: "AWS/Lambda", Metric: "Errors", Dimensions: []string{"FunctionName", "checkout"}},
	}
}
