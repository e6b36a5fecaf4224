package preflight

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

// The embedded AWS takes any credentials; nothing of the machine's own configuration may take part.
func init() {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(k, v); err != nil {
			panic(err)
		}
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the tests' clocks start: what the embedded AWS has at a time is always the same.
var noon = time.Date(2026, 11, 20, 12, 0, 5, 0, time.UTC)

// rig is an embedded AWS and the settings of a receiver that reads all signals of it.
type rig struct {
	Settings
	sim   *awssim.Server
	world *awssim.World
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigAt(t, 10) // rates are waited for
}

// newQuietRig is for where it does not matter how much is written to logs, most of what a run reads: its stages have few requests.
func newQuietRig(t *testing.T) *rig {
	t.Helper()
	world := awssim.DemoWorld(noon.Add(-time.Hour))
	for _, a := range world.Accounts {
		for _, region := range a.Regions {
			for _, api := range region.APIs {
				for _, stage := range api.Stages {
					stage.Traffic.PerMinute = min(stage.Traffic.PerMinute, 6)
				}
			}
		}
	}
	return newRigIn(t, 10, world)
}

func newRigAt(t *testing.T, factor float64) *rig {
	t.Helper()
	return newRigIn(t, factor, awssim.DemoWorld(noon.Add(-time.Hour)))
}

func newRigIn(t *testing.T, factor float64, world *awssim.World) *rig {
	t.Helper()
	clock := poll.Scaled{Origin: time.Now(), Epoch: noon, Factor: factor}
	r := &rig{world: world}
	r.sim = awssim.New(awssim.Config{World: r.world, Now: clock.Now})
	server := httptest.NewServer(r.sim)
	t.Cleanup(func() {
		r.sim.Close()
		server.Close()
	})
	m, l, x := metrics.DefaultConfig(), logs.DefaultConfig(), traces.DefaultConfig()
	r.Settings = Settings{
		Regions: []string{"us-east-1"}, Endpoint: server.URL, Filter: &inventory.Filter{}, Inventory: inventory.DefaultConfig(), Metrics: &m, Logs: &l, Traces: &x,
		Signals: []string{"metrics", "logs", "traces"}, Clock: clock, AttemptTimeout: 5 * time.Second,
	}
	r.Inventory.RequestsPerSecond, r.Logs.MaxRequestsPerSecond = 10_000, 10_000 // nobody shares it
	r.Logs.Execution.Enabled = true
	return r
}

// everything asks for what is off by default, too.
func (r *rig) everything() {
	r.Inventory.APIKeys.Enabled, r.Inventory.Usage.Enabled = true, true
	r.Alarms = alarms.DefaultConfig()
}

// partner reads the other account through its role.
func (r *rig) partner(externalID string) {
	r.Accounts = []aws.Account{{Name: "partners", RoleARN: partnerRole, ExternalID: externalID}}
}

const partnerRole = "arn:aws:iam::444455556666:role/apigateway-reader"

func (r *rig) run(t *testing.T) *Report {
	t.Helper()
	report, err := Run(context.Background(), r.Settings)
	require.NoError(t, err)
	return report
}

// text is the report as it is printed.
func text(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.Write(&b, "awsapigateway"))
	return b.String()
}

// refused are the operations that may not be called, but for those that were not tried for that.
func refused(target *Target) []Operation {
	return slices.DeleteFunc(slices.Clone(target.Operations), func(o Operation) bool { return o.Result == Allowed || o.Result == NotTried })
}
