package traces

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// account is what the control plane answers, as JSON: by kind of read, and by API where it is of one.
type account map[string]string

func (account) Now() time.Time                        { return time.Now() }
func (account) Malformed(context.Context, model.Read) {}

func (a account) Read(_ context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	text := a[string(what)+of.API]
	if text == "" {
		text = "[]"
	}
	var items []json.RawMessage
	return items, json.Unmarshal([]byte(text), &items)
}

// crawledOnce is a clock that ends what waits.
type crawledOnce struct{ poll.System }

func (crawledOnce) Sleep(context.Context, time.Duration) error { return context.Canceled }

// snapshot is what a crawl makes of the account where the user does not want what the items match.
func (a account) snapshot(t testing.TB, unwanted ...inventory.FilterItem) *inventory.Snapshot {
	t.Helper()
	return crawled(t, a.inventory(unwanted))
}

// without is what the inventory knows after further lists, which no longer have a REST API.
func (a account) without(t testing.TB, id string, unwanted ...inventory.FilterItem) *inventory.Snapshot {
	t.Helper()
	a = maps.Clone(a)
	inv := a.inventory(unwanted)
	crawled(t, inv)
	var apis []map[string]string
	require.NoError(t, json.Unmarshal([]byte(a["GetRestApis"]), &apis))
	rest, err := json.Marshal(slices.DeleteFunc(apis, func(api map[string]string) bool { return api["id"] == id }))
	require.NoError(t, err)
	a["GetRestApis"] = string(rest)
	for range 3 { // one list may miss an API by chance
		require.NoError(t, inv.List(t.Context(), time.Now()))
	}
	return inv.Current()
}

func (a account) inventory(unwanted []inventory.FilterItem) *inventory.Inventory {
	return inventory.New(inventory.Settings{
		Target: benchTarget, Reader: a, Config: inventory.DefaultConfig(), Filter: &inventory.Filter{Exclude: unwanted}, Clock: crawledOnce{}, Store: &checkpoint.Store{}, Key: "inventory",
		Logger: zap.NewNop(), CheckpointError: func(context.Context) {},
	})
}

func crawled(t testing.TB, inv *inventory.Inventory) *inventory.Snapshot {
	t.Helper()
	inv.Run(t.Context(), func(lists, _ error) { require.NoError(t, lists) })
	return inv.Current()
}

// oneAPI has a REST API with one stage, whose requests are traced.
var oneAPI = account{
	"GetRestApis": `[{"id":"r1","name":"orders"}]`,
	"GetStagesr1": `[{"stageName":"prod","tracingEnabled":true}]`,
}

// restAPIs has n REST APIs, r1, r2 and so on, each with the stages prod and dev2.
func restAPIs(n int) account {
	a := account{}
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"id":"r%d","name":"api %d"}`, i+1, i+1)
		a[fmt.Sprintf("GetStagesr%d", i+1)] = `[{"stageName":"prod"},{"stageName":"dev2"}]`
	}
	a["GetRestApis"] = "[" + strings.Join(list, ",") + "]"
	return a
}
