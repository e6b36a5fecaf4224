package exporterconfig

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// certificate makes one for some hosts, which signs itself: its file is also that of the authority to trust.
func certificate(t *testing.T, hosts ...string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    hosts, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return cert, key
}

// newVendor makes a backend that is reached at the vendor's own hosts, by a proxy, and the settings of an exporter that are needed for that.
func newVendor(t *testing.T, hosts ...string) (b *backend, settings []string) {
	cert, key := certificate(t, hosts...)
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	b = newUnstartedBackend(t)
	b.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	b.StartTLS()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodConnect, r.Method)
		tunnel(t, w, b.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)
	return b, []string{"proxy_url: " + proxy.URL, "tls::ca_file: " + cert}
}

// tunnel connects whoever asked a proxy with an address, until one of them ends.
func tunnel(t *testing.T, w http.ResponseWriter, address string) {
	to, err := net.Dial("tcp", address)
	if !assert.NoError(t, err) {
		return
	}
	from, _, err := w.(http.Hijacker).Hijack()
	if !assert.NoError(t, err) {
		_ = to.Close()
		return
	}
	_, _ = io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n") // the collector may be gone
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // likewise
			_ = pair[0].Close()
			_ = pair[1].Close()
		}()
	}
}

// signed says whether AWS would take a request: it is signed for the service of its host and for the region, with the credentials of command.
func signed(r *http.Request, body []byte, region string) error {
	service, _, _ := strings.Cut(r.Host, ".")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	got := r.Header.Get("Authorization")
	_, names, _ := strings.Cut(got, "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	again, err := http.NewRequest(r.Method, "https://"+r.Host+r.URL.Path, http.NoBody)
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(names, ";") {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	hash := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), credentials, again, hex.EncodeToString(hash[:]), service, region, at); err != nil {
		return err
	}
	if want := again.Header.Get("Authorization"); got != want {
		return fmt.Errorf("%s is signed as %q, not as %q", r.URL.Path, got, want)
	}
	return nil
}
