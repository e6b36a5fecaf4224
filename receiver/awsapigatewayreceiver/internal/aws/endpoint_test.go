package aws

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Without TLS, requests stay on this machine, unless the config says otherwise.
func TestPlainEndpointsStayOnThisMachine(t *testing.T) {
	for endpoint, fine := range map[string]bool{
		"https://vpce-1.execute-api.example.com": true, "https://10.0.0.1:8443": true, "HTTPS://example.com": true,
		"http://127.0.0.1:4599": true, "http://127.1.2.3": true, "http://[::1]:4599": true, "http://localhost:4599": true, "http://LOCALHOST": true,
		"http://example.com": false, "http://10.0.0.1:4599": false, "http://[fe80::1]:80": false, "http://0.0.0.0:4599": false,
		"http://localhost.example.com": false, "http://127.0.0.1.example.com": false, "http://[::ffff:10.0.0.1]": false, "http://2130706433": false,
	} {
		err := CheckEndpoint("endpoint", endpoint, false)
		assert.Equal(t, fine, err == nil, "%s: %v", endpoint, err)
		if !fine {
			assert.ErrorContains(t, err, "write https, or set insecure_endpoint: true")
		}
		assert.NoError(t, CheckEndpoint("endpoint", endpoint, true), endpoint)
	}
	for _, endpoint := range []string{"127.0.0.1:80", "ftp://example.com", "unix:///run/x", "http://", "http://:80", "https://%zz", "http://user:swordfish@127.0.0.1"} {
		for _, insecure := range []bool{false, true} {
			err := CheckEndpoint("endpoint", endpoint, insecure)
			require.Error(t, err, endpoint)
			assert.NotContains(t, err.Error(), "swordfish", "a password is not repeated")
		}
	}
}

// The SDK's own settings can name an endpoint, too: no request of the receiver's goes there without TLS, and it is said once instead of tried again.
func TestSDKEndpointsAreHeldToTLS(t *testing.T) {
	for _, variable := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_API_GATEWAY"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "http://aws.example:4599")
			t.Setenv("NO_PROXY", "*")
			server := &answering{body: []byte(noAPIs)}
			dialled := dialTo(t, server)
			f := openSession(t, "", func(s *Settings) { s.Dial = dialled })
			_, err := f.client().restAPIs(context.Background())
			require.Error(t, err)
			assert.Equal(t, Invalid, ClassOf(err), "%v", err)
			assert.ErrorContains(t, err, "it would go to http://aws.example:4599, plain HTTP to another machine")
			assert.Zero(t, server.calls.Load())

			f = openSession(t, "", func(s *Settings) { s.Dial, s.InsecureEndpoint = dialled, true })
			_, err = f.client().restAPIs(context.Background())
			assert.NoError(t, err)
			assert.EqualValues(t, 1, server.calls.Load())
		})
	}
}

// dialTo is a network on which every address is a handler's.
func dialTo(t *testing.T, h http.Handler) func(context.Context, string, string) (net.Conn, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, listener.Addr().String())
	}
}
