package awsapigatewayreceiver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// secretFormats have all the values that are not to come out, and none that stands for the same as one of them.
var secretFormats = map[string]string{
	"json": `{"id":"$context.requestId","key":"$context.identity.apiKey","user":"$context.identity.user","principal":"$context.authorizer.principalId",` +
		`"sub":"$context.authorizer.claims.sub","mail":"$context.authorizer.claims.email","tenant":"$context.authorizer.tenant","status":$context.status,` +
		`"ip":"$context.identity.sourceIp","agent":"$context.identity.userAgent"}`,
	"xml": `<r id="$context.requestId"><k>$context.identity.apiKey</k><u>$context.identity.user</u><p>$context.authorizer.principalId</p>` +
		`<t>$context.authorizer.tenant</t><s>$context.status</s><i>$context.identity.sourceIp</i><a>$context.identity.userAgent</a></r>`,
	"words": `$context.requestId $context.status key=$context.identity.apiKey user=$context.identity.user principal=$context.authorizer.principalId ` +
		`sub=$context.authorizer.claims.sub from $context.identity.sourceIp "$context.identity.userAgent"`,
}

// strayLines have the API key's value, and are in no format of their stage.
var strayLines = []string{
	"the request 4711 with key " + secretKey + " failed",
	`{"requestId":"0b1c2d3e-0000-4000-8000-000000000001","status":"200","apiKey":"` + secretKey + `"}`,
	`{"requestId":"0b1c2d3e-0000-4000-8000-000000000002","status":"200","k":"` + secretKey + `"}`,
	`{"requestId":"0b1c2d3e-0000-4000-8000-000000000003","status":"200","headers":{"Authorization":"Bearer ` + secretKey + `","x-api-key":"` + secretKey + `"}}`,
	`{"requestId":"0b1c2d3e-0000-4000-8000-000000000004","status":"200","note":"the key is ` + secretKey + `"}`,
	`{"id":"0b1c2d3e-0000-4000-8000-000000000006","key":"` + secretKey + `","user":"-"`,
}

// secretWorld has stages whose lines have secrets: in their own formats, in others, and in execution logs with bodies.
func secretWorld(from, to time.Time) *awssim.World {
	w := formatWorld(secretFormats, nil, nil, from, to, 20)
	here := w.Accounts[0].Regions[0]
	for _, s := range here.APIs[0].Stages {
		s.Methods = map[string]awssim.MethodSettings{"*/*": {LoggingLevel: "INFO", DataTrace: true}}
		group := &awssim.LogGroup{Name: "/access/rest/" + s.Name, Created: from.Add(-100 * time.Hour)}
		for i, line := range strayLines {
			group.Lines = append(group.Lines, awssim.LogLine{At: from.Add(time.Duration(i+1) * time.Minute), Message: line})
		}
		here.LogGroups = append(here.LogGroups, group)
	}
	return w
}

// executionSecrets are in execution logs, and in no record, whatever is switched on: a token, an authorizer's answer and its principals, cookies, and what
// API Gateway leaves of credentials. executionBodies are in bodies, which have to be asked for.
var (
	executionSecrets = []string{"IQoJb3JpZ2luX2VjE", "s3cr3t-of-the-authorizer", "user|", "session=", "Authorization=****"}
	executionBodies  = []string{"4111111111111111", "hunter2", `"token`}
)

// shown are all texts of a record.
func (rec *record) shown() string {
	return fmt.Sprint(rec.Body, "\n", rec.Attributes, "\n", rec.Resource)
}

// No API key, principal, claim, token, cookie or authorizer's answer is in any record, and no value that the user redacts.
func TestNoSecretIsInARecord(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		edit     func(*Config)
		redacted *redaction
		bodies   bool
	}{
		"by default":  {},
		"with bodies": {bodies: true, edit: func(c *Config) { c.Logs.Execution.Bodies = true }},
		"dropped and hashed": {
			edit: func(c *Config) {
				c.Logs.Redact = []redact.Rule{{Attribute: "client.address", Action: "drop"}, {Attribute: "user_agent.*", Action: "hash"}}
				c.Logs.HashKey = hashKey
			},
			redacted: &redaction{drop: []string{"client.address"}, hash: []string{"user_agent.original"}},
		},
		"users asked for": {
			edit:     func(c *Config) { c.Logs.Include = []string{"user.id"} },
			redacted: &redaction{include: []string{"authorizer.principalId", "identity.user"}},
		},
		"users asked for, as hashes": {
			edit: func(c *Config) {
				c.Logs.Include = []string{"user.id"}
				c.Logs.Redact, c.Logs.HashKey = []redact.Rule{{Attribute: "user.id", Action: "hash"}}, hashKey
			},
			redacted: &redaction{include: []string{"authorizer.principalId", "identity.user"}, hash: []string{"user.id"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-15*time.Minute), epoch.Add(15*time.Minute)
					return secretWorld(from, to)
				}, func(c *awssim.Config) { c.Ingestion = onTime })
				r.edit = func(c *Config) {
					readLogs(c)
					c.Logs.Execution.Enabled = true
					if set.edit != nil {
						set.edit(c)
					}
				}
				stop := r.start()
				defer stop()
				r.until(to)
				want := r.accessTruth(from, to, set.redacted)
				r.await(want)
				stop()

				raw := r.executionText(from, to)
				for _, text := range slices.Concat(executionBodies, executionSecrets) {
					require.Contains(t, raw, text, "not in the world")
				}
				api, executions, strays := r.world.Accounts[0].Regions[0].APIs[0], 0, 0
				for uid, rec := range r.records.taken() {
					shown := rec.shown()
					require.NotContains(t, shown, secretKey)
					switch _, ours := want[uid]; {
					case rec.Event == executionEvent:
						executions++
						for _, text := range executionSecrets {
							require.NotContains(t, shown, text)
						}
						for _, text := range executionBodies {
							require.True(t, set.bodies || !strings.Contains(shown, text), shown)
						}
					case !ours:
						strays++
					default:
						continue
					}
					delete(r.records.byUID, uid)
				}
				assert.Equal(t, len(strayLines)*len(secretFormats), strays)
				assert.Greater(t, executions, 1000/thinned)
				compareRecords(t, r.records, want)
				r.checkSecrets(api, from, to, set.redacted)
				for _, e := range r.logs.All() {
					assert.NotContains(t, fmt.Sprint(e.Message, e.ContextMap()), secretKey)
				}
			})
		})
	}
}

// executionText are all execution logs of the first API.
func (r *rig) executionText(from, to time.Time) string {
	var b strings.Builder
	api := r.world.Accounts[0].Regions[0].APIs[0]
	for _, stage := range api.Stages {
		for line := range r.world.ExecutionLines(api, stage, from, to) {
			b.WriteString(line.Line)
		}
	}
	return b.String()
}

// checkSecrets looks for each value that is not to be seen in the record of its own request, without knowing formats.
func (r *rig) checkSecrets(api *awssim.API, from, to time.Time, redacted *redaction) {
	r.t.Helper()
	got, looked := r.records.taken(), 0
	for _, stage := range api.Stages {
		for request := range r.world.AccessRecords(api, stage, from, to) {
			rec := got[request.EventID]
			shown := rec.shown()
			for name, value := range request.Values {
				if masked, _ := redacted.hides(name); !masked || len(value) < 6 || !strings.Contains(request.Line, value) {
					continue
				}
				looked++
				assert.NotContains(r.t, shown, value, "%s of %s", name, request.Line)
			}
		}
	}
	assert.Greater(r.t, looked, 500/thinned)
}
