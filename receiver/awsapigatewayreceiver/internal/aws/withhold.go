package aws

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// withheld stands in an error's text where it repeats what is secret in the request.
const withheld = "(withheld)"

// withhold takes out of the answer of a call that failed what it repeats of the request's session token and signature, since its text is logged: AWS
// answers a signature that does not match with the canonical request, which has the token ("Troubleshoot Signature Version 4 signing").
func withhold(req *http.Request, resp *http.Response) {
	if resp.StatusCode < http.StatusBadRequest {
		return
	}
	body, err := io.ReadAll(resp.Body) // bounded by maxErrorBytes
	_, signature, _ := strings.Cut(req.Header.Get("Authorization"), "Signature=")
	for _, secret := range []string{req.Header.Get("X-Amz-Security-Token"), signature} {
		if secret == "" {
			continue
		}
		for _, form := range []string{secret, strings.ReplaceAll(secret, "/", `\/`)} {
			body = bytes.ReplaceAll(body, []byte(form), []byte(withheld))
		}
	}
	resp.ContentLength = -1
	resp.Header.Del("Content-Length")
	rest := io.Reader(bytes.NewReader(body))
	if err != nil {
		rest = io.MultiReader(rest, failing{err})
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{rest, resp.Body}
}
