package awssim

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/fxamacker/cbor/v2"
)

// wireError is an error as AWS sends it.
type wireError struct {
	status  int
	code    string // the error's shape, as __type or X-Amzn-ErrorType
	query   string // CloudWatch: the code of the query protocol, where it differs
	message string
	retry   bool // API Gateway: sends Retry-After
}

func (e *wireError) Error() string { return fmt.Sprintf("%s: %s", e.code, e.message) }

// queryCode is the code that older clients know the error by.
func (e *wireError) queryCode() string {
	if e.query != "" {
		return e.query
	}
	return e.code
}

// fault says whose fault the error is, as x-amzn-query-error and STS spell it.
func (e *wireError) fault() string {
	if e.status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// validation is CloudWatch's answer to a request that breaks a limit or the grammar.
func validation(format string, args ...any) *wireError {
	return &wireError{status: http.StatusBadRequest, code: "ValidationError", message: fmt.Sprintf(format, args...)}
}

func invalidToken(service string) *wireError {
	if service == serviceMonitoring {
		return &wireError{status: http.StatusBadRequest, code: "InvalidNextTokenException", query: "InvalidNextToken", message: "Invalid nextToken"}
	}
	return &wireError{status: http.StatusBadRequest, code: "BadRequestException", message: "Invalid position parameter"}
}

// invalidParameter is the answer of CloudWatch Logs to a request that breaks a limit or the grammar.
func invalidParameter(format string, args ...any) *wireError {
	return &wireError{status: http.StatusBadRequest, code: "InvalidParameterException", message: fmt.Sprintf(format, args...)}
}

// invalidRequest is the answer of X-Ray to a request that breaks a limit or the grammar.
func invalidRequest(format string, args ...any) *wireError {
	return &wireError{status: http.StatusBadRequest, code: "InvalidRequestException", message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *wireError {
	return &wireError{status: http.StatusNotFound, code: "NotFoundException", message: fmt.Sprintf(format, args...)}
}

// throttled is what each service answers above its quota.
func throttled(service string) *wireError {
	switch service {
	case serviceAPIGateway:
		return &wireError{status: http.StatusTooManyRequests, code: "TooManyRequestsException", message: "Too Many Requests", retry: true}
	case serviceXRay:
		return &wireError{status: http.StatusTooManyRequests, code: "ThrottledException", message: "Rate exceeded"}
	case serviceSTS:
		return &wireError{status: http.StatusBadRequest, code: "Throttling", message: "Rate exceeded"}
	default:
		return &wireError{status: http.StatusBadRequest, code: "ThrottlingException", query: "Throttling", message: "Rate exceeded"}
	}
}

func serverError(service string, unavailable bool) *wireError {
	if unavailable {
		return &wireError{status: http.StatusServiceUnavailable, code: "ServiceUnavailableException", query: "ServiceUnavailable", message: "Service Unavailable"}
	}
	if service == serviceAPIGateway || service == serviceXRay {
		return &wireError{status: http.StatusInternalServerError, code: "InternalFailure", message: "Internal server error"}
	}
	return &wireError{status: http.StatusInternalServerError, code: "InternalServiceError", query: "InternalServiceError", message: "Request processing has failed because of an unknown error."}
}

func expiredToken(service string) *wireError {
	if service == serviceSTS {
		return &wireError{status: http.StatusForbidden, code: "ExpiredToken", message: "The security token included in the request is expired"}
	}
	return &wireError{status: http.StatusForbidden, code: "ExpiredTokenException", query: "ExpiredToken", message: "The security token included in the request is expired"}
}

// unknownCredentials is the answer in regions that are not enabled for the account, and to keys of nobody.
func unknownCredentials(service string) *wireError {
	if service == serviceSTS {
		return &wireError{status: http.StatusForbidden, code: "InvalidClientTokenId", message: "The security token included in the request is invalid"}
	}
	return &wireError{status: http.StatusForbidden, code: "UnrecognizedClientException", query: "InvalidClientTokenId", message: "The security token included in the request is invalid."}
}

func missingAuthentication() *wireError {
	return &wireError{status: http.StatusForbidden, code: "MissingAuthenticationTokenException", query: "MissingAuthenticationToken", message: "Missing Authentication Token"}
}

func wrongScope(service, message string) *wireError {
	if service == serviceSTS {
		return &wireError{status: http.StatusForbidden, code: "SignatureDoesNotMatch", message: message}
	}
	return &wireError{status: http.StatusForbidden, code: "InvalidSignatureException", query: "SignatureDoesNotMatch", message: message}
}

func accessDenied(service, message string) *wireError {
	if service == serviceLogs {
		return &wireError{status: http.StatusBadRequest, code: "AccessDeniedException", message: message}
	}
	if service == serviceAPIGateway || service == serviceXRay {
		return &wireError{status: http.StatusForbidden, code: "AccessDeniedException", message: message}
	}
	return &wireError{status: http.StatusForbidden, code: "AccessDenied", message: message}
}

// errorBody writes an error in the form of a protocol and sets its headers.
func errorBody(h http.Header, p protocol, requestID string, e *wireError) []byte {
	h.Set("Content-Type", p.contentType())
	if e.retry {
		h.Set("Retry-After", "1")
	}
	switch p {
	case protocolCBOR, protocolJSON:
		h.Set("x-amzn-query-error", e.queryCode()+";"+e.fault())
		body := map[string]string{"__type": "com.amazonaws.cloudwatch#" + e.code, "message": e.message}
		if p == protocolJSON {
			return mustMarshal(json.Marshal(body))
		}
		return mustMarshal(cbor.Marshal(body))
	case protocolLogs:
		return mustMarshal(json.Marshal(map[string]string{"__type": e.code, "message": e.message}))
	case protocolQuery:
		return errorXML(e, requestID)
	default:
		h.Set("X-Amzn-ErrorType", e.code)
		return mustMarshal(json.Marshal(map[string]string{"message": e.message}))
	}
}

// mustMarshal is for bodies that are made of strings and can't fail.
func mustMarshal(b []byte, err error) []byte {
	if err != nil {
		panic(fmt.Sprintf("cannot encode an answer: %v", err))
	}
	return b
}
