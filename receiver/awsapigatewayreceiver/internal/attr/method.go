package attr

import "strings"

// OtherMethod is the value of http.request.method for methods that the conventions do not know, and OtherError that of error.type where an error has no
// short name.
const (
	OtherMethod = "_OTHER"
	OtherError  = "_OTHER"
)

// Method returns the value of http.request.method for a method, and whether that is how it was written: where it is not, it belongs into
// http.request.method_original.
func Method(method string) (value string, same bool) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY":
		return method, true
	}
	if upper := strings.ToUpper(method); upper != method {
		if value, known := Method(upper); known {
			return value, false
		}
	}
	return OtherMethod, false
}
