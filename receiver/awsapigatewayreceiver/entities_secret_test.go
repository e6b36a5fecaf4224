package awsapigatewayreceiver

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// secret is what must not come out; an API key's value has at least 20 characters.
const secret = "CANARYsecretCANARYsecret"

// secretMembers hold secrets in a real account: as a text, or as the values of a map.
var secretMembers = map[string]bool{
	"Value": true, "Policy": true, "ManagementPolicy": true, "Credentials": true, "Schema": true, "PEM": true, "Validation": true, "Glob": true,
	"Variables": true, "RequestTemplates": true, "ResponseTemplates": true, "RequestParameters": true, "ResponseParameters": true,
}

// plant puts the secret wherever one can be. It returns how often.
func plant(v reflect.Value) int {
	n := 0
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			n += plant(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += plant(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			if !f.CanSet() {
				continue
			}
			switch {
			case name == "URI" && strings.HasPrefix(f.String(), "https://"):
				host, path, _ := strings.Cut(strings.TrimPrefix(f.String(), "https://"), "/")
				f.SetString("https://user:" + secret + "@" + host + "/" + path + "?token=" + secret)
				n++
			case secretMembers[name] && f.Kind() == reflect.String:
				f.SetString(strings.TrimSuffix(f.String(), secret) + secret)
				n++
			case secretMembers[name] && f.Kind() == reflect.Map && f.Type().Elem().Kind() == reflect.String:
				if f.IsNil() {
					f.Set(reflect.MakeMap(f.Type()))
				}
				for _, k := range f.MapKeys() {
					f.SetMapIndex(k, reflect.ValueOf(secret))
				}
				f.SetMapIndex(reflect.ValueOf("planted"), reflect.ValueOf(secret))
				n++
			default:
				n += plant(f)
			}
		}
	}
	return n
}

// No secret of the account is in any record, metric, status or log line, whatever is switched on and whatever fails.
func TestNoSecretComesOut(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	for _, form := range []string{inventory.EventsSpecification, inventory.EventsLegacy} {
		t.Run(form, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				planted := 0
				r := newInventoryRig(t, 600, func(epoch time.Time) *awssim.World {
					w := awssim.DemoWorld(epoch)
					for _, region := range w.Accounts[0].Regions {
						for _, list := range []any{region.APIs, region.DomainNames, region.VPCLinks, region.UsagePlans, region.APIKeys, region.ClientCertificates} {
							planted += plant(reflect.ValueOf(list))
						}
						for _, p := range region.UsagePlans {
							p.UsageByValue = true
						}
					}
					return w
				}, nil)
				require.Greater(t, planted, 100)
				r.entities.keep = true
				r.sink = newSink()
				r.edit = func(c *Config) {
					c.Inventory.Interval, c.Inventory.FullInterval, c.Inventory.RequestsPerSecond = time.Minute, 5*time.Minute, 10
					c.Inventory.EntityEvents, c.Inventory.APIKeys.Enabled = form, true
					c.Inventory.Usage = inventory.UsageConfig{Enabled: true, Interval: time.Minute, By: inventory.UsageByKey, MaxKeys: 100}
				}
				stop := r.start()
				require.Eventually(t, func() bool { return r.entities.len() > 100 }, time.Minute, 10*time.Millisecond)
				r.until(r.now().Add(20 * time.Minute)) // past the world's changes
				r.sim.SetFaults(awssim.Faults{Malformed: 0.3, ServerError: 0.2, Truncate: 0.1})
				r.until(r.now().Add(20 * time.Minute))
				stop()
				assert.Greater(t, r.entities.len(), 100)
				assert.NotContains(t, r.entities.text(), secret)
				usage := 0
				for _, md := range r.sink.limits {
					b, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
					require.NoError(t, err)
					assert.NotContains(t, string(b), secret)
					usage += strings.Count(string(b), "sha256:")
				}
				assert.Positive(t, usage, "keys that GetUsage names by their values are hashed")
				for _, e := range r.logs.All() {
					assert.NotContains(t, e.Message, secret)
					for _, v := range e.ContextMap() {
						assert.NotContains(t, fmt.Sprint(v), secret)
					}
				}
				for _, e := range r.host.statuses() {
					if e.Err() != nil {
						assert.NotContains(t, e.Err().Error(), secret)
					}
				}
			})
		})
	}
}
