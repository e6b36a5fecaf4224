package logs

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// account is what the control plane answers, as JSON: by kind of read, and by API or domain name where it is of one.
type account map[string]string

func (account) Now() time.Time                           { return time.Now() }
func (account) Malformed(context.Context, model.Read)    {}
func (a account) text(what model.Read, of string) string { return a[string(what)+of] }

func (a account) Read(_ context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	text := a.text(what, of.API+of.DomainName)
	if text == "" {
		text = "[]"
	}
	var items []json.RawMessage
	return items, json.Unmarshal([]byte(text), &items)
}

// once is a clock that ends what waits.
type once struct{ poll.System }

func (once) Sleep(context.Context, time.Duration) error { return context.Canceled }

// snapshot is what a crawl makes of the account; the user does not want the APIs with the ids.
func (a account) snapshot(t testing.TB, unwanted ...string) *inventory.Snapshot {
	t.Helper()
	filter := &inventory.Filter{}
	for _, id := range unwanted {
		filter.Exclude = append(filter.Exclude, inventory.FilterItem{ID: id})
	}
	return a.filtered(t, filter)
}

// filtered is what a crawl makes of the account where the user wants what the filter says.
func (a account) filtered(t testing.TB, filter *inventory.Filter) *inventory.Snapshot {
	t.Helper()
	inv := inventory.New(inventory.Settings{
		Target: benchTarget, Reader: a, Config: inventory.DefaultConfig(), Filter: filter, Clock: once{}, Store: &checkpoint.Store{}, Key: "inventory", Logger: zap.NewNop(),
		CheckpointError: func(context.Context) {},
	})
	inv.Run(t.Context(), func(lists, _ error) { require.NoError(t, lists) })
	return inv.Current()
}

// arn is that of a log group of the tests' account.
func arn(group string) string { return "arn:aws:logs:us-east-1:111122223333:log-group:" + group }

// logging is a stage, as JSON, that writes its access log in a format.
func logging(stage, destination, format string) string {
	b, err := json.Marshal(map[string]any{"stageName": stage, "accessLogSettings": map[string]string{"destinationArn": destination, "format": format}})
	if err != nil {
		panic(err)
	}
	return string(b)
}
