package aws

import (
	"errors"
	"strings"

	smithy "github.com/aws/smithy-go"
)

// The codes of CloudWatch Logs' errors ("API_FilterLogEvents" in its API reference, and issue 9567 of aws/karpenter-provider-aws).
const (
	codeNotFound         = "ResourceNotFoundException"
	codeInvalidParameter = "InvalidParameterException"
	codeInvalidOperation = "InvalidOperationException"
)

// LogGroupNotFound reports whether a call failed because its log group does not exist.
func LogGroupNotFound(err error) bool { return codeOf(err) == codeNotFound }

// LogClassUnreadable reports whether a log group is of a class whose events FilterLogEvents can't read. A group never changes its class.
func LogClassUnreadable(err error) bool {
	return codeOf(err) == codeInvalidOperation && !LogKeyUnusable(err)
}

// LogTokenInvalid reports whether FilterLogEvents refused the page's token: it is older than 24 hours, or of another request.
func LogTokenInvalid(err error) bool {
	return codeOf(err) == codeInvalidParameter && strings.Contains(strings.ToLower(apiMessage(err)), "token")
}

// LogKeyUnusable reports whether the log group's KMS key is gone, disabled, or not for CloudWatch Logs to use. Which code reads fail with is not
// documented, AssociateKmsKey's is AccessDeniedException; hence AWS's words decide. Names of log groups, which denials quote, have no spaces.
func LogKeyUnusable(err error) bool {
	message := apiMessage(err)
	return strings.HasPrefix(strings.ToUpper(codeOf(err)), "KMS") || strings.Contains(message, "KMS key") || strings.Contains(message, "to perform: kms:")
}

// logGroupRefused reports whether a listing of log groups failed for one of the names that it asked for.
func logGroupRefused(err error) bool {
	code := codeOf(err)
	return code == codeNotFound || code == codeInvalidParameter
}

func codeOf(err error) string {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func apiMessage(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}
