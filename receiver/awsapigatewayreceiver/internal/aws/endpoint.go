package aws

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// CheckEndpoint returns an error where an endpoint is no URL, or would take requests over the network without TLS though insecure does not say so.
// key is the setting's YAML key.
func CheckEndpoint(key, endpoint string, insecure bool) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return fmt.Errorf("%s: %q is not a URL: write it as http://127.0.0.1:4599, or leave it out for AWS", key, endpoint)
	case u.User != nil:
		return fmt.Errorf("%s: has a user or a password, which AWS does not take: leave them out", key)
	case !insecure && !private(u):
		return fmt.Errorf("%s: %q is plain HTTP to another machine, where everybody on the way reads logs and session tokens, and can answer in AWS's place: "+
			"write https, or set insecure_%s: true", key, endpoint, key)
	}
	return nil
}

// private says whether nobody on the network can read what is sent to a URL: by TLS, or because it stays on this machine.
func private(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// plainError refuses a request that the SDK's own settings (AWS_ENDPOINT_URL, endpoint_url of a profile) would have sent over the network without TLS.
type plainError struct{ url *url.URL }

func (e *plainError) Error() string {
	return fmt.Sprintf("it would go to %s://%s, plain HTTP to another machine: set AWS_ENDPOINT_URL or endpoint_url of the profile to https, or insecure_endpoint: true",
		e.url.Scheme, e.url.Host)
}

// checkPrivate is nil where a request may be sent.
func (t *transport) checkPrivate(req *http.Request) error {
	if t.insecure || private(req.URL) {
		return nil
	}
	return &plainError{req.URL}
}
