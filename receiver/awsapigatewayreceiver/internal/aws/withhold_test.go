package aws

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Whatever an answer repeats of the request, neither the secret key, nor the session token, nor the signature is in an error, in the log or in
// the internal metrics.
func TestCredentialsAreInNoErrorLogOrMetric(t *testing.T) {
	const key, token = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjEO///x+y/SESSION=="
	t.Setenv("AWS_SECRET_ACCESS_KEY", key)
	t.Setenv("AWS_SESSION_TOKEN", token)
	var signature string
	for name, write := range map[string]func(w http.ResponseWriter, canonical string){
		"json": func(w http.ResponseWriter, canonical string) { fmt.Fprintf(w, `{"message": %q}`, canonical) },
		"json with its slashes escaped": func(w http.ResponseWriter, canonical string) {
			fmt.Fprintf(w, `{"message": "%s"}`, strings.ReplaceAll(strings.ReplaceAll(canonical, "/", `\/`), "\n", `\n`))
		},
		"xml": func(w http.ResponseWriter, canonical string) {
			fmt.Fprintf(w, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>%s</Message></Error></ErrorResponse>", canonical)
		},
		"cbor": func(w http.ResponseWriter, canonical string) {
			w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
			_, _ = w.Write(cbor.Encode(cbor.Map{"__type": cbor.String("InvalidSignatureException"), "message": cbor.String(canonical)}))
		},
	} {
		for _, status := range []int{403, 503} {
			f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, signature, _ = strings.Cut(r.Header.Get("Authorization"), "Signature=")
				w.Header().Set("X-Amzn-Errortype", "InvalidSignatureException")
				w.WriteHeader(status)
				write(w, "The Canonical String should have been 'GET\n/restapis\nx-amz-security-token:"+r.Header.Get("X-Amz-Security-Token")+"\n"+r.Header.Get("Authorization")+"'")
			}), nil)
			for operation, read := range map[string]func(*Client) error{
				"GetRestApis":       manyValues["GetRestApis"].read,
				"GetMetricData":     manyValues["GetMetricData"].read,
				"GetTraceSummaries": manyValues["GetTraceSummaries"].read,
				"GetCallerIdentity": func(c *Client) error { return c.Identify(context.Background()) },
				"FilterLogEvents": func(c *Client) error {
					return c.FilterLogEvents(context.Background(), "g", 0, time.Now().UnixMilli(), "", &model.LogPage{})
				},
			} {
				err := read(f.client())
				require.Error(t, err)
				require.NotEmpty(t, signature)
				said := err.Error() + fmt.Sprint(f.logs.All()) + fmt.Sprint(f.measured(t))
				for _, secret := range []string{key, token, signature} {
					assert.NotContains(t, said, secret, "%s %d %s", name, status, operation)
				}
			}
		}
	}
}

// measured is all that the internal metrics say.
func (f *fixture) measured(t *testing.T) metricdata.ResourceMetrics {
	var all metricdata.ResourceMetrics
	require.NoError(t, f.telemetry.Reader.Collect(context.Background(), &all))
	return all
}
