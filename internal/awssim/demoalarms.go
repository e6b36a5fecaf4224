package awssim

import "time"

// demoAlarms are those of the first account in us-east-1: the orders' follow their incident.
func demoAlarms(apis []*API) []*Alarm {
	var incident Incident
	for _, api := range apis {
		if api.ID == "a1orders00" {
			incident = api.Stages[0].Traffic.Incident
		}
	}
	const lag = 90 * time.Second // a period, and what CloudWatch takes to evaluate it
	return []*Alarm{
		{Name: "orders-prod-5xx", Metric: "5XXError", Dimensions: []string{"ApiName", "orders", "Stage", "prod"}, Incident: incident, Lag: lag, HistoryLag: 5 * time.Second},
		{Name: "orders-prod-latency-p90", Metric: "Latency", Dimensions: []string{"ApiName", "orders", "Stage", "prod"}, Incident: incident, Lag: lag},
		{Name: "payments-5xx", Metric: "5xx", Dimensions: []string{"ApiId", "a3payments", "Stage", "$default"}},
		{Name: "orders-prod", Type: CompositeAlarm, Rule: `ALARM("orders-prod-5xx") OR ALARM("orders-prod-latency-p90")`, Incident: incident, Lag: lag + time.Second},
		{Name: "checkout-lambda-errors", Namespace: "AWS/Lambda", Metric: "Errors", Dimensions: []string{"FunctionName", "checkout"}},
	}
}
