package segment

import (
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// httpBlock is the request and the response, of the server in a segment and of the client in a subsegment.
type httpBlock struct {
	method, url, userAgent, clientIP string
	forwarded                        bool // clientIP comes from X-Forwarded-For, which the client can forge
	traced                           bool // the service that was called has a segment of its own
	status                           int64
	length                           int64 // of the response's body, -1 where it is not known
}

func (r *reader) http(s *segment) {
	s.http.length = -1
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		switch key {
		case "request":
			r.httpRequest(s)
		case "response":
			r.httpResponse(s)
		default:
			r.other(&s.others, "http.", key)
		}
	}
}

func (r *reader) httpRequest(s *segment) {
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		switch key {
		case "method":
			r.str(&s.http.method)
		case "url":
			r.str(&s.http.url)
		case "user_agent":
			r.str(&s.http.userAgent)
		case "client_ip":
			r.str(&s.http.clientIP)
		case "x_forwarded_for":
			r.boolean(&s.http.forwarded)
		case "traced":
			r.boolean(&s.http.traced)
		default:
			r.other(&s.others, "http.request.", key)
		}
	}
}

func (r *reader) httpResponse(s *segment) {
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		switch key {
		case "status":
			r.httpStatus(&s.http.status)
		case "content_length":
			r.integer(&s.http.length)
		default:
			r.other(&s.others, "http.response.", key)
		}
	}
}

// httpStatus reads a status, which has three digits (RFC 9110, section 15).
func (r *reader) httpStatus(to *int64) {
	var n int64
	switch r.integer(&n); {
	case 100 <= n && n <= 999:
		*to = n
	case n != 0:
		r.unknown++
	}
}

// present says whether there is any HTTP in the segment, beside its status.
func (h *httpBlock) present() bool { return h.method != "" || h.url != "" }

// http writes the request and the response in the stable names: those of a span of the server, else of the client.
func (w *writer) http(h *httpBlock, server bool) {
	if h.method != "" {
		method, known := attr.Method(h.method)
		w.str(attr.HTTPRequestMethod, method)
		if !known {
			w.str(attr.MethodOriginal, h.method)
		}
	}
	if h.url != "" {
		w.url(h.url, server)
	}
	if server {
		w.str(attr.ClientAddress, h.clientIP)
	}
	w.str(attr.UserAgent, h.userAgent)
	if h.status > 0 {
		w.int(attr.StatusCode, h.status)
		if h.length >= 0 {
			w.int(attr.ResponseSize, h.length)
		}
	}
	w.flag(attr.XRayForwarded, h.forwarded)
	w.flag(attr.XRayTraced, h.traced)
}

// methodName is the method's part in a span's name.
func methodName(method string) string {
	if name, _ := attr.Method(method); name != attr.OtherMethod {
		return name
	}
	return "HTTP"
}
