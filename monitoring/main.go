// Command monitoring writes what watches API Gateway by the receiver's telemetry: Grafana dashboards, recording and alert rules of Prometheus, and
// CloudFormation templates of a dashboard and of alarms for users who stay in CloudWatch. go generate runs it in its own folder.
package main

import (
	"log"
	"os"
	"path/filepath"
)

//go:generate go run .

func main() {
	for name, content := range files() {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			log.Fatalf("cannot make the folder of %s: %v", name, err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			log.Fatalf("cannot write %s: %v", name, err)
		}
	}
}

// files are the generated files by name.
func files() map[string][]byte {
	out := map[string][]byte{
		"cloudformation/alarms.yaml":    alarmsTemplate(),
		"cloudformation/dashboard.yaml": dashboardTemplate(),
	}
	for _, p := range profiles {
		out["prometheus/"+p.file] = rulesFile(p)
	}
	for _, d := range dashboards() {
		out["grafana/"+d.uid+".json"] = encodeJSON(d.model(), "  ")
	}
	return out
}
