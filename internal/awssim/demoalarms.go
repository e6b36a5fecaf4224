package awssim

import "time"

const (
	// demoAlarmLag is how long after a change the alarms of the orders see it: a period of a minute, and what CloudWatch takes to evaluate it.
	demoAlarmLag = 90 * time.Second
	// demoHistoryLag is how much later one of them has it in its history.
	demoHistoryLag = 5 * time.Second
)

// demoAlarms are those of the first account in us-east-1. Those of the orders follow their incident, the others stay as they are.
func demoAlarms(apis []*API) []*Alarm {
	incident := demoIncident(apis)
	orders := []string{"ApiName", "orders", "Stage", "prod"}
	return []*Alarm{
		{
			Name: "orders-prod-5xx", Metric: "5XXError", Dimensions: orders, Incident: incident, Lag: demoAlarmLag, HistoryLag: demoHistoryLag,
		},
		{Name: "orders-prod-latency-p90", Metric: "Latency", Dimensions: orders, Incident: incident, Lag: demoAlarmLag},
		{Name: "payments-5xx", Metric: "5xx", Dimensions: []string{"ApiId", "a3payments", "Stage", "$default"}},
		{
			Name: "orders-prod", Type: CompositeAlarm, Rule: `ALARM("orders-prod-5xx") OR ALARM("orders-prod-latency-p90")`,
			Incident: incident, Lag: demoAlarmLag + time.Second, // once it has heard of the others
		},
		{Name: "checkout-lambda-errors", Namespace: "AWS/Lambda", Metric: "Errors", Dimensions: []string{"FunctionName", "checkout"}},
	}
}

// demoIncident is that of the orders' first stage.
func demoIncident(apis []*API) Incident {
	for _, api := range apis {
		if api.ID == "a1orders00" {
			return api.Stages[0].Traffic.Incident
		}
	}
	return Incident{}
}
