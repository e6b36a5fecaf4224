package aws

import (
	"errors"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// UnknownOperation reports whether a call failed because its endpoint does not serve the operation, as a region that got it later, or never. AWS
// answers 404, with the code UnknownOperationException, or in a page that has none; gateways before a service say that the token is missing,
// though every request is signed. A 404 about something that does not exist is another matter.
func UnknownOperation(err error) bool {
	switch codeOf(err) {
	case "UnknownOperationException", "UnknownOperation", "MissingAuthenticationToken", "MissingAuthenticationTokenException":
		return true
	case codeNotFound:
		return false
	}
	response := (*awshttp.ResponseError)(nil)
	return ClassOf(err) == Invalid && errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound
}

// TraceTokenInvalid reports whether GetTraceSummaries or ListRetrievedTraces refused the page's token.
func TraceTokenInvalid(err error) bool {
	return codeOf(err) == "InvalidRequestException" && strings.Contains(strings.ToLower(apiMessage(err)), "token")
}
